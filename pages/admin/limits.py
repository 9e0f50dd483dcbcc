"""Who may make and spend what: the site's limits, a role's, a person's."""

import streamlit as st

from core.accounts.people import TYPES
from core.ledger.limits import ROLE, SITE, USER
from pages.admin.person import role_name
from pages.parts.limits import limits_form
from pages.parts.visit import Here


def show(here: Here) -> None:
    text = here.reader
    names = {(SITE, ""): text("Everybody together")}
    names |= {(ROLE, role): text("Each: {role}", role=role_name(text, role)) for role in TYPES}
    names |= {(USER, str(user.id)): f"{user.name} ({user.login})" for user in here.services.people.all()}
    chosen = st.selectbox(
        text("Whose limits"),
        list(names),
        format_func=names.__getitem__,
        key="limits-of",
        width=420,
        placeholder=text("Whose limits"),
    )
    limits_form(here, *chosen)
