"""The archive of a backup: a tar file, compressed, that is written and read from its beginning to its end.

| member | what |
|---|---|
| `imagier.json` | first: what this is, of which revision, the columns of each table |
| `rows/{table}/{number}.jsonl` | rows, a line each, in an order in which they can be inserted |
| `files/{key}` | files of the pictures |
| `secret_key` | only if it was asked for |
| `end.json` | last: what should be here, and a checksum of all before it |
"""

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from core.errors import Problem

FORMAT = 1
HEAD, END, SECRET = "imagier.json", "end.json", "secret_key"
_NAME = re.compile(r"imagier\.json|end\.json|secret_key|rows/[a-z_]{1,64}/[0-9]{6,9}\.jsonl|files/.{1,500}")
_QUICK = 1  # pictures are compressed already


class Writer:
    def __init__(self, out: BinaryIO):
        self._zip = gzip.GzipFile(fileobj=out, mode="wb", compresslevel=_QUICK, filename="")
        self._tar = tarfile.TarFile(fileobj=self._zip, mode="w")
        self._digest = hashlib.sha256()

    def add(self, name: str, data: bytes) -> None:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(data), 0o600
        self._tar.addfile(member, io.BytesIO(data))
        _feed(self._digest, name, data)

    def end(self, facts: dict[str, Any]) -> None:
        self.add(END, json.dumps({**facts, "sha256": self._digest.hexdigest()}).encode())
        self._tar.close()
        self._zip.close()


def members(file: BinaryIO) -> Iterator[tuple[str, bytes]]:
    """Each member with its content, one at a time. A Problem for whatever no backup has."""
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r|gz") as archive:
            for member in archive:
                content = archive.extractfile(member) if member.isreg() and _NAME.fullmatch(member.name) else None
                if content is None:
                    raise Problem("backup_damaged")
                data = content.read()
                if len(data) != member.size:
                    raise Problem("backup_damaged")
                yield member.name, data
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile):
        raise Problem("backup_damaged") from None


def verified(file: BinaryIO) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read all of it: its first and its last member, or a Problem if anything is not as it was written."""
    digest = hashlib.sha256()
    head: dict[str, Any] | None = None
    end: dict[str, Any] | None = None
    for name, data in members(file):
        if end is not None or (head is None) != (name == HEAD):
            raise Problem("backup_damaged")
        if name == HEAD:
            head = _object(data)
        if name == END:
            end = _object(data)
        else:
            _feed(digest, name, data)
    if head is None or end is None or end.get("sha256") != digest.hexdigest():
        raise Problem("backup_damaged")
    if head.get("format") != FORMAT:
        raise Problem("backup_too_new", revision=str(head.get("revision"))[:40])
    if not (isinstance(head.get("columns"), dict) and isinstance(end.get("missing"), list)):
        raise Problem("backup_damaged")
    return head, end


def _feed(digest: Any, name: str, data: bytes) -> None:
    digest.update(f"{name}\0{len(data)}\0".encode())
    digest.update(data)


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Problem("backup_damaged")
    return found
