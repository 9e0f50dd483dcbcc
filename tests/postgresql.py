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
