"""Forms with files, taken in piece by piece: what is large lies on the disk, what is too much is refused."""

import hashlib
import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Self

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from core.api.bodies import check_type, within
from core.api.door import Threads
from core.errors import Problem
from core.storage.uploads import MOST_MEGABYTES, MOST_REFERENCES, shown_name
from core.studio.orders import LONGEST_DESCRIPTION

FORM = "multipart/form-data"
FILES = ("image", "image[]", "mask")  # also from clients that give their files no name
MOST_PARTS = 64
MOST_FIELD = 1 << 18  # bytes; the longest description in UTF-8 takes half of it
MOST_FILE = MOST_MEGABYTES * 1_000_000
MOST_BODY = (MOST_REFERENCES + 1) * MOST_FILE
IN_MEMORY = 1 << 20
AT_ONCE = 1 << 19  # bytes that are handed to a thread together


@dataclass(slots=True)
class File:
    """`is_named`: its sender gave it a file name, as all do who send a file and nearly nobody who sends a text."""

    field: str
    name: str
    file: BinaryIO
    is_named: bool = True
    size: int = 0

    def read(self) -> bytes:
        self.file.seek(0)
        return self.file.read()

    def sha256(self) -> str:
        self.file.seek(0)
        return hashlib.file_digest(self.file, "sha256").hexdigest()  # type: ignore[arg-type]


@dataclass(slots=True)
class Form:
    fields: dict[str, str] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """As soon as the files are kept elsewhere; twice is fine."""
        for one in self.files:
            one.file.close()


async def read_form(request: Request, threads: Threads, form: Form) -> None:
    """Fill `form`, which its owner closes."""
    check_type(request, FORM)
    _, options = parse_options_header(request.headers["content-type"])
    boundary = options.get(b"boundary", b"")
    if not boundary:
        raise Problem("body_not_form")
    try:
        reading = _Reading(form)
        parser = MultipartParser(boundary, reading.callbacks())  # type: ignore[arg-type]
        waiting = bytearray()
        async for chunk in within(request, MOST_BODY):
            waiting += chunk
            if len(waiting) >= AT_ONCE:
                await threads.run(parser.write, bytes(waiting))
                waiting.clear()
        await threads.run(parser.write, bytes(waiting))
        parser.finalize()
    except (FormParserError, UnicodeDecodeError, KeyError):
        raise Problem("body_not_form") from None
    if not reading.is_over:
        raise Problem("body_not_form")


class _Reading:
    """What the parser tells, part by part."""

    def __init__(self, form: Form):
        self._form = form
        self._parts = 0
        self._header = self._value = b""
        self._headers: dict[bytes, bytes] = {}
        self._name = ""
        self._text: bytearray | None = None
        self.is_over = False

    def callbacks(self) -> dict[str, Callable[..., Any]]:
        names = ("part_begin", "header_field", "header_value", "header_end", "headers_finished", "part_data")
        found = {f"on_{name}": getattr(self, name) for name in names}
        return {**found, "on_part_end": self.part_end, "on_end": self.end}

    def part_begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise Problem("too_many_references", count=self._parts, most=MOST_REFERENCES)
        self._headers = {}

    def header_field(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def header_end(self) -> None:
        self._headers[self._header.lower()] = self._value
        self._header = self._value = b""

    def headers_finished(self) -> None:
        _, options = parse_options_header(self._headers[b"content-disposition"])
        self._name = options[b"name"].decode("utf-8", "replace")
        if b"filename" in options or self._name in FILES:
            name = shown_name(options.get(b"filename", b"").decode("utf-8", "replace"))
            file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - the form's owner closes it
            self._form.files.append(File(self._name, name, file, b"filename" in options))  # type: ignore[arg-type]
            self._text = None
        else:
            self._text = bytearray()

    def part_data(self, data: bytes, start: int, end: int) -> None:
        if self._text is not None:
            self._text += data[start:end]
            if len(self._text) > MOST_FIELD:
                length = len(self._text.decode("utf-8", "replace"))
                raise Problem("parameter_too_long", param=self._name[:80], length=length, most=LONGEST_DESCRIPTION)
            return
        one = self._form.files[-1]
        one.size += end - start
        if one.size > MOST_FILE:
            raise Problem("file_too_large", name=one.name, size=math.ceil(one.size / 1e5) / 10, most=MOST_MEGABYTES)
        one.file.write(data[start:end])

    def part_end(self) -> None:
        if self._text is not None:
            if self._name in self._form.fields:
                raise Problem("parameter_twice", param=self._name[:80])
            self._form.fields[self._name] = self._text.decode()

    def end(self) -> None:
        self.is_over = True
