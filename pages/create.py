"""Describe and see: the page that nobody has to leave."""

import html
from collections.abc import Collection
from dataclasses import replace
from functools import partial

import streamlit as st

from core.errors import Problem, remedy, what
from core.storage.tables import Image
from core.studio.board import Board, Group
from core.studio.choices import chosen_of
from core.studio.lineage import drafts_of
from core.studio.orders import Order
from pages.parts import again, shell
from pages.parts.again import offered, show_same
from pages.parts.batches import batch_buttons, is_several, show_batch, submit_batch
from pages.parts.keeping import show_retention
from pages.parts.money import again_label, drafts_label, estimate_of, generate_label, show_estimate
from pages.parts.names import quality_name, size_name, title
from pages.parts.order_form import ends_soon, order_as_it_stands, order_form
from pages.parts.picture import picture_in_address, show_picture
from pages.parts.tiles import Act, finished, standing, tiles
from pages.parts.visit import Here, require

REFRESH = 0.7  # seconds between two looks at pictures under way
STRIP = 12  # pictures below the newest order


def show() -> None:
    here = require()
    st.session_state["user_id"] = here.person.user_id
    st.session_state.pop("board_changed", None)
    st.session_state.pop("suggestion_changed", None)
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
        _remember(here, order)
        _buttons(here, order)
    shell.notice()
    board = here.services.boards.board(here.person.user_id)
    # The pulse stops when nothing is under way: a page at rest asks for nothing.
    beating = partial(_board, board.is_active)
    st.fragment(shell.guarded(beating), run_every=REFRESH if board.is_active else None)()
    show_retention(here)
    opened = st.session_state.pop("opened", None)
    if opened is not None:
        show_picture(opened)
    elif "picture" in st.query_params:
        show_picture(picture_in_address(), in_address=True)


def _remember(here: Here, order: Order) -> None:
    """What was chosen lasts beyond the visit, ordered or not; what a link chose, only when it was."""
    chosen = chosen_of(order)
    if st.session_state.setdefault("chosen", chosen) != chosen:
        st.session_state["chosen"] = chosen
        here.services.choices.remember(here.person.user_id, order)


def _buttons(here: Here, order: Order) -> None:
    """Generate, and drafts where they are cheaper; what either may cost; and the picture that is there already."""
    text = here.reader
    described = order if order.description.strip() else replace(order, description="…")
    if is_several():
        batch_buttons(here, order, _generate_several)
        return
    found = estimate_of(here, described)
    same = _same(here, order)
    with st.container():  # there also when it is empty: what follows would be on the page twice while it moves
        if same is not None:
            show_same(here, same)
    with st.container(key="buttons", horizontal=True, vertical_alignment="center"):
        st.button(
            generate_label(text, found) if same is None else again_label(text, found),
            type="primary",
            key="generate",
            shortcut="Ctrl+Enter",
            on_click=_generate,
        )
        drafts = drafts_of(here.services.catalog.get(order.model), described)
        if drafts is not None:
            st.button(drafts_label(text, drafts, estimate_of(here, drafts)), key="drafts", on_click=_draft)
    show_estimate(here, found)


def _same(here: Here, order: Order) -> Image | None:
    """A picture that this very order brought before, while the person is asked which of the two is wanted."""
    asked = st.session_state.get("same")
    if asked is None or here.services.requests.fingerprint(order) != asked:
        st.session_state.pop("same", None)
        return None
    return here.services.lineage.same(here.person.user_id, asked)


def _generate_several(without_known: bool) -> None:
    here = require()
    order = _as_it_stands(here)
    if submit_batch(here, order, without_known):
        here.services.choices.remember(here.person.user_id, order)


def _generate() -> None:
    here = require()
    order = _as_it_stands(here)
    if _asks_first(here, order):
        return
    st.session_state.pop("same", None)
    _submit(here, order)


def _asks_first(here: Here, order: Order) -> bool:
    """What was made before is offered at no cost, once; whoever presses again means it, from then on."""
    fingerprint = here.services.requests.fingerprint(order)
    if fingerprint is None or fingerprint in (st.session_state.get("same"), st.session_state.get("meant")):
        st.session_state["meant"] = fingerprint
        return False
    found = estimate_of(here, order)
    costs_nothing = found is not None and found.micros == 0
    if costs_nothing or here.services.lineage.same(here.person.user_id, fingerprint) is None:
        return False
    st.session_state["same"] = fingerprint
    return True


def _draft() -> None:
    here = require()
    order = _as_it_stands(here)
    drafts = drafts_of(here.services.catalog.get(order.model), order)
    if drafts is not None:
        _submit(here, drafts)


def _as_it_stands(here: Here) -> Order:
    """Not what stood there when a button was drawn: a choice may have been made in the same instant."""
    return order_as_it_stands(here, here.services.requests.offers(here.services.requests.today()))


def _submit(here: Here, order: Order) -> None:
    try:
        here.services.requests.submit(here.person.user_id, order)
    except Problem as problem:
        shell.refuse(here.reader, problem)
    else:
        here.services.choices.remember(here.person.user_id, _as_it_stands(here))


def _board(is_beating: bool) -> None:
    here = require()
    if st.session_state.pop("board_changed", False):
        st.rerun()  # an act on a tile runs the board alone; the page around it has to follow
    board = here.services.boards.board(here.person.user_id)
    if is_beating and not board.is_active:
        st.rerun()  # the page decides anew whether there is anything to wait for
    batches = here.services.batches.shown(here.person.user_id)
    if not board.groups and not batches:
        _empty(here)
    _stopped(here, board)
    leads = bool(batches) and batches[0].is_newest
    if leads:
        show_batch(here, board, batches[0], _acted)
    for position, group in enumerate(board.groups):
        is_newest = position == 0 and not leads
        if is_newest or not group.is_done:
            _group(here, board, group, large=is_newest)
    for progress in batches[leads:]:
        show_batch(here, board, progress, _acted)
    above = set() if leads else {slot.image.id for group in board.groups[:1] for slot in group.slots}
    _strip(here, above | {image.id for progress in batches for image in progress.images})


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


def _strip(here: Here, shown: Collection[int]) -> None:
    """The pictures before the newest order, small, as far as they are not shown above."""
    images = here.services.gallery.page(here.person, size=STRIP + len(shown)).images
    before = [image for image in images if image.id not in shown][:STRIP]
    if before:
        items = [finished(here.reader, image, image.request, "gallery") for image in before]
        tiles(here.reader, items, "strip", _acted, "strip")


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
    acts = offered(here, request) if large else ()
    items = [standing(text, slot, request, board, acts, whole=large) for slot in group.slots]
    tiles(text, items, f"tiles-{request.id}", _acted, "large" if large else "grid")


def _acted(act: Act) -> None:
    here = require()
    try:
        if act.name == "cancel":
            here.services.requests.cancel(here.person.user_id, act.image_id)
        elif act.name == "retry":
            here.services.requests.retry(here.person.user_id, act.image_id, act.confirmed)
        elif act.name == "open":
            st.session_state["opened"] = act.image_id
        elif act.name in again.ACTS:
            again.act(act.name, act.image_id)
    except Problem as problem:
        shell.refuse(here.reader, problem)
    st.session_state["board_changed"] = True
