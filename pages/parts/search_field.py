"""A field for words that are looked for while they are typed."""

from pathlib import Path
from typing import Any

import streamlit as st

from core.i18n import Reader
from core.studio.views import LONGEST
from pages.parts import filters

PARTS = Path(__file__).parent
KEY = "search"
LENS = (
    '<svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="10.5" cy="10.5" r="6.5"/><path d="m15.5 15.5 5 5"/></svg>'
)
CROSS = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="m6 6 12 12M18 6 6 18"/></svg>'

_field = st.components.v2.component(
    "imagier_search",
    html=f'<div class="imagier-search" role="search">{LENS}<input type="text" inputmode="search" enterkeyhint="search"'
    f' autocomplete="off" spellcheck="false" maxlength="{LONGEST}"><button type="button" hidden>{CROSS}</button></div>',
    css=(PARTS / "search_field.css").read_text("utf-8"),
    js=(PARTS / "search_field.js").read_text("utf-8"),
    isolate_styles=False,
)


def search_field(text: Reader, value: str) -> None:
    """`value` is what the page shows at this moment: `q` of its address."""
    data = {
        "value": value,
        "turn": _said()[1],
        "texts": {
            "label": text("Search the descriptions"),
            "placeholder": text("Search"),
            "clear": text("Clear the search"),
        },
    }
    _field(data=data, key=KEY, on_said_change=_changed)


def _changed() -> None:
    filters.say("q", _said()[0])


def _said() -> tuple[str, int]:
    """What was typed last, and the turn of it, by which the field knows an answer to it."""
    state: Any = st.session_state.get(KEY)
    said = state.get("said") if hasattr(state, "get") else None
    if not isinstance(said, dict):
        return "", 0
    value, turn = said.get("value"), said.get("turn")
    return (value if isinstance(value, str) else ""), (turn if isinstance(turn, int) else 0)
