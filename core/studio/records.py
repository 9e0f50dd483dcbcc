"""What a person ordered, as a list: requests with their pictures, and what came of each."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select
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
        with self.database.read() as session:
            request = session.scalar(_ONE, {"person": user_id, "request": request_id})
            if request is None:
                raise Problem("no_such_request")
            images = session.scalars(_IMAGES, {"request": request_id}).all()
            stopped = session.connection().execute(_STOPPED).all()
            return _record(request, images, {name: code or "" for name, code in stopped})

    def page(self, user_id: int, after: int | None, size: int) -> tuple[Sequence[Record], bool]:
        """Newest first, those older than `after`; and whether there are more."""
        query = select(Request).where(Request.user_id == user_id)
        if after is not None:
            query = query.where(Request.id < min(after, LARGEST_ID))
        query = query.options(selectinload(Request.images)).order_by(Request.id.desc()).limit(size + 1)
        with self.database.read() as session:
            found = [_record(request, request.images, {}) for request in session.scalars(query)]
        return found[:size], len(found) > size


_REQUEST = bindparam("request", type_=Request.id.type)
_ONE = select(Request).where(Request.user_id == bindparam("person", type_=Request.user_id.type), Request.id == _REQUEST)
_IMAGES = select(Image).where(Image.request_id == _REQUEST).order_by(Image.id)
_STOPPED = select(Connection.name, Connection.stopped_code).where(Connection.stopped_code.is_not(None))


def _record(request: Request, images: Sequence[Image], stopped: dict[str, str]) -> Record:
    retried = {image.retry_of for image in images}
    latest = [image for image in images if image.id not in retried]
    return Record(request, tuple(sorted(latest, key=lambda image: image.position)), stopped)
