"""The body of a call: within its limit, of the type that is expected, and read to its end before it is refused."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from core.errors import Problem

MOST_JSON = 1 << 20  # bytes; the longest description, each character escaped twice, takes a third of it
LONGEST_NUMBER = 400  # digits
DRAINED = 1 << 30  # of what is too much, so that whoever sends all before they read can see why it was refused
DRAINED_SECONDS = 10.0


async def object_of(request: Request) -> dict[str, Any]:
    """The JSON object that was sent."""
    check_type(request, "application/json")
    content = b"".join([chunk async for chunk in within(request, MOST_JSON)])
    try:
        found = json.loads(content, parse_constant=_no_constant, parse_int=_number, object_pairs_hook=_once_each)
    except (ValueError, RecursionError) as error:
        raise Problem("body_not_json", detail=_fault(error)) from None
    if not isinstance(found, dict):
        raise Problem("body_not_object")
    return found


def check_type(request: Request, expected: str) -> None:
    """The type, and that it is not compressed."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != expected:
        raise Problem("media_type", expected=expected)
    coding = ", ".join(request.headers.getlist("content-encoding")).strip()
    if coding and coding.lower() != "identity":
        raise Problem("content_encoding", coding=coding[:80])


async def within(request: Request, most: int) -> AsyncIterator[bytes]:
    """The body in pieces; a Problem as soon as it is announced or turns out to be longer."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > most:
        raise Problem("body_too_large", most=most)
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise Problem("body_too_large", most=most)
        yield chunk


async def drain(request: Request) -> bool:
    """Take in what is still coming, if it is not too much; whether that was all of it."""
    announced = request.headers.get("content-length", "")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > DRAINED:
        return False
    size = 0
    with suppress(ClientDisconnect, RuntimeError, TimeoutError):
        async with asyncio.timeout(DRAINED_SECONDS):
            while size <= DRAINED:
                message = await request.receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return bool(message["type"] == "http.request")
                size += len(message.get("body", b""))
    return False


def _fault(error: ValueError | RecursionError) -> str:
    match error:
        case RecursionError():
            return "it is nested too deeply"
        case UnicodeDecodeError():
            return f"its byte {error.start} is no text in UTF-8"
    return str(error)[:120]


def _number(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER:
        raise ValueError(f"a number has {len(digits)} digits")
    return int(digits)


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise Problem("parameter_twice", param=name[:80])
        found[name] = value
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
