"""Reading what the usage page shows of a period, all in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.ledger.usage.beginnings import LAG, read_until
from core.ledger.usage.days import NUMBERS, Sums
from core.ledger.usage.figures import Leading, Numbers, Report, Time, Total, first_of
from core.ledger.usage.forecast import forecast
from core.ledger.usage.kept import Kept
from core.ledger.usage.periods import Period, period
from core.ledger.usage.reading import by_day, parts_of, read, read_open
from core.ledger.usage.times import exact_percentile, percentile
from core.ledger.windows import midnight
from core.storage.tables import Image, User

FEW = 2_000  # pictures ordered; of so many the percentiles are exact
MEASURES = ("whole", "waiting", "drawing")
OF_PAGE = ("model", "person", "door", "hour", "reason")
OF_BEFORE = ("door", "person")


@dataclass(frozen=True, slots=True)
class Seen:
    """The moment at which somebody looks, where they are, and what is kept then."""

    now: datetime
    zone: ZoneInfo
    kept: Kept

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def period(self, kind: str, first: date | None, last: date | None) -> Period:
        return period(kind, self.now.astimezone(self.zone), first, last)

    def beginnings(self, asked: Period) -> list[tuple[date, datetime]]:
        """The days of which a period takes only a beginning, and up to when."""
        found = [(self.today, self.now - LAG)]
        if asked.before_until is not None:
            found.append((asked.before_last, until(asked.before_last, asked.before_until, self.zone)))
        return found


def until(day: date, moment: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, moment, zone).astimezone(UTC)


def make_report(session: Session, seen: Seen, asked: Period, leading: Leading | None) -> Report:
    start, end = midnight(asked.first, seen.zone), midnight(asked.last + timedelta(days=1), seen.zone)
    parts = parts_of(seen.kept, seen.zone, asked.first, asked.last)
    opened = read_open(session, seen.kept, seen.zone, parts, OF_PAGE)
    sums = read(session, parts, opened, OF_PAGE, MEASURES)
    users = session.execute(select(User.id, User.name, User.login)).all()
    people = {int(name): numbers for name, _, numbers in _facet(sums, "person")}

    def days(facet: str, names: Sequence[str] | None = None) -> dict[tuple[date, str], Numbers]:
        return _numbered(by_day(session, parts, opened, asked.first, asked.last, facet, names))

    leaders = first_of(people, *leading) if leading else []
    return Report(
        period=asked,
        total=_total(session, sums, start, end),
        before=_before(session, seen, asked),
        forecast=forecast(session, seen.now, seen.zone),
        models={(name, detail): numbers for name, detail, numbers in _facet(sums, "model")},
        people=people,
        names={user.id: user.name for user in users},
        logins={user.id: user.login for user in users},
        doors={name: numbers for name, _, numbers in _facet(sums, "door")},
        hours={(int(name), int(detail)): numbers for name, detail, numbers in _facet(sums, "hour")},
        reasons={(name, detail): numbers for name, detail, numbers in _facet(sums, "reason")},
        days=days("model"),
        leaders={(day, int(name)): numbers for (day, name), numbers in days("person", [*map(str, leaders)]).items()}
        if leaders
        else {},
        histogram={measure: _buckets(sums, measure) for measure in MEASURES},
    )


def _facet(sums: Sums, facet: str) -> list[tuple[str, str, Numbers]]:
    return [(name, detail, Numbers(*row)) for (kind, name, detail), row in sums.numbers.items() if kind == facet]


def _numbered(found: Mapping[tuple[date, str], Sequence[int]]) -> dict[tuple[date, str], Numbers]:
    return {key: Numbers(*row) for key, row in found.items() if any(row)}


def _before(session: Session, seen: Seen, asked: Period) -> Total:
    """Only what is shown of it: no breakdown, and of the times the whole."""
    first, last, zone = asked.before_first, asked.before_last, seen.zone
    start, end = midnight(first, zone), midnight(last + timedelta(days=1), zone)
    if asked.before_until is None:
        opened, parts = {}, parts_of(seen.kept, zone, first, last)
    else:
        end = until(last, asked.before_until, zone)
        opened = {last: read_until(session, seen.kept, zone, last, end, OF_BEFORE, ("whole",))}
        parts = parts_of(seen.kept, zone, first, last - timedelta(days=1))
    opened |= read_open(session, seen.kept, zone, parts, OF_BEFORE)
    return _total(session, read(session, parts, opened, OF_BEFORE, ("whole",)), start, end)


def _total(session: Session, sums: Sums, start: datetime, end: datetime) -> Total:
    rows = [numbers for _, _, numbers in _facet(sums, "door")]
    numbers = Numbers(*(sum(row[place] for row in rows) for place in range(NUMBERS)))
    people = len(_facet(sums, "person"))
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
