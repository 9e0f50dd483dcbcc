"""Many rows at once, as fast as each database takes them."""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table, inspect, text
from sqlalchemy.orm import Session

from core.storage import triggers
from core.storage.tables import Base

Row = Sequence[Any]


def insert_rows(session: Session, table: type[Base], columns: Sequence[str], rows: Iterable[Row]) -> None:
    """`rows` hold a value for each of `columns`; a dict is written as JSON."""
    name = table.__tablename__
    if session.get_bind().dialect.name == "sqlite":
        places = ", ".join("?" for _ in columns)
        statement = f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - our own names
        session.connection().exec_driver_sql(statement, [tuple(map(_for_sqlite, row)) for row in rows])
        return
    raw: Any = session.connection().connection.dbapi_connection
    with raw.cursor() as cursor, cursor.copy(f"COPY {name} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([json.dumps(value) if isinstance(value, dict) else value for value in row])


@contextmanager
def unindexed(session: Session, *tables: type[Base]) -> Iterator[None]:
    """Meanwhile the tables have no indexes, which cost more than the rows; made at the end, they are quick."""
    connection = session.connection()
    found = [inspect(table).local_table for table in tables]
    indexes = [index for table in found if isinstance(table, Table) for index in table.indexes]
    for index in indexes:
        index.drop(connection)
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"DROP INDEX {triggers.WORDS}")
    yield
    for index in indexes:
        index.create(connection)
    triggers.install(connection)


def count_on(session: Session, *tables: type[Base]) -> None:
    """Keys that came with the rows are taken: PostgreSQL has to count on from there. It also gathers its statistics."""
    if session.get_bind().dialect.name == "sqlite":
        return
    for table in tables:
        name, (key,) = table.__tablename__, inspect(table).primary_key
        session.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{name}', '{key.name}'), (SELECT max({key.name}) FROM {name}))")  # noqa: S608
        )
        session.execute(text(f"ANALYZE {name}"))


def _for_sqlite(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")
    return json.dumps(value) if isinstance(value, dict) else value
