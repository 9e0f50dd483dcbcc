"""A person's collections: how many pictures are in each, new ones, new names, and their end."""

from functools import partial
from html import escape

import streamlit as st

from core.errors import Problem, explain
from core.studio.collections import LONGEST_NAME, Counted
from pages.parts import filters
from pages.parts.shell import plain
from pages.parts.undo import forget_done, say_done, show_done
from pages.parts.visit import require

REFUSED = "collections-refused"
PLACE = "collections"
NEW = 0


def manage_button() -> None:
    text = require().reader
    label, icon = text("Collections"), ":material/folder:"
    if st.button(label, key="manage-collections", icon=icon, type="tertiary", on_click=filters.fold):
        forget_done(PLACE)
        st.dialog(text("Collections"), on_dismiss="rerun")(_manage)()


def _manage() -> None:
    here = require()
    text = here.reader
    refusal = st.session_state.pop(REFUSED, None)
    if refusal:
        st.error(plain(refusal))
    show_done(here, PLACE)
    found = here.services.collections.counted(here.person.user_id)
    if not found:
        st.caption(text("A collection holds pictures together; a picture may be in many."))
    for collection in found:
        _row(collection)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = text("A new collection")
        st.text_input(label, key=f"collection-name-{NEW}", max_chars=LONGEST_NAME, autocomplete="off")
        st.button(text("Make it"), key="collection-make", on_click=_make)


def _row(collection: Counted) -> None:
    text = require().reader
    with st.container(
        key=f"collection-{collection.id}",
        horizontal=True,
        vertical_alignment="center",
        horizontal_alignment="distribute",
        gap="small",
    ):
        count = text.plural("{count} picture", "{count} pictures", collection.pictures)
        st.html(
            f'<a href="gallery?collection={collection.id}" target="_self" dir="auto">{escape(collection.name)}</a>'
            f" · {escape(count)}"
        )
        with st.popover(text("Change"), key=f"collection-change-{collection.id}"):
            st.text_input(
                text("Name"),
                collection.name,
                key=f"collection-name-{collection.id}",
                max_chars=LONGEST_NAME,
                autocomplete="off",
            )
            st.button(text("Rename"), key=f"collection-rename-{collection.id}", on_click=_rename, args=(collection.id,))
            st.divider()
            st.markdown(text("Its pictures stay in the gallery and in their other collections."))
            st.button(
                text("Delete the collection"),
                key=f"collection-delete-{collection.id}",
                on_click=_delete,
                args=(collection.id, collection.name),
            )


def _make() -> None:
    """What was typed stays when it is refused."""
    here, key = require(), f"collection-name-{NEW}"
    try:
        here.services.collections.create(here.person.user_id, st.session_state.get(key, ""))
    except Problem as problem:
        st.session_state[REFUSED] = explain(here.reader, problem.code, problem.params)
    else:
        st.session_state[key] = ""


def _rename(collection_id: int) -> None:
    here = require()
    name = st.session_state.get(f"collection-name-{collection_id}", "")
    try:
        here.services.collections.rename(here.person.user_id, collection_id, name)
    except Problem as problem:
        st.session_state[REFUSED] = explain(here.reader, problem.code, problem.params)


def _delete(collection_id: int, name: str) -> None:
    here = require()
    try:
        here.services.collections.delete(here.person.user_id, collection_id)
    except Problem:
        return  # in another tab already
    say_done(PLACE, here.reader("The collection “{name}” is deleted.", name=name), partial(_restore, collection_id))
    if st.query_params.get("collection") == str(collection_id):
        filters.forget(("collection",))


def _restore(collection_id: int) -> str:
    here = require()
    name = here.services.collections.restore(here.person.user_id, collection_id)
    return here.reader("The collection “{name}” is back.", name=name)
