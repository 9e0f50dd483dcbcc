"""The test server's text model: `POST /v1/chat/completions`, with the faults of the pictures and some of its own."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from tests.images_faults import Fault
from tests.images_http import head, trickled, whole

JSON = {"Content-Type": "application/json"}
USAGE = {
    "prompt_tokens": 400,
    "completion_tokens": 100,
    "total_tokens": 500,
    "prompt_tokens_details": {"cached_tokens": 100, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}
# Answers of status 200 that are no suggestion, as they come.
ODD: dict[str, bytes] = {
    "200-html": b"<!DOCTYPE html><title>A portal</title>",
    "200-text": b"some words",
    "200-broken-json": b'{"choices": [{"message": {"content": "A fi',
    "200-not-an-object": b"[]",
    "200-empty": b"",
    "200-empty-list": b'{"choices": []}',
    "200-null-data": b'{"choices": null, "usage": {"prompt_tokens": 9, "completion_tokens": 0}}',
}
GATEWAY = {"500": 500, "502-html": 502, "503": 503, "504": 504}


def words_of(parameters: dict[str, Any]) -> str:
    """What the person typed: the last message."""
    messages = parameters.get("messages")
    last = messages[-1] if isinstance(messages, list) and messages else {}
    return str(last.get("content", "")) if isinstance(last, dict) else ""


def suggestion(faults: list[Fault]) -> str:
    for fault in faults:
        if fault.name == "suggest":
            return fault.argument
        if fault.name == "suggest-long":
            return "x" * int(fault.argument)
    return "A red fox in deep snow, low winter sun, long blue shadows"


async def send(
    writer: asyncio.StreamWriter,
    call_id: str,
    faults: list[Fault],
    stopped: asyncio.Event,
    released: Callable[[], Awaitable[Any]],
) -> int:
    """The answer to a call that was billed; its status."""
    names = {fault.name for fault in faults}
    if "hold" in names:
        await released()
    if "hang" in names:
        await stopped.wait()
        return 0
    if "drop" in names:
        writer.close()
        return 0
    headers = {**JSON, "x-request-id": call_id}
    for name in names & GATEWAY.keys():
        writer.write(whole(GATEWAY[name], json.dumps({"error": {"message": "Overloaded"}}).encode(), headers))
        return GATEWAY[name]
    for name in names & ODD.keys():
        writer.write(whole(200, ODD[name], headers))
        return 200
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": suggestion(faults)}}],
        "usage": USAGE,
    }
    if "200-error" in names:
        body = {"error": {"message": "The model is overloaded.", "type": "server_error"}, "usage": USAGE}
    if "no-usage" in names:
        del body["usage"]
    if "zero-usage" in names:
        body["usage"] = {"prompt_tokens": 0, "completion_tokens": 0}
    content = json.dumps(body).encode()
    if "drop-midway" in names:
        writer.write(head(200, {**headers, "Content-Length": str(len(content))}) + content[:40])
        await writer.drain()
        writer.close()
    elif "trickle" in names:
        async for piece in trickled(whole(200, content, headers), 0.05):
            writer.write(piece)
            await writer.drain()
    else:
        writer.write(whole(200, content, headers))
    return 200
