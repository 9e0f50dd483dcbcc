"""Who is here: sessions that can be ended, each a row, behind a random token in a cookie.

The sign-in page cannot set an HttpOnly cookie, so it hands the browser a ticket, and the browser changes the
ticket for the token. Both are secrets; the database knows only their sha256.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session as Transaction

from core.accounts import audit
from core.acting import Actor, actor, revealed
from core.settings import Settings
from core.storage.database import Database
from core.storage.tables import Session, User

TICKET_SECONDS = 30
_LONGEST_ADDRESS = 64


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, as the database says at this moment."""

    user_id: int
    session_id: int
    login: str
    name: str
    type: str
    language: str | None

    @property
    def is_admin(self) -> bool:
        return self.type == "admin"


class Sessions:
    def __init__(self, database: Database, settings: Settings):
        self._database = database
        self._lifetime = timedelta(days=settings.session_days)

    @property
    def seconds(self) -> int:
        """How long a session lasts."""
        return int(self._lifetime.total_seconds())

    def ticket(self, user_id: int, address: str) -> str:
        """A secret that `exchange` takes once, within 30 seconds. `address` is where the person is."""
        ticket = secrets.token_urlsafe(32)
        with self._database.write() as transaction:
            now = self._database.now(transaction)
            transaction.add(
                Session(
                    user_id=user_id,
                    ticket_hash=_hashed(ticket),
                    created_at=now,
                    expires_at=now + timedelta(seconds=TICKET_SECONDS),
                    address=address[:_LONGEST_ADDRESS],
                )
            )
        return ticket

    def exchange(self, ticket: str) -> str | None:
        """The token of a new session; None if the ticket is unknown, used or old, or the account disabled."""
        token = secrets.token_urlsafe(32)
        with self._database.write() as transaction:
            now = self._database.now(transaction)
            found = transaction.execute(
                select(Session, User.login)
                .join(User)
                .where(
                    Session.ticket_hash == _hashed(ticket),
                    Session.expires_at > now,
                    User.disabled_at.is_(None),
                )
            ).one_or_none()
            if found is None:
                return None
            row, login = found
            audit.record(
                transaction, now, "session.began", login, who=Actor(row.user_id, login, row.address, actor().door)
            )
            row.ticket_hash = None
            row.token_hash = _hashed(token)
            row.expires_at = now + self._lifetime
        return token

    def person(self, token: str | None) -> Person | None:
        """Whom the token belongs to: read again at every click, so that an ended session is ended."""
        if not token:
            return None
        with self._database.read() as transaction:
            found = transaction.execute(
                select(Session.id, Session.expires_at, User.id, User.login, User.name, User.type, User.language)
                .join(User)
                .where(Session.token_hash == _hashed(token), User.disabled_at.is_(None))
            ).one_or_none()
            if found is None:
                return None
            session_id, expires_at, user_id, login, name, kind, language = found
            if expires_at <= self._database.now(transaction):
                return None
        return Person(user_id, session_id, login, name, kind, language)

    def end(self, token: str | None) -> None:
        if not token:
            return
        with self._database.write() as transaction:
            user_id = transaction.scalar(
                delete(Session).where(Session.token_hash == _hashed(token)).returning(Session.user_id)
            )
            if user_id is not None:
                login = _login(transaction, user_id)
                who = revealed(user_id, login)
                audit.record(transaction, self._database.now(transaction), "session.ended", login, who=who)

    def end_all(self, user_id: int, but: int | None = None) -> None:
        """End every session of the account, except the one whose id is `but`."""
        with self._database.write() as transaction:
            ended = end_sessions(transaction, user_id, but)
            now = self._database.now(transaction)
            audit.record(transaction, now, "sessions.ended", _login(transaction, user_id), after={"sessions": ended})

    def sweep(self) -> int:
        """Remove the rows that have expired; how many there were."""
        with self._database.write() as transaction:
            now = self._database.now(transaction)
            gone = transaction.scalars(delete(Session).where(Session.expires_at <= now).returning(Session.id)).all()
        return len(gone)


def end_sessions(transaction: Transaction, user_id: int, but: int | None = None) -> int:
    """The same inside somebody else's transaction, which records it: a new password and its consequence are one.

    How many there were.
    """
    ended = delete(Session).where(Session.user_id == user_id).returning(Session.id)
    return len(transaction.scalars(ended if but is None else ended.where(Session.id != but)).all())


def _login(transaction: Transaction, user_id: int) -> str:
    return transaction.scalars(select(User.login).where(User.id == user_id)).one_or_none() or ""


def _hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
