"""One's own account: language, password, tokens, links to pictures, signing out."""

import streamlit as st

from core.errors import Problem, explain
from core.i18n import LANGUAGES
from pages.parts import shell
from pages.parts.authenticator import sign_out
from pages.parts.keeping import download_all, show_retention
from pages.parts.money import show_uses
from pages.parts.sharing import show_links
from pages.parts.tokens import show_tokens
from pages.parts.visit import Here, require, visit


def show() -> None:
    here = require()
    text = here.reader
    st.title(text("Account"))
    with st.container(key="account"):
        role = text("Administrator") if here.person.is_admin else text("User")
        st.markdown(f"**{shell.plain(here.person.name)}** · {shell.plain(here.person.login)} · {role}")
        show_retention(here, with_download=False)  # the button is further down
        show_uses(here)
        _language(here)
        _password(here)
        show_tokens(here)
        show_links(here)
        download_all(text)
        if st.button(text("Sign out"), key="sign-out"):
            sign_out(here.services)


def _language(here: Here) -> None:
    text = here.reader
    choices = [None, *LANGUAGES]
    st.selectbox(
        text("Language"),
        choices,
        index=choices.index(here.person.language) if here.person.language in choices else 0,
        format_func=lambda language: LANGUAGES.get(language, text("As the browser says")),
        key="language-choice",
        placeholder=text("Language"),
        on_change=_change_language,
    )


def _change_language() -> None:
    here = require()
    here.services.people.change_language(here.person.user_id, st.session_state["language-choice"])


def _password(here: Here) -> None:
    text = here.reader
    with st.expander(text("Change the password")), st.form("change-password", border=False):
        old = st.text_input(text("Password until now"), type="password", autocomplete="current-password")
        new = st.text_input(
            text("New password"),
            type="password",
            autocomplete="new-password",
            help=text(
                "At least {least} characters. A sentence of a few words is easy to remember.",
                least=here.services.settings.password_length,
            ),
        )
        if not st.form_submit_button(text("Change the password")):
            return
        try:
            _check_old(here, old)
            here.services.people.set_password(here.person.user_id, new, keep_session=here.person.session_id)
        except Problem as problem:
            st.error(shell.plain(explain(text, problem.code, problem.params)))
        else:
            st.success(text("The password is changed. Everywhere else you have been signed out."))


def _check_old(here: Here, password: str) -> None:
    """Whoever finds an open screen must not be able to take the account."""
    address = visit().address
    here.services.throttle.begin(here.person.login, address)
    if not here.services.people.is_password(here.person.user_id, password):
        login = here.person.login
        here.services.throttle.failed("password.refused", login, address, login, "wrong_password")
        raise Problem("wrong_password")
    here.services.throttle.succeeded(here.person.login, address)
