"""Day by day: pictures or money, stacked by model or by person."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import streamlit as st

from core.i18n import Reader
from core.ledger.costs import MILLION
from core.ledger.usage.service import Numbers, Report
from pages.admin.usage_charts import bars
from pages.admin.usage_links import requests_address
from pages.admin.usage_rows import amount, model_name, person_names, ranked, total
from pages.admin.usage_tables import Row, Table, show_table
from pages.parts.visit import Here

MOST_PARTS = 7  # beyond are "others": as many as there are colours
LONGEST_BY_DAY = 92  # days; beyond, a bar is a week


def show_days(here: Here, report: Report, name: str) -> None:
    text, period = here.reader, report.period
    st.header(text("Day by day"))
    with st.container(horizontal=True):
        measure = _choice(text, "measure", {"pictures": text("Pictures"), "cost": text("Cost")})
        split = _choice(text, "split", {"model": text("by model"), "person": text("by person")})
    if split == "person":
        first = [user_id for user_id, _ in ranked(report.people.items(), measure)][:MOST_PARTS]
        found: Any = here.services.usage.days_of_people(period, first)
        names = person_names(report)
        labels: dict[Any, str] = {user_id: names[user_id] for user_id in first}
    else:
        found = report.days
        labels = {model: model_name(here.services.catalog, model) for _, model in found}
    totals: dict[date, Numbers] = defaultdict(Numbers)
    for (day, _), numbers in report.days.items():
        totals[day] = total([totals[day], numbers])
    values: dict[tuple[date, str], int] = defaultdict(int)
    for (day, key), numbers in found.items():
        values[day, labels[key]] += amount(numbers, measure)
    legend = sorted({part for _, part in values}, key=lambda part: -sum(v for (_, p), v in values.items() if p == part))
    others = text("others")
    for day, numbers in totals.items():
        rest = amount(numbers, measure) - sum(values.get((day, part), 0) for part in legend[:MOST_PARTS])
        if rest:
            values[day, others] = rest
    shown = [*legend[:MOST_PARTS], *([others] if any(part == others for _, part in values) else [])]
    filter_name = "user" if split == "person" else "model"
    asked = {label: report.logins.get(key) if split == "person" else key for key, label in labels.items()}
    _stacked(text, report, values, shown, measure, {label: {filter_name: value} for label, value in asked.items()})
    rows = [
        Row(
            (text.date(day), labels[key]),
            (day, labels[key]),
            numbers,
            {"first": day, "last": day, filter_name: asked[labels[key]]},
        )
        for (day, key), numbers in sorted(found.items(), key=lambda item: (item[0][0], labels[item[0][1]]))
    ]
    titles = (text("Day"), text("Person") if split == "person" else text("Model"))
    show_table(here, Table(f"days-by-{split}", period, ("day", split), titles, rows), name)


def _stacked(
    text: Reader,
    report: Report,
    values: dict[tuple[date, str], int],
    legend: Sequence[str],
    measure: str,
    filters: Mapping[str, Mapping[str, object]],
) -> None:
    """A bar for each day; of a long period, for each week that begins on a Monday. `filters` by part."""
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
        days = {"first": max(day, period.first), "last": min(last, period.last)}
        state = None if measure == "cost" else "done"
        address = requests_address(period, **days, **filters.get(part, {}), state=state)
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


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
