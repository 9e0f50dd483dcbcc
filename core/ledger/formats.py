"""The files of an export, in pieces, as they are made.

The CSV is for spreadsheets and the Parquet for programs. So the CSV begins with a byte order mark, without which Excel
reads UTF-8 as the code page of its country, and what a spreadsheet would take for a formula is made a text.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_args, get_type_hints

from core.ledger.export import Entry

GROUP, GROUP_CHARACTERS = 10_000, 8_000_000  # of a row group of Parquet, whichever is reached first
_CHUNK = 64 * 1024
_BYTE_ORDER_MARK = "\ufeff"

_SKIPPED = (  # before a formula: blanks, invisible characters and quotation marks
    r"(?:(?![\t\r\n])[\s\x00-\x20\x7f-\x9f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff"
    "\"'`´‘-‟«»‹›＂＇])*+"
)
_FORMULA = r"=+\-@＝＋－＠﹦﹢﹣﹫−⁺⁻⁼₊₋₌"
# After ; tab and line break too: where another character separates cells, as ; does in half of Europe, our quotation
# marks do not stand at the beginning of a cell, and the spreadsheet cuts inside them.
_DANGER = re.compile(rf"\A(?={_SKIPPED}[{_FORMULA}\t\r\n])|(?<=[;\t\r\n])(?={_SKIPPED}[{_FORMULA}])")


def as_csv(entries: Iterable[tuple[Any, ...]], kind: Any = Entry) -> Iterator[bytes]:
    """A CSV file in pieces: UTF-8, commas, CRLF, and a line with the names of the columns.

    `kind` is the NamedTuple that all entries are.
    """
    text = io.StringIO(newline="")
    text.write(_BYTE_ORDER_MARK)
    writer = csv.writer(text)
    writer.writerow(kind._fields)
    for entry in entries:
        writer.writerow(map(_cell, entry))
        if text.tell() >= _CHUNK:
            yield text.getvalue().encode()
            text.seek(0)
            text.truncate()
    yield text.getvalue().encode()


def as_parquet(entries: Iterable[tuple[Any, ...]], kind: Any = Entry) -> Iterator[bytes]:
    """A Parquet file in pieces; money is decimal(18, 6), times are microseconds of UTC."""
    import pyarrow  # type: ignore[import-untyped]
    from pyarrow import parquet

    types = {
        int: pyarrow.int64(),
        str: pyarrow.string(),
        bool: pyarrow.bool_(),
        datetime: pyarrow.timestamp("us", "UTC"),
        Decimal: pyarrow.decimal128(18, 6),
    }
    hints = {name: get_args(hint) or (hint,) for name, hint in get_type_hints(kind).items()}
    schema = pyarrow.schema([pyarrow.field(name, types[hint[0]], len(hint) > 1) for name, hint in hints.items()])
    sink = _Sink()
    with parquet.ParquetWriter(sink, schema) as writer:
        for group in _groups(entries):
            columns = zip(schema, zip(*group, strict=True), strict=True)
            arrays = [pyarrow.array(values, field.type) for field, values in columns]
            writer.write_batch(pyarrow.record_batch(arrays, schema=schema))
            yield sink.taken()
    yield sink.taken()


FORMATS: dict[str, Callable[..., Iterator[bytes]]] = {"csv": as_csv, "parquet": as_parquet}


def harmless(text: str) -> str:
    """The text with an apostrophe wherever a spreadsheet could see the beginning of a formula."""
    return _DANGER.sub("'", text)


def _cell(value: str | int | Decimal | datetime | None) -> str:
    """Only texts can be formulas; numbers stay numbers."""
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Decimal):
        return f"{value:.6f}"
    return "" if value is None else str(value)


def _groups(entries: Iterable[tuple[Any, ...]]) -> Iterator[list[tuple[Any, ...]]]:
    group: list[tuple[Any, ...]] = []
    characters = 0
    for entry in entries:
        group.append(entry)
        characters += sum(len(value) for value in entry if isinstance(value, str))
        if len(group) >= GROUP or characters >= GROUP_CHARACTERS:
            yield group
            group, characters = [], 0
    if group:
        yield group


class _Sink(io.RawIOBase):
    """A file to write on that keeps only what was not taken yet."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def write(self, data: Any) -> int:
        piece = bytes(data)
        self._pieces.append(piece)
        self._position += len(piece)
        return len(piece)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
