"""Pictures to start from: uploaded ones, and those taken from the gallery."""

from typing import Any

import streamlit as st

from core.catalog.catalog import Model
from core.errors import Problem, explain
from core.storage.uploads import MOST_REFERENCES
from core.studio.orders import ReferenceFile
from pages.parts import shell
from pages.parts.mask import mask_painter
from pages.parts.visit import Here


def references(here: Here, model: Model) -> None:
    text = here.reader
    if not model.most_references:
        return
    pictures = taken()
    with st.expander(text("Start from a picture"), expanded=bool(pictures)):
        files = st.file_uploader(
            text("Up to {most} pictures that the description then changes", most=MOST_REFERENCES),
            accept_multiple_files=True,
            key="uploads",
        )
        for file in files:
            kept = _kept(here, file)
            if isinstance(kept, str):
                st.error(shell.plain(kept))
        for position, reference in enumerate(pictures):
            with st.container(horizontal=True, vertical_alignment="center"):
                if reference.image_id is not None:
                    st.html(f'<img class="imagier-small" src="/pictures/{reference.image_id}/320" alt="">')
                st.markdown(text("Picture {number} of the gallery", number=reference.image_id or 0))
                st.button(text("Remove"), key=f"remove-{position}", on_click=_remove, args=(position,))
        if pictures:
            mask_painter(here, model, pictures[0])


def chosen_references(here: Here) -> tuple[ReferenceFile, ...]:
    uploaded = (_kept(here, file) for file in st.session_state.get("uploads") or ())
    return (*taken(), *(kept for kept in uploaded if isinstance(kept, ReferenceFile)))


def taken() -> list[ReferenceFile]:
    """Those from the gallery; the list itself, to be added to."""
    found: list[ReferenceFile] = st.session_state.setdefault("taken", [])
    return found


def _remove(position: int) -> None:
    del st.session_state["taken"][position]


def _kept(here: Here, file: Any) -> ReferenceFile | str:
    """Check and keep an upload once, not at every run; of what is refused, why."""
    known: dict[str, ReferenceFile | str] = st.session_state.setdefault("kept_uploads", {})
    if file.file_id not in known:
        try:
            known[file.file_id] = here.services.requests.keep_reference(
                here.person.user_id, file.name, bytes(file.getbuffer())
            )
        except Problem as problem:
            known[file.file_id] = explain(here.reader, problem.code, problem.params)
    return known[file.file_id]
