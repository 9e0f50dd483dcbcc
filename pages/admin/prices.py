"""What things cost: every row of the price list, and a new one from a day on."""

from datetime import UTC, datetime

import streamlit as st

from core.errors import Problem, explain
from core.i18n import Reader
from core.ledger.costs import CLASSES
from core.ledger.windows import midnight
from pages.parts import shell
from pages.parts.days import day_format
from pages.parts.money import dollars_of
from pages.parts.visit import Here


def show(here: Here) -> None:
    text = here.reader
    names = _class_names(text)
    st.markdown(text("US dollars for a million tokens, or for a picture. What was booked keeps its price."))
    with st.expander(text("Add a price")):
        _add(here, names)
    prices = here.services.prices.all()
    has_own = any(row.connection for row in prices)  # of a connection alone, which wins there
    rows = [
        {
            text("Model"): row.model,
            **({text("Connection"): row.connection or text("All connections")} if has_own else {}),
            text("From"): text.date(row.valid_from.astimezone(here.services.site.now().zone)),
            **{names[name]: text.money(value) if (value := getattr(row, name)) is not None else "" for name in names},
            text("Source"): row.source,
        }
        for row in prices
    ]
    st.dataframe(rows, hide_index=True)


def _add(here: Here, names: dict[str, str]) -> None:
    text, zone = here.reader, here.services.site.now().zone
    with st.form("add-price", border=False):
        with st.grid("auto", min_column_width=220):
            model = st.text_input(text("Model"), autocomplete="off")
            day = st.date_input(text("From"), value=datetime.now(UTC).astimezone(zone).date(), format=day_format(text))
            source = st.text_input(text("Source"), autocomplete="off")
        with st.grid("auto", min_column_width=150):
            typed = {name: st.text_input(label, autocomplete="off") for name, label in names.items()}
        if not st.form_submit_button(text("Add"), type="primary"):
            return
        try:
            dollars = {name: dollars_of(value) if value.strip() else None for name, value in typed.items()}
            here.services.prices.add(here.person.user_id, model, midnight(day, zone), source, dollars)
        except Problem as problem:
            st.error(shell.plain(explain(text, problem.code, problem.params)))
        else:
            st.success(text("Added. It holds from that day on."))


def _class_names(text: Reader) -> dict[str, str]:
    labels = (
        text("Text in"),
        text("Text in, cached"),
        text("Picture in"),
        text("Picture in, cached"),
        text("Picture out"),
        text("Text out"),
    )
    return {**dict(zip(CLASSES, labels, strict=True)), "per_picture": text("Each picture")}
