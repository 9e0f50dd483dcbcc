"""Usage: everything that the administrator's first page shows of a period, beside the period before."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from core.accounts import audit
from core.acting import Actor
from core.ledger.booking import EVERYBODY
from core.ledger.export import one_moment
from core.ledger.limits import SITE
from core.ledger.usage.beginnings import LAG, Beginnings, read_until
from core.ledger.usage.days import NUMBERS, Sums
from core.ledger.usage.periods import Period, period
from core.ledger.usage.reading import by_day, parts_of, read, read_open
from core.ledger.usage.rollup import Rollup
from core.ledger.usage.times import exact_percentile, percentile
from core.ledger.windows import midnight, pieces, span
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import Image, Limit, Tally, User

PACE_DAYS = 7  # of the forecast
FEW = 2_000  # pictures ordered; of so many the percentiles are exact
MEASURES = ("whole", "waiting", "drawing")
OF_PAGE = ("model", "person", "door", "hour", "reason")
OF_BEFORE = ("door", "person")


class Numbers(NamedTuple):
    """`ordered` are all pictures asked for, `pictures` those that were made, `failed` those that ended without one.

    Micro-dollars: booked; reserved while they are under way; at risk, because nobody knows whether they were billed.
    """

    ordered: int = 0
    pictures: int = 0
    failed: int = 0
    requests: int = 0
    cost_micros: int = 0
    reserved_micros: int = 0
    risk_micros: int = 0

    @property
    def share_failed(self) -> float | None:
        """Of those that ended, cancelled ones left out."""
        ended = self.pictures + self.failed
        return self.failed / ended if ended else None


class Time(NamedTuple):
    """Seconds; None if there was nothing."""

    median: float | None
    percentile_95: float | None


@dataclass(frozen=True, slots=True)
class Total:
    numbers: Numbers
    people: int  # who ordered something
    times: Mapping[str, Time]  # by MEASURES


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of this month: micro-dollars spent or held, expected at its end, and the site's limit, if there is one."""

    spent_micros: int
    expected_micros: int
    budget_micros: int | None


@dataclass(frozen=True, slots=True)
class Report:
    period: Period
    total: Total
    before: Total
    forecast: Forecast
    models: Mapping[tuple[str, str], Numbers]  # by model and quality
    people: Mapping[int, Numbers]
    names: Mapping[int, str]
    logins: Mapping[int, str]
    doors: Mapping[str, Numbers]
    hours: Mapping[tuple[int, int], Numbers]  # by day of the week, Monday is 0, and hour
    reasons: Mapping[tuple[str, str], Numbers]  # by state and problem
    days: Mapping[tuple[date, str], Numbers]  # by day and model
    histogram: Mapping[str, Mapping[int, int]]  # by measure: how many in which bucket


class Usage:
    def __init__(self, database: Database, sites: Sites):
        self._database = database
        self._sites = sites
        self.rollup = Rollup(database, sites)
        self._beginnings = Beginnings(database, sites)

    def tidy(self) -> None:
        """Add up what is over, and what today has so far, so that whoever looks at it need not wait."""
        self.rollup.refresh()
        with self._database.read() as session:
            now, zone = self._database.now(session), self._sites.within(session).zone
        self._keep_today(now, zone)

    def today(self) -> date:
        with self._database.read() as session:
            return self._database.now(session).astimezone(self._sites.within(session).zone).date()

    def report(self, kind: str, first: date | None = None, last: date | None = None) -> Report:
        """Of a kind of `periods.KINDS`; all numbers are of one moment."""
        self.rollup.refresh()
        with self._database.read() as session:
            now, zone = self._database.now(session), self._sites.within(session).zone
        asked = period(kind, now.astimezone(zone), first, last)
        self._keep_today(now, zone)
        if asked.before_until is not None:
            self._beginnings.keep(asked.before_last, _until(asked.before_last, asked.before_until, zone))
        with one_moment(self._database) as session:
            start, end = midnight(asked.first, zone), midnight(asked.last + timedelta(days=1), zone)
            parts = parts_of(session, zone, asked.first, asked.last)
            opened = read_open(session, zone, parts, OF_PAGE)
            sums = read(session, parts, opened, OF_PAGE, MEASURES)
            users = session.execute(select(User.id, User.name, User.login)).all()
            return Report(
                period=asked,
                total=_total(session, sums, start, end),
                before=_before(session, zone, asked),
                forecast=_forecast(session, now, zone),
                models={(name, detail): numbers for name, detail, numbers in _facet(sums, "model")},
                people={int(name): numbers for name, _, numbers in _facet(sums, "person")},
                names={user.id: user.name for user in users},
                logins={user.id: user.login for user in users},
                doors={name: numbers for name, _, numbers in _facet(sums, "door")},
                hours={(int(name), int(detail)): numbers for name, detail, numbers in _facet(sums, "hour")},
                reasons={(name, detail): numbers for name, detail, numbers in _facet(sums, "reason")},
                days=_numbered(by_day(session, parts, opened, asked.first, asked.last, "model")),
                histogram={measure: _buckets(sums, measure) for measure in MEASURES},
            )

    def days_of_people(self, asked: Period, user_ids: Sequence[int]) -> dict[tuple[date, int], Numbers]:
        """By day, of some people."""
        with one_moment(self._database) as session:
            zone = self._sites.within(session).zone
            parts = parts_of(session, zone, asked.first, asked.last)
            opened = read_open(session, zone, parts, OF_PAGE)
            names = [str(user_id) for user_id in user_ids]
            found = by_day(session, parts, opened, asked.first, asked.last, "person", names)
        return {(day, int(name)): numbers for (day, name), numbers in _numbered(found).items()}

    def _keep_today(self, now: datetime, zone: ZoneInfo) -> None:
        self._beginnings.keep(now.astimezone(zone).date(), now - LAG)

    def note_export(self, file: str, who: Actor) -> None:
        """Record that somebody takes a table of the page with them."""
        with self._database.write() as session:
            audit.record(session, self._database.now(session), "usage.exported", file, who=who)


def _facet(sums: Sums, facet: str) -> list[tuple[str, str, Numbers]]:
    return [(name, detail, Numbers(*row)) for (kind, name, detail), row in sums.numbers.items() if kind == facet]


def _numbered(found: Mapping[tuple[date, str], Sequence[int]]) -> dict[tuple[date, str], Numbers]:
    return {key: Numbers(*row) for key, row in found.items() if any(row)}


def _before(session: Session, zone: ZoneInfo, asked: Period) -> Total:
    """Only what is shown of it: no breakdown, and of the times the whole."""
    first, last = asked.before_first, asked.before_last
    start, end = midnight(first, zone), midnight(last + timedelta(days=1), zone)
    if asked.before_until is None:
        opened, parts = {}, parts_of(session, zone, first, last)
    else:
        end = _until(last, asked.before_until, zone)
        opened = {last: read_until(session, zone, last, end, OF_BEFORE, ("whole",))}
        parts = parts_of(session, zone, first, last - timedelta(days=1))
    sums = read(session, parts, opened | read_open(session, zone, parts, OF_BEFORE), OF_BEFORE, ("whole",))
    return _total(session, sums, start, end)


def _until(day: date, until: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, until, zone).astimezone(UTC)


def _total(session: Session, sums: Sums, start: datetime, end: datetime) -> Total:
    rows = [numbers for _, _, numbers in _facet(sums, "door")]
    numbers = Numbers(*(sum(row[place] for row in rows) for place in range(NUMBERS)))
    people = sum(1 for _, _, row in _facet(sums, "person") if row.ordered or row.requests)
    if numbers.ordered <= FEW:
        return Total(numbers, people, _exact_times(session, start, end))
    buckets = {measure: _buckets(sums, measure) for measure in MEASURES}
    return Total(
        numbers, people, {name: Time(percentile(found, 50), percentile(found, 95)) for name, found in buckets.items()}
    )


def _exact_times(session: Session, start: datetime, end: datetime) -> dict[str, Time]:
    # The state is looked at here: asked for it, SQLite would read all pictures in it, whenever they were ordered.
    query = select(Image.created_at, Image.started_at, Image.finished_at, Image.state).where(
        Image.created_at >= start, Image.created_at < end
    )
    spans: dict[str, list[timedelta]] = {measure: [] for measure in MEASURES}
    for ordered, started, finished, state in session.execute(query):
        if state == "done" and started is not None and finished is not None:
            for measure, time in zip(
                MEASURES, (finished - ordered, started - ordered, finished - started), strict=True
            ):
                spans[measure].append(time)
    found = {}
    for measure, times in spans.items():
        seconds = sorted(time.total_seconds() for time in times)
        found[measure] = Time(exact_percentile(seconds, 50), exact_percentile(seconds, 95))
    return found


def _buckets(sums: Sums, measure: str) -> dict[int, int]:
    return {bucket: number for (kind, _, bucket), (number, _) in sums.times.items() if kind == measure}


def _forecast(session: Session, now: datetime, zone: tzinfo) -> Forecast:
    """What is spent, and for the rest of the month the pace of the last whole days."""
    start, end = span("month", now, zone)
    today = midnight(now.astimezone(zone).date(), zone)
    spent = _spent(session, start, end)
    begun = session.scalar(select(func.min(Tally.since)).where(Tally.user_id == EVERYBODY, Tally.length == "quarter"))
    since = max(today - timedelta(days=PACE_DAYS), begun or today)
    until = today if since < today else now
    pace = _spent(session, since, until) / max(timedelta(hours=1), until - since).total_seconds()
    limit = session.scalar(
        select(Limit.value).where(Limit.scope == SITE, Limit.subject == "", Limit.kind == "dollars-per-month")
    )
    expected = spent + round(pace * (end - now).total_seconds())
    return Forecast(spent, expected, int(limit) if limit is not None else None)


def _spent(session: Session, start: datetime, end: datetime) -> int:
    """Booked, or still held, as the limits count it."""
    within = [
        and_(Tally.length == length, Tally.since >= first, Tally.since < last)
        for length, first, last in pieces(start, end)
    ]
    query = select(func.sum(Tally.cost_micros + Tally.reserved_micros)).where(Tally.user_id == EVERYBODY, or_(*within))
    return int(session.scalar(query) or 0)
