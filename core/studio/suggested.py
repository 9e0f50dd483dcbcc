"""What a text model was asked for, in the list of requests: narrowed down, ordered and keyed as pictures are.

There are far fewer suggestions than pictures, so they need no kinds and no index of words.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, false, func, literal, or_, select
from sqlalchemy.orm import Session, joinedload

from core.ledger.texts import AT_RISK as IS_AT_RISK
from core.storage.tables import Improvement
from core.studio.marks import holds, hour_spans, micros_between, paints, states_of, user_ids_of
from core.studio.narrowing import AT_RISK, NONE, Inquiry, chosen
from core.studio.search import has_words, words
from core.studio.stretches import Place, Stretch, order

DOOR = "pages"  # where there is a button for it
BATCH = 1_000  # of those that are looked through for words


def places(session: Session, wanted: Inquiry, number: int, stretch: Stretch) -> list[Place]:
    """The first `number` of a part of the order, with their own places."""
    conditions = _conditions(session, wanted)
    if conditions is None:
        return []
    looked_for = words(wanted.q)
    if wanted.q.strip() and not looked_for:
        return []
    value = _value(session, wanted.sort)
    key = -Improvement.id
    query = select(value, key, Improvement.original).where(*conditions).order_by(*order(value, key, stretch.falling))
    found: list[Place] = []
    while True:
        some = query.where(holds(stretch, value, key)).limit(BATCH if looked_for else number)
        rows = session.execute(some).all()
        found += [(row[0], row[1]) for row in rows if not looked_for or has_words(row[2], None, looked_for)]
        if not looked_for or len(rows) < BATCH or len(found) >= number:
            return found[:number]
        stretch = replace(stretch, place=(rows[-1][0], rows[-1][1]))


def place(session: Session, sort: str, key: int) -> Place | None:
    row = session.execute(select(_value(session, sort)).where(Improvement.id == -key)).one_or_none()
    return None if row is None else (row[0], key)


def loaded(session: Session, keys: Sequence[int]) -> dict[int, Improvement]:
    """By their keys, with their people."""
    if not keys:
        return {}
    query = select(Improvement).where(Improvement.id.in_([-key for key in keys])).options(joinedload(Improvement.user))
    return {-row.id: row for row in session.scalars(query)}


def marks(session: Session) -> dict[str, set[str]]:
    """What they can be narrowed down to, where pictures may not have it."""
    columns = (Improvement.model, Improvement.connection, Improvement.problem)
    rows = session.execute(select(*columns).distinct()).all()
    named = {name: {row[index] or "" for row in rows} for index, name in enumerate(("model", "connection", "problem"))}
    return named | ({"door": {DOOR}} if rows else {})


def _value(session: Session, sort: str) -> ColumnElement[Any]:
    if sort == "dearest":
        return Improvement.cost_micros.expression
    if sort == "slowest":
        return (micros_between(session, Improvement.created_at, Improvement.finished_at) + 500) // 1000
    return Improvement.created_at.expression


def _conditions(session: Session, wanted: Inquiry) -> list[ColumnElement[bool]] | None:
    """None if no suggestion can be like that."""
    user_ids = user_ids_of(session, wanted)
    asks_for_pictures = wanted.waiting is not None or wanted.drawing is not None or wanted.quality not in ("", NONE)
    if asks_for_pictures or wanted.door not in ("", DOOR):
        return None
    conditions: list[ColumnElement[bool]] = []
    if user_ids is not None:
        conditions.append(user_ids.fits(Improvement.user_id))
    if wanted.model:
        conditions.append(chosen(wanted.model).fits(Improvement.model))
    if wanted.paint:
        conditions.append(paints(wanted.paint, Improvement.model, literal("")))
    if states := states_of(wanted):
        conditions.append(Improvement.state.in_(states))
    if wanted.state == AT_RISK:
        conditions.append(IS_AT_RISK)
    if wanted.connection:
        conditions.append(Improvement.connection == wanted.connection)
    if wanted.problem:
        problem = Improvement.problem
        conditions.append(problem.is_(None) if wanted.problem == NONE else problem == wanted.problem)
    if wanted.above is not None:
        conditions.append(Improvement.cost_micros > wanted.above)
    if wanted.start is not None:
        conditions.append(Improvement.created_at >= wanted.start)
    if wanted.end is not None:
        conditions.append(Improvement.created_at < wanted.end)
    if wanted.hour is not None:
        conditions.append(_hour(session, wanted))
    return conditions


def _hour(session: Session, wanted: Inquiry) -> ColumnElement[bool]:
    moment = Improvement.created_at
    first, last = session.execute(select(func.min(moment), func.max(moment))).one()
    if first is None or wanted.hour is None:
        return false()
    spans = hour_spans(first, last, wanted, wanted.hour)
    return or_(false(), *((moment >= begin) & (moment < stop) for begin, stop in spans))
