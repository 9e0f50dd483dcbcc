"""What a watcher asks at any time: how things stand now, and what has been counted since the beginning."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.ledger.export import one_moment
from core.ledger.usage.days import Sums
from core.ledger.usage.kept import kept
from core.ledger.usage.reading import parts_of, read, read_open
from core.ledger.usage.rollup import Rollup
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import Attempt, Image, Improvement, Request


@dataclass(frozen=True, slots=True)
class State:
    """Micro-dollars; seconds; calls by connection and what came of them, and how long they took by bucket."""

    pictures: Mapping[str, int]
    waiting: int
    running: int
    oldest_waiting: float
    cost_micros: int
    reserved_micros: int
    risk_micros: int
    calls: Mapping[tuple[str, str, str], int]  # connection, outcome, problem
    durations: Mapping[str, Mapping[int, int]]  # connection, bucket
    seconds: Mapping[str, float]  # connection: all calls together


class States:
    def __init__(self, database: Database, sites: Sites):
        self._database = database
        self._sites = sites
        self._rollup = Rollup(database, sites)

    def now(self) -> State:
        """All numbers are of one moment."""
        self._rollup.refresh()
        with one_moment(self._database) as session:
            now, zone = self._database.now(session), self._sites.within(session).zone
            sums = _all(session, zone, now)
            oldest = session.scalar(select(func.min(Image.created_at)).where(Image.state == "queued"))
        return State(
            pictures=_by_state(sums),
            waiting=_by_state(sums).get("queued", 0),
            running=_by_state(sums).get("running", 0),
            oldest_waiting=max(0.0, (now - oldest).total_seconds()) if oldest else 0.0,
            cost_micros=_total(sums, 4),
            reserved_micros=_total(sums, 5),
            risk_micros=_total(sums, 6),
            calls={
                (name, *_split(detail)): row[0]
                for (facet, name, detail), row in sums.numbers.items()
                if facet == "call"
            },
            durations=_durations(sums),
            seconds=_seconds(sums),
        )


def _all(session: Session, zone: ZoneInfo, now: datetime) -> Sums:
    moments = (Image.created_at, Request.created_at, Attempt.started_at, Improvement.created_at)
    oldest = [moment for column in moments if (moment := session.scalar(select(func.min(column)))) is not None]
    newest = [moment for column in moments if (moment := session.scalar(select(func.max(column)))) is not None]
    if not oldest:
        return Sums()
    first = min(oldest).astimezone(zone).date()
    last = max([now.astimezone(UTC), *newest]).astimezone(zone).date() + timedelta(days=1)
    what = kept(session)
    parts = parts_of(what, zone, first, last)
    return read(session, parts, read_open(session, what, zone, parts), ("reason", "call"), ("call",))


def _by_state(sums: Sums) -> dict[str, int]:
    found: dict[str, int] = {}
    for (facet, state, _), row in sums.numbers.items():
        if facet == "reason":
            found[state] = found.get(state, 0) + row[0]
    return found


def _total(sums: Sums, place: int) -> int:
    return sum(row[place] for (facet, _, _), row in sums.numbers.items() if facet == "reason")


def _split(detail: str) -> tuple[str, str]:
    outcome, _, problem = detail.partition(":")
    return outcome, problem


def _durations(sums: Sums) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for (_, connection, bucket), (number, _) in sums.times.items():
        found.setdefault(connection, {})[bucket] = number
    return found


def _seconds(sums: Sums) -> dict[str, float]:
    found: dict[str, float] = {}
    for (_, connection, _), (_, micros) in sums.times.items():
        found[connection] = found.get(connection, 0.0) + micros / 1_000_000
    return found
