"""What the test server sends once its work began: the picture, as JSON or as a stream, and what spoils it."""

import asyncio
import base64
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

from tests.images_api import SHADES, measured, picture_base64, shade_of, usage_of
from tests.images_faults import Fault, error
from tests.images_http import Order, chunk, head, trickled, whole

PAGE = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>cloudflare</body></html>"
# Answers that replace the picture: status, media type, body.
INSTEAD: dict[str, tuple[int, str, bytes]] = {
    "500": (
        500,
        "application/json",
        json.dumps(error("The server had an error", None, "server_error")).encode(),
    ),
    "502-html": (502, "text/html", PAGE),
    "503": (503, "application/json", json.dumps(error("The engine is currently overloaded")).encode()),
    "504": (504, "text/plain", b""),
    "200-html": (200, "text/html", PAGE),
    "200-text": (200, "text/plain", b"All is well."),
    "200-not-an-object": (200, "application/json", b"[1, 2]"),
    "200-empty": (200, "application/json", b""),
}

# Comes back when the test lets the call go on.
Released = Callable[[], Awaitable[object]]


class Answers:
    """The answer to one order."""

    def __init__(self, order: Order, faults: list[Fault], request_id: str, origin: str, picture_bytes: int):
        self.status = 200
        self._order = order.parameters
        self._references = len(order.files)
        self._faults = {fault.name: fault for fault in faults}
        self._headers = {"x-request-id": request_id, "openai-processing-ms": "1"}
        self._origin = origin
        self._picture_bytes = picture_bytes
        self._edits = bool(order.files)

    async def send(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        delay: float,
        released: Released | None,
    ) -> None:
        if "hang" in self._faults:
            await reader.read()  # until the client has gone
            writer.close()
            return
        streams = self._order.get("stream") is True and "no-stream" not in self._faults
        if streams and not self._faults.keys() & INSTEAD.keys():
            await self._send_stream(writer, delay, released)
            return
        await _pass(delay, released)
        await self._send_whole(writer)

    async def _send_whole(self, writer: asyncio.StreamWriter) -> None:
        if "drop" in self._faults:
            writer.close()
            return
        self.status, kind, body = self._body()
        headers = {"Content-Type": kind, **self._headers}
        if "503" in self._faults:
            headers |= self._faults["503"].options
        data = whole(self.status, body, headers)
        if "drop-midway" in self._faults:
            writer.write(data[: len(data) - len(body) // 2])
            await writer.drain()
            writer.close()
            return
        quick = len(data) - len(body) if "trickle" in self._faults else 0
        for name in self._faults.keys() & {"trickle", "trickle-head"}:
            writer.write(data[:quick])
            async for piece in trickled(data[quick:], float(self._faults[name].argument or 1)):
                writer.write(piece)
                await writer.drain()
            return
        writer.write(data)
        await writer.drain()

    def _body(self) -> tuple[int, str, bytes]:
        for name, answer in INSTEAD.items():
            if name in self._faults:
                return answer
        if "200-error" in self._faults:
            code = self._faults["200-error"].argument or "server_error"
            return 200, "application/json", json.dumps(error("It went wrong inside.", code)).encode()
        data = json.dumps(self._images_response()).encode()
        return 200, "application/json", data[: len(data) // 2] if "200-broken-json" in self._faults else data

    def _images_response(self) -> dict[str, Any]:
        body: dict[str, Any] = {"created": int(time.time()), "background": "opaque"}
        body |= {name: self._order[name] for name in ("size", "quality", "output_format") if name in self._order}
        count = self._order.get("n", 1)
        body["data"] = [self._item() for _ in range(count)]
        for name, data in (
            ("200-empty-list", []),
            ("200-null-data", None),
            ("200-no-picture", [{"revised_prompt": ""}]),
        ):
            if name in self._faults:
                body["data"] = data
        if "200-no-data" in self._faults:
            del body["data"]
        return body | self._usage()

    def _usage(self) -> dict[str, Any]:
        usage = usage_of(self._order, self._references)
        if "no-usage" in self._faults:
            return {}
        if "odd-usage" in self._faults:
            return {"usage": "much"}
        if "zero-usage" in self._faults:
            usage = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
        return {"usage": usage}

    def _item(self) -> dict[str, Any]:
        item: dict[str, Any] = {"b64_json": self._encoded()}
        if "revised" in self._faults:
            item["revised_prompt"] = self._faults["revised"].argument
        if "bad-base64" in self._faults:
            item["b64_json"] = "!!!%%%"
        if "not-a-picture" in self._faults:
            item["b64_json"] = base64.b64encode(b"these are words").decode()
        if "data-uri" in self._faults:
            item["b64_json"] = "data:image/png;base64," + item["b64_json"]
        if "url" in self._faults:
            item = {"url": self._address(self._faults["url"].argument, item.pop("b64_json")), **item}
        return item

    def _address(self, wish: str, encoded: str) -> str:
        known = {
            "absolute": f"{self._origin}/picture.png",
            "relative": "/picture.png",
            "data": "data:image/png;base64," + encoded,
        }
        return known.get(wish, wish)

    def _encoded(self, preview: int = 0) -> str:
        size = str(self._order.get("size", "1024x1024"))
        if "other-size" in self._faults:
            size = self._faults["other-size"].argument
        if not all(measured(size)):
            size = "1024x1024"
        output_format = str(self._order.get("output_format", "png"))
        if "other-format" in self._faults:
            output_format = self._faults["other-format"].argument
        transparent = self._order.get("background") == "transparent"
        shade = (shade_of(str(self._order.get("prompt"))) + preview) % SHADES
        return picture_base64(size, output_format, shade, self._picture_bytes, transparent)

    async def _send_stream(self, writer: asyncio.StreamWriter, delay: float, released: Released | None) -> None:
        if "drop" in self._faults:
            await _pass(delay, released)
            await self._send_whole(writer)
            return
        kind = {"Content-Type": "text/event-stream; charset=utf-8", "Transfer-Encoding": "chunked"}
        writer.write(head(200, {**kind, **self._headers}))
        events = self._events()
        for index, event in enumerate(events[:-1]):
            await _pass(delay / len(events), released if index and "hold-each" in self._faults else None)
            writer.write(chunk(event))
            await writer.drain()
        await _pass(delay / len(events), released)
        if "drop-midway" in self._faults:
            writer.write(chunk(events[-1])[: len(events[-1]) // 2])
            await writer.drain()
            writer.close()
            return
        if "trickle" in self._faults:
            async for piece in trickled(events[-1], float(self._faults["trickle"].argument or 1)):
                writer.write(chunk(piece))
                await writer.drain()
        else:
            writer.write(chunk(events[-1]))
        writer.write(chunk(b""))
        await writer.drain()

    def _events(self) -> list[bytes]:
        """The bytes of each event, the last one being the picture or what stands in its place."""
        family = "image_edit" if self._edits else "image_generation"
        events = []
        for index in range(self._order.get("partial_images", 0)):
            partial = {
                "type": f"{family}.partial_image",
                "partial_image_index": index,
                "b64_json": self._encoded(index + 1),
            }
            events.append(_event(partial))
        last = _event({"type": f"{family}.completed", **self._item(), **self._usage(), "created_at": int(time.time())})
        if "stream-incomplete" in self._faults:
            last = b"data: [DONE]\n\n"
        for name in self._faults.keys() & {"stream-error", "stream-error-bare", "stream-early-error"}:
            code = self._faults[name].argument or "server_error"
            problem = error("It went wrong while painting.", code)
            bare = {**problem["error"], "type": "error"}
            last = _event(bare if name == "stream-error-bare" else {"type": "error", **problem})
            events = [] if name == "stream-early-error" else events
        if "stream-noise" in self._faults:
            noise = b": keep-alive\r\n\r\nretry: 3000\r\n\r\nevent: ping\r\ndata: {broken\r\n\r\n"
            events = [noise, *events, b"data: [1]\n\n"]
            last = last.replace(b"\n", b"\r\n") + b"event: done\ndata: [DONE]\n\n"
        return [*events, last]


def _event(data: dict[str, Any]) -> bytes:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


async def _pass(seconds: float, released: Released | None) -> None:
    if released:
        await released()
    if seconds:
        await asyncio.sleep(seconds)
