"""From a figure to the requests behind it."""

from collections.abc import Iterable, Mapping
from html import escape
from urllib.parse import urlencode

from core.ledger.usage.periods import Period
from core.studio.narrowing import AT_RISK, NOT_MADE, PICTURES, listed


def requests_address(period: Period, **filters: object) -> str:
    """The address of the requests of a period; `filters` as the page of the requests calls them.

    Money is that of pictures and of suggestions; what is counted, such as those in a state, are pictures.
    """
    if filters.get("state") not in (None, "", AT_RISK):
        filters = {"what": PICTURES, **filters}
    values = {name: value for name, value in filters.items() if value not in (None, "")}
    days = {"from": values.pop("first", period.first), "to": values.pop("last", period.last)}
    return "requests?" + urlencode({**days, **values})


def before_address(period: Period, **filters: object) -> str:
    """The same of the period before, which may end in the middle of a day."""
    until = "" if period.before_until is None else period.before_until.isoformat()
    return requests_address(period, first=period.before_first, last=period.before_last, until=until, **filters)


def behind(period: Period, filters: Mapping[str, object]) -> dict[str, str]:
    """For each number of a row, the address of exactly those requests that make it up."""
    everything, ordered = (requests_address(period, **{**filters, **what}) for what in ({}, {"what": PICTURES}))
    done, not_made, at_risk = (
        requests_address(period, **{"state": state, **filters}) for state in ("done", NOT_MADE, AT_RISK)
    )
    return {
        "ordered": ordered,
        "pictures": done,
        "failed": not_made,
        "requests": ordered,
        "cost": everything,
        "risk": at_risk,
    }


def all_but(name: str, values: Iterable[str]) -> dict[str, object]:
    """The filter for whatever is not among the first ones, which a chart shows as one."""
    return {name: "!" + listed(values)}


def linked(content: str, address: str | None) -> str:
    """HTML; `content` is HTML already."""
    return content if address is None else f'<a href="{escape(address)}" target="_self">{content}</a>'
