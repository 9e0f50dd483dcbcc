"""A form that somebody else may change meanwhile: it keeps showing what it was opened with, and what was typed over it;
and only that is sent, so that nobody undoes what another has changed.

The widget of a field `name` in the form `form` has the key `{form}-{name}` and no value of its own.
"""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from core.errors import Problem, explain
from core.i18n import Reader
from pages.parts import shell


def opened(form: str, now: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the form was opened with. It is filled with `now` when it is drawn first, and after it was sent."""
    given: Mapping[str, Any] | None = st.session_state.get(_given(form))
    if given is None or any(f"{form}-{name}" not in st.session_state for name in now):
        given = st.session_state[_given(form)] = dict(now)
        for name, value in now.items():
            st.session_state[f"{form}-{name}"] = value
    return given


def changed(given: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in typed.items() if value != given[name]}


def answer(text: Reader, form: str, change: Callable[[], object] | None, done: str) -> None:
    """Do the `change` that was just sent, if any was, and say `done`; or what is wrong, and leave all as it was typed.

    The form begins anew with a rerun: what is typed before that would be lost.
    """
    if change is not None:
        try:
            change()
        except Problem as problem:
            st.error(shell.plain(explain(text, problem.code, problem.params)))
            return
        st.session_state.pop(_given(form), None)
        shell.say(form)
        st.rerun()
    if shell.is_said(form):
        st.success(done)


def _given(form: str) -> str:
    return f"{form}-given"
