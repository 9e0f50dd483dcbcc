"""Figures: how many measurements become one number, and how it is printed."""

import json
import math
import statistics
from collections.abc import Sequence


def report(figure: str, value: float, unit: str, against: float | None = None) -> None:
    """Print one JSON object on a line. `against` is what it is compared with, in the same unit."""
    ratio = value / against if against else None
    line = {"figure": figure, "value": value, "unit": unit, "against": against, "ratio": ratio}
    print(json.dumps({name: _rounded(it) if isinstance(it, float) else it for name, it in line.items()}), flush=True)


def median(values: Sequence[float]) -> float:
    return statistics.median(values)


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that `percent` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def _rounded(value: float) -> float:
    """To four digits, which is more than any of these is worth."""
    return float(f"{value:.4g}")
