"""What a person ordered, as a list: requests with their pictures, and what came of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import UNDER_WAY, Connection, Image, Request
from core.studio.gallery import LARGEST_ID


@dataclass(frozen=True, slots=True)
class Record:
    """A request and its pictures in their order: of each the latest try.

    `stopped` are the connections on which nothing is tried until an administrator has put something right, and why.
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
        wanted = select(Request).where(Request.user_id == user_id, Request.id == request_id)
        with self.database.read() as session:
            request = session.scalar(wanted.options(selectinload(Request.images), selectinload(Request.references)))
            if request is None:
                raise Problem("no_such_request")
            rows = session.scalars(select(Connection).where(Connection.stopped_code.is_not(None)))
            return _record(request, {row.name: row.stopped_code or "" for row in rows})

    def page(self, user_id: int, after: int | None, size: int) -> tuple[Sequence[Record], bool]:
        """Newest first, those older than `after`; and whether there are more."""
        query = select(Request).where(Request.user_id == user_id)
        if after is not None:
            query = query.where(Request.id < min(after, LARGEST_ID))
        query = query.options(selectinload(Request.images)).order_by(Request.id.desc()).limit(size + 1)
        with self.database.read() as session:
            found = [_record(request, {}) for request in session.scalars(query)]
        return found[:size], len(found) > size


def _record(request: Request, stopped: dict[str, str]) -> Record:
    retried = {image.retry_of for image in request.images}
    latest = [image for image in request.images if image.id not in retried]
    return Record(request, tuple(sorted(latest, key=lambda image: image.position)), stopped)
