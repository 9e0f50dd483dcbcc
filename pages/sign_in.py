"""Coming in, for somebody who has an account."""

import streamlit as st

from core.errors import explain
from pages.parts.authenticator import sign_in_form
from pages.parts.visit import visit


def show() -> None:
    here = visit()
    with st.container(key="card"):
        st.title("Imagier", anchor=False)
        refusal = st.empty()
        problem = sign_in_form(here.services, here.reader, here.address)
        if problem is not None:
            refusal.error(explain(here.reader, problem.code, problem.params))
