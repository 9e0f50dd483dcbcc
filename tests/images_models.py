"""The test server's list of models, as different servers give it, and as none should."""

import asyncio
import json
from collections.abc import Mapping

from tests.images_api import GPT_IMAGE_MODELS
from tests.images_faults import error
from tests.images_http import chunk, head, trickled, whole

JSON = {"Content-Type": "application/json"}
ANSWERS: dict[str, tuple[int, object]] = {
    "missing": (404, "<html><title>404 Not Found</title></html>"),
    "bare-list": (200, [{"id": "fox"}, {"id": "hare"}]),
    "names": (200, {"models": [{"name": "fox"}, {"model": "hare"}]}),
    "texts": (200, {"object": "list", "data": ["fox", "hare"]}),
    "odd-items": (
        200,
        {"data": [{"id": "fox"}, {"id": 7}, None, {"id": "x" * 1000}, {"id": "hare", "shutdown_date": 3}]},
    ),
    "empty": (200, {"data": []}),
    "no-list": (200, {"object": "list"}),
    "html": (200, "<!DOCTYPE html><title>A page</title>"),
    "broken": (200, '{"data": [{"id": "fo'),
    "overloaded": (503, error("Overloaded")),
    "forbidden": (403, error("Not here.")),
}


async def serve_models(
    kind: str, key: str | None, headers: Mapping[str, str], writer: asyncio.StreamWriter, stopped: asyncio.Event
) -> None:
    """`kind` "": OpenAI's own, for who has the key; "shutdown": with a date on one of them."""
    typed = headers.get("authorization", "")
    if kind == "hang":
        await stopped.wait()
    elif kind == "redirect":
        writer.write(whole(302, b"", {"Location": "/elsewhere"}))
    elif kind == "drop":
        writer.close()
    elif kind == "cut-off":
        writer.write(head(200, {**JSON, "Content-Length": "1000"}) + b'{"data": []')
        await writer.drain()
        writer.close()
    elif kind == "trickle":
        async for piece in trickled(whole(200, b'{"data": []}', JSON), 0.05):
            writer.write(piece)
            await writer.drain()
    elif kind == "huge":
        writer.write(head(200, {**JSON, "Transfer-Encoding": "chunked"}))
        while not writer.is_closing():
            writer.write(chunk(bytes(1 << 20)))
            await writer.drain()
    elif kind in ANSWERS:
        status, body = ANSWERS[kind]
        text = body if isinstance(body, str) else json.dumps(body)
        writer.write(whole(status, text.encode(), JSON))
    elif key is not None and typed != f"Bearer {key}":
        body = error(f"Incorrect API key provided: {typed.removeprefix('Bearer ')}.", "invalid_api_key")
        writer.write(whole(401, json.dumps(body).encode(), JSON))
    else:
        models = [{"id": name, "object": "model", "owned_by": "system"} for name in sorted(GPT_IMAGE_MODELS)]
        if kind == "shutdown":
            models[-1]["shutdown_date"] = "2027-02-01"
        writer.write(whole(200, json.dumps({"object": "list", "data": models}).encode(), JSON))
