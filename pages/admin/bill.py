"""The sums of a period, its export, and the ledger's days beside the provider's bill."""

from datetime import UTC, date, datetime, timedelta

import streamlit as st

from core.errors import Problem, explain
from core.ledger.export import Totals, period, totals
from core.ledger.formats import FORMATS
from core.ledger.reconciliation import reconcile
from pages.parts import shell
from pages.parts.days import day_format
from pages.parts.filters import format_name
from pages.parts.visit import Here

DIGITS = 6  # of a dollar: to the micro-dollar, as in the export


def show(here: Here) -> None:
    text, zone = here.reader, here.services.site.now().zone
    today = datetime.now(UTC).astimezone(zone).date()
    days = st.date_input(
        text("Days"), value=(today - timedelta(days=6), today), format=day_format(text), key="bill-days", width=320
    )
    if not isinstance(days, tuple) or len(days) != 2:
        st.caption(text("Choose the last day too."))
        return
    first, last = days
    with here.services.database.read() as session:
        found = totals(session, *period(first, last, zone))
    _sums(here, found)
    links = "".join(
        f'<a class="imagier-button" href="/export/ledger.{kind}?from={first}&amp;to={last}" download>'
        f"{text('Export as {format}', format=format_name(kind))}</a>"
        for kind in FORMATS
    )
    st.html(f'<div class="imagier-links">{links}</div>')
    st.header(text("The provider's bill"))
    if st.button(text("Compare with the provider's bill"), key="compare"):
        _drift(here, first, last)


def _sums(here: Here, found: Totals) -> None:
    text = here.reader
    sums = (
        (text("Pictures"), text.number(found.pictures)),
        (text("Booked"), text.money(found.cost_micros, DIGITS)),
        (text("Reserved"), text.money(found.reserved_micros, DIGITS)),
        (text("At risk"), text.money(found.at_risk_micros, DIGITS)),
    )
    cells = "".join(f"<div><dt>{label}</dt><dd>{value}</dd></div>" for label, value in sums)
    st.html(f'<dl class="imagier-sums">{cells}</dl>')


def _drift(here: Here, first: date, last: date) -> None:
    text = here.reader
    try:
        days = reconcile(here.services.database, here.services.settings, first, last)
    except Problem as problem:
        st.error(shell.plain(explain(text, problem.code, problem.params)))
        return
    st.dataframe(
        [
            {
                text("Day (UTC)"): text.date(day.day),
                text("Ledger"): text.money(day.ledger_micros, DIGITS),
                text("Provider"): text.money(day.provider_micros, DIGITS),
                text("Drift"): text.money(day.drift_micros, DIGITS),
                text("At risk"): text.money(day.at_risk_micros, DIGITS),
            }
            for day in days
        ],
        hide_index=True,
    )
    if any(day.holds_everything for day in days):
        st.caption(text("The provider did not say what for: its numbers are of all models, not of those for pictures."))
