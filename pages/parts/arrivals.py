"""A picture that is done while its person is elsewhere in the app: said once, quietly, with the way to it."""

import streamlit as st

from pages.parts import shell
from pages.parts.tiles import GALLERY, address
from pages.parts.visit import Here, require

LOOK = 3.0  # seconds between two looks, while something is under way
LONGEST = 60  # characters of a description in a notice


def watch() -> None:
    """On every page but the one that shows the pictures themselves. At rest it asks for nothing."""
    here = require()
    under_way = here.services.boards.under_way(here.person.user_id)
    st.session_state.setdefault("awaited", set()).update(under_way)
    awaited = st.session_state["awaited"]
    st.fragment(shell.guarded(_look), run_every=LOOK if awaited else None)()


def _look() -> None:
    here = require()
    awaited: set[int] = st.session_state.get("awaited", set())
    if not awaited:
        return
    arrived = here.services.boards.arrived(here.person.user_id, awaited)
    under_way = here.services.boards.under_way(here.person.user_id)
    st.session_state["awaited"] = under_way
    text = here.reader
    for batch_id in {image.request.batch_id for image in arrived if image.request.batch_id is not None}:
        _batch(here, batch_id)
    for image in arrived:
        if image.request.batch_id is not None:
            continue
        words = image.request.description[:LONGEST]
        shown = words if len(image.request.description) <= LONGEST else words.rstrip() + "…"
        said = text(
            "Ready: “{description}” · [show it]({link})", description=shell.plain(shown), link=address(image.id)
        )
        st.toast(said, duration="long")  # it has a link, which takes a moment to reach
    if not under_way:
        st.rerun()  # nothing is left to look for


def _batch(here: Here, batch_id: int) -> None:
    """Pictures that were ordered together are one piece of news: when the last of them has come."""
    progress = here.services.batches.progress(here.person.user_id, batch_id)
    if not progress.is_open:
        number = progress.number("done")
        text = here.reader
        said = text.plural(
            "Ready: {count} picture · [show it]({link})",
            "Ready: {count} pictures · [show them]({link})",
            number,
            link=GALLERY,
        )
        st.toast(said, duration="long")
