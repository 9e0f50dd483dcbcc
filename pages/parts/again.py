"""What can be made after a picture: the final one of a draft, a variation, the same order once more."""

import streamlit as st

from core.errors import Problem
from core.i18n import Reader
from core.storage.tables import Image, Request
from pages.parts import shell
from pages.parts.money import about
from pages.parts.order_form import take_over
from pages.parts.tiles import Offered
from pages.parts.visit import Here, require

FINAL, VARIATION, REUSE = "final", "variation", "reuse"
ACTS = (FINAL, VARIATION, REUSE)


def offered(here: Here, request: Request) -> list[Offered]:
    """What can be made after a picture of this request, each with its price; less when its model is gone."""
    text = here.reader
    reuse = Offered(REUSE, text("Reuse"))
    after = here.services.lineage.after(request)
    if after is None:
        return [reuse]
    final = [] if after.final_quality is None else [Offered(FINAL, text("Make it final"), _price(text, after.final))]
    return [*final, Offered(VARIATION, text("Variation"), _price(text, after.variation)), reuse]


def act(name: str, image_id: int) -> None:
    """In a callback: before the page is drawn."""
    here = require()
    lineage, user_id = here.services.lineage, here.person.user_id
    try:
        if name == REUSE:
            take_over(lineage.order_of(user_id, image_id))
        else:
            order = lineage.final(user_id, image_id) if name == FINAL else lineage.variation(user_id, image_id)
            here.services.requests.submit(user_id, order)
    except Problem as problem:
        shell.refuse(here.reader, problem)


def show_same(here: Here, image: Image) -> None:
    """The same order was made before: it is there at no cost. Which of the two is wanted, the person says."""
    text = here.reader
    with st.container(key="same", horizontal=True, vertical_alignment="center"):
        st.html(f'<img class="imagier-small" src="/pictures/{image.id}/320" alt="">', width="content")
        st.markdown(text("You have this picture already: the same description with the same choices."))
        st.button(text("Show it · free"), key="show-same", on_click=_show, args=(image.id,))


def _show(image_id: int) -> None:
    st.session_state["opened"] = image_id
    st.session_state.pop("same", None)


def _price(text: Reader, micros: int | None) -> str:
    return text("unpriced") if micros is None else about(text, micros)
