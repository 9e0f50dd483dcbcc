"""Bringing a database to the tables of this program, by Alembic, at the start and under a lock.

Nearly every start finds today's tables, and needs no Alembic to see it: its import alone costs a tenth of a second.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.exc import SQLAlchemyError

from core.settings import Settings, SettingsError
from core.storage import triggers
from core.storage.database import WRITE_LOCK, Database
from core.storage.usage_triggers import write_triggers

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).parent / "migrations"


class DatabaseTooNew(Exception):
    """The database was made by a newer program; the text says what to do."""


def open_database(settings: Settings) -> Database:
    """The database of this installation, with today's tables. SettingsError: one sentence that says what to do."""
    settings.make_data_dir()
    database = Database(settings.database)
    try:
        upgrade(database)
    except DatabaseTooNew as error:
        database.close()
        raise SettingsError(str(error)) from None
    except SQLAlchemyError as error:
        database.close()
        place = database.url.render_as_string(hide_password=True)
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise SettingsError(
            f"DATABASE_URL: {place} cannot be used ({reason}); check the address and the rights."
        ) from None
    return database


def upgrade(database: Database, revision: str = "head") -> None:
    """Bring the tables up to date. Processes that start together wait for one another."""
    if revision == "head":
        with database.engine.connect() as connection:
            if current_revision(connection) == head():
                return
    _migrate(database, revision)


def head() -> str:
    """The newest revision, by the names of the files, which begin with it."""
    return max(file.name.partition("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


def is_known(revision: str) -> bool:
    """Whether this program can bring a database of that revision up to date."""
    return any(file.name.startswith(f"{revision}_") for file in (MIGRATIONS / "versions").glob("[0-9]*_*.py"))


@contextmanager
def rebuilt(
    database: Database,
    revision: str,
    check: Callable[[Connection], None] = lambda _: None,
    finish: Callable[[Connection], None] = lambda _: None,
) -> Iterator[Connection]:
    """Empty tables as they were at `revision`, for the caller to fill; at the end they are brought up to date.

    One transaction, alone, and all of it is undone by an exception: also one of `check`, which sees what was there, or
    of `finish`, which sees what has become of it.
    """
    from alembic import command

    with _migrating(database) as connection:
        if database.is_postgresql:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": WRITE_LOCK})
        check(connection)
        there = MetaData()
        there.reflect(connection)
        there.drop_all(connection)
        command.upgrade(config(connection), revision)
        yield connection
        command.upgrade(config(connection), "head")
        triggers.install(connection)
        write_triggers(connection)
        if not database.is_postgresql and connection.execute(text("PRAGMA foreign_key_check")).first() is not None:
            raise ValueError("a row refers to one that is not there")
        finish(connection)


def current_revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision


def _migrate(database: Database, revision: str) -> None:
    from alembic import command
    from alembic.util import CommandError

    with _migrating(database) as connection:
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
        if revision == "head":
            triggers.install(connection)
        write_triggers(connection)


@contextmanager
def _migrating(database: Database) -> Iterator[Connection]:
    """One writing transaction. SQLite changes a table by copying and dropping it, and the drop deletes what refers to
    it unless foreign keys are not watched, which must be said before the transaction begins."""
    with database.engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        if not database.is_postgresql and raw is not None:
            raw.execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                if not database.is_postgresql:
                    connection.exec_driver_sql("BEGIN IMMEDIATE")
                yield connection
        finally:
            if not database.is_postgresql and raw is not None:
                raw.execute("PRAGMA foreign_keys=ON")


def scripts() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(config(None))


def config(connection: Connection | None) -> "Config":
    from alembic.config import Config

    settings = Config()
    settings.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings
