"""Usage, the administrator's first page: who asked for what, what came of it and what it cost, beside before."""

from datetime import date, timedelta

import streamlit as st

from core.ledger.usage.periods import KINDS, Period
from pages.admin.usage_days import leading, show_days
from pages.admin.usage_figures import show_figures
from pages.admin.usage_parts import show_doors, show_models, show_people, show_reasons
from pages.admin.usage_times import show_hours, show_times
from pages.parts.needs import show_needs
from pages.parts.visit import Here, require

FIRST_YEAR = 2000


def show() -> None:
    here = require("admin")
    text = here.reader
    st.title(text("Usage"))
    show_needs(here)
    asked = _asked(here)
    if asked is None:
        return
    report = here.services.usage.report(*asked, leading())
    st.caption(_dates(here, report.period))
    show_figures(text, report)
    if not report.people:
        st.markdown(text("Nothing was ordered in these days."))
        return
    name = f"imagier-{report.period.first}-{report.period.last}"
    show_days(here, report, name)
    left, right = st.columns(2, gap="large")
    with left:
        show_people(here, report, name)
        show_doors(here, report, name)
        show_times(here, report, name)
    with right:
        show_models(here, report, name)
        show_reasons(here, report, name)
    show_hours(here, report, name)


def _asked(here: Here) -> tuple[str, date | None, date | None] | None:
    """The kind of the period; with dates, both of them. None while only one has been chosen."""
    text = here.reader
    kind = st.segmented_control(
        text("Period"),
        list(KINDS),
        default="30",
        format_func=lambda kind: text(KINDS[kind]),
        label_visibility="collapsed",
        required=True,
        key="period",
        bind="query-params",
    )
    if kind != "dates":
        return kind or "30", None, None
    today = here.services.usage.today()
    days = st.date_input(
        text("Dates"),
        value=(today - timedelta(days=6), today),
        min_value=date(FIRST_YEAR, 1, 1),
        max_value=today,
        format="YYYY-MM-DD",
        label_visibility="collapsed",
        width=320,
        key="dates",
        bind="query-params",
    )
    if not isinstance(days, tuple) or len(days) != 2:
        return None
    return kind, days[0], days[1]


def _dates(here: Here, period: Period) -> str:
    text = here.reader
    return text(
        "{days}, compared with {before} · time zone: {zone}",
        days=_span(here, period.first, period.last),
        before=_before(here, period),
        zone=here.services.site.now().time_zone,
    )


def _before(here: Here, period: Period) -> str:
    text, days = here.reader, _span(here, period.before_first, period.before_last)
    if period.before_until is None:
        return days
    return text("{days} until {time}", days=days, time=text.clock(period.before_until))


def _span(here: Here, first: date, last: date) -> str:
    text = here.reader
    return text.date(first) if first == last else f"{text.date(first)} – {text.date(last)}"
