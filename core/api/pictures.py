"""Pictures for the browser's <img>: with the person's session, for ever in the browser's cache, never as a page."""

import asyncio
from contextlib import suppress
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from core.accounts.sessions import Person
from core.api.auth import person_of
from core.services import Services
from core.storage.files import FileStream
from core.storage.formats import EXTENSIONS
from core.storage.tables import Image
from core.storage.thumbnails import WIDTHS
from core.studio.pictures import WEBP, preview_key, thumbnail_key

# A picture may be markup (SVG): whoever opens it as a page gets a page that can do nothing.
LOCKED_UP = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
FOR_EVER = "private, max-age=31536000, immutable"
LARGEST_ID = 2**63 - 1


COPYING_AT_ONCE = 2  # thumbnails that nobody had asked for before


class Wanted(NamedTuple):
    """A file, and whether it is shown (a page may hold it) or saved. `copy_of`: the original of a thumbnail."""

    key: str
    media_type: str
    file_name: str | None = None
    copy_of: str | None = None


def picture_routes(services: Services) -> list[Route]:
    """`/pictures/{id}/{variant}`: "original", "320", "640" (pixels wide) or "preview-1" and so on."""
    places = asyncio.Semaphore(COPYING_AT_ONCE)

    async def picture(request: Request) -> Response:
        person = await person_of(request, services.sessions)
        if person is None:
            return PlainTextResponse("Sign in first.", 401, {"Cache-Control": "no-store"})
        image_id, variant = request.path_params["id"], request.path_params["variant"]
        is_download = "download" in request.query_params
        wanted = await asyncio.to_thread(_wanted, services, person, image_id, variant, is_download)
        if wanted is None:
            return _missing()
        etag = f'"{wanted.key}"'
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=_headers(wanted, etag))
        file = await _opened(services, wanted)
        if file is None and wanted.copy_of:
            async with places:
                with suppress(FileNotFoundError):
                    await asyncio.to_thread(services.worker.copies.make, image_id, wanted.copy_of)
            # The original, if it is found out only now that it cannot be decoded.
            wanted = await asyncio.to_thread(_wanted, services, person, image_id, variant, is_download)
            file = await _opened(services, wanted) if wanted else None
        if wanted is None or file is None:
            return _missing()
        headers = _headers(wanted, f'"{wanted.key}"')
        headers["Content-Length"] = str(file.size)
        return StreamingResponse(file.chunks, headers=headers, media_type=wanted.media_type)

    return [Route("/pictures/{id:int}/{variant}", picture)]


async def _opened(services: Services, wanted: Wanted) -> FileStream | None:
    try:
        return await services.files.stream(wanted.key)
    except FileNotFoundError:
        return None


def _wanted(services: Services, person: Person, image_id: int, variant: str, is_download: bool) -> Wanted | None:
    image = services.gallery.picture(person, image_id) if image_id <= LARGEST_ID else None
    if image is None and variant in map(str, WIDTHS):  # what is in the bin is seen there, and small
        image = services.gallery.thrown_away(person.user_id, image_id)
    return _file(image, variant, is_download) if image is not None else None


def _file(image: Image, variant: str, download: bool) -> Wanted | None:
    kind, _, number = variant.partition("-")
    if kind == "preview" and number.isascii() and number.isdigit() and image.worker:
        if not 1 <= int(number[:3]) <= image.previews_seen or image.state not in ("running", "unknown", "done"):
            return None
        if image.state != "done":
            return Wanted(preview_key(image.id, image.worker, int(number[:3])), WEBP)
        variant = str(max(WIDTHS))  # the page saw it drawn a moment ago, and it is done since
    if image.image_url is None or image.state != "done":
        return None
    if variant in map(str, WIDTHS) and image.has_thumbnails:
        return Wanted(thumbnail_key(image.image_url, int(variant)), WEBP, copy_of=image.image_url)
    if variant == "original" or variant in map(str, WIDTHS):
        media_type = image.media_type or "application/octet-stream"
        name = f"imagier-{image.id}.{EXTENSIONS.get(media_type, 'bin')}"
        return Wanted(image.image_url, media_type, name if download else None)
    return None


def _headers(wanted: Wanted, etag: str) -> dict[str, str]:
    headers = {
        "ETag": etag,
        "Cache-Control": FOR_EVER,
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": LOCKED_UP,
    }
    if wanted.file_name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{wanted.file_name}"'
    elif wanted.media_type == "image/svg+xml":
        headers["Content-Disposition"] = "attachment"
    return headers


def _missing() -> Response:
    """The same for a picture that does not exist and for another person's."""
    return PlainTextResponse("There is no such picture.", 404, {"Cache-Control": "no-store"})
