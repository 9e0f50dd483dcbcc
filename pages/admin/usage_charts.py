"""The charts of the usage page, in colours that everybody can tell apart, on light and on dark.

The colours are Okabe and Ito's, without the yellow, which a light page swallows. A mark leads to its requests by
a click. What is written along a chart is found by its place, for two people or days may be called the same.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st

from core.i18n import Reader
from core.ledger.costs import MILLION

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7A5195", "#8C8C8C")
HEAT = ("#56B4E922", "#0072B2")
HEIGHT = 260
MOST_TICKS = 5
NO_LINE = {"ticks": False, "domain": False}


@dataclass(frozen=True, slots=True)
class Mark:
    """One bar, or one square. `place` and `part` are numbers; `tip` and `label` are two lines beside the pointer."""

    place: int
    value: int
    label: str
    tip: str
    address: str | None
    part: int = 0


def bars(
    text: Reader,
    title: str,
    marks: Sequence[Mark],
    places: Sequence[str],
    parts: Sequence[str],
    is_money: bool = False,
) -> None:
    """Upright, stacked. Money is in micro-dollars."""
    sums = [0] * len(places)
    for mark in marks:
        sums[mark.place] += mark.value
    many = len(places) > 16
    encoding = {
        "x": {
            "field": "place",
            "type": "ordinal",
            "title": None,
            "axis": {**NO_LINE, "labelAngle": 0, "labelOverlap": "greedy", "labelPadding": 6, **_named(places)},
            "scale": {
                "domain": [*range(len(places))],
                "paddingInner": 0.08 if many else 0.25,
                "paddingOuter": 0.1,
            },
        },
        "y": {
            "field": "value",
            "type": "quantitative",
            "title": None,
            **_measured(text, max(sums, default=0), is_money),
        },
        "color": _colour(parts),
        "order": {"field": "part", "type": "quantitative"},
    }
    _show({"mark": {"type": "bar", "cursor": "pointer"}, "encoding": encoding, "height": HEIGHT}, title, marks)


def lying_bars(title: str, marks: Sequence[Mark], places: Sequence[str]) -> None:
    """One under the other, one colour, with the value at the end of each."""
    most = max((mark.value for mark in marks), default=0) * 1.35 or 1
    encoding = {
        "y": {
            "field": "place",
            "type": "ordinal",
            "title": None,
            "axis": {**NO_LINE, "labelLimit": 170, "labelPadding": 6, **_named(places)},
            "scale": {"domain": [*range(len(places))]},
        },
        "x": {
            "field": "value",
            "type": "quantitative",
            "title": None,
            "axis": None,
            "scale": {"domainMin": 0, "domainMax": most},
        },
    }
    layers = [
        {"mark": {"type": "bar", "cursor": "pointer", "color": COLOURS[0], "height": {"band": 0.7}}},
        {
            "mark": {"type": "text", "align": "left", "dx": 5, "color": "#8a857c", "limit": 120},
            "encoding": {"text": {"field": "label", "type": "nominal"}},
        },
    ]
    _show({"layer": layers, "encoding": encoding, "height": max(70, 28 * len(places) + 10)}, title, marks)


def heat_map(title: str, marks: Sequence[Mark], rows: Sequence[str], columns: Sequence[str]) -> None:
    """A row for each day of the week, a column for each hour, which is the part."""
    scale = {"padding": 0.06}
    encoding = {
        "x": {
            "field": "part",
            "type": "ordinal",
            "title": None,
            "axis": {**NO_LINE, "labelAngle": 0, "labelOverlap": "greedy", **_named(columns)},
            "scale": {**scale, "domain": [*range(len(columns))]},
        },
        "y": {
            "field": "place",
            "type": "ordinal",
            "title": None,
            "axis": {**NO_LINE, **_named(rows)},
            "scale": {**scale, "domain": [*range(len(rows))]},
        },
        "color": {
            "field": "value",
            "type": "quantitative",
            "legend": None,
            "scale": {"range": [*HEAT], "type": "sqrt", "domainMin": 0},
        },
    }
    _show(
        {"mark": {"type": "rect", "cursor": "pointer", "cornerRadius": 2}, "encoding": encoding, "height": 220},
        title,
        marks,
    )


def _show(spec: dict[str, Any], title: str, marks: Sequence[Mark]) -> None:
    """The specification is written out here: to have it made and checked costs more than all else of the page."""
    import pandas

    spec["encoding"]["tooltip"] = [
        {"field": "tip", "type": "nominal", "title": " "},
        {"field": "label", "type": "nominal", "title": "\u00a0"},
    ]
    spec["encoding"]["href"] = {"field": "address", "type": "nominal"}
    st.vega_lite_chart(pandas.DataFrame(map(asdict, marks), columns=list(Mark.__dataclass_fields__)), spec, alt=title)


def _named(names: Sequence[str]) -> Mapping[str, str]:
    return {"labelExpr": f"{json.dumps(list(names))}[datum.value]"}


def _colour(parts: Sequence[str]) -> dict[str, Any]:
    if len(parts) <= 1:
        return {"value": COLOURS[0]}
    shown = {"title": None, "orient": "bottom", "direction": "horizontal", "columns": 3, "labelLimit": 200}
    return {
        "field": "part",
        "type": "ordinal",
        "legend": {**shown, "symbolType": "square", **_named(parts)},
        "scale": {"domain": [*range(len(parts))], "range": [*COLOURS[: len(parts)]]},
    }


def _measured(text: Reader, most: int, is_money: bool) -> dict[str, Any]:
    """An axis whose numbers are written as the reader writes them."""
    step = round_step(most, 1)
    ticks = [*range(0, most + step, step)] if most else [0, 1]
    digits = 0 if step >= MILLION else max(2, 6 - math.floor(math.log10(step)))
    labels = [text.money(tick, digits) if is_money else text.number(tick) for tick in ticks]
    axis = {**NO_LINE, "values": ticks, "grid": True, "gridOpacity": 0.4}
    return {
        "axis": {**axis, "labelExpr": f"{json.dumps(labels)}[round(datum.value / {step})]"},
        "scale": {"domainMin": 0, "domainMax": ticks[-1]},
    }


def round_step(most: int, least: int) -> int:
    """A round number of which at most a few reach to `most`."""
    wanted = max(most / MOST_TICKS, least)
    power = 10 ** math.floor(math.log10(wanted))
    return next(int(power * factor) for factor in (1, 2, 5, 10) if power * factor >= wanted)
