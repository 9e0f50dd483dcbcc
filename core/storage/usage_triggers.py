"""Triggers that note the quarter of an hour of every row that was changed, whoever changed it.

They are no part of a migration: SQLite changes a table by making it anew, and its triggers are gone then. So they are
written again after every migration.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, inspect

CHANGES = "usage_changes"
Watched = Mapping[str, tuple[str, tuple[str, ...]]]
# Of each table: the moment to which its rows belong, and the columns that any sum depends on.
WATCHED: Watched = {
    "images": (
        "created_at",
        (
            *("request_id", "user_id", "created_at", "connection", "state", "started_at", "finished_at", "cost_micros"),
            *("reserved_micros", "problem"),
        ),
    ),
    "requests": ("created_at", ("user_id", "created_at", "door", "model", "quality")),
    "improvements": ("created_at", ("user_id", "created_at", "model", "state", "cost_micros", "reserved_micros")),
    "attempts": ("started_at", ("connection", "started_at", "finished_at", "outcome", "problem")),
}


def write_triggers(connection: Connection) -> None:
    """Bring them to what is said here; a database from before they were needed gets none."""
    there = inspect(connection)
    wanted = there.has_table(CHANGES)
    watched = {table: what for table, what in WATCHED.items() if there.has_table(table)}
    for statement in (_sqlite if connection.dialect.name == "sqlite" else _postgresql)(watched, wanted):
        connection.exec_driver_sql(statement)


def _sqlite(watched: Watched, wanted: bool) -> list[str]:
    statements = []
    for table, (moment, columns) in watched.items():
        events = {
            "insert": ("INSERT", ("NEW",)),
            "update": (f"UPDATE OF {', '.join(columns)}", ("OLD", "NEW")),
            "delete": ("DELETE", ("OLD",)),
        }
        for name, (event, rows) in events.items():
            trigger = f"usage_{table}_{name}"
            statements.append(f"DROP TRIGGER IF EXISTS {trigger}")
            if wanted:
                body = " ".join(_noting(f"{row}.{moment}") for row in rows)
                statements.append(f"CREATE TRIGGER {trigger} AFTER {event} ON {table} BEGIN {body} END")
    return statements


def _noting(moment: str) -> str:
    """A moment is kept as a text, "2026-11-30 23:59:59.999999"."""
    minute = f"printf('%02d', substr({moment}, 15, 2) / 15 * 15)"
    quarter = f"substr({moment}, 1, 14) || {minute} || ':00.000000'"
    return f"INSERT OR IGNORE INTO {CHANGES} (quarter) VALUES ({quarter});"  # noqa: S608 - our own names


def _postgresql(watched: Watched, wanted: bool) -> list[str]:
    statements = []
    for table, (moment, columns) in watched.items():
        for event in ("insert", "update", "delete"):
            statements.append(f"DROP TRIGGER IF EXISTS usage_{table}_{event} ON {table}")
        for event in ("insert", "update", "delete"):
            function = f"usage_{table}_{event}"
            statements.append(f"DROP FUNCTION IF EXISTS {function}()")
            if wanted:
                statements += _watching(function, table, event, moment, columns)
    return statements


def _watching(function: str, table: str, event: str, moment: str, columns: tuple[str, ...]) -> list[str]:
    """Insertions and deletions are noted once for a statement, which may have a million rows."""
    if event == "update":
        source = f"(VALUES (OLD.{moment}), (NEW.{moment})) AS changed (moment)"
        clause = f"AFTER UPDATE OF {', '.join(columns)} ON {table} FOR EACH ROW"
    else:
        source = f"(SELECT {moment} AS moment FROM changed_rows) AS changed"  # noqa: S608
        kind = "NEW" if event == "insert" else "OLD"
        clause = f"AFTER {event.upper()} ON {table} REFERENCING {kind} TABLE AS changed_rows FOR EACH STATEMENT"
    noting = (
        f"INSERT INTO {CHANGES} (quarter)"  # noqa: S608
        f" SELECT DISTINCT to_timestamp(floor(extract(epoch FROM moment) / 900) * 900) FROM {source}"
        " ON CONFLICT DO NOTHING; RETURN NULL;"
    )
    return [
        f"CREATE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {noting} END $$",
        f"CREATE TRIGGER {function} {clause} EXECUTE FUNCTION {function}()",
    ]
