"""What a period breaks down into: people, models, doors, reasons; a chart each, with its table under it."""

from collections.abc import Sequence

import streamlit as st

from core.errors import what
from core.i18n import Reader, mark
from core.ledger.costs import MILLION
from core.ledger.usage.periods import Period
from core.ledger.usage.service import Numbers, Report
from core.studio.narrowing import NONE
from pages.admin.usage_charts import lying_bars
from pages.admin.usage_links import requests_address
from pages.admin.usage_rows import model_name, person_names, ranked, total
from pages.admin.usage_tables import Row, Table, show_table
from pages.parts.names import quality_name
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
        for user_id, numbers in ranked(report.people.items(), "cost")
    ]
    _lying(text, report.period, text("Cost by person"), rows, MOST_ROWS)
    show_table(here, Table("people", report.period, ("person",), (text("Person"),), rows), name)


def show_models(here: Here, report: Report, name: str) -> None:
    text = here.reader
    st.header(text("By model and quality"))
    rows = [
        Row(
            (model_name(here.services.catalog, model), quality_name(text, quality) if quality else "–"),
            (model, quality),
            numbers,
            {"model": model, "quality": quality or NONE},
        )
        for (model, quality), numbers in ranked(report.models.items(), "cost")
    ]
    _lying(text, report.period, text("Cost by model and quality"), rows, MOST_ROWS)
    show_table(here, Table("models", report.period, ("model", "quality"), (text("Model"), text("Quality")), rows), name)


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
        for door, numbers in ranked(report.doors.items(), "cost")
    ]
    _lying(text, report.period, text("Cost by door"), rows, MOST_ROWS)
    show_table(here, Table("doors", report.period, ("door",), (text("Door"),), rows), name)


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
    _lying(text, report.period, text("Failures by reason"), rows, MOST_ROWS, "ordered")
    show_table(
        here, Table("reasons", report.period, ("reason", "state"), (text("Reason"), text("Outcome")), rows), name
    )


def _lying(text: Reader, period: Period, title: str, rows: Sequence[Row], most: int, measure: str = "cost") -> None:
    """The first rows as bars, and all others as one."""
    parts = 1 if measure == "ordered" else 2
    shown: list[tuple[str, Numbers, str | None]] = [
        (
            " · ".join(label for label in row.labels[:parts] if label != "–"),
            row.numbers,
            requests_address(period, **row.filters),
        )
        for row in rows[:most]
    ]
    if len(rows) > most:
        shown.append((text("others"), total(row.numbers for row in rows[most:]), None))
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
