"""The line: who is drawn next, and how a picture leaves it. The table of images is the queue.

Every change is one short writing transaction, so two workers never take the same picture, and a limit that was
checked still holds when the row says "running". Nothing in here calls an engine.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, literal_column, select, update
from sqlalchemy.orm import Session, joinedload

from core.accounts import audit
from core.engines.base import Blocked, EngineFailure, Refused, Unknown
from core.engines.connections import Lane
from core.ledger.booking import BOOKED, book, settle
from core.storage.database import Database
from core.storage.tables import Attempt, Connection, Image, Request, User
from core.studio import turns
from core.studio.entries import is_paused
from core.studio.news import News
from core.studio.pace import slow_down
from core.studio.texts import storable, storable_usage
from core.studio.turns import Claim, Ordered, accepted, running

WITH_REQUEST = (joinedload(Image.request).selectinload(Request.references),)


class Line:
    def __init__(self, database: Database, worker: str, lease: float, news: News | None = None):
        """`worker` is new for every start of a process; `lease` is in seconds."""
        self.database = database
        self.worker = worker
        self.lease = lease
        self.news = news or News()

    def is_waiting(self, lane: Lane) -> bool:
        """A glance without a lock, for the worker that has nothing to do."""
        waiting = select(Image.id).where(Image.connection == lane.name, Image.state == "queued").limit(1)
        with self.database.read() as session:
            return session.scalar(waiting) is not None

    def claim(self, lane: Lane) -> Claim | None:
        """Take the next picture of this lane, if the lane takes one now."""
        return next(iter(self.claims(lane, 1)), None)

    def claims(self, lane: Lane, most: int) -> list[Claim]:
        """Take the next few pictures of this lane, as many as it takes now."""
        with self.database.write() as session:
            return self.take(session, lane, most)

    def take(self, session: Session, lane: Lane, most: int) -> list[Claim]:
        """The same inside the transaction of somebody who has just put something in the line."""
        now = self.database.now(session)
        return turns.take(session, lane, most, self.worker, now, now + timedelta(seconds=self.lease))

    def begin(self, session: Session, lane: Lane, number: int, now: datetime) -> dict[str, Any]:
        """What the rows of so many new pictures say if they need not stand in the line: see `core.studio.taking`."""
        if not turns.is_free(session, lane, number, now):
            return {}
        until = now + timedelta(seconds=self.lease)
        return {"state": "running", "worker": self.worker, "started_at": now, "lease_until": until}

    def begun(
        self, session: Session, lane: Lane, request: Ordered, images: Sequence[Row[int, int, int]], now: datetime
    ) -> list[Claim]:
        return [turns.begun(session, lane, *image, request, self.worker, now) for image in images]

    def renew(self, image_ids: Collection[int]) -> None:
        """Say that these are being drawn; three times a lease. A row that no task stands for must run out."""
        mine = (Image.id.in_(image_ids)) & (Image.worker == self.worker) & (Image.state == "running")
        with self.database.write(lasting=False) as session:
            until = self.database.in_seconds(session, self.lease)
            session.execute(update(Image).where(mine).values(lease_until=until))

    def expire(self) -> list[int]:
        """What a dead worker left running is of unknown outcome: it may have been billed, nobody repeats it."""
        with self.database.read() as session:
            if session.scalar(_overdue(self.database.now(session)).limit(1)) is None:
                return []
        with self.database.write() as session:
            now = self.database.now(session)
            image_ids = list(session.scalars(_overdue(now)))
            _give_up(session, image_ids, now)
        self.news.tell(*image_ids)
        return image_ids

    def abandon(self, image_ids: Collection[int]) -> None:
        """This worker stops before these have come to an end."""
        with self.database.write() as session:
            running = select(Image.id).where(
                Image.id.in_(image_ids), Image.worker == self.worker, Image.state == "running"
            )
            _give_up(session, list(session.scalars(running)), self.database.now(session))
        self.news.tell(*image_ids)

    def orphan(self, image_id: int, worker: str) -> Claim | None:
        """The claim of a picture of unknown outcome, to be finished in the name of the worker that died with it.

        `worker` is the beginning of its id.
        """
        query = select(Image).where(Image.id == image_id, Image.state == "unknown").options(*WITH_REQUEST)
        last = select(func.max(Attempt.id)).where(Attempt.image_id == image_id)
        with self.database.read() as session:
            image = session.scalar(query)
            if image is None or image.worker is None or not image.worker.startswith(worker):
                return None
            ordered = Ordered(**{field.name: getattr(image.request, field.name) for field in fields(Ordered)})
            return Claim(image.id, session.scalar(last) or 0, image.worker, image.seed, image.position, ordered)

    def saw_preview(self, claim: Claim, count: int) -> None:
        with self.database.write(lasting=False) as session:
            session.connection().execute(_SEEN, {**_named(claim), "count": count})

    def finish(self, claim: Claim, values: Mapping[str, Any], lasting: bool = True) -> bool:
        """The picture is kept: `values` describe it. False if the row is not this worker's to finish.

        It need not be `lasting` as long as the receipt stays: whoever finds that finishes the picture again.
        """
        values = {**values, "problem": None, "problem_params": None, "problem_detail": None}
        return self._leave(claim, "done", values, lasting)

    def fail(self, claim: Claim, failure: EngineFailure) -> bool:
        """The call ended without a picture, for good."""
        states = {Blocked: "blocked", Unknown: "unknown"}
        params = dict(failure.params)
        if isinstance(failure, Blocked):
            params |= {"stage": failure.stage, "categories": list(failure.categories)}
        return self._leave(
            claim,
            states.get(type(failure), "failed"),
            {
                "problem": failure.code,
                "problem_params": params,
                "problem_detail": storable(failure.detail),
                "provider_request_id": storable(failure.provider_request_id),
                "usage": storable_usage(failure.usage),
            },
        )

    def put_back(self, claim: Claim, lane: Lane, failure: Refused) -> None:
        """Refused before any work: the picture waits again, and with it the lane, as long as the provider says.

        One that was given up meanwhile has failed instead: its person may already have ordered it anew.
        """
        with self.database.write() as session:
            now = self.database.now(session)
            image = session.scalar(_MINE, _named(claim))
            if image is not None:
                if image.state == "running":
                    _wait_again(session, image, now)
                else:
                    image.state, image.finished_at = "failed", now
                    for name, value in settle(session.connection(), image, claim.request.model, "failed", None).items():
                        setattr(image, name, value)
                image.problem = failure.code
                image.problem_params = dict(failure.params)
                image.problem_detail = storable(failure.detail)
            refused = _ended(claim, now, "refused", failure.code, failure.provider_request_id)
            session.connection().execute(_ENDED, refused)
            connection = _connection(session, lane.name)
            if failure.code == "rate_limited":
                under_way = session.scalar(running(lane)) or 0
                slow_down(connection, under_way + 1, session.scalar(accepted(lane, now)) or 0, now)
            if failure.stops_line:
                connection.stopped_code = failure.code
                connection.stopped_detail = storable(failure.detail)
                connection.stopped_request_id = storable(failure.provider_request_id)
                connection.stopped_at = now
            else:
                until = now + timedelta(seconds=failure.retry_after or 0)
                connection.not_before = max(until, connection.not_before or until)
        self.news.tell(claim.image_id)

    def refusals(self, image_id: int, problem: str) -> int:
        """How often the picture went back in the line because of this."""
        refused = select(func.count()).where(Attempt.image_id == image_id, Attempt.problem == problem)
        with self.database.read() as session:
            return session.scalar(refused) or 0

    def resume(self, connection: str) -> None:
        """Try again on a line that was stopped: the administrator has put it right."""
        with self.database.write() as session:
            row = _connection(session, connection)
            if row.stopped_code is not None:
                before = {"stopped": row.stopped_code, "since": str(row.stopped_at)}
                audit.record(session, self.database.now(session), "line.opened", connection, before)
            row.stopped_code = row.stopped_request_id = row.stopped_at = None
            row.stopped_detail = ""

    def _leave(self, claim: Claim, state: str, values: Mapping[str, Any], lasting: bool = True) -> bool:
        with self.database.change(lasting=lasting) as (connection, now):
            ended = _ended(claim, now, state, values.get("problem"), values.get("provider_request_id"))
            connection.execute(_ENDED, ended)
            found = connection.execute(_MONEY, _named(claim)).one_or_none()
            if found is None:
                return False
            money = settle(connection, found, claim.request.model, state, values.get("usage"))
            outcome = {"state": state, "finished_at": now, "lease_until": None}
            connection.execute(_LEAVING, {**values, **outcome, **money, "left": claim.image_id})
        self.news.tell(claim.image_id)
        return True


def _named(claim: Claim) -> dict[str, Any]:
    return {"image": claim.image_id, "by": claim.worker, "attempt": claim.attempt_id}


def _overdue(now: datetime) -> Select[int]:
    return select(Image.id).where(Image.state == "running", Image.lease_until < now)


def _wait_again(session: Session, image: Image, now: datetime) -> None:
    """For an account that was closed meanwhile, nothing waits."""
    if session.get_one(User, image.user_id).disabled_at is not None:
        image.state, image.finished_at, image.lease_until = "cancelled", now, None
        book(session, image, None, None, counted=False)
        return
    image.state = "paused" if is_paused(session, image.request) else "queued"
    image.worker = image.lease_until = image.started_at = None
    image.previews_seen = 0


def _give_up(session: Session, image_ids: list[int], now: datetime) -> None:
    session.execute(
        update(Image)
        .where(Image.id.in_(image_ids))
        .values(state="unknown", finished_at=now, lease_until=None, problem="server_stopped", problem_params={})
    )
    session.execute(
        update(Attempt)
        .where(Attempt.image_id.in_(image_ids), Attempt.finished_at.is_(None))
        .values(finished_at=now, outcome="unknown", problem="server_stopped")
    )


def _ended(
    claim: Claim, now: datetime, outcome: str, problem: str | None, provider_request_id: str | None
) -> dict[str, Any]:
    """What `_ENDED` asks for."""
    values = {"now": now, "result": outcome, "why": problem, "theirs": storable(provider_request_id)}
    return {**values, "attempt": claim.attempt_id}


def _connection(session: Session, name: str) -> Connection:
    found = session.get(Connection, name)
    if found is None:
        found = Connection(name=name, stopped_detail="")
        session.add(found)
    return found


_ATTEMPT = bindparam("attempt", type_=Attempt.id.type)
# Late answers count: a row whose lease ran out in between is still the row of this one call. But only as long as no
# other call was begun for it, not even by the same worker.
_IS_MINE = (
    (Image.id == bindparam("image", type_=Image.id.type))
    & (Image.worker == bindparam("by", type_=Image.worker.type))
    & Image.state.in_([literal_column("'running'"), literal_column("'unknown'")])
    & (select(func.max(Attempt.id)).where(Attempt.image_id == Image.id).scalar_subquery() == _ATTEMPT)
)
_MINE = select(Image).where(_IS_MINE)
_MONEY = select(*BOOKED).where(_IS_MINE)
_LEAVING = update(Image).where(Image.id == bindparam("left", type_=Image.id.type))
_COUNT = bindparam("count", type_=Image.previews_seen.type)
_SEEN = update(Image).where(_IS_MINE, Image.previews_seen < _COUNT).values(previews_seen=_COUNT)
_ENDED = (
    update(Attempt)
    .where(Attempt.id == _ATTEMPT)
    .values(
        finished_at=bindparam("now"),
        outcome=bindparam("result"),
        problem=bindparam("why"),
        provider_request_id=bindparam("theirs"),
    )
)
