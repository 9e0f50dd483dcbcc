"""What an administrator changes on an account that exists: its names, its role, and whether it is open."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.accounts import audit
from core.accounts.people import TYPES, found, keep_an_administrator, normal_name, possible_login
from core.accounts.sessions import end_sessions
from core.errors import Problem
from core.ledger.booking import book
from core.storage.database import Database
from core.storage.tables import WAITING, Image, User


class Members:
    def __init__(self, database: Database):
        self.database = database

    def change(self, user_id: int, login: str | None = None, name: str | None = None, type: str | None = None) -> None:
        """Names and role, all that are given or none."""
        if type is not None and type not in TYPES:
            raise ValueError(f"no such type of account: {type}")
        wanted = {
            "login": possible_login(login) if login is not None else None,
            "name": normal_name(name) if name is not None else None,
            "type": type,
        }
        with self.database.write() as session:
            user = member(session, user_id)
            before = {"login": user.login, "name": user.name, "type": user.type}
            after = {key: before[key] if value is None else value for key, value in wanted.items()}
            changed = [key for key in after if before[key] != after[key]]
            if not changed:
                return
            if "login" in changed and session.scalar(select(User.id).where(User.login == after["login"])) is not None:
                raise Problem("login_taken", login=after["login"])
            if "type" in changed:
                keep_an_administrator(session, user)
            user.login, user.name, user.type = after["login"], after["name"], after["type"]
            act = "person.role_changed" if "type" in changed else "person.renamed"
            audit.record(
                session,
                self.database.now(session),
                act,
                user.login,
                {key: before[key] for key in changed},
                {key: after[key] for key in changed},
            )

    def disable(self, login: str) -> None:
        """Nobody signs in with the account any more, its sessions end and its tokens open nothing.

        What it has waiting is cancelled, for nothing more is to be paid for it; what is being drawn comes to its end.
        """
        with self.database.write() as session:
            user = found(session, login)
            if user.disabled_at is not None:
                return
            keep_an_administrator(session, user)
            user.disabled_at = now = self.database.now(session)
            after = {
                "disabled": True,
                "sessions_ended": end_sessions(session, user.id),
                "cancelled": cancel_waiting(session, user.id, now),
            }
            audit.record(session, now, "person.disabled", user.login, {"disabled": False}, after)

    def enable(self, login: str) -> None:
        with self.database.write() as session:
            user = found(session, login)
            if user.disabled_at is None:
                return
            user.disabled_at = None
            now, states = self.database.now(session), ({"disabled": True}, {"disabled": False})
            audit.record(session, now, "person.enabled", user.login, *states)


def cancel_waiting(session: Session, user_id: int, now: datetime) -> int:
    """Take all that a person has in the line out of it; how many pictures."""
    waiting = session.scalars(select(Image).where(Image.user_id == user_id, Image.state.in_(WAITING))).all()
    for image in waiting:
        image.state, image.finished_at = "cancelled", now
        book(session, image, None, None, counted=False)
    session.flush()
    return len(waiting)


def member(session: Session, user_id: int) -> User:
    """The account, or a Problem if there is none any more."""
    user = session.scalar(select(User).where(User.id == user_id, User.left_at.is_(None)))
    if user is None:
        raise Problem("no_such_user", login=str(user_id))
    return user
