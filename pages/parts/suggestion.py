"""All that is known of one suggestion of a text model, over the administrator's list, and settling it."""

from html import escape

import streamlit as st

from core.errors import Problem, remedy, what
from core.i18n import Reader
from core.studio.dossier import TextDossier
from pages.parts import shell
from pages.parts.dossier import cost_with_parts, fact_list, settle_popover, usage_fold
from pages.parts.money import cost_of, micros_of
from pages.parts.states import state_name
from pages.parts.visit import Here, require


def show(here: Here, text_id: int) -> None:
    if here.services.dossiers.of_text(text_id) is None:
        shell.refuse(here.reader, Problem("no_such_suggestion"))
        shell.notice()
        return
    st.dialog(here.reader("Suggestion"), width="large", on_dismiss=_forget)(_dossier)(text_id)


def _forget() -> None:
    st.query_params.pop("suggestion", None)


def _dossier(text_id: int) -> None:
    here = require("admin")
    found = here.services.dossiers.of_text(text_id)
    if found is None:
        return
    text, row = here.reader, found.row
    st.html(f'<p class="imagier-description" dir="auto">{escape(row.original)}</p>')
    if row.suggestion:
        st.caption(text("What the text model suggested"))
        st.html(f'<p class="imagier-description" dir="auto">{escape(row.suggestion)}</p>')
    if found.is_at_risk:
        settle_popover(text, _settle, row.id)
    shell.notice()
    params = row.problem_params or {}
    if row.problem:
        st.warning(shell.plain(f"{what(text, row.problem, params)} {remedy(text, row.problem, params)}"))
    if params.get("detail"):
        st.caption(text("What the provider said"))
        st.code(str(params["detail"]), language=None, wrap_lines=True)
    st.html(_facts(text, found))
    usage_fold(text, row.usage)


def _facts(text: Reader, found: TextDossier) -> str:
    row = found.row
    took = (row.finished_at - row.created_at).total_seconds() if row.finished_at else None
    is_open = row.state == "running"
    cost = text("at most {price}", price=cost_of(text, row.reserved_micros)) if is_open else ""
    if row.cost_micros is not None or row.state == "done":
        cost = cost_with_parts(text, row.cost_micros, found.tokens, found.price)
    return fact_list(
        [
            (text("Number"), text.number(row.id)),
            (text("State"), state_name(text, row.state)),
            (text("Person"), f"{row.user.name} ({row.user.login})"),
            (text("Door"), text("Pages")),
            (text("Model"), row.model),
            (text("Connection"), row.connection),
            (text("Begun"), text.exact(row.created_at)),
            (text("Ended"), text.exact(row.finished_at) if row.finished_at else ""),
            (text("Took"), text.duration(took) if took is not None else ""),
            (text("Cost"), cost),
            (text("At risk"), cost_of(text, row.reserved_micros) if found.is_at_risk else ""),
            (text("Settled"), text.exact(row.settled_at) if row.settled_at else ""),
            (text("Settled by"), found.settled_by or ""),
            (text("Request id at the provider"), row.provider_request_id or ""),
        ]
    )


def _settle(text_id: int, billed: bool) -> None:
    """What was typed is read here: the button was drawn before, and knows nothing of it."""
    here = require("admin")
    amount = str(st.session_state.get("act-amount", "")) if billed else ""
    try:
        here.services.ledger.settle_text(here.person.user_id, text_id, billed, micros_of(amount))
    except Problem as problem:
        shell.refuse(here.reader, problem)
