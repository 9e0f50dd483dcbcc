"""The parts of the usage page: a chart each, with its table under it."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any

import streamlit as st

from core.catalog.catalog import Catalog
from core.errors import what
from core.i18n import Reader, mark
from core.ledger.costs import MILLION
from core.ledger.usage.service import Numbers, Report
from core.ledger.usage.times import bound
from pages.admin.usage_charts import bars, heat_map, lying_bars
from pages.admin.usage_figures import seconds
from pages.admin.usage_links import of_day, requests_address
from pages.admin.usage_tables import Row, Table, downloads, show_table
from pages.parts.names import quality_name
from pages.parts.visit import Here

MOST_PEOPLE, MOST_PARTS = 12, 7  # beyond are "others"; of parts, as many as there are colours
LONGEST_BY_DAY = 92  # days; beyond, a bar is a week
STATES = {
    "queued": mark("waiting"),
    "paused": mark("paused"),
    "running": mark("being drawn"),
    "done": mark("done"),
    "failed": mark("failed"),
    "blocked": mark("refused by moderation"),
    "unknown": mark("unknown outcome"),
    "cancelled": mark("cancelled"),
}
DOORS = {"pages": mark("Pages"), "api": mark("API")}
MEASURES = {"waiting": mark("Waiting"), "drawing": mark("Drawing"), "whole": mark("Time to a picture")}


def show_days(here: Here, report: Report, name: str) -> None:
    text, period = here.reader, report.period
    st.subheader(text("Day by day"))
    with st.container(horizontal=True):
        measure = _choice(text, "measure", {"pictures": text("Pictures"), "cost": text("Cost")})
        split = _choice(text, "split", {"model": text("by model"), "person": text("by person")})
    if split == "person":
        first = [user_id for user_id, _ in _ranked(report.people.items(), measure)][:MOST_PARTS]
        found: Any = here.services.usage.days_of_people(period, first)
        labels: dict[Any, str] = {user_id: _person(report, user_id) for user_id in first}
    else:
        found = report.days
        labels = {model: _model(here.services.catalog, model) for _, model in found}
    totals: dict[date, Numbers] = defaultdict(Numbers)
    for (day, _), numbers in report.days.items():
        totals[day] = _sum([totals[day], numbers])
    values: dict[tuple[date, str], int] = defaultdict(int)
    for (day, key), numbers in found.items():
        values[day, labels[key]] += _value(numbers, measure)
    legend = sorted({part for _, part in values}, key=lambda part: -sum(v for (_, p), v in values.items() if p == part))
    others = text("others")
    for day, numbers in totals.items():
        rest = _value(numbers, measure) - sum(values.get((day, part), 0) for part in legend[:MOST_PARTS])
        if rest:
            values[day, others] = rest
    shown = [*legend[:MOST_PARTS], *([others] if any(part == others for _, part in values) else [])]
    _stacked(text, report, values, shown, measure)
    filter_name = "user" if split == "person" else "model"

    def asked(key: Any) -> object:
        return report.logins.get(key) if split == "person" else key

    rows = [
        Row(
            (text.date(day), labels[key]), (day, labels[key]), numbers, of_day(period, day, **{filter_name: asked(key)})
        )
        for (day, key), numbers in sorted(found.items(), key=lambda item: (item[0][0], labels[item[0][1]]))
    ]
    titles = (text("Day"), text("Person") if split == "person" else text("Model"))
    show_table(text, Table(f"days-by-{split}", ("day", split), titles, rows), name)


def _stacked(
    text: Reader, report: Report, values: dict[tuple[date, str], int], legend: Sequence[str], measure: str
) -> None:
    """A bar for each day; of a long period, for each week that begins on a Monday."""
    period, sums = report.period, defaultdict[tuple[date, str], int](int)
    step = 1 if period.days <= LONGEST_BY_DAY else 7
    places = {period.first + timedelta(days=index) for index in range(period.days)}
    if step == 7:
        places = {_monday(day) for day in places}
    for (day, part), value in values.items():
        sums[day if step == 1 else _monday(day), part] += value
    labels = {day: text.short_date(day) for day in sorted(places)}
    records = []
    for (day, part), value in sorted(sums.items()):
        if part not in legend or not value:
            continue
        last = day + timedelta(days=step - 1)
        address = requests_address(period, first=max(day, period.first), last=min(last, period.last))
        spoken = text.money(value) if measure == "cost" else text.number(value)
        tip = f"{text.date(day)} · {part}" if step == 1 else f"{text.date(day)} – {text.date(last)} · {part}"
        records.append(
            {
                "place": labels[day],
                "part": part,
                "rank": legend.index(part),
                "value": value / MILLION if measure == "cost" else value,
                "label": spoken,
                "tip": tip,
                "address": address,
            }
        )
    title = text("Cost per day") if measure == "cost" else text("Pictures per day")
    bars(text, title, records, list(labels.values()), legend, "money" if measure == "cost" else "number")


def show_people(here: Here, report: Report, name: str) -> None:
    text = here.reader
    st.subheader(text("By person"))
    rows = [
        Row(
            (_person(report, user_id),),
            (_person(report, user_id),),
            numbers,
            requests_address(report.period, user=report.logins.get(user_id)),
        )
        for user_id, numbers in _ranked(report.people.items(), "cost")
    ]
    _lying(text, text("Cost by person"), rows, MOST_PEOPLE)
    show_table(text, Table("people", ("person",), (text("Person"),), rows), name)


def show_models(here: Here, report: Report, name: str) -> None:
    text = here.reader
    st.subheader(text("By model and quality"))
    rows = [
        Row(
            (_model(here.services.catalog, model), quality_name(text, quality) if quality else "–"),
            (model, quality),
            numbers,
            requests_address(report.period, model=model, quality=quality),
        )
        for (model, quality), numbers in _ranked(report.models.items(), "cost")
    ]
    _lying(text, text("Cost by model and quality"), rows, MOST_PEOPLE)
    show_table(text, Table("models", ("model", "quality"), (text("Model"), text("Quality")), rows), name)


def show_doors(here: Here, report: Report, name: str) -> None:
    text = here.reader
    st.subheader(text("By door"))
    rows = [
        Row(
            (text(DOORS[door]) if door in DOORS else door,),
            (door,),
            numbers,
            requests_address(report.period, door=door),
        )
        for door, numbers in _ranked(report.doors.items(), "cost")
    ]
    _lying(text, text("Cost by door"), rows, MOST_PEOPLE)
    show_table(text, Table("doors", ("door",), (text("Door"),), rows), name)


def show_reasons(here: Here, report: Report, name: str) -> None:
    text = here.reader
    st.subheader(text("Failures by reason"), anchor="failures")
    rows = [
        Row(
            (what(text, problem) if problem else text(STATES[state]), text(STATES[state])),
            (problem or state, state),
            numbers,
            requests_address(report.period, state=state, problem=problem),
        )
        for (state, problem), numbers in sorted(report.reasons.items(), key=lambda item: -item[1].ordered)
        if state in ("failed", "blocked", "unknown")
    ]
    if not rows:
        st.markdown(text("Nothing failed."))
        return
    _lying(text, text("Failures by reason"), rows, MOST_PEOPLE, "ordered")
    show_table(text, Table("reasons", ("reason", "state"), (text("Reason"), text("Outcome")), rows), name)


def show_hours(here: Here, report: Report, name: str) -> None:
    text = here.reader
    st.subheader(text("By hour of the week"))
    days = [text.weekday(day) for day in range(7)]
    rows, records = [], []
    for day in range(7):
        for hour in range(24):
            numbers = report.hours.get((day, hour), Numbers())
            tip = text("{day}, {first} to {last} h", day=days[day], first=hour, last=hour + 1)
            label = text.plural("{count} picture", "{count} pictures", numbers.ordered)
            value = numbers.ordered
            records.append({"place": days[day], "hour": hour, "value": value, "label": label, "tip": tip})
            if numbers.ordered:
                rows.append(Row((days[day], text.number(hour)), (day + 1, hour), numbers))
    heat_map(text, text("Pictures ordered by hour of the week"), records, days)
    table = Table("hours", ("weekday", "hour"), (text("Day of the week"), text("Hour")), rows)
    show_table(text, table, name)


def show_times(here: Here, report: Report, name: str) -> None:
    """How many waited and were drawn for how long; buckets of half an octave."""
    text = here.reader
    st.subheader(text("Waiting and drawing"))
    lines = [
        f"<tr><th scope='row'>{text(title)}</th>"
        f"<td class='number'>{_or_none(text, report.total.times[measure].median)}</td>"
        f"<td class='number'>{_or_none(text, report.total.times[measure].percentile_95)}</td></tr>"
        for measure, title in MEASURES.items()
    ]
    head = f"<tr><th></th><th class='number'>{text('Median')}</th><th class='number'>{text('95 % within')}</th></tr>"
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
        downloads(text, "times", name, lambda: _times_frame(report))


def _times_frame(report: Report) -> Any:
    import pandas

    records = [
        {"measure": measure, "seconds_up_to": bound(bucket), "pictures": number}
        for measure in MEASURES
        for bucket, number in sorted(report.histogram[measure].items())
    ]
    return pandas.DataFrame.from_records(records)


def _lying(text: Reader, title: str, rows: Sequence[Row], most: int, measure: str = "cost") -> None:
    """The first rows as bars, and all others as one."""
    parts = 1 if measure == "ordered" else 2
    shown = [
        (" · ".join(label for label in row.labels[:parts] if label != "–"), row.numbers, row.address)
        for row in rows[:most]
    ]
    if len(rows) > most:
        shown.append((text("others"), _sum(row.numbers for row in rows[most:]), None))
    records = [
        {
            "place": label,
            "value": numbers.ordered if measure == "ordered" else numbers.cost_micros / MILLION,
            "label": text.number(numbers.ordered) if measure == "ordered" else text.money(numbers.cost_micros),
            "tip": f"{label} · {text.plural('{count} picture', '{count} pictures', numbers.pictures)}",
            "address": address,
        }
        for label, numbers, address in shown
    ]
    lying_bars(text, title, records, [label for label, _, _ in shown])


def _ranked(items: Iterable[tuple[Any, Numbers]], measure: str) -> list[tuple[Any, Numbers]]:
    return sorted(items, key=lambda item: (-_value(item[1], measure), -item[1].ordered, str(item[0])))


def _value(numbers: Numbers, measure: str) -> int:
    return numbers.cost_micros if measure == "cost" else numbers.pictures


def _sum(rows: Iterable[Numbers]) -> Numbers:
    return Numbers(*(sum(column) for column in zip(*rows, strict=True)))


def _choice(text: Reader, key: str, labels: dict[str, str]) -> str:
    chosen = st.segmented_control(
        text("Show"),
        list(labels),
        default=next(iter(labels)),
        format_func=lambda value: labels[value],
        label_visibility="collapsed",
        required=True,
        key=key,
    )
    return chosen or next(iter(labels))


def _person(report: Report, user_id: int) -> str:
    return report.names.get(user_id, f"#{user_id}")


def _model(catalog: Catalog, model: str) -> str:
    return catalog.get(model).title


def _or_none(text: Reader, value: float | None) -> str:
    return "–" if value is None else seconds(text, value)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
