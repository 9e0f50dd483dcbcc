"""Backing up and restoring: everything comes back, on either database, or nothing does."""

import gzip
import io
import json
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from obstore.store import MemoryStore
from sqlalchemy import MetaData, Table, func, insert, select

from core.accounts import audit
from core.accounts.people import People
from core.backup.archive import END, HEAD, Writer, members
from core.backup.backup import back_up
from core.backup.restore import restore
from core.backup.rows import tables
from core.errors import Problem
from core.ledger.prices import Prices
from core.ledger.usage.service import Usage
from core.settings import Settings
from core.site import Sites
from core.storage import schema
from core.storage.database import Database
from core.storage.files import Files
from core.storage.tables import AuditEntry, Image, User
from core.studio.removal import mark_purged
from tests import postgresql
from tests.studio import PNG, FailingFiles, Studio
from tests.test_people import code_of
from tests.test_retention import change, made
from tests.usage_sums import assert_usage_is_the_sum_of_the_pictures

SECRET = b"a secret of at least thirty-two bytes"


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


@pytest.fixture
def lived_in(studio: Studio, settings: Settings) -> Studio:
    """With something in most tables: awkward texts, JSON's null, moments, retries, files and a deleted picture."""
    studio.is_free()
    ids = made(studio, studio.alice, 3)
    reference = studio.requests.keep_reference(studio.alice, "départ 🦜.png", PNG)
    (waiting,) = studio.submit(studio.alice, 'l’été\n\t"à" Nîmes 🦜 \\ 日本', references=(reference,))
    studio.requests.cancel(studio.alice, waiting)
    studio.requests.retry(studio.alice, waiting)
    change(studio, ids[0], favourite=True, usage={"total_tokens": 7, "é": [None, 1.5, True]}, cost_micros=2**40)
    with studio.database.write() as session:
        mark_purged(session, [ids[1]], studio.database.now(session) + timedelta(microseconds=123_456))
        audit.record(session, studio.database.now(session), "limit.changed", "alice", {"a": 1}, None)
    Sites(studio.database, settings).change({"retention_days": None, "sharing": True, "retention_notice_days": 3})
    return studio


@pytest.fixture
def other(database: Database, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Fresh, and of the other kind."""
    if database.is_postgresql:
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "other.db")
        found = Database(f"sqlite:///{tmp_path / 'other.db'}")
    else:
        server, template = (request.getfixturevalue(f"postgresql_{name}") for name in ("server", "template"))
        address = postgresql.create_database(server, f"other_{uuid4().hex}", template)
        found = Database(address.replace("postgresql:", "postgresql+psycopg:"))
    yield found
    found.close()


def archived(studio: Studio, **more: Any) -> io.BytesIO:
    file = io.BytesIO()
    back_up(studio.database, studio.files, file, SECRET, **more)
    return file


def everything(database: Database) -> dict[str, list[Any]]:
    """Every row of every table, but what the restoring itself wrote down."""
    with database.read() as session:
        found = {
            table.name: [tuple(row) for row in session.execute(select(table).order_by(*table.primary_key))]
            for table in tables()
        }
    acts = list(AuditEntry.__table__.columns.keys()).index("act")
    found["audit"] = [row for row in found["audit"] if row[acts] != "backup.restored"]
    return found


def stored(files: Files) -> dict[str, bytes]:
    return {file.key: files.read(file.key) for file in files.list()}


def memory() -> FailingFiles:
    return FailingFiles(MemoryStore(), "memory")


def test_everything_comes_back_on_the_other_database_and_goes_on(
    lived_in: Studio, other: Database, settings: Settings
) -> None:
    files = memory()
    found = restore(other, files, archived(lived_in))
    assert everything(other) == everything(lived_in.database)
    assert_usage_is_the_sum_of_the_pictures(Usage(other, Sites(other, settings)), other, ("year",))
    deleted = {file.key for file in lived_in.files.list() if not files.exists(file.key)}
    assert stored(files) == {key: data for key, data in stored(lived_in.files).items() if key not in deleted}
    assert {key.split("/")[1].split("-")[0] for key in deleted} == {str(lived_in.images()[1].id)}
    assert (found.missing, found.secret, found.rows["users"]) == ((), None, 3)
    with other.read() as session:
        assert schema.current_revision(session.connection()) == schema.head()
        last = session.scalar(select(func.max(User.id)))
    assert People(other, settings).add("carl", "Carl", "user", "the lake was green in June") == (last or 0) + 1
    again, back = io.BytesIO(), memory()
    back_up(other, files, again, SECRET)
    with pytest.raises(Problem, match="There are accounts here already"):
        restore(other, back, again)
    assert stored(back) == {}


def test_a_backup_beside_a_writer_is_of_one_moment(lived_in: Studio, other: Database) -> None:
    """The writer adds a person and their record in one transaction: a backup has both or neither."""
    ended, begun = threading.Event(), threading.Event()

    def write() -> None:
        for number in range(100_000):
            with lived_in.database.write() as session:
                now = lived_in.database.now(session)
                session.add(User(login=f"w{number}", name="W", type="user", password="-", created_at=now))
                audit.record(session, now, "person.created", f"w{number}")
            begun.set()
            if ended.is_set():
                return

    writer = threading.Thread(target=write)
    writer.start()
    begun.wait()
    try:
        archive = archived(lived_in)
    finally:
        ended.set()
        writer.join()
    restore(other, memory(), archive)
    with other.read() as session:
        people = session.scalar(select(func.count()).select_from(User).where(User.login.like("w%")))
        acts = session.scalar(select(func.count()).where(AuditEntry.act == "person.created"))
    assert people == acts
    assert people


def test_a_file_that_is_missing_is_told_and_the_rest_comes(lived_in: Studio, other: Database) -> None:
    key = lived_in.images()[0].image_url or ""
    lived_in.files.delete(key)
    file, files = io.BytesIO(), memory()
    assert back_up(lived_in.database, lived_in.files, file, SECRET).missing == (key,)
    assert restore(other, files, file).missing == (key,)
    assert everything(other) == everything(lived_in.database)


def test_the_secret_key_is_in_it_only_if_it_was_asked_for(lived_in: Studio, other: Database) -> None:
    plain = gzip.decompress(archived(lived_in).getvalue())
    assert SECRET not in plain
    assert restore(other, memory(), archived(lived_in, with_secret=True)).secret == SECRET


def rewritten(archive: io.BytesIO, change: Callable[[str, bytes], tuple[str, bytes] | None]) -> io.BytesIO:
    """The same archive with other members, and a checksum that fits."""
    out = io.BytesIO()
    writer = Writer(out)
    for name, data in members(archive):
        if name == END:
            end = json.loads(data)
            end.pop("sha256")
            writer.end(end)
        elif (changed := change(name, data)) is not None:
            writer.add(*changed)
    return out


def head(**values: Any) -> Callable[[str, bytes], tuple[str, bytes]]:
    def changed(name: str, data: bytes) -> tuple[str, bytes]:
        return name, json.dumps({**json.loads(data), **values}).encode() if name == HEAD else data

    return changed


def nothing_happened(database: Database, files: Files, archive: io.BytesIO) -> str | None:
    before = everything(database), stored(files)
    code = code_of(lambda: restore(database, files, archive))
    assert (everything(database), stored(files)) == before
    return code


def test_what_is_damaged_cut_off_or_strange_restores_nothing(lived_in: Studio, other: Database) -> None:
    archive, files = archived(lived_in), memory()
    whole = archive.getvalue()
    damaged = [whole[:length] for length in (0, 1, 20, len(whole) // 2, len(whole) - 2_000)]
    middle = len(whole) // 2
    # One bit alone may be one that means nothing, between two blocks of the compression.
    damaged.append(whole[:middle] + bytes(byte ^ 255 for byte in whole[middle : middle + 64]) + whole[middle + 64 :])
    damaged += [b"a text", gzip.compress(b"a text"), b"PK\x03\x04" + bytes(2_000)]
    for data in damaged:
        assert nothing_happened(other, files, io.BytesIO(data)) == "backup_damaged"
    changes: list[tuple[Callable[[str, bytes], tuple[str, bytes] | None], str]] = [
        (head(revision="9999"), "backup_too_new"),
        (head(format=2), "backup_too_new"),
        (head(columns=7), "backup_damaged"),
        (head(columns={"users": 7}), "backup_damaged"),
        (head(columns={"users": ["id", "nothing"]}), "backup_damaged"),
        (lambda name, data: None if name.startswith("rows/users") else (name, data), "restore_failed"),
        (lambda name, data: None if name.startswith("rows/audit") else (name, data), "backup_damaged"),
        (lambda name, data: (name, data[:99] if "rows/images" in name else data), "backup_damaged"),
        (lambda name, data: (name.replace("files/pictures", "files/../outside"), data), "backup_damaged"),
        (lambda name, data: (name.replace("files/", "files//etc/"), data), "backup_damaged"),
        (lambda name, data: (name.replace("rows/users", "rows/../users"), data), "backup_damaged"),
    ]
    for changed, code in changes:
        assert nothing_happened(other, files, rewritten(archive, changed)) in (code, "backup_damaged")
    restore(other, files, archive)


def test_a_link_in_the_archive_is_not_followed(lived_in: Studio, other: Database, tmp_path: Path) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        link = tarfile.TarInfo("files/pictures/1-a/original.png")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        archive.addfile(link)
    assert nothing_happened(other, memory(), file) == "backup_damaged"


def test_a_full_disk_leaves_nothing_behind(lived_in: Studio, other: Database) -> None:
    archive, files = archived(lived_in), memory()
    files.write("pictures/9-before/original.png", PNG, "image/png")
    real, number = files.write, 0

    def write(key: str, data: bytes, media_type: str) -> None:
        nonlocal number
        number += 1
        if number == 3:
            raise OSError(28, "No space left on device")
        real(key, data, media_type)

    files.write = write  # type: ignore[method-assign, assignment]
    before = everything(other)
    with pytest.raises(OSError, match="No space"):
        restore(other, files, archive)
    assert everything(other) == before
    assert list(stored(files)) == ["pictures/9-before/original.png"]


def test_a_backup_of_an_older_revision_is_brought_up_to_date(
    database_url: str, database: Database, other: Database
) -> None:
    """The tables as they were at the first revision, with a row of then."""
    with schema.rebuilt(database, "0001") as connection:
        users = Table("users", MetaData(), autoload_with=connection)
        columns = [column.name for column in users.columns]
        connection.execute(
            insert(users).values(name="Old", login="old", password="-", type="admin", created_at=_moment())
        )
    row = [1, "Old", "old", "-", "admin", _moment().isoformat()]
    names = ["id", "name", "login", "password", "type", "created_at"]
    assert set(names) <= set(columns)
    file = io.BytesIO()
    writer = Writer(file)
    writer.add(HEAD, json.dumps({"format": 1, "revision": "0001", "secret": "", "columns": {"users": names}}).encode())
    writer.add("rows/users/000000.jsonl", json.dumps(row).encode() + b"\n")
    writer.end({"rows": {"users": 1}, "files": 0, "missing": []})
    restore(other, memory(), file)
    with other.read() as session:
        user = session.scalars(select(User)).one()
        assert (user.login, user.created_at, user.left_at) == ("old", _moment(), None)
        assert schema.current_revision(session.connection()) == schema.head()


def _moment() -> datetime:
    return datetime(2026, 3, 29, 2, 30, 0, 654_321, tzinfo=UTC)


def test_a_fresh_installation_that_has_started_once_can_be_restored_into(lived_in: Studio, other: Database) -> None:
    Prices(other).load_catalogue()
    restore(other, memory(), archived(lived_in))
    assert everything(other) == everything(lived_in.database)
    with other.read() as session:
        assert session.scalar(select(func.count()).select_from(Image))
