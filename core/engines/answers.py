"""What comes back: a picture, or where it lies, out of JSON or out of the events of a stream."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.engines.base import Failed, Unknown
from core.engines.complaints import complaint_of, failure, presentable, scrubbed, usage_of
from core.engines.encoded import Cut, decoded, load
from core.storage.formats import media_type_of

MOST_BYTES = 96 * 1024 * 1024  # of an answer: a picture of 64 MB as base64, and some previews
LARGE = 256 * 1024  # bytes; what is smaller waits for nothing
LARGE_AT_ONCE = 8
PATIENCE = 30.0  # seconds that a large answer waits, which servers and proxies bear: many give up after 60
_LINE_END = re.compile(rb"\r\n|\n|\r")


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished picture: its bytes, or else the address where they lie. `encoded` as in a Painting."""

    data: bytes | None
    address: str
    usage: Mapping[str, Any] | None
    revised_description: str | None
    encoded: memoryview | None = None


class Place:
    """The place of one call among the few whose large answers are in memory at the same time.

    Who waits for one does not read on, so the answer waits at the provider. Nobody waits for ever: what comes was paid
    for, and a place that does not become free in time is done without.
    """

    def __init__(self, places: asyncio.Semaphore):
        self._places = places
        self._size = 0
        self._has_asked = self._has_one = False

    async def hold(self, size: int, patience: float = PATIENCE) -> None:
        """`size` more bytes are in memory: waits at most `patience` seconds for a place once they are many."""
        self._size += size
        if self._has_asked or self._size <= LARGE:
            return
        self._has_asked = True
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                self._has_one = await self._places.acquire()

    def give_back(self) -> None:
        """Nothing of this call is in memory any more, or it stays for so long that the others should not wait."""
        if self._has_one:
            self._places.release()
        self._size = 0
        self._has_asked = self._has_one = False


def read_answer(content: bytes, *, model: str, edits: bool, key: str | None) -> Answer:
    """The picture of a whole answer of status 200; raises an EngineFailure if there is none."""
    if not content.strip():
        raise Failed("answer_empty")
    try:
        body = load(content)
    except ValueError:
        detail = presentable(content[:2000].decode("utf-8", "replace"), key)
        if content.lstrip().startswith(b"{"):  # an answer that was cut off on its way
            raise Unknown("connection_lost", detail=detail) from None
        raise Failed("answer_not_a_picture", detail=detail) from None
    if not isinstance(body, dict):
        raise Failed("answer_not_a_picture", detail=presentable(str(body), key))
    if body.get("error"):
        raise failure(complaint_of(body, key), None, model=model, edits=edits)
    items = body.get("data")
    pictures = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    return read_item(pictures[0] if pictures else {}, usage_of(body))


def read_item(item: Mapping[str, Any], usage: Mapping[str, Any] | None) -> Answer:
    """The picture of an item of `data`, or of the event that completes a stream."""
    encoded, address = item.get("b64_json"), item.get("url")
    revised = item.get("revised_prompt")
    revised = scrubbed(revised) if isinstance(revised, str) and revised else None
    if isinstance(encoded, Cut):
        return Answer(checked(encoded.data, usage), "", usage, revised, encoded.text)
    if not (isinstance(encoded, str) and encoded):
        encoded = address if isinstance(address, str) and address[:5].lower() == "data:" else None
    if encoded:
        return Answer(checked(decoded(encoded), usage), "", usage, revised)
    if not isinstance(address, str) or not address:
        raise Failed("answer_empty", usage=usage)
    return Answer(None, address, usage, revised)


def checked(data: bytes, usage: Mapping[str, Any] | None) -> bytes:
    """The same bytes, if they are a picture; raises Failed."""
    if media_type_of(data) is None:
        raise Failed("answer_not_a_picture", usage=usage)
    return data


def preview_of(event: Mapping[str, Any]) -> bytes:
    """The bytes of an unfinished picture; empty if they are none, because nobody loses anything by that."""
    encoded = event.get("b64_json")
    data = encoded.data if isinstance(encoded, Cut) else decoded(encoded) if isinstance(encoded, str) else b""
    return data if media_type_of(data) else b""


async def bounded(chunks: AsyncIterator[bytes], place: Place, ends: float) -> AsyncIterator[bytes]:
    """The same chunks, read on when `place` allows it; Failed where they are more than any picture has.

    `ends` is the call's deadline in the loop's time; half of what is left stays for the reading.
    """
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > MOST_BYTES:
            raise Failed("answer_not_a_picture", detail=f"more than {MOST_BYTES} bytes")
        left = ends - asyncio.get_running_loop().time()
        await place.hold(len(chunk), min(PATIENCE, left / 2))
        yield chunk


async def read_events(chunks: AsyncIterator[bytes]) -> AsyncGenerator[dict[str, Any], None]:
    """The JSON objects among server-sent events, each with a `type`; what is no object is passed over.

    The SDK's reader ends the stream at the first event whose data is not JSON, such as a bare `retry:` line, and the
    picture, paid for, would be lost behind it.
    """
    name, data = "", list[bytes]()
    async for line in _lines(chunks):
        if line.startswith(b"data:") or line == b"data":
            data.append(_value(line))
        elif line.startswith(b"event:") or line == b"event":
            name = _value(line).decode("utf-8", "replace")
        elif not line:
            event = _event(name, data)
            name, data = "", []
            if event:
                yield event
    event = _event(name, data)
    if event:
        yield event


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The lines, whichever of the three line ends they have. A line without one ends with the stream."""
    begun: list[bytes] = []
    after_return = False
    async for chunk in chunks:
        if b"\n" not in chunk and b"\r" not in chunk:  # nearly all of a picture, and far quicker than the expression
            begun.append(chunk)
            after_return = after_return and not chunk
            continue
        text = chunk[1:] if after_return and chunk.startswith(b"\n") else chunk
        after_return = chunk.endswith(b"\r")
        first, *others = _LINE_END.split(text)
        begun.append(first)
        for line in others:
            yield b"".join(begun)
            begun = [line]
    yield b"".join(begun)


def _value(line: bytes) -> bytes:
    """What follows the field's name and one space, copied once: it may be megabytes."""
    start = line.find(b":") + 1
    return line[start + line.startswith(b" ", start) :] if start else b""


def _event(name: str, data: list[bytes]) -> dict[str, Any] | None:
    try:
        event = load(b"\n".join(data))
    except ValueError:
        return None
    return {"type": name, **event} if isinstance(event, dict) else None
