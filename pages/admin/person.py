"""One person, for the administrator: names and role, limits and what is used, signing in, leaving."""

import streamlit as st

from core.accounts.people import LONGEST_NAME, TYPES
from core.errors import Problem, explain
from core.i18n import Reader
from core.ledger.limits import USER
from core.members.roster import Row
from core.storage.tables import User
from pages.parts import forms, shell
from pages.parts.keeping import download_all
from pages.parts.limits import limits_form
from pages.parts.links import PASSWORD, link, show_link
from pages.parts.money import show_uses
from pages.parts.visit import Here, require


def show_person(here: Here, row: Row) -> None:
    text, user = here.reader, row.user
    st.button(text("All people"), icon=":material/arrow_back:", type="tertiary", key="all-people", on_click=_back)
    st.title(shell.plain(user.name), anchor=False)
    facts = [user.login, role_name(text, user.type), text("since {day}", day=text.date(user.created_at))]
    if user.disabled_at is not None:
        facts.append(text("disabled"))
    if row.is_new:
        facts.append(text("without a password yet"))
    shell.caption(" · ".join(facts))
    shell.notice()
    with st.container(key="person"):
        _used(here, user)
        _names(here, user)
        _limits(here, user)
        _signing_in(here, user)
        _leaving(here, user)


def role_name(text: Reader, kind: str) -> str:
    return text("Administrator") if kind == "admin" else text("User")


def _used(here: Here, user: User) -> None:
    if user.disabled_at is None:
        show_uses(here, user.id)


def _names(here: Here, user: User) -> None:
    text, form = here.reader, f"names-{user.id}"
    given = forms.opened(form, {"name": user.name, "login": user.login, "type": user.type})
    with st.container(border=True):
        st.header(text("Names and role"), anchor=False)
        with st.form(form, border=False):
            with st.grid("auto", min_column_width=220):
                typed = {
                    "name": st.text_input(text("Name"), max_chars=LONGEST_NAME, autocomplete="off", key=f"{form}-name"),
                    "login": st.text_input(text("Sign-in name"), max_chars=64, autocomplete="off", key=f"{form}-login"),
                    "type": st.selectbox(
                        text("Role"),
                        TYPES[::-1],
                        format_func=lambda value: role_name(text, value),
                        placeholder=text("Role"),
                        key=f"{form}-type",
                    ),
                }
            sent = st.form_submit_button(text("Save"), type="primary")
        change = (lambda: here.services.members.change(user.id, **forms.changed(given, typed))) if sent else None
        forms.answer(text, form, change, text("Saved. It holds at once."))


def _limits(here: Here, user: User) -> None:
    text = here.reader
    with st.container(border=True):
        st.header(text("Limits"), anchor=False)
        st.caption(text("They win over those of the role. What is empty here, the role decides."))
        limits_form(here, USER, str(user.id))


def _signing_in(here: Here, user: User) -> None:
    text = here.reader
    with st.container(border=True):
        st.header(text("Signing in"), anchor=False)
        with st.container(horizontal=True):
            if user.disabled_at is None:
                st.button(text("Make a link for a new password"), key="make-link", on_click=_make_link, args=(user.id,))
                st.button(text("Sign out everywhere"), key="sign-out-everywhere", on_click=_end, args=(user.id,))
                st.button(text("Disable"), key=f"disable-{user.id}", on_click=_disable, args=(user.login,))
            else:
                st.button(text("Enable"), key=f"enable-{user.id}", on_click=_enable, args=(user.login,))
        made = st.session_state.pop("new_link", None)
        if made is not None:
            st.success(text("The link works once. When it is used, every session of the account ends."))
            show_link(text, made)
        if st.session_state.pop("signed_out", False):
            st.success(text("Signed out everywhere."))


def _leaving(here: Here, user: User) -> None:
    text = here.reader
    with st.container(border=True):
        st.header(text("Leaving"), anchor=False)
        st.caption(text("What it cost stays in the ledger, without the name. The account cannot be opened again."))
        download_all(text, user.id)
        with st.expander(text("Give the pictures to somebody else, and close the account")):
            st.caption(text("Pictures and their costs become theirs, and count among what they used."))
            heir = st.text_input(text("Sign-in name of who gets them"), key=f"heir-{user.id}", autocomplete="off")
            if st.button(text("Give and close"), key=f"transfer-{user.id}"):
                _leave(here, user, heir)
        with st.expander(text("Delete the pictures, and close the account")):
            typed = st.text_input(
                text("To be sure, type the sign-in name {login}", login=shell.plain(user.login)),
                key=f"sure-{user.id}",
                autocomplete="off",
            )
            if st.button(text("Delete and close"), key=f"purge-{user.id}"):
                if typed.strip().lower() == user.login:
                    _leave(here, user, None)
                else:
                    st.error(text("This is not the sign-in name. Nothing was deleted."))


def _leave(here: Here, user: User, heir: str | None) -> None:
    services = here.services
    try:
        if heir is None:
            services.leaving.purge(user.id)
        else:
            services.leaving.transfer(user.id, services.people.existing(heir).id)
    except Problem as problem:
        st.error(shell.plain(explain(here.reader, problem.code, problem.params)))
        return
    _back()
    st.rerun()


def _back() -> None:
    st.query_params.pop("person", None)


def _make_link(user_id: int) -> None:
    here = require("admin")
    try:
        st.session_state["new_link"] = link(PASSWORD, here.services.links.make(user_id))
    except Problem as problem:
        shell.refuse(here.reader, problem)


def _end(user_id: int) -> None:
    here = require("admin")
    here.services.sessions.end_all(user_id, but=here.person.session_id)
    st.session_state["signed_out"] = True


def _disable(login: str) -> None:
    here = require("admin")
    try:
        here.services.members.disable(login)
    except Problem as problem:
        shell.refuse(here.reader, problem)


def _enable(login: str) -> None:
    require("admin").services.members.enable(login)
