"""What the database itself watches over, whoever writes to it.

The statements are repeated after every migration: SQLite changes a table by copying and dropping it, and its triggers
go with it.
"""

from sqlalchemy import Connection, text

# The record of acts is added to and never changed.
_SQLITE = tuple(
    f"""CREATE TRIGGER IF NOT EXISTS audit_no_{act.lower()} BEFORE {act} ON audit
    BEGIN SELECT RAISE(ABORT, 'the record of acts is never changed'); END"""
    for act in ("UPDATE", "DELETE")
)
_POSTGRESQL = (
    """CREATE OR REPLACE FUNCTION audit_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the record of acts is never changed'; END $$""",
    "DROP TRIGGER IF EXISTS audit_no_change ON audit",
    """CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_never_changed()""",
)


def install(connection: Connection) -> None:
    """On today's tables; what is there already stays."""
    for statement in _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL:
        connection.execute(text(statement))
