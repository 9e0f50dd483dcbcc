"""Reading the record of acts: a page at a time, narrowed down, newest or oldest first; and all of it, for a file."""

import json
from collections.abc import Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import partial
from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, String, cast, func, or_, select
from sqlalchemy.orm import Session

from core.accounts.people import normal_login
from core.storage.database import Database
from core.storage.keyset import part
from core.storage.tables import AuditEntry, User

PAGE = 50
BATCH = 1_000
LARGEST_ID = 2**63 - 1
LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which acts are wanted. `person` is a sign-in name, of who did it or whom it was done to; `text` is anywhere."""

    person: str = ""
    act: str = ""
    door: str = ""
    start: datetime | None = None
    end: datetime | None = None
    text: str = ""
    oldest_first: bool = False

    @classmethod
    def of(cls, address: Mapping[str, str], zone: tzinfo) -> Self:
        """What an address asks for: `user`, `act`, `door`, `from`, `to` (days of the site), `q` and `sort`."""
        first, last = day_of(address.get("from", "")), day_of(address.get("to", ""))
        return cls(
            person=address.get("user", "")[:LONGEST_TEXT],
            act=address.get("act", "")[:LONGEST_TEXT],
            door=address.get("door", "")[:LONGEST_TEXT],
            start=_midnight(first, zone) if first else None,
            end=_midnight(last + timedelta(days=1), zone) if last else None,
            text=address.get("q", "")[:LONGEST_TEXT],
            oldest_first=address.get("sort", "") == "oldest",
        )


@dataclass(frozen=True, slots=True)
class ActPage:
    """`newer` and `older` are the keys to pass for the neighbouring pages, None at an end."""

    entries: Sequence[AuditEntry]
    newer: int | None
    older: int | None


class Act(NamedTuple):
    """An entry, as the columns of a file; what was before and after is JSON."""

    id: int
    at: datetime
    act: str
    login: str
    user_id: int | None
    address: str
    door: str
    subject: str
    before: str | None
    after: str | None


class Acts:
    def __init__(self, database: Database):
        self.database = database

    def page(self, wanted: Narrowed, before: int | None = None, after: int | None = None, size: int = PAGE) -> ActPage:
        """The page that follows entry `before` in the order, or precedes entry `after`; the first one if there is none
        like that, or none that is full."""
        with self.database.read() as session:
            found = part(partial(_beyond, session, wanted), size, before, after)
        entries = found.rows
        return ActPage(
            entries, entries[0].id if found.has_before else None, entries[-1].id if found.has_behind else None
        )

    def kinds(self) -> list[str]:
        """What has been recorded at all, by its code; one look into the index for each."""
        kinds: list[str] = []
        with self.database.read() as session:
            while (
                kind := session.scalar(select(func.min(AuditEntry.act)).where(AuditEntry.act > _last(kinds)))
            ) is not None:
                kinds.append(kind)
        return kinds

    def export(self, wanted: Narrowed) -> Generator[Act, None, None]:
        """All of them, in the order. Holds a transaction until its end: whoever may stop earlier closes it."""
        with self.database.read() as session:
            last = None
            while entries := _beyond(session, wanted, BATCH, last, False):
                yield from map(_act, entries)
                last = entries[-1].id
                session.expunge_all()


def _beyond(session: Session, wanted: Narrowed, number: int, key: int | None, backwards: bool) -> Sequence[AuditEntry]:
    """The first ones in the order, after entry `key`, or before it if `backwards`."""
    rises = wanted.oldest_first != backwards
    query = select(AuditEntry).where(*_conditions(session, wanted))
    if key is not None:
        place = min(key, LARGEST_ID)
        query = query.where(AuditEntry.id > place if rises else AuditEntry.id < place)
    return session.scalars(query.order_by(AuditEntry.id if rises else AuditEntry.id.desc()).limit(number)).all()


def day_of(text: str) -> date | None:
    """A day out of an address, which anybody may have typed."""
    with suppress(ValueError):
        found = date.fromisoformat(text)
        return found if 1970 <= found.year < 9000 else None
    return None


def _midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _last(kinds: list[str]) -> str:
    return kinds[-1] if kinds else ""


def _conditions(session: Session, wanted: Narrowed) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.person:
        login = normal_login(wanted.person)[:LONGEST_TEXT]
        user_id = session.scalar(select(User.id).where(User.login == login))
        concerns = AuditEntry.subject == login
        conditions.append(concerns if user_id is None else or_(AuditEntry.user_id == user_id, concerns))
    if wanted.act:
        conditions.append(AuditEntry.act == wanted.act)
    if wanted.door:
        conditions.append(AuditEntry.door == wanted.door)
    if wanted.start is not None:
        conditions.append(AuditEntry.created_at >= wanted.start)
    if wanted.end is not None:
        conditions.append(AuditEntry.created_at < wanted.end)
    if wanted.text.strip():
        searched: list[Any] = [AuditEntry.act, AuditEntry.login, AuditEntry.address, AuditEntry.subject]
        searched += [cast(AuditEntry.before, String), cast(AuditEntry.after, String)]
        text = wanted.text.strip().replace("\0", "")[:LONGEST_TEXT]
        conditions.append(or_(*(column.icontains(text, autoescape=True) for column in searched)))
    return conditions


def _act(entry: AuditEntry) -> Act:
    return Act(
        id=entry.id,
        at=entry.created_at,
        act=entry.act,
        login=entry.login,
        user_id=entry.user_id,
        address=entry.address,
        door=entry.door,
        subject=entry.subject,
        before=_json(entry.before),
        after=_json(entry.after),
    )


def _json(values: dict[str, Any] | None) -> str | None:
    return None if values is None else json.dumps(values, ensure_ascii=False)
