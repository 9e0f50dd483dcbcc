"""The list of the people: found by a part of their names, a page at a time, with what each used this month."""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from core.accounts import passwords
from core.ledger.windows import pieces, span
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import Tally, User

PAGE = 25
KINDS = ("all", "admin", "disabled", "new")


@dataclass(frozen=True, slots=True)
class Row:
    """A person, and their pictures and money of this month, with what is reserved. `is_new`: no password yet."""

    user: User
    is_new: bool
    pictures: int
    micros: int


@dataclass(frozen=True, slots=True)
class RosterPage:
    """`before` and `after` are the keys to pass for the neighbouring pages, None at an end."""

    rows: Sequence[Row]
    found: int
    before: str | None
    after: str | None


class Roster:
    def __init__(self, database: Database, sites: Sites):
        self.database = database
        self.sites = sites

    def page(
        self, search: str = "", kind: str = "all", before: str | None = None, after: str | None = None
    ) -> RosterPage:
        """By sign-in name: those after `after`, or before `before`, or the first ones.

        The names are compared here, not in the database: without accents and capitals, in the same way on both.
        """
        with self.database.read() as session:
            found = self._found(session, search, kind)
            if before is not None:
                end = bisect_left(found, before)
                start = max(0, end - PAGE)
            else:
                start = bisect_right(found, after) if after is not None else 0
                end = min(len(found), start + PAGE)
            rows = self._rows(session, found[start:end])
        return RosterPage(
            rows,
            len(found),
            found[start] if rows and start > 0 else None,
            found[end - 1] if rows and end < len(found) else None,
        )

    def person(self, user_id: int) -> Row | None:
        """None: there is nobody of this number, or they have left."""
        with self.database.read() as session:
            login = session.scalar(select(User.login).where(User.id == user_id, User.left_at.is_(None)))
            return self._rows(session, [login])[0] if login is not None else None

    def _found(self, session: Session, search: str, kind: str) -> list[str]:
        """The sign-in names, in order."""
        query = select(User.login, User.name).where(User.left_at.is_(None))
        if kind == "admin":
            query = query.where(User.type == "admin")
        elif kind == "disabled":
            query = query.where(User.disabled_at.is_not(None))
        elif kind == "new":
            query = query.where(User.password == passwords.NOBODY)
        words = _folded(search[:200]).split()
        people = session.execute(query).all()
        if words:
            people = [row for row in people if all(word in _folded(f"{row.login} {row.name}") for word in words)]
        return sorted(row.login for row in people)

    def _rows(self, session: Session, logins: Sequence[str]) -> list[Row]:
        users = session.scalars(select(User).where(User.login.in_(logins)).order_by(User.login)).all()
        ids = [user.id for user in users]
        start, end = span("month", self.database.now(session), self.sites.within(session).zone)
        within = or_(
            *(
                and_(Tally.length == length, Tally.since >= first, Tally.since < last)
                for length, first, last in pieces(start, end)
            )
        )
        sums = session.execute(
            select(
                Tally.user_id, func.sum(Tally.pictures), func.sum(Tally.cost_micros), func.sum(Tally.reserved_micros)
            )
            .where(Tally.user_id.in_(ids), within)
            .group_by(Tally.user_id)
        )
        used = {user_id: (int(pictures), int(cost) + int(held)) for user_id, pictures, cost, held in sums}
        by_login = sorted(users, key=lambda user: user.login)
        return [Row(user, user.password == passwords.NOBODY, *used.get(user.id, (0, 0))) for user in by_login]


def _folded(text: str) -> str:
    folded = text.casefold()
    if folded.isascii():
        return folded
    plain = unicodedata.normalize("NFKD", folded)
    return "".join(character for character in plain if not unicodedata.combining(character))
