"""What a period breaks down into: people, models, doors, reasons; a chart each, with its table under it."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.errors import what
from core.i18n import Reader, mark
from core.ledger.usage.figures import Measure, Report, ranked
from core.ledger.usage.periods import Period
from core.studio.narrowing import NONE, listed
from pages.admin.usage_charts import Mark, lying_bars
from pages.admin.usage_links import all_but, requests_address
from pages.admin.usage_rows import person_names, total
from pages.admin.usage_tables import Row, Table, show_table
from pages.parts.names import quality_name, title
from pages.parts.visit import Here

MOST_ROWS = 12  # beyond are "others"
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


def show_people(here: Here, report: Report, name: str) -> None:
    text = here.reader
    st.header(text("By person"))
    names = person_names(report)
    rows = [
        Row(
            (names[user_id],),
            (names[user_id],),
            numbers,
            {"user": report.logins.get(user_id)},
        )
        for user_id, numbers in ranked(report.people.items(), "cost_micros")
    ]
    first = [str(row.filters["user"]) for row in rows[:MOST_ROWS]]
    _lying(text, report.period, text("Cost by person"), rows, others=all_but("user", first))
    show_table(Table("people", report.period, ("person",), (text("Person"),), lambda: rows), name)


def show_models(here: Here, report: Report, name: str) -> None:
    text = here.reader
    st.header(text("By model and quality"))
    rows = [
        Row(
            (title(text, here.services.catalog.get(model)), quality_name(text, quality) if quality else "–"),
            (model, quality),
            numbers,
            {"model": listed([model]), "quality": quality or NONE},
        )
        for (model, quality), numbers in ranked(report.models.items(), "cost_micros")
    ]
    first = [f"{model}:{quality or NONE}" for model, quality in (row.values for row in rows[:MOST_ROWS])]
    _lying(text, report.period, text("Cost by model and quality"), rows, others=all_but("paint", first))
    show_table(
        Table("models", report.period, ("model", "quality"), (text("Model"), text("Quality")), lambda: rows), name
    )


def show_doors(here: Here, report: Report, name: str) -> None:
    text = here.reader
    st.header(text("By door"))
    rows = [
        Row(
            (text(DOORS[door]) if door in DOORS else door,),
            (door,),
            numbers,
            {"door": door},
        )
        for door, numbers in ranked(report.doors.items(), "cost_micros")
    ]
    _lying(text, report.period, text("Cost by door"), rows)
    show_table(Table("doors", report.period, ("door",), (text("Door"),), lambda: rows), name)


def show_reasons(here: Here, report: Report, name: str) -> None:
    text = here.reader
    st.header(text("Failures by reason"), anchor="failures")
    rows = [
        Row(
            (what(text, problem) if problem else text(STATES[state]), text(STATES[state])),
            (problem or state, state),
            numbers,
            {"state": state, "problem": problem or NONE},
        )
        for (state, problem), numbers in sorted(report.reasons.items(), key=lambda item: -item[1].ordered)
        if state in ("failed", "blocked", "unknown")
    ]
    if not rows:
        st.markdown(text("Nothing failed."))
        return
    _lying(text, report.period, text("Failures by reason"), rows, len(rows), "ordered")
    titles = (text("Reason"), text("Outcome"))
    show_table(Table("reasons", report.period, ("reason", "state"), titles, lambda: rows), name)


def _lying(
    text: Reader,
    period: Period,
    title: str,
    rows: Sequence[Row],
    most: int = MOST_ROWS,
    measure: Measure = "cost_micros",
    others: Mapping[str, object] | None = None,
) -> None:
    """The first rows as bars, and all others as one, which `others` leads to."""
    parts = 1 if measure == "ordered" else 2
    shown = [
        (" · ".join(label for label in row.labels[:parts] if label != "–"), row.numbers, row.filters)
        for row in rows[:most]
    ]
    if len(rows) > most:
        shown.append((text("others"), total(row.numbers for row in rows[most:]), others or {}))
    marks = []
    for place, (label, numbers, filters) in enumerate(shown):
        value, address = getattr(numbers, measure), requests_address(period, **filters)
        if measure == "cost_micros":
            tip = f"{label} · {text.plural('{count} picture', '{count} pictures', numbers.pictures)}"
            marks.append(Mark(place, value, text.money(value), tip, address))
        else:
            marks.append(Mark(place, value, text.number(value), label, address))
    lying_bars(title, marks, [label for label, _, _ in shown])
