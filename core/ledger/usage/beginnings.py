"""A day of many pictures up to some moment: kept up to a quarter of an hour before it, and read from there on.

So what a look at today costs, or at yesterday until now, depends on the last quarters of an hour and not on the day.
"""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.ledger.usage.days import FACETS, MEASURES, Sums, add_span
from core.ledger.usage.kept import (
    add_kept,
    changed_days,
    forget_changes,
    keep_part,
    part_span,
    part_until,
    zone_of,
)
from core.ledger.windows import begin, midnight
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import Image, UsageChange

LAG = timedelta(minutes=10)  # what was ordered a moment ago still changes
FEW = 200  # pictures, which are read as quickly as their sums


class Beginnings:
    def __init__(self, database: Database, sites: Sites):
        self._database = database
        self._sites = sites

    def keep(self, day: date, until: datetime) -> None:
        """Keep the sums of the day up to the last quarter of an hour before `until`, where that saves reading."""
        with self._database.read() as session:
            if not self._is_wanted(session, day, until):
                return
        with self._database.write() as session:
            if self._is_wanted(session, day, until):
                _keep(session, self._sites.within(session).zone, day, begin("quarter", until))

    def _is_wanted(self, session: Session, day: date, until: datetime) -> bool:
        zone, wanted = self._sites.within(session).zone, begin("quarter", until)
        if zone_of(session) != zone.key or wanted <= midnight(day, zone):
            return False
        kept = part_until(session, zone, day)
        if kept == wanted:
            return False
        start = midnight(day, zone) if kept is None or kept > wanted else kept
        ordered = select(Image.id).where(Image.created_at >= start, Image.created_at < wanted).limit(FEW + 1)
        return (session.scalar(select(func.count()).select_from(ordered.subquery())) or 0) > FEW


def read_until(
    session: Session,
    zone: ZoneInfo,
    day: date,
    end: datetime,
    facets: Collection[str] = FACETS,
    measures: Collection[str] = MEASURES,
) -> Sums:
    """The day up to a moment; more facets and measures than are asked for may come along."""
    sums, start = Sums(), midnight(day, zone)
    kept = part_until(session, zone, day) if zone_of(session) == zone.key else None
    if kept is not None and kept <= end:
        add_kept(sums, session, [part_span(day)], facets, measures)
        start = kept
    add_span(sums, session, start, end, zone, "call" in facets)
    return sums


def _keep(session: Session, zone: ZoneInfo, day: date, until: datetime) -> None:
    """A day that had changes before still counts as changed: it is not over, or has not been added up again."""
    start, is_changed = midnight(day, zone), bool(changed_days(session, zone, midnight(day, zone), until))
    is_changed = is_changed or session.get(UsageChange, until) is not None
    sums = read_until(session, zone, day, until)
    keep_part(session, day, sums, until)
    forget_changes(session, start, until)
    if is_changed and session.get(UsageChange, until) is None:
        session.add(UsageChange(quarter=until))
