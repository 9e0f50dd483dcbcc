"""The pictures of a token's owner: list, search, one, its bytes, delete; and the addresses that end."""

import hmac
import re
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from core.api.answers import Sending, is_there, signature
from core.api.door import Call, Query, answer, number
from core.api.pictures import LOCKED_UP
from core.api.requests import MOST, id_of, listed
from core.errors import Problem
from core.i18n import mark
from core.services import Services
from core.storage.formats import EXTENSIONS
from core.storage.tables import Image
from core.storage.thumbnails import WIDTHS
from core.studio.gallery import LARGEST_ID
from core.studio.pictures import WEBP, thumbnail_key

LONGEST_SEARCH = 200
VARIANTS = ("original", *map(str, WIDTHS))
SEARCH = Query("q", mark("Words of the description, all of them."), {"type": "string", "maxLength": LONGEST_SEARCH})
VARIANT = Query(
    "variant",
    mark("The original, or a small one in WebP of so many pixels across."),
    {"type": "string", "enum": list(VARIANTS), "default": "original"},
)
ENDS = Query("ends", mark("When the address ends."), {"type": "string"})
SIGNATURE = Query("signature", mark("What makes the address valid."), {"type": "string"})


async def list_pictures(call: Call) -> Response:
    size = number(call.request, "limit", 20, 1, MOST)
    after = number(call.request, "after", 0, 1, LARGEST_ID) or None
    words = call.request.query_params.get("q", "")
    if len(words) > LONGEST_SEARCH:
        raise Problem("parameter_too_long", param="q", length=len(words), most=LONGEST_SEARCH)
    images, more = await call.threads.run(call.services.gallery.search, call.caller.user_id, words, after, size)
    return answer(listed([shown(image) for image in images], more))


async def one_picture(call: Call) -> Response:
    return answer(shown(await _own(call)))


async def content(call: Call) -> Response:
    variant = call.request.query_params.get("variant", "original")
    if variant not in VARIANTS:
        raise Problem("parameter_value", param="variant", value=variant[:40], allowed=", ".join(VARIANTS))
    return await _bytes(call.services, await _own(call), variant)


async def delete(call: Call) -> Response:
    image_id = id_of(call)
    changed = await call.threads.run(call.services.changes.delete, call.caller.user_id, [image_id])
    if not changed.pictures:
        raise Problem("no_such_picture")
    return answer({"id": image_id, "object": "picture.deleted", "deleted": True})


async def file(call: Call) -> Response:
    """Whoever has the address gets the picture, until it ends."""
    image_id = id_of(call)
    if not _is_valid(call.request, call.services, image_id):
        raise Problem("address_ended")
    image = await call.threads.run(call.services.gallery.any, image_id)
    if image is None or not is_there(image):
        raise Problem("no_such_picture")
    answer = await _bytes(call.services, image, "original")
    left = max(0, int(call.request.query_params["ends"]) - int(time.time()))
    answer.headers["Cache-Control"] = f"private, max-age={left}"
    answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"  # a page of anybody's may show it, as OpenAI's
    return answer


def shown(image: Image) -> dict[str, Any]:
    request = image.request
    return {
        "id": image.id,
        "object": "picture",
        "created": int((image.finished_at or image.created_at).timestamp()),
        "request_id": image.request_id,
        "prompt": request.description,
        "revised_prompt": image.revised_description,
        "model": request.model,
        "quality": request.quality,
        "width": image.width,
        "height": image.height,
        "media_type": image.media_type,
        "bytes": image.size_in_bytes,
        "cost_micros": image.cost_micros,
        "content": f"/api/v1/pictures/{image.id}/content",
    }


async def _own(call: Call) -> Image:
    image = await call.threads.run(call.services.gallery.own, call.caller.user_id, id_of(call))
    if image is None or not is_there(image):
        raise Problem("no_such_picture")
    return image


async def _bytes(services: Services, image: Image, variant: str) -> Response:
    key, media_type = image.image_url or "", image.media_type or "application/octet-stream"
    if variant != "original" and image.has_thumbnails:
        key, media_type = thumbnail_key(key, int(variant)), WEBP
    try:
        try:
            stream = await services.files.stream(key)
        except FileNotFoundError:  # the small one is still to be made
            key, media_type = image.image_url or "", image.media_type or "application/octet-stream"
            stream = await services.files.stream(key)
    except FileNotFoundError:
        raise Problem("no_such_picture") from None
    name = f"imagier-{image.id}.{EXTENSIONS.get(media_type, 'bin')}"
    kind = "attachment" if media_type == "image/svg+xml" else "inline"
    headers = {
        "Content-Length": str(stream.size),
        "Cache-Control": "private, max-age=3600",
        "Content-Security-Policy": LOCKED_UP,
        "Content-Disposition": f'{kind}; filename="{name}"',
    }
    return Sending(stream.chunks, media_type=media_type, headers=headers)


def _is_valid(request: Request, services: Services, image_id: int) -> bool:
    ends, given = request.query_params.get("ends", ""), request.query_params.get("signature", "")
    moment = int(ends) if re.fullmatch("[1-9][0-9]{0,11}", ends) else 0
    expected = signature(services, image_id, moment)
    return hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")) and moment > time.time()
