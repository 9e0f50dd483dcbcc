"""How long things take: a histogram that can be added up, and percentiles of it.

A bucket is a 32nd of an octave wide, so a percentile read from it is at most 1.1 % off; powers of two are bounds.
"""

import math
from collections.abc import Mapping, Sequence

from core.ledger.costs import MILLION

OF_AN_OCTAVE = 32
SHORTEST = 0.001  # seconds


def bucket(micros: int) -> int:
    """The bucket, for microseconds, that reaches up to 2 ** (bucket / 32) seconds, this bound included."""
    return math.ceil(OF_AN_OCTAVE * math.log2(max(SHORTEST, micros / MILLION)))


def bound(bucket: int) -> float:
    return math.exp2(bucket / OF_AN_OCTAVE)


def exact_percentile(ordered: Sequence[float], percent: float) -> float | None:
    """Between two values lies what lies between them."""
    if not ordered:
        return None
    place = (len(ordered) - 1) * percent / 100
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def percentile(numbers: Mapping[int, int], percent: float) -> float | None:
    """Seconds, from how many lie in which bucket."""
    wanted = max(1, math.ceil(sum(numbers.values()) * percent / 100))
    seen = 0
    for index in sorted(numbers):
        seen += numbers[index]
        if seen >= wanted:
            return math.exp2((index - 0.5) / OF_AN_OCTAVE)
    return None
