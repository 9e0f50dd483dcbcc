"""Which days the page is about, as its address says."""

from datetime import date, timedelta

import streamlit as st

from core.accounts.acts import day_of
from core.ledger.usage.periods import KINDS
from pages.parts import filters
from pages.parts.days import day_format
from pages.parts.visit import Here

FIRST_DAY = date(2000, 1, 1)
USUAL = "30"


def choose_period(here: Here) -> tuple[str, date | None, date | None]:
    """The kind of the period; with dates, both of them."""
    text = here.reader
    kinds = {kind: text(KINDS[kind]) for kind in KINDS}
    kind = filters.segments("period", text("Period"), kinds, USUAL)
    return (kind, *_days(here)) if kind == "dates" else (kind, None, None)


def _days(here: Here) -> tuple[date, date]:
    """Until a second day has been chosen, those that there were."""
    text, today = here.reader, here.services.usage.today()
    asked = (day_of(st.query_params.get(name, "")) for name in ("from", "to"))
    usual = (today - timedelta(days=6), today)
    first, last = sorted(min(today, max(FIRST_DAY, day or other)) for day, other in zip(asked, usual, strict=True))
    key = f"days-{first}-{last}"
    st.date_input(
        text("Dates"),
        value=(first, last),
        min_value=FIRST_DAY,
        max_value=today,
        format=day_format(text),
        label_visibility="collapsed",
        width=320,
        key=key,
        on_change=_changed,
        args=(key,),
    )
    return first, last


def _changed(key: str) -> None:
    days = st.session_state[key]
    if isinstance(days, tuple) and len(days) == 2:
        filters.say_all({"from": str(days[0]), "to": str(days[1])})
