"""Connections as an administrator sees them: what stands in their rows, or in the environment, and what they offer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.catalog.catalog import Catalog
from core.connections.drafts import Draft
from core.connections.lanes import LiveLanes, in_order, models_of_row
from core.engines.connections import OPENAI, PAINTER
from core.ledger.costs import Price
from core.ledger.prices import own_price, price_at
from core.storage.tables import Connection
from core.storage.vault import UnreadableError, Vault

SHORTEST_TELLING = 12  # characters of a key of which four tell nothing


@dataclass(frozen=True, slots=True)
class Offered:
    """A model of a connection; `own_micros` is for a picture, if it is not the list that decides."""

    name: str
    price: Price | None
    own_micros: int | None


@dataclass(frozen=True, slots=True)
class Line:
    """A connection as it is shown: of its key only the end, "" for none; `has_readable_key` False: lost its secret.

    `revision` is another one after each change of what stands here, "" for one of the environment.
    """

    name: str
    revision: str
    kind: str
    base_url: str
    key_end: str
    has_readable_key: bool
    organisation: str
    project: str
    images_per_minute: int
    at_once: int
    deadline: float
    models: tuple[Offered, ...]
    lists_models: bool
    is_paused: bool
    is_of_environment: bool


class Lines:
    def __init__(self, lanes: LiveLanes, catalog: Catalog, vault: Vault, environment: Draft | None):
        self._lanes = lanes
        self._catalog = catalog
        self._vault = vault
        self._environment = environment

    def all(self, session: Session, now: datetime) -> list[Line]:
        """The first choice first."""
        rows = {row.name: row for row in session.scalars(select(Connection))}
        return [self._line(session, name, rows.get(name), now) for name in in_order(rows, self._lanes.environment)]

    def given(self, name: str) -> Draft:
        """What the environment says of one of its connections."""
        return self._environment if name == OPENAI and self._environment else Draft(PAINTER)

    def _line(self, session: Session, name: str, row: Connection | None, now: datetime) -> Line:
        is_paused = row is not None and row.paused_at is not None
        if row is None or row.kind is None:
            return self._of_environment(session, name, is_paused, now)
        key_end, readable = self._end(row.key_sealed)
        names = models_of_row(row, self._catalog)
        return Line(
            name=name,
            revision=row.revision,
            kind=row.kind,
            base_url=row.base_url or "",
            key_end=key_end,
            has_readable_key=readable,
            organisation=row.organisation or "",
            project=row.project or "",
            images_per_minute=row.images_per_minute or 0,
            at_once=row.at_once or 1,
            deadline=row.deadline or 600,
            models=self._offered(session, name, names, now),
            lists_models=bool(row.models),
            is_paused=is_paused,
            is_of_environment=False,
        )

    def _of_environment(self, session: Session, name: str, is_paused: bool, now: datetime) -> Line:
        lane = self._lanes.environment[name]
        given = self.given(name)
        return Line(
            name=name,
            revision="",
            kind=given.kind,
            base_url=given.base_url,
            key_end=_end_of(given.key or ""),
            has_readable_key=True,
            organisation=given.organisation,
            project=given.project,
            images_per_minute=lane.per_window,
            at_once=lane.at_once,
            deadline=given.deadline,
            models=self._offered(session, name, lane.models, now),
            lists_models=bool(given.models),
            is_paused=is_paused,
            is_of_environment=True,
        )

    def _offered(self, session: Session, name: str, models: Sequence[str], now: datetime) -> tuple[Offered, ...]:
        return tuple(
            Offered(
                model,
                price_at(session.connection(), model, now, name),
                own_price(session.connection(), name, model, now),
            )
            for model in models
        )

    def _end(self, sealed: str | None) -> tuple[str, bool]:
        try:
            return (_end_of(self._vault.unseal(sealed)) if sealed else ""), True
        except UnreadableError:
            return "", False


def _end_of(key: str) -> str:
    """The last four characters, if the others are enough to keep a secret."""
    if not key:
        return ""
    return f"••••{key[-4:]}" if len(key) >= SHORTEST_TELLING else "••••"
