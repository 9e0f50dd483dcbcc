"""A ZIP file in pieces, of any length: its list of contents is on the disk, and nothing of what was written is kept.

Python's own keeps half a kilobyte for each file until the end. Pictures do not get smaller by packing, so nothing is
packed. Numbers above four gigabytes, or 65,535 files, are written as ZIP64 says.
"""

import struct
from collections.abc import Iterator
from datetime import datetime
from typing import IO
from zlib import crc32

PIECE = 1_000_000
MOST, MOST_FILES = 0xFFFFFFFF, 0xFFFF  # what stands for "see ZIP64"
PLAIN, ZIP64 = 20, 45  # versions of the format that a reader needs
MADE_BY = 3 << 8 | ZIP64  # Unix
IN_UTF8 = 0x800
MODE = 0o100644 << 16
EARLIEST = (1980, 1, 1, 0, 0, 0)


class ZipWriter:
    """`add` and `end` give the pieces, in the order in which they belong into the file."""

    def __init__(self, contents: IO[bytes], start: int = 0):
        """`contents` is an empty file for the list; `start`, how many bytes there are before the first of ours."""
        self._list = contents
        self._at = start
        self._number = 0

    def add(self, name: str, moment: datetime, data: bytes) -> Iterator[bytes]:
        yield self._begin(name, moment, len(data), crc32(data))
        yield data

    def add_file(self, name: str, moment: datetime, content: IO[bytes]) -> Iterator[bytes]:
        """All of an open file."""
        size = checksum = 0
        for piece in _pieces(content):
            size, checksum = size + len(piece), crc32(piece, checksum)
        yield self._begin(name, moment, size, checksum)
        yield from _pieces(content)

    def end(self) -> Iterator[bytes]:
        start = self._at
        size = self._list.tell()
        yield from _pieces(self._list)
        if self._number >= MOST_FILES or max(start, size) >= MOST:
            numbers = (44, MADE_BY, ZIP64, 0, 0, self._number, self._number, size, start)
            yield struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", *numbers)
            yield struct.pack("<4sLQL", b"PK\x06\x07", 0, start + size, 1)
        number = min(self._number, MOST_FILES)
        yield struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, number, number, min(size, MOST), min(start, MOST), 0)

    def _begin(self, name: str, moment: datetime, size: int, checksum: int) -> bytes:
        """The head of a file, which is also noted for the list at the end."""
        written, day = name.encode(), _dos(moment)
        sizes = struct.pack("<QQ", size, size) if size >= MOST else b""
        extra = struct.pack("<HH", 1, len(sizes)) + sizes if sizes else b""
        shared = (IN_UTF8, 0, *day, checksum, min(size, MOST), min(size, MOST), len(written))
        head = struct.pack("<4s5H3L2H", b"PK\x03\x04", ZIP64 if extra else PLAIN, *shared, len(extra)) + written + extra
        far = sizes + (struct.pack("<Q", self._at) if self._at >= MOST else b"")
        extra = struct.pack("<HH", 1, len(far)) + far if far else b""
        version = ZIP64 if extra else PLAIN
        rest = (len(extra), 0, 0, 0, MODE, min(self._at, MOST))
        self._list.write(struct.pack("<4s6H3L5H2L", b"PK\x01\x02", MADE_BY, version, *shared, *rest) + written + extra)
        self._at += len(head) + size
        self._number += 1
        return head


def _pieces(content: IO[bytes]) -> Iterator[bytes]:
    content.seek(0)
    while piece := content.read(PIECE):
        yield piece


def _dos(moment: datetime) -> tuple[int, int]:
    """Time and date as the format has them, without a zone."""
    year, month, day, hour, minute, second = max(EARLIEST, tuple(moment.timetuple()[:6]))
    return hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day
