"""Transactions and the schema, on both databases."""

import sqlite3
import subprocess
import sys
import threading
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select, text
from sqlalchemy.exc import OperationalError

from core.storage import schema
from core.storage.database import Database
from core.storage.log import Log
from core.storage.tables import Attempt, Base, Image, Setting, Throttle
from core.storage.triggers import is_in_metadata
from tests.conftest import SettableClock
from tests.patience import SECONDS


def test_what_a_failed_transaction_wrote_is_undone(database: Database, clock: SettableClock) -> None:

    def write_and_fail() -> None:
        with database.write() as session:
            session.add(Throttle(subject="alice", failures=1, last_at=clock()))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Throttle)) == 0


def test_writers_are_alone_even_from_two_connections(database_url: str, clock: SettableClock) -> None:
    """Each adds one to what it has read; a lost update would show in the sum."""
    databases = [Database(database_url, clock), Database(database_url, clock)]
    with databases[0].write() as session:
        session.add(Throttle(subject="alice", failures=0, last_at=clock()))

    def add_ten(database: Database) -> None:
        for _ in range(10):
            with database.write() as session:
                row = session.get_one(Throttle, "alice")
                row.failures += 1

    threads = [threading.Thread(target=add_ten, args=(databases[i % 2],)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with databases[0].read() as session:
        assert session.get_one(Throttle, "alice").failures == 60
    for database in databases:
        database.close()


def test_what_need_not_last_is_committed_without_waiting_for_the_disk(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, kept = "", list[str]()  # what was waited for
    if not database.is_postgresql:
        monkeypatch.setattr(Log, "keep", lambda _log: kept.append(name))
    for name, lasting in (("one", True), ("two", False), ("three", True)):
        with database.write(lasting=lasting) as session:
            if database.is_postgresql and session.scalar(text("SHOW synchronous_commit")) == "on":
                kept.append(name)
            session.add(Setting(name=name, value=lasting, changed_at=database.now(session)))
    assert kept == ["one", "three"]
    with database.read() as session:
        assert len(session.scalars(select(Setting)).all()) == 3


def test_a_reader_does_not_wait_for_a_writer(database: Database, clock: SettableClock) -> None:
    with database.write() as writing:
        writing.add(Throttle(subject="alice", failures=1, last_at=clock()))
        writing.flush()
        with database.read() as reading:
            assert reading.scalar(select(func.count()).select_from(Throttle)) == 0


def test_times_come_back_with_their_zone(database: Database, clock: SettableClock) -> None:
    with database.write() as session:
        session.add(Throttle(subject="alice", failures=1, last_at=clock()))
    with database.read() as session:
        assert session.get_one(Throttle, "alice").last_at == clock()


def test_a_lock_that_is_not_got_is_an_error_that_passes(tmp_path: Path) -> None:
    """As any other of the database: who has to store what was paid for tries again."""
    path = tmp_path / "locked.db"
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    with database.ask() as connection:
        connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    for begin in (database.write, database.change):
        with pytest.raises(OperationalError, match="locked"), begin():
            raise AssertionError("it is not alone")
    other.execute("COMMIT")
    with database.write() as session:
        session.execute(select(1))
    other.close()
    database.close()


def test_without_a_clock_of_ours_the_time_is_now(database_url: str) -> None:
    database = Database(database_url)
    with database.read() as session:
        first, second = database.now(session), database.now(session)
    assert first <= second
    assert first.tzinfo is not None
    database.close()


def test_the_migrations_make_exactly_the_tables_of_the_program(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_server_default": False, "include_name": is_in_metadata}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_the_first_tables_are_migrated_to_todays(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    schema.upgrade(database, "0001")
    schema.upgrade(database)
    with database.engine.connect() as connection:
        assert schema.current_revision(connection) == schema.scripts().get_current_head()
    database.close()


def test_a_migration_keeps_what_is_in_the_tables_and_their_indexes(tmp_path: Path, clock: SettableClock) -> None:
    """SQLite copies a table to change it: what refers to it must still be there, and the indexes."""
    database = Database(f"sqlite:///{tmp_path / 'old.db'}")
    schema.upgrade(database, "0001")
    with database.write() as session:
        for statement in (
            "INSERT INTO users (id, name, login, password, type, created_at)"
            " VALUES (1, 'Alice', 'alice', 'x', 'user', '2026-11-22 12:00:00')",
            "INSERT INTO requests (id, user_id, description, created_at, door, connection, model, number, previews)"
            " VALUES (1, 1, 'a lake', '2026-11-22 12:00:00', 'pages', 'painter', 'painter', 1, 0)",
            "INSERT INTO images (id, request_id, user_id, created_at, position, connection, state, seed)"
            " VALUES (1, 1, 1, '2026-11-22 12:00:00', 0, 'painter', 'done', 7)",
            "INSERT INTO attempts (id, image_id, connection, worker, started_at)"
            " VALUES (1, 1, 'painter', 'w', '2026-11-22 12:00:00')",
        ):
            session.execute(text(statement))
    schema.upgrade(database)
    with database.read() as session:
        assert [row.seed for row in session.scalars(select(Image))] == [7]
        assert session.scalar(select(func.count()).select_from(Attempt)) == 1
        indexes = " ".join(session.scalars(text("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL")))
        assert "ix_images_connection_state_id_user_id" in indexes
        assert session.scalar(text("PRAGMA foreign_keys")) == 1
        assert session.execute(text("PRAGMA foreign_key_check")).all() == []
    database.close()


def test_two_processes_that_start_together_migrate_once(tmp_path: Path, postgresql_server: str) -> None:
    from tests.postgresql import create_database

    address = create_database(postgresql_server, "started_together").replace("postgresql:", "postgresql+psycopg:")
    for url in (f"sqlite:///{tmp_path / 'together.db'}", address):
        databases = [Database(url) for _ in range(4)]
        faults: list[BaseException] = []

        def start(database: Database, faults: list[BaseException] = faults) -> None:
            try:
                schema.upgrade(database)
            except BaseException as error:
                faults.append(error)

        threads = [threading.Thread(target=start, args=(database,)) for database in databases]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for database in databases:
            database.close()
        assert faults == []


def test_the_names_of_the_migrations_tell_the_newest() -> None:
    assert schema.head() == schema.scripts().get_current_head()


def test_a_database_without_tables_has_no_revision(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    with database.engine.connect() as connection:
        assert schema.current_revision(connection) is None
    database.close()


def test_todays_database_is_opened_without_alembic_and_without_waiting_for_a_writer(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'today.db'}"
    database = Database(url)
    schema.upgrade(database)
    program = (
        "import sys; from core.storage import schema; from core.storage.database import Database; "
        f"schema.upgrade(Database({url!r})); assert 'alembic' not in sys.modules"
    )
    with database.write():
        subprocess.run([sys.executable, "-c", program], check=True, timeout=SECONDS)
    database.close()


def test_a_newer_database_is_refused_with_a_sentence_that_says_what_to_do(database: Database) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(schema.DatabaseTooNew, match=r"newer than this program .* install the newer version"):
        schema.upgrade(database)


def test_a_server_that_ended_our_connections_is_not_noticed_by_anybody(
    database_url: str, postgresql_server: str, clock: SettableClock
) -> None:
    """As it does when it is started anew: all that the pool has kept is worthless, and nobody's act is lost."""
    if database_url.startswith("sqlite"):
        pytest.skip("there is no server")
    database = Database(database_url, clock)
    end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
    for begin in (database.read, database.write, database.read):
        with ExitStack() as stack:
            for one in [database.read() for _ in range(5)]:
                stack.enter_context(one).execute(text("SELECT 1"))
        with psycopg.connect(postgresql_server, autocommit=True) as server:
            assert len(server.execute(end, [database.url.database]).fetchall()) >= 5
        with begin() as session:
            assert session.scalar(text("SELECT 7")) == 7
    database.close()


def test_in_a_writing_transaction_the_time_is_that_after_the_wait_for_it(database_url: str) -> None:
    """Whoever waited for the others must not order in a past window."""
    database = Database(database_url)
    moments: list[datetime] = []

    def write() -> None:
        with database.write() as session:
            moments.append(database.now(session))

    waiting = threading.Thread(target=write)
    with database.write() as session:
        waiting.start()
        first = database.now(session)
        with database.read() as reading:
            last = database.now(reading)
    waiting.join()
    assert first <= last <= moments[0]
    database.close()
