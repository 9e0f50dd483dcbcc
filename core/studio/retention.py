"""How long pictures are kept: purged so many days after they were made, with a notice before; favourites stay.

Nothing is deleted without its notice: what is too old already when the administrator shortens the time, when it is no
favourite any more, when it comes back from the bin or from a backup, or to another person, still has the days of the
notice. What is in a bin goes after `BIN`, or with the others of its age.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from core.accounts import audit
from core.acting import NOBODY
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import AuditEntry, Image, Setting, User
from core.studio.gallery import in_bin
from core.studio.removal import BATCH, Removal, mark_purged

BIN = timedelta(days=30)  # that a deleted picture can be brought back
RESTORED = "backup.restored"  # the act
SETTINGS = ("retention_days", "retention_notice_days")


@dataclass(frozen=True, slots=True)
class Notice:
    """So many pictures of a person will be deleted, the first of them on `first`."""

    pictures: int
    first: datetime


@dataclass(frozen=True, slots=True)
class _Rule:
    """Pictures are deleted `age` after they were made, but none before `earliest`."""

    age: timedelta
    notice: timedelta
    earliest: datetime


class Retention:
    def __init__(self, database: Database, sites: Sites, removal: Removal):
        self.database = database
        self.sites = sites
        self.removal = removal

    def notice(self, user_id: int) -> Notice | None:
        """What will be deleted within the days of the notice, if anything, and when that may begin."""
        with self.database.read() as session:
            rule = self._rule(session)
            if rule is None:
                return None
            now = self.database.now(session)
            seen = _kept(user_id) & Image.deleted_at.is_(None) & (Image.finished_at < now + rule.notice - rule.age)
            sums = select(func.count(), func.min(Image.finished_at), func.min(Image.spared_until)).where(seen)
            moments, number = list[datetime](), 0
            for those in (_not_spared(now, rule), ~_not_spared(now, rule)):
                found, oldest, spared = session.execute(sums.where(those)).one()
                number += found
                if oldest is not None:
                    noticed = spared + rule.notice if spared is not None else now
                    moments.append(max(oldest + rule.age, rule.earliest, now, noticed))
        return Notice(number, min(moments)) if moments else None

    def sweep(self) -> int:
        """Purge what is too old, in small transactions, and then all files that purged pictures left; how many."""
        purged = 0
        while number := self._empty_bins():
            purged += number
        with self.database.read() as session:
            rule = self._rule(session)
            owners = session.scalars(select(Image.user_id).where(_is_kept()).distinct()).all() if rule else []
        for user_id in owners:
            while number := self._purge_some(user_id):
                purged += number
        self.removal.clear()
        return purged

    def _empty_bins(self) -> int:
        with self.database.write() as session:
            now = self.database.now(session)
            old = select(Image.id).where(in_bin(), Image.deleted_at < now - BIN).order_by(Image.id).limit(BATCH)
            return _purged(session, session.scalars(old).all(), now, "", BIN)

    def _purge_some(self, user_id: int) -> int:
        """One transaction, which reads the rule anew: it may have been changed, and a picture become a favourite."""
        with self.database.write() as session:
            rule, now = self._rule(session), self.database.now(session)
            if rule is None or now < rule.earliest:
                return 0
            old = select(Image.id).where(_kept(user_id), Image.finished_at < now - rule.age, _not_spared(now, rule))
            ids = session.scalars(old.order_by(Image.finished_at).limit(BATCH)).all()
            login = session.scalars(select(User.login).where(User.id == user_id)).one()
            return _purged(session, ids, now, login, rule.age)

    def _rule(self, session: Session) -> _Rule | None:
        site = self.sites.within(session)
        if site.retention_days is None:
            return None
        changed = session.scalars(select(func.max(Setting.changed_at)).where(Setting.name.in_(SETTINGS))).one()
        # Nobody has seen a notice between a backup and its restoring.
        restored = (
            select(AuditEntry.created_at).where(AuditEntry.act == RESTORED).order_by(AuditEntry.id.desc()).limit(1)
        )
        since = max(changed, session.scalar(restored) or changed)
        notice = timedelta(days=site.retention_notice_days)
        return _Rule(timedelta(days=site.retention_days), notice, since + notice)


def _purged(session: Session, image_ids: Sequence[int], now: datetime, login: str, age: timedelta) -> int:
    """The program itself does it, and it is written down like the acts of people; no login: of several, from bins."""
    number = len(mark_purged(session, image_ids, now))
    if number:
        after = {"pictures": number, "older_than_days": age.days, "from_the_bin": not login}
        audit.record(session, now, "pictures.expired", login, after=after, who=NOBODY)
    return number


def _is_kept() -> ColumnElement[bool]:
    return Image.image_url.is_not(None) & Image.purged_at.is_(None)


def _kept(user_id: int) -> ColumnElement[bool]:
    return (Image.user_id == user_id) & _is_kept() & Image.favourite.is_(False)


def _not_spared(now: datetime, rule: _Rule) -> ColumnElement[bool]:
    """Whether it has been as it is for all the days of the notice."""
    return or_(Image.spared_until.is_(None), Image.spared_until <= now - rule.notice)
