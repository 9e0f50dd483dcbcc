"""Batches: several descriptions, one on each line, that are accepted together or not at all.

A pause is the state "paused" of what waits, so the line needs to know nothing of it, and a restart changes nothing.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.orm import Session, contains_eager

from core.catalog.catalog import Catalog, Model
from core.errors import Problem
from core.ledger.booking import book
from core.ledger.estimates import Estimate, sum_of
from core.storage.database import Database
from core.storage.tables import UNDER_WAY, WAITING, Batch, Image, Request
from core.studio.entries import check_owner, choices_of, insert_request, is_own, sizes_of
from core.studio.gallery import LARGEST_ID
from core.studio.orders import Order, completed, fingerprint
from core.studio.requests import Requests
from core.studio.texts import storable

MOST_LINES = 100
MOST_SHOWN = 60  # pictures of a batch on the page
MISSING = ("failed", "blocked", "cancelled")  # of which nobody doubts that they were not made
FAILED = ("failed", "blocked", "unknown")
END_OF_LINE = re.compile(r"\r\n|\r|\n")
ABOUT_A_LINE = ("description_missing", "description_too_long")


@dataclass(frozen=True, slots=True)
class Line:
    """A description and the number of its line, as its person counts them."""

    number: int
    description: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a batch stands, by the latest try of each picture. Micro-dollars are of all tries.

    `images` come with their requests, in the order of the lines: as many as are shown.
    """

    batch: Batch
    images: Sequence[Image]
    states: Mapping[str, int]
    cost_micros: int
    reserved_micros: int
    has_unpriced: bool
    is_newest: bool

    def number(self, *states: str) -> int:
        return sum(self.states.get(state, 0) for state in states)

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def is_open(self) -> bool:
        return self.number(*UNDER_WAY) > 0

    @property
    def is_paused(self) -> bool:
        return self.number("paused") > 0

    @property
    def is_shown(self) -> bool:
        """As long as it has something to say."""
        return self.is_open or (self.batch.closed_at is None and (self.is_newest or self.number(*FAILED) > 0))


class Batches:
    def __init__(self, database: Database, catalog: Catalog, requests: Requests):
        self.database = database
        self.catalog = catalog
        self.requests = requests

    def submit(self, user_id: int, order: Order, lines: Sequence[Line]) -> int:
        """Order each line with the choices of `order`, all or none of them, in one transaction; the batch's id."""
        _check_number(lines)
        with self.database.write() as session:
            now = self.database.now(session)
            check_owner(order, user_id)
            rows, orders = self._rows(session, user_id, order, lines, now)
            new = insert(Batch).values(user_id=user_id, created_at=now).returning(Batch.id)
            batch_id: int = session.execute(new).scalar_one()
            shared: dict[str, Any] = {"batch_id": batch_id, "token_id": None}
            if not is_own(session, user_id, order.parent_id):
                shared |= {"parent_id": None, "relation": None}
            ledger, requests = self.requests.ledger, [choices_of(row) for row in rows]
            found = ledger.check_all(session, user_id, requests, sizes_of(order.references), now)
            held = ledger.hold_all(session, user_id, found, now)
            for row, one, reserved in zip(rows, orders, held, strict=True):
                insert_request(session, {**row, **shared}, one, reserved)
        self.requests.wake()
        return batch_id

    def estimate(self, user_id: int, order: Order, lines: Sequence[Line]) -> Estimate:
        """What all may cost together at most; a Problem if one of them cannot be ordered. Nothing is stored."""
        _check_number(lines)
        with self.database.read() as session:
            rows, _ = self._rows(session, user_id, order, lines, self.database.now(session))
        found = self.requests.ledger.estimate_all([choices_of(row) for row in rows], sizes_of(order.references))
        number = sum(one.number for one in found)
        return Estimate(sum_of(found), None, number, found[0].tokens, found[0].is_bound)

    def known(self, user_id: int, order: Order, lines: Sequence[Line]) -> list[Line]:
        """The lines whose picture this person has already, or has ordered; a Problem as for `submit`."""
        _check_number(lines)
        model, today = self.catalog.get(order.model), self.requests.today()
        prints = {line: fingerprint(_completed(order, line, model, today)) for line in lines}
        query = (
            select(Request.fingerprint)
            .join(Image, Image.request_id == Request.id)
            .where(Request.user_id == user_id, Request.fingerprint.in_(set(prints.values())))
            .where(Image.state.in_(("done", *UNDER_WAY)), Image.deleted_at.is_(None))
        )
        with self.database.read() as session:
            found = set(session.scalars(query))
        return [line for line in lines if prints[line] in found]

    def shown(self, user_id: int) -> list[Progress]:
        """The batches of a person that have something to say, the newest first."""
        own = select(Batch).where(Batch.user_id == user_id)
        newest = select(func.max(Request.id)).where(Request.user_id == user_id)
        batch_of = select(Request.batch_id).where(Request.id == newest.scalar_subquery())
        open_ones = (
            select(Request.batch_id)
            .join(Image, Image.request_id == Request.id)
            .where(Image.user_id == user_id, Image.state.in_(UNDER_WAY), Request.batch_id.is_not(None))
        )
        with self.database.read() as session:
            latest = session.scalar(own.order_by(Batch.id.desc()).limit(1))
            if latest is None:
                return []
            newest_batch = session.scalar(batch_of)
            others = own.where(Batch.id.in_(open_ones.scalar_subquery()), Batch.id != latest.id)
            batches = [latest, *session.scalars(others.order_by(Batch.id.desc()))]
            found = [_progress(session, batch, batch.id == newest_batch) for batch in batches]
        return [progress for progress in found if progress.is_shown]

    def progress(self, user_id: int, batch_id: int) -> Progress:
        """Where one batch stands."""
        with self.database.read() as session:
            return _progress(session, _own(session, user_id, batch_id), False)

    def pause(self, user_id: int, batch_id: int) -> None:
        """What waits is not begun any more; what is being drawn is finished. What is reserved stays reserved."""
        with self.database.write() as session:
            batch = _own(session, user_id, batch_id)
            if batch.paused_at is None:
                batch.paused_at = self.database.now(session)
                _move(session, batch_id, "queued", "paused")

    def resume(self, user_id: int, batch_id: int) -> None:
        with self.database.write() as session:
            _own(session, user_id, batch_id).paused_at = None
            _move(session, batch_id, "paused", "queued")
        self.requests.wake()

    def cancel(self, user_id: int, batch_id: int) -> None:
        """Take what waits out of the line, and give back what it had reserved."""
        with self.database.write() as session:
            batch, now = _own(session, user_id, batch_id), self.database.now(session)
            waiting = session.scalars(select(Image).where(_of(batch_id), Image.state.in_(WAITING))).all()
            if not waiting:
                raise Problem("not_cancellable")
            batch.paused_at = None
            for image in waiting:
                image.state, image.finished_at = "cancelled", now
                book(session, image, None, None, counted=False)
        self.requests.news.tell(*(image.id for image in waiting))

    def retry(self, user_id: int, batch_id: int) -> None:
        """Order what was certainly not made once more, all of it or nothing."""
        with self.database.read() as session:
            _own(session, user_id, batch_id)
            image_ids = [row.id for row in _last_tries(_tries(session, batch_id)) if row.state in MISSING]
        self.requests.retry_these(user_id, image_ids)

    def close(self, user_id: int, batch_id: int) -> None:
        """Its person has seen how it ended."""
        with self.database.write() as session:
            batch = _own(session, user_id, batch_id)
            batch.closed_at = self.database.now(session)

    def _rows(
        self, session: Session, user_id: int, order: Order, lines: Sequence[Line], now: datetime
    ) -> tuple[list[dict[str, Any]], list[Order]]:
        """One row and one completed order for each line."""
        model, today = self.catalog.get(order.model), now.date()
        orders = [_completed(order, line, model, today) for line in lines]
        _, row, _ = self.requests.row(session, user_id, replace(order, description=lines[0].description), "pages", now)
        return [{**row, "description": it.description, "fingerprint": fingerprint(it)} for it in orders], orders


def lines_of(text: str) -> list[Line]:
    """The descriptions in a text; empty lines are none."""
    lines = [Line(number, line.strip()) for number, line in enumerate(END_OF_LINE.split(storable(text)), start=1)]
    return [line for line in lines if line.description]


def _check_number(lines: Sequence[Line]) -> None:
    if not lines:
        raise Problem("description_missing")
    if len(lines) > MOST_LINES:
        raise Problem("too_many_lines", count=len(lines), most=MOST_LINES)


def _completed(order: Order, line: Line, model: Model, today: date) -> Order:
    """A fault of the description is told with the line's number; one of the choices is one of all lines."""
    try:
        return completed(replace(order, description=line.description), model, today)
    except Problem as problem:
        if problem.code in ABOUT_A_LINE:
            raise Problem("line_impossible", line=line.number, fault=problem) from None
        raise


def _own(session: Session, user_id: int, batch_id: int) -> Batch:
    query = select(Batch).where(Batch.user_id == user_id, Batch.id == batch_id)
    batch = session.scalar(query) if 0 < batch_id <= LARGEST_ID else None
    if batch is None:
        raise Problem("no_such_batch")
    return batch


def _of(batch_id: int) -> Any:
    return Image.request_id.in_(select(Request.id).where(Request.batch_id == batch_id))


def _move(session: Session, batch_id: int, before: str, after: str) -> None:
    session.execute(update(Image).where(_of(batch_id), Image.state == before).values(state=after))


def _last_tries(rows: Sequence[Any]) -> list[Any]:
    retried = {row.retry_of for row in rows}
    return [row for row in rows if row.id not in retried]


def _tries(session: Session, batch_id: int) -> Sequence[Any]:
    columns = (
        Image.id,
        Image.state,
        Image.retry_of,
        Image.cost_micros,
        Image.reserved_micros,
        Image.deleted_at,
    )
    query = select(*columns).join(Image.request).where(Request.batch_id == batch_id)
    return session.execute(query.order_by(Request.id, Image.position, Image.id)).all()


def _progress(session: Session, batch: Batch, is_newest: bool) -> Progress:
    rows = _tries(session, batch.id)
    latest = _last_tries(rows)
    there = [row for row in latest if row.deleted_at is None]
    # What has come or failed says more than what waits.
    shown = [row.id for row in sorted(there, key=lambda row: row.state in WAITING)[:MOST_SHOWN]]
    return Progress(
        batch=batch,
        images=session.scalars(_loaded(shown)).all(),
        states=Counter(row.state for row in latest),
        cost_micros=sum(row.cost_micros or 0 for row in rows),
        reserved_micros=sum(row.reserved_micros or 0 for row in rows),
        has_unpriced=any(row.state == "done" and row.cost_micros is None for row in rows),
        is_newest=is_newest,
    )


def _loaded(image_ids: Sequence[int]) -> Select[Image]:
    query = select(Image).join(Image.request).options(contains_eager(Image.request)).where(Image.id.in_(image_ids))
    return query.order_by(Request.id, Image.position)
