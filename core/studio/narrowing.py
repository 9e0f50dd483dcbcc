"""What a list of pictures is narrowed down by: what an address asks for, and the condition that each of it becomes."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any, Self

from sqlalchemy import ColumnElement, and_, false, func, literal, or_, select, true, tuple_
from sqlalchemy.orm import Session

from core.accounts.acts import day_of
from core.accounts.people import normal_login
from core.ledger.costs import MILLION
from core.ledger.risk import AT_RISK as IS_AT_RISK
from core.ledger.usage.days import FAILED
from core.ledger.windows import hours, midnight
from core.storage.tables import Image, Kind, User

LONGEST = 200
OF_KIND = ("state", "model", "door", "quality", "connection", "problem")
# What can be asked for like a state: all that ended without a picture, and all whose cost nobody knows.
NOT_MADE, AT_RISK = "not-made", "at-risk"
NONE = "-"  # of what not every picture has: a quality, a problem
# How a list can be ordered: by what, and whether the largest comes first. What has none of it is left out.
SORTS: dict[str, tuple[Any, bool]] = {
    "newest": (Image.created_at, True),
    "oldest": (Image.created_at, False),
    "dearest": (Image.cost_micros, True),
    "slowest": (Image.milliseconds, True),
}


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
class Inquiry:
    """Which pictures are wanted; "" and None: all; NONE: those without any.

    `user` is a sign-in name, `above` micro-dollars, `q` words.
    """

    user: str = ""
    state: str = ""
    model: str = ""
    door: str = ""
    quality: str = ""
    connection: str = ""
    problem: str = ""
    q: str = ""
    start: datetime | None = None
    end: datetime | None = None
    hour: Hour | None = None
    above: int | None = None
    sort: str = "newest"

    @classmethod
    def of(cls, address: Mapping[str, str], zone: tzinfo) -> Self:
        """What an address asks for: the names above, `from` and `to` (days of the site), `above` in dollars."""
        first, last = day_of(address.get("from", "")), day_of(address.get("to", ""))
        texts = {
            field.name: address.get(field.name, "")[:LONGEST].replace("\0", "")
            for field in fields(cls)
            if field.type in ("str", str) and field.name != "sort"
        }
        return cls(
            **texts,
            start=midnight(first, zone) if first else None,
            end=midnight(last + timedelta(days=1), zone) if last else None,
            hour=Hour.of(address.get("hour", ""), zone),
            above=_micros(address.get("above", "")),
            sort=sort if (sort := address.get("sort", "newest")) in SORTS else "newest",
        )


Wrap = Callable[[Any], Any]
Trait = Callable[[Wrap], ColumnElement[bool]]  # a condition; what its columns are wrapped in decides about indexes


def plain(column: Any) -> Any:
    return column


def opaque(column: Any) -> Any:
    """The same values, which no index knows: the rows are found by something better."""
    return func.coalesce(column, None)


def beyond(column: Any, place: tuple[Any, int] | None, falling: bool) -> Trait:
    def trait(wrap: Wrap) -> ColumnElement[bool]:
        if place is None:
            condition: ColumnElement[bool] = wrap(column).is_not(None)
            return condition
        value = literal(place[0], column.type)
        here, there = tuple_(wrap(column), wrap(Image.id)), tuple_(value, literal(place[1]))
        return here < there if falling else here > there

    return trait


def span(wanted: Inquiry) -> Trait:
    def trait(wrap: Wrap) -> ColumnElement[bool]:
        moment, condition = wrap(Image.created_at), true()
        if wanted.start is not None:
            condition = condition & (moment >= wanted.start)
        return condition if wanted.end is None else condition & (moment < wanted.end)

    return trait


def marks_of(
    session: Session, wanted: Inquiry, kinds: list[int] | None, user_id: int | None, by_time: bool
) -> list[Trait]:
    marks: list[Trait] = []
    if user_id is not None:
        marks.append(lambda wrap: wrap(Image.user_id) == user_id)
    if kinds is not None:
        marks.append(lambda wrap: wrap(Image.kind_id).in_(kinds))
    if wanted.state == AT_RISK:
        marks.append(lambda _: IS_AT_RISK)
    if wanted.hour is not None:
        marks.append(_hour(session, wanted, wanted.hour))
    if wanted.above is not None:
        marks.append(lambda wrap: wrap(Image.cost_micros) > wanted.above)
    if not by_time and (wanted.start is not None or wanted.end is not None):
        marks.append(span(wanted))
    return marks


def _hour(session: Session, wanted: Inquiry, hour: Hour) -> Trait:
    """Every week's, from the first picture to the last."""
    first, last = session.execute(select(func.min(Image.created_at), func.max(Image.created_at))).one()
    if first is None:
        return lambda _: false()
    start = first if wanted.start is None else max(first, wanted.start)
    end = last + timedelta(hours=1) if wanted.end is None else min(last + timedelta(hours=1), wanted.end)
    spans = hours(hour.weekday - 1, hour.hour, start, end, hour.zone)
    return lambda wrap: or_(
        false(), *(and_(wrap(Image.created_at) >= begin, wrap(Image.created_at) < stop) for begin, stop in spans)
    )


def kinds_of(session: Session, wanted: Inquiry) -> list[int] | None:
    """The kinds that are asked for; None: all."""
    asked = {name: value for name in OF_KIND if (value := getattr(wanted, name))}
    marks = {name: "" if value == NONE else value for name, value in asked.items()}
    state = marks.pop("state", "")
    states = {"": (), AT_RISK: (), NOT_MADE: tuple(sorted(FAILED))}.get(state, (state,))
    if not marks and not states:
        return None
    query = select(Kind.id).filter_by(**marks)
    return list(session.scalars(query.where(Kind.state.in_(states)) if states else query))


def user_id_of(session: Session, wanted: Inquiry) -> int | None:
    """0, which nobody has, for a name that nobody has; None: everybody."""
    if not wanted.user:
        return None
    return session.scalar(select(User.id).where(User.login == normal_login(wanted.user))) or 0


def _micros(typed: str) -> int | None:
    with suppress(InvalidOperation):
        dollars = Decimal(typed.strip().replace(",", "."))
        if dollars.is_finite() and 0 <= dollars < MILLION:
            return int(dollars * MILLION)
    return None
