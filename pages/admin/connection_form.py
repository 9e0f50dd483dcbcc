"""The form of a connection, new or changed. What was typed stays in it until it could be kept."""

from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from core.connections.drafts import (
    AT_ONCE,
    COMPATIBLE,
    DEADLINE,
    EXAMPLE_ADDRESS,
    EXAMPLE_MODELS,
    KINDS,
    LONGEST_NAME,
    OPENAI,
    OPENAI_ADDRESS,
    PER_MINUTE,
    Draft,
    models_of,
    text_of,
)
from core.connections.lines import Line
from core.engines.connections import PAINTER
from core.errors import Problem, explain
from core.i18n import Reader
from pages.parts import shell
from pages.parts.visit import Here


def connection_form(here: Here, line: Line | None, close: Callable[[], None]) -> None:
    """`line` None: a new one. `close` ends the form."""
    text = here.reader
    prefix = f"connection-{line.name if line else ''}"
    names = {
        OPENAI: text("OpenAI"),
        COMPATIBLE: text("Compatible server"),
        PAINTER: text("Painter, no AI"),
    }
    kind = st.segmented_control(
        text("Kind"),
        KINDS,
        default=line.kind if line else OPENAI,
        format_func=lambda one: names[one],
        key=f"{prefix}-kind",
        required=True,
    )
    with st.form(f"{prefix}-form", border=False):
        name = line.name if line else st.text_input(text("Name"), max_chars=LONGEST_NAME, autocomplete="off")
        draft = _painter(text, line) if kind == PAINTER else None
        models, typed = "", draft
        if typed is None:
            typed, models = _provider(text, line, kind or OPENAI, prefix)
        with st.container(horizontal=True):
            sent = st.form_submit_button(text("Save"), type="primary")
            left = st.form_submit_button(text("Cancel"))
        if left:
            close()
            st.rerun()
        if sent:
            _keep(here, line, name, typed, models, close)


def _keep(here: Here, line: Line | None, name: str, typed: Draft, models: str, close: Callable[[], None]) -> None:
    connections, user_id = here.services.connections, here.person.user_id
    try:
        draft = replace(typed, models=models_of(models))
        if line is None:
            connections.add(user_id, name, draft)
        else:
            connections.change(user_id, name, draft, line.revision)
    except Problem as problem:
        st.error(shell.plain(explain(here.reader, problem.code, problem.params)))
        return
    here.services.worker.wake()
    close()
    st.rerun()


def _painter(text: Reader, line: Line | None) -> Draft:
    at_once = _number(text("Pictures at once"), AT_ONCE, line.at_once if line else 2)
    return Draft(PAINTER, at_once=at_once)


def _provider(text: Reader, line: Line | None, kind: str, prefix: str) -> tuple[Draft, str]:
    """Their keys keep what is typed when the kind changes."""
    own = kind == OPENAI
    base_url = st.text_input(
        text("Base URL"),
        value=line.base_url if line else "",
        placeholder=OPENAI_ADDRESS if own else EXAMPLE_ADDRESS,
        help=text("Only for a server between here and OpenAI.") if own else text("With its /v1, if it has one."),
        autocomplete="off",
        key=f"{prefix}-base-url",
    )
    has_key = bool(line and (line.key_end or not line.has_readable_key))
    typed = st.text_input(
        text("Key"),
        type="password",
        placeholder=text("kept: {end}", end=line.key_end) if line and line.key_end else "",
        help=text("It is stored encrypted and shown to nobody again. Another base URL needs it typed anew."),
        autocomplete="new-password",
        key=f"{prefix}-key",
    )
    forget = has_key and st.checkbox(text("Forget the key: this server needs none"))
    models = st.text_area(
        text("Models"),
        value=text_of({one.name: one.own_micros for one in line.models}) if line and line.lists_models else "",
        placeholder=text("empty: all that OpenAI has") if own else EXAMPLE_MODELS,
        help=text("One on each line; behind “=”, the dollars for a picture, where the price list is not to decide."),
        height=110,
    )
    with st.grid("auto", min_column_width=170):
        at_once = _number(text("Pictures at once"), AT_ONCE, line.at_once if line else 10)
        per_minute = _number(
            text("Pictures a minute"),
            PER_MINUTE,
            line.images_per_minute if line else 0,
            text("0: as many as the provider takes."),
        )
        deadline = _number(
            text("Deadline in seconds"),
            DEADLINE,
            round(line.deadline) if line else 600,
            text("A picture that was given up may have been billed: do not set it short."),
        )
    organisation, project = line.organisation if line else "", line.project if line else ""
    if own:
        with st.grid("auto", min_column_width=170):
            organisation = st.text_input(text("Organisation"), value=organisation, autocomplete="off")
            project = st.text_input(text("Project"), value=project, autocomplete="off")
    draft = Draft(
        kind=kind,
        base_url=base_url,
        key="" if forget else typed.strip() or (None if has_key else ""),
        organisation=organisation,
        project=project,
        images_per_minute=per_minute,
        at_once=at_once,
        deadline=deadline,
    )
    return draft, models


def _number(label: str, allowed: tuple[int, int], value: int, help: str | None = None) -> int:
    least, most = allowed
    return int(st.number_input(label, least, most, value, step=1, help=help))
