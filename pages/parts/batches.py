"""Several descriptions at once: what they cost together before they are ordered, and where they stand afterwards."""

from collections.abc import Callable

import streamlit as st

from core.errors import Problem
from core.i18n import Reader
from core.ledger.estimates import Estimate
from core.studio.batches import FAILED, MISSING, Batches, Line, Progress, lines_of
from core.studio.board import Board, Slot
from core.studio.orders import Order
from pages.parts import shell
from pages.parts.money import about, cost_of, show_estimate
from pages.parts.tiles import Act, standing, tiles
from pages.parts.visit import Here, require

MOST_FAILED = 8  # that are told one by one; the next ones come up when these are ordered again


def is_several() -> bool:
    return bool(st.session_state.get("several"))


def several_toggle(here: Here) -> None:
    text = here.reader
    with st.container(key="several-line", horizontal=True, vertical_alignment="center"):
        st.toggle(text("Several descriptions, one per line"), key="several", persist_state="session", on_change=_keep)
        if is_several():
            number = len(lines_of(st.session_state.get("description") or ""))
            st.caption(text.plural("{count} description", "{count} descriptions", number))


def _keep() -> None:
    """The description outlives the visit, and with it what its lines mean."""
    here = require()
    here.services.choices.remember_several(here.person.user_id, is_several())


def batch_buttons(here: Here, order: Order, submit: Callable[[bool], None]) -> None:
    """The button with the price of all; and what of it is there already. `submit` is told whether to leave that out."""
    text, lines = here.reader, lines_of(order.description)
    st.session_state["told"] = hash((order, *lines))
    if st.session_state.pop("told_anew", False):
        st.info(text("What is to be ordered has changed: look at the total, then press again."))
    found = _estimate(here, order, lines)
    known = _asked(order, lines)
    others = [line for line in lines if line.number not in known]
    with st.container():  # there also when it is empty: what follows would be on the page twice while it moves
        if known:
            _show_known(here, order, others, known, submit)
    with st.container(key="buttons", horizontal=True, vertical_alignment="center"):
        st.button(
            _label(text, found), type="primary", key="generate", shortcut="Ctrl+Enter", on_click=submit, args=(False,)
        )
    show_estimate(here, found)


def submit_batch(here: Here, order: Order, without_known: bool = False) -> bool:
    """Whether it was ordered. What all cost together is told first, and, once, what is there already."""
    lines, batches = lines_of(order.description), here.services.batches
    is_told = st.session_state.get("told") == hash((order, *lines))
    try:
        if is_told and without_known:
            known = _asked(order, lines)
            lines = [line for line in lines if line.number not in known]
        elif _asks_first(here, batches, order, lines):
            return False
        elif not is_told and lines and batches.estimate(here.person.user_id, order, lines).micros != 0:
            st.session_state["told_anew"] = True
            return False
        batches.submit(here.person.user_id, order, lines)
    except Problem as problem:
        shell.refuse(here.reader, problem)
        return False
    st.session_state.pop("known", None)
    return True


def show_batch(here: Here, board: Board, progress: Progress, on_act: Callable[[Act], None]) -> None:
    """How far it is, what it has cost, its pictures, and what did not come."""
    text, batch = here.reader, progress.batch
    with st.container(key=f"batch-{batch.id}", border=True):
        st.progress(progress.number("done") / (progress.total or 1), text=shell.plain(_stands(text, progress)))
        _buttons(text, progress)
        came = [image for image in progress.images if image.state not in FAILED and image.state != "cancelled"]
        items = [{**standing(text, Slot(image), image.request, board), "cancel": False} for image in came]
        if items:
            tiles(text, items, f"batch-tiles-{batch.id}", on_act, "strip")
        failed = [image for image in progress.images if image.state in FAILED][:MOST_FAILED]
        slots = [(Slot(image, can_retry=True), image.request) for image in failed]
        if slots:
            items = [standing(text, slot, request, board) for slot, request in slots]
            tiles(text, items, f"batch-failed-{batch.id}", on_act)


def _estimate(here: Here, order: Order, lines: list[Line]) -> Estimate | None:
    try:
        return here.services.batches.estimate(here.person.user_id, order, lines)
    except Problem:
        return None


def _label(text: Reader, found: Estimate | None) -> str:
    if found is None:
        return text("Generate")
    price = text("unpriced") if found.micros is None else about(text, found.micros)
    return text.plural("Generate {count} · {price}", "Generate {count} · {price}", found.number, price=price)


def _asks_first(here: Here, batches: Batches, order: Order, lines: list[Line]) -> bool:
    """What was ordered before is told once; whoever presses again means it."""
    found = batches.estimate(here.person.user_id, order, lines)
    known = {line.number for line in batches.known(here.person.user_id, order, lines)}
    if found.micros == 0 or not known or _asked(order, lines):
        return False
    st.session_state["known"] = (hash((order, *lines)), known)
    return True


def _asked(order: Order, lines: list[Line]) -> set[int]:
    """The numbers of the lines of which this person was told that they are there already."""
    asked, known = st.session_state.get("known", (None, set()))
    if asked != hash((order, *lines)):
        st.session_state.pop("known", None)
        return set()
    found: set[int] = known
    return found


def _show_known(here: Here, order: Order, others: list[Line], known: set[int], submit: Callable[[bool], None]) -> None:
    text = here.reader
    with st.container(key="same", horizontal=True, vertical_alignment="center"):
        if not others:
            st.markdown(text("You have ordered all of these before, with the same choices."))
            return
        numbers = text.listing([text.number(number) for number in sorted(known)])
        st.markdown(
            text.plural(
                "You have ordered {count} of these before, with the same choices: line {numbers}.",
                "You have ordered {count} of these before, with the same choices: lines {numbers}.",
                len(known),
                numbers=numbers,
            )
        )
        found = _estimate(here, order, others)
        price = text("unpriced") if found is None or found.micros is None else about(text, found.micros)
        label = text.plural(
            "Only the other one · {price}", "Only the other {count} · {price}", len(others), price=price
        )
        st.button(label, key="only-new", on_click=submit, args=(True,))


def _stands(text: Reader, progress: Progress) -> str:
    parts = [text("{done} of {total} done", done=progress.number("done"), total=progress.total)]
    if number := progress.number("running"):
        parts.append(text.plural("{count} being drawn", "{count} being drawn", number))
    if number := progress.number("queued"):
        parts.append(text.plural("{count} waiting", "{count} waiting", number))
    if number := progress.number("paused"):
        parts.append(text.plural("{count} paused", "{count} paused", number))
    if number := progress.number(*FAILED):
        parts.append(text.plural("{count} not made", "{count} not made", number))
    if number := progress.number("cancelled"):
        parts.append(text.plural("{count} cancelled", "{count} cancelled", number))
    return " · ".join([*parts, *_money(text, progress)])


def _money(text: Reader, progress: Progress) -> list[str]:
    if progress.has_unpriced and not progress.cost_micros:
        return [text("unpriced")]
    spent = cost_of(text, progress.cost_micros)
    parts = [text("{price} so far", price=spent)] if progress.number("done") or progress.cost_micros else []
    if progress.reserved_micros:
        parts.append(text("at most {price} more", price=text.money(progress.reserved_micros)))
    return parts


def _buttons(text: Reader, progress: Progress) -> None:
    batch_id = progress.batch.id
    with st.container(key=f"batch-acts-{batch_id}", horizontal=True):
        if progress.number("queued"):
            st.button(
                text("Pause"), key=f"pause-{batch_id}", icon=":material/pause:", on_click=_act, args=("pause", batch_id)
            )
        if progress.is_paused:
            st.button(
                text("Go on"),
                key=f"resume-{batch_id}",
                icon=":material/play_arrow:",
                type="primary",
                on_click=_act,
                args=("resume", batch_id),
            )
        if progress.number("queued", "paused"):
            st.button(text("Cancel the rest"), key=f"cancel-{batch_id}", on_click=_act, args=("cancel", batch_id))
        missing = progress.number(*MISSING)
        if missing and not progress.is_open:
            label = text.plural("Order the missing one again", "Order the missing {count} again", missing)
            st.button(label, key=f"again-{batch_id}", on_click=_act, args=("retry", batch_id))
        if not progress.is_open:
            st.button(text("Put away"), key=f"close-{batch_id}", on_click=_act, args=("close", batch_id))


def _act(name: str, batch_id: int) -> None:
    here = require()
    batches = here.services.batches
    acts = {
        "pause": batches.pause,
        "resume": batches.resume,
        "cancel": batches.cancel,
        "retry": batches.retry,
        "close": batches.close,
    }
    try:
        acts[name](here.person.user_id, batch_id)
    except Problem as problem:
        shell.refuse(here.reader, problem)
    st.session_state["board_changed"] = True
