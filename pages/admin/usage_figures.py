"""The figures at the top of the usage page, each beside what it was in the period before."""

from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from typing import Any

import streamlit as st

from core.i18n import Reader
from core.ledger.usage.figures import Report
from core.ledger.usage.forecast import Forecast
from core.ledger.usage.periods import Period
from core.studio.narrowing import AT_RISK, NOT_MADE, PICTURES
from pages.admin.usage_links import before_address, linked, requests_address

SPENT = "\0"  # where the sum and its link are put into a sentence


def show_figures(text: Reader, report: Report) -> None:
    now, before = report.total, report.before
    pictures, failed, at_risk = {"state": "done"}, {"state": NOT_MADE}, {"state": AT_RISK}
    time, time_before = now.times["whole"], before.times["whole"]
    spoken = partial(seconds, text)
    cards: list[tuple[str, Any, Any, Callable[[Any], str], Mapping[str, object]]] = [
        (text("Pictures"), now.numbers.pictures, before.numbers.pictures, text.number, pictures),
        (text("Requests"), now.numbers.requests, before.numbers.requests, text.number, {"what": PICTURES}),
        (text("Cost"), now.numbers.cost_micros, before.numbers.cost_micros, text.money, {}),
        (text("Cost at risk"), now.numbers.risk_micros, before.numbers.risk_micros, text.money, at_risk),
        (text("Active people"), now.people, before.people, text.number, {}),
        (text("Failed"), now.numbers.share_failed, before.numbers.share_failed, text.percent, failed),
        (text("Time to a picture, median"), time.median, time_before.median, spoken, pictures),
        (text("Time to a picture, 95% within"), time.percentile_95, time_before.percentile_95, spoken, pictures),
    ]
    shown = "".join(_card(text, report.period, *card) for card in cards)
    st.html(f"<div class='imagier-figures'>{shown}</div>{_month(text, report.period, report.forecast)}")


def seconds(text: Reader, value: float) -> str:
    return text("{seconds} s", seconds=text.number(round(value, 1)))


def _card(
    text: Reader,
    period: Period,
    label: str,
    now: Any,
    before: Any,
    shown: Callable[[Any], str],
    filters: Mapping[str, object],
) -> str:
    """What it is and what it was, each with a link to what is behind it, if there is anything."""
    value, change = escape("–" if now is None else shown(now)), escape(_change(text, now, before, shown))
    return (
        f"<div><span>{escape(label)}</span>"
        f"{linked(f'<b>{value}</b>', requests_address(period, **filters) if now else None)}"
        f"<small>{linked(change, before_address(period, **filters) if before else None)}</small></div>"
    )


def _change(text: Reader, now: Any, before: Any, shown: Callable[[Any], str]) -> str:
    if before is None:
        return text("before: nothing")
    was = text("before: {value}", value=shown(before))
    if now is None or not before or now == before:
        return was
    change = now / before - 1
    arrow = "▲" if change > 0 else "▼"
    return f"{arrow} {text.percent(abs(round(change, 2)))} · {was}"


def _month(text: Reader, period: Period, forecast: Forecast) -> str:
    """A bar of the month: what is spent, and where it leads at the pace of the last days."""
    line = text(
        "This month: {spent} so far, {expected} expected at its end",
        spent=SPENT,
        expected=text.money(forecast.expected_micros),
    )
    hint = text("At the pace of the last seven whole days. What is reserved or at risk counts as spent.")
    budget, spent, expected = forecast.budget_micros, forecast.spent_micros, forecast.expected_micros
    if budget is None:
        what = text("no budget is set")
    elif not budget:
        what = text("the budget is {budget}", budget=text.money(0))
    else:
        share = text.percent(round(expected / budget, 2))
        what = text("{share} of the budget of {budget}", share=share, budget=text.money(budget))
    address = requests_address(period, first=forecast.first, last=forecast.last) if spent else None
    said = escape(f"{line}, {what}.").replace(SPENT, linked(escape(text.money(spent)), address))
    kind = "over" if budget is not None and expected > budget else "within"
    bar = ""
    if budget:
        shares = (min(100, 100 * value / budget) for value in (spent, expected))
        bar = "<i style='--spent: {:.2f}%; --expected: {:.2f}%'></i>".format(*shares)
    return f"<div class='imagier-month {kind}' title='{escape(hint)}'><p>{said}</p>{bar}</div>"
