"""Coming in by a link: an invitation makes an account, another link lets its person choose a password."""

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.accounts.people import LONGEST_NAME
from core.errors import Problem, explain
from pages.parts import shell
from pages.parts.authenticator import keep_signed_in
from pages.parts.links import INVITATION, PASSWORD
from pages.parts.visit import Visit, visit

LONGEST_TOKEN = 100


def is_in_address() -> bool:
    return INVITATION in st.query_params or PASSWORD in st.query_params


def show() -> None:
    here = visit()
    is_invitation = INVITATION in st.query_params
    token = st.query_params.get(INVITATION if is_invitation else PASSWORD, "")[:LONGEST_TOKEN]
    with st.container(key="card"):
        st.title("Imagier", anchor=False)
        refusal = st.empty()
        try:
            _invitation(here, token) if is_invitation else _password(here, token)
        except Problem as problem:
            refusal.error(shell.plain(explain(here.reader, problem.code, problem.params)))
            if problem.code in ("link_dead", "too_many_attempts"):
                st.button(here.reader("Go to Imagier"), on_click=st.query_params.clear, width="stretch")


def _invitation(here: Visit, token: str) -> None:
    text, services = here.reader, here.services
    with _counted(here):
        services.invitations.look(token)
    with st.form("invitation"):
        st.header(text("You are invited"), anchor=False)
        st.caption(text("Choose how the others see you and how you sign in."))
        name = st.text_input(text("Your name"), max_chars=LONGEST_NAME, autocomplete="name")
        login = st.text_input(text("Sign-in name"), max_chars=64, autocomplete="username")
        password = _password_field(here)
        sent = st.form_submit_button(text("Create the account"), type="primary", width="stretch")
    if sent:
        _come_in(here, services.invitations.accept(token, login, name, password))


def _password(here: Visit, token: str) -> None:
    text, services = here.reader, here.services
    with _counted(here):
        found = services.links.look(token)
    with st.form("password"):
        welcome = text("Welcome, {name}", name=found.name) if found.is_new else text("A new password")
        st.header(shell.plain(welcome), anchor=False)
        st.caption(shell.plain(text("Your sign-in name is {login}.", login=found.login)))
        password = _password_field(here)
        sent = st.form_submit_button(text("Save the password"), type="primary", width="stretch")
    if sent:
        _come_in(here, services.links.use(token, password))


def _password_field(here: Visit) -> str:
    text, least = here.reader, here.services.settings.password_length
    password = st.text_input(text("Password"), type="password", autocomplete="new-password")
    st.caption(text("At least {least} characters, such as a sentence of your own.", least=text.number(least)))
    return password


@contextmanager
def _counted(here: Visit) -> Iterator[None]:
    """Whoever tries links is slowed down like whoever tries passwords."""
    here.services.throttle.begin(None, here.address)
    yield
    here.services.throttle.succeeded(None, here.address)


def _come_in(here: Visit, user_id: int) -> None:
    st.query_params.clear()  # the page is loaded anew at its address, and the link has done its work
    keep_signed_in(here.services, user_id, here.address)
