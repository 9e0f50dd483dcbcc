"""Describe and see: the page that nobody has to leave."""

import html
from dataclasses import replace

import streamlit as st

from core.errors import Problem, remedy, what
from core.studio.board import Board, Group
from pages.parts import shell
from pages.parts.money import estimate_of, generate_label, show_estimate
from pages.parts.order_form import ends_soon, order_as_it_stands, order_form, quality_name, size_name, title
from pages.parts.picture import picture_in_address, show_picture
from pages.parts.tiles import Act, standing, tiles
from pages.parts.visit import Here, require

REFRESH = 0.7  # seconds between two looks at pictures under way


def show() -> None:
    here = require()
    st.session_state["user_id"] = here.person.user_id
    st.session_state.pop("board_changed", None)
    text = here.reader
    offers = here.services.requests.offers(here.services.requests.today())
    if not offers:
        st.error(text("No model is offered: every one that is set up has been shut down. Tell the administrator."))
        return
    with st.container(key="order"):
        soon = ends_soon(text, order_form(here, offers))
        if soon:
            st.warning(soon)
        order = order_as_it_stands(here, offers)
        found = estimate_of(here, order if order.description.strip() else replace(order, description="…"))
        st.button(
            generate_label(text, found),
            type="primary",
            key="generate",
            shortcut="Ctrl+Enter",
            on_click=_generate,
        )
        show_estimate(here, found)
    shell.notice()
    board = here.services.boards.board(here.person.user_id)
    # The pulse stops when nothing is under way: a page at rest asks for nothing.
    st.fragment(shell.guarded(_board), run_every=REFRESH if board.is_active else None)()
    opened = st.session_state.pop("opened", None)
    if opened is not None:
        show_picture(opened)
    elif "picture" in st.query_params:
        show_picture(picture_in_address(), in_address=True)


def _generate() -> None:
    here = require()
    # Not what stood there when the button was drawn: a choice may have been made in the same instant.
    order = order_as_it_stands(here, here.services.requests.offers(here.services.requests.today()))
    try:
        here.services.requests.submit(here.person.user_id, order)
    except Problem as problem:
        shell.refuse(here.reader, problem)


def _board() -> None:
    here = require()
    if st.session_state.pop("board_changed", False):
        st.rerun()  # an act on a tile runs the board alone; the page around it has to follow
    board = here.services.boards.board(here.person.user_id)
    was_active = st.session_state.get("board_active")
    st.session_state["board_active"] = board.is_active
    if was_active and not board.is_active:
        st.rerun()  # the page decides anew whether there is anything to wait for
    if not board.groups:
        _empty(here)
    _stopped(here, board)
    for position, group in enumerate(board.groups):
        _group(here, board, group, large=position == 0)


def _empty(here: Here) -> None:
    text = here.reader
    with st.container(key="empty"):
        st.markdown(f"**{text('Your pictures will appear here.')}**")
        st.caption(text("Describe one above, as you would to a painter: what is seen, in which light, in which style."))


def _stopped(here: Here, board: Board) -> None:
    """An administrator is told at once, wherever the work happens."""
    for connection in board.stopped.values():
        if here.person.is_admin and connection.stopped_code:
            text = here.reader
            st.error(
                f"{text('The line “{name}” stands still.', name=connection.name)} "
                f"{what(text, connection.stopped_code)} {remedy(text, connection.stopped_code)}"
            )


def _group(here: Here, board: Board, group: Group, large: bool) -> None:
    text, request = here.reader, group.request
    model = here.services.catalog.get(request.model)
    facts = [title(text, model), size_name(text, request.size)]
    if request.quality:
        facts.append(quality_name(text, request.quality))
    facts.append(text.moment(request.created_at))
    st.html(
        f'<div class="imagier-group"><p dir="auto">{html.escape(request.description)}</p>'
        f"<small>{html.escape(' · '.join(facts))}</small></div>"
    )
    items = [standing(text, slot, request, board) for slot in group.slots]
    tiles(text, items, f"tiles-{request.id}", _acted, large)


def _acted(act: Act) -> None:
    here = require()
    try:
        if act.name == "cancel":
            here.services.requests.cancel(here.person.user_id, act.image_id)
        elif act.name == "retry":
            here.services.requests.retry(here.person.user_id, act.image_id, act.confirmed)
        elif act.name == "open":
            st.session_state["opened"] = act.image_id
    except Problem as problem:
        shell.refuse(here.reader, problem)
    st.session_state["board_changed"] = True
