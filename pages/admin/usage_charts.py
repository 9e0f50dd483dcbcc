"""The charts of the usage page, in colours that everybody can tell apart, on light and on dark.

The colours are Okabe and Ito's, without the yellow, which a light page swallows, and with a brown and a grey. A mark
leads to its requests by a click. What is written along a chart is found by its place, for two people or days may be
called the same.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

import streamlit as st

from core.i18n import Reader
from core.ledger.costs import MILLION
from pages.admin.usage_links import linked

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#945A34", "#666666")
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
    parts: Sequence[tuple[str, str | None]],
    is_money: bool = False,
) -> None:
    """Upright, stacked. Each part has a name and an address, which leads to all of it. Money is in micro-dollars."""
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
        "color": _colour(len(parts)),
        "order": {"field": "part", "type": "quantitative"},
    }
    _show({"mark": {"type": "bar", "cursor": "pointer"}, "encoding": encoding, "height": HEIGHT}, title, marks)
    if len(parts) > 1:
        _legend(parts)


def lying_bars(title: str, marks: Sequence[Mark], places: Sequence[str]) -> None:
    """One under the other, one colour, with the value at the end of each: text, so that no name is cut off."""
    most = max((mark.value for mark in marks), default=0) or 1
    lines = (
        f'<a href="{escape(mark.address or "")}" target="_self" title="{escape(mark.tip)}">'
        f'<span dir="auto">{escape(places[mark.place])}</span>'
        f'<i style="--share: {mark.value / most:.2%}"></i><b>{escape(mark.label)}</b></a>'
        for mark in marks
    )
    st.html(f'<div class="imagier-bars" role="group" aria-label="{escape(title)}">{"".join(lines)}</div>')


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
    spec["padding"] = {"bottom": 0}
    st.vega_lite_chart(pandas.DataFrame(map(asdict, marks), columns=list(Mark.__dataclass_fields__)), spec, alt=title)


def _legend(parts: Sequence[tuple[str, str | None]]) -> None:
    names = (
        linked(f'<i style="--colour: {colour}"></i><span dir="auto">{escape(name)}</span>', address)
        for (name, address), colour in zip(parts, COLOURS, strict=False)
    )
    st.html(f'<ul class="imagier-legend">{"".join(f"<li>{name}</li>" for name in names)}</ul>')


def _named(names: Sequence[str]) -> Mapping[str, str]:
    return {"labelExpr": f"{json.dumps(list(names))}[datum.value]"}


def _colour(parts: int) -> dict[str, Any]:
    scale = {"domain": [*range(parts)], "range": [*COLOURS[:parts]]}
    return {"field": "part", "type": "ordinal", "legend": None, "scale": scale}


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
