"""Waiting for what was ordered. Whoever goes away meanwhile loses nothing: the picture is made and kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from starlette.requests import ClientDisconnect, Request

from core.api.door import Call
from core.engines.base import Painting
from core.errors import Problem
from core.studio.news import Watch
from core.studio.records import Record

LOOK_AGAIN = 2.0  # seconds; news of other processes reach this one by looking


async def ended(call: Call, request_id: int, watch: Watch, is_for_one: bool) -> Record | Painting:
    """The record when its last picture has come to an end; or the only picture, as soon as it is there.

    What is watched already has just been ordered.
    """
    async with _gone(call.request) as gone:
        if watch.image_ids:
            await _changed(watch, gone)
        while True:
            if is_for_one and (painting := _only(watch)) is not None:
                return painting
            record = await look(call, request_id)
            if not record.is_open:
                return record
            watch.also([image.id for image in record.images])
            await _changed(watch, gone)


async def kept(call: Call, request_id: int, watch: Watch) -> Record:
    """The record of a picture that is there already, when its row says so."""
    if not watch.was_told:
        await watch.changed(LOOK_AGAIN)
    while (record := await look(call, request_id)).is_open:
        await watch.changed(LOOK_AGAIN)
    return record


def _only(watch: Watch) -> Painting | None:
    """The painting of the only picture that is watched."""
    return watch.painting(*watch.image_ids) if len(watch.image_ids) == 1 else None


async def _changed(watch: Watch, gone: "asyncio.Task[None]") -> None:
    changed = asyncio.ensure_future(watch.changed(LOOK_AGAIN))
    await asyncio.wait({changed, gone}, return_when=asyncio.FIRST_COMPLETED)
    if gone.done():
        changed.cancel()
        raise ClientDisconnect


async def look(call: Call, request_id: int) -> Record:
    """How it stands. Where nothing is tried any more, what still waits is taken out of the line: nobody would know
    that it is drawn, and billed, when the connection works again."""
    services, user_id = call.services, call.caller.user_id
    record = await call.threads.run(services.records.one, user_id, request_id)
    if any(image.state == "queued" and image.connection in record.stopped for image in record.images):
        with suppress(Problem):  # it has just begun after all
            await call.threads.run(services.requests.cancel_all, user_id, request_id)
        record = await call.threads.run(services.records.one, user_id, request_id)
    return record


@asynccontextmanager
async def _gone(request: Request) -> AsyncIterator["asyncio.Task[None]"]:
    """A task that ends when the caller has hung up."""

    async def hang_up() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    task = asyncio.create_task(hang_up())
    try:
        yield task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
