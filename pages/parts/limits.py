"""Limits as people type them."""

from collections.abc import Mapping
from functools import partial

import streamlit as st

from core.i18n import Reader
from core.ledger.limits import KINDS, shown
from pages.parts import forms
from pages.parts.visit import Here


def limits_form(here: Here, scope: str, subject: str) -> None:
    """What holds for the site, a role or a person alone, to be changed."""
    text, form = here.reader, f"limit-{scope}-{subject}"
    found = here.services.limits.of(scope, subject)
    given = forms.opened(form, {kind: shown(kind, found[kind]) if kind in found else "" for kind in KINDS})
    with st.form(f"limits-{scope}-{subject}", border=False):
        typed = limit_fields(text, form)
        sent = st.form_submit_button(text("Save"), type="primary")
    change = partial(here.services.limits.set, scope, subject, forms.changed(given, typed)) if sent else None
    forms.answer(text, form, change, text("Saved. It holds from the next order on."))


def limit_fields(text: Reader, form: str) -> Mapping[str, str]:
    """A field for each kind; what is typed in them."""
    with st.grid("auto", min_column_width=220):
        return {
            kind: st.text_input(
                text(label),
                placeholder=text("no limit"),
                help=f"{takes} · {text('empty for no limit')}",
                autocomplete="off",
                key=f"{form}-{kind}",
            )
            for kind, (takes, label) in KINDS.items()
        }


def told(text: Reader, limits: Mapping[str, str]) -> list[str]:
    """Limits as they are stored, in words."""
    return [
        text("{name}: {value}", name=text(label), value=shown(kind, limits[kind]))
        for kind, (_, label) in KINDS.items()
        if kind in limits
    ]
