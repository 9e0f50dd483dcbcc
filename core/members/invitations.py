"""Invitations: a link with which people make accounts of their own, so often, until then, with this role and limits."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.accounts import audit, passwords
from core.accounts.people import TYPES, join, normal_name, possible_login
from core.acting import revealed
from core.errors import Problem
from core.ledger.limits import USER, normal
from core.members.links import hashed
from core.storage.database import Database
from core.storage.tables import Invitation, Limit, User

MOST_USES = 1_000
MOST_DAYS = 365
LONGEST_NOTE = 200
SHOWN = 100


class Invitations:
    def __init__(self, database: Database, least: int):
        """`least` is the least length of a password."""
        self.database = database
        self._least = least

    def create(self, note: str, type: str, limits: Mapping[str, str], uses: int = 1, days: int = 7) -> str:
        """The token of a new invitation. `limits` as people write them, by kind."""
        if type not in TYPES:
            raise ValueError(f"no such type of account: {type}")
        if not 1 <= uses <= MOST_USES:
            raise Problem("invitation_impossible", value=uses, most=MOST_USES)
        if not 1 <= days <= MOST_DAYS:
            raise Problem("invitation_impossible", value=days, most=MOST_DAYS)
        kept = kept_limits(limits)
        token = secrets.token_urlsafe(32)
        with self.database.write() as session:
            now = self.database.now(session)
            row = Invitation(
                token_hash=hashed(token),
                note=" ".join(note.replace("\0", "").split())[:LONGEST_NOTE],
                type=type,
                limits=kept,
                uses=uses,
                used=0,
                created_at=now,
                expires_at=now + timedelta(days=days),
            )
            session.add(row)
            session.flush()
            after = {"note": row.note, "type": type, "limits": kept, "uses": uses, "days": days}
            audit.record(session, now, "invitation.created", f"invitation {row.id}", after=after)
        return token

    def now(self) -> datetime:
        with self.database.read() as session:
            return self.database.now(session)

    def all(self) -> Sequence[Invitation]:
        """The newest, whether they still work or not."""
        with self.database.read() as session:
            return session.scalars(select(Invitation).order_by(Invitation.id.desc()).limit(SHOWN)).all()

    def revoke(self, invitation_id: int) -> None:
        """The link works no more; the accounts that were made with it stay."""
        with self.database.write() as session:
            row = session.get(Invitation, invitation_id)
            if row is None or row.revoked_at is not None:
                return
            row.revoked_at = self.database.now(session)
            audit.record(session, row.revoked_at, "invitation.revoked", f"invitation {row.id}", {"used": row.used})

    def look(self, token: str) -> Invitation:
        """The invitation, or a Problem if it has ended, is used up, was revoked or never was."""
        with self.database.read() as session:
            return self._open(session, token)

    def accept(self, token: str, login: str, name: str, password: str) -> int:
        """The id of the new account, which has the role and the limits of the invitation."""
        self.look(token)  # before the hashing, which is dear
        wanted, shown = possible_login(login), normal_name(name)
        passwords.check_strength(password, wanted, shown, self._least)
        user = User(login=wanted, name=shown, password=passwords.hashed(password))
        with self.database.write() as session:
            row, now = self._open(session, token), self.database.now(session)
            user.type = row.type
            join(session, user, now)
            session.add_all(own_limits(user.id, row.limits))
            row.used += 1
            after = {"name": shown, "type": row.type, "limits": row.limits}
            who = revealed(user.id, wanted)
            audit.record(session, now, "invitation.used", wanted, {"invitation": row.id}, after, who=who)
            return user.id

    def _open(self, session: Session, token: str) -> Invitation:
        row = session.scalar(
            select(Invitation).where(
                Invitation.token_hash == hashed(token),
                Invitation.expires_at > self.database.now(session),
                Invitation.revoked_at.is_(None),
                Invitation.used < Invitation.uses,
            )
        )
        if row is None:
            raise Problem("link_dead")
        return row


def kept_limits(limits: Mapping[str, str]) -> dict[str, str]:
    """As they are stored; without those that are none."""
    kept = {kind: normal(kind, value) for kind, value in limits.items()}
    return {kind: value for kind, value in kept.items() if value is not None}


def own_limits(user_id: int, limits: Mapping[str, str]) -> list[Limit]:
    return [Limit(scope=USER, subject=str(user_id), kind=kind, value=value) for kind, value in limits.items()]
