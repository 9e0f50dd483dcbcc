"""OpenAI's Images API, and every server that speaks it, through the official SDK.

The one rule behind all of this: a call that may have been billed is never repeated here. So the SDK's own retries
are off, and the only repetition is that of a call which was refused, before any work, for a parameter that a server
does not know.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.engines import dialects
from core.engines.answers import (
    LARGE_AT_ONCE,
    Answer,
    Place,
    bounded,
    checked,
    preview_of,
    read_answer,
    read_events,
    read_item,
)
from core.engines.base import EngineFailure, Failed, Job, Painting, Preview, Refused, Unknown
from core.engines.complaints import (
    UNREACHABLE_WAIT,
    complaint_of,
    failure,
    presentable,
    read_complaint,
    usage_of,
    waiting_time,
)
from core.engines.downloads import DownloadFailedError, DownloadRefusedError, fetch

if TYPE_CHECKING:  # the import costs 430 ms: it waits for the first picture, and then happens in a thread
    import openai

DEFAULT_BASE_URL = "https://api.openai.com/v1"
_NO_KEY = "none"  # a server without keys ignores it; the SDK insists on one
_CONNECT_SECONDS = 10.0
_DOWNLOAD_SECONDS = 60.0
_DOWNLOADS_AT_ONCE = 32


@dataclass(slots=True)
class _Trace:
    """A call under way: its deadline in the loop's time, its place, and what is already known when it fails."""

    ends: float
    place: Place
    request_id: str | None = None
    answer: Answer | None = None


def load() -> None:
    """Import the SDK, which takes half a second: better before the first claim than between it and its call."""
    import openai  # noqa: F401

    import core.engines.transport  # noqa: F401


class OpenAIImages:
    """An Engine. `openai_models` speak OpenAI's full dialect; any other model gets the few parameters that
    compatible servers share. `deadline` is in seconds and holds for a whole picture, its download included.
    """

    def __init__(
        self,
        *,
        base_url: str | None,
        api_key: str | None,
        organisation: str | None = None,
        project: str | None = None,
        deadline: float = 600.0,
        openai_models: frozenset[str] = frozenset(),
    ):
        self._base_url = base_url or DEFAULT_BASE_URL
        self._key = (api_key or "").strip() or None
        self._organisation = organisation
        self._project = project
        self._deadline = deadline
        self._openai_models = openai_models
        self._refused_parameters: defaultdict[tuple[str, bool], set[str]] = defaultdict(set)
        self._client: openai.AsyncOpenAI | None = None
        self._opening = asyncio.Lock()
        self._places = asyncio.Semaphore(LARGE_AT_ONCE)
        self._threads = ThreadPoolExecutor(_DOWNLOADS_AT_ONCE, "download")

    async def paint(self, job: Job) -> AsyncIterator[Preview | Painting]:
        """Yield previews, then exactly one painting; raise an EngineFailure instead of anything else.

        While whoever consumes them is busy with one, its memory counts among the large answers.
        """
        trace = _Trace(asyncio.get_running_loop().time() + self._deadline, Place(self._places))
        async with aclosing(self._steps(job, trace)) as steps:
            while True:
                # The clock runs only inside this block: it must not cancel whoever consumes what we yield.
                try:
                    async with asyncio.timeout_at(trace.ends) as clock:
                        step = await anext(steps)
                except StopAsyncIteration:
                    return
                except EngineFailure as known:
                    known.provider_request_id = known.provider_request_id or trace.request_id
                    raise
                except Exception as error:
                    raise self._unforeseen(error, trace, clock.expired()) from None
                yield step
                del step  # a preview of megabytes; here and below it would stay until the next one

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._client:
            await self._client.close()

    async def _steps(self, job: Job, trace: _Trace) -> AsyncGenerator[Preview | Painting, None]:
        client = await self._opened()
        try:
            async with aclosing(self._asked(client, job, trace)) as steps:
                async for step in steps:
                    if isinstance(step, Preview):
                        yield step
                        del step
                        continue
                    trace.answer = step
                    data = step.data if step.data is not None else await self._fetched(step)
                    yield Painting(data, step.usage, trace.request_id, step.revised_description, step.encoded)
        finally:
            trace.place.give_back()

    async def _asked(
        self, client: "openai.AsyncOpenAI", job: Job, trace: _Trace
    ) -> AsyncGenerator[Preview | Answer, None]:
        """Ask, and ask again without what was refused before work; each time at least one parameter fewer."""
        import openai

        wanted = dialects.parameters(job, job.model in self._openai_models)
        left_out = self._refused_parameters[job.model, bool(job.references)]
        while True:
            sent = {name: value for name, value in wanted.items() if name not in left_out}
            try:
                async with aclosing(self._called(client, job, sent, trace)) as answers:
                    async for answer in answers:
                        yield answer
                        del answer
                return
            except openai.APIStatusError as error:
                trace.request_id = _request_id(error.response)
                complaint = read_complaint(error.response.content, self._key)
                ended = failure(
                    complaint,
                    error.status_code,
                    model=job.model,
                    edits=bool(job.references),
                    retry_after=waiting_time(error.response.headers),
                )
                is_about_parameters = error.status_code in (400, 422) and ended.code == "request_refused"
                again = dialects.refused_parameters(complaint, sent) if is_about_parameters else None
                if not again:
                    raise ended from None
                left_out |= again
            except openai.APIConnectionError as error:
                raise self._broken(error) from None

    async def _called(
        self, client: "openai.AsyncOpenAI", job: Job, sent: dict[str, Any], trace: _Trace
    ) -> AsyncGenerator[Preview | Answer, None]:
        """One POST. Whatever was asked for, the answer's own type says whether it is a stream."""
        images = client.images.with_streaming_response
        asked = images.edit(**dialects.files(job), **sent) if job.references else images.generate(**sent)
        async with asked as response:
            trace.request_id = _request_id(response)
            chunks = bounded(response.iter_bytes(), trace.place, trace.ends)
            if response.headers.get("content-type", "").startswith("text/event-stream"):
                async for step in self._streamed(chunks, job, trace.place):
                    yield step
                    del step
                return
            # Without a name for what came: it is larger than the picture, which may have to wait.
            answer = read_answer(
                b"".join([chunk async for chunk in chunks]), model=job.model, edits=bool(job.references), key=self._key
            )
        yield answer

    async def _streamed(
        self, chunks: AsyncIterator[bytes], job: Job, place: Place
    ) -> AsyncGenerator[Preview | Answer, None]:
        begun, count = False, 0
        async with aclosing(read_events(chunks)) as events:
            async for event in events:
                kind = str(event["type"])
                if kind.endswith(".partial_image"):
                    begun = True
                    data = preview_of(event)
                    event.clear()
                    if data:
                        yield Preview(count, data)
                        count += 1
                    del data
                elif kind in ("image_generation.completed", "image_edit.completed"):
                    answer = read_item(event, usage_of(event))
                    event.clear()  # larger than the picture, which may have to wait
                    yield answer
                    return
                elif kind == "error" or event.get("error"):
                    complaint = complaint_of(event, self._key)
                    ended = failure(complaint, None, model=job.model, edits=bool(job.references))
                    if begun and isinstance(ended, Refused):  # too late to have been refused before work
                        ended = Failed("provider_failed", {"detail": ended.detail}, ended.detail, usage=complaint.usage)
                    raise ended
                place.give_back()
        raise Unknown("connection_lost", detail="the stream ended before the picture")

    async def _fetched(self, answer: Answer) -> bytes:
        loop = asyncio.get_running_loop()
        try:
            data = await loop.run_in_executor(self._threads, fetch, answer.address, self._base_url, _DOWNLOAD_SECONDS)
        except DownloadRefusedError as error:
            raise Failed("download_refused", detail=str(error), usage=answer.usage) from None
        except DownloadFailedError as error:
            raise Failed("download_failed", detail=str(error), usage=answer.usage) from None
        return checked(data, answer.usage)

    async def _opened(self) -> "openai.AsyncOpenAI":
        async with self._opening:
            if self._client is None:
                if self._key and not (self._key.isascii() and self._key.isprintable()):
                    raise Refused("wrong_key", detail="the key has characters no key has", stops_line=True)
                try:
                    self._client = await asyncio.to_thread(self._built)
                except Exception as error:  # an address that is none, certificates that cannot be read
                    detail = presentable(str(error), self._key)
                    raise Refused("provider_unreachable", {}, detail, retry_after=UNREACHABLE_WAIT) from None
            return self._client

    def _built(self) -> "openai.AsyncOpenAI":
        import openai

        from core.engines.transport import transport

        client = openai.AsyncOpenAI(
            base_url=self._base_url,
            api_key=self._key or _NO_KEY,
            max_retries=0,
            timeout=openai.Timeout(self._deadline, connect=_CONNECT_SECONDS),
            # A redirect would carry the order to an address that no administrator chose.
            http_client=openai.DefaultAsyncHttpx2Client(follow_redirects=False, transport=transport(self._base_url)),
        )
        # The SDK would take these from the environment, where they may be meant for another endpoint.
        client.organization, client.project = self._organisation, self._project
        _ = client.images.with_streaming_response  # imports its part of the SDK, here and not on the loop
        return client

    def _broken(self, error: "openai.APIConnectionError") -> EngineFailure:
        """A connection that was never made cost nothing; of any other nobody knows."""
        import httpx2
        import openai

        cause = error.__cause__ or error
        detail = presentable(f"{type(cause).__name__}: {cause}", self._key)
        never_sent = (
            httpx2.ConnectError,
            httpx2.ConnectTimeout,
            httpx2.PoolTimeout,
            httpx2.ProxyError,
            httpx2.UnsupportedProtocol,
            httpx2.LocalProtocolError,
        )
        if isinstance(cause, never_sent):
            return Refused("provider_unreachable", {}, detail, retry_after=UNREACHABLE_WAIT)
        if isinstance(error, openai.APITimeoutError):
            return Unknown("deadline_passed", {"limit": self._deadline}, detail)
        return Unknown("connection_lost", {}, detail)

    def _unforeseen(self, error: Exception, trace: _Trace, expired: bool) -> EngineFailure:
        """The deadline, or an error that nobody thought of. Only what is known to be billed counts as billed."""
        detail = "" if expired else presentable(f"{type(error).__name__}: {error}", self._key)
        if trace.answer:
            return Failed("download_failed", {}, detail or "too slow", trace.request_id, trace.answer.usage)
        if expired:
            return Unknown("deadline_passed", {"limit": self._deadline}, detail, trace.request_id)
        return Unknown("connection_lost", {}, detail, trace.request_id)


def _request_id(response: Any) -> str | None:
    """As far as anybody would ever type it."""
    request_id: str | None = response.headers.get("x-request-id")
    return request_id[:200] if request_id else None
