"""The connections of this moment as lanes: what the environment gives, and what an administrator has set up.

Every look reads a few small rows, so that a change holds at once in every process; the lanes are made anew only when
something has changed. A connection in the database wins over one of the environment with the same name.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from core.catalog.catalog import Catalog
from core.engines.base import Engine
from core.engines.connections import OPENAI, PAINTER, Lane, openai_images, openai_names, painter
from core.logs import conceal
from core.storage.database import Database
from core.storage.tables import Connection
from core.storage.vault import UnreadableError, Vault

FIRST, LAST = 0, 1_000_000  # places of the environment's connections, as long as nobody moves them
Stamp = tuple[tuple[str, str, bool, int | None], ...]


class LiveLanes:
    def __init__(self, database: Database, environment: Sequence[Lane], catalog: Catalog, vault: Vault):
        self._database = database
        self._catalog = catalog
        self._vault = vault
        self.environment = {lane.name: lane for lane in environment}
        self._known: tuple[Stamp, tuple[Lane, ...]] | None = None

    def __call__(self, session: Session | None = None) -> Sequence[Lane]:
        if session is not None:
            return self._read(session)
        with self._database.read() as own:
            return self._read(own)

    def _read(self, session: Session) -> tuple[Lane, ...]:
        stamp = _stamp(session)
        known = self._known
        if known is None or known[0] != stamp:
            known = self._known = (stamp, self._made(session))
        return known[1]

    def _made(self, session: Session) -> tuple[Lane, ...]:
        rows = {row.name: row for row in session.scalars(select(Connection))}
        lanes = []
        for name in in_order(rows, self.environment):
            row = rows.get(name)
            if row is None or row.paused_at is None:
                lane = self._lane(row) if row is not None and row.kind is not None else self.environment[name]
                if lane is not None:
                    lanes.append(lane)
        return tuple(lanes)

    def _lane(self, row: Connection) -> Lane | None:
        """None if the key cannot be read any more."""
        try:
            key = self._vault.unseal(row.key_sealed) if row.key_sealed else None
        except UnreadableError:
            return None
        if key:
            conceal(key)
        return Lane(
            name=row.name,
            models=models_of_row(row, self._catalog),
            make_engine=painter if row.kind == PAINTER else self._maker(row, key),
            at_once=row.at_once or 1,
            per_window=row.images_per_minute or 0,
            revision=row.revision,
        )

    def _maker(self, row: Connection, key: str | None) -> Callable[[], Engine]:
        """Not a partial, whose text would show the key."""
        given = row.base_url or None, key, row.organisation or None, row.project or None, row.deadline or 600.0
        return lambda: openai_images(self._catalog, *given)


def models_of_row(row: Connection, catalog: Catalog) -> tuple[str, ...]:
    """Those that were typed; without any, OpenAI offers what the catalogue knows, and nobody else anything."""
    if row.models:
        return tuple(row.models)
    return openai_names(catalog) if row.kind == OPENAI else ()


def in_order(rows: dict[str, Connection], environment: dict[str, Lane]) -> list[str]:
    """The names of all connections, open or not, the first choice first."""

    def place(name: str) -> tuple[int, str]:
        row = rows.get(name)
        if row is not None and row.position is not None:
            return row.position, name
        return (LAST if name == PAINTER else FIRST), name

    names = {name for name, row in rows.items() if row.kind is not None} | set(environment)
    return sorted(names, key=place)


_STAMP = select(Connection.name, Connection.revision, Connection.paused_at, Connection.position).order_by(
    Connection.name
)


def _stamp(session: Session) -> Stamp:
    rows = session.connection().execute(_STAMP)
    return tuple((name, revision, paused is not None, position) for name, revision, paused, position in rows)
