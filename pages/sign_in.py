"""Coming in, for somebody who has an account; and, where the site is open for that, making one."""

import streamlit as st

from core.accounts.people import LONGEST_NAME
from core.errors import Problem, explain
from pages.parts import shell
from pages.parts.authenticator import keep_signed_in, sign_in_form
from pages.parts.visit import Visit, visit

SIGNS_UP = "signs_up"


def show() -> None:
    here = visit()
    is_open = here.services.registration.is_open
    with st.container(key="card"):
        st.title("Imagier", anchor=False)
        refusal = st.empty()
        problem = _sign_up(here) if is_open and st.session_state.get(SIGNS_UP) else _sign_in(here, is_open)
        if problem is not None:
            refusal.error(shell.plain(explain(here.reader, problem.code, problem.params)))


def _sign_in(here: Visit, is_open: bool) -> Problem | None:
    st.header(here.reader("Sign in"), anchor=False)
    problem = sign_in_form(here.services, here.reader, here.address)
    if is_open:
        st.button(here.reader("Create an account"), key="sign-up", type="tertiary", on_click=_switch, args=(True,))
    return problem


def _sign_up(here: Visit) -> Problem | None:
    reader, services = here.reader, here.services
    least = services.settings.password_length
    with st.form("sign_up"):
        st.header(reader("Create an account"), anchor=False)
        name = st.text_input(reader("Your name"), max_chars=LONGEST_NAME, autocomplete="name")
        login = st.text_input(reader("Sign-in name"), max_chars=64, autocomplete="username")
        password = st.text_input(reader("Password"), type="password", autocomplete="new-password")
        st.caption(reader("At least {least} characters, such as a sentence of your own.", least=reader.number(least)))
        sent = st.form_submit_button(reader("Create the account"), type="primary", width="stretch")
    st.button(reader("I have an account"), key="sign-in", type="tertiary", on_click=_switch, args=(False,))
    if not sent:
        return None
    try:
        keep_signed_in(services, services.registration.sign_up(login, name, password, here.address), here.address)
    except Problem as problem:
        return problem
    return None


def _switch(signs_up: bool) -> None:
    st.session_state[SIGNS_UP] = signs_up
