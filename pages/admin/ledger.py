"""The ledger for the administrator: what is at risk, who may spend what, what things cost, and does the bill agree."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import partial

import streamlit as st

from core.accounts.people import TYPES
from core.errors import Problem, explain
from core.i18n import Reader
from core.ledger.costs import MILLION
from core.ledger.export import Totals, export, period, totals
from core.ledger.formats import FORMATS
from core.ledger.limits import GROUPED, ROLE, SITE, USER
from core.ledger.prices import CLASSES
from core.ledger.reconciliation import reconcile
from core.storage.tables import Image
from pages.admin.person import role_name
from pages.parts import shell
from pages.parts.limits import limit_fields
from pages.parts.money import cost_of
from pages.parts.needs import show_needs
from pages.parts.visit import Here, require


def show() -> None:
    here = require("admin")
    text = here.reader
    st.title(text("Ledger"))
    show_needs(here)
    shell.notice()
    risk, limits, prices, bill = st.tabs([text("At risk"), text("Limits"), text("Prices"), text("Bill")])
    with risk:
        _at_risk(here)
    with limits:
        _limits(here)
    with prices:
        _prices(here)
    with bill:
        _bill(here)


def _at_risk(here: Here) -> None:
    text = here.reader
    images = here.services.ledger.at_risk()
    if not images:
        st.markdown(text("Nothing is at risk: every cost is known."))
        return
    st.caption(text("These may have been billed. Look them up at the provider and say so here."))
    images = _of_a_day(here, images)
    ids = [image.id for image in images]
    with st.container(horizontal=True):
        st.button(text("All were billed, as estimated"), key="settle-all-billed", on_click=_settle, args=(ids, True))
        st.button(text("None was billed"), key="settle-none-billed", on_click=_settle, args=(ids, False))
    for image in images:
        _open_outcome(here, image)


def _of_a_day(here: Here, images: list[Image]) -> list[Image]:
    """Those of the chosen day of the site; all of them if no day is chosen."""
    text, zone = here.reader, here.services.site.now().zone
    days = sorted({image.created_at.astimezone(zone).date() for image in images}, reverse=True)
    chosen = st.selectbox(
        text("Day"),
        [None, *days],
        index=0,
        format_func=lambda day: text.date(day) if day else text("Every day"),
        placeholder=text("Every day"),
    )
    return [image for image in images if chosen in (None, image.created_at.astimezone(zone).date())]


def _open_outcome(here: Here, image: Image) -> None:
    text, request = here.reader, image.request
    with st.container(border=True):
        st.text(request.description[:200])
        facts = [request.user.name, request.model, text.moment(image.created_at)]
        facts.append(text("estimated {price}", price=cost_of(text, image.reserved_micros)))
        if image.provider_request_id:
            facts.append(text("Request id at the provider: {id}", id=image.provider_request_id))
        st.caption(" · ".join(facts).replace("$", "\\$"))
        with st.container(horizontal=True, vertical_alignment="bottom"):
            amount = st.text_input(
                text("Dollars, if not as estimated"), key=f"amount-{image.id}", width=200, autocomplete="off"
            )
            st.button(text("Billed"), key=f"billed-{image.id}", on_click=_settle, args=([image.id], True, amount))
            st.button(text("Not billed"), key=f"free-{image.id}", on_click=_settle, args=([image.id], False))


def _settle(image_ids: list[int], billed: bool, amount: str = "") -> None:
    here = require("admin")
    for image_id in image_ids:
        try:
            micros = round(_dollars(amount) * MILLION) if amount.strip() else None
            here.services.ledger.settle(here.person.user_id, image_id, billed, micros)
        except Problem as problem:
            shell.refuse(here.reader, problem)  # one that was settled meanwhile keeps the others from nothing


def _limits(here: Here) -> None:
    text = here.reader
    subjects = [(SITE, ""), *((ROLE, role) for role in TYPES)]
    names = {subject: _subject_name(text, *subject) for subject in subjects}
    for user in here.services.people.all():
        names[USER, str(user.id)] = f"{user.name} ({user.login})"
    chosen = st.selectbox(text("Whose limits"), list(names), format_func=lambda subject: names[subject])
    found = here.services.limits.of(*chosen)
    with st.form(f"limits-{chosen[0]}-{chosen[1]}"):
        typed = limit_fields(text, found, f"limit-{chosen[0]}-{chosen[1]}")
        if not st.form_submit_button(text("Save"), type="primary"):
            return
        try:
            here.services.limits.set(*chosen, typed)
        except Problem as problem:
            st.error(explain(text, problem.code, problem.params))
        else:
            st.success(text("Saved. It holds from the next order on."))


def _subject_name(text: Reader, scope: str, subject: str) -> str:
    if scope == SITE:
        return text("Everybody together")
    return text("Each: {role}", role=role_name(text, subject))


def _prices(here: Here) -> None:
    text = here.reader
    names = _class_names(text)
    rows = [
        {
            text("Model"): row.model,
            text("From"): text.date(row.valid_from),
            **{names[name]: text.money(value) if (value := getattr(row, name)) is not None else "" for name in names},
            text("Source"): row.source,
        }
        for row in here.services.prices.all()
    ]
    st.caption(text("US dollars for a million tokens, or for a picture. What was booked keeps its price."))
    st.dataframe(rows, hide_index=True)
    with st.expander(text("Add a price")), st.form("add-price", border=False):
        model = st.text_input(text("Model"), autocomplete="off")
        day = st.date_input(text("From"), value=_today(here), format="YYYY-MM-DD")
        source = st.text_input(text("Source"), autocomplete="off")
        with st.grid("auto", min_column_width=150):
            typed = {name: st.text_input(label, autocomplete="off") for name, label in names.items()}
        if st.form_submit_button(text("Add")):
            try:
                dollars = {name: _dollars(value) if value.strip() else None for name, value in typed.items()}
                start = datetime.combine(day, time(), here.services.site.now().zone).astimezone(UTC)
                here.services.prices.add(here.person.user_id, model, start, source, dollars)
            except Problem as problem:
                st.error(explain(text, problem.code, problem.params))
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


def _today(here: Here) -> date:
    return datetime.now(here.services.site.now().zone).date()


def _dollars(typed: str) -> Decimal:
    """An amount as people write it, with a point or a comma."""
    if GROUPED.fullmatch(typed.strip()):
        raise Problem("price_impossible", value=typed[:20])  # a thousand to one reader, and one to another
    try:
        amount = Decimal(typed.strip().removeprefix("$").replace(",", "."))
    except InvalidOperation:
        raise Problem("price_impossible", value=typed[:20]) from None
    if not amount.is_finite() or amount < 0:
        raise Problem("price_impossible", value=typed[:20])
    return amount


def _bill(here: Here) -> None:
    text = here.reader
    today = _today(here)
    days = st.date_input(text("Days"), value=(today - timedelta(days=6), today), format="YYYY-MM-DD")
    if not isinstance(days, tuple) or len(days) != 2:
        return
    first, last = days
    start, end = period(first, last, here.services.site.now().zone)
    with here.services.database.read() as session:
        found = totals(session, start, end)
    st.markdown(_totals_line(text, found))
    with st.container(horizontal=True):
        for kind in ("csv", "parquet"):
            st.download_button(
                text("Export as {format}", format=kind.upper()),
                data=partial(_exported, here, start, end, kind),
                file_name=f"imagier-{first}-{last}.{kind}",
                on_click="ignore",
                key=f"export-{kind}",
            )
        compare = st.button(text("Compare with the provider's bill"))
    if compare:
        _drift(here, first, last)


def _exported(here: Here, start: datetime, end: datetime, kind: str) -> bytes:
    return b"".join(FORMATS[kind](export(here.services.database, start, end)))


def _totals_line(text: Reader, found: Totals) -> str:
    parts = [
        text.plural("{count} picture", "{count} pictures", found.pictures),
        text("{price} booked", price=text.money(found.cost_micros)),
        text("{price} reserved", price=text.money(found.reserved_micros)),
        text("{price} at risk", price=text.money(found.at_risk_micros)),
    ]
    return " · ".join(parts).replace("$", "\\$")


def _drift(here: Here, first: date, last: date) -> None:
    text = here.reader
    try:
        days = reconcile(here.services.database, here.services.settings, first, last)
    except Problem as problem:
        st.error(explain(text, problem.code, problem.params))
        return
    st.dataframe(
        [
            {
                text("Day (UTC)"): text.date(day.day),
                text("Ledger"): text.money(day.ledger_micros, 6),
                text("Provider"): text.money(day.provider_micros, 6),
                text("Drift"): text.money(day.drift_micros, 6),
                text("At risk"): text.money(day.at_risk_micros, 6),
            }
            for day in days
        ],
        hide_index=True,
    )
    if any(day.holds_everything for day in days):
        st.caption(text("The provider did not say what for: its numbers are of all models, not of those for pictures."))
