"""The lines to those who paint: which there are, how they stand, and all that an administrator can do about them."""

import html
from collections.abc import Callable

import streamlit as st

from core.catalog.catalog import Model
from core.connections.lines import Line, Offered
from core.errors import Problem, remedy, what
from core.i18n import Reader
from core.studio.status import LineStatus
from pages.admin.connection_form import connection_form
from pages.admin.connection_test import show_findings, start_test
from pages.parts import shell
from pages.parts.needs import show_needs
from pages.parts.visit import Here, require

EDITED = "connection_edited"  # the name of the one whose form is open; "" for a new one
OPENED = "connection_opened"  # the same as it was when its form was opened
FEW = 3  # models that need not be folded away
REMOVED = "connection_removed"  # the one that is removed once it is confirmed


def show() -> None:
    here = require("admin")
    text = here.reader
    lines = here.services.connections.all()
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.title(text("Connections"))
        st.button(text("Add a connection"), key="add-connection", on_click=_edit, args=("",))
    st.caption(text("A change holds at once. If several offer a model, the first in this list draws it."))
    show_needs(here)
    shell.notice()
    if st.session_state.get(EDITED) == "":
        with st.container(border=True, key="new-connection"):
            st.header(text("A new connection"), anchor=False)
            connection_form(here, None, _close)
    stands = {status.name: status for status in here.services.statuses.lines()}
    for place, line in enumerate(lines):
        _card(here, line, stands.pop(line.name, None), place)
    for status in stands.values():
        if status.waiting:
            _gone(here, status)


def _card(here: Here, line: Line, status: LineStatus | None, place: int) -> None:
    text = here.reader
    with st.container(border=True, key=f"connection-{place}"):
        st.html(_head(text, line, status))
        if status is not None and status.stopped_code is not None:
            _stopped(here, status)
        if not line.has_readable_key:
            code = "connection_key_unreadable"
            st.error(f"{what(text, code)} {remedy(text, code)}")
        if st.session_state.get(EDITED) == line.name:
            connection_form(here, st.session_state.setdefault(OPENED, line), _close)
            return
        _models(here, line)
        _buttons(here, line, place)
        if st.session_state.get(REMOVED) == line.name:
            _confirm(here, line, status)
        show_findings(here, line)


def _head(text: Reader, line: Line, status: LineStatus | None) -> str:
    """Who it is and how it stands, at a glance."""
    state, word = ("open", text("Open"))
    if line.is_paused:
        state, word = "paused", text("Paused")
    elif not line.has_readable_key or (status is not None and status.stopped_code is not None):
        state, word = "stopped", text("Stands still")
    tags = [kind_name(text, line.kind)]
    if line.is_of_environment:
        tags.append(text("from the environment"))
    facts = []
    if line.base_url:
        facts.append(line.base_url)
    if line.kind != "painter":
        facts.append(text("key {end}", end=line.key_end) if line.key_end else text("without a key"))
    facts.append(text("{count} at once", count=text.number(line.at_once)))
    if line.images_per_minute:
        facts.append(text("{count} a minute", count=text.number(line.images_per_minute)))
    work = text(
        "{waiting} waiting · {running} being drawn · {done} done in the last 24 hours",
        waiting=text.number(status.waiting if status else 0),
        running=text.number(status.running if status else 0),
        done=text.number(status.done if status else 0),
    )
    return (
        f'<div class="imagier-line"><div><strong>{html.escape(line.name)}</strong>'
        + "".join(f"<span>{html.escape(tag)}</span>" for tag in tags)
        + f'<em data-state="{state}">{html.escape(word)}</em></div>'
        + f"<p>{html.escape(' · '.join(facts))}</p><p>{html.escape(work)}</p></div>"
    )


def _stopped(here: Here, status: LineStatus) -> None:
    text, code = here.reader, status.stopped_code or ""
    st.error(f"{what(text, code)} {remedy(text, code)}")
    if status.stopped_detail:
        st.code(status.stopped_detail, language=None, wrap_lines=True)
    if status.stopped_request_id:
        st.caption(text("Request id at the provider: {id}", id=status.stopped_request_id))
    st.button(
        text("Open the line again"),
        key=f"resume-{status.name}",
        on_click=_go_on,
        args=(status.name,),
        type="primary",
    )


def _models(here: Here, line: Line) -> None:
    text = here.reader
    today = here.services.requests.today()
    models = [(one, here.services.catalog.get(one.name)) for one in line.models]
    current = [(one, model) for one, model in models if not model.is_shut_down(today)]
    if not current:
        st.info(text("It offers no model yet. Test it to see what the server lists, or type them under “Change”."))
        return
    rows = "".join(
        f"<dt>{html.escape(one.name)}</dt><dd>{html.escape(_model_facts(text, one, model))}</dd>"
        for one, model in current
    )
    listed = f'<dl class="imagier-facts">{rows}</dl>'
    if len(current) <= FEW:
        st.html(listed)
        return
    with st.expander(text.plural("{count} model", "{count} models", len(current))):
        st.html(listed)


def _model_facts(text: Reader, offered: Offered, model: Model) -> str:
    facts = [price_of(text, offered)]
    if model.shutdown is not None:
        facts.append(text("until {date}", date=text.date(model.shutdown)))
    return " · ".join(facts)


def price_of(text: Reader, offered: Offered) -> str:
    price = offered.price
    if price is None:
        return text("unpriced")
    if price.per_picture is None:
        return text("by tokens, from the price list")
    if price.per_picture == 0:
        return text("free")
    each = text("{price} each picture", price=text.money(price.per_picture))
    return each if offered.own_micros is not None else f"{each}, {text('from the price list')}"


def _buttons(here: Here, line: Line, place: int) -> None:
    text = here.reader
    with st.container(horizontal=True):
        st.button(text("Test"), key=f"test-{line.name}", on_click=start_test, args=(line.name,))
        if not line.is_of_environment:
            st.button(text("Change"), key=f"edit-{line.name}", on_click=_edit, args=(line.name,))
        if line.is_paused:
            st.button(text("Go on"), key=f"go-on-{line.name}", on_click=_go_on, args=(line.name,))
        else:
            st.button(text("Pause"), key=f"pause-{line.name}", on_click=_pause, args=(line.name,))
        if place:
            st.button(text("Move up"), key=f"up-{line.name}", on_click=_move_up, args=(line.name,))
        if not line.is_of_environment:
            st.button(text("Remove"), key=f"remove-{line.name}", on_click=_ask_to_remove, args=(line.name,))


def _confirm(here: Here, line: Line, status: LineStatus | None) -> None:
    text = here.reader
    waiting = status.waiting if status else 0
    said = text("Its key is forgotten, and nothing is drawn by it any more. The pictures that it made stay.")
    if waiting:
        said += " " + text.plural(
            "{count} picture that waits for it is cancelled.",
            "{count} pictures that wait for it are cancelled.",
            waiting,
        )
    with st.container(border=True):
        st.markdown(said)
        with st.container(horizontal=True):
            st.button(
                text("Remove it for good"),
                key=f"remove-for-good-{line.name}",
                type="primary",
                on_click=_remove,
                args=(line.name, waiting > 0),
            )
            st.button(text("Keep it"), key=f"keep-{line.name}", on_click=_close)


def _gone(here: Here, status: LineStatus) -> None:
    text = here.reader
    with st.container(border=True):
        st.markdown(f"**{shell.plain(status.name)}**")
        st.warning(
            text.plural(
                "{count} picture waits for this connection, which does not exist any more.",
                "{count} pictures wait for this connection, which does not exist any more.",
                status.waiting,
            )
            + " "
            + text("Add one of the same name, or let the people cancel.")
        )


def kind_name(text: Reader, kind: str) -> str:
    return {"openai": text("OpenAI"), "compatible": text("compatible server")}.get(kind, text("painter, no AI"))


def _edit(name: str) -> None:
    _close()
    st.session_state[EDITED] = name


def _close() -> None:
    for state in (EDITED, OPENED, REMOVED):
        st.session_state.pop(state, None)


def _ask_to_remove(name: str) -> None:
    st.session_state[REMOVED] = name


def _pause(name: str) -> None:
    here = require("admin")
    _done(here, lambda: here.services.connections.pause(name))


def _go_on(name: str) -> None:
    here = require("admin")
    _done(here, lambda: here.services.connections.go_on(name))


def _move_up(name: str) -> None:
    here = require("admin")
    _done(here, lambda: here.services.connections.move_up(name))


def _remove(name: str, cancels_waiting: bool) -> None:
    here = require("admin")
    _done(here, lambda: here.services.connections.remove(name, cancels_waiting))
    _close()


def _done(here: Here, act: Callable[[], None]) -> None:
    try:
        act()
    except Problem as problem:
        shell.refuse(here.reader, problem)
    here.services.worker.wake()
