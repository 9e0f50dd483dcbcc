"""The connections: set up, changed, paused, put in order and removed while the program runs; their keys go in only."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from core.accounts import audit
from core.catalog.catalog import Catalog
from core.connections.drafts import COMPATIBLE, Draft, checked, checked_name, models_of
from core.connections.lanes import LiveLanes, in_order
from core.connections.lines import Line, Lines
from core.engines.connections import OPENAI, PAINTER
from core.errors import Problem
from core.ledger.booking import book
from core.ledger.prices import own_price, set_price_of
from core.storage.database import Database
from core.storage.tables import WAITING, Connection, Image
from core.storage.vault import UnreadableError, Vault

FIELDS = ("kind", "base_url", "organisation", "project", "images_per_minute", "at_once", "deadline")


@dataclass(frozen=True, slots=True)
class Way:
    kind: str
    base_url: str
    key: str = field(repr=False)
    organisation: str
    project: str


class Connections:
    def __init__(self, database: Database, lanes: LiveLanes, catalog: Catalog, vault: Vault, environment: Draft | None):
        """`environment` is the provider's connection that the settings of the process describe."""
        self._database = database
        self._lanes = lanes
        self._vault = vault
        self._lines = Lines(lanes, catalog, vault, environment)

    def all(self) -> list[Line]:
        """The first choice first."""
        with self._database.read() as session:
            return self._lines.all(session, self._database.now(session))

    def find(self, name: str) -> Line:
        found = next((line for line in self.all() if line.name == name), None)
        if found is None:
            raise Problem("no_such_connection", name=name[:80])
        return found

    def add(self, user_id: int, name: str, draft: Draft) -> str:
        """The name as it is kept. What an administrator has not typed again, such as an order, is as it was."""
        name, draft = checked_name(name), checked(draft)
        with self._database.write() as session:
            row = session.get(Connection, name)
            if name in self._lanes.environment or (row is not None and row.kind is not None):
                raise Problem("connection_taken", name=name)
            if row is not None:
                session.delete(row)  # how a connection of this name stood that is gone
                session.flush()
            row = Connection(name=name, position=(session.scalar(select(func.max(Connection.position))) or 0) + 1)
            session.add(row)
            after = self._write(session, row, draft, user_id)
            audit.record(session, self._database.now(session), "connection.added", name, after=after)
        return name

    def change(self, user_id: int, name: str, draft: Draft, seen: str | None = None) -> None:
        """What was kept of the key goes to no other address: for that it has to be typed again.

        `seen` is the revision that whoever changes it had before them; a Problem if it is not the last any more.
        """
        draft = checked(draft)
        with self._database.write() as session:
            row = self._own(session, name)
            if seen is not None and seen != row.revision:
                raise Problem("connection_changed", name=name)
            moved = (draft.kind, draft.base_url) != (row.kind, row.base_url)
            if moved and row.key_sealed and draft.key is None and draft.kind != PAINTER:
                raise Problem("key_needed_again")
            now = self._database.now(session)
            before = self._told(session, row, now)
            after = self._write(session, row, draft, user_id)
            changed = {name for name in after if before[name] != after[name]}
            if draft.key is not None:
                changed.add("key")
            audit.record(session, now, "connection.changed", name, _only(before, changed), _only(after, changed))

    def offer(self, user_id: int, name: str, models: Sequence[str]) -> None:
        """Add models to those of a connection, at the price that the list knows."""
        wanted = models_of("\n".join(models))
        with self._database.write() as session:
            row, now = self._own(session, name), self._database.now(session)
            before = list(row.models or ())
            row.models = [*before, *(model for model in wanted if model not in before)]
            if row.models != before:
                row.revision = uuid.uuid4().hex
                for model in set(row.models) - set(before):
                    set_price_of(session, name, model, None, now, user_id)
                audit.record(session, now, "connection.changed", name, {"models": before}, {"models": row.models})

    def pause(self, name: str) -> None:
        """Nothing of it is begun any more; what is being drawn comes to its end."""
        with self._database.write() as session:
            row, now = self._any(session, name), self._database.now(session)
            if row.paused_at is None:
                row.paused_at = now
                audit.record(session, now, "connection.paused", name, {"paused": False}, {"paused": True})

    def go_on(self, name: str) -> None:
        """After a pause, or after its provider has stopped the line."""
        with self._database.write() as session:
            row, now = self._any(session, name), self._database.now(session)
            if row.paused_at is not None or row.stopped_code is not None:
                before = {"paused": row.paused_at is not None, "stopped": row.stopped_code}
                audit.record(session, now, "connection.opened", name, before, {"paused": False, "stopped": None})
            row.paused_at = row.stopped_code = row.stopped_request_id = row.stopped_at = None
            row.stopped_detail = ""

    def move_up(self, name: str) -> None:
        """Before the one that is before it now."""
        with self._database.write() as session:
            rows = {row.name: row for row in session.scalars(select(Connection))}
            order = in_order(rows, self._lanes.environment)
            if name not in order:
                raise Problem("no_such_connection", name=name[:80])
            place = order.index(name)
            if place == 0:
                return
            order[place - 1 : place + 1] = order[place], order[place - 1]
            for position, one in enumerate(order, start=1):
                self._any(session, one).position = position
            now = self._database.now(session)
            audit.record(session, now, "connection.moved", name, {"place": place + 1}, {"place": place})

    def remove(self, name: str, cancels_waiting: bool = False) -> None:
        """Only if nothing is being drawn; pictures that wait are cancelled if that is wanted, and else in the way."""
        with self._database.write() as session:
            row, now = self._own(session, name), self._database.now(session)
            running = self._images(session, name, ("running",))
            if running:
                raise Problem("connection_running", name=name, count=len(running))
            waiting = self._images(session, name, WAITING)
            if waiting and not cancels_waiting:
                raise Problem("connection_awaited", name=name, count=len(waiting))
            for image in waiting:
                image.state, image.finished_at = "cancelled", now
                book(session, image, None, None, counted=False)
            before = {**self._told(session, row, now), "cancelled": len(waiting)}
            session.delete(row)
            audit.record(session, now, "connection.removed", name, before)

    def note_test(self, name: str, found: Mapping[str, Any]) -> None:
        """Record that an administrator has tried a connection, and what that showed."""
        with self._database.write() as session:
            audit.record(session, self._database.now(session), "connection.tested", name, after=found)

    def way(self, name: str) -> Way:
        """How a connection reaches its provider, for a test of it."""
        with self._database.read() as session:
            row = session.get(Connection, name)
        if row is None or row.kind is None:
            if name not in self._lanes.environment:
                raise Problem("no_such_connection", name=name[:80])
            given = self._lines.given(name)
            return Way(given.kind, given.base_url, given.key or "", given.organisation, given.project)
        try:
            key = self._vault.unseal(row.key_sealed) if row.key_sealed else ""
        except UnreadableError:
            raise Problem("connection_key_unreadable") from None
        return Way(row.kind, row.base_url or "", key, row.organisation or "", row.project or "")

    def _write(self, session: Session, row: Connection, draft: Draft, user_id: int) -> dict[str, Any]:
        now = self._database.now(session)
        for name in FIELDS:
            setattr(row, name, getattr(draft, name))
        row.models = list(draft.models)
        if draft.key is not None:
            row.key_sealed = self._vault.seal(draft.key) if draft.key else None
        row.revision = uuid.uuid4().hex
        # Whatever stopped the line was about what it was until now.
        row.stopped_code = row.stopped_request_id = row.stopped_at = row.not_before = row.slowed_at = None
        row.stopped_detail = ""
        for model, micros in draft.models.items():
            if draft.kind != PAINTER:
                set_price_of(session, row.name, model, micros, now, user_id)
        session.flush()
        return self._told(session, row, now)

    def _told(self, session: Session, row: Connection, now: datetime) -> dict[str, Any]:
        """What the record of acts says of a connection; it masks the key."""
        models = {name: own_price(session.connection(), row.name, name, now) for name in row.models or ()}
        return {**{name: getattr(row, name) for name in FIELDS}, "key": bool(row.key_sealed), "models": models}

    def _own(self, session: Session, name: str) -> Connection:
        """One that is the administrator's to change."""
        row = session.get(Connection, name)
        if row is not None and row.kind is not None:
            return row
        if name in self._lanes.environment:
            raise Problem("connection_of_environment", name=name)
        raise Problem("no_such_connection", name=name[:80])

    def _any(self, session: Session, name: str) -> Connection:
        row = session.get(Connection, name)
        if name not in self._lanes.environment and (row is None or row.kind is None):
            raise Problem("no_such_connection", name=name[:80])
        if row is None:
            row = Connection(name=name, stopped_detail="")
            session.add(row)
        return row

    def _images(self, session: Session, name: str, states: Collection[str]) -> Sequence[Image]:
        return session.scalars(select(Image).where(Image.connection == name, Image.state.in_(states))).all()


def kind_of(base_url: str | None) -> str:
    return COMPATIBLE if base_url else OPENAI


def _only(values: Mapping[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name in names}
