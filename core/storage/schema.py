"""Bringing a database to the tables of this program, by Alembic, at the start and under a lock."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

from core.storage.database import WRITE_LOCK, Database

MIGRATIONS = Path(__file__).parent / "migrations"


class DatabaseTooNew(Exception):
    """The database was made by a newer program; the text says what to do."""


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables up to date. Processes that start together wait for one another."""
    with database.engine.execution_options(writes=True).begin() as connection:
        if database.is_postgresql:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITE_LOCK})
        found = current_revision(connection)
        try:
            if found is not None:
                scripts().get_revision(found)
        except CommandError:
            raise DatabaseTooNew(
                f"The database is newer than this program (its revision {found} is unknown here): "
                "install the newer version again, or restore a backup made with this one."
            ) from None
        command.upgrade(config(connection), revision)


def current_revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(config(None))


def config(connection: Connection | None) -> Config:
    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings
