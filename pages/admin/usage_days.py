"""Day by day: pictures or money, stacked by model or by person."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import streamlit as st

from core.i18n import Reader
from core.ledger.usage.figures import Leading, Measure, Numbers, Report, first_of
from core.studio.narrowing import listed
from pages.admin.usage_charts import COLOURS
from pages.admin.usage_links import all_but
from pages.admin.usage_rows import difference, person_names, totals
from pages.admin.usage_stacks import Part, show_stacks
from pages.admin.usage_tables import Row, Table, show_table
from pages.parts import filters
from pages.parts.names import title
from pages.parts.visit import Here

MOST_PARTS = len(COLOURS) - 1  # beyond are "others"
MEASURES: Mapping[str, Measure] = {"pictures": "pictures", "cost": "cost_micros"}
SPLITS = ("model", "person")
OTHERS = None  # the key of all that have no colour of their own


@dataclass(frozen=True, slots=True)
class Split:
    """How days are taken apart: each part by its key, those with a colour of their own, and the numbers."""

    title: str
    parts: Mapping[Any, Part]
    first: Sequence[Any]
    found: Mapping[tuple[date, Any], Numbers]


def leading() -> Leading | None:
    """Who has to be known day by day, if the page is to take days apart by person; asked before it is drawn."""
    if filters.one_asked("split", SPLITS) != "person":
        return None
    return MEASURES[filters.one_asked("measure", [*MEASURES])], MOST_PARTS


def show_days(here: Here, report: Report, name: str) -> None:
    text = here.reader
    st.header(text("Day by day"))
    with st.container(horizontal=True):
        shown = {"pictures": text("Pictures"), "cost": text("Cost")}
        measure = MEASURES[filters.segments("measure", text("Show"), shown)]
        by = filters.segments("split", text("Show"), {"model": text("by model"), "person": text("by person")})
    split = (_by_person if by == "person" else _by_model)(here, report, measure)
    show_stacks(text, report.period, split.parts, [*split.first, OTHERS], split.found, measure)
    table = Table(f"days-by-{by}", report.period, ("day", by), (text("Day"), split.title), partial(_rows, text, split))
    show_table(table, name)


def _rows(text: Reader, split: Split) -> list[Row]:
    """The newest day first."""
    found = [(day, split.parts[key], numbers) for (day, key), numbers in split.found.items()]
    found.sort(key=lambda row: (-row[0].toordinal(), row[1].is_others, row[1].label))
    return [
        Row((text.date(day), part.label), (day, part.label), numbers, {**part.filters, "first": day, "last": day})
        for day, part, numbers in found
    ]


def _by_model(here: Here, report: Report, measure: Measure) -> Split:
    text, catalog = here.reader, here.services.catalog
    whole = totals((model, numbers) for (model, _), numbers in report.models.items())
    first = first_of(whole, measure, MOST_PARTS)
    parts = {model: Part(title(text, catalog.get(model)), {"model": listed([model])}) for model in whole}
    others = Part(text("others"), all_but("model", first), is_others=True)
    return Split(text("Model"), {**parts, OTHERS: others}, first, report.days)


def _by_person(here: Here, report: Report, measure: Measure) -> Split:
    """Of each day those who are first, and what is left of it."""
    text, names = here.reader, person_names(report)
    first = first_of(report.people, measure, MOST_PARTS)
    parts = {person: Part(names[person], {"user": report.logins[person]}) for person in first}
    others = Part(text("others"), all_but("user", (report.logins[person] for person in first)), is_others=True)
    whole = totals((day, numbers) for (day, _), numbers in report.days.items())
    theirs = totals((day, numbers) for (day, _), numbers in report.leaders.items())
    left = {day: difference(numbers, theirs.get(day, Numbers())) for day, numbers in whole.items()}
    rest = {(day, OTHERS): numbers for day, numbers in left.items() if any(numbers)}
    return Split(text("Person"), {**parts, OTHERS: others}, first, {**report.leaders, **rest})
