"""What a person is told before pictures are deleted, and how to take them along."""

import html

import streamlit as st

from core.api.exports import PATH, of_person
from core.i18n import Reader
from pages.parts.visit import Here


def show_retention(here: Here, with_download: bool = True) -> None:
    """Nothing where nothing is deleted soon."""
    found = here.services.retention.notice(here.person.user_id)
    if found is None:
        return
    text = here.reader
    words = text.plural(
        "{count} picture will be deleted on {day}; favourites stay.",
        "{count} pictures will be deleted, the first on {day}; favourites stay.",
        found.pictures,
        day=text.date(found.first),
    )
    with st.container(key="retention", horizontal=True, vertical_alignment="center"):
        st.caption(words)
        if with_download:
            download_all(text)


def download_all(text: Reader, user_id: int | None = None) -> None:
    """One's own, or another person's, for an administrator."""
    label = html.escape(text("Download all pictures"))
    address = PATH if user_id is None else of_person(user_id)
    st.html(f'<a class="imagier-button" href="{html.escape(address)}" download>{label}</a>', width="content")
