"""The board: where the pictures stand that a person ordered last. The page asks for it about once a second."""

import threading
import time
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session, contains_eager, selectinload

from core.engines.connections import Lane, Lanes, as_lanes
from core.storage.database import Database
from core.storage.tables import Connection, Image, Request, User

RECENT = 20  # pictures whose drawing times make the estimate
FIRST_GUESS = 20.0  # seconds, while nothing has been drawn yet
FURTHEST = 2000  # waiting pictures; those behind them are told no place yet
FRESH = 0.5  # seconds for which the pages of one process share what they say about a line
IN_LINE = ("queued", "running")
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Slot:
    """One picture as its person sees it. `place` counts from 1, `wait` and `typical` are seconds, None if unknown."""

    image: Image
    place: int | None = None
    wait: float | None = None
    typical: float | None = None
    can_retry: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """One request with a slot for each of its pictures: the latest try of each."""

    request: Request
    slots: tuple[Slot, ...]

    @property
    def is_active(self) -> bool:
        return any(slot.image.state in IN_LINE for slot in self.slots)

    @property
    def is_done(self) -> bool:
        return all(slot.image.state == "done" for slot in self.slots)


@dataclass(frozen=True, slots=True)
class Board:
    """`now` is the database's time, by which "so far" is measured; `stopped` says why a line stands still."""

    groups: tuple[Group, ...]
    stopped: dict[str, Connection]
    now: datetime
    is_active: bool  # also: something of a batch is under way, whose pictures are not in the groups


class Boards:
    def __init__(self, database: Database, lanes: Lanes | Sequence[Lane], fresh: float = FRESH):
        self.database = database
        self.lanes = as_lanes(lanes)
        self._fresh = fresh
        self._outlooks: dict[str, _Outlook] = {}
        self._turn = threading.Lock()

    def board(self, user_id: int, latest: int = 4) -> Board:
        """The last few requests of a person, and every one that is still under way; newest first. Not those of
        batches."""
        with self.database.read() as session:
            now = self.database.now(session)
            alone = (Request.user_id == user_id, Request.batch_id.is_(None))
            recent = select(Request.id).where(*alone).order_by(Request.id.desc()).limit(latest)
            active = select(Image.request_id).where(Image.user_id == user_id, Image.state.in_(IN_LINE))
            under_way = session.execute(
                select(Image.id, Image.connection, Image.state).where(
                    Image.user_id == user_id, Image.state.in_(IN_LINE)
                )
            ).all()
            requests = session.scalars(
                select(Request)
                .where(or_(Request.id.in_(recent.scalar_subquery()), Request.id.in_(active.scalar_subquery())))
                .where(*alone)
                .order_by(Request.id.desc())
                .options(selectinload(Request.images), selectinload(Request.references))
            ).all()
            waited_for = {row.connection for row in under_way if row.state == "queued"}
            stopped = self._stopped(session, waited_for)
        lines = self._lines(user_id, under_way)
        groups = tuple(Group(request, slots) for request in requests if (slots := _slots(request, lines)))
        return Board(groups, stopped, now, bool(under_way))

    def standing(self, user_id: int, images: Sequence[Image]) -> tuple[list[Slot], Board]:
        """Any pictures as they stand, without places in the line; and a board without groups to show them by."""
        with self.database.read() as session:
            now = self.database.now(session)
            ended = [image.id for image in images if image.state != "done" and image.user_id == user_id]
            tried = set(session.scalars(select(Image.retry_of).where(Image.retry_of.in_(ended)))) if ended else set()
            waited_for = {image.connection for image in images if image.state == "queued"}
            stopped = self._stopped(session, waited_for) if waited_for else {}
        open_ones = {image.id for image in images if image.id in ended and image.deleted_at is None} - tried
        slots = [_slot(image, None) if image.id in open_ones else Slot(image) for image in images]
        return slots, Board((), stopped, now, is_active=False)

    def _stopped(self, session: Session, waited_for: set[str]) -> dict[str, Connection]:
        """Every line that stands still by itself, and of those that a person waits for, also the closed ones."""
        rows = {row.name: row for row in session.scalars(select(Connection))}
        stopped = {name: row for name, row in rows.items() if row.stopped_code}
        if waited_for - set(stopped):
            closed = waited_for - set(stopped) - {lane.name for lane in self.lanes(session)}
            stopped |= {name: _closed(name, rows.get(name)) for name in closed}
        return stopped

    def under_way(self, user_id: int) -> set[int]:
        """The pictures of a person that wait or are being drawn."""
        query = select(Image.id).where(Image.user_id == user_id, Image.state.in_(IN_LINE))
        with self.database.read() as session:
            return set(session.scalars(query))

    def arrived(self, user_id: int, awaited: Collection[int]) -> Sequence[Image]:
        """Those of the awaited pictures that are done, with their requests."""
        query = (
            select(Image)
            .where(Image.user_id == user_id, Image.id.in_(awaited), Image.state == "done")
            .join(Image.request)
            .options(contains_eager(Image.request))
            .order_by(Image.id)
        )
        with self.database.read() as session:
            return session.scalars(query).all()

    def _lines(self, user_id: int, under_way: Sequence[Row[int, str, str]]) -> dict[str, "_Outlook"]:
        """`under_way`: id, connection and state of all that a person waits for."""
        queued = {row.id: row.connection for row in under_way if row.state == "queued"}
        running = [row.connection for row in under_way if row.state == "running"]
        lines = {}
        for name in set(queued.values()):
            waiting = {image_id for image_id, connection in queued.items() if connection == name}
            lines[name] = self._outlook(name, user_id, waiting, running.count(name))
        return lines

    def _outlook(self, name: str, user_id: int, waiting: set[int], running: int) -> "_Outlook":
        """One for all pages, but never one that is behind a person's own pictures."""
        with self._turn:
            found = self._outlooks.get(name)
            if found is None or found.until <= time.monotonic() or not found.fits(user_id, waiting, running):
                with self.database.read() as session:
                    found = self._outlooks[name] = self._read(session, name)
            return found

    def _read(self, session: Session, name: str) -> "_Outlook":
        running = select(Image.user_id, func.count()).where(Image.connection == name, Image.state == "running")
        in_hand = {user_id: number for user_id, number in session.execute(running.group_by(Image.user_id))}  # noqa: C416
        queued = session.execute(
            select(Image.user_id, Image.id, User.served_at)
            .join(User, User.id == Image.user_id)
            .where(Image.connection == name, Image.state == "queued")
            .order_by(Image.id)
            .limit(FURTHEST)
        ).all()
        line = [Waiting(*row) for row in queued]
        of_each: dict[int, set[int]] = defaultdict(set)
        for one in line:
            of_each[one.user_id].add(one.image_id)
        places = places_in_line(line, in_hand)
        until = time.monotonic() + self._fresh
        lane = next((lane for lane in self.lanes(session) if lane.name == name), None)
        return _Outlook(places, of_each, in_hand, _typical(session, name), lane, until)


def _closed(name: str, row: Connection | None) -> Connection:
    """Why pictures wait for a connection that is not open, said as if the line had stopped by itself."""
    if row is not None and row.paused_at is not None:
        return Connection(name=name, stopped_code="connection_paused")
    if row is not None and row.kind is not None:
        return Connection(name=name, stopped_code="connection_key_unreadable")
    return Connection(name=name, stopped_code="connection_gone")


@dataclass(frozen=True, slots=True)
class _Outlook:
    """A line as it stood a moment ago. It is good until the monotonic clock says `until`."""

    places: Mapping[int, int]
    waiting: Mapping[int, set[int]]
    in_hand: Mapping[int, int]
    typical: float
    lane: Lane | None
    until: float

    def fits(self, user_id: int, waiting: set[int], running: int) -> bool:
        """Whether it knows the person's pictures as they are; those beyond the last place it cannot know."""
        known = self.waiting.get(user_id, set())
        is_whole = len(self.places) < FURTHEST
        return self.in_hand.get(user_id, 0) == running and (known == waiting if is_whole else known <= waiting)

    def wait(self, place: int) -> float | None:
        """Seconds until the drawing begins: by the pictures at once, and by the pictures per minute."""
        if self.lane is None:
            return None
        rounds = max(0, sum(self.in_hand.values()) + place - self.lane.at_once)
        by_places = self.typical * -(-rounds // self.lane.at_once)
        by_rate = self.lane.window * ((place - 1) // self.lane.per_window) if self.lane.per_window else 0.0
        return max(by_places, by_rate)


class Waiting(NamedTuple):
    user_id: int
    image_id: int
    served_at: datetime | None


def places_in_line(queued: Sequence[Waiting], in_hand: Mapping[int, int]) -> dict[int, int]:
    """The order in which the line serves: fewest in hand, then served longest ago, then the oldest picture.

    `queued` is in the order of the pictures' ids.
    """
    first: dict[int, Waiting] = {}
    for one in queued:
        first.setdefault(one.user_id, one)
    by_patience = sorted(first.values(), key=lambda one: (one.served_at or NEVER, one.image_id))
    patience = {one.user_id: rank for rank, one in enumerate(by_patience)}
    turns = dict(in_hand)
    order = []
    for one in queued:
        turn = turns.get(one.user_id, 0)
        turns[one.user_id] = turn + 1
        order.append((turn, patience[one.user_id], one.image_id))
    return {image_id: place for place, (_, _, image_id) in enumerate(sorted(order), start=1)}


def _typical(session: Session, connection: str) -> float:
    """The median drawing time of the last pictures of a connection, in seconds."""
    rows = session.execute(
        select(Image.started_at, Image.finished_at)
        .where(Image.connection == connection, Image.state == "done", Image.started_at.is_not(None))
        .order_by(Image.id.desc())
        .limit(RECENT)
    ).all()
    seconds = sorted((end - start) / timedelta(seconds=1) for start, end in rows if start and end)
    return seconds[len(seconds) // 2] if seconds else FIRST_GUESS


def _slots(request: Request, lines: dict[str, _Outlook]) -> tuple[Slot, ...]:
    retried = {image.retry_of for image in request.images}
    latest = [image for image in request.images if image.id not in retried and image.deleted_at is None]
    return tuple(_slot(image, lines.get(image.connection)) for image in sorted(latest, key=lambda it: it.position))


def _slot(image: Image, line: _Outlook | None) -> Slot:
    if image.state == "queued" and line is not None:
        place = line.places.get(image.id)
        return Slot(image, place, line.wait(place) if place else None, line.typical)
    return Slot(image, can_retry=image.state in ("failed", "blocked", "unknown", "cancelled"))
