"""The figures at the top of the usage page, each beside what it was in the period before."""

from collections.abc import Callable
from html import escape
from typing import Any

import streamlit as st

from core.i18n import Reader
from core.ledger.usage.figures import Report
from core.ledger.usage.forecast import Forecast
from core.studio.narrowing import AT_RISK, NOT_MADE, PICTURES
from pages.admin.usage_links import linked, requests_address


def show_figures(text: Reader, report: Report) -> None:
    now, before = report.total, report.before
    everything = requests_address(report.period)
    ordered = requests_address(report.period, what=PICTURES)
    done = requests_address(report.period, state="done")
    failed = requests_address(report.period, state=NOT_MADE)
    at_risk = requests_address(report.period, state=AT_RISK)
    cards = [
        _card(text, text("Pictures"), now.numbers.pictures, before.numbers.pictures, text.number, done),
        _card(text, text("Requests"), now.numbers.requests, before.numbers.requests, text.number, ordered),
        _card(text, text("Cost"), now.numbers.cost_micros, before.numbers.cost_micros, text.money, everything),
        _card(text, text("Cost at risk"), now.numbers.risk_micros, before.numbers.risk_micros, text.money, at_risk),
        _card(text, text("Active people"), now.people, before.people, text.number, ordered),
        _card(text, text("Failed"), now.numbers.share_failed, before.numbers.share_failed, text.percent, failed),
        _time(text, text("Time to a picture, median"), now.times["whole"].median, before.times["whole"].median, done),
        _time(
            text,
            text("Time to a picture, 95 % within"),
            now.times["whole"].percentile_95,
            before.times["whole"].percentile_95,
            done,
        ),
    ]
    st.html(f"<div class='imagier-figures'>{''.join(cards)}</div>{_month(text, report.forecast)}")


def seconds(text: Reader, value: float) -> str:
    return text("{seconds} s", seconds=text.number(round(value, 1)))


def _time(text: Reader, label: str, now: float | None, before: float | None, address: str | None) -> str:
    return _card(text, label, now, before, lambda value: seconds(text, value), address)


def _card(
    text: Reader,
    label: str,
    now: Any,
    before: Any,
    shown: Callable[[Any], str],
    address: str | None,
) -> str:
    value = "–" if now is None else shown(now)
    return (
        f"<div><span>{escape(label)}</span>{linked(f'<b>{escape(value)}</b>', address if now else None)}"
        f"<small>{escape(_change(text, now, before, shown))}</small></div>"
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


def _month(text: Reader, forecast: Forecast) -> str:
    """A bar of the month: what is spent, and where it leads at the pace of the last days."""
    line = text(
        "This month: {spent} so far, {expected} expected at its end",
        spent=text.money(forecast.spent_micros),
        expected=text.money(forecast.expected_micros),
    )
    hint = text("At the pace of the last seven whole days. What is reserved or at risk counts as spent.")
    budget = forecast.budget_micros
    if not budget:
        what = text("no budget is set") if budget is None else text("the budget is {budget}", budget=text.money(0))
        return f"<div class='imagier-month' title='{escape(hint)}'><p>{escape(f'{line}, {what}.')}</p></div>"
    share = forecast.expected_micros / budget
    of_it = text("{share} of the budget of {budget}", share=text.percent(round(share, 2)), budget=text.money(budget))
    spent, expected = (min(100, 100 * value / budget) for value in (forecast.spent_micros, forecast.expected_micros))
    kind = "over" if share > 1 else "within"
    return (
        f"<div class='imagier-month {kind}' title='{escape(hint)}'><p>{escape(f'{line}, {of_it}.')}</p>"
        f"<i style='--spent: {spent:.2f}%; --expected: {expected:.2f}%'></i></div>"
    )
