"""A PostgreSQL server of our own for the tests: in a temporary folder, on a free port, gone afterwards."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg


def programs() -> Path | None:
    """The folder of Debian's newest server programs, or wherever initdb is on the PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if versions:
        return versions[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


@contextmanager
def server() -> Iterator[str]:
    """Yields the address of a database that may create others."""
    folder = programs()
    if folder is None:
        raise FileNotFoundError("PostgreSQL's initdb")
    # Without locale, syncing and durability: it is thrown away.
    with tempfile.TemporaryDirectory(prefix="imagier-postgresql-", ignore_cleanup_errors=True) as root:
        data = Path(root) / "data"
        data.mkdir()
        account = _unprivileged(Path(root), data)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]

        def run(program: str, *arguments: str) -> None:
            subprocess.run([folder / program, *arguments], user=account, check=True, capture_output=True, cwd=root)

        run("initdb", "-D", str(data), "-U", "imagier", "--auth=trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8")
        options = f"-p {port} -k {root} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=300"
        run("pg_ctl", "-D", str(data), "-l", str(data / "log"), "-w", "-o", options, "start")
        try:
            yield f"postgresql://imagier@127.0.0.1:{port}/postgres"
        finally:
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")


def _unprivileged(root: Path, data: Path) -> str | None:
    """PostgreSQL refuses to run as root; Debian's package brings an account for it."""
    if os.geteuid() != 0:
        return None
    account = pwd.getpwnam("postgres")
    for path in (root, data):
        os.chown(path, account.pw_uid, account.pw_gid)
    return account.pw_name


def create_database(address: str, name: str, template: str | None = None) -> str:
    """The address of a new database beside `address`, empty or a copy of `template`."""
    with psycopg.connect(address, autocommit=True) as connection:
        origin = f' TEMPLATE "{template}"' if template else ""
        connection.execute(f'CREATE DATABASE "{name}"{origin}'.encode())
    return address.rsplit("/", 1)[0] + f"/{name}"


class Reused:
    """One database with today's tables, emptied for each test: copying one anew costs more than most tests do.

    A test that changed a table or a row of the migrations is followed by a new copy.
    """

    def __init__(self, server: str, template: str):
        self._server = server
        self._template = template
        self._number = 0
        self._fresh: tuple[str, ...] = ()
        self._address = ""

    def address(self) -> str:
        if not self._address or not self._is_emptied():
            self._number += 1
            self._address = create_database(self._server, f"test_{self._number}", self._template)
            with psycopg.connect(self._address) as connection:
                self._fresh = _state(connection)
        return self._address

    def _is_emptied(self) -> bool:
        with psycopg.connect(self._address) as connection:
            connection.execute(OTHERS_LEAVE)
            tables = _tables(connection)
            questions = [f"SELECT '{it}' WHERE EXISTS (SELECT FROM \"{it}\")" for it in tables if it != REVISION]
            filled = [name for (name,) in _ask(connection, " UNION ALL ".join(questions))]
            orders = [f'DELETE FROM "{name}"' for name in filled]
            # In any order; and all that there is to say at once, because most tests are shorter than a dozen answers.
            connection.execute(";".join(["SET LOCAL session_replication_role = replica", *orders, COUNT_ANEW]).encode())
            return _state(connection) == self._fresh


REVISION = "alembic_version"
OTHERS_LEAVE = """
    SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()"""
COUNT_ANEW = "SELECT setval(oid, 1, false) FROM pg_class WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
COLUMNS = """
    SELECT string_agg(format('%s %s %s', attrelid, attname, atttypid), ',' ORDER BY attrelid, attnum)
    FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid WHERE relnamespace = 'public'::regnamespace"""
RULES = """
    SELECT string_agg(oid || conname, ',' ORDER BY oid) FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace"""


def _state(connection: "psycopg.Connection[tuple[str, ...]]") -> tuple[str, ...]:
    """The shape of all tables, and the rows that there are."""
    rows = " UNION ALL ".join(f"SELECT '{it}' || t::text FROM \"{it}\" t" for it in _tables(connection))
    return tuple(str(row) for question in (COLUMNS, RULES, rows) for row in _ask(connection, question))


def _tables(connection: "psycopg.Connection[tuple[str, ...]]") -> list[str]:
    found = _ask(connection, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return [name for (name,) in found]


def _ask(connection: "psycopg.Connection[tuple[str, ...]]", question: str) -> list[tuple[str, ...]]:
    return connection.execute(question.encode()).fetchall()
