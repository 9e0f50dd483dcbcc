"""Days that are over are added up once, and again if one of their pictures changes; months that are over, from them.

The triggers note what has changed (`usage_changes`). A day with such a note counts for nothing that is kept here: until
`refresh` has added it up again it is read from its pictures. So nothing shown is ever older than the pictures.
"""

from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import Select, delete, func, insert, literal, select
from sqlalchemy.orm import Session

from core.ledger.usage.days import FACETS, MEASURES, ORDERED, Sums, add_day
from core.ledger.usage.kept import (
    COLUMNS,
    MONTH,
    ZONE,
    day_span,
    forget,
    forget_changes,
    keep,
    marker,
    month_span,
    months_kept,
    part_span,
    zone_of,
)
from core.ledger.windows import begin, midnight
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import Attempt, Image, Improvement, Request, UsageChange, UsageSum, UsageTime

ENOUGH = 3_000  # pictures that are read in one transaction, while nobody else can write


class Rollup:
    def __init__(self, database: Database, sites: Sites):
        self._database = database
        self._sites = sites

    def refresh(self) -> None:
        """Add up whatever is over and has changed; a few days or a month in each short writing transaction."""
        while self._has_changes():
            with self._database.write() as session:
                zone = self._sites.within(session).zone
                if zone_of(session) != zone.key:
                    _begin_anew(session, zone)
                today, read = _today(self._database.now(session), zone), 0
                while read < ENOUGH and (day := _oldest_change(session, today, zone)) is not None:
                    read += _keep_day(session, day, zone)
        self._add_months()

    def _has_changes(self) -> bool:
        """Also: the site has moved to another time zone, whose days are others."""
        with self._database.read() as session:
            zone = self._sites.within(session).zone
            today = _today(self._database.now(session), zone)
            return zone_of(session) != zone.key or _oldest_change(session, today, zone) is not None

    def _add_months(self) -> None:
        with self._database.read() as session:
            missing = _missing_months(session, self._today(session))
        for month in missing:
            with self._database.write() as session:
                zone = self._sites.within(session).zone
                if zone_of(session) == zone.key and month in _missing_months(session, self._today(session)):
                    _keep_month(session, month)

    def _today(self, session: Session) -> date:
        return _today(self._database.now(session), self._sites.within(session).zone)


def _today(now: datetime, zone: tzinfo) -> date:
    return now.astimezone(zone).date()


def _oldest_change(session: Session, today: date, zone: tzinfo) -> date | None:
    before = select(func.min(UsageChange.quarter)).where(UsageChange.quarter < midnight(today, zone))
    moment = session.scalar(before)
    return None if moment is None else moment.astimezone(zone).date()


def _begin_anew(session: Session, zone: ZoneInfo) -> None:
    """Nothing is kept, and every day that has something counts as changed."""
    for table in (UsageSum, UsageTime, UsageChange):
        session.execute(delete(table))
    days: dict[date, datetime] = {}
    for moment in (Image.created_at, Request.created_at, Attempt.started_at, Improvement.created_at):
        found = session.scalar(select(func.min(moment)))
        while found is not None:
            day = found.astimezone(zone).date()
            days[day] = begin("quarter", found)
            after = midnight(day + timedelta(days=1), zone)
            found = session.scalar(select(func.min(moment)).where(moment >= after))
    if days:
        session.execute(insert(UsageChange), [{"quarter": first} for first in days.values()])
    session.execute(insert(UsageSum).values(marker(ZONE, "", zone.key)))


def _keep_day(session: Session, day: date, zone: tzinfo) -> int:
    """How many pictures it has."""
    sums = Sums()
    add_day(sums, session, day, zone)
    keep(session, day_span(day), sums)
    forget(session, month_span(day))
    forget(session, part_span(day))
    forget_changes(session, midnight(day, zone), midnight(day + timedelta(days=1), zone))
    return sum(numbers[ORDERED] for (facet, _, _), numbers in sums.numbers.items() if facet == "door")


def _keep_month(session: Session, month: str) -> None:
    within = (f"{month[1:]}-01", f"{month[1:]}-31")
    days = [UsageSum.facet.in_(FACETS), UsageSum.span.between(*within)]
    keys = (UsageSum.facet, UsageSum.name, UsageSum.detail)
    sums = select(keys[0], literal(month), *keys[1:], *map(func.sum, COLUMNS)).where(*days).group_by(*keys)
    names = ["facet", "span", "name", "detail", *(column.key for column in COLUMNS)]
    session.execute(insert(UsageSum).from_select(names, sums))
    time_days = [UsageTime.measure.in_(MEASURES), UsageTime.span.between(*within)]
    time_keys = (UsageTime.measure, UsageTime.name, UsageTime.bucket)
    times = (
        select(time_keys[0], literal(month), *time_keys[1:], func.sum(UsageTime.number), func.sum(UsageTime.micros))
        .where(*time_days)
        .group_by(*time_keys)
    )
    names = ["measure", "span", "name", "bucket", "number", "micros"]
    session.execute(insert(UsageTime).from_select(names, times))
    session.execute(insert(UsageSum).values(marker(MONTH, month, "")))


def _missing_months(session: Session, today: date) -> list[str]:
    """Months that are over, of which a day is kept and no sum."""
    found = session.scalars(_months_of_days())
    return sorted({f"m{month}" for month in found if month < f"{today:%Y-%m}"} - months_kept(session))


def _months_of_days() -> Select[str]:
    month = func.substr(UsageSum.span, 1, 7)
    return select(month).where(UsageSum.facet.in_(("model", "call")), UsageSum.span < "m").distinct()
