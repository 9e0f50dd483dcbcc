"""Into which collection: one that there is, or a new one."""

from collections.abc import Callable

import streamlit as st

from core.errors import Problem, explain
from core.studio.collections import LONGEST_NAME
from pages.parts.shell import plain
from pages.parts.visit import Here, require

REFUSED = "collection-refused"


def show_picker(
    here: Here,
    source: int | None,
    on_add: Callable[[int, str], None],
    on_move: Callable[[int, int, str], None],
) -> None:
    """`source` is the collection that one looks at, out of which pictures can be moved."""
    text = here.reader
    names = {it.id: it.name for it in here.services.collections.all(here.person.user_id) if it.id != source}
    refusal = st.session_state.pop(REFUSED, None)
    if refusal:
        st.error(plain(refusal))
    if names:
        chosen = st.selectbox(
            text("Collection"),
            list(names),
            format_func=names.__getitem__,
            key="picker-collection",
            placeholder=text("Collection"),
        )
        with st.container(horizontal=True, gap="small"):
            st.button(text("Add"), key="picker-add", on_click=on_add, args=(chosen, names[chosen]))
            if source is not None:
                st.button(text("Move"), key="picker-move", on_click=on_move, args=(source, chosen, names[chosen]))
    st.text_input(text("A new collection"), key="picker-name", max_chars=LONGEST_NAME, autocomplete="off")
    st.button(text("Make it and add"), key="picker-make", on_click=_make, args=(on_add,))


def _make(on_add: Callable[[int, str], None]) -> None:
    """What was typed stays when it is refused."""
    here = require()
    name = st.session_state.get("picker-name", "")
    try:
        collection_id = here.services.collections.create(here.person.user_id, name)
    except Problem as problem:
        st.session_state[REFUSED] = explain(here.reader, problem.code, problem.params)
        return
    st.session_state["picker-name"] = ""
    on_add(collection_id, " ".join(name.split()))
