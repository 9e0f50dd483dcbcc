"""One day of the site, added up from its pictures, requests and calls themselves.

Whatever the page shows has gone through `add_span`, either now or when the day was over. A picture belongs to the day
when it was ordered, and with it its money; a request and a call to the day when it began.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.ledger.costs import MILLION
from core.ledger.usage.times import bucket
from core.ledger.windows import midnight
from core.storage.tables import UNDER_WAY, Attempt, Image, Improvement, Request

FAILED = frozenset({"failed", "blocked", "unknown"})
FACETS = ("model", "person", "door", "hour", "reason", "call")
MEASURES = ("waiting", "drawing", "whole", "call")
ORDERED, PICTURES, FAILURES, REQUESTS, COST, RESERVED, RISK = range(7)
NUMBERS = 7
NONE = (0,) * NUMBERS
QUARTER = 900  # seconds

Key = tuple[str, str, str]  # facet, name, detail
TimeKey = tuple[str, str, int]  # measure, name, bucket


@dataclass(slots=True)
class Sums:
    """`numbers` in the order of the constants above; `times` are how many there were and their microseconds."""

    numbers: dict[Key, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * NUMBERS))
    times: dict[TimeKey, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))

    def add(self, key: Key, numbers: Iterable[int]) -> None:
        known = self.numbers.get(key)
        self.numbers[key] = [*numbers] if known is None else [a + b for a, b in zip(known, numbers, strict=True)]

    def add_time(self, key: TimeKey, number: int, micros: int) -> None:
        row = self.times[key]
        row[0] += number
        row[1] += micros


def add_day(sums: Sums, session: Session, day: date, zone: tzinfo) -> None:
    add_span(sums, session, midnight(day, zone), midnight(day + timedelta(days=1), zone), zone)


def add_span(
    sums: Sums, session: Session, start: datetime, end: datetime, zone: tzinfo, with_calls: bool = True
) -> None:
    _add_pictures(sums, session, start, end, zone)
    _add_texts(sums, session, start, end, zone)
    _add_requests(sums, session, start, end)
    if with_calls:
        _add_calls(sums, session, start, end)


def _add_pictures(sums: Sums, session: Session, start: datetime, end: datetime, zone: tzinfo) -> None:
    query = (
        select(
            Image.created_at,
            Image.started_at,
            Image.finished_at,
            Image.user_id,
            Image.state,
            Image.problem,
            Image.cost_micros,
            Image.reserved_micros,
            Request.model,
            Request.quality,
            Request.door,
        )
        .join(Request, Request.id == Image.request_id)
        .where(Image.created_at >= start, Image.created_at < end)
    )
    # Pictures that have everything in common are counted first, and then added to each facet at once.
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0, 0])
    for ordered, started, finished, user_id, state, problem, cost, held, model, quality, door in session.execute(query):
        quarter = int(ordered.timestamp()) // QUARTER
        group = groups[user_id, state, problem, model, quality, door, quarter]
        group[0] += 1
        group[1] += cost or 0
        group[2] += held or 0
        if state == "done" and started is not None and finished is not None:
            _add_time(sums, "waiting", "", started - ordered)
            _add_time(sums, "drawing", "", finished - started)
            _add_time(sums, "whole", "", finished - ordered)
    hours: dict[int, Key] = {}
    for (user_id, state, problem, model, quality, door, quarter), (number, cost, held) in groups.items():
        hour = hours.get(quarter) or hours.setdefault(quarter, _hour(quarter, zone))
        made, failed = number * (state == "done"), number * (state in FAILED)
        reserved, risk = (held, 0) if state in UNDER_WAY else (0, held)
        for key in (
            ("model", model, quality or ""),
            ("person", str(user_id), ""),
            ("door", door, ""),
            hour,
            ("reason", state, problem or ""),
        ):
            row = sums.numbers[key]
            row[ORDERED] += number
            row[PICTURES] += made
            row[FAILURES] += failed
            row[COST] += cost
            row[RESERVED] += reserved
            row[RISK] += risk


def _add_texts(sums: Sums, session: Session, start: datetime, end: datetime, zone: tzinfo) -> None:
    """What texts cost, which are no pictures and count as none."""
    query = select(
        Improvement.created_at,
        Improvement.user_id,
        Improvement.model,
        Improvement.state,
        Improvement.cost_micros,
        Improvement.reserved_micros,
    ).where(Improvement.created_at >= start, Improvement.created_at < end)
    for moment, user_id, model, state, cost, held in session.execute(query):
        row = [0] * NUMBERS
        row[COST], row[RESERVED if state == "running" else RISK] = cost or 0, held or 0
        for key in (("model", model, ""), ("person", str(user_id), ""), ("door", "pages", ""), ("reason", "text", "")):
            sums.add(key, row)
        sums.add(_hour(int(moment.timestamp()) // QUARTER, zone), row)


def _add_requests(sums: Sums, session: Session, start: datetime, end: datetime) -> None:
    query = select(Request.user_id, Request.model, Request.quality, Request.door).where(
        Request.created_at >= start, Request.created_at < end
    )
    for user_id, model, quality, door in session.execute(query):
        for key in (("model", model, quality or ""), ("person", str(user_id), ""), ("door", door, "")):
            sums.numbers[key][REQUESTS] += 1


def _add_calls(sums: Sums, session: Session, start: datetime, end: datetime) -> None:
    """A call that is still open is not added up; its end is a change of its day."""
    query = select(Attempt.connection, Attempt.outcome, Attempt.problem, Attempt.started_at, Attempt.finished_at).where(
        Attempt.started_at >= start, Attempt.started_at < end, Attempt.outcome.is_not(None)
    )
    for connection, outcome, problem, started, finished in session.execute(query):
        sums.numbers["call", connection, f"{outcome}:{problem or ''}"][ORDERED] += 1
        if finished is not None:
            _add_time(sums, "call", connection, finished - started)


def _add_time(sums: Sums, measure: str, name: str, time: timedelta) -> None:
    micros = (time.days * 86_400 + time.seconds) * MILLION + time.microseconds
    row = sums.times[measure, name, bucket(micros)]
    row[0] += 1
    row[1] += max(0, micros)


def _hour(quarter: int, zone: tzinfo) -> Key:
    """The hour of the week at the site: Monday is 0."""
    local = datetime.fromtimestamp(quarter * QUARTER, zone)
    return "hour", str(local.weekday()), f"{local.hour:02}"
