"""What a person ordered, as a list: requests with their pictures, and what came of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import groupby
from typing import Any, cast

from sqlalchemy import Row, bindparam, select

from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import UNDER_WAY, WAITING, Connection, Image, Request
from core.studio.gallery import LARGEST_ID


@dataclass(frozen=True, slots=True)
class Asked:
    """What a record tells of its request."""

    id: int
    created_at: datetime
    door: str
    model: str
    description: str
    number: int
    size: str | None
    quality: str | None
    background: str | None
    output_format: str | None
    previews: int


@dataclass(frozen=True, slots=True)
class Picture:
    """What it tells of a picture."""

    id: int
    position: int
    retry_of: int | None
    connection: str
    state: str
    worker: str | None
    previews_seen: int
    deleted_at: datetime | None
    image_url: str | None
    media_type: str | None
    width: int | None
    height: int | None
    revised_description: str | None
    provider_request_id: str | None
    usage: dict[str, Any] | None
    cost_micros: int | None
    problem: str | None
    problem_params: dict[str, Any] | None
    problem_detail: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """A request and its pictures in their order: of each the latest try.

    `stopped` are the connections on which nothing is tried until an administrator has put something right, and why;
    as far as one of the pictures waits or has waited in vain.
    """

    request: Request
    images: tuple[Image, ...]
    stopped: dict[str, str]

    @property
    def is_open(self) -> bool:
        return any(image.state in UNDER_WAY for image in self.images)

    @property
    def state(self) -> str:
        """One word for all: what is still to come, else the best that came."""
        states = {image.state for image in self.images}
        order = ("running", "queued", "paused", "done", "unknown", "failed", "blocked", "cancelled")
        return next(state for state in order if state in states)


class Records:
    def __init__(self, database: Database):
        self.database = database

    def one(self, user_id: int, request_id: int) -> Record:
        """A Problem for one that does not exist or is somebody else's."""
        if not 0 < request_id <= LARGEST_ID:
            raise Problem("no_such_request")
        with self.database.ask() as connection:
            found = connection.execute(_ONE, {"person": user_id, "request": request_id}).all()
        if not found:
            raise Problem("no_such_request")
        record = _record(found)
        if any(image.state in (*WAITING, "cancelled") for image in record.images):
            with self.database.ask() as connection:
                record.stopped.update((name, code or "") for name, code in connection.execute(_STOPPED))
        return record

    def page(self, user_id: int, after: int | None, size: int) -> tuple[Sequence[Record], bool]:
        """Newest first, those older than `after`; and whether there are more."""
        wanted = select(Request.id).where(Request.user_id == user_id)
        if after is not None:
            wanted = wanted.where(Request.id < min(after, LARGEST_ID))
        wanted = wanted.order_by(Request.id.desc()).limit(size + 1)
        with self.database.ask() as connection:
            rows = connection.execute(_ROWS.where(Request.id.in_(wanted)).order_by(Request.id.desc(), Image.id)).all()
        found = [_record(each) for _, each in groupby(rows, lambda row: row[0])]
        return found[:size], len(found) > size


_ASKED = tuple(getattr(Request, field.name) for field in fields(Asked))
_PICTURE = tuple(getattr(Image, field.name) for field in fields(Picture))
_ROWS = select(*_ASKED, *_PICTURE).join(Image, Image.request_id == Request.id)
_ONE = _ROWS.where(
    Request.user_id == bindparam("person", type_=Request.user_id.type),
    Request.id == bindparam("request", type_=Request.id.type),
).order_by(Image.id)
_STOPPED = select(Connection.name, Connection.stopped_code).where(Connection.stopped_code.is_not(None))


def _record(rows: Iterable[Row[*tuple[Any, ...]]]) -> Record:
    found = list(rows)
    images = [Picture(*row[len(_ASKED) :]) for row in found]
    retried = {image.retry_of for image in images}
    latest = [image for image in images if image.id not in retried]
    latest.sort(key=lambda image: image.position)
    # They read like the rows of which they are made, as far as a record tells of them.
    request, pictures = cast(Request, Asked(*found[0][: len(_ASKED)])), cast(tuple[Image, ...], tuple(latest))
    return Record(request, pictures, {})
