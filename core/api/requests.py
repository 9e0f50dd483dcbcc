"""What was ordered, by pages and by programs: list, one, cancel, retry."""

from typing import Any

from starlette.responses import Response

from core.api.answers import is_there, problem_of
from core.api.bodies import object_of
from core.api.door import Call, Query, answer, number
from core.api.errors import error_of
from core.api.once import key_of, once_of
from core.api.parameters import BOOLEAN, KINDS
from core.errors import Problem
from core.i18n import Reader, mark
from core.storage.tables import UNDER_WAY
from core.studio.gallery import LARGEST_ID
from core.studio.records import Record

MOST = 100
LIMIT = Query("limit", mark("How many at most."), {"type": "integer", "minimum": 1, "maximum": MOST, "default": 20})
AFTER = Query(
    "after",
    mark("Go on behind this id: the last_id of the page before."),
    {"type": "integer", "minimum": 1, "maximum": LARGEST_ID},
)


async def list_requests(call: Call) -> Response:
    size = number(call.request, "limit", 20, 1, MOST)
    after = number(call.request, "after", 0, 1, LARGEST_ID) or None
    records, more = await call.threads.run(call.services.records.page, call.caller.user_id, after, size)
    return answer(listed([shown(call.reader, record) for record in records], more))


async def one_request(call: Call) -> Response:
    record = await call.threads.run(call.services.records.one, call.caller.user_id, id_of(call))
    return answer(shown(call.reader, record))


async def cancel(call: Call) -> Response:
    await call.threads.run(call.services.requests.cancel_all, call.caller.user_id, id_of(call))
    return await one_request(call)


async def retry(call: Call) -> Response:
    values = await object_of(call.request) if await _has_body(call) else {}
    for name, value in values.items():
        if name != "may_be_billed_again":
            raise Problem("parameter_unknown", param=name[:80])
        if value is not None and not isinstance(value, bool):
            raise Problem("parameter_type", param=name, expected=BOOLEAN, found=KINDS.get(type(value), "null"))
    may_be_billed = bool(values.get("may_be_billed_again"))
    caller, key = call.caller, key_of(call.request)
    once = once_of(call.request, key, values) if key is not None else None
    await call.threads.run(
        call.services.requests.retry_all, caller.user_id, id_of(call), may_be_billed, caller.token_id, once
    )
    return await one_request(call)


def shown(reader: Reader, record: Record) -> dict[str, Any]:
    request = record.request
    return {
        "id": request.id,
        "object": "request",
        "created": int(request.created_at.timestamp()),
        "status": record.state,
        "door": request.door,
        "model": request.model,
        "prompt": request.description,
        "n": request.number,
        "size": request.size,
        "quality": request.quality,
        "background": request.background,
        "output_format": request.output_format,
        "pictures": [
            {
                "id": image.id,
                "index": image.position,
                "status": image.state,
                "content": f"/api/v1/pictures/{image.id}/content" if is_there(image) else None,
                "cost_micros": image.cost_micros,
                "error": None
                if image.state in (*UNDER_WAY, "cancelled") or is_there(image)
                else error_of(reader, problem_of(image, record.stopped)),
            }
            for image in record.images
        ],
    }


def listed(data: list[dict[str, Any]], more: bool) -> dict[str, Any]:
    """As OpenAI lists things."""
    return {
        "object": "list",
        "data": data,
        "has_more": more,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }


def id_of(call: Call) -> int:
    """As it stands in the address; what is no number is the id of nothing."""
    typed = str(call.request.path_params["id"])
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 19 else 0


async def _has_body(call: Call) -> bool:
    headers = call.request.headers
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
