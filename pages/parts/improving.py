"""A suggestion for the description, beside it and never in its place unasked; only where a text model is given."""

import html
from functools import partial

import streamlit as st

from core.errors import Problem, explain
from core.storage.tables import Improvement
from core.studio.improving import TextModel
from pages.parts import shell
from pages.parts.money import about, cost_of
from pages.parts.visit import Here, require

REFRESH = 0.7  # seconds between two looks while it is being written


def improve_button(here: Here, model: TextModel) -> None:
    text = here.reader
    label = text("Improve · {price}", price=_price(here, model))
    st.button(
        label.replace("$", "\\$"),
        key="improve",
        icon=":material/auto_fix_high:",
        on_click=_act,
        args=("again", 0),
    )


def suggestion(here: Here, model: TextModel | None, found: Improvement) -> None:
    """As long as it is being written, only this part of the page looks for it."""
    is_open = found.state == "running"
    st.fragment(shell.guarded(partial(_panel, model, found.id, is_open)), run_every=REFRESH if is_open else None)()


def _panel(model: TextModel | None, improvement_id: int, was_open: bool) -> None:
    here = require()
    if st.session_state.pop("suggestion_changed", False):
        st.rerun()  # an act in this part runs it alone; the page around it has to follow
    found = here.services.improvements.current(here.person.user_id)
    if found is None or found.id != improvement_id or (was_open and found.state != "running"):
        st.rerun()
    text = here.reader
    with st.container(key="suggestion"):
        if found.state == "running":
            st.html(_box(text("Suggestion"), text("A suggestion is being written …"), waits=True))
        elif found.suggestion is None:
            _told(here, found)
            _buttons(here, model, found, ("again", "close"))
        elif found.replaced is not None:
            st.html(_box(text("Your own words, kept"), found.replaced))
            _buttons(here, model, found, ("back", "close"))
        else:
            st.html(_box(text("Suggestion"), found.suggestion))
            _buttons(here, model, found, ("use", "keep", "again"))
        if found.cost_micros is not None or found.state == "done":
            st.caption(text("Cost: {cost}", cost=cost_of(text, found.cost_micros)).replace("$", "\\$"))


def _told(here: Here, found: Improvement) -> None:
    st.warning(shell.plain(explain(here.reader, found.problem or "internal", found.problem_params or {})))


def _box(label: str, words: str, waits: bool = False) -> str:
    role = "status" if waits else "region"
    return (
        f'<div class="imagier-suggestion"><span aria-hidden="true">{html.escape(label)}</span>'
        f'<p role="{role}" aria-label="{html.escape(label)}" tabindex="0" dir="auto">{html.escape(words)}</p></div>'
    )


def _buttons(here: Here, model: TextModel | None, found: Improvement, names: tuple[str, ...]) -> None:
    text = here.reader
    labels = {
        "use": text("Use it"),
        "keep": text("Keep mine"),
        "back": text("Back to my words"),
        "close": text("Close"),
        "again": text("Again · {price}", price=_price(here, model)) if model is not None else "",
    }
    with st.container(horizontal=True, key="suggestion-acts"):
        for name in names:
            if labels[name]:
                st.button(
                    labels[name].replace("$", "\\$"),
                    key=f"suggestion-{name}",
                    type="primary" if name == "use" else "secondary",
                    on_click=_act,
                    args=(name, found.id),
                )


def _price(here: Here, model: TextModel) -> str:
    micros = here.services.improvements.estimate(model, st.session_state.get("description") or "")
    return here.reader("unpriced") if micros is None else about(here.reader, micros)


def _act(name: str, improvement_id: int) -> None:
    """What is typed at this moment is what is replaced or improved."""
    here = require()
    improvements, user_id = here.services.improvements, here.person.user_id
    words = st.session_state.get("description") or ""
    try:
        if name == "again":
            improvements.begin(user_id, words)
        elif name == "use":
            _write(here, improvements.use(user_id, improvement_id, words))
        elif name == "back":
            _write(here, improvements.back(user_id, improvement_id))
        else:
            improvements.close(user_id, improvement_id)
    except Problem as problem:
        shell.refuse(here.reader, problem)
    st.session_state["suggestion_changed"] = True


def _write(here: Here, words: str) -> None:
    st.session_state["description"] = words
    here.services.people.save_draft(here.person.user_id, words)
