"""What was just done, said where it was done, and the way back; it stays until something else is done there."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import escape

import streamlit as st

from core.errors import Problem, explain
from core.i18n import Reader
from core.studio.changes import Changed
from pages.parts.visit import Here, require

VERY_MANY = 5_000
KEY = "done-"  # of the state: what was done at a place
Back = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Done:
    """`back` undoes it and says what has come of that; None where there is no way back."""

    words: str
    back: Back | None = None


def say_done(place: str, words: str, back: Back | None = None) -> None:
    """`place` is a part of a page. What it says stands there from the next run on."""
    st.session_state[KEY + place] = Done(words, back)


def undoing(changed: Changed) -> Back | None:
    return partial(_undo_change, changed.id, changed.pictures) if changed.pictures else None


def ask_for_patience(text: Reader, pictures: int) -> None:
    """Before an act on very many, of which there is nothing to see until its end."""
    if pictures >= VERY_MANY:
        st.toast(text("{count} pictures: this may take a minute.", count=text.number(pictures)), icon="⏳")


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
        if done.back is not None:
            st.button(text("Undo"), key=f"undo-{key}", on_click=_undo, args=(place, done.back))
        st.button(
            text("Close"),
            key=f"close-{key}",
            icon=":material/close:",
            type="tertiary",
            on_click=forget_done,
            args=(place,),
        )


def _undo(place: str, back: Back) -> None:
    try:
        words = back()
    except Problem as problem:
        words = explain(require().reader, problem.code, problem.params)
    say_done(place, words)


def _undo_change(change_id: int, pictures: int) -> str:
    here = require()
    ask_for_patience(here.reader, pictures)
    undone = here.services.changes.undo(here.person.user_id, change_id)
    return here.reader.plural("{count} picture is as it was.", "{count} pictures are as they were.", undone)
