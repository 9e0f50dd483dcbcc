"""All pictures of a person as one ZIP file, in pieces as it is made: the originals, and lists of what they are."""

import csv
import io
import json
import tempfile
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from core.ledger.formats import harmless
from core.storage.database import Database
from core.storage.files import Files
from core.storage.formats import EXTENSIONS
from core.storage.tables import Image
from core.studio.gallery import is_shown

BATCH = 100
COLUMNS = (
    "file",
    "picture",
    "request",
    "made_at",
    "description",
    "changed_description",
    "model",
    "size",
    "quality",
    "media_type",
    "favourite",
    "cost_usd",
)
IN_MEMORY = 1_000_000  # bytes of a list, before it goes to the disk


def pictures_zip(database: Database, files: Files, user_id: int) -> Iterator[bytes]:
    """The pieces of the file. No transaction is held: a download may take hours."""
    sink = Sink()
    with (
        zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive,
        tempfile.SpooledTemporaryFile(IN_MEMORY) as as_csv,
        tempfile.SpooledTemporaryFile(IN_MEMORY) as as_json,
        tempfile.SpooledTemporaryFile(IN_MEMORY) as missing,
    ):
        as_csv.write("\ufeff".encode() + _csv(COLUMNS))
        for image in _images(database, user_id):
            name = f"{image.created_at:%Y-%m-%d}-{image.id}.{EXTENSIONS.get(image.media_type or '', 'bin')}"
            try:
                archive.writestr(name, files.read(image.image_url or ""))
            except (OSError, ValueError) as error:
                missing.write(f"{name}: {getattr(error, 'strerror', None) or error}\r\n".encode())
                continue
            row = _row(name, image)
            as_csv.write(_csv(harmless(value) if isinstance(value, str) else value for value in row))
            as_json.write(json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False).encode() + b"\n")
            yield sink.taken()
        for title, content in (("pictures.csv", as_csv), ("pictures.jsonl", as_json), ("missing.txt", missing)):
            if content is missing and not content.tell():
                continue
            content.seek(0)
            with archive.open(title, "w") as member:
                while piece := content.read(IN_MEMORY):
                    member.write(piece)
            yield sink.taken()
    yield sink.taken()


def _images(database: Database, user_id: int) -> Iterator[Image]:
    last = 0
    query = (
        select(Image)
        .join(Image.request)
        .options(contains_eager(Image.request))
        .where(Image.user_id == user_id, is_shown())
        .order_by(Image.id)
        .limit(BATCH)
    )
    while True:
        with database.read() as session:
            found = session.scalars(query.where(Image.id > last)).all()
        if not found:
            return
        yield from found
        last = found[-1].id


def _row(name: str, image: Image) -> tuple[Any, ...]:
    request = image.request
    return (
        name,
        image.id,
        request.id,
        (image.finished_at or image.created_at).isoformat(timespec="seconds"),
        request.description,
        image.revised_description,
        request.model,
        f"{image.width}x{image.height}" if image.width and image.height else request.size,
        request.quality,
        image.media_type,
        image.favourite,
        None if image.cost_micros is None else str(Decimal(image.cost_micros).scaleb(-6)),
    )


def _csv(cells: Any) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue().encode("utf-8", "replace")


class Sink(io.RawIOBase):
    """A file to write on that keeps only what was not taken yet, and cannot be gone back in."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(self._pieces[-1])

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)
