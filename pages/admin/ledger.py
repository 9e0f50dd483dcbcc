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
    names = {"at-risk": text("At risk"), "limits": text("Limits"), "prices": text("Prices"), "bill": text("Bill")}
    parts = dict(zip(names.values(), (settling.show, limits.show, prices.show, bill.show), strict=True))
    asked = st.query_params.get("part", "")
    if asked in names:  # whoever comes for one of them; once there, they go where they like
        st.session_state["ledger-part"] = names[asked]
        del st.query_params["part"]
    # Only the open one is drawn: a bill of a million pictures takes a moment.
    for tab, part in zip(st.tabs(list(parts), key="ledger-part", on_change="rerun"), parts.values(), strict=True):
        if tab.open:
            with tab:
                part(here)
