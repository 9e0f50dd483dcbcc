"""Limits as people type them."""

from collections.abc import Mapping

import streamlit as st

from core.i18n import Reader
from core.ledger.limits import KINDS, shown


def limit_fields(text: Reader, found: Mapping[str, str], key: str) -> dict[str, str]:
    """A field for each kind, with what holds now; what is typed in them."""
    with st.grid("auto", min_column_width=220):
        return {
            kind: st.text_input(
                text(label),
                value=shown(kind, found[kind]) if kind in found else "",
                placeholder=text("no limit"),
                help=f"{takes} · {text('empty for no limit')}",
                autocomplete="off",
                key=f"{key}-{kind}",
            )
            for kind, (takes, label) in KINDS.items()
        }
