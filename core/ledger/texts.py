"""The money of texts that a model writes: held before the call, booked after it, at risk while nobody knows.

It is in the same tallies as that of pictures, so that the same limits in dollars hold; no text counts as a picture.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import ColumnElement, and_, func, literal_column, or_, select
from sqlalchemy.orm import Session, joinedload

from core.accounts import audit
from core.errors import Problem
from core.ledger.booking import add
from core.ledger.costs import Price, Tokens, text_cost
from core.ledger.prices import price_at
from core.ledger.risk import MOST_MICROS, Risk, risk
from core.ledger.windows import midnight
from core.storage.tables import Improvement

MOST_LISTED = 100
AT_RISK = and_(
    Improvement.settled_at.is_(None),
    or_(
        Improvement.state == literal_column("'unknown'"),
        and_(
            Improvement.state == literal_column("'done'"),
            Improvement.cost_micros.is_(None),
            Improvement.reserved_micros.is_not(None),
        ),
    ),
)


def most(price: Price | None, tokens: Tokens) -> int | None:
    """Micro-dollars of a text with at most these tokens; None: unpriced."""
    if price is None:
        return None
    return price.per_picture if price.per_picture is not None else price.of(tokens)


def hold(session: Session, user_id: int, micros: int | None, now: datetime) -> None:
    add(session.connection(), user_id, now, {"pictures": 0, "cost_micros": 0, "reserved_micros": micros or 0})


def settle_outcome(session: Session, row: Improvement) -> None:
    """What the outcome that the row tells means for its money."""
    if row.state == "unknown":
        return  # it stays at risk
    price = price_at(session.connection(), row.model, row.created_at, row.connection)
    cost = text_cost(price, row.usage)
    if row.state != "done" and price is not None and price.per_picture is not None:
        cost = None  # there is none
    if cost is None and row.settled_at is not None:
        cost = row.cost_micros
    row.price_id = price.id if price is not None and cost is not None else None
    held = row.reserved_micros if row.state == "done" and cost is None and price is not None else None
    _book(session, row, cost, held)


def all_at_risk(session: Session, day: date | None, zone: tzinfo) -> Risk:
    """Pictures and texts together."""
    pictures = risk(session, day, zone)
    sums = select(func.count(), func.sum(Improvement.reserved_micros), func.max(Improvement.id))
    number, held, last_id = (int(value or 0) for value in session.execute(sums.where(_of(day, zone))).one())
    return replace(pictures, reserved_micros=pictures.reserved_micros + held, texts=number, last_text_id=last_id)


def newest_at_risk(session: Session, before: datetime | None) -> datetime | None:
    meant = AT_RISK if before is None else and_(AT_RISK, Improvement.created_at < before)
    return session.scalar(select(func.max(Improvement.created_at)).where(meant))


def at_risk(session: Session, day: date | None, zone: tzinfo) -> list[Improvement]:
    query = select(Improvement).where(_of(day, zone)).options(joinedload(Improvement.user))
    return list(session.scalars(query.order_by(Improvement.created_at, Improvement.id).limit(MOST_LISTED)))


def settle(
    session: Session, now: datetime, administrator_id: int, row_id: int, billed: bool, micros: int | None
) -> None:
    row = session.scalar(select(Improvement).where(Improvement.id == row_id, AT_RISK))
    if row is None:
        raise Problem("not_settleable")
    _settle(session, row, now, administrator_id, billed, micros)


def settle_all(
    session: Session, now: datetime, administrator_id: int, day: date | None, zone: tzinfo, last_id: int, billed: bool
) -> int:
    rows = session.scalars(select(Improvement).where(_of(day, zone), Improvement.id <= last_id)).all()
    for row in rows:
        _settle(session, row, now, administrator_id, billed, None)
    return len(rows)


def _settle(
    session: Session, row: Improvement, now: datetime, administrator_id: int, billed: bool, micros: int | None
) -> None:
    cost = (micros if micros is not None else row.reserved_micros) if billed else 0
    if cost is not None and not 0 <= cost <= MOST_MICROS:
        raise Problem("price_impossible", value="…")
    before = {"state": row.state, "reserved_micros": row.reserved_micros}
    _book(session, row, cost, None)
    row.settled_at, row.settled_by = now, administrator_id
    audit.record(session, now, "text.settled", f"text {row.id}", before, {"billed": billed, "cost_micros": cost})


def _book(session: Session, row: Improvement, cost: int | None, held: int | None) -> None:
    change = {
        "pictures": 0,
        "cost_micros": (cost or 0) - (row.cost_micros or 0),
        "reserved_micros": (held or 0) - (row.reserved_micros or 0),
    }
    row.cost_micros, row.reserved_micros = cost, held
    if any(change.values()):
        add(session.connection(), row.user_id, row.created_at, change)


def _of(day: date | None, zone: tzinfo) -> ColumnElement[bool]:
    if day is None:
        return AT_RISK
    start, end = midnight(day, zone), midnight(day + timedelta(days=1), zone)
    return and_(AT_RISK, Improvement.created_at >= start, Improvement.created_at < end)
