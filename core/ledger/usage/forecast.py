"""Where the month leads: what is spent, and for the rest of it the pace of the last whole days."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from core.ledger.booking import EVERYBODY
from core.ledger.limits import SITE
from core.ledger.windows import midnight, pieces, span
from core.storage.tables import Limit, Tally

PACE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of this month: its days; micro-dollars spent or held, expected at its end, and the site's limit, if any."""

    first: date
    last: date
    spent_micros: int
    expected_micros: int
    budget_micros: int | None


def forecast(session: Session, now: datetime, zone: tzinfo) -> Forecast:
    start, end = span("month", now, zone)
    today = midnight(now.astimezone(zone).date(), zone)
    first = select(func.min(Tally.since)).where(Tally.user_id == EVERYBODY, Tally.length == "quarter")
    budget = select(Limit.value).where(Limit.scope == SITE, Limit.subject == "", Limit.kind == "dollars-per-month")
    asked = select(_spent(start, end).scalar_subquery(), first.scalar_subquery(), budget.scalar_subquery())
    spent, begun, limit = session.execute(asked).one()
    since = max(today - timedelta(days=PACE_DAYS), begun or today)
    until = today if since < today else now
    of_late = int(session.scalar(_spent(since, until)) or 0)
    pace = of_late / max(timedelta(hours=1), until - since).total_seconds()
    expected = int(spent or 0) + round(pace * (end - now).total_seconds())
    days = start.astimezone(zone).date(), end.astimezone(zone).date() - timedelta(days=1)
    return Forecast(*days, int(spent or 0), expected, int(limit) if limit is not None else None)


def _spent(start: datetime, end: datetime) -> Select[int]:
    """Booked, or still held, as the limits count it."""
    within = [
        and_(Tally.length == length, Tally.since >= first, Tally.since < last)
        for length, first, last in pieces(start, end)
    ]
    return select(func.sum(Tally.cost_micros + Tally.reserved_micros)).where(Tally.user_id == EVERYBODY, or_(*within))
