"""Pictures as base64 in JSON: megabytes of text that are neither parsed nor copied.

Of an answer with a picture, all but the picture is a few hundred bytes. Where the picture is written as everybody
writes it, it is cut out before the rest is parsed, and decoded where it lies, by pybase64: forty times as fast as by
the standard library, and meanwhile other threads go on. What is written in any other way takes the long way, with the
same result.
"""

import re
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes

import pybase64

from core.engines import complaints

SMALL = 4096  # bytes; a text that is not worth it
_PICTURE = re.compile(rb'"b64_json"\s*:\s*"')
_USUAL_SIGNS = str.maketrans("-_", "+/")


@dataclass(frozen=True, slots=True)
class Cut:
    """What was cut out of an answer: the bytes of `text`, which everybody reads in it. It has the usual alphabet, is
    filled up to its end, and there is nothing in between."""

    data: bytes
    text: memoryview


def load(content: bytes) -> Any:
    """JSON; `b64_json`, of the body or of its first item, may be a Cut in place of a string."""
    found = _PICTURE.search(content)
    end = content.find(b'"', found.end()) if found else -1
    cut = _cut(memoryview(content)[found.end() : end]) if found else None
    if found is None or cut is None:
        return complaints.load(content)
    mark = secrets.token_hex(16)
    body = complaints.load(content[: found.end()] + mark.encode() + content[end:])
    item = _item(body)
    if item.get("b64_json") != mark:  # it is somewhere else
        return complaints.load(content)
    item["b64_json"] = cut
    return body


def decoded(text: str) -> bytes:
    """The bytes of base64, as it is or in a data URI; empty if it is neither."""
    head, comma, rest = text.partition(",")
    if comma and head[:5].lower() == "data:":
        if not head.lower().endswith(";base64"):
            return unquote_to_bytes(rest)
        text = rest
    signs = "".join(text.split()).translate(_USUAL_SIGNS)
    try:
        return pybase64.b64decode(signs + "=" * (-len(signs) % 4))
    except ValueError:
        return b""


def encode(data: bytes | memoryview) -> bytes:
    return pybase64.b64encode(data)


def _cut(text: memoryview) -> Cut | None:
    """None for what is not worth it, or has anything in it that does not belong there."""
    if len(text) < SMALL:
        return None
    try:
        return Cut(pybase64.b64decode(text, validate=True), text)
    except ValueError:
        return None


def _item(body: Any) -> dict[str, Any]:
    items = body.get("data") if isinstance(body, dict) else None
    first = items[0] if isinstance(items, list) and items else body
    return first if isinstance(first, dict) else {}
