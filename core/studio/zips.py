"""Pictures as one ZIP file, in pieces as it is made: the originals, lists of what they are, and of what is missing."""

import csv
import io
import json
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from core.i18n import Reader
from core.ledger.formats import harmless
from core.storage.database import Database
from core.storage.files import Files
from core.storage.formats import EXTENSIONS
from core.storage.tables import Image
from core.studio.file_names import file_name
from core.studio.gallery import is_shown
from core.studio.zip_writer import ZipWriter

BATCH = 100
COLUMNS = (
    "file",
    "picture",
    "request",
    "made_at",
    "description",
    "changed_description",
    "note",
    "favourite",
    "model",
    "connection",
    "size",
    "quality",
    "background",
    "seed",
    "media_type",
    "cost_usd",
)
IN_MEMORY = 1_000_000  # bytes of a list, before it goes to the disk
MISSING = "could-not-be-added.txt"
Found = tuple[int, Image | None]


def pictures_zip(files: Files, found: Iterable[Found], reader: Reader, with_notes: bool = True) -> Iterator[bytes]:
    """The pieces of the file. No transaction is held: a download may take hours. Notes are for their writer alone."""
    with (
        tempfile.SpooledTemporaryFile(IN_MEMORY) as contents,
        tempfile.SpooledTemporaryFile(IN_MEMORY) as as_csv,
        tempfile.SpooledTemporaryFile(IN_MEMORY) as as_json,
        tempfile.SpooledTemporaryFile(IN_MEMORY) as missing,
    ):
        archive = ZipWriter(contents)
        as_csv.write("\ufeff".encode() + _csv(COLUMNS))
        number = 0
        for image_id, image in found:
            data = _data(files, image)
            if image is None or isinstance(data, Exception):
                missing.write(f"{_name(image) if image else image_id}: {_why(reader, data)}\r\n".encode())
                continue
            yield from archive.add(_name(image), image.created_at, data)
            row = _row(image, with_notes)
            as_csv.write(_csv(harmless(value) if isinstance(value, str) else value for value in row))
            line = json.dumps(dict(zip(COLUMNS, row, strict=True)), ensure_ascii=False)
            as_json.write((",\n" if number else "[\n").encode() + line.encode())
            number += 1
        as_json.write(b"\n]\n" if number else b"[]\n")
        moment = datetime.now(UTC)
        for title, content in (("manifest.csv", as_csv), ("manifest.json", as_json), (MISSING, missing)):
            if content is not missing or content.tell():
                yield from archive.add_file(title, moment, content)
        yield from archive.end()


def all_of(database: Database, user_id: int) -> Iterator[Found]:
    """Every picture of a person, oldest first."""
    last = 0
    while True:
        with database.read() as session:
            found = session.scalars(_own(user_id).where(Image.id > last).order_by(Image.id).limit(BATCH)).all()
        if not found:
            return
        yield from ((image.id, image) for image in found)
        last = found[-1].id


def some_of(database: Database, user_id: int, image_ids: Sequence[int]) -> Iterator[Found]:
    """These, in this order; None for one that is not there any more, or is not this person's."""
    for start in range(0, len(image_ids), BATCH):
        some = image_ids[start : start + BATCH]
        with database.read() as session:
            found = {image.id: image for image in session.scalars(_own(user_id).where(Image.id.in_(some)))}
        yield from ((image_id, found.get(image_id)) for image_id in some)


def _own(user_id: int) -> Any:
    done = (Image.user_id == user_id, is_shown())
    return select(Image).join(Image.request).options(contains_eager(Image.request)).where(*done)


def _data(files: Files, image: Image | None) -> bytes | Exception:
    """The original, or why there is none."""
    if image is None or image.image_url is None:
        return LookupError()
    try:
        return files.read(image.image_url)
    except (OSError, ValueError) as error:
        return error


def _why(reader: Reader, error: object) -> str:
    if isinstance(error, LookupError):
        return reader("There is no such picture here any more.")
    return (
        reader("Its file is missing.") if isinstance(error, FileNotFoundError) else reader("Its file cannot be read.")
    )


def _name(image: Image) -> str:
    return file_name(image.request.description, image.id, EXTENSIONS.get(image.media_type or "", "bin"))


def _row(image: Image, with_notes: bool) -> tuple[Any, ...]:
    request = image.request
    return (
        _name(image),
        image.id,
        request.id,
        (image.finished_at or image.created_at).isoformat(timespec="seconds"),
        request.description,
        image.revised_description,
        image.note if with_notes else None,
        image.favourite,
        request.model,
        image.connection,
        f"{image.width}x{image.height}" if image.width and image.height else request.size,
        request.quality,
        request.background,
        image.seed,
        image.media_type,
        None if image.cost_micros is None else str(Decimal(image.cost_micros).scaleb(-6)),
    )


def _csv(cells: Iterable[Any]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(cells)
    return text.getvalue().encode("utf-8", "replace")
