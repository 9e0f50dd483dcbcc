"""The pictures of a gallery's page, also those that are not finished."""

import streamlit as st

from core.errors import Problem
from core.studio.gallery import Page
from core.studio.views import View
from pages.parts import shell
from pages.parts.selection import picking
from pages.parts.tiles import Act, finished, standing, tiles
from pages.parts.visit import Here, require


def show_grid(here: Here, view: View, page: Page) -> None:
    text, own = here.reader, here.person.user_id
    names = {user.id: user.name for user in here.services.people.all()} if view.person else {}
    slots, board = here.services.boards.standing(own, page.images)
    items = []
    for slot in slots:
        image = slot.image
        is_done = image.state == "done"
        item = finished(text, image, image.request) if is_done else standing(text, slot, image.request, board)
        item["pick"] = is_done and image.user_id == own
        if image.user_id != own:
            item |= {"badge": names.get(image.user_id, ""), "cancel": False}
        items.append(item)
    tiles(text, items, "gallery", _acted, "rows", picking(view, page.images))


def _acted(act: Act) -> None:
    here = require()
    try:
        if act.name == "open":
            st.query_params["picture"] = str(act.image_id)
        elif act.name == "cancel":
            here.services.requests.cancel(here.person.user_id, act.image_id)
        elif act.name == "retry":
            here.services.requests.retry(here.person.user_id, act.image_id, act.confirmed)
    except Problem as problem:
        shell.refuse(here.reader, problem)
