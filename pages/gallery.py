"""The gallery: one's pictures in the view that the address says, a page at a time; each opens large."""

import streamlit as st

from core.studio.views import View
from pages.parts import filters, shell
from pages.parts.bin import show_bin
from pages.parts.gallery_bar import neighbours, show_bar, show_nothing
from pages.parts.gallery_grid import show_grid
from pages.parts.keeping import show_retention
from pages.parts.picture import number_in_address, picture_in_address, show_picture
from pages.parts.selection import show_selection
from pages.parts.visit import require


def show() -> None:
    here = require()
    text = here.reader
    st.title(text("Gallery"))
    shell.notice()
    show_retention(here)
    view = View.of(st.query_params.to_dict(), text.timezone)
    show_bar(here, view)
    page = here.services.gallery.page(here.person, view, number_in_address("before"), number_in_address("after"))
    show_bin(here, view, not page.images)
    if not page.images:
        show_nothing(here, view)
    show_grid(here, view, page)
    filters.turn_page(text, page.previous, page.next, neighbours(text, view))
    show_selection(here, view, page.images, page.previous is None and page.next is None)
    if "picture" in st.query_params:
        show_picture(picture_in_address(), in_address=True)
