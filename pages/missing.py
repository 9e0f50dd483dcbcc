"""Where there is no page for whoever looks: it exists for others, which nobody is told."""

import streamlit as st

from pages.parts.visit import require


def show() -> None:
    text = require().reader
    st.title(text("There is no such page"), anchor=False)
    st.markdown(text("Its address may have a slip in it."))
    st.page_link(st.session_state["create_page"], label=text("To the first page"))
