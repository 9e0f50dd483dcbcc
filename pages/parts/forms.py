"""A form that somebody else may change meanwhile: it keeps showing what it was opened with, and what was typed over it;
and only that is sent, so that nobody undoes what another has changed.

The widget of a field `name` in the form `form` has the key `{form}-{name}` and no value of its own.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st


def opened(form: str, now: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the form was opened with. It is filled with `now` when it is drawn first, and after `begin_anew`."""
    given: Mapping[str, Any] | None = st.session_state.get(_given(form))
    if given is None or any(f"{form}-{name}" not in st.session_state for name in now):
        given = st.session_state[_given(form)] = dict(now)
        for name, value in now.items():
            st.session_state[f"{form}-{name}"] = value
    return given


def changed(given: Mapping[str, Any], typed: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in typed.items() if value != given[name]}


def begin_anew(form: str) -> None:
    """After it was sent: to be followed by a rerun, for what is typed before that would be lost."""
    st.session_state.pop(_given(form), None)


def _given(form: str) -> str:
    return f"{form}-given"
