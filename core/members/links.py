"""Links with which a person chooses a password: each works once, and ends by itself.

The link holds a random token; the database knows only its sha256. Using it ends every session of the account.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from core.accounts import audit, passwords
from core.accounts.sessions import end_sessions
from core.acting import revealed
from core.errors import Problem
from core.members.members import member
from core.storage.database import Database
from core.storage.tables import PasswordLink, User

RESET_HOURS = 24
WELCOME_DAYS = 14


@dataclass(frozen=True, slots=True)
class Newcomer:
    """Whose link it is; `is_new`: there has never been a password."""

    user_id: int
    login: str
    name: str
    is_new: bool


class PasswordLinks:
    def __init__(self, database: Database, least: int):
        """`least` is the least length of a password."""
        self.database = database
        self._least = least

    def make(self, user_id: int) -> str:
        """The token of a new link; the one before it works no more."""
        with self.database.write() as session:
            user, now = member(session, user_id), self.database.now(session)
            if user.disabled_at is not None:
                raise Problem("account_disabled", login=user.login)
            is_new = user.password == passwords.NOBODY
            lifetime = timedelta(days=WELCOME_DAYS) if is_new else timedelta(hours=RESET_HOURS)
            token = put_link(session, user_id, now, lifetime)
            ends = (now + lifetime).isoformat(timespec="seconds")
            audit.record(session, now, "password.link_made", user.login, after={"ends": ends})
        return token

    def look(self, token: str) -> Newcomer:
        with self.database.read() as session:
            user = self._user(session, token)
            return Newcomer(user.id, user.login, user.name, user.password == passwords.NOBODY)

    def use(self, token: str, password: str) -> int:
        """Set the password and return whose it is. The hashing comes before the database is held."""
        found = self.look(token)
        passwords.check_strength(password, found.login, found.name, self._least)
        password_hash = passwords.hashed(password)
        with self.database.write() as session:
            user = self._user(session, token)
            user.password = password_hash
            session.execute(delete(PasswordLink).where(PasswordLink.user_id == user.id))
            end_sessions(session, user.id)
            who = revealed(user.id, user.login)
            audit.record(session, self.database.now(session), "password.chosen_by_link", user.login, who=who)
            return user.id

    def sweep(self) -> None:
        """Remove the links that have ended."""
        with self.database.write() as session:
            session.execute(delete(PasswordLink).where(PasswordLink.expires_at <= self.database.now(session)))

    def _user(self, session: Session, token: str) -> User:
        user = session.scalar(
            select(User)
            .join(PasswordLink, PasswordLink.user_id == User.id)
            .where(
                PasswordLink.token_hash == hashed(token),
                PasswordLink.expires_at > self.database.now(session),
                User.disabled_at.is_(None),
            )
        )
        if user is None:
            raise Problem("link_dead")
        return user


def put_link(session: Session, user_id: int, now: datetime, lifetime: timedelta) -> str:
    """A new link in somebody else's transaction; its token."""
    token = secrets.token_urlsafe(32)
    session.merge(PasswordLink(user_id=user_id, token_hash=hashed(token), created_at=now, expires_at=now + lifetime))
    return token


def hashed(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
