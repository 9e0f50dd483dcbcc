"""The ledger for the administrator: what is at risk, who may spend what, what things cost, and does the bill agree."""

import streamlit as st

from pages.admin import bill, limits, prices, settling
from pages.parts import shell
from pages.parts.needs import show_needs
from pages.parts.visit import require


def show() -> None:
    here = require("admin")
    text = here.reader
    st.title(text("Ledger"))
    show_needs(here)
    shell.notice()
    parts = {
        text("At risk"): settling.show,
        text("Limits"): limits.show,
        text("Prices"): prices.show,
        text("Bill"): bill.show,
    }
    # Only the open one is drawn: a bill of a million pictures takes a moment.
    for tab, part in zip(st.tabs(list(parts), key="ledger-part", on_change="rerun"), parts.values(), strict=True):
        if tab.open:
            with tab:
                part(here)
