"""Backing up while everything runs: the rows of one moment, then the files that those rows name.

Nothing is held in memory but a piece at a time. Files come after the rows: a picture that is in the rows has its files
already, and one that was deleted meanwhile is told as missing.
"""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, BinaryIO

from sqlalchemy.orm import Session

from core.backup.archive import HEAD, SECRET, Writer
from core.backup.rows import line, members, rows, tables
from core.backup.secret import fingerprint
from core.storage import schema
from core.storage.database import Database
from core.storage.files import Files
from core.storage.thumbnails import WIDTHS
from core.studio.pictures import folder, thumbnail_key

KEY, MAYBE, OPEN = "key", "maybe", "open"  # what is wanted: a file, a file that may be there, what a call left behind


@dataclass(frozen=True, slots=True)
class Summary:
    rows: dict[str, int]
    files: int
    missing: tuple[str, ...]


def back_up(database: Database, files: Files, out: BinaryIO, secret: bytes, with_secret: bool = False) -> Summary:
    """Write the archive. Whatever cannot be written or read breaks it off with an OSError."""
    writer = Writer(out)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as wanted:
        with _one_moment(database) as session:
            columns = {table.name: [column.name for column in table.columns] for table in tables()}
            head = {
                "format": 1,
                "revision": schema.current_revision(session.connection()),
                "made_at": database.now(session).isoformat(),
                "secret": fingerprint(secret),
                "columns": columns,
            }
            writer.add(HEAD, json.dumps(head).encode())
            counts = {table.name: _rows(session, writer, table, wanted) for table in tables()}
        if with_secret:
            writer.add(SECRET, secret)
        number, missing = _files(files, writer, wanted)
    writer.end({"rows": counts, "files": number, "missing": missing})
    return Summary(counts, number, tuple(missing))


@contextmanager
def _one_moment(database: Database) -> Iterator[Session]:
    """All that is read is of one moment. On SQLite every transaction is like that."""
    with database.read() as session:
        if database.is_postgresql:
            session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        yield session


def _rows(session: Session, writer: Writer, table: Any, wanted: IO[str]) -> int:
    number = 0

    def lines() -> Iterator[str]:
        nonlocal number
        for row in rows(session, table):
            number += 1
            _write_down(table.name, row, wanted)
            yield line(row)

    for position, data in enumerate(members(lines())):
        writer.add(f"rows/{table.name}/{position:06}.jsonl", data)
    return number


def _write_down(table: str, row: dict[str, Any], wanted: IO[str]) -> None:
    """Which files the row names."""
    if table == "request_references":
        wanted.write(f"{KEY} {row['file_key']}\n")
    elif table == "requests" and row["mask_key"] is not None:
        wanted.write(f"{KEY} {row['mask_key']}\n")
    elif table == "images" and row["purged_at"] is None:
        key = row["image_url"]
        if key is not None:
            wanted.write(f"{KEY} {key}\n")
            if row["has_thumbnails"]:
                wanted.writelines(f"{MAYBE} {thumbnail_key(key, width)}\n" for width in WIDTHS)
            if row["worker"]:
                # As long as it is there, the thumbnails are still to be made.
                wanted.write(f"{MAYBE} receipts/{folder(row['id'], row['worker'])}.json\n")
        elif row["worker"] and row["state"] in ("running", "unknown"):
            wanted.write(f"{OPEN} {folder(row['id'], row['worker'])}\n")


def _files(files: Files, writer: Writer, wanted: IO[str]) -> tuple[int, list[str]]:
    number, missing, uploads = 0, [], set()
    wanted.seek(0)
    for written in wanted:
        kind, _, name = written.rstrip("\n").partition(" ")
        if name.startswith("uploads/"):
            if name in uploads:  # two requests that start from the same picture
                continue
            uploads.add(name)
        for key in _left_behind(files, name) if kind == OPEN else [name]:
            try:
                writer.add(f"files/{key}", files.read(key))
            except FileNotFoundError:
                if kind == KEY:
                    missing.append(key)
            else:
                number += 1
    return number, missing


def _left_behind(files: Files, name: str) -> list[str]:
    """Of a picture whose outcome is open: the receipt and what else was kept, by which it is found again."""
    return [f"receipts/{name}.json", *(file.key for file in files.list(f"pictures/{name}"))]
