"""Restoring: read all of the archive first; then the files; then the rows, in one transaction. All or nothing.

The rows go into tables of the revision that the backup has, which are then brought up to date like any others.
"""

import mimetypes
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from core.accounts import audit
from core.backup.archive import SECRET, members, verified
from core.backup.rows import Filling
from core.errors import Problem
from core.storage import schema
from core.storage.database import Database
from core.storage.files import Files
from core.studio.retention import RESTORED

UNKNOWN = "application/octet-stream"
HOLDING = ("users", "requests")  # a database with rows in one of these is somebody's


@dataclass(frozen=True, slots=True)
class Restored:
    """`fingerprint` is of the secret key of the backup; `secret`, the key itself, if the backup has it."""

    rows: dict[str, int]
    files: int
    missing: tuple[str, ...]
    fingerprint: str
    secret: bytes | None


def restore(database: Database, files: Files, archive: BinaryIO) -> Restored:
    head, end = verified(archive)
    revision = str(head.get("revision"))
    if not schema.is_known(revision):
        raise Problem("backup_too_new", revision=revision[:40])
    with database.engine.connect() as connection:
        _check_fresh(connection)
    with _undone_on_failure(files) as written:
        number = _files(files, archive, written)
        if number != end.get("files"):
            raise Problem("backup_damaged")
        secret, counts = _rows(database, archive, head, end)
    return Restored(counts, number, tuple(end.get("missing", ())), str(head.get("secret")), secret)


def _check_fresh(connection: Connection) -> None:
    there = set(inspect(connection).get_table_names())
    for table in HOLDING:
        if table in there and connection.scalar(text(f"SELECT 1 FROM {table} LIMIT 1")) is not None:  # noqa: S608
            raise Problem("restore_not_empty")


@contextmanager
def _undone_on_failure(files: Files) -> Iterator[IO[str]]:
    """A list of the files that were not there before; they go again if the rest fails."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as written:
        try:
            yield written
        except BaseException:
            written.seek(0)
            for key in written:
                files.delete(key.rstrip("\n"))
            raise


def _files(files: Files, archive: BinaryIO, written: IO[str]) -> int:
    number = 0
    for name, data in members(archive):
        if not name.startswith("files/"):
            continue
        key = name.removeprefix("files/")
        try:
            if not files.exists(key):
                written.write(f"{key}\n")
            files.write(key, data, mimetypes.guess_type(key)[0] or UNKNOWN)
        except ValueError:  # no key of ours, such as one that leads out of the folder
            raise Problem("backup_damaged") from None
        number += 1
    return number


def _rows(
    database: Database, archive: BinaryIO, head: dict[str, Any], end: dict[str, Any]
) -> tuple[bytes | None, dict[str, int]]:
    """Every row of the archive, in one transaction; the secret key, if it is there, and how many rows there were."""
    secret = None
    revision, columns = str(head["revision"]), head["columns"]
    counts = dict.fromkeys(columns, 0)

    def finish(connection: Connection) -> None:
        with Session(connection, join_transaction_mode="rollback_only") as session:
            after = {"revision": revision, "accounts": counts.get("users", 0), "pictures": counts.get("images", 0)}
            audit.record(session, database.now(session), RESTORED, "", after=after)
            session.flush()

    try:
        with schema.rebuilt(database, revision, _check_fresh, finish) as connection:
            filling = Filling(connection)
            for name, data in members(archive):
                if name.startswith("rows/"):
                    table = name.split("/")[1]
                    counts[table] += filling.put(table, columns[table], data)
                elif name == SECRET:
                    secret = data
            filling.number_on()
            if counts != end["rows"]:
                raise Problem("backup_damaged")
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise Problem("restore_failed", reason=reason) from None
    except (KeyError, ValueError, TypeError, AttributeError):
        raise Problem("backup_damaged") from None
    return secret, counts
