"""The first visit: whoever comes first becomes the administrator, with the set-up code if the server asks for it."""

import hmac

import streamlit as st

from core.accounts.people import LONGEST_NAME
from core.accounts.throttle import Throttle
from core.errors import Problem, explain
from pages.parts.authenticator import keep_signed_in
from pages.parts.visit import Visit, visit


def show() -> None:
    here = visit()
    with st.container(key="card"):
        st.title("Imagier", anchor=False)
        refusal = st.empty()
        try:
            _form(here)
        except Problem as problem:
            refusal.error(explain(here.reader, problem.code, problem.params))


def _form(here: Visit) -> None:
    reader, services = here.reader, here.services
    least = services.settings.password_length
    with st.form("set_up"):
        st.header(reader("Create the administrator"), anchor=False)
        st.caption(reader("You are the first here. This account sees everything and lets the others in."))
        name = st.text_input(reader("Your name"), max_chars=LONGEST_NAME, autocomplete="name")
        login = st.text_input(reader("Sign-in name"), max_chars=64, autocomplete="username")
        password = st.text_input(
            reader("Password"),
            type="password",
            autocomplete="new-password",
        )
        st.caption(reader("At least {least} characters, such as a sentence of your own.", least=reader.number(least)))
        code = ""
        if services.setup_code is not None:
            code = st.text_input(reader("Set-up code"), autocomplete="one-time-code")
            st.caption(reader("It stands in the log of the server, in the line “set-up code”."))
        sent = st.form_submit_button(reader("Create the account"), type="primary", width="stretch")
    if sent:
        if services.setup_code is not None:
            _check_code(code, services.setup_code, services.throttle, here.address)
        user = services.people.create_administrator(login, name, password)
        keep_signed_in(services, user.id, here.address)


def _check_code(typed: str, code: str, throttle: Throttle, address: str) -> None:
    throttle.begin(None, address)
    if not hmac.compare_digest(typed.strip().lower().encode(), code.encode()):
        throttle.failed("setup.refused", None, address, "", "wrong_setup_code")
        raise Problem("wrong_setup_code")
    throttle.succeeded(None, address)
