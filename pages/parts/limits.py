"""Limits as people type them."""

from collections.abc import Mapping
from decimal import Decimal

import streamlit as st

from core.i18n import Reader
from core.ledger.costs import MILLION
from core.ledger.limits import KINDS


def limit_fields(text: Reader, found: Mapping[str, str], key: str) -> dict[str, str]:
    """A field for each kind, with what holds now; what is typed in them."""
    with st.grid("auto", min_column_width=220):
        return {
            kind: st.text_input(
                text(label),
                value=limit_text(kind, found.get(kind)),
                placeholder=text("no limit"),
                help=takes,
                autocomplete="off",
                key=f"{key}-{kind}",
            )
            for kind, (takes, label) in KINDS.items()
        }


def limit_text(kind: str, value: str | None) -> str:
    if value is None:
        return ""
    return f"{Decimal(value) / MILLION:.6f}".rstrip("0").rstrip(".") if kind.startswith("dollars") else value
