"""What is at risk, a page at a time, and what the administrator says of it: one by one, or all of a day."""

from datetime import date

import streamlit as st

from core.errors import Problem
from core.ledger.risk import Risk
from core.storage.tables import Image, Improvement
from pages.parts import shell
from pages.parts.money import cost_of, micros_of
from pages.parts.visit import Here, require

PAGE = 20
EVERY_DAY = ""


def show(here: Here) -> None:
    text, ledger = here.reader, here.services.ledger
    days = ledger.days_at_risk()
    if not days:
        st.markdown(text("Nothing is at risk: every cost is known."))
        return
    st.markdown(text("These may have been billed. Look them up at the provider and say so here."))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        day = _day(here, days)
        found = ledger.risk(day)
        with st.popover(text.plural("Settle it", "Settle all {count}", found.number)):
            st.markdown(shell.plain(text("Reserved: {price}", price=text.money(found.reserved_micros))))
            for key, label, billed in (
                ("settle-all-billed", text("All were billed, as estimated"), True),
                ("settle-none-billed", text("None was billed"), False),
            ):
                st.button(label, key=key, width="stretch", on_click=_settle_all, args=(day, found, billed))
    last = max(0, found.pictures - 1) // PAGE
    page = min(st.session_state.get("at-risk-page", 0), last)
    for image in ledger.at_risk(day, page * PAGE, PAGE):
        _outcome(here, image)
    if page == last:
        for written in ledger.texts_at_risk(day):
            _outcome_of_text(here, written)
    with st.container(horizontal=True, horizontal_alignment="center"):
        if page > 0:
            st.button(text("Older"), key="older-at-risk", on_click=_turn, args=(page - 1,))
        if page < last:
            st.button(text("Newer"), key="newer-at-risk", on_click=_turn, args=(page + 1,))


def _turn(page: int) -> None:
    st.session_state["at-risk-page"] = page


def _day(here: Here, days: list[date]) -> date | None:
    text = here.reader
    # Not None for every day: Streamlit takes that for nothing chosen, and says so in English.
    chosen = st.selectbox(
        text("Day"),
        [EVERY_DAY, *(day.isoformat() for day in days)],
        format_func=lambda day: text.date(date.fromisoformat(day)) if day else text("Every day"),
        key="at-risk-day",
        placeholder=text("Day"),
        width=260,
    )
    return date.fromisoformat(chosen) if chosen else None


def _outcome(here: Here, image: Image) -> None:
    text, request = here.reader, image.request
    with st.form(f"outcome-{image.id}"):
        st.text(request.description[:200])
        facts = [request.user.name, request.model, text.moment(image.created_at)]
        if image.provider_request_id:
            facts.append(text("Request id at the provider: {id}", id=image.provider_request_id))
        st.caption(shell.plain(" · ".join(facts)))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            st.text_input(
                text("Dollars"),
                key=f"amount-{image.id}",
                placeholder=text("estimated {price}", price=cost_of(text, image.reserved_micros)),
                width=240,
                autocomplete="off",
            )
            with st.container(horizontal=True, width="content"):
                for label, key, billed in ((text("Billed"), "billed", True), (text("Not billed"), "free", False)):
                    st.form_submit_button(label, key=f"{key}-{image.id}", on_click=_settle, args=(image.id, billed))


def _outcome_of_text(here: Here, written: Improvement) -> None:
    text = here.reader
    with st.container(border=True):
        st.text(written.original[:200])
        facts = [written.user.name, written.model, text("a suggestion"), text.moment(written.created_at)]
        if written.provider_request_id:
            facts.append(text("Request id at the provider: {id}", id=written.provider_request_id))
        facts.append(text("estimated {price}", price=cost_of(text, written.reserved_micros)))
        st.caption(shell.plain(" · ".join(facts)))
        with st.container(horizontal=True):
            for label, key, billed in ((text("Billed"), "billed", True), (text("Not billed"), "free", False)):
                st.button(label, key=f"{key}-text-{written.id}", on_click=_settle_text, args=(written.id, billed))


def _settle_text(text_id: int, billed: bool) -> None:
    here = require("admin")
    try:
        here.services.ledger.settle_text(here.person.user_id, text_id, billed)
    except Problem as problem:
        shell.refuse(here.reader, problem)


def _settle(image_id: int, billed: bool) -> None:
    """What was typed comes with the press, so it is read here and not when the page was drawn."""
    here = require("admin")
    amount = str(st.session_state.get(f"amount-{image_id}", ""))
    try:
        here.services.ledger.settle(here.person.user_id, image_id, billed, micros_of(amount if billed else ""))
    except Problem as problem:
        shell.refuse(here.reader, problem)


def _settle_all(day: date | None, found: Risk, billed: bool) -> None:
    here = require("admin")
    try:
        here.services.ledger.settle_all(here.person.user_id, day, found.last_id, billed, found.last_text_id)
    except Problem as problem:
        shell.refuse(here.reader, problem)
