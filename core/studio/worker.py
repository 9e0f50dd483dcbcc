"""The worker: draws what is in the line. One thread of a process, with an event loop of its own.

The engines run on that loop; what blocks, on threads beside it. The thread ends with `stop` and not before.
"""

import asyncio
import contextvars
import logging
import threading
import uuid
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from core.engines.base import Engine
from core.engines.connections import Lane, Lanes, as_lanes
from core.logs import about
from core.storage.database import Database
from core.storage.files import Files
from core.studio.copies import Copies, Copyist
from core.studio.drawing import STORING_PAUSES, Drawing, Studio, wait_at_most
from core.studio.line import Line
from core.studio.news import News
from core.studio.pictures import Pictures
from core.studio.taking import Taking, TakingHere
from core.studio.threads import Threads
from core.studio.turns import Claim

log = logging.getLogger(__name__)

SWEEP_EVERY = 3600.0  # seconds
CLAIMS_AT_ONCE = 8  # in one transaction, for which every other writer waits
LAST_SECONDS = 10.0  # for calls that were broken off and for files that are being written, before the thread ends


class Worker:
    def __init__(
        self,
        database: Database,
        files: Files,
        lanes: Lanes | Sequence[Lane],
        secret: bytes = b"",
        lease: float = 30.0,
        poll: float = 1.0,
        pauses: tuple[float, ...] = STORING_PAUSES,
        news: News | None = None,
    ):
        """Seconds: `lease`; `poll`, after which other processes' submissions are noticed at the latest; `pauses`,
        between the tries to store what was paid for."""
        self.id = uuid.uuid4().hex
        self.line = Line(database, self.id, lease, news)
        self.pictures = Pictures(database, files)
        self.copies = Copies(database, files)
        self.lanes = as_lanes(lanes)
        self._lease = lease
        self._poll = poll
        self._threads = Threads()
        self._thread = threading.Thread(target=self._run, name="imagier-worker", daemon=True)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        self._copyist = Copyist(self.copies, self.pictures, self._threads)
        self._studio = Studio(self.line, self.pictures, self._copyist, self._threads, self._closing, secret, pauses)
        self._ready = threading.Event()
        self._takers = 0  # whose transactions are under way, or whose claims have not begun yet
        self._taking_changed = threading.Condition()
        self._closed = True  # to takers
        self._stopping = False
        self._grace = 0.0
        self._engines: dict[tuple[str, str], Engine] = {}  # by the lane's name and revision
        self._drawings: dict[asyncio.Task[None], Drawing] = {}
        self._may_have_orphans = True
        self._has_left = True  # what a drawing's end may make possible: there was no room for it, or an engine to close

    def start(self) -> None:
        self._thread.start()
        self._ready.wait()
        self._closed = False

    def stop(self, grace: float = 5.0) -> None:
        """Take nothing new; wait up to `grace` seconds for what is being drawn; call the rest unknown."""
        self._grace = grace
        with self._taking_changed:
            self._closed = True
            self._taking_changed.wait_for(lambda: not self._takers, LAST_SECONDS)
        self._stopping = True
        self.wake()
        if self.is_alive:
            self._thread.join()
        self._threads.close()

    def wake(self) -> None:
        """Something is in the line; may be called from any thread, before the start and after the end as well."""
        self._on_loop(self._look)

    @contextmanager
    def taking(self) -> Iterator[Taking]:
        """See `core.studio.taking`. Of a lane whose engine is not made yet nothing is taken, and nothing when it stops;
        whoever ordered what is left wakes the worker."""
        with self._taking_changed:
            is_open = not self._closed and self.is_alive
            self._takers += is_open
        taking = TakingHere(
            self.line, CLAIMS_AT_ONCE, lambda lane: is_open and (lane.name, lane.revision) in self._engines
        )
        try:
            yield taking
        except BaseException:
            taking.claims.clear()
            raise
        finally:
            if is_open:
                self._on_loop(self._begin_taken, taking.claims)

    def _begin_taken(self, claims: list[tuple[Lane, Claim]]) -> None:
        for lane, claim in claims:
            self._begin(Drawing(self._studio, lane, self._engines[lane.name, lane.revision], claim))
        with self._taking_changed:
            self._takers -= 1
            self._taking_changed.notify_all()

    def _on_loop(self, function: Callable[..., object], *arguments: object) -> None:
        """From any thread, and with nothing of what that is about."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed
                self._loop.call_soon_threadsafe(function, *arguments, context=contextvars.Context())

    def _look(self) -> None:
        self._has_left = True
        self._wake.set()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def in_hand(self) -> int:
        return len(self._drawings)

    def _run(self) -> None:
        asyncio.run(self._work())

    async def _work(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready.set()
        beside = [
            asyncio.create_task(self._again_and_again(self._lease / 3, self._renew)),
            asyncio.create_task(self._again_and_again(self._lease / 3, self._expire)),
            asyncio.create_task(self._again_and_again(SWEEP_EVERY, self._sweep)),
            asyncio.create_task(self._copyist.work()),
        ]
        while not self._stopping:
            await self._guarded(self._turn)
            await wait_at_most(self._wake, self._poll)
            self._wake.clear()
        await self._guarded(self._drain)
        for task in beside:
            task.cancel()
        for engine in self._engines.values():
            await self._guarded(engine.close)

    async def _turn(self) -> None:
        self._has_left = False
        lanes = await self._threads.rows(self.lanes)
        for lane in lanes:
            await self._guarded(partial(self._take, lane))
        await self._retire({(lane.name, lane.revision) for lane in lanes})

    async def _retire(self, current: Collection[tuple[str, str]]) -> None:
        """An engine whose connection was changed or removed ends with the last drawing that began with it."""
        with self._taking_changed:
            if self._takers:
                return  # who may just have got one of these engines
            busy = {id(drawing.engine) for drawing in self._drawings.values()}
            old = [key for key in self._engines if key not in current]
            self._has_left |= any(id(self._engines[key]) in busy for key in old)
            engines = [self._engines.pop(key) for key in old if id(self._engines[key]) not in busy]
        for engine in engines:
            await self._guarded(engine.close)

    async def _take(self, lane: Lane) -> None:
        if not await self._threads.rows(self.line.is_waiting, lane):
            return
        self._has_left = True
        # Before the claim, because loading one takes a second, and the claim is the start that limits count.
        engine = await self._engine(lane)
        taken = CLAIMS_AT_ONCE
        while not self._stopping and taken == CLAIMS_AT_ONCE:
            claims = await self._threads.rows(self.line.claims, lane, CLAIMS_AT_ONCE)
            for claim in claims:
                self._begin(Drawing(self._studio, lane, engine, claim))
            taken = len(claims)

    async def _engine(self, lane: Lane) -> Engine:
        key = lane.name, lane.revision
        if key not in self._engines:
            self._engines[key] = await self._threads.rows(lane.make_engine)
        return self._engines[key]

    def _begin(self, drawing: Drawing) -> None:
        task = asyncio.create_task(drawing.run())
        self._drawings[task] = drawing
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        del self._drawings[task]
        if self._has_left:
            self._wake.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("a drawing broke off; it becomes unknown when its lease runs out", exc_info=task.exception())

    async def _renew(self) -> None:
        """Only what is being drawn: a row whose drawing has broken off must run out."""
        image_ids = [drawing.claim.image_id for drawing in self._drawings.values()]
        if image_ids:
            await self._threads.leases(self.line.renew, image_ids)

    async def _expire(self) -> None:
        """A dead worker's pictures become unknown, or done if it had stored them before it died."""
        for image_id in await self._threads.rows(self.line.expire):
            log.warning("picture %d was being drawn by a worker that died; its outcome is unknown", image_id)
            self._may_have_orphans = True
        if self._may_have_orphans:
            self._may_have_orphans = not await self._threads.files(self._adopt)
            for done in await self._threads.files(self.pictures.without_copies):
                self._copyist.add(*done)

    def _adopt(self) -> bool:
        """False if one has to be tried again."""
        is_done = True
        for image_id, worker in self.pictures.unfinished():
            claim = self.line.orphan(image_id, worker)
            if claim is not None:
                with about(user_id=claim.request.user_id, request_id=claim.request.id, image_id=image_id):
                    try:
                        self._adopt_one(claim)
                    except Exception:
                        log.exception("a picture that a dead worker had stored could not be taken over")
                        is_done = False
        return is_done

    def _adopt_one(self, claim: Claim) -> None:
        values = self.pictures.adopt(claim.image_id, claim.worker)
        if values is None:
            return
        self.line.finish(claim, values)
        log.info("a worker died after it had stored this picture; it is done")

    async def _sweep(self) -> None:
        self._may_have_orphans = True
        await self._threads.files(self.pictures.sweep)

    async def _drain(self) -> None:
        await self._wait_for_drawings(self._grace)
        self._closing.set()
        for drawing in self._drawings.values():
            drawing.break_off()
        await self._wait_for_drawings(LAST_SECONDS)
        left = [drawing.claim.image_id for drawing in self._drawings.values()]
        if left:
            await self._threads.rows(self.line.abandon, left)

    async def _wait_for_drawings(self, seconds: float) -> None:
        if self._drawings:
            await asyncio.wait(list(self._drawings), timeout=seconds)

    async def _again_and_again(self, pause: float, function: Callable[[], Awaitable[Any]]) -> None:
        while True:
            await self._guarded(function)
            await asyncio.sleep(pause)

    async def _guarded(self, function: Callable[[], Awaitable[Any]]) -> None:
        """For what may fail now and succeed at the next turn."""
        try:
            await function()
        except Exception:
            log.exception("the worker met a fault and goes on")
