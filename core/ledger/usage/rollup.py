"""Days that are over are added up once, and again if one of their pictures changes; months that are over, from them.

The triggers note what has changed (`usage_changes`). A day with such a note counts for nothing that is kept here: until
`refresh` has added it up again it is read from its pictures. So nothing shown is ever older than the pictures.
"""

from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, literal, select, union_all
from sqlalchemy.orm import Session

from core.ledger.usage.days import FACETS, MEASURES, ORDERED, Sums, add_day
from core.ledger.usage.kept import (
    COLUMNS,
    MONTH,
    ZONE,
    Kept,
    day_span,
    forget,
    forget_changes,
    keep,
    kept,
    marker,
    month_span,
    part_span,
    zone_of,
)
from core.ledger.windows import begin, midnight
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import Attempt, Image, Improvement, Request, UsageChange, UsageSum, UsageTime

DAY = timedelta(days=1)
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
                today, read = self._today(session), 0
                while read < ENOUGH and (day := _oldest_change(session, today, zone)) is not None:
                    read += _keep_day(session, day, zone)
        self._add_months()

    def _has_changes(self) -> bool:
        """Also: the site has moved to another time zone, whose days are others."""
        with self._database.read() as session:
            zone = self._sites.within(session).zone
            return zone_of(session) != zone.key or _oldest_change(session, self._today(session), zone) is not None

    def _add_months(self) -> None:
        with self._database.read() as session:
            missing = missing_months(session, kept(session), self._today(session))
        for month in missing:
            with self._database.write() as session:
                zone, what = self._sites.within(session).zone, kept(session)
                if what.zone == zone.key and month in missing_months(session, what, self._today(session)):
                    _keep_month(session, month)

    def _today(self, session: Session) -> date:
        return self._database.now(session).astimezone(self._sites.within(session).zone).date()


def is_due(session: Session, what: Kept, zone: ZoneInfo, today: date) -> bool:
    """Whether something that is over has yet to be added up."""
    if what.zone != zone.key or (what.changes and what.changes[0] < midnight(today, zone)):
        return True
    return bool(missing_months(session, what, today))


def _oldest_change(session: Session, today: date, zone: tzinfo) -> date | None:
    before = select(func.min(UsageChange.quarter)).where(UsageChange.quarter < midnight(today, zone))
    moment = session.scalar(before)
    return None if moment is None else moment.astimezone(zone).date()


def missing_months(session: Session, what: Kept, today: date) -> list[str]:
    """Months that are over and have no sum, from the first one of which a day is kept."""
    firsts = union_all(
        *(
            select(func.min(UsageSum.span)).where(UsageSum.facet == facet, UsageSum.span < "m")
            for facet in ("model", "call")
        )
    )
    days = [date.fromisoformat(span) for span in session.scalars(firsts) if span is not None]
    month, missing = min(days, default=today).replace(day=1), []
    while month < today.replace(day=1):
        if month_span(month) not in what.months:
            missing.append(month_span(month))
        month = (month + 32 * DAY).replace(day=1)
    return missing


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
            after = midnight(day + DAY, zone)
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
    forget_changes(session, midnight(day, zone), midnight(day + DAY, zone))
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
