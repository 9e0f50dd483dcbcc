"""A call that is repeated is the same request: found by its key, in the transaction that would order it anew."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import IdempotencyKey

KEPT = timedelta(hours=24)
LONGEST_KEY = 255


@dataclass(frozen=True, slots=True)
class Once:
    """What its sender calls the call, and the sha256 of what was sent."""

    key: str
    content_hash: str


def known(session: Session, user_id: int, once: Once, now: datetime) -> int | None:
    """The request that the key already stands for; a Problem if that was another one."""
    row = session.get(IdempotencyKey, (user_id, once.key))
    if row is None or row.created_at <= now - KEPT:
        return None
    if row.content_hash != once.content_hash:
        raise Problem("idempotency_mismatch")
    return row.request_id


def earlier(session: Session, user_id: int, once: Once, now: datetime) -> int | None:
    """The same in the transaction that would order it anew; a key that has ended makes room."""
    found = known(session, user_id, once, now)
    if found is None and (ended := session.get(IdempotencyKey, (user_id, once.key))) is not None:
        session.delete(ended)
        session.flush()
    return found


def remember(session: Session, user_id: int, once: Once, request_id: int, now: datetime) -> None:
    session.add(
        IdempotencyKey(
            user_id=user_id, key=once.key, content_hash=once.content_hash, request_id=request_id, created_at=now
        )
    )


def sweep(database: Database) -> None:
    """Remove what has ended."""
    with database.write() as session:
        limit = database.now(session) - KEPT
        session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at <= limit))
