"""What a list of requests is narrowed down by, as an address asks for it."""

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from sqlalchemy import ColumnElement

from core.accounts.acts import day_of
from core.ledger.costs import MILLION
from core.ledger.windows import midnight

LONGEST_TEXT = 200
LONGEST = dict.fromkeys(("user", "model", "paint"), 4_000)  # of a list of them
OF_KIND = ("state", "model", "door", "quality", "connection", "problem")
# What can be asked for like a state: all that ended without a picture, and all whose cost nobody knows.
NOT_MADE, AT_RISK = "not-made", "at-risk"
NONE = "-"  # of what not every picture has: a quality, a problem
PICTURES, SUGGESTIONS = "pictures", "suggestions"
SORTS = ("newest", "oldest", "dearest", "slowest")
_LISTED = re.compile(r"(?:\\.|[^\\,])+")


@dataclass(frozen=True, slots=True)
class Hour:
    """An hour of the week in a time zone; Monday is 1, as it is written: "1-09"."""

    weekday: int
    hour: int
    zone: tzinfo

    @classmethod
    def of(cls, typed: str, zone: tzinfo) -> Self | None:
        weekday, _, hour = typed.partition("-")
        if weekday in set("1234567") and hour.isascii() and hour.isdigit() and len(hour) <= 2 and int(hour) < 24:
            return cls(int(weekday), int(hour), zone)
        return None


@dataclass(frozen=True, slots=True)
class Lasted:
    """Longer than `more` and at most `most` microseconds; None: any."""

    more: int | None
    most: int | None

    @classmethod
    def of(cls, typed: str) -> Self | None:
        """Seconds: "0.5-8", "-0.5", "8-"."""
        more, dash, most = typed.partition("-")
        found = cls(_micros(more), _micros(most))
        return found if dash and found != cls(None, None) else None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """What is wanted; "" and None: all; NONE: what has none of it.

    `what` is PICTURES or SUGGESTIONS. `user` are sign-in names, `model` models and `paint` models with their quality,
    such as "gpt-image-2:high", each as `listed` puts them together; a "!" before them means all others. `waiting` is
    the time before a picture was begun, `drawing` that after it. `above` is micro-dollars, `q` words.
    """

    what: str = ""
    user: str = ""
    state: str = ""
    model: str = ""
    door: str = ""
    quality: str = ""
    connection: str = ""
    problem: str = ""
    paint: str = ""
    q: str = ""
    waiting: Lasted | None = None
    drawing: Lasted | None = None
    start: datetime | None = None
    end: datetime | None = None
    hour: Hour | None = None
    above: int | None = None
    sort: str = "newest"

    @classmethod
    def of(cls, address: Mapping[str, str], zone: tzinfo) -> Self:
        """What an address asks for: the names above, `from` and `to` (days of the site, the last one only up to the
        time of day `until`), `above` in dollars."""
        first, last = day_of(address.get("from", "")), day_of(address.get("to", ""))
        texts = {
            name: address.get(name, "")[: LONGEST.get(name, LONGEST_TEXT)].replace("\0", "")
            for name in (field.name for field in fields(cls) if field.type in ("str", str) and field.name != "sort")
        }
        return cls(
            **texts,
            waiting=Lasted.of(address.get("waiting", "")),
            drawing=Lasted.of(address.get("drawing", "")),
            start=midnight(first, zone) if first else None,
            end=_end(last, address.get("until", ""), zone) if last else None,
            hour=Hour.of(address.get("hour", ""), zone),
            above=_micros(address.get("above", "")),
            sort=sort if (sort := address.get("sort", "newest")) in SORTS else "newest",
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """These, or all others."""

    values: tuple[Any, ...]
    is_others: bool

    def fits(self, column: Any) -> ColumnElement[bool]:
        condition: ColumnElement[bool] = column.not_in(self.values) if self.is_others else column.in_(self.values)
        return condition


def chosen(typed: str) -> Chosen:
    """What `listed` has put together; with a "!" before it, all others."""
    parts = _LISTED.findall(typed.removeprefix("!"))
    names = (re.sub(r"\\(.)", r"\1", part.strip()) for part in parts)
    return Chosen(tuple(name for name in names if name), typed.startswith("!"))


def listed(names: Iterable[str]) -> str:
    """As an address has them: with commas between them, and a backslash before a sign that is part of a name."""
    return ",".join(re.sub(r"[\\,!]", r"\\\g<0>", name) for name in names)


def _end(last: date, typed: str, zone: tzinfo) -> datetime:
    with suppress(ValueError):
        return datetime.combine(last, time.fromisoformat(typed).replace(tzinfo=None), zone).astimezone(UTC)
    return midnight(last + timedelta(days=1), zone)


def _micros(typed: str) -> int | None:
    """Of dollars, or of seconds."""
    with suppress(InvalidOperation):
        number = Decimal(typed.strip().replace(",", "."))
        if number.is_finite() and 0 <= number < MILLION:
            return int(number * MILLION)
    return None
