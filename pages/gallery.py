"""The gallery: one's pictures in the view that the address says, a page at a time; each opens large."""

import streamlit as st

from core.studio.views import View
from pages.parts import shell
from pages.parts.keeping import show_retention
from pages.parts.picture import number_in_address, picture_in_address, show_picture
from pages.parts.tiles import Act, finished, tiles
from pages.parts.visit import require


def show() -> None:
    here = require()
    text = here.reader
    st.title(text("Gallery"))
    shell.notice()
    show_retention(here)
    view = View.of(st.query_params.to_dict(), text.timezone)
    page = here.services.gallery.page(here.person, view, number_in_address("before"), number_in_address("after"))
    if not page.images:
        st.markdown(text("There are no pictures here yet. The first one is a description away."))
    tiles(text, [finished(text, image, image.request) for image in page.images], "gallery", _acted)
    with st.container(horizontal=True, horizontal_alignment="center"):
        if page.previous is not None:
            st.button(text("Newer"), key="newer", on_click=_turn, args=("after", page.previous))
        if page.next is not None:
            st.button(text("Older"), key="older", on_click=_turn, args=("before", page.next))
    if "picture" in st.query_params:
        show_picture(picture_in_address(), in_address=True)


def _acted(act: Act) -> None:
    if act.name == "open":
        st.query_params["picture"] = str(act.image_id)


def _turn(direction: str, key: int) -> None:
    st.query_params.clear()
    st.query_params[direction] = str(key)
