"""The answer with the pictures, in pieces: nothing of megabytes is put together, and nothing is decoded."""

import hashlib
import hmac
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from core.api.errors import dumped, error_of
from core.engines.base import Painting
from core.engines.encoded import encode
from core.errors import Problem
from core.i18n import Reader
from core.services import Services
from core.storage.tables import Image
from core.studio.news import Watch
from core.studio.records import Picture, Record

log = logging.getLogger(__name__)

PIECE = 3 << 18  # bytes; a multiple of three, so that the pieces of base64 fit together
HOUR = 3600
COUNTS = ("input_tokens", "output_tokens", "total_tokens")
PARTS = ("input_tokens_details", "output_tokens_details")
KINDS = ("text_tokens", "image_tokens")

Piece = bytes | memoryview


class Pictures:
    """The bytes of finished pictures: those that the worker handed over, else the file."""

    def __init__(self, services: Services, watch: Watch):
        self._services = services
        self._watch = watch
        self._paintings: dict[int, Painting] = {}

    def fetch(self, image: Picture) -> None:
        """Keep what was handed over, for the time when nobody watches any more."""
        painting = self._watch.painting(image.id)
        if painting is not None:
            self._paintings[image.id] = painting

    async def base64(self, image: Picture) -> AsyncIterator[Piece]:
        painting = self._paintings.pop(image.id, None)
        if painting is not None:
            for piece in encoded(painting):
                yield piece
            return
        stream = await self._services.files.stream(image.image_url or "")
        rest = b""
        async for chunk in stream.chunks:
            rest += chunk
            whole = len(rest) // 3 * 3
            yield encode(rest[:whole])
            rest = rest[whole:]
        yield encode(rest)


def encoded(painting: Painting) -> Iterator[Piece]:
    came = painting.encoded
    view = memoryview(painting.data) if came is None else came
    for start in range(0, len(view), PIECE):
        piece = view[start : start + PIECE]
        yield encode(piece) if came is None else piece


class Sending(StreamingResponse):
    """`after` is called when the last piece was sent, or nobody listens any more."""

    def __init__(self, *args: Any, after: Callable[[], None] = lambda: None, **named: Any):
        super().__init__(*args, **named)
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._send(scope, receive, send)
        finally:
            self._after()

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        await super().__call__(scope, receive, send)


class SendingAll(Sending):
    """To the end, also when nobody listens any more: it is in memory, and to notice costs more than to send."""

    async def _send(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.stream_response(send)


def is_there(image: Image | Picture) -> bool:
    return image.state == "done" and image.deleted_at is None and image.image_url is not None


def problem_of(image: Picture, stopped: Mapping[str, str]) -> Problem:
    """Why there is no picture."""
    if image.state == "done":
        return Problem("picture_deleted")
    if image.state == "cancelled":
        return Problem("line_stopped") if image.connection in stopped else Problem("picture_cancelled")
    params = {"detail": image.problem_detail or "", **(image.problem_params or {})}
    params["provider_request_id"] = image.provider_request_id
    return Problem.kept(image.problem, params)


def description(record: Record) -> dict[str, Any]:
    """What an answer says of all its pictures together."""
    request, images = record.request, [image for image in record.images if is_there(image)]
    first = images[0] if images else None
    size = f"{first.width}x{first.height}" if first is not None and first.width else request.size
    found = {
        "created": int(request.created_at.timestamp()),
        "background": request.background,
        "output_format": format_of(first) or request.output_format,
        "quality": request.quality,
        "size": size,
        "usage": usage_of(images),
        "request_id": request.id,
    }
    return {name: value for name, value in found.items() if value is not None}


def format_of(image: Picture | None) -> str | None:
    if image is None or not image.media_type or not image.media_type.startswith("image/"):
        return None
    return image.media_type.removeprefix("image/").removesuffix("+xml")


def usage_of(images: list[Picture]) -> dict[str, Any] | None:
    """The sum of what the provider reported, as far as it did."""
    reported = [image.usage for image in images if image.usage]
    if not reported:
        return None
    found: dict[str, Any] = {name: sum(_count(usage.get(name)) for usage in reported) for name in COUNTS}
    for part in PARTS:
        details = [usage[part] for usage in reported if isinstance(usage.get(part), dict)]
        if details or not found[part.removesuffix("_details")]:  # of nothing, every kind is nothing
            found[part] = {kind: sum(_count(one.get(kind)) for one in details) for kind in KINDS}
    return found


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else 0


def whole(
    record: Record,
    pictures: Pictures,
    reader: Reader,
    address: Callable[[Picture], str] | None,
    repeated: Mapping[str, str],
) -> Sending:
    """All that came in one answer of JSON, and beside it why the rest did not."""
    there = [image for image in record.images if is_there(image)]
    rest = {**_rest(record, reader), **repeated}

    async def pieces() -> AsyncIterator[Piece]:
        yield b'{"data":['
        for number, image in enumerate(there):
            begin = b",{" if number else b"{"
            if address is not None:
                yield begin + b'"url":' + dumped(address(image))
            else:
                yield begin + b'"b64_json":"'
                async for piece in pictures.base64(image):
                    yield piece
                yield b'"'
            yield b"," + dumped(_named(image))[1:]
        yield b"]," + dumped(rest)[1:]

    return Sending(pieces(), media_type="application/json", headers={"Cache-Control": "no-store"})


def begun(
    painting: Painting,
    kept: Callable[[], Awaitable[Record]],
    reader: Reader,
    repeated: Mapping[str, str],
    after: Callable[[], None],
) -> Sending:
    """The same for one picture that is not kept yet: it goes out meanwhile, and what its row says comes behind it.

    So the answer is whole when the picture is kept. If that fails, it has the picture all the same, and an error: an
    answer that is broken off would be ordered, and billed, once more by the SDKs.
    """
    left = [painting]
    del painting

    async def pieces() -> AsyncIterator[Piece]:
        yield b'{"data":[{"b64_json":"'
        for piece in encoded(left.pop()):
            yield piece
        named: dict[str, Any] = {"index": 0}
        try:
            record = await kept()
            named, rest = _named(record.images[0]), {**_rest(record, reader), **repeated}
        except Exception:
            log.exception("it is not known whether a picture was kept")
            problem = {"index": 0, **error_of(reader, Problem("internal"))}
            rest = {"created": int(time.time()), "errors": [problem]}
        yield b'",' + dumped(named)[1:] + b"]," + dumped(rest)[1:]

    return SendingAll(pieces(), media_type="application/json", headers={"Cache-Control": "no-store"}, after=after)


def _named(image: Picture) -> dict[str, Any]:
    revised = {"revised_prompt": image.revised_description} if image.revised_description else {}
    return {"id": image.id, "index": image.position, **revised}


def _rest(record: Record, reader: Reader) -> dict[str, Any]:
    """What follows the pictures; with it, why some are missing."""
    missing = [image for image in record.images if not is_there(image)]
    errors = [{"index": image.position, **error_of(reader, problem_of(image, record.stopped))} for image in missing]
    return {**description(record), **({"errors": errors} if errors else {})}


def address_of(request: Request, services: Services, image: Picture) -> str:
    """Where whoever knows the address gets the picture, for an hour."""
    ends = int(time.time()) + HOUR
    path = f"/api/v1/files/{image.id}?ends={ends}&signature={signature(services, image.id, ends)}"
    return f"{request.url.scheme}://{request.url.netloc}{path}"


def signature(services: Services, image_id: int, ends: int) -> str:
    message = f"picture {image_id} until {ends}".encode()
    return hmac.new(services.settings.secret(), message, hashlib.sha256).hexdigest()
