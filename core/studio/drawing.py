"""One picture from its claim to its outcome: the call, the files, the row. However the call ends, its row says so.

Only the call can be broken off. What follows it was paid for: a full disk or a lost database is waited out, however
long it takes, and the picture keeps its place in the lane meanwhile, so that nothing more is spent.
"""

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from typing import Any

from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from core.engines.answers import LARGE_AT_ONCE, Place
from core.engines.base import Engine, EngineFailure, Failed, Job, Painting, Preview, Reference, Refused, Unknown
from core.engines.connections import Lane
from core.logs import about
from core.studio.copies import Copyist
from core.studio.line import Line
from core.studio.pictures import Pictures
from core.studio.threads import Threads
from core.studio.turns import Claim

log = logging.getLogger(__name__)

MOST_UNREACHED = 8  # tries of a provider that cannot be reached; with growing pauses that is some minutes
SHORTEST_PAUSE = 1.0  # seconds, also for a provider that says "0"
LONGEST_PAUSE = 60.0  # seconds, while a provider cannot be reached
LONGEST_PATIENCE = 86_400.0  # seconds, whatever the provider says
STORING_PAUSES = (0.5, 2, 5, 15, 30, 60)  # seconds between the tries to store what was paid for; then the last again
PREVIEWS_AT_ONCE = 8  # of all drawings; while so many are being stored, the disk or the processor lags behind
TEMPORARY = (OSError, OperationalError, InterfaceError, InternalError, PoolTimeoutError)


@dataclass(frozen=True, slots=True)
class Studio:
    """What all drawings of a worker share. `closing` is set when nothing is waited for any more."""

    line: Line
    pictures: Pictures
    copyist: Copyist
    threads: Threads
    closing: asyncio.Event
    secret: bytes
    pauses: tuple[float, ...] = STORING_PAUSES
    places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LARGE_AT_ONCE))
    preview_places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PREVIEWS_AT_ONCE))


class Drawing:
    def __init__(self, studio: Studio, lane: Lane, engine: Engine, claim: Claim):
        self.claim = claim
        self._studio = studio
        self._lane = lane
        self.engine = engine
        self._newest: Preview | None = None
        self._has_news = asyncio.Event()
        self._has_ended = False
        self._place = Place(studio.places)
        self._call: asyncio.Task[Painting] | None = None
        self._kept: dict[str, Any] | None = None

    async def run(self) -> None:
        claim = self.claim
        with about(user_id=claim.request.user_id, request_id=claim.request.id, image_id=claim.image_id):
            self._call = asyncio.create_task(self._paint())
            watching = asyncio.create_task(self._keep_previews())
            try:
                await self._keep(await self._call_ended(self._call), watching)
            except EngineFailure as failure:
                await watching
                await self._record(failure)

    def break_off(self) -> None:
        """End the call, if it has not ended yet; its outcome is unknown then."""
        if self._call is not None:
            self._call.cancel()

    async def _call_ended(self, call: "asyncio.Task[Painting]") -> Painting:
        try:
            return await call
        except EngineFailure:
            raise
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # not the call alone: the loop ends
            raise Unknown("server_stopped" if self._studio.closing.is_set() else "connection_lost") from None
        finally:
            self._has_ended = True
            self._has_news.set()

    async def _paint(self) -> Painting:
        painting = None
        try:
            job = await self._job()
            async for event in self.engine.paint(job):
                if isinstance(event, Preview):
                    self._newest = event
                    self._studio.line.news.hand_over(self.claim.image_id, event)
                    self._has_news.set()
                else:
                    painting = painting or event
                    # The engine reads no more than it can hand over.
                    await self._place.hold(len(event.data))
                del event  # the next one may come in a minute
        except (EngineFailure, asyncio.CancelledError):
            if painting is None:
                raise
        except BaseException as error:
            log.exception("drawing broke off")
            if painting is None:
                # A fault of ours in the middle of a call: what the provider did is not known.
                raise Unknown("connection_lost", detail=type(error).__name__) from error
        if painting is None:
            raise Unknown("connection_lost")
        return painting

    async def _job(self) -> Job:
        """Without references nothing blocks, and the call begins at once."""
        claim, request = self.claim, self.claim.request
        references = await self._studio.threads.rows(self._read_references) if request.references else ()
        mask = await self._studio.threads.rows(self._read, request.mask_key) if request.mask_key else None
        end_user = hmac.new(self._studio.secret, f"user {request.user_id}".encode(), hashlib.sha256)
        return Job(
            model=request.model,
            description=request.description,
            size=request.size,
            quality=request.quality,
            background=request.background,
            output_format=request.output_format,
            output_compression=request.output_compression,
            previews=request.previews,
            seed=claim.seed,
            moderation=request.moderation,
            complexity=request.complexity,
            input_fidelity=request.input_fidelity,
            references=references,
            mask=mask,
            end_user=end_user.hexdigest(),
        )

    def _read_references(self) -> tuple[Reference, ...]:
        return tuple(
            Reference(row.name, self._read(row.file_key), row.media_type) for row in self.claim.request.references
        )

    def _read(self, key: str) -> bytes:
        try:
            return self._studio.pictures.files.read(key)
        except OSError as error:
            # Nothing was sent yet, so this is free; whether another try is of use, the person is told.
            raise Failed(
                "reference_gone" if isinstance(error, FileNotFoundError) else "internal", detail=type(error).__name__
            ) from error

    async def _keep_previews(self) -> None:
        """One after the other, beside the call: a slow disk delays no stream, and what it cannot take is let go."""
        while not self._has_ended or self._newest:
            await self._has_news.wait()
            self._has_news.clear()
            preview, self._newest = self._newest, None
            if preview is not None and not self._studio.preview_places.locked():
                await self._keep_preview(preview)
            del preview

    async def _keep_preview(self, preview: Preview) -> None:
        claim, studio, number = self.claim, self._studio, preview.index + 1
        keep = studio.pictures.keep_preview
        try:
            async with studio.preview_places:
                if await studio.threads.files(keep, claim.image_id, claim.worker, number, preview.data):
                    await studio.threads.rows(studio.line.saw_preview, claim, number)
        except Exception:
            log.exception("a preview could not be stored")

    async def _keep(self, painting: Painting, watching: "asyncio.Task[None]") -> None:
        claim, studio = self.claim, self._studio
        studio.line.news.hand_over(claim.image_id, painting)
        try:
            values, finished = await self._insist(studio.threads.files, self._finish, painting)
        except Exception as error:
            problem = Unknown("server_stopped") if isinstance(error, TEMPORARY) else Failed("not_stored")
            problem.detail = type(error).__name__
            problem.provider_request_id = painting.provider_request_id
            problem.usage = painting.usage
            raise problem from error
        finally:
            self._place.give_back()
        log.info("picture done" if finished else "picture was no longer ours")
        await watching
        if finished and values["has_thumbnails"]:
            studio.copyist.add(claim.image_id, claim.worker, values["image_url"])
        else:
            await self._forget_scaffold()

    def _finish(self, painting: Painting) -> tuple[dict[str, Any], bool]:
        """File, then row; a file that is kept already is not written again. Returns what the row says of the picture,
        and whether the row was still ours."""
        claim, studio = self.claim, self._studio
        self._kept = self._kept or studio.pictures.keep(claim.image_id, claim.worker, painting)
        # With thumbnails to come, the receipt stays until they are made, in a transaction that lasts.
        lasting = not self._kept["has_thumbnails"]
        return self._kept, studio.line.finish(claim, self._kept, lasting)

    async def _record(self, failure: EngineFailure) -> None:
        log.warning("picture not made: %s", failure)
        if not isinstance(failure, Unknown):
            # Before the row says so: a picture that went back in the line is drawn again at once.
            await self._forget_scaffold()
        try:
            await self._insist(self._studio.threads.rows, self._write_down, failure)
        except Exception:
            log.exception("an outcome could not be written; it becomes unknown when the lease runs out")

    def _write_down(self, failure: EngineFailure) -> None:
        line = self._studio.line
        if not isinstance(failure, Refused) or not (failure.stops_line or failure.retry_after is not None):
            line.fail(self.claim, failure)
            return
        pause = max(SHORTEST_PAUSE, failure.retry_after or 0)
        if failure.code == "provider_unreachable":
            before = line.refusals(self.claim.image_id, failure.code)
            if before >= MOST_UNREACHED:
                params = {"attempts": before + 1}
                line.fail(self.claim, Failed("provider_unreachable_for_long", params, failure.detail))
                return
            pause = min(pause * 2**before, LONGEST_PAUSE)
        line.put_back(self.claim, self._lane, replace(failure, retry_after=min(pause, LONGEST_PATIENCE)))

    async def _forget_scaffold(self) -> None:
        pictures = self._studio.pictures
        try:
            await self._studio.threads.files(pictures.forget_scaffold, self.claim.image_id, self.claim.worker)
        except Exception:
            log.exception("files that are no longer needed stay until the sweep")

    async def _insist(
        self,
        threads: Callable[..., Coroutine[Any, Any, Any]],
        function: Callable[..., Any],
        *arguments: Any,
    ) -> Any:
        """Call `function` on `threads` until what is temporary has passed, or until the worker closes."""
        for pause in chain(self._studio.pauses, repeat(self._studio.pauses[-1])):
            try:
                return await threads(function, *arguments)
            except TEMPORARY:
                self._place.give_back()
                log.exception("what is known of a picture cannot be stored; it is tried again")
                if self._studio.closing.is_set():
                    raise
            await wait_at_most(self._studio.closing, pause)


async def wait_at_most(event: asyncio.Event, seconds: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
