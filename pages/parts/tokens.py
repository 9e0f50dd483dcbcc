"""Personal tokens on the account page: make one, see it once, revoke it."""

from datetime import timedelta

import streamlit as st

from core.accounts.tokens import GENERATE, READ
from core.errors import Problem, explain
from core.i18n import Reader, mark
from core.ledger.limits import dollars
from core.storage.tables import Token
from pages.parts import shell
from pages.parts.visit import Here, require

ENDS = {30: mark("In 30 days"), 90: mark("In 90 days"), 365: mark("In a year"), 0: mark("Never")}
SCOPES = {GENERATE: mark("Make pictures and read"), READ: mark("Read only")}


def show_tokens(here: Here) -> None:
    text = here.reader
    st.header(text("API tokens"), anchor=False)
    st.caption(text("A program that has one acts for you, under your limits, through the [API](/api/docs)."))
    _made(here)
    for token in here.services.tokens.of(here.person.user_id):
        _row(here, token)


def _made(here: Here) -> None:
    """The form; after it the new token, in this one run and never again."""
    text = here.reader
    with st.expander(text("New token")), st.form("new-token", border=False):
        name = st.text_input(text("What it is for"), max_chars=100, placeholder=text("laptop"), autocomplete="off")
        label = text("What it may do")
        scope = st.selectbox(label, list(SCOPES), format_func=lambda it: text(SCOPES[it]), placeholder=label)
        label = text("When it ends")
        days = st.selectbox(label, list(ENDS), index=1, format_func=lambda it: text(ENDS[it]), placeholder=label)
        most = st.text_input(
            text("Dollars that it may spend in all"), placeholder=text("no limit of its own"), autocomplete="off"
        )
        if not st.form_submit_button(text("Make the token")):
            return
    try:
        token = _make(here, name, scope, days, most)
    except Problem as problem:
        st.error(shell.plain(explain(text, problem.code, problem.params)))
        return
    st.success(text("This is the token. Copy it now: nobody can see it again."))
    st.code(token, language=None, wrap_lines=True)


def _make(here: Here, name: str, scope: str, days: int, most: str) -> str:
    micros = dollars(most)
    with here.services.database.read() as session:
        now = here.services.database.now(session)
    ends = now + timedelta(days=days) if days else None
    return here.services.tokens.make(here.person.user_id, name, (scope,), ends, micros)


def _row(here: Here, token: Token) -> None:
    text = here.reader
    with st.container(key=f"token-{token.id}", horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{shell.plain(token.name)}**  \n{_facts(text, token)}", width="stretch")
        with st.popover(text("Revoke")):
            st.markdown(text("Programs that use it are refused from then on."))
            st.button(
                text("Revoke the token"), key=f"revoke-{token.id}", type="primary", on_click=_revoke, args=(token.id,)
            )


def _facts(text: Reader, token: Token) -> str:
    scope = GENERATE if GENERATE in token.scopes else READ
    facts = [text(SCOPES[scope])]
    facts.append(text("ends on {day}", day=text.date(token.ends_at)) if token.ends_at else text("has no end"))
    facts.append(
        text("last used {moment}", moment=text.moment(token.last_used_at)) if token.last_used_at else text("never used")
    )
    if token.limit_micros is not None:
        used, most = text.money(token.cost_micros + token.reserved_micros), text.money(token.limit_micros)
        facts.append(text("{used} of {most} used", used=used, most=most))
    return " · ".join(facts).replace("$", "\\$")


def _revoke(token_id: int) -> None:
    here = require()
    try:
        here.services.tokens.revoke(here.person.user_id, token_id)
    except Problem:
        return  # in another tab already
