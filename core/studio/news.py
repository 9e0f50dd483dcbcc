"""News of pictures: whoever waits for one is woken when its row was written, instead of looking every second.

News say that something changed, never what: the row is the truth. They reach this process only, so whoever waits looks
again from time to time all the same. Beside the news, a preview and the finished picture are handed to whoever asked
for them, without a way over the disk and before they are kept; what is not fetched is forgotten, and of much at once
some is not handed over at all: then the files have it.

    with services.news.watching(image_ids, wants_pictures=True) as watch:
        while not ended(await asyncio.to_thread(rows_of, image_ids)):
            await watch.changed(1.0)
        painting = watch.painting(image_id)  # None: read the file
"""

import asyncio
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

from core.engines.base import Painting, Preview

MOST_BYTES = 64 * 1024 * 1024  # of pictures that wait to be fetched


class News:
    def __init__(self, most_bytes: int = MOST_BYTES):
        self._turn = threading.Lock()
        self._watches: defaultdict[int, set[Watch]] = defaultdict(set)
        self._left = most_bytes

    @contextmanager
    def watching(self, image_ids: Collection[int], *, wants_pictures: bool = False) -> Iterator["Watch"]:
        """On an event loop. From here on no change is missed; look at the rows once after this, then wait."""
        watch = Watch(self, wants_pictures)
        watch.also(image_ids)
        try:
            yield watch
        finally:
            with self._turn:
                for image_id in watch.image_ids:
                    self._watches[image_id].discard(watch)
                    if not self._watches[image_id]:
                        del self._watches[image_id]
            watch.forget()

    def watch(self, watch: "Watch", image_ids: Collection[int]) -> None:
        with self._turn:
            watch.image_ids.update(image_ids)
            for image_id in image_ids:
                self._watches[image_id].add(watch)

    def tell(self, *image_ids: int) -> None:
        """Their rows have changed: call it after the commit, from any thread."""
        with self._turn:
            watches = {watch for image_id in image_ids for watch in self._watches.get(image_id, ())}
        for watch in watches:
            watch.was_told = True
            watch.ring()

    def hand_over(self, image_id: int, picture: Preview | Painting) -> None:
        """Put it where those who wait for it find it, and wake them; that a painting is kept, only its row says."""
        with self._turn:
            watches = [watch for watch in self._watches.get(image_id, ()) if watch.wants_pictures]
        for watch in watches:
            watch.put(image_id, picture)
            watch.ring()

    def borrow(self, size: int) -> bool:
        """Room for so many bytes more; a negative size gives room back."""
        with self._turn:
            if size > self._left:
                return False
            self._left -= size
            return True


class Watch:
    """Somebody who waits for some pictures; `was_told` that a row of theirs has changed."""

    def __init__(self, news: News, wants_pictures: bool):
        self.wants_pictures = wants_pictures
        self.was_told = False
        self.image_ids: set[int] = set()
        self._news = news
        self._loop = asyncio.get_running_loop()
        self._rung = asyncio.Event()
        self._turn = threading.Lock()
        self._previews: dict[int, list[Preview]] = {}
        self._paintings: dict[int, Painting] = {}
        self._is_over = False

    def also(self, image_ids: Collection[int]) -> None:
        """Wait for these too; from any thread, so that they can be watched before they begin."""
        self._news.watch(self, image_ids)

    async def changed(self, seconds: float) -> None:
        """Return at the next change, at once if there was one since the last call, or after so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()

    def previews(self, image_id: int) -> list[Preview]:
        """Those that came since the last call, in full size."""
        with self._turn:
            previews = self._previews.pop(image_id, [])
        self._news.borrow(-sum(_size(preview) for preview in previews))
        return previews

    def painting(self, image_id: int) -> Painting | None:
        """The finished picture, once; None if it was fetched, came too early or was not handed over."""
        with self._turn:
            painting = self._paintings.pop(image_id, None)
        if painting is not None:
            self._news.borrow(-_size(painting))
        return painting

    def ring(self) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._rung.set)

    def put(self, image_id: int, picture: Preview | Painting) -> None:
        if not self._news.borrow(_size(picture)):
            return
        with self._turn:
            if not self._is_over:
                if isinstance(picture, Preview):
                    self._previews.setdefault(image_id, []).append(picture)
                else:
                    self._paintings[image_id] = picture
                return
        self._news.borrow(-_size(picture))

    def forget(self) -> None:
        """Nobody will fetch any more."""
        with self._turn:
            self._is_over = True
            image_ids = {*self._previews, *self._paintings}
        for image_id in image_ids:
            self.previews(image_id)
            self.painting(image_id)


def _size(picture: Preview | Painting) -> int:
    encoded = picture.encoded if isinstance(picture, Painting) else None
    return len(picture.data) + (encoded.nbytes if encoded is not None else 0)
