"""Where the picture files are: a folder, a bucket that speaks S3, or memory.

Everything that goes wrong is an OSError with a reason that a person can read; a file that is not there is a
FileNotFoundError. All methods but `stream` block, and belong into worker threads.
"""

import errno
import os
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, MemoryStore, S3Store

from core.storage.folder import Folder

if TYPE_CHECKING:
    from obstore import BytesStream
    from obstore.store import ClientConfig, ObjectStore, RetryConfig

# Our own code makes the keys, so they can be strict: no "..", nothing hidden, nothing that a store escapes.
_KEY = re.compile(r"(?=.{1,500}\Z)[A-Za-z0-9_-][A-Za-z0-9._-]*(?:/[A-Za-z0-9_-][A-Za-z0-9._-]*)*", re.ASCII)

# A bucket gets about six seconds of retries: a hiccup costs no paid picture, an outage is told soon.
_RETRIES: "RetryConfig" = {
    "max_retries": 6,
    "backoff": {"init_backoff": timedelta(milliseconds=100), "max_backoff": timedelta(seconds=3), "base": 2},
    "retry_timeout": timedelta(seconds=30),
}
_ENDPOINTS = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_STREAM_CHUNK = 256 * 1024
_LONGEST_REASON = 300


class Piece(NamedTuple):
    """A file to be written."""

    key: str
    data: bytes
    media_type: str


@dataclass(frozen=True, slots=True)
class StoredFile:
    """`size` in bytes; `modified` is the store's own clock, in UTC."""

    key: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class FileStream:
    """A file on its way out: `size` in bytes, then the bytes in pieces."""

    size: int
    chunks: AsyncIterator[bytes]


class Files:
    """The picture store. `place` names it for people: the folder or the address of the bucket."""

    def __init__(self, store: "ObjectStore", place: str, folder: Folder | None = None):
        self._store = store
        self._folder = folder
        self.place = place

    @classmethod
    def open(cls, url: str) -> "Files":
        """The store at a folder, `file:///FOLDER`, `s3://BUCKET/PREFIX` or `memory:///`.

        A folder is made if it is missing, readable by its owner alone. A bucket must exist; its credentials,
        region and endpoint come from the usual AWS_… variables. Raises ValueError for an address that cannot
        be meant, and OSError for a folder that cannot be made; whether the store answers, `check` finds out.
        """
        parts = urlsplit(url)
        if parts.scheme == "s3":
            return cls(_bucket(url), f"s3://{parts.netloc}{parts.path}")
        if parts.scheme == "memory":
            return cls(MemoryStore(), "memory")
        if parts.scheme not in ("", "file") or not parts.path or parts.netloc:
            raise ValueError("The picture store must be a folder, file:///FOLDER or s3://BUCKET/PREFIX.")
        path = Path(url2pathname(parts.path) if parts.scheme else url).absolute()
        try:
            folder = Folder(path)
        except OSError as error:
            reason = f"The folder of the picture store cannot be made: {error.strerror}"
            raise OSError(error.errno, reason, str(path)) from None
        with _clear_errors(str(path)):
            return cls(LocalStore(path), str(path), folder)

    def write(self, key: str, data: bytes, media_type: str, *, lasting: bool = True) -> None:
        """Keep `data` under `key`, whole or not at all; once this returns, a power cut does not lose it.

        Not `lasting`: for what can be made again, so that nothing is lost by its loss.
        """
        _check_key(key)
        with _clear_errors(key):
            if self._folder:
                self._folder.write(key, data, lasting)
            else:
                self._put(Piece(key, data, media_type))

    def write_pair(self, first: Piece, second: Piece) -> None:
        """The same for two files, in the time of one: whoever finds the second finds the first, too."""
        _check_key(first.key)
        _check_key(second.key)
        with _clear_errors(second.key):
            if self._folder:
                self._folder.write_pair(first.key, first.data, second.key, second.data)
            else:
                self._put(first)
                self._put(second)

    def _put(self, piece: Piece) -> None:
        """In one piece: parts of an upload that broke off would stay in the bucket, unseen and billed."""
        attributes = {"Content-Type": piece.media_type}
        self._store.put(piece.key, piece.data, attributes=attributes, use_multipart=False)

    def read(self, key: str) -> bytes:
        _check_key(key)
        with _clear_errors(key):
            return bytes(self._store.get(key).bytes())

    async def stream(self, key: str) -> FileStream:
        """The file in pieces, for HTTP. What is missing is told here; what breaks off, by the chunks."""
        _check_key(key)
        with _clear_errors(key):
            found = await self._store.get_async(key)
            return FileStream(found.meta["size"], _chunks(key, found.stream(_STREAM_CHUNK)))

    def exists(self, key: str) -> bool:
        _check_key(key)
        try:
            with _clear_errors(key):
                self._store.head(key)
        except FileNotFoundError:
            return False
        return True

    def delete(self, key: str) -> None:
        """Remove the file; one that is already gone is fine."""
        _check_key(key)
        with suppress(FileNotFoundError), _clear_errors(key):
            self._store.delete(key)

    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        """All files in the folder `prefix` and below it, in no order.

        What a killed process left half written in a folder is listed too, as `KEY.….part`, so that a sweep of
        old files without a row removes it.
        """
        if prefix:
            _check_key(prefix)
        with _clear_errors(prefix or self.place):
            for found in self._store.list(prefix or None, chunk_size=1000):
                for meta in found:
                    yield StoredFile(meta["path"], meta["size"], meta["last_modified"])

    def check(self) -> None:
        """Write, read and remove a small file. Raises OSError that says what is wrong with the store."""
        key = f"check-{secrets.token_hex(8)}"
        try:
            self.write(key, key.encode(), "text/plain")
            if self.read(key) != key.encode():
                raise OSError(errno.EIO, "it gives back other bytes than it was given")
            self.delete(key)
        except OSError as error:
            reason = f"The picture store cannot be used: {error.strerror or error}"
            raise OSError(error.errno, reason, self.place) from None


def _check_key(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a key of a stored file: {key[:80]!r}")


def _bucket(url: str) -> S3Store:
    parts = urlsplit(url)
    if not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError(
            "The picture store must be s3://BUCKET or s3://BUCKET/PREFIX; credentials belong in"
            " AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        )
    endpoint = next((os.environ[name] for name in _ENDPOINTS if os.environ.get(name)), "https://s3.amazonaws.com")
    if not re.match(r"https?://[^/\s@]+(/\S*)?\Z", endpoint):
        raise ValueError("The endpoint in AWS_ENDPOINT_URL must be an address such as http://localhost:9000.")
    options: ClientConfig = {
        # Without this, obstore refuses the servers of one's own network that speak S3 without TLS.
        "allow_http": endpoint.startswith("http:"),
        "connect_timeout": timedelta(seconds=5),
        "timeout": timedelta(seconds=120),
    }
    with _clear_errors(url):
        return S3Store.from_url(url, client_options=options, retry_config=_RETRIES)


async def _chunks(key: str, stream: "BytesStream") -> AsyncIterator[bytes]:
    with _clear_errors(key):
        async for chunk in stream:
            yield bytes(chunk)


@contextmanager
def _clear_errors(name: str) -> Iterator[None]:
    """obstore's errors as Python's own, with what the server said; the rest is a dump of structures."""
    try:
        yield
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):  # worse than a missing file
            raise OSError(errno.EIO, _reason(error), name) from None
        raise FileNotFoundError(errno.ENOENT, "No such file in the picture store", name) from None
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise PermissionError(errno.EACCES, _reason(error), name) from None
    except (BaseError, NotImplementedError) as error:
        raise OSError(errno.EIO, _reason(error), name) from None


def _reason(error: Exception) -> str:
    text = str(error).partition("\n\nDebug source")[0]
    if "/latest/api/token" in text:  # without credentials, obstore asks the machine that a cloud would have
        return "No credentials; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
    told = re.search(r"<Message>(.+?)</Message>", text, re.DOTALL)
    return " ".join((told[1] if told else text).split())[:_LONGEST_REASON]
