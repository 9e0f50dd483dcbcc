"""The period that the page is about, and the one before it; both in days of the site, and both ends belong to it.

A period that is not over is compared with the one before up to the same time of its last day.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from core.i18n import mark

DAY = timedelta(days=1)
KINDS = {
    "today": mark("Today"),
    "7": mark("7 days"),
    "30": mark("30 days"),
    "month": mark("This month"),
    "last-month": mark("Last month"),
    "year": mark("12 months"),
    "dates": mark("Dates"),
}


@dataclass(frozen=True, slots=True)
class Period:
    first: date
    last: date
    before_first: date
    before_last: date
    before_until: time | None = None  # of its last day; None: all of it

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def before_days(self) -> int:
        return (self.before_last - self.before_first).days + 1


def period(kind: str, now: datetime, first: date | None = None, last: date | None = None) -> Period:
    """A kind of KINDS; "dates" has a first and a last day. A month is compared with as many days of the one before.

    `now` is in the time zone of the site.
    """
    found = _period(kind, now.date(), first, last)
    is_short = kind == "month" and found.before_days < found.days  # the month before had no such day
    return replace(found, before_until=now.time()) if found.last == now.date() and not is_short else found


def _period(kind: str, today: date, first: date | None, last: date | None) -> Period:
    if kind == "month":
        begin = today.replace(day=1)
        begin_before = (begin - DAY).replace(day=1)
        return Period(begin, today, begin_before, min(begin_before + (today - begin), begin - DAY))
    if kind == "last-month":
        end = today.replace(day=1) - DAY
        end_before = end.replace(day=1) - DAY
        return Period(end.replace(day=1), end, end_before.replace(day=1), end_before)
    if kind == "year":
        return _of_days(_year_before(today) + DAY, today)
    if kind == "dates" and first is not None and last is not None:
        return _of_days(min(first, last), max(first, last))
    return _of_days(today - DAY * ({"7": 7, "30": 30}.get(kind, 1) - 1), today)


def _of_days(first: date, last: date) -> Period:
    return Period(first, last, first - (last - first) - DAY, first - DAY)


def _year_before(day: date) -> date:
    """On the 29th of February: the 28th."""
    try:
        return day.replace(year=day.year - 1)
    except ValueError:
        return day.replace(year=day.year - 1, day=28)
