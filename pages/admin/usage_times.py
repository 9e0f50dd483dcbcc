"""When pictures are ordered, and how long they wait and are drawn."""

from collections import defaultdict
from typing import Any

import streamlit as st

from core.i18n import Reader, mark
from core.ledger.usage.service import Numbers, Report
from core.ledger.usage.times import bound
from core.studio.narrowing import PICTURES
from pages.admin.usage_charts import bars, heat_map
from pages.admin.usage_figures import seconds
from pages.admin.usage_links import requests_address
from pages.admin.usage_tables import Row, Table, downloads, show_table
from pages.parts.names import hour_name
from pages.parts.visit import Here

MEASURES = {"waiting": mark("Waiting"), "drawing": mark("Drawing"), "whole": mark("Time to a picture")}


def show_hours(here: Here, report: Report, name: str) -> None:
    text = here.reader
    st.header(text("By hour of the week"))
    days = [text.weekday(day) for day in range(7)]
    rows, records = [], []
    for day in range(7):
        for hour in range(24):
            numbers = report.hours.get((day, hour), Numbers())
            tip = hour_name(text, day, hour)
            label = text.plural("{count} picture", "{count} pictures", numbers.ordered)
            value = numbers.ordered
            filters = {"hour": f"{day + 1}-{hour:02}"}
            address = requests_address(report.period, what=PICTURES, **filters) if numbers.ordered else None
            records.append(
                {"place": days[day], "hour": hour, "value": value, "label": label, "tip": tip, "address": address}
            )
            if numbers.ordered:
                rows.append(Row((days[day], text.number(hour)), (day + 1, hour), numbers, filters))
    heat_map(text, text("Pictures ordered by hour of the week"), records, days)
    table = Table("hours", report.period, ("weekday", "hour"), (text("Day of the week"), text("Hour")), rows)
    show_table(here, table, name)


def show_times(here: Here, report: Report, name: str) -> None:
    """How many waited and were drawn for how long; buckets of half an octave."""
    text = here.reader
    st.header(text("Waiting and drawing"))
    lines = [
        f"<tr><th scope='row'>{text(title)}</th>"
        f"<td class='number'>{_or_none(text, report.total.times[measure].median)}</td>"
        f"<td class='number'>{_or_none(text, report.total.times[measure].percentile_95)}</td></tr>"
        for measure, title in MEASURES.items()
    ]
    head = f"<tr><td></td><th class='number'>{text('Median')}</th><th class='number'>{text('95 % within')}</th></tr>"
    counts: dict[tuple[int, str], int] = defaultdict(int)
    for measure in ("waiting", "drawing"):
        for bucket, number in report.histogram[measure].items():
            counts[max(-2, -(-bucket // 16)), measure] += number
    places = sorted({place for place, _ in counts})
    records = [
        {
            "place": text("≤ {time}", time=seconds(text, bound(place * 16))),
            "part": text(MEASURES[measure]),
            "rank": measure == "drawing",
            "value": number,
            "label": text.plural("{count} picture", "{count} pictures", number),
            "tip": f"{text(MEASURES[measure])} {text('≤ {time}', time=seconds(text, bound(place * 16)))}",
            "address": requests_address(report.period, state="done"),
        }
        for (place, measure), number in sorted(counts.items())
    ]
    order = [text("≤ {time}", time=seconds(text, bound(place * 16))) for place in places]
    legend = [text(MEASURES["waiting"]), text(MEASURES["drawing"])]
    bars(text, text("How long pictures waited and were drawn"), records, order, legend, "number")
    with st.expander(text("Table")):
        st.html(f"<div class='imagier-table'><table><thead>{head}</thead><tbody>{''.join(lines)}</tbody></table></div>")
        downloads(here, "times", name, lambda: _times_frame(report))


def _times_frame(report: Report) -> Any:
    import pandas

    records = [
        {"measure": measure, "seconds_up_to": bound(bucket), "pictures": number}
        for measure in MEASURES
        for bucket, number in sorted(report.histogram[measure].items())
    ]
    return pandas.DataFrame.from_records(records)


def _or_none(text: Reader, value: float | None) -> str:
    return "–" if value is None else seconds(text, value)
