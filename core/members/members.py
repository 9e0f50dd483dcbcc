"""What an administrator changes on an account that exists: its names and its role."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.accounts import audit
from core.accounts.people import TYPES, keep_an_administrator, normal_name, possible_login
from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import User


class Members:
    def __init__(self, database: Database):
        self.database = database

    def change(self, user_id: int, login: str, name: str, type: str) -> None:
        """Names and role, all of them or none."""
        if type not in TYPES:
            raise ValueError(f"no such type of account: {type}")
        wanted, shown = possible_login(login), normal_name(name)
        with self.database.write() as session:
            user = member(session, user_id)
            if wanted != user.login and session.scalar(select(User.id).where(User.login == wanted)) is not None:
                raise Problem("login_taken", login=wanted)
            if type != "admin":
                keep_an_administrator(session, user)
            before = {"login": user.login, "name": user.name, "type": user.type}
            after = {"login": wanted, "name": shown, "type": type}
            changed = [key for key in after if before[key] != after[key]]
            if not changed:
                return
            user.login, user.name, user.type = wanted, shown, type
            act = "person.role_changed" if "type" in changed else "person.renamed"
            audit.record(
                session,
                self.database.now(session),
                act,
                wanted,
                {key: before[key] for key in changed},
                {key: after[key] for key in changed},
            )


def member(session: Session, user_id: int) -> User:
    """The account, or a Problem if there is none any more."""
    user = session.scalar(select(User).where(User.id == user_id, User.left_at.is_(None)))
    if user is None:
        raise Problem("no_such_user", login=str(user_id))
    return user
