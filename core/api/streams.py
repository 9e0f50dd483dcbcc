"""Server-Sent Events: previews as they come, each picture when it is done, and a sign of life in between."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from typing import Any

from core.api import answers
from core.api.answers import Pictures, Piece, is_there
from core.api.door import Call
from core.api.errors import dumped, error_of
from core.api.parameters import Wanted
from core.api.waiting import LOOK_AGAIN, look
from core.engines.base import Preview
from core.engines.encoded import encode
from core.errors import Problem
from core.storage.formats import media_type_of, size_of
from core.studio.news import Watch
from core.studio.pictures import preview_key
from core.studio.records import Picture, Record

ALIVE = b": keep-alive\n\n"


class Events:
    """`name` is "image_generation" or "image_edit"."""

    def __init__(self, call: Call, request_id: int, watch: Watch, name: str, wanted: Wanted):
        self._heartbeat = call.services.settings.api_heartbeat
        self._call = call
        self._request_id = request_id
        self._watch = watch
        self._name = name
        self._wanted = wanted
        self._pictures = Pictures(call.services, watch)
        self._shown: defaultdict[int, int] = defaultdict(int)
        self._sent: set[int] = set()

    async def __call__(self) -> AsyncIterator[Piece]:
        try:
            async for piece in self._events():
                yield piece
        except FileNotFoundError:
            yield self._error([{"index": 0, **error_of(self._call.reader, Problem("picture_deleted"))}])
        except Exception:
            yield self._error([{"index": 0, **error_of(self._call.reader, Problem("internal"))}])
            raise

    async def _events(self) -> AsyncIterator[Piece]:
        loop = asyncio.get_running_loop()
        spoken_at = loop.time()
        while True:
            record = await look(self._call, self._request_id)
            self._watch.also([image.id for image in record.images])
            async for piece in self._news(record):
                yield piece
                spoken_at = loop.time()
            if not record.is_open:
                break
            await self._watch.changed(max(0.0, min(LOOK_AGAIN, spoken_at + self._heartbeat - loop.time())))
            if loop.time() >= spoken_at + self._heartbeat:
                yield ALIVE
                spoken_at = loop.time()
        missing = [image for image in record.images if not is_there(image)]
        if missing:
            problems = [(image, answers.problem_of(image, record.stopped)) for image in missing]
            yield self._error(
                [{"index": image.position, **error_of(self._call.reader, found)} for image, found in problems]
            )

    async def _news(self, record: Record) -> AsyncIterator[Piece]:
        for image in record.images:
            if record.request.previews:
                for preview in await self._previews(image):
                    yield self._preview(record, image, preview)
            if is_there(image) and image.id not in self._sent:
                self._sent.add(image.id)
                self._pictures.fetch(image)
                async for piece in self._completed(record, image):
                    yield piece

    async def _previews(self, image: Picture) -> list[Preview]:
        """As the provider sent them, if this process draws the picture; else the small ones from the files."""
        handed = self._watch.previews(image.id)
        self._shown[image.id] += len(handed)
        if handed or image.worker in (None, self._call.services.worker.id) or image.state != "running":
            return handed
        found = []
        for number in range(self._shown[image.id] + 1, image.previews_seen + 1):
            key = preview_key(image.id, image.worker or "", number)
            try:
                data = await self._call.threads.run(self._call.services.files.read, key)
            except OSError:
                continue  # the picture is done by now
            found.append(Preview(number - 1, data))
        self._shown[image.id] = max(self._shown[image.id], image.previews_seen)
        return found

    def _preview(self, record: Record, image: Picture, preview: Preview) -> bytes:
        measured = size_of(preview.data)
        kind = f"{self._name}.partial_image"
        event = {
            **self._common(record, image),
            "type": kind,
            "partial_image_index": preview.index,
            "output_format": (media_type_of(preview.data) or "image/png").removeprefix("image/"),
            **({"size": f"{measured[0]}x{measured[1]}"} if measured else {}),
            "b64_json": encode(preview.data).decode("ascii"),
        }
        return b"event: " + kind.encode() + b"\ndata: " + dumped(event) + b"\n\n"

    async def _completed(self, record: Record, image: Picture) -> AsyncIterator[Piece]:
        kind = f"{self._name}.completed"
        event = {
            **self._common(record, image),
            "type": kind,
            "output_format": answers.format_of(image) or record.request.output_format,
            "usage": answers.usage_of([image]),
            "request_id": record.request.id,
            "id": image.id,
            **self._wanted.repeated,
        }
        if image.width:
            event["size"] = f"{image.width}x{image.height}"
        begin = b"event: " + kind.encode() + b"\ndata: " + dumped(event)[:-1]
        if self._wanted.wants_addresses:
            address = answers.address_of(self._call.request, self._call.services, image)
            yield begin + b',"url":' + dumped(address) + b"}\n\n"
            return
        yield begin + b',"b64_json":"'
        async for piece in self._pictures.base64(image):
            yield piece
        yield b'"}\n\n'

    def _common(self, record: Record, image: Picture) -> dict[str, Any]:
        request = record.request
        return {
            "created_at": int(request.created_at.timestamp()),
            "size": request.size or "auto",
            "quality": request.quality or "auto",
            "background": request.background or "auto",
            "index": image.position,
        }

    def _error(self, errors: list[dict[str, Any]]) -> bytes:
        """In the wrapper by which the SDKs know an error; it is the last event."""
        first = {name: value for name, value in errors[0].items() if name != "index"}
        body = {"type": "error", "error": first, **({"errors": errors} if len(errors) > 1 else {})}
        return b"event: error\ndata: " + dumped(body) + b"\n\n"
