"""Filling a fresh installation with a believable past: accounts, orders, costs, and pictures by the painter."""

import asyncio
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import islice, product
from pathlib import Path
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from core.accounts import audit
from core.demo.bulk import count_on, insert_rows, unindexed
from core.demo.history import History, Order, Picture
from core.engines.base import Job, Painting
from core.engines.connections import OPENAI
from core.engines.painter import Painter
from core.errors import Problem
from core.ledger.booking import EVERYBODY
from core.ledger.costs import CLASSES, MILLION
from core.ledger.costs import Price as Cost
from core.ledger.limits import SITE
from core.ledger.windows import LENGTHS, begin, span
from core.storage.database import Database
from core.storage.files import Files
from core.storage.tables import Attempt, Image, Limit, Price, Request, Tally, User
from core.studio.pictures import Pictures

WORDS = Path(__file__).with_name("words.toml")
WORKER = "demo" + "0" * 28
SIZES = ("1024x1024", "1536x1024", "1024x1536")
ORDERS_AT_ONCE = 5_000
PICTURES_FOR_A_DRAWING = 10  # so many rows for each picture that the painter has to draw
LARGE = 10_000  # pictures; so many are of a company and a year, fewer of a team and a month
BUDGET_STEP = 10 * MILLION

USER = ("id", "name", "login", "password", "type", "created_at")
REQUEST = (
    *("id", "user_id", "description", "created_at", "door", "connection", "model", "size", "quality", "number"),
    *("background", "output_format", "previews"),
)
IMAGE = (
    *("id", "request_id", "user_id", "image_url", "created_at", "position", "connection", "state", "seed", "worker"),
    *("started_at", "finished_at", "previews_seen", "media_type", "width", "height", "size_in_bytes", "placeholder"),
    *("has_thumbnails", "provider_request_id", "usage", "cost_micros", "reserved_micros", "counted", "price_id"),
    *("settled_at", "problem", "problem_params"),
)
ATTEMPT = ("image_id", "connection", "worker", "started_at", "finished_at", "outcome", "problem", "provider_request_id")
TALLY = ("user_id", "length", "since", "pictures", "cost_micros", "reserved_micros")


@dataclass(frozen=True, slots=True)
class Made:
    people: int
    requests: int
    pictures: int
    cost_micros: int
    budget_micros: int | None


def fill(
    database: Database, files: Files, pictures: int, people: int, days: int, zone: tzinfo, language: str = "en"
) -> Made:
    """All in one transaction, or nothing. A Problem if anybody has ordered something here already."""
    with database.read() as session:
        _refuse_unless_fresh(session)
    words = tomllib.loads(WORDS.read_text("utf-8"))[language]
    subjects = words["descriptions"][: max(3, pictures // PICTURES_FOR_A_DRAWING)]
    paintings = asyncio.run(_paint(subjects))
    with database.write() as session:
        _refuse_unless_fresh(session)
        now = database.now(session)
        past = History(_prices(session), people, [_size(place) for place in range(len(subjects))], zone)
        writing = _Writing(database, files, session, _add_people(session, words["people"], people, days, now), now)
        with unindexed(session, Request, Image, Attempt):
            writing.write(past.orders(pictures, days, now), subjects, paintings)
        budget = _set_budget(session, now, zone)
        made = Made(people, writing.requests, writing.pictures, writing.cost, budget)
        audit.record(session, now, "demo.filled", after={"pictures": made.pictures, "people": people, "days": days})
        return made


class _Writing:
    def __init__(self, database: Database, files: Files, session: Session, people: Sequence[int], now: datetime):
        self._session = session
        self._pictures = Pictures(database, files)
        self._people = people
        self._now = now
        self._tallies: dict[tuple[int, str, datetime], Counter[str]] = defaultdict(Counter)
        self._drawn: dict[int, dict[str, Any]] = {}  # by subject, what the rows of its pictures say of the file
        self.requests = self.pictures = self.cost = 0

    def write(self, orders: Iterator[Order], subjects: Sequence[str], paintings: Sequence[Painting]) -> None:
        while some := list(islice(orders, ORDERS_AT_ONCE)):
            requests, images, attempts = [], [], []
            for order in some:
                self.requests += 1
                requests.append(self._request(order, subjects[order.subject]))
                for position, picture in enumerate(order.pictures):
                    self.pictures += 1
                    images.append(self._image(order, position, picture, paintings))
                    attempts += self._attempts(picture)
                    self._count(self._people[order.person], picture)
            insert_rows(self._session, Request, REQUEST, requests)
            insert_rows(self._session, Image, IMAGE, images)
            insert_rows(self._session, Attempt, ATTEMPT, attempts)
        rows = ((*key, sums["pictures"], sums["cost"], sums["reserved"]) for key, sums in self._tallies.items())
        insert_rows(self._session, Tally, TALLY, rows)
        count_on(self._session, Request, Image, Attempt)

    def _request(self, order: Order, description: str) -> tuple[Any, ...]:
        user_id, size = self._people[order.person], _size(order.subject)
        return (
            *(self.requests, user_id, description, order.ordered, order.door, OPENAI, order.model, size, order.quality),
            *(len(order.pictures), "auto", "webp", 2),
        )

    def _image(self, order: Order, position: int, picture: Picture, paintings: Sequence[Painting]) -> tuple[Any, ...]:
        key, user_id = self.pictures, self._people[order.person]
        is_done = picture.state == "done"
        file = self._file(order.subject, paintings[order.subject]) if is_done else {}
        is_called = picture.started is not None
        return (
            *(key, self.requests, user_id, file.get("image_url"), picture.ordered, position, OPENAI, picture.state),
            *(key, WORKER if is_called else None, picture.started, picture.finished, 2 if is_done else 0),
            *(file.get(name) for name in ("media_type", "width", "height", "size_in_bytes", "placeholder")),
            *(is_done, f"req_demo{key:024x}" if is_called else None, picture.usage, picture.cost, picture.reserved),
            *(picture.counted, picture.price_id, self._settled_at(picture), picture.problem, _params(picture)),
        )

    def _settled_at(self, picture: Picture) -> datetime | None:
        return min(self._now, picture.ordered + timedelta(days=3)) if picture.settled else None

    def _file(self, subject: int, painting: Painting) -> dict[str, Any]:
        """Pictures of one subject share one file, which belongs to the first of them."""
        if subject not in self._drawn:
            self._drawn[subject] = self._pictures.keep(self.pictures, WORKER, painting)
            self._pictures.forget_scaffold(self.pictures, WORKER)
        return self._drawn[subject]

    def _attempts(self, picture: Picture) -> list[tuple[Any, ...]]:
        if picture.started is None:
            return []
        key = self.pictures
        rows: list[tuple[Any, ...]] = []
        if picture.is_refused_first:
            begun = picture.started - timedelta(seconds=11)
            ended = begun + timedelta(seconds=0.3)
            rows.append((key, OPENAI, WORKER, begun, ended, "refused", "rate_limited", None))
        request_id = f"req_demo{key:024x}"
        rows.append(
            (key, OPENAI, WORKER, picture.started, picture.finished, picture.state, picture.problem, request_id)
        )
        return rows

    def _count(self, user_id: int, picture: Picture) -> None:
        self.cost += picture.cost or 0
        for owner, length in product((EVERYBODY, user_id), LENGTHS):
            sums = self._tallies[owner, length, begin(length, picture.ordered)]
            sums["pictures"] += picture.counted
            sums["cost"] += picture.cost or 0
            sums["reserved"] += picture.reserved or 0


def _refuse_unless_fresh(session: Session) -> None:
    if session.scalar(select(Request.id).limit(1)) is not None:
        raise Problem("demo_not_fresh")


async def _paint(subjects: Sequence[str]) -> list[Painting]:
    painter, paintings = Painter(pace=0), []
    for place, description in enumerate(subjects):
        job = Job("painter", description, size=_size(place), output_format="webp", output_compression=85, seed=place)
        async for event in painter.paint(job):
            if isinstance(event, Painting):
                paintings.append(event)
    return paintings


def _size(subject: int) -> str:
    return SIZES[subject % len(SIZES)]


def _add_people(session: Session, names: Sequence[str], number: int, days: int, now: datetime) -> list[int]:
    """Accounts that nobody can sign in to: no password has this for its hash."""
    taken = set(session.scalars(select(User.login)))
    logins = (login for place in range(1, number + len(taken) + 1) if (login := f"demo-{place}") not in taken)
    rows = [
        {"name": _name(names, place), "login": login, "password": "-", "type": "user"}
        for place, login in enumerate(islice(logins, number))
    ]
    joined = now - timedelta(days=days)
    return list(
        session.scalars(
            insert(User).returning(User.id, sort_by_parameter_order=True),
            [{**row, "created_at": joined} for row in rows],
        )
    )


def _name(names: Sequence[str], place: int) -> str:
    number = place // len(names) + 1
    name = names[place % len(names)]
    return name if number == 1 else f"{name} {number}"


def _prices(session: Session) -> dict[str, list[tuple[datetime, Cost]]]:
    found: dict[str, list[tuple[datetime, Cost]]] = defaultdict(list)
    for row in session.scalars(select(Price).order_by(Price.valid_from, Price.id)):
        price = Cost(row.id, per_picture=row.per_picture, **{name: getattr(row, name) for name in CLASSES})
        found[row.model].append((row.valid_from, price))
    return found


def _params(picture: Picture) -> dict[str, Any] | None:
    params: dict[str, dict[str, Any]] = {
        "provider_failed": {"detail": "The server had an error while processing your request."},
        "blocked": {"stage": "input", "categories": []},
        "deadline_passed": {"limit": 600.0},
    }
    return params.get(picture.problem, {}) if picture.problem else None


def _set_budget(session: Session, now: datetime, zone: tzinfo) -> int | None:
    """A budget of the month that the forecast has something to be compared with, unless there is one."""
    key = {"scope": SITE, "subject": "", "kind": "dollars-per-month"}
    if session.scalar(select(Limit.value).filter_by(**key)) is not None:
        return None
    start, end = span("month", now, zone)
    spent = select(func.sum(Tally.cost_micros)).where(
        Tally.user_id == EVERYBODY, Tally.length == "quarter", Tally.since >= start
    )
    expected = int(int(session.scalar(spent) or 0) / max(0.1, (now - start) / (end - start)))
    budget = (expected * 5 // 4 // BUDGET_STEP + 1) * BUDGET_STEP
    session.add(Limit(**key, value=str(budget)))
    return budget
