"""Sums of a period: what is kept of days that are over, and the pictures themselves of those that are not."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.ledger.usage.beginnings import read_until
from core.ledger.usage.days import FACETS, MEASURES, NONE, Sums
from core.ledger.usage.kept import COLUMNS, Kept, add_kept, day_span, month_span
from core.ledger.windows import midnight
from core.storage.tables import UsageSum


@dataclass(frozen=True, slots=True)
class Parts:
    """What a period is put together from: `months` and `days` that are kept, and `open` days to be read."""

    months: tuple[str, ...]
    days: tuple[str, ...]
    open: tuple[date, ...]


def parts_of(what: Kept, zone: ZoneInfo, first: date, last: date) -> Parts:
    if what.zone != zone.key:  # the days that are kept are those of another zone
        return Parts((), (), tuple(_days(first, last)))
    changed = what.changed_days(zone, first, last)
    kept = what.months - {month_span(day) for day in changed}
    months, days = [], []
    day = first
    while day <= last:
        after = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
        if day.day == 1 and after - timedelta(days=1) <= last and month_span(day) in kept:
            months.append(month_span(day))
            day = after
            continue
        if day not in changed:
            days.append(day_span(day))
        day += timedelta(days=1)
    return Parts(tuple(months), tuple(days), tuple(sorted(changed)))


def read_open(
    session: Session, what: Kept, zone: ZoneInfo, parts: Parts, facets: Collection[str] = FACETS
) -> dict[date, Sums]:
    return {
        day: read_until(session, what, zone, day, midnight(day + timedelta(days=1), zone), facets) for day in parts.open
    }


def read(
    session: Session,
    parts: Parts,
    opened: dict[date, Sums],
    facets: Collection[str] = FACETS,
    measures: Collection[str] = MEASURES,
) -> Sums:
    """The sums of a period; `opened` are those of its open days."""
    total, spans = Sums(), [*parts.months, *parts.days]
    if spans:
        add_kept(total, session, spans, facets, measures)
    for sums in opened.values():
        for key, numbers in sums.numbers.items():
            if key[0] in facets:
                total.add(key, numbers)
        for time_key, (number, micros) in sums.times.items():
            if time_key[0] in measures:
                total.add_time(time_key, number, micros)
    return total


def by_day(
    session: Session,
    parts: Parts,
    opened: dict[date, Sums],
    first: date,
    last: date,
    facet: str,
    names: Sequence[str] | None = None,
) -> dict[tuple[date, str], list[int]]:
    """The numbers of each day and each name of a facet. `names`: only of these."""
    within = [UsageSum.facet == facet, UsageSum.span.between(day_span(first), day_span(last))]
    if names is not None:
        within.append(UsageSum.name.in_(names))
    found: dict[tuple[date, str], list[int]] = {}
    if parts.months or parts.days:
        keys = (UsageSum.span, UsageSum.name)
        for span, name, *numbers in session.execute(
            select(*keys, *map(func.sum, COLUMNS)).where(*within).group_by(*keys)
        ):
            day = date.fromisoformat(span)
            if day not in opened:
                found[day, name] = [int(number) for number in numbers]
    for day, sums in opened.items():
        for (kind, name, _), numbers in sums.numbers.items():
            if kind == facet and (names is None or name in names):
                before = found.get((day, name), NONE)
                found[day, name] = [a + b for a, b in zip(before, numbers, strict=True)]
    return found


def _days(first: date, last: date) -> Iterator[date]:
    for step in range((last - first).days + 1):
        yield first + timedelta(days=step)
