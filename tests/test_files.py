"""The picture store, the same on a folder, in memory and in a bucket over HTTP."""

import asyncio
import errno
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from core.storage.files import Files, Piece
from tests import s3_server
from tests.patience import SECONDS


@pytest.fixture(scope="module")
def s3_endpoint() -> Iterator[str]:
    with s3_server.server() as endpoint:
        yield endpoint


@pytest.fixture
def bucket(s3_endpoint: str, monkeypatch: pytest.MonkeyPatch) -> str:
    s3_server.use_endpoint(monkeypatch, s3_endpoint)
    return s3_server.create_bucket(s3_endpoint)


@pytest.fixture(params=["folder", "memory", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Files:
    if request.param == "folder":
        return Files.open(str(tmp_path / "files"))
    if request.param == "memory":
        return Files.open("memory:///")
    return Files.open(f"s3://{request.getfixturevalue('bucket')}/imagier/pictures")


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", bytes(range(256)) * 30_000], ids=len)
def test_what_is_written_is_read_back_untouched(files: Files, data: bytes) -> None:
    files.write("ab/one.png", data, "image/png")
    assert files.read("ab/one.png") == data
    assert files.exists("ab/one.png")


def test_a_file_that_is_not_there_is_told_apart_from_trouble(files: Files) -> None:
    files.write("ab/one.png", b"1", "image/png")
    assert not files.exists("ab/two.png")
    assert not files.exists("cd/one.png")
    with pytest.raises(FileNotFoundError, match=r"ab/two\.png"):
        files.read("ab/two.png")
    with pytest.raises(FileNotFoundError, match=r"ab/two\.png"):
        asyncio.run(files.stream("ab/two.png"))


def test_writing_again_replaces(files: Files) -> None:
    files.write("one.png", b"first, and longer", "image/png")
    files.write("one.png", b"second", "image/png")
    assert files.read("one.png") == b"second"
    assert [file.size for file in files.list()] == [6]


def test_deleting_removes_one_file_and_twice_is_fine(files: Files) -> None:
    files.write("ab/one.png", b"1", "image/png")
    files.write("ab/two.png", b"2", "image/png")
    files.delete("ab/one.png")
    files.delete("ab/one.png")
    files.delete("never/there.png")
    assert [file.key for file in files.list()] == ["ab/two.png"]


def test_a_list_holds_key_size_and_time_of_what_lies_in_a_folder(files: Files) -> None:
    for key in ("ab/one.png", "ab/cd/two.webp", "abc/three.png"):
        files.write(key, key.encode(), "image/png")
    found = {file.key: file for file in files.list("ab")}
    assert sorted(found) == ["ab/cd/two.webp", "ab/one.png"]
    assert found["ab/one.png"].size == len("ab/one.png")
    assert abs(found["ab/one.png"].modified - datetime.now(UTC)) < timedelta(minutes=1)
    assert len(list(files.list())) == 3
    assert list(files.list("nothing")) == []


def test_a_stream_knows_its_size_and_comes_in_pieces(files: Files) -> None:
    data = os.urandom(1_000_000)
    files.write("one.png", data, "image/png")

    async def received() -> list[bytes]:
        stream = await files.stream("one.png")
        assert stream.size == len(data)
        return [chunk async for chunk in stream.chunks]

    chunks = asyncio.run(received())
    assert b"".join(chunks) == data
    assert all(type(chunk) is bytes for chunk in chunks)


def test_a_reader_who_goes_away_in_the_middle_leaves_the_file_readable(files: Files) -> None:
    files.write("one.png", b"x" * 2_000_000, "image/png")

    async def impatient() -> bytes:
        stream = await files.stream("one.png")
        async for chunk in stream.chunks:
            return chunk
        return b""

    assert asyncio.run(impatient())
    assert len(files.read("one.png")) == 2_000_000


@pytest.mark.parametrize(
    "key",
    [
        "", "/", ".", "..", "../secret", "a/../../secret", "a/..", "/etc/passwd", "a//b", "a/", "./a",
        ".hidden", "a/.b", "a\\..\\b", "a\x00b", "a\nb", "a\n", "a b", "a%2e%2e", "é.png", "🎨", "\u202egnp", "a#1",
        "a?b", "x" * 501,
    ],
    ids=ascii,
)  # fmt: skip
def test_a_key_that_is_not_ours_is_refused_everywhere(files: Files, key: str) -> None:
    for use in (files.read, files.exists, files.delete, lambda key: files.write(key, b"", "image/png")):
        with pytest.raises(ValueError, match="not a key"):
            use(key)
    with pytest.raises(ValueError, match="not a key"):
        asyncio.run(files.stream(key))
    if key:
        with pytest.raises(ValueError, match="not a key"):
            list(files.list(key))


def test_two_who_write_the_same_file_leave_one_of_both_and_readers_see_whole_ones(files: Files) -> None:
    versions = [bytes([digit]) * 200_000 for digit in range(4)]
    files.write("one.png", versions[0], "image/png")

    def write_and_read(data: bytes) -> bytes:
        files.write("one.png", data, "image/png")
        return files.read("one.png")

    with ThreadPoolExecutor(4) as threads:
        seen = list(threads.map(write_and_read, versions * 3))
    assert set(seen) <= set(versions)
    assert [file.key for file in files.list()] == ["one.png"]


def test_a_check_of_a_good_store_leaves_nothing_behind(files: Files) -> None:
    files.check()
    assert list(files.list()) == []


# --- a folder


def test_a_folder_and_its_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        Files.open(str(tmp_path / "data" / "files")).write("ab/cd/one.png", b"1", "image/png")
    finally:
        os.umask(mask)
    made = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
    assert len(made) == 5
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in made if path.is_file()} == {0o600}


def test_the_bytes_are_on_the_disk_before_the_name_and_the_name_before_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Files.open(str(tmp_path / "files"))
    done: list[object] = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        real_fsync(descriptor)
        done.append(os.fstat(descriptor).st_ino)

    def replace(path: Path, target: Path) -> Path:
        done.append("rename")
        return real_replace(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    files.write("ab/one.png", b"1", "image/png")
    one, ab, root = ((tmp_path / "files" / name).stat().st_ino for name in ("ab/one.png", "ab", ""))
    assert {one, root} <= set(done[: done.index("rename")]), "the bytes, and the name of the folder"
    assert done[-2:] == ["rename", ab]


def test_of_a_pair_the_first_is_on_the_disk_before_the_second_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = Files.open(str(tmp_path / "files"))
    synced: list[int] = []
    seen: list[set[int]] = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        real_fsync(descriptor)
        synced.append(os.fstat(descriptor).st_ino)

    def replace(path: Path, target: Path) -> Path:
        seen.append(set(synced))
        return real_replace(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", replace)
    files.write_pair(Piece("ab/note.json", b"{}", "application/json"), Piece("cd/one.png", b"1", "image/png"))
    note, ab, one, root = (
        (tmp_path / "files" / name).stat().st_ino for name in ("ab/note.json", "ab", "cd/one.png", "")
    )
    assert {note, ab, one, root} <= seen[-1]
    assert synced[-1] == (tmp_path / "files" / "cd").stat().st_ino
    assert (files.read("ab/note.json"), files.read("cd/one.png")) == (b"{}", b"1")


def test_what_can_be_made_again_waits_for_no_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files.open(str(tmp_path / "files"))

    def fsync(descriptor: int) -> None:
        pytest.fail("it waited")

    monkeypatch.setattr(os, "fsync", fsync)
    files.write("ab/one.webp", b"1", "image/webp", lasting=False)
    assert files.read("ab/one.webp") == b"1"


def test_a_full_disk_leaves_the_old_file_whole_and_no_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = Files.open(str(tmp_path))
    files.write("one.png", b"first", "image/png")

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        files.write("one.png", b"second", "image/png")
    with pytest.raises(OSError, match="cannot be used: No space left"):
        files.check()
    assert files.read("one.png") == b"first"
    assert [file.key for file in files.list()] == ["one.png"]


_WRITER = """
import sys
from core.storage.files import Files, Piece
files = Files.open(sys.argv[1])
print("ready", flush=True)
while True:
    for letter in (b"a", b"b"):
        files.write("one.png", letter * 3_000_000, "image/png")
"""


def test_a_killed_writer_leaves_a_whole_file_and_only_what_a_sweep_can_see(tmp_path: Path) -> None:
    files = Files.open(str(tmp_path))
    for _ in range(5):
        with subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout
            assert writer.stdout.readline() == b"ready\n"
            while not any(file.key.endswith(".part") for file in files.list()):
                assert writer.poll() is None
            writer.send_signal(signal.SIGKILL)
        if files.exists("one.png"):
            assert files.read("one.png") in (b"a" * 3_000_000, b"b" * 3_000_000)
        on_disk = {path.name for path in tmp_path.iterdir()}
        assert {file.key for file in files.list()} == on_disk
        for file in files.list():
            if file.key != "one.png":
                files.delete(file.key)


def test_a_folder_may_be_a_path_or_a_url_with_spaces_and_accents(tmp_path: Path) -> None:
    folder = tmp_path / "mes images é #1"
    Files.open(str(folder)).write("one.png", b"1", "image/png")
    assert Files.open(folder.as_uri()).read("one.png") == b"1"


def test_a_folder_that_cannot_be_made_is_told_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    for path in (tmp_path / "taken", tmp_path / "taken" / "below"):
        with pytest.raises(OSError, match="folder of the picture store cannot be made") as raised:
            Files.open(str(path))
        assert raised.value.filename == str(path)


def test_a_folder_that_turned_into_a_file_is_told_by_the_check(tmp_path: Path) -> None:
    files = Files.open(str(tmp_path / "files"))
    (tmp_path / "files").rmdir()
    (tmp_path / "files").write_text("a file")
    with pytest.raises(OSError, match="picture store cannot be used"):
        files.check()


# --- a bucket

# moto asks for a signature and believes any.
_SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=me/20261122/us-east-1/s3/aws4_request, Signature=0"}


def test_a_bucket_keeps_the_media_type_under_the_prefix(s3_endpoint: str, bucket: str) -> None:
    Files.open(f"s3://{bucket}/deep/prefix").write("ab/one.webp", b"1", "image/webp")
    answer = requests.get(f"{s3_endpoint}/{bucket}/deep/prefix/ab/one.webp", headers=_SIGNED, timeout=SECONDS)
    assert (answer.content, answer.headers["Content-Type"]) == (b"1", "image/webp")


def test_a_large_file_goes_up_in_one_piece(s3_endpoint: str, bucket: str) -> None:
    Files.open(f"s3://{bucket}").write("one.png", b"x" * 12_000_000, "image/png")
    etag = requests.head(f"{s3_endpoint}/{bucket}/one.png", headers=_SIGNED, timeout=SECONDS).headers["ETag"]
    assert "-" not in etag  # what an upload in parts would have


def test_a_bucket_that_does_not_exist_is_told_as_that(bucket: str) -> None:
    files = Files.open("s3://no-such-bucket/prefix")
    with pytest.raises(OSError, match="cannot be used: The specified bucket does not exist") as raised:
        files.check()
    assert raised.value.filename == "s3://no-such-bucket/prefix"
    for use in (lambda: files.read("one.png"), lambda: files.delete("one.png"), lambda: list(files.list())):
        with pytest.raises(OSError, match="bucket does not exist") as raised:
            use()
        assert not isinstance(raised.value, FileNotFoundError)
