"""From a figure to the requests behind it."""

from datetime import date
from html import escape
from urllib.parse import urlencode

from core.ledger.usage.periods import Period


def requests_address(period: Period, **filters: object) -> str:
    """The address of the requests of a period; `filters` as the page of the requests calls them."""
    values = {name: value for name, value in filters.items() if value not in (None, "")}
    days = {"from": values.pop("first", period.first), "to": values.pop("last", period.last)}
    return "requests?" + urlencode({**days, **values})


def of_day(period: Period, day: date, **filters: object) -> str:
    return requests_address(period, first=day, last=day, **filters)


def linked(content: str, address: str | None) -> str:
    """HTML; `content` is HTML already."""
    return content if address is None else f'<a href="{escape(address)}" target="_self">{content}</a>'
