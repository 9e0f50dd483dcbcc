"""Who may come in: a first form. Add somebody, set a new password, disable and enable."""

import streamlit as st

from core.accounts.people import TYPES
from core.errors import Problem, explain
from core.i18n import Reader
from core.storage.tables import User
from pages.parts import shell
from pages.parts.visit import Here, require


def show() -> None:
    here = require("admin")
    text = here.reader
    st.title(text("People"))
    shell.notice()
    _add(here)
    for user in here.services.people.all():
        _person(here, user)


def _add(here: Here) -> None:
    text = here.reader
    with st.expander(text("Add somebody")), st.form("add-person", border=False, clear_on_submit=False):
        login = st.text_input(text("Sign-in name"), autocomplete="off")
        name = st.text_input(text("Name"), autocomplete="off")
        kind = st.selectbox(
            text("Role"), TYPES[::-1], format_func=lambda value: role_name(text, value), placeholder=text("Role")
        )
        password = st.text_input(
            text("First password"),
            type="password",
            autocomplete="new-password",
            help=text("Tell it to them; they can change it on their account page."),
        )
        if st.form_submit_button(text("Add")):
            try:
                here.services.people.add(login, name, kind or "user", password)
            except Problem as problem:
                st.error(shell.plain(explain(text, problem.code, problem.params)))
            else:
                st.success(shell.plain(text("{name} can sign in now.", name=name)))


def _person(here: Here, user: User) -> None:
    text = here.reader
    with st.container(border=True, horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        with st.container():
            st.text(user.name + (f" · {text('disabled')}" if user.disabled_at else ""))
            st.caption(f"{user.login} · {role_name(text, user.type)}")
        with st.container(horizontal=True, width="content"):
            with st.popover(text("New password")), st.form(f"password-{user.id}", border=False):
                password = st.text_input(text("New password"), type="password", autocomplete="new-password")
                if st.form_submit_button(text("Set it")):
                    _set_password(here, user, password)
            if user.disabled_at:
                st.button(text("Enable"), key=f"enable-{user.id}", on_click=_enable, args=(user.login,))
            else:
                st.button(text("Disable"), key=f"disable-{user.id}", on_click=_disable, args=(user.login,))


def _set_password(here: Here, user: User, password: str) -> None:
    keep = here.person.session_id if user.id == here.person.user_id else None
    try:
        here.services.people.set_password(user.id, password, keep)
    except Problem as problem:
        st.error(shell.plain(explain(here.reader, problem.code, problem.params)))
    else:
        said = here.reader("The password is set, and {name} is signed out everywhere.", name=user.name)
        st.success(shell.plain(said))


def _disable(login: str) -> None:
    here = require("admin")
    try:
        here.services.people.disable(login)
    except Problem as problem:
        shell.refuse(here.reader, problem)


def _enable(login: str) -> None:
    require("admin").services.people.enable(login)


def role_name(text: Reader, kind: str) -> str:
    return text("Administrator") if kind == "admin" else text("User")
