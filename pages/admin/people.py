"""Who may come in: everybody, found and turned page by page; new people; invitations; and one person's page."""

import streamlit as st

from core.i18n import Reader
from core.members.roster import KINDS, Row
from pages.admin.invitations import show_invitations
from pages.admin.joining import show_joining
from pages.admin.person import role_name, show_person
from pages.parts import shell
from pages.parts.picture import number_in_address
from pages.parts.visit import Here, require


def show() -> None:
    here = require("admin")
    text = here.reader
    chosen = number_in_address("person")
    row = here.services.roster.person(chosen) if chosen is not None else None
    if row is not None:
        show_person(here, row)
        return
    st.title(text("People"))
    shell.notice()
    everybody, new, invitations = st.tabs([text("Everybody"), text("Add"), text("Invitations")])
    with everybody:
        _everybody(here)
    with new:
        show_joining(here)
    with invitations:
        show_invitations(here)


def _everybody(here: Here) -> None:
    text = here.reader
    names = {
        "all": text("All"),
        "admin": text("Administrators"),
        "disabled": text("Disabled"),
        "new": text("Without a password yet"),
    }
    with st.container(horizontal=True, vertical_alignment="bottom"):
        search = st.text_input(
            text("Search"),
            key="people-search",
            placeholder=text("Name or sign-in name"),
            autocomplete="off",
            on_change=_first_page,
        )
        kind = st.segmented_control(
            text("Show"),
            KINDS,
            default="all",
            required=True,
            format_func=lambda kind: names[kind],
            key="people-kind",
            on_change=_first_page,
        )
    page = here.services.roster.page(
        search, kind or "all", st.session_state.get("people-before"), st.session_state.get("people-after")
    )
    st.caption(text.plural("{count} person", "{count} people", page.found))
    for row in page.rows:
        _row(here, row)
    with st.container(horizontal=True, horizontal_alignment="center"):
        if page.before is not None:
            st.button(text("Back"), key="people-back", on_click=_turn, args=("people-before", page.before))
        if page.after is not None:
            st.button(text("More"), key="people-more", on_click=_turn, args=("people-after", page.after))


def _row(here: Here, row: Row) -> None:
    text, user = here.reader, row.user
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(gap=None):
            st.text(user.name)
            shell.caption(" · ".join([user.login, role_name(text, user.type), *states(text, row)]))
        with st.container(horizontal=True, width="content", vertical_alignment="center"):
            st.caption(month(text, row))
            st.button(text("Manage"), key=f"open-{user.id}", on_click=_open, args=(user.id,))


def states(text: Reader, row: Row) -> list[str]:
    found = []
    if row.user.disabled_at is not None:
        found.append(text("disabled"))
    if row.is_new:
        found.append(text("without a password yet"))
    return found


def month(text: Reader, row: Row) -> str:
    """What this month took."""
    if not row.pictures and not row.micros:
        return ""
    pictures = text.plural("{count} picture this month", "{count} pictures this month", row.pictures)
    return " · ".join([pictures, *([text.money(row.micros)] if row.micros else [])]).replace("$", "\\$")


def _open(user_id: int) -> None:
    st.query_params["person"] = str(user_id)


def _first_page() -> None:
    st.session_state.pop("people-before", None)
    st.session_state.pop("people-after", None)


def _turn(key: str, login: str) -> None:
    _first_page()
    st.session_state[key] = login
