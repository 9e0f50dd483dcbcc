"""The sums that are kept: of days and months that are over, and of a day up to some moment; how they are written down.

`span` says of what: "2026-11-30", "m2026-11", or "p20261130" for a part of that day. A few rows tell about the others:
whose time zone the days are of, which months there are, and up to when a part reaches.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from core.ledger.usage.days import FACETS, MEASURES, Sums
from core.ledger.windows import midnight
from core.storage.tables import UsageChange, UsageSum, UsageTime

ZONE, MONTH, PART = "zone", "month", "part"  # facets of rows that say something about the others
COLUMNS = (
    UsageSum.ordered,
    UsageSum.pictures,
    UsageSum.failed,
    UsageSum.requests,
    UsageSum.cost_micros,
    UsageSum.reserved_micros,
    UsageSum.risk_micros,
)


def day_span(day: date) -> str:
    return day.isoformat()


def month_span(day: date) -> str:
    return f"m{day:%Y-%m}"


def part_span(day: date) -> str:
    return f"p{day:%Y%m%d}"


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is at some moment: whose days, which months, up to when parts reach, and what has changed since."""

    zone: str | None
    months: frozenset[str]
    parts: Mapping[str, datetime]
    changes: Sequence[datetime]

    def changed(self, start: datetime, end: datetime) -> list[datetime]:
        """The quarters between two moments in which something has changed since it was added up."""
        return [quarter for quarter in self.changes if start <= quarter < end]

    def changed_days(self, zone: tzinfo, first: date, last: date) -> set[date]:
        changed = self.changed(midnight(first, zone), midnight(last + timedelta(days=1), zone))
        return {quarter.astimezone(zone).date() for quarter in changed}

    def part_until(self, zone: tzinfo, day: date) -> datetime | None:
        """Up to when sums of a part of the day are kept that still hold."""
        until = self.parts.get(part_span(day))
        return until if until is not None and not self.changed(midnight(day, zone), until) else None


def kept(session: Session) -> Kept:
    markers = select(UsageSum.facet, UsageSum.span, UsageSum.name).where(UsageSum.facet.in_((ZONE, MONTH, PART)))
    rows = session.execute(markers).all()
    return Kept(
        zone=next((name for facet, _, name in rows if facet == ZONE), None),
        months=frozenset(span for facet, span, _ in rows if facet == MONTH),
        parts={span: datetime.fromisoformat(name) for facet, span, name in rows if facet == PART},
        changes=session.scalars(select(UsageChange.quarter).order_by(UsageChange.quarter)).all(),
    )


def zone_of(session: Session) -> str | None:
    """The time zone whose days are kept."""
    return session.scalar(select(UsageSum.name).where(UsageSum.facet == ZONE))


def add_kept(
    sums: Sums,
    session: Session,
    spans: Collection[str],
    facets: Collection[str] = FACETS,
    measures: Collection[str] = MEASURES,
) -> None:
    """All that is kept of several spans together."""
    keys = (UsageSum.facet, UsageSum.name, UsageSum.detail)
    within = [UsageSum.facet.in_(facets), UsageSum.span.in_(spans)]
    for row in session.execute(select(*keys, *map(func.sum, COLUMNS)).where(*within).group_by(*keys)):
        sums.add((row[0], row[1], row[2]), [int(number) for number in row[3:]])
    times = (UsageTime.measure, UsageTime.name, UsageTime.bucket)
    lasting = (func.sum(UsageTime.number), func.sum(UsageTime.micros))
    for measure, name, bucket, number, micros in session.execute(
        select(*times, *lasting).where(UsageTime.measure.in_(measures), UsageTime.span.in_(spans)).group_by(*times)
    ):
        sums.add_time((measure, name, bucket), int(number), int(micros))


def keep(session: Session, span: str, sums: Sums) -> None:
    """In place of whatever is kept of it."""
    forget(session, span)
    names = [column.key for column in COLUMNS]
    rows = [
        {"facet": facet, "span": span, "name": name, "detail": detail, **dict(zip(names, numbers, strict=True))}
        for (facet, name, detail), numbers in sums.numbers.items()
    ]
    if rows:
        session.execute(insert(UsageSum), rows)
    times = [
        {"measure": measure, "span": span, "name": name, "bucket": bucket, "number": number, "micros": micros}
        for (measure, name, bucket), (number, micros) in sums.times.items()
    ]
    if times:
        session.execute(insert(UsageTime), times)


def keep_part(session: Session, day: date, sums: Sums, until: datetime) -> None:
    keep(session, part_span(day), sums)
    session.execute(insert(UsageSum).values(marker(PART, part_span(day), until.isoformat())))


def forget(session: Session, span: str) -> None:
    facets = (*FACETS, MONTH, PART)
    session.execute(delete(UsageSum).where(UsageSum.facet.in_(facets), UsageSum.span == span))
    session.execute(delete(UsageTime).where(UsageTime.measure.in_(MEASURES), UsageTime.span == span))


def forget_changes(session: Session, start: datetime, end: datetime) -> None:
    session.execute(delete(UsageChange).where(UsageChange.quarter >= start, UsageChange.quarter < end))


def marker(facet: str, span: str, name: str) -> dict[str, Any]:
    numbers = dict.fromkeys((column.key for column in COLUMNS), 0)
    return {"facet": facet, "span": span, "name": name, "detail": "", **numbers}
