"""New accounts with a link to choose a password by: one, or a whole class at once, all of them or none.

Nothing is hashed here, which takes a quarter of a second for each: whoever opens the link chooses a password then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from core.accounts import audit, passwords
from core.errors import Problem
from core.members.invitations import own_limits
from core.members.lines import Entry, Fault, FaultyLines
from core.members.links import WELCOME_DAYS, put_link
from core.storage.database import Database
from core.storage.tables import User


@dataclass(frozen=True, slots=True)
class Joined:
    """A new account, and the token of its link, which is nowhere else."""

    user_id: int
    login: str
    name: str
    token: str


class Joining:
    def __init__(self, database: Database):
        self.database = database

    def add(self, entries: Sequence[Entry], faults: Sequence[Fault] = ()) -> list[Joined]:
        """FaultyLines, and nothing done, if one of the names is taken, or if there are faults already."""
        with self.database.write() as session:
            now = self.database.now(session)
            wanted = {entry.login: entry for entry in entries}
            taken = session.scalars(select(User.login).where(User.login.in_(wanted))).all()
            found = [Fault(wanted[login].number, Problem("login_taken", login=login)) for login in taken]
            if faults or found:
                raise FaultyLines([*faults, *found])
            users = [
                User(login=entry.login, name=entry.name, type=entry.type, password=passwords.NOBODY, created_at=now)
                for entry in entries
            ]
            session.add_all(users)
            session.flush()
            joined = []
            for user, entry in zip(users, entries, strict=True):
                token = put_link(session, user.id, now, timedelta(days=WELCOME_DAYS))
                session.add_all(own_limits(user.id, entry.limits))
                after = {"name": user.name, "type": user.type, "limits": entry.limits}
                audit.record(session, now, "person.created", user.login, after=after)
                joined.append(Joined(user.id, user.login, user.name, token))
            return joined
