"""What a person ordered, as a list: requests with their pictures, and what came of each."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Row, bindparam, exists, select
from sqlalchemy.orm import aliased

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

    request: Asked
    images: tuple[Picture, ...]
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
        split = len(_ASKED)
        record = _record(found[0][:split], [row[split:] for row in found])
        if any(image.state in (*WAITING, "cancelled") for image in record.images):
            with self.database.ask() as connection:
                record.stopped.update((name, code or "") for name, code in connection.execute(_STOPPED))
        return record

    def page(self, user_id: int, after: int | None, size: int) -> tuple[Sequence[Record], bool]:
        """Newest first, those older than `after`; and whether there are more."""
        wanted = select(*_ASKED).where(Request.user_id == user_id)
        if after is not None:
            wanted = wanted.where(Request.id < min(after, LARGEST_ID))
        wanted = wanted.order_by(Request.id.desc()).limit(size + 1)
        with self.database.read() as session:  # apart, for a long description would come with each of its pictures
            asked = session.connection().execute(wanted).all()
            request_ids = [row.id for row in asked]
            rows = session.connection().execute(_PICTURES.where(Image.request_id.in_(request_ids))).all()
        pictures: defaultdict[int, list[Row[*tuple[Any, ...]]]] = defaultdict(list)
        for row in rows:
            pictures[row.request_id].append(row)
        found = [_record(request, [row[1:] for row in pictures[request.id]]) for request in asked]
        return found[:size], len(found) > size


_ASKED = tuple(getattr(Request, field.name) for field in fields(Asked))
_PICTURE = tuple(getattr(Image, field.name) for field in fields(Picture))
_again = aliased(Image)
_IS_LATEST = ~exists().where(_again.retry_of == Image.id)
_PICTURES = select(Image.request_id, *_PICTURE).where(_IS_LATEST).order_by(Image.position)
_ONE = (
    select(*_ASKED, *_PICTURE)
    .join(Image, Image.request_id == Request.id)
    .where(
        Request.user_id == bindparam("person", type_=Request.user_id.type),
        Request.id == bindparam("request", type_=Request.id.type),
        _IS_LATEST,
    )
    .order_by(Image.position)
)
_STOPPED = select(Connection.name, Connection.stopped_code).where(Connection.stopped_code.is_not(None))


def _record(asked: Sequence[Any], pictures: Iterable[Sequence[Any]]) -> Record:
    return Record(Asked(*asked), tuple(Picture(*row) for row in pictures), {})
