"""When pictures are ordered, and how long they wait and are drawn."""

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from core.i18n import Reader, mark
from core.ledger.costs import MILLION
from core.ledger.usage.figures import Numbers, Report
from core.ledger.usage.times import OF_AN_OCTAVE, bound
from core.studio.narrowing import PICTURES
from pages.admin.usage_charts import Mark, bars, heat_map
from pages.admin.usage_figures import seconds
from pages.admin.usage_links import linked, requests_address
from pages.admin.usage_tables import Row, Table, downloads, fold, show_table
from pages.parts.names import hour_name
from pages.parts.visit import Here

MEASURES = {"waiting": mark("Waiting"), "drawing": mark("Drawing")}
OF_A_BAR = OF_AN_OCTAVE // 2
SHORTEST = -2  # the bar of all that took half a second or less


def show_hours(here: Here, report: Report, name: str) -> None:
    text = here.reader
    st.header(text("By hour of the week"))
    days = [text.weekday(day) for day in range(7)]
    rows, marks = [], []
    for day in range(7):
        for hour in range(24):
            numbers = report.hours.get((day, hour), Numbers())
            filters = {"hour": f"{day + 1}-{hour:02}"}
            address = requests_address(report.period, what=PICTURES, **filters) if numbers.ordered else None
            label = text.plural("{count} picture", "{count} pictures", numbers.ordered)
            marks.append(Mark(day, numbers.ordered, label, hour_name(text, day, hour), address, hour))
            if any(numbers):
                rows.append(Row((days[day], text.number(hour)), (day + 1, hour), numbers, filters))
    heat_map(text("Pictures ordered by hour of the week"), marks, days, [text.number(hour) for hour in range(24)])
    titles = (text("Day of the week"), text("Hour"))
    show_table(Table("hours", report.period, ("weekday", "hour"), titles, lambda: rows), name)


def show_times(here: Here, report: Report, name: str) -> None:
    """How many waited and were drawn for how long; a bar is half an octave wide."""
    text = here.reader
    st.header(text("Waiting and drawing"))
    counts = {measure: of_bars(report.histogram[measure]) for measure in MEASURES}
    places = sorted({place for measure in MEASURES for place in counts[measure]})
    labels = [_at_most(text, place) for place in places]
    marks = [
        Mark(
            position,
            counts[measure][place],
            text.plural("{count} picture", "{count} pictures", counts[measure][place]),
            f"{text(MEASURES[measure])} {label}",
            bar_address(report, measure, place),
            part,
        )
        for position, (place, label) in enumerate(zip(places, labels, strict=True))
        for part, measure in enumerate(MEASURES)
        if counts[measure].get(place)
    ]
    legend = [(text(MEASURES[measure]), requests_address(report.period, state="done")) for measure in MEASURES]
    bars(text, text("How long pictures waited and were drawn"), marks, labels, legend)
    fold("times", partial(_table, report=report, counts=counts, name=name))


def _table(here: Here, report: Report, counts: Mapping[str, Mapping[int, int]], name: str) -> None:
    """Each bar, and above them what is in the middle of all pictures, and what 95 of 100 do not exceed."""
    text, done = here.reader, requests_address(report.period, state="done")
    times = [report.total.times[measure] for measure in MEASURES]
    lines = [
        ("<tr class='sum'>", text("Median"), [linked(_or_none(text, time.median), done) for time in times]),
        ("<tr class='sum'>", text("95% within"), [linked(_or_none(text, time.percentile_95), done) for time in times]),
    ]
    for place in sorted({place for measure in MEASURES for place in counts[measure]}):
        cells = [_counted(text, report, measure, place, counts[measure].get(place, 0)) for measure in MEASURES]
        lines.append(("<tr>", _at_most(text, place), cells))
    heads = "".join(f"<th class='number'>{text(MEASURES[measure])}</th>" for measure in MEASURES)
    body = "".join(
        f"{row}<th scope='row'>{label}</th>{''.join(f'<td class=number>{cell}</td>' for cell in cells)}</tr>"
        for row, label, cells in lines
    )
    head = f"<thead><tr><td></td>{heads}</tr></thead>"
    st.html(f"<div class='imagier-table'><table>{head}<tbody>{body}</tbody></table></div>")
    downloads(here, "times", name, partial(_frame, counts))


def _counted(text: Reader, report: Report, measure: str, place: int, number: int) -> str:
    return linked(text.number(number), bar_address(report, measure, place) if number else None)


def _at_most(text: Reader, place: int) -> str:
    return text("≤ {time}", time=seconds(text, bound(place * OF_A_BAR)))


def of_bars(histogram: Mapping[int, int]) -> dict[int, int]:
    found: dict[int, int] = defaultdict(int)
    for bucket, number in histogram.items():
        found[max(SHORTEST, -(-bucket // OF_A_BAR))] += number
    return dict(found)


def bar_address(report: Report, measure: str, place: int) -> str:
    """Exactly what is in the bar: longer than the one before, and at most so long."""
    longer = "" if place == SHORTEST else _exact(bound((place - 1) * OF_A_BAR))
    return requests_address(report.period, state="done", **{measure: f"{longer}-{_exact(bound(place * OF_A_BAR))}"})


def _exact(seconds: float) -> str:
    """To the microsecond, of which a time has a whole number."""
    micros = int(seconds * MILLION)
    return f"{micros // MILLION}.{micros % MILLION:06}".rstrip("0").rstrip(".")


def _frame(counts: Mapping[str, Mapping[int, int]]) -> Any:
    import pandas

    records = [
        {"measure": measure, "seconds_up_to": bound(place * OF_A_BAR), "pictures": number}
        for measure, numbers in counts.items()
        for place, number in sorted(numbers.items())
    ]
    return pandas.DataFrame.from_records(records)


def _or_none(text: Reader, value: float | None) -> str:
    return "–" if value is None else seconds(text, value)
