"""What needs the administrator: what has stopped, and what is about to. Cheap enough to be asked at every page."""

import shutil
import statistics
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.catalog.catalog import Catalog
from core.ledger.booking import EVERYBODY
from core.ledger.limits import SITE, Allowed
from core.ledger.reconciliation import COMPARED
from core.ledger.room import uses
from core.ledger.texts import all_at_risk
from core.ledger.windows import begin
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import AuditEntry, Connection, Image, Kind, Limit, Tally, User

NEARLY = 0.8  # of the site's month
LATELY = timedelta(days=30)
SOON = timedelta(days=60)
FULL, LEAST_FREE = 0.9, 10**9  # of the disk, bytes
TIMES, FLOOR = 10, 1_000_000  # their usual day, micro-dollars
ACTIVE_DAYS, LEAST_DAYS = 30, 3
DRIFT = 10_000  # micro-dollars: less is rounding


@dataclass(frozen=True, slots=True)
class Need:
    """One thing. `kind` says what, `page` and `address` where its remedy is."""

    kind: str
    page: str
    address: dict[str, str] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)


class Needs:
    def __init__(self, database: Database, sites: Sites, catalog: Catalog, folder: Path):
        """`folder` is where this process keeps its data."""
        self.database = database
        self._sites = sites
        self._catalog = catalog
        self._folder = folder

    def now(self) -> list[Need]:
        """The most pressing first."""
        with self.database.read() as session:
            now = self.database.now(session)
            found = [
                *_stopped(session),
                *self._budget(session, now),
                *self._at_risk(session),
                *_spending(session, now),
                *_drift(session),
                *self._shutdowns(session, now),
            ]
        return [*found, *disk(self._folder)]

    def _budget(self, session: Session, now: datetime) -> list[Need]:
        site = dict(session.execute(select(Limit.kind, Limit.value).where(Limit.scope == SITE)).all())
        found = uses(session, EVERYBODY, Allowed({}, site), now, self._sites.within(session).zone)
        return [
            Need("budget", "ledger", {"part": "limits"}, {"used_micros": spent, "most_micros": use.most})
            for use in found
            if use.is_site and use.kind == "dollars-per-month"
            if (spent := use.used + use.reserved) >= NEARLY * use.most
        ]

    def _at_risk(self, session: Session) -> list[Need]:
        found = all_at_risk(session, None, self._sites.within(session).zone)
        params = {"number": found.number, "held_micros": found.reserved_micros}
        return [Need("at_risk", "ledger", {"part": "at-risk"}, params)] if found.number else []

    def _shutdowns(self, session: Session, now: datetime) -> list[Need]:
        needs = []
        for model in self._catalog.models.values():
            if model.shutdown is None or not now.date() < model.shutdown <= (now + SOON).date():
                continue
            kinds = list(session.scalars(select(Kind.id).where(Kind.model == model.name)))
            since = now - LATELY
            if any(
                session.scalar(select(Image.id).where(Image.kind_id == kind, Image.created_at >= since).limit(1))
                for kind in kinds
            ):
                address = {"model": model.name, "from": since.date().isoformat()}
                needs.append(Need("shutdown", "requests", address, {"model": model.title, "date": model.shutdown}))
        return needs


def disk(folder: Path) -> list[Need]:
    """Only of this machine: a bucket has no end."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    usage = shutil.disk_usage(place)
    if usage.free >= LEAST_FREE and usage.used < FULL * usage.total:
        return []
    return [Need("disk", "", params={"free": usage.free})]


def _stopped(session: Session) -> list[Need]:
    lines = session.scalars(select(Connection).where(Connection.stopped_code.is_not(None)).order_by(Connection.name))
    return [Need("stopped", "connections", params={"name": line.name, "code": line.stopped_code}) for line in lines]


def _drift(session: Session) -> list[Need]:
    """By the last comparison that somebody made."""
    query = select(AuditEntry.after).where(AuditEntry.act == COMPARED).order_by(AuditEntry.id.desc()).limit(1)
    last = session.scalar(query) or {}
    drift = last.get("drift_micros")
    if not isinstance(drift, int) or abs(drift) < DRIFT:
        return []
    days = {name: date.fromisoformat(last[key]) for name, key in (("first", "from"), ("last", "to"))}
    return [Need("drift", "ledger", {"part": "bill"}, {"drift_micros": drift, **days})]


def _spending(session: Session, now: datetime) -> list[Need]:
    """Who spends ten times their usual today. Days are those of UTC, whose sums there are."""
    today = begin("day", now)
    people = select(User.id).scalar_subquery()
    rows = session.execute(
        select(Tally.user_id, Tally.cost_micros + Tally.reserved_micros).where(
            Tally.user_id.in_(people), Tally.length == "day", Tally.since == today
        )
    )
    needs = []
    for user_id, spent in rows.all():
        if spent < FLOOR:
            continue
        usual = _usual(session, user_id, today)
        if usual is not None and spent >= TIMES * usual:
            user = session.get_one(User, user_id)
            address = {"user": user.login, "from": today.date().isoformat()}
            params = {"name": user.name, "spent_micros": spent, "usual_micros": usual}
            needs.append(Need("spending", "requests", address, params))
    return needs


def _usual(session: Session, user_id: int, today: datetime) -> int | None:
    """Micro-dollars of a day: the median of the last days on which they ordered anything."""
    days = session.scalars(
        select(Tally.cost_micros + Tally.reserved_micros)
        .where(Tally.user_id == user_id, Tally.length == "day", Tally.since < today, Tally.pictures > 0)
        .order_by(Tally.since.desc())
        .limit(ACTIVE_DAYS)
    ).all()
    return round(statistics.median(days)) if len(days) >= LEAST_DAYS else None
