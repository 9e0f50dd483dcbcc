"""What was just done, said where it was done, and the way back; it stays until something else is done there."""

from dataclasses import dataclass
from html import escape

import streamlit as st

from core.errors import Problem, explain
from core.studio.changes import Changed
from pages.parts.visit import Here, require

KEY = "done-"  # of the state: what was done at a place


@dataclass(frozen=True, slots=True)
class Done:
    """`change_id` is None where there is no way back."""

    words: str
    change_id: int | None = None


def say_done(place: str, words: str, changed: Changed | None = None) -> None:
    """`place` is a part of a page. What it says stands there from the next run on."""
    st.session_state[KEY + place] = Done(words, changed.id if changed is not None and changed.pictures else None)


def forget_done(place: str) -> None:
    st.session_state.pop(KEY + place, None)


def is_done(place: str) -> bool:
    return KEY + place in st.session_state


def show_done(here: Here, place: str, key: str = "") -> None:
    """`key` tells it apart where a place is seen twice, on a page and in a dialog over it."""
    done = st.session_state.get(KEY + place)
    if not isinstance(done, Done):
        return
    text, key = here.reader, key or place
    with st.container(key=f"line-{key}", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(f'<span role="status">{escape(done.words)}</span>', width="content")
        if done.change_id is not None:
            st.button(text("Undo"), key=f"undo-{key}", on_click=_undo, args=(place, done.change_id))
        st.button(
            text("Close"),
            key=f"close-{key}",
            icon=":material/close:",
            type="tertiary",
            on_click=forget_done,
            args=(place,),
        )


def _undo(place: str, change_id: int) -> None:
    here = require()
    text = here.reader
    try:
        undone = here.services.changes.undo(here.person.user_id, change_id)
    except Problem as problem:
        say_done(place, explain(text, problem.code, problem.params))
        return
    say_done(place, text.plural("{count} picture is as it was.", "{count} pictures are as they were.", undone))
