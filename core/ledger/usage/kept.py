"""The sums that are kept: of days and months that are over, and of a day up to some moment; how they are written down.

`span` says of what: "2026-11-30", "m2026-11", or "p20261130" for a part of that day. A few rows tell about the others:
whose time zone the days are of, which months there are, and up to when a part reaches.
"""

from collections.abc import Collection
from datetime import date, datetime, tzinfo
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


def zone_of(session: Session) -> str | None:
    """The time zone whose days are kept."""
    return session.scalar(select(UsageSum.name).where(UsageSum.facet == ZONE))


def months_kept(session: Session) -> set[str]:
    return set(session.scalars(select(UsageSum.span).where(UsageSum.facet == MONTH)))


def changed_days(session: Session, zone: tzinfo, start: datetime, end: datetime) -> set[date]:
    """The days between two moments in which something has changed since they were added up."""
    query = select(UsageChange.quarter).where(UsageChange.quarter >= start, UsageChange.quarter < end)
    return {moment.astimezone(zone).date() for moment in session.scalars(query)}


def part_until(session: Session, zone: tzinfo, day: date) -> datetime | None:
    """Up to when sums of a part of the day are kept that still hold."""
    name = session.scalar(select(UsageSum.name).where(UsageSum.facet == PART, UsageSum.span == part_span(day)))
    if name is None:
        return None
    until = datetime.fromisoformat(name)
    changed = select(UsageChange.quarter).where(UsageChange.quarter >= midnight(day, zone), UsageChange.quarter < until)
    return until if session.scalar(changed.limit(1)) is None else None


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
