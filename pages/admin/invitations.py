"""Invitations: links with a role, limits and an end, with which people make their own accounts."""

import streamlit as st

from core.accounts.people import TYPES
from core.errors import Problem, explain
from core.members.invitations import LONGEST_NOTE, MOST_DAYS, MOST_USES
from core.storage.tables import Invitation
from pages.admin.person import role_name
from pages.parts import shell
from pages.parts.limits import limit_fields, told
from pages.parts.links import INVITATION, link, show_link
from pages.parts.visit import Here, require


def show_invitations(here: Here) -> None:
    text = here.reader
    made = st.session_state.pop("new_invitation", None)
    if made is not None:
        st.success(text("The invitation is made."))
        show_link(text, made)
    _new(here)
    for row in here.services.invitations.all():
        _row(here, row)


def _new(here: Here) -> None:
    text = here.reader
    with st.form("invite"):
        st.header(text("A new invitation"), anchor=False)
        with st.grid("auto", min_column_width=220):
            note = st.text_input(text("Whom it is for"), max_chars=LONGEST_NOTE, autocomplete="off")
            kind = st.selectbox(
                text("Role"), TYPES[::-1], format_func=lambda value: role_name(text, value), placeholder=text("Role")
            )
            uses = st.number_input(text("Accounts"), 1, MOST_USES, 1)
            days = st.number_input(text("Days until it ends"), 1, MOST_DAYS, 7)
        with st.expander(text("Limits of each account")):
            typed = limit_fields(text, "invitation")
        if not st.form_submit_button(text("Make the link")):
            return
        try:
            token = here.services.invitations.create(note, kind or "user", typed, int(uses), int(days))
        except Problem as problem:
            st.error(shell.plain(explain(text, problem.code, problem.params)))
        else:
            st.session_state["new_invitation"] = link(INVITATION, token)
            st.rerun()


def _row(here: Here, row: Invitation) -> None:
    text = here.reader
    is_open, state = _state(here, row)
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container(gap=None):
            st.text(row.note or text("Invitation {number}", number=row.id))
            used = text("{used} of {uses} used", used=text.number(row.used), uses=text.number(row.uses))
            shell.caption(" · ".join([role_name(text, row.type), used, state, *told(text, row.limits)]))
        if is_open:
            st.button(text("Take back"), key=f"revoke-{row.id}", on_click=_revoke, args=(row.id,))


def _state(here: Here, row: Invitation) -> tuple[bool, str]:
    text = here.reader
    if row.revoked_at is not None:
        return False, text("taken back")
    if row.used >= row.uses:
        return False, text("used up")
    if row.expires_at <= here.services.invitations.now():
        return False, text("ended on {day}", day=text.date(row.expires_at))
    return True, text("ends on {moment}", moment=text.moment(row.expires_at))


def _revoke(invitation_id: int) -> None:
    require("admin").services.invitations.revoke(invitation_id)
