"""The bin: what it is, and emptying it."""

import streamlit as st

from core.studio.picked import Picked
from core.studio.retention import BIN as STAY
from core.studio.views import BIN, View
from pages.parts import filters
from pages.parts.selection import purge
from pages.parts.visit import Here


def bin_button(here: Here) -> None:
    st.button(
        here.reader("Bin"),
        key="open-bin",
        icon=":material/delete:",
        type="tertiary",
        on_click=_open,
    )


def _open() -> None:
    filters.fold()
    filters.say("state", BIN)


def show_bin(here: Here, view: View, is_empty: bool) -> None:
    """Above the pictures of one's own bin."""
    text = here.reader
    if view.state != BIN or view.person:
        return
    with st.container(key="bin", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.caption(
            text(
                "What is deleted stays here for {days} days and can be restored. Then it goes for good; what it cost"
                " stays in the ledger.",
                days=STAY.days,
            )
        )
        if not is_empty:
            with st.popover(text("Empty the bin"), key="empty-bin-ask"):
                st.markdown(text("There is no way back from this. What the pictures cost stays in the ledger."))
                st.button(
                    text("Delete everything in it for good"),
                    key="empty-bin",
                    type="primary",
                    on_click=purge,
                    args=(Picked(View(state=BIN), all=True),),
                )
