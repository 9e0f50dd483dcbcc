"""Thumbnails: made when somebody first asks for one, or else when the studio is quiet.

A picture is done when its original is kept. Decoding it takes longer than all else that follows its answer, and those
who wait for theirs would wait for that too. Until its thumbnails are made its receipt stays, so that no death of a
process leaves a picture without: whoever starts next finds it (`Pictures.unfinished`).
"""

import asyncio
import logging
import threading
from contextlib import suppress
from typing import NamedTuple

from sqlalchemy import bindparam, update

from core import memory
from core.logs import about
from core.storage.database import Database
from core.storage.files import Files
from core.storage.tables import Image
from core.storage.thumbnails import WIDTHS, make_thumbnails
from core.studio.pictures import WEBP, Pictures, thumbnail_key
from core.studio.threads import Threads

log = logging.getLogger(__name__)

QUIET = 0.3  # seconds in which no picture was finished
LONGEST = 60.0  # seconds that a picture waits for that; then it is made all the same, one after the other
IDLE = 10.0  # seconds without a picture to make, after which memory is given back
AT_ONCE = 8


class Copies:
    def __init__(self, database: Database, files: Files):
        self.database = database
        self.files = files
        self._turns = [threading.Lock() for _ in range(AT_ONCE)]

    def make(self, image_id: int, image_url: str) -> None:
        """Make what is missing beside an original, and tell its row what was only seen by decoding it."""
        *others, last = (thumbnail_key(image_url, width) for width in WIDTHS)
        with self._turns[image_id % AT_ONCE]:
            if self.files.exists(last):
                return
            made = make_thumbnails(self.files.read(image_url))
            for key, data in zip(others, made.variants.values(), strict=False):
                self.files.write(key, data, WEBP)
            named = {"image": image_id, "original": image_url}
            seen = {"placeholder": made.placeholder or None, "has_thumbnails": bool(made.variants)}
            measured = {"width": made.width, "height": made.height}
            with self.database.change() as (connection, _):
                known = connection.execute(_SEEN, {**named, **seen}).mappings().one_or_none()
                if known is not None and known != measured:  # which is rare, and its shelf another one then
                    connection.execute(_ORIGINAL, {**named, **measured})
            if made.variants:  # the last one says that nothing is missing, so it comes after the row
                self.files.write(last, made.variants[WIDTHS[-1]], WEBP)


_ORIGINAL = update(Image).where(
    Image.id == bindparam("image", type_=Image.id.type),
    Image.image_url == bindparam("original", type_=Image.image_url.type),
)
_SEEN = _ORIGINAL.returning(Image.width, Image.height)


class Copying(NamedTuple):
    """`worker` drew it; `until` is when it is made at the latest, in the loop's time."""

    image_id: int
    worker: str
    image_url: str
    until: float


class Copyist:
    """Makes the thumbnails of what this worker has drawn, on its event loop, one picture at a time."""

    def __init__(self, copies: Copies, pictures: Pictures, threads: Threads):
        self._copies = copies
        self._pictures = pictures
        self._threads = threads
        self._waiting: asyncio.Queue[Copying] = asyncio.Queue()
        self._finished_at = 0.0

    def add(self, image_id: int, worker: str, image_url: str) -> None:
        """This picture has just been finished."""
        self._finished_at = asyncio.get_running_loop().time()
        self._waiting.put_nowait(Copying(image_id, worker, image_url, self._finished_at + LONGEST))

    async def work(self) -> None:
        while True:
            one = await self._next()
            await self._quiet(one.until)
            with about(image_id=one.image_id):
                try:
                    await self._threads.copies(self._make, one)
                except Exception:
                    log.exception("the thumbnails of a picture are made when they are asked for")

    async def _next(self) -> Copying:
        """After a while without any, nobody uses the memory any more that the last ones took."""
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE):
                return await self._waiting.get()
        await self._threads.copies(memory.give_back)
        return await self._waiting.get()

    async def _quiet(self, until: float) -> None:
        loop = asyncio.get_running_loop()
        while (pause := min(self._finished_at + QUIET, until) - loop.time()) > 0:  # noqa: ASYNC110 - it may grow
            await asyncio.sleep(pause)

    def _make(self, one: Copying) -> None:
        with suppress(FileNotFoundError):  # deleted meanwhile
            self._copies.make(one.image_id, one.image_url)
        self._pictures.forget_scaffold(one.image_id, one.worker)
