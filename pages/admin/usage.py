"""Usage, the administrator's first page: who asked for what, what came of it and what it cost, beside before."""

from datetime import date

import streamlit as st

from core.ledger.usage.periods import Period
from pages.admin.usage_days import leading, show_days
from pages.admin.usage_figures import show_figures
from pages.admin.usage_parts import show_doors, show_models, show_people, show_reasons
from pages.admin.usage_period import choose_period
from pages.admin.usage_times import show_hours, show_times
from pages.parts.needs import show_needs
from pages.parts.visit import Here, require


def show() -> None:
    here = require("admin")
    text = here.reader
    st.title(text("Usage"))
    show_needs(here)
    report = here.services.usage.report(*choose_period(here), leading())
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
