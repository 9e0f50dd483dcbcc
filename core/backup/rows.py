"""Rows as lines of JSON, the same for both databases: moments in ISO 8601, bytes in base64, JSON as its text."""

import base64
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Connection, DateTime, LargeBinary, MetaData, Table, Text, cast, insert, select, text
from sqlalchemy.orm import Session

from core.storage.tables import Base

MOST_BYTES, MOST_ROWS = 2_000_000, 2_000  # of a member of the archive


def tables() -> Sequence[Table]:
    """Those that others refer to come first. What usage has added up is left out: it is added up again."""
    return [table for table in Base.metadata.sorted_tables if not table.name.startswith("usage_")]


def rows(session: Session, table: Table) -> Iterator[dict[str, Any]]:
    """In the order of the primary key, so that a row that refers to another of its table comes after it."""
    columns = [cast(column, Text).label(column.name) if _is_json(column) else column for column in table.columns]
    query = select(*columns).order_by(*table.primary_key)
    for row in session.execute(query, execution_options={"yield_per": 500}).mappings():
        yield dict(row)


def members(lines: Iterator[str]) -> Iterator[bytes]:
    """Lines, as many at a time as fit in memory without a thought."""
    piece: list[str] = []
    size = 0
    for line in lines:
        piece.append(line)
        size += len(line)
        if size >= MOST_BYTES or len(piece) >= MOST_ROWS:
            yield "".join(piece).encode()
            piece, size = [], 0
    if piece:
        yield "".join(piece).encode()


def line(row: dict[str, Any]) -> str:
    return json.dumps([_plain(value) for value in row.values()], separators=(",", ":")) + "\n"


class Filling:
    """Puts the rows of a backup into the tables that are there, whatever revision they have."""

    def __init__(self, connection: Connection):
        self._connection = connection
        self._metadata = MetaData()
        self._tables: dict[str, Table] = {}

    def put(self, name: str, columns: Sequence[str], data: bytes) -> int:
        """All rows of one member; how many there were."""
        table = self._table(name)
        kinds = [table.c[column] for column in columns]
        found = [
            {column.name: _value(column, value) for column, value in zip(kinds, json.loads(row), strict=True)}
            for row in data.splitlines()
        ]
        if found:
            self._connection.execute(insert(table), found)
        return len(found)

    def number_on(self) -> None:
        """PostgreSQL counts by itself, and has not seen these rows."""
        if self._connection.dialect.name != "postgresql":
            return
        for table in self._tables.values():
            if "id" not in table.c:
                continue
            sequence = self._connection.scalar(
                text("SELECT pg_get_serial_sequence(:table, 'id')"), {"table": f'"{table.name}"'}
            )
            if sequence is not None:
                quoted = self._connection.dialect.identifier_preparer.quote(table.name)
                question = f"SELECT setval(:sequence, (SELECT max(id) FROM {quoted}), true)"  # noqa: S608
                self._connection.execute(text(question), {"sequence": sequence})

    def _table(self, name: str) -> Table:
        if name not in self._tables:
            table = Table(name, self._metadata, autoload_with=self._connection)
            for column in table.columns:
                if _is_json(column):
                    column.type = JSON(none_as_null=True)
            self._tables[name] = table
        return self._tables[name]


def _is_json(column: Any) -> bool:
    return isinstance(column.type, JSON)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value


def _value(column: Any, value: Any) -> Any:
    if value is None:
        return None
    if _is_json(column):
        return JSON.NULL if (found := json.loads(value)) is None else found
    if isinstance(column.type, DateTime):
        return datetime.fromisoformat(value)
    if isinstance(column.type, LargeBinary):
        return base64.b64decode(value)
    return value
