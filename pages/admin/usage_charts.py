"""The charts of the usage page, in colours that everybody can tell apart, on light and on dark.

The colours are Okabe and Ito's, without the yellow, which a light page swallows. A mark leads to its requests by
a click.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.i18n import Reader

if TYPE_CHECKING:
    import altair

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7A5195", "#8C8C8C")
HEAT = ("#56B4E922", "#0072B2")
HEIGHT = 260


def bars(
    text: Reader, title: str, records: Sequence[dict[str, Any]], order: Sequence[str], legend: Sequence[str], axis: str
) -> None:
    """Upright, stacked. Records have place, part, value, label and address; `order` are the places from the left."""
    import altair

    many = len(order) > 16
    chart = (
        altair.Chart(_data(records))
        .mark_bar(cursor="pointer")
        .encode(
            x=altair.X(
                "place:O",
                sort=list(order),
                title=None,
                axis=altair.Axis(labelAngle=0, labelOverlap="greedy", ticks=False, domain=False, labelPadding=6),
                scale=altair.Scale(paddingInner=0.08 if many else 0.25, paddingOuter=0.1),
            ),
            y=altair.Y("value:Q", title=None, axis=_number_axis(text, axis)),
            color=_colour(legend),
            order=altair.Order("rank:Q"),
            tooltip=_tooltips(text),
            **_href(records),
        )
        .properties(height=HEIGHT)
    )
    _show(chart, title)


def lying_bars(text: Reader, title: str, records: Sequence[dict[str, Any]], order: Sequence[str]) -> None:
    """One under the other, one colour, with the value at the end of each."""
    import altair

    labels = altair.Axis(labelLimit=170, ticks=False, domain=False)
    base = altair.Chart(_data(records)).encode(
        y=altair.Y("place:N", sort=list(order), title=None, axis=labels),
        x=altair.X(
            "value:Q",
            title=None,
            axis=None,
            scale=altair.Scale(domainMax=max([record["value"] for record in records], default=1) * 1.3 or 1),
        ),
        tooltip=_tooltips(text),
        **_href(records),
    )
    chart = base.mark_bar(cursor="pointer", color=COLOURS[0], height=altair.RelativeBandSize(0.7)) + base.mark_text(
        align="left", dx=5, color="#8a857c", limit=120
    ).encode(altair.Text("label:N"))
    _show(chart.properties(height=max(70, 28 * len(order) + 10)), title)


def heat_map(text: Reader, title: str, records: Sequence[dict[str, Any]], days: Sequence[str]) -> None:
    """A row for each day of the week, a column for each hour."""
    import altair

    chart = (
        altair.Chart(_data(records))
        .mark_rect(cursor="pointer", cornerRadius=2)
        .encode(
            x=altair.X(
                "hour:O",
                title=None,
                axis=altair.Axis(labelAngle=0, labelOverlap="greedy", ticks=False, domain=False),
                scale=altair.Scale(padding=0.06),
            ),
            y=altair.Y(
                "place:O",
                sort=list(days),
                title=None,
                axis=altair.Axis(ticks=False, domain=False),
                scale=altair.Scale(padding=0.06),
            ),
            color=altair.Color("value:Q", legend=None, scale=altair.Scale(range=list(HEAT), type="sqrt")),
            tooltip=_tooltips(text),
            **_href(records),
        )
        .properties(height=220)
    )
    _show(chart, title)


def _show(chart: Any, title: str) -> None:
    st.altair_chart(chart, alt=title)


def _data(records: Sequence[dict[str, Any]]) -> "altair.InlineData":
    """Handed over as they are: through a frame, a few hundred rows take longer than all else."""
    import altair

    return altair.InlineData(values=list(records))


def _colour(legend: Sequence[str]) -> Any:
    import altair

    if len(legend) == 1:
        return altair.value(COLOURS[0])
    shown = altair.Legend(
        title=None, orient="bottom", direction="horizontal", columns=3, labelLimit=200, symbolType="square"
    )
    scale = altair.Scale(domain=list(legend), range=list(COLOURS[: len(legend)]))
    return altair.Color("part:N", sort=list(legend), legend=shown, scale=scale)


def _number_axis(text: Reader, axis: str) -> Any:
    """Numbers as the reader writes them; `axis` is "number" or "money"."""
    import altair

    is_french = text.language == "fr"
    number = "format(datum.value, '~s')" if axis == "number" else "format(datum.value, ',~r')"
    if is_french:
        number = f"replace(replace({number}, /,/g, '\\u202f'), '.', ',')"
    expression = number if axis == "number" else (f"{number} + ' $'" if is_french else f"'$' + {number}")
    made = altair.Axis(labelExpr=expression, ticks=False, domain=False, tickCount=5, grid=True, gridOpacity=0.4)
    if axis == "number":
        made.tickMinStep = 1  # there is no half picture
    return made


def _tooltips(text: Reader) -> list[Any]:
    import altair

    return [altair.Tooltip("tip:N", title=" "), altair.Tooltip("label:N", title="\u00a0")]


def _href(records: Sequence[dict[str, Any]]) -> dict[str, Any]:
    if any(record.get("address") for record in records):
        return {"href": "address:N"}
    return {}
