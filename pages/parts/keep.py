"""What a person keeps of one picture: favourite or not, its collections, a note; and throwing it away."""

import streamlit as st

from core.errors import Problem, explain
from core.storage.tables import Image
from core.studio.collections import LONGEST_NAME
from core.studio.notes import LONGEST
from pages.parts import shell
from pages.parts.selection import PLACE
from pages.parts.undo import is_done, say_done, show_done, undoing
from pages.parts.visit import Here, require

REFUSED = "keep-refused"
SAVED = "keep-saved"  # of the state: the picture whose note was just kept


def show_keeping(here: Here, image: Image) -> None:
    """Below the picture, for its owner."""
    text, user_id = here.reader, here.person.user_id
    if image.user_id != user_id:
        return
    refusal = st.session_state.pop(REFUSED, None)
    if refusal:
        st.error(shell.plain(refusal))
    with st.container(key="keep", horizontal=True, vertical_alignment="bottom"):
        loved = _set(f"keep-favourite-{image.id}", image.favourite)
        st.toggle(text("Favourite"), key=loved, on_change=_favourite, args=(image.id,))
        names = {it.id: it.name for it in here.services.collections.all(user_id)}
        if names:
            inside = here.services.collections.of_picture(user_id, image.id)
            st.multiselect(
                text("Collections"),
                list(names),
                format_func=lambda it: names.get(it, ""),
                key=_set(f"keep-collections-{image.id}", [it for it in names if it in inside]),
                placeholder=text("In none"),
                on_change=_collect,
                args=(image.id,),
            )
        with st.popover(text("New collection"), key="keep-new"):
            st.text_input(text("Name"), key="keep-name", max_chars=LONGEST_NAME, autocomplete="off")
            st.button(text("Make it and add"), key="keep-make", on_click=_make, args=(image.id,))
        st.button(text("Delete"), key="keep-delete", icon=":material/delete:", on_click=_delete, args=(image.id,))
    st.text_area(
        text("Note"),
        key=_set(f"keep-note-{image.id}", image.note or ""),
        max_chars=LONGEST,
        height="content",
        placeholder=text("For yourself; nobody else sees it."),
        on_change=_write,
        args=(image.id,),
    )
    if st.session_state.pop(SAVED, None) == image.id:
        st.caption(text("The note is kept."))


def show_deleted(here: Here) -> bool:
    """In the place of a picture that was just deleted there; False if none was."""
    if not is_done(PLACE):
        return False
    show_done(here, PLACE, "large")
    return True


def _set(key: str, value: object) -> str:
    """What is stored is shown, unless it was refused a moment ago: then what was typed stays."""
    if st.session_state.get(key) != value and not st.session_state.get(REFUSED):
        st.session_state[key] = value
    return key


def _favourite(image_id: int) -> None:
    here, on = require(), bool(st.session_state.get(f"keep-favourite-{image_id}"))
    here.services.changes.favourite(here.person.user_id, [image_id], on)


def _collect(image_id: int) -> None:
    here = require()
    user_id, changes = here.person.user_id, here.services.changes
    wanted = set(st.session_state.get(f"keep-collections-{image_id}") or ())
    inside = set(here.services.collections.of_picture(user_id, image_id))
    try:
        for collection_id in wanted - inside:
            changes.add(user_id, [image_id], collection_id)
        for collection_id in inside - wanted:
            changes.take_out(user_id, [image_id], collection_id)
    except Problem as problem:
        _refuse(here, problem)


def _make(image_id: int) -> None:
    here = require()
    try:
        made = here.services.collections.create(here.person.user_id, st.session_state.get("keep-name", ""))
        here.services.changes.add(here.person.user_id, [image_id], made)
    except Problem as problem:
        _refuse(here, problem)
    else:
        st.session_state["keep-name"] = ""


def _write(image_id: int) -> None:
    here = require()
    try:
        here.services.notes.write(here.person.user_id, image_id, st.session_state.get(f"keep-note-{image_id}", ""))
    except Problem as problem:
        _refuse(here, problem)
    else:
        st.session_state[SAVED] = image_id


def _delete(image_id: int) -> None:
    here = require()
    changed = here.services.changes.delete(here.person.user_id, [image_id])
    words = here.reader.plural("{count} picture is in the bin.", "{count} pictures are in the bin.", changed.pictures)
    say_done(PLACE, words, undoing(changed))


def _refuse(here: Here, problem: Problem) -> None:
    st.session_state[REFUSED] = explain(here.reader, problem.code, problem.params)
