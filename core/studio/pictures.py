"""A picture's files: kept before its row says "done", found again after a crash, swept when no row wants them.

Its thumbnails are not among what the row waits for: see `core.studio.copies`.

| key | what |
|---|---|
| `pictures/{image}-{worker}/original.png` | the provider's bytes, untouched |
| `pictures/{image}-{worker}/320.webp`, `640.webp` | thumbnails |
| `receipts/{image}-{worker}.json` | what else was answered; written first, deleted when the thumbnails are made |
| `previews/{image}-{worker}/{number}.webp` | previews, deleted with the receipt |
| `uploads/{user}/{sha256}.png` | pictures to start from |
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from sqlalchemy import select

from core.engines.base import Painting
from core.storage.database import Database
from core.storage.files import Files, Piece, StoredFile
from core.storage.formats import EXTENSIONS, media_type_of
from core.storage.tables import Image, Reference, Request
from core.storage.thumbnails import look_at, make_preview
from core.studio.texts import storable, storable_usage

WEBP = "image/webp"
NAME = re.compile(r"([0-9]{1,18})-")
ORIGINAL = re.compile(r"/original\.[a-z]+\Z")  # and not what a killed process left half written beside it
UNKNOWN = "application/octet-stream"


def folder(image_id: int, worker: str) -> str:
    """The worker is in the name: a database that begins anew beside old files overwrites nothing."""
    return f"{image_id}-{worker[:8]}"


def preview_key(image_id: int, worker: str, number: int) -> str:
    return f"previews/{folder(image_id, worker)}/{number}.webp"


def thumbnail_key(image_url: str, width: int) -> str:
    return image_url.rsplit("/", 1)[0] + f"/{width}.webp"


class Pictures:
    def __init__(self, database: Database, files: Files):
        self.database = database
        self.files = files

    def keep(self, image_id: int, worker: str, painting: Painting) -> dict[str, Any]:
        """Write the file of a finished picture and return what its row has to say about it.

        Where the original is, there is the receipt: if the process dies before the row lasts, `adopt` needs nothing
        else.
        """
        receipt = {
            "usage": storable_usage(painting.usage),
            "provider_request_id": storable(painting.provider_request_id),
            "revised_description": storable(painting.revised_description),
        }
        name = folder(image_id, worker)
        media_type = media_type_of(painting.data)
        key = f"pictures/{name}/original.{EXTENSIONS.get(media_type or '', 'bin')}"
        self.files.write_pair(
            Piece(f"receipts/{name}.json", json.dumps(receipt).encode(), "application/json"),
            Piece(key, painting.data, media_type or UNKNOWN),
        )
        return _described(key, painting.data, receipt)

    def adopt(self, image_id: int, worker: str) -> dict[str, Any] | None:
        """What `keep` had written when its process died, or None if it had not come that far."""
        name = folder(image_id, worker)
        originals = [file for file in self.files.list(f"pictures/{name}") if ORIGINAL.search(file.key)]
        if not originals:
            return None  # and then the receipt may be empty
        try:
            receipt = json.loads(self.files.read(f"receipts/{name}.json"))
        except FileNotFoundError:
            return None
        return _described(originals[0].key, self.files.read(originals[0].key), receipt)

    def unfinished(self) -> list[tuple[int, str]]:
        """Image id and beginning of the worker's id of every picture whose keeping has begun and not ended."""
        names = [_name(file.key) for file in self.files.list("receipts") if file.key.endswith(".json")]
        return [(image_id, name.partition("-")[2]) for name in names if (image_id := _image_id(name)) is not None]

    def without_copies(self) -> list[tuple[int, str, str]]:
        """Image id, worker and original of the pictures that are done, but whose keeping has not ended."""
        names, found = iter(self.unfinished()), []
        with self.database.read() as session:
            while some := dict(islice(names, 500)):
                query = select(Image.id, Image.worker, Image.image_url).where(Image.id.in_(some), Image.state == "done")
                rows = [(row.id, row.worker or "", row.image_url or "") for row in session.execute(query)]
                found += [row for row in rows if row[1][:8] == some[row[0]]]
        return found

    def keep_preview(self, image_id: int, worker: str, number: int, data: bytes) -> bool:
        """Store a preview, as small as a page shows it; False if it is not a picture."""
        small = make_preview(data)
        if small is None:
            return False
        self.files.write(preview_key(image_id, worker, number), small, WEBP, lasting=False)
        return True

    def forget_scaffold(self, image_id: int, worker: str) -> None:
        """Delete what was only needed until the picture was done."""
        name = folder(image_id, worker)
        self.files.delete(f"receipts/{name}.json")
        for file in list(self.files.list(f"previews/{name}")):
            self.files.delete(file.key)

    def sweep(self, older_than: timedelta = timedelta(days=1)) -> list[str]:
        """Delete files that no row wants, and return their keys. Young ones may still get their row."""
        limit = datetime.now(UTC) - older_than
        removed = []
        for prefix, wanted in (
            ("pictures", self._wanted_pictures),
            ("receipts", self._wanted_receipts),
            ("previews", self._wanted_previews),
            ("uploads", self._wanted_uploads),
        ):
            old = (file for file in self.files.list(prefix) if file.modified < limit)
            while files := list(islice(old, 500)):
                keep = wanted(files)
                for file in files:
                    # A whole file has its own name; what a killed process left half written ends in ".part".
                    if file.key not in keep or file.key.endswith(".part"):
                        self.files.delete(file.key)
                        removed.append(file.key)
        return removed

    def _wanted_pictures(self, files: list[StoredFile]) -> set[str]:
        """A folder stays if its row names it and is not thrown away, or if the outcome is open: then they may
        be all that is left."""
        with self.database.read() as session:
            rows = session.execute(
                select(Image.id, Image.worker, Image.state, Image.image_url).where(
                    Image.id.in_(_image_ids(files)), Image.purged_at.is_(None)
                )
            )
            folders = {
                row.image_url.rsplit("/", 1)[0] if row.image_url else f"pictures/{folder(row.id, row.worker or '')}"
                for row in rows
                if row.image_url or row.state in ("running", "unknown")
            }
        return {file.key for file in files if file.key.rsplit("/", 1)[0] in folders}

    def _wanted_receipts(self, files: list[StoredFile]) -> set[str]:
        return self._in_state(files, "running", "unknown")

    def _wanted_previews(self, files: list[StoredFile]) -> set[str]:
        return self._in_state(files, "running")

    def _in_state(self, files: list[StoredFile], *states: str) -> set[str]:
        query = select(Image.id, Image.worker).where(Image.id.in_(_image_ids(files)), Image.state.in_(states))
        with self.database.read() as session:
            names = {folder(row.id, row.worker or "") for row in session.execute(query)}
        return {file.key for file in files if _name(file.key) in names}

    def _wanted_uploads(self, files: list[StoredFile]) -> set[str]:
        with self.database.read() as session:
            keys = [file.key for file in files]
            references = session.scalars(select(Reference.file_key).where(Reference.file_key.in_(keys)))
            masks = session.scalars(select(Request.mask_key).where(Request.mask_key.in_(keys)))
            return {*references, *(key for key in masks if key is not None)}


def _described(key: str, data: bytes, receipt: dict[str, Any]) -> dict[str, Any]:
    seen = look_at(data)
    return {
        "image_url": key,
        "media_type": seen.media_type,
        "width": seen.width,
        "height": seen.height,
        "size_in_bytes": len(data),
        "has_thumbnails": seen.can_shrink,
        **receipt,
    }


def _name(key: str) -> str:
    """The "{image}-{worker}" in a key."""
    return key.split("/")[1].removesuffix(".json")


def _image_ids(files: Iterable[StoredFile]) -> list[int]:
    ids = (_image_id(_name(file.key)) for file in files)
    return [image_id for image_id in ids if image_id is not None]


def _image_id(name: str) -> int | None:
    """None for what somebody else has put there."""
    found = NAME.match(name)
    return int(found[1]) if found else None
