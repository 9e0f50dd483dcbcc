"""What pictures must have to be in a list: a condition for each thing that was asked for, and how lists are ordered."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    String,
    and_,
    cast,
    false,
    func,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.orm import Session

from core.accounts.people import normal_login
from core.ledger.costs import MILLION
from core.ledger.risk import AT_RISK as IS_AT_RISK
from core.ledger.usage.days import FAILED
from core.ledger.windows import hours
from core.storage.tables import Image, Kind, User
from core.studio.narrowing import AT_RISK, NONE, NOT_MADE, Chosen, Hour, Inquiry, Lasted, chosen
from core.studio.stretches import Place, Stretch, Trait, Wrap, stretches

# How a list can be ordered: by what, and whether the largest comes first. What has none of it comes last.
ORDERS: dict[str, tuple[Any, bool]] = {
    "newest": (Image.created_at, True),
    "oldest": (Image.created_at, False),
    "dearest": (Image.cost_micros, True),
    "slowest": (Image.milliseconds, True),
}


def stretches_of(sort: str, place: Place | None, backwards: bool) -> list[Stretch]:
    column, largest_first = ORDERS[sort]
    return stretches(column, largest_first != backwards, place, backwards)


def along(stretch: Stretch) -> Trait:
    return lambda wrap: holds(stretch, wrap(stretch.column), wrap(Image.id))


def holds(stretch: Stretch, value: Any, key: Any) -> ColumnElement[bool]:
    """Whether something with this value is in what is left of it."""
    if stretch.place is None:
        return stretch.is_part(value)
    after = stretch.is_after(stretch.place, value, key)
    return after if stretch.has_value else stretch.is_part(value) & after


def span(wanted: Inquiry) -> Trait:
    def trait(wrap: Wrap) -> ColumnElement[bool]:
        moment, condition = wrap(Image.created_at), true()
        if wanted.start is not None:
            condition = condition & (moment >= wanted.start)
        return condition if wanted.end is None else condition & (moment < wanted.end)

    return trait


def marks_of(
    session: Session, wanted: Inquiry, kinds: list[int] | None, user_ids: Chosen | None, by_time: bool
) -> list[Trait]:
    marks: list[Trait] = []
    if user_ids is not None:
        marks.append(lambda wrap: user_ids.fits(wrap(Image.user_id)))
    if kinds is not None:
        marks.append(lambda wrap: wrap(Image.kind_id).in_(kinds))
    if wanted.state == AT_RISK:
        marks.append(lambda _: IS_AT_RISK)
    if wanted.hour is not None:
        marks.append(_hour(session, wanted, wanted.hour))
    if wanted.above is not None:
        marks.append(lambda wrap: wrap(Image.cost_micros) > wanted.above)
    for lasted, begun, ended in (
        (wanted.waiting, Image.created_at, Image.started_at),
        (wanted.drawing, Image.started_at, Image.finished_at),
    ):
        if lasted is not None:
            marks.append(_lasted(session, lasted, begun, ended))
    if not by_time and (wanted.start is not None or wanted.end is not None):
        marks.append(span(wanted))
    return marks


def _lasted(session: Session, lasted: Lasted, begun: Any, ended: Any) -> Trait:
    """What took long took at least as long in all, which has an index."""
    took = micros_between(session, begun, ended)

    def trait(wrap: Wrap) -> ColumnElement[bool]:
        in_all = wrap(Image.milliseconds)
        condition: ColumnElement[bool] = in_all.is_not(None)
        if lasted.more is not None:
            condition = (in_all >= lasted.more // 1000 - 1) & (took > lasted.more)
        return condition if lasted.most is None else condition & (took <= lasted.most)

    return trait


def micros_between(session: Session, begun: Any, ended: Any) -> ColumnElement[int]:
    """Exactly: seconds as floating point would put some into the neighbouring bar of a chart."""
    if session.get_bind().dialect.name == "sqlite":
        return _sqlite_micros(ended) - _sqlite_micros(begun)
    return cast(func.extract("epoch", ended - begun) * MILLION, BigInteger())


def _sqlite_micros(moment: Any) -> ColumnElement[int]:
    """A moment is kept as "2026-11-22 12:00:00.000000"."""
    seconds = cast(func.strftime("%s", moment), BigInteger())
    return seconds * MILLION + cast(func.substr(cast(moment, String()), 21, 6), BigInteger())


def hour_spans(first: datetime, last: datetime, wanted: Inquiry, hour: Hour) -> list[tuple[datetime, datetime]]:
    """Every week's, from the first moment to the last."""
    start = first if wanted.start is None else max(first, wanted.start)
    end = last + timedelta(hours=1) if wanted.end is None else min(last + timedelta(hours=1), wanted.end)
    return hours(hour.weekday - 1, hour.hour, start, end, hour.zone)


def _hour(session: Session, wanted: Inquiry, hour: Hour) -> Trait:
    first, last = session.execute(select(func.min(Image.created_at), func.max(Image.created_at))).one()
    if first is None:
        return lambda _: false()
    spans = hour_spans(first, last, wanted, hour)
    return lambda wrap: or_(
        false(), *(and_(wrap(Image.created_at) >= begin, wrap(Image.created_at) < stop) for begin, stop in spans)
    )


def states_of(wanted: Inquiry) -> tuple[str, ...]:
    """() for all."""
    return {"": (), AT_RISK: (), NOT_MADE: tuple(sorted(FAILED))}.get(wanted.state, (wanted.state,))


def kinds_of(session: Session, wanted: Inquiry) -> list[int] | None:
    """The kinds that are asked for; None: all."""
    conditions = []
    for name in ("door", "quality", "connection", "problem"):
        if value := getattr(wanted, name):
            conditions.append(getattr(Kind, name) == ("" if value == NONE else value))
    if states := states_of(wanted):
        conditions.append(Kind.state.in_(states))
    if wanted.model:
        conditions.append(chosen(wanted.model).fits(Kind.model))
    if wanted.paint:
        conditions.append(paints(wanted.paint, Kind.model, Kind.quality))
    return list(session.scalars(select(Kind.id).where(*conditions))) if conditions else None


def paints(typed: str, model: Any, quality: Any) -> ColumnElement[bool]:
    found = chosen(typed)
    pairs = [paint.rpartition(":") for paint in found.values]
    condition = or_(false(), *(and_(model == name, quality == ("" if of == NONE else of)) for name, _, of in pairs))
    return not_(condition) if found.is_others else condition


def user_ids_of(session: Session, wanted: Inquiry) -> Chosen | None:
    """Of the people; None: everybody."""
    if not wanted.user:
        return None
    found = chosen(wanted.user)
    logins = [normal_login(login) for login in found.values]
    return Chosen(tuple(session.scalars(select(User.id).where(User.login.in_(logins)))), found.is_others)
