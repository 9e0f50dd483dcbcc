"""A day of many pictures up to some moment: kept up to a quarter of an hour before it, and read from there on.

So what a look at today costs, or at yesterday until now, depends on the last quarters of an hour and not on the day.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.ledger.usage.days import FACETS, MEASURES, Sums, add_span
from core.ledger.usage.kept import Kept, add_kept, forget, forget_changes, keep_part, kept, part_span
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

    def keep(self, days: Mapping[date, datetime]) -> None:
        """Keep the sums of each day up to the last quarter of an hour before its moment, where that saves reading."""
        with self._database.read() as session:
            what, zone = kept(session), self._sites.within(session).zone
            due = [day for day, until in days.items() if is_due(session, what, zone, day, until)]
        for day in due:
            with self._database.write() as session:
                what, zone = kept(session), self._sites.within(session).zone
                if is_due(session, what, zone, day, days[day]):
                    _keep(session, what, zone, day, begin("quarter", days[day]))

    def forget_others(self, days: Collection[date]) -> None:
        """Beginnings of other days, which nobody is likely to ask for any more."""
        spans = {part_span(day) for day in days}
        with self._database.read() as session:
            others = kept(session).parts.keys() - spans
        if others:
            with self._database.write() as session:
                for other in others:
                    forget(session, other)


def is_due(session: Session, what: Kept, zone: ZoneInfo, day: date, until: datetime) -> bool:
    """Whether so much was ordered since what is kept of the day that keeping more of it saves reading."""
    wanted = begin("quarter", until)
    if what.zone != zone.key or wanted <= midnight(day, zone):
        return False
    reaches = what.part_until(zone, day)
    if reaches == wanted:
        return False
    start = midnight(day, zone) if reaches is None or reaches > wanted else reaches
    ordered = select(Image.id).where(Image.created_at >= start, Image.created_at < wanted).limit(FEW + 1)
    return (session.scalar(select(func.count()).select_from(ordered.subquery())) or 0) > FEW


def read_until(
    session: Session,
    what: Kept,
    zone: ZoneInfo,
    day: date,
    end: datetime,
    facets: Collection[str] = FACETS,
    measures: Collection[str] = MEASURES,
) -> Sums:
    """The day up to a moment; more facets and measures than are asked for may come along."""
    sums, start = Sums(), midnight(day, zone)
    reaches = what.part_until(zone, day) if what.zone == zone.key else None
    if reaches is not None and reaches <= end:
        add_kept(sums, session, [part_span(day)], facets, measures)
        start = reaches
    add_span(sums, session, start, end, zone, "call" in facets)
    return sums


def _keep(session: Session, what: Kept, zone: ZoneInfo, day: date, until: datetime) -> None:
    """A day that had changes before still counts as changed: it is not over, or has not been added up again."""
    start = midnight(day, zone)
    sums = read_until(session, what, zone, day, until)
    keep_part(session, day, sums, until)
    forget_changes(session, start, until)
    if what.changed(start, until) and until not in what.changes:
        session.add(UsageChange(quarter=until))
