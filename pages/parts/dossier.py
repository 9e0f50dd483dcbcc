"""All that is known of one picture, over the administrator's list, and what they can do about it."""

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import streamlit as st

from core.errors import Problem, remedy, what
from core.i18n import Reader
from core.ledger.costs import CLASSES, Tokens
from core.storage.tables import UNDER_WAY, WAITING, Attempt, Image, Price
from core.studio.dossier import Dossier
from pages.parts import shell
from pages.parts.acts import door_name
from pages.parts.facts import EXACT
from pages.parts.money import cost_of, micros_of
from pages.parts.names import background_name, quality_name, size_name
from pages.parts.picture import number_in_address
from pages.parts.states import state_name
from pages.parts.visit import Here, require


def show(here: Here, image_id: int) -> None:
    if here.services.dossiers.of(image_id) is None:
        shell.refuse(here.reader, Problem("no_such_picture"))
        shell.notice()
        return
    st.dialog(here.reader("Picture"), width="large", on_dismiss=_forget)(_dossier)(image_id)


def _forget() -> None:
    st.query_params.pop("picture", None)


def _dossier(opened: int) -> None:
    """It stays open while something is done to the picture, or another try of it takes its place in the address."""
    here = require("admin")
    found = here.services.dossiers.of(number_in_address("picture") or opened)
    if found is None:
        return
    image = found.image
    if image.state != "done" or image.image_url is None or image.deleted_at is not None:
        _known(here, found)
        return
    left, right = st.columns([2, 3], gap="large")
    alt = escape(image.request.description)
    left.html(f'<img class="imagier-large" src="/pictures/{image.id}/640" alt="{alt}">')
    with right:
        _known(here, found)


def _known(here: Here, found: Dossier) -> None:
    text, image = here.reader, found.image
    st.html(f'<p class="imagier-description" dir="auto">{escape(image.request.description)}</p>')
    _acts(here, found)
    shell.notice()
    if image.problem:
        said = f"{what(text, image.problem, image.problem_params)} {remedy(text, image.problem, image.problem_params)}"
        st.warning(shell.plain(said))
    if image.problem_detail:
        st.caption(text("What the provider said"))
        st.code(image.problem_detail, language=None, wrap_lines=True)
    st.html(_facts(text, found))
    if found.attempts:
        st.html(
            f'<h3 class="imagier-head">{escape(text("Attempts"))}</h3>'
            + "".join(_attempt(text, one) for one in found.attempts)
        )
    usage_fold(text, image.usage)
    family = [one for one in (*found.tries, *found.others) if one.id != image.id]
    if family:
        st.html(_family(text, found))


def usage_fold(text: Reader, usage: Mapping[str, Any] | None) -> None:
    if usage:
        with st.expander(text("Usage as the provider reported it")):
            st.json(dict(usage))


def _facts(text: Reader, found: Dossier) -> str:
    image, request = found.image, found.image.request
    size = f"{image.width} × {image.height}" if image.width else size_name(text, request.size) if request.size else ""
    took = (image.finished_at - image.created_at).total_seconds() if image.finished_at else None
    rows = [
        (text("Number"), text.number(image.id)),
        (text("State"), state_name(text, image.state)),
        (text("Person"), f"{request.user.name} ({request.user.login})"),
        (text("Door"), " · ".join(part for part in (door_name(text, request.door), found.token_name) if part)),
        (text("Model"), request.model),
        (text("Connection"), image.connection),
        (text("Size"), size),
        (text("Quality"), quality_name(text, request.quality) if request.quality else ""),
        (text("Background"), background_name(text, request.background) if request.background else ""),
        (text("Ordered format"), (request.output_format or "").upper()),
        (text("Previews"), text.number(request.previews) if request.previews else ""),
        (text("Moderation"), request.moderation or ""),
        (text("Faithfulness to the pictures"), request.input_fidelity or ""),
        (text("Started from"), text.listing([reference.name for reference in request.references])),
        (text("Mask"), text("Only a part of it was painted anew") if request.mask_key else ""),
        (text("File"), text.bytes(image.size_in_bytes) if image.size_in_bytes else ""),
        (text("Ordered"), text.exact(image.created_at)),
        (text("Begun"), text.exact(image.started_at) if image.started_at else ""),
        (text("Ended"), text.exact(image.finished_at) if image.finished_at else ""),
        (text("From the order to the end"), text.duration(took) if took is not None else ""),
        (text("Deleted"), text.exact(image.deleted_at) if image.deleted_at else ""),
        (text("Deleted by"), found.deleted_by or ""),
        (text("Hidden from links"), text.exact(image.hidden_at) if image.hidden_at else ""),
        (text("Cost"), _cost(text, found)),
        (text("At risk"), cost_of(text, image.reserved_micros) if found.is_at_risk else ""),
        (text("Settled"), text.exact(image.settled_at) if image.settled_at else ""),
        (text("Settled by"), found.settled_by or ""),
        (text("Changed description"), image.revised_description or ""),
        (text("Request id at the provider"), image.provider_request_id or ""),
    ]
    return fact_list(rows)


def fact_list(rows: Sequence[tuple[str, str]]) -> str:
    shown = "".join(f"<dt>{escape(name)}</dt><dd dir='auto'>{escape(value)}</dd>" for name, value in rows if value)
    return f'<dl class="imagier-facts">{shown}</dl>'


def _cost(text: Reader, found: Dossier) -> str:
    image = found.image
    if image.state in UNDER_WAY:
        return text("at most {price}", price=cost_of(text, image.reserved_micros))
    if image.cost_micros is None and image.state != "done":
        return ""
    return cost_with_parts(text, image.cost_micros, found.tokens, found.price)


def cost_with_parts(text: Reader, micros: int | None, tokens: Tokens | None, price: Price | None) -> str:
    """The cost to the micro-dollar and, where tokens and a price make it up, how."""
    parts = []
    if price is not None and tokens is not None and price.per_picture is None:
        for name in CLASSES:
            number, each = getattr(tokens, name), getattr(price, name)
            if number and each:
                parts.append(f"{text.number(number)} × {text.money(each)}")
    made = f" {text('= ({parts}) for a million tokens', parts=' + '.join(parts))}" if parts else ""
    return (text.money(micros, EXACT) if micros else cost_of(text, micros)) + made


def _attempt(text: Reader, attempt: Attempt) -> str:
    seconds = (attempt.finished_at - attempt.started_at).total_seconds() if attempt.finished_at else None
    facts = [
        text.exact(attempt.started_at),
        attempt.connection,
        text("{seconds} s", seconds=text.number(round(seconds, 1))) if seconds is not None else text("not ended"),
        state_name(text, attempt.outcome) if attempt.outcome else "",
        what(text, attempt.problem) if attempt.problem else "",
        text("Request id at the provider: {id}", id=attempt.provider_request_id) if attempt.provider_request_id else "",
    ]
    return f'<p class="imagier-attempt">{escape(" · ".join(fact for fact in facts if fact))}</p>'


def _family(text: Reader, found: Dossier) -> str:
    def links(images: list[Image]) -> str:
        return ", ".join(
            f'<a href="requests?picture={one.id}">{one.id}</a> ({escape(state_name(text, one.state))})'
            if one.id != found.image.id
            else f"<b>{one.id}</b>"
            for one in images
        )

    rows = []
    if len(found.tries) > 1:
        rows.append((text("Tries, the oldest first"), links(list(found.tries))))
    if found.others:
        rows.append((text("Of the same request"), links(list(found.others))))
    shown = "".join(f"<dt>{escape(name)}</dt><dd>{value}</dd>" for name, value in rows)
    return f'<dl class="imagier-facts">{shown}</dl>'


def _acts(here: Here, found: Dossier) -> None:
    text, image = here.reader, found.image
    with st.container(horizontal=True, vertical_alignment="bottom", key="dossier-acts"):
        if image.state in WAITING:
            st.button(text("Cancel"), key="act-cancel", on_click=_cancel, args=(image.id,))
        if image.state in ("failed", "blocked", "unknown", "cancelled") and found.is_last_try:
            _retry_button(text, image)
        if image.state == "done" and image.deleted_at is None:
            with st.popover(text("Delete")):
                st.markdown(
                    text("It is gone for its owner at once, and for good in 30 days; what it cost stays in the ledger.")
                )
                st.button(text("Delete it"), key="act-delete", on_click=_delete, args=(image.id,), type="primary")
        if image.deleted_at is not None and image.purged_at is None:
            st.button(text("Give it back"), key="act-restore", on_click=_restore, args=(image.id,))
        if image.state == "done" and image.deleted_at is None and image.hidden_at is None:
            with st.popover(text("Hide from links")):
                st.markdown(text("No link of its owner shows it any more, and they are told so. Nothing else changes."))
                st.button(text("Hide it"), key="act-hide", on_click=_hide, args=(image.id, True), type="primary")
        elif image.deleted_at is None and image.hidden_at is not None:
            label = text("Let links show it again")
            st.button(label, key="act-unhide", on_click=_hide, args=(image.id, False))
        if found.is_at_risk:
            settle_popover(text, _settle, image.id)


def settle_popover(text: Reader, settle: Callable[[int, bool], None], number: int) -> None:
    with st.popover(text("Settle")):
        st.markdown(text("Look it up at the provider and say here what it cost."))
        st.text_input(text("Dollars, if not as estimated"), key="act-amount", autocomplete="off")
        with st.container(horizontal=True):
            st.button(text("Billed"), key="act-billed", on_click=settle, args=(number, True))
            st.button(text("Not billed"), key="act-free", on_click=settle, args=(number, False))


def _retry_button(text: Reader, image: Image) -> None:
    if image.state != "unknown":
        st.button(text("Try again"), key="act-retry", on_click=_retry, args=(image.id, False))
        return
    with st.popover(text("Try again")):
        st.markdown(text("It may be billed again."))
        st.button(text("Try again all the same"), key="act-retry", on_click=_retry, args=(image.id, True))


def _cancel(image_id: int) -> None:
    _act(lambda here, image: here.services.requests.cancel(image.user_id, image_id), image_id)


def _retry(image_id: int, confirmed: bool) -> None:
    def retry(here: Here, image: Image) -> None:
        again = here.services.requests.retry(image.user_id, image_id, may_be_billed_again=confirmed)
        st.query_params["picture"] = str(again)

    _act(retry, image_id)


def _delete(image_id: int) -> None:
    _act(lambda here, _image: here.services.dossiers.delete(image_id), image_id)


def _restore(image_id: int) -> None:
    _act(lambda here, _image: here.services.dossiers.restore(image_id), image_id)


def _hide(image_id: int, hidden: bool) -> None:
    _act(lambda here, _image: here.services.dossiers.hide(image_id, hidden), image_id)


def _settle(image_id: int, billed: bool) -> None:
    """What was typed is read here: the button was drawn before, and knows nothing of it."""
    amount = str(st.session_state.get("act-amount", "")) if billed else ""

    def settle(here: Here, _image: Image) -> None:
        here.services.ledger.settle(here.person.user_id, image_id, billed, micros_of(amount))

    _act(settle, image_id)


def _act(act: Callable[[Here, Image], None], image_id: int) -> None:
    here = require("admin")
    found = here.services.dossiers.of(image_id)
    try:
        if found is None:
            raise Problem("no_such_picture")
        act(here, found.image)
    except Problem as problem:
        shell.refuse(here.reader, problem)
