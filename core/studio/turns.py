"""Whose turn it is: the next pictures of a lane, if the lane takes any now. Inside a writing transaction.

The statements are made once, and their results are rows: every other order waits meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, bindparam, exists, func, insert, literal_column, select, update
from sqlalchemy.orm import Session

from core.engines.connections import Lane
from core.storage.tables import Attempt, Connection, Image, Reference, Request, User
from core.studio.orders import ReferenceFile
from core.studio.pace import pace

# Between the claim and the call lie a few milliseconds, not always the same: the window is that much longer.
JITTER = 1.0


@dataclass(frozen=True, slots=True)
class Ordered:
    """What a request says of each of its pictures, and the rows of the files that it starts from."""

    references: Sequence[Reference | ReferenceFile | Row[*tuple[Any, ...]]]
    id: int
    user_id: int
    model: str
    description: str
    size: str | None
    quality: str | None
    background: str | None
    output_format: str | None
    output_compression: int | None
    previews: int
    moderation: str | None
    complexity: str | None
    input_fidelity: str | None
    mask_key: str | None


ORDERED = tuple(getattr(Request, field.name) for field in fields(Ordered) if field.name != "references")


@dataclass(frozen=True, slots=True)
class Claim:
    """One picture that is ours to draw."""

    image_id: int
    attempt_id: int
    worker: str
    seed: int
    position: int
    request: Ordered


def take(session: Session, lane: Lane, most: int, worker: str, now: datetime, lease_until: datetime) -> list[Claim]:
    """Up to `most`, each chosen as if the ones before it had been all; with them begins an attempt each."""
    waiting, room = _room(session, lane, most, now)
    claims: list[Claim] = []
    for _ in range(min(waiting, room)):
        found = session.connection().execute(_NEXT, {"lane": lane.name}).one_or_none()
        if found is None:
            break
        claims.append(_claim(session, lane, found, worker, now, lease_until))
    return claims


def is_free(session: Session, lane: Lane, number: int, now: datetime) -> bool:
    """Whether so many pictures would all be taken if they were put in the line now: the others have had their turn."""
    waiting, room = _room(session, lane, 1, now)
    return not waiting and number <= room


def running(lane: Lane) -> Select[int]:
    return select(func.count()).select_from(Image).where(Image.connection == lane.name, Image.state == "running")


def accepted(lane: Lane, now: datetime) -> Select[int]:
    """Calls that were begun in the window, as far as they were not refused."""
    return _begun(lane, now).where(Attempt.outcome.is_distinct_from("refused"))


def _begun(lane: Lane, now: datetime) -> Select[int]:
    """Calls that were begun in the window. The provider may count those that it refused, so they count here."""
    since = now - timedelta(seconds=lane.window + JITTER)
    begun = select(func.count()).select_from(Attempt)
    return begun.where(Attempt.connection == lane.name, Attempt.started_at > since)


def _room(session: Session, lane: Lane, most: int, now: datetime) -> tuple[int, int]:
    """How many pictures wait, up to `most`, and how many the lane takes now."""
    found = session.connection().execute(_STATE, {"lane": lane.name, "most": most}).one()
    if (found.revision or "") != lane.revision:
        return found.waiting, 0  # it was changed or removed a moment ago
    if found.stopped_code is not None or found.paused_at is not None:
        return found.waiting, 0
    if found.not_before is not None and found.not_before > now:
        return found.waiting, 0
    allowed = pace(lane, found, now)
    room: int = allowed.at_once - found.under_way
    if room > 0 and allowed.accepted and found.slowed_at is not None:
        # What was begun before counts no more: when it may go on, the provider has said.
        since = accepted(lane, now).where(Attempt.started_at > found.slowed_at)
        room = min(room, allowed.accepted - (session.scalar(since) or 0))
    if room > 0 and lane.per_window:
        room = min(room, lane.per_window - (session.scalar(_begun(lane, now)) or 0))
    return found.waiting, max(0, room)


def _claim(session: Session, lane: Lane, found: Any, worker: str, now: datetime, lease_until: datetime) -> Claim:
    connection = session.connection()
    image_id, seed, position, has_references, *values = found
    references = connection.execute(_REFERENCES, {"image": image_id}).all() if has_references else ()
    connection.execute(_BEGIN, {"image": image_id, "by": worker, "now": now, "until": lease_until})
    return begun(session, lane, image_id, seed, position, Ordered(references, *values), worker, now)


def begun(
    session: Session,
    lane: Lane,
    image_id: int,
    seed: int,
    position: int,
    request: Ordered,
    worker: str,
    now: datetime,
) -> Claim:
    """The row of a picture says that it runs: an attempt begins, and its person has had a turn."""
    connection = session.connection()
    attempt = {"image_id": image_id, "connection": lane.name, "worker": worker, "started_at": now}
    attempt_id = connection.execute(_ATTEMPT, attempt).scalar_one()
    connection.execute(_SERVED, {"person": request.user_id, "now": now})
    return Claim(image_id, attempt_id, worker, seed, position, request)


def _next() -> Select[Any]:
    """A picture of whoever has fewest in hand, then of whoever was served longest ago, then the oldest picture."""
    lane = Image.connection == _LANE
    queued = (
        select(Image.user_id, func.min(Image.id).label("oldest"))
        .where(lane, Image.state == "queued")
        .group_by(Image.user_id)
        .subquery()
    )
    in_hand = (
        select(Image.user_id, func.count().label("number"))
        .where(lane, Image.state == "running")
        .group_by(Image.user_id)
        .subquery()
    )
    its_turn = (
        select(queued.c.oldest)
        .join(User, User.id == queued.c.user_id)
        .outerjoin(in_hand, in_hand.c.user_id == queued.c.user_id)
        .order_by(func.coalesce(in_hand.c.number, 0), User.served_at.nulls_first(), queued.c.oldest)
        .limit(literal_column("1"))
    )
    has_references = exists().where(Reference.request_id == Request.id)
    return (
        select(Image.id, Image.seed, Image.position, has_references, *ORDERED)
        .join(Request, Request.id == Image.request_id)
        .where(Image.id == its_turn.scalar_subquery())
    )


def _state() -> Select[Any]:
    """How many run, how many wait, which need not be counted further than they could be taken, and how the lane stands;
    nothing of that for one without a row."""
    lane = Image.connection == _LANE
    waiting = select(Image.id).where(lane, Image.state == "queued").limit(bindparam("most", type_=Image.id.type))
    under_way = select(func.count()).select_from(Image).where(lane, Image.state == "running")
    return select(
        under_way.scalar_subquery().label("under_way"),
        select(func.count()).select_from(waiting.subquery()).scalar_subquery().label("waiting"),
        Connection.revision,
        Connection.stopped_code,
        Connection.paused_at,
        Connection.not_before,
        Connection.slowed_at,
        Connection.slowed_at_once,
        Connection.slowed_accepted,
    ).select_from(select(literal_column("1")).subquery().outerjoin(Connection, Connection.name == _LANE))


_LANE = bindparam("lane", type_=Image.connection.type)
_NOW = bindparam("now", type_=Image.started_at.type)
_IMAGE = bindparam("image", type_=Image.id.type)
_STATE = _state()
_NEXT = _next()
_REFERENCES = (
    select(*Reference.__table__.columns)
    .join(Image, Image.request_id == Reference.request_id)
    .where(Image.id == _IMAGE)
    .order_by(Reference.position)
)
_BEGIN = (
    update(Image)
    .where(Image.id == _IMAGE)
    .values(
        state="running",
        worker=bindparam("by"),
        problem=None,
        problem_params=None,
        problem_detail=None,
        started_at=_NOW,
        lease_until=bindparam("until", type_=Image.lease_until.type),
    )
)
_ATTEMPT = insert(Attempt).returning(Attempt.id)
_SERVED = update(User).where(User.id == bindparam("person", type_=User.id.type)).values(served_at=_NOW)
