"""Pictures as base64 in JSON: megabytes of text that are neither parsed nor copied more than once.

Of an answer with a picture, all but the picture is a few hundred bytes. Where the picture is written as everybody
writes it, it is cut out before the rest is parsed, and decoded by pydantic, four times as fast as by binascii. What is
written in any other way takes the long way, with the same result.
"""

import base64
import binascii
import re
import secrets
from typing import Any
from urllib.parse import unquote_to_bytes

from pydantic import ConfigDict, TypeAdapter, ValidationError

from core.engines import complaints

SMALL = 4096  # bytes; a text that is not worth it
_PICTURE = re.compile(rb'"b64_json"\s*:\s*"')
_DECODER = TypeAdapter(bytes, config=ConfigDict(val_json_bytes="base64"))


def load(content: bytes) -> Any:
    """JSON; in `b64_json`, of the body or of its first item, may be a memoryview of the text in place of a string."""
    found = _PICTURE.search(content)
    end = content.find(b'"', found.end()) if found else -1
    if found is None or end - found.end() < SMALL:
        return complaints.load(content)
    quoted = content[found.end() - 1 : end + 1]
    if b"\\" in quoted:
        return complaints.load(content)
    mark = secrets.token_hex(16)
    body = complaints.load(content[: found.end()] + mark.encode() + content[end:])
    item = _item(body)
    if item.get("b64_json") != mark:  # it is somewhere else
        return complaints.load(content)
    item["b64_json"] = memoryview(quoted)[1:-1]
    return body


def decoded(text: str | memoryview) -> bytes:
    """The bytes of base64, as it is or in a data URI; empty if it is neither. A memoryview is one of `load`'s."""
    if isinstance(text, memoryview):
        exact = _exactly(text)
        if exact is not None:
            return exact
        text = bytes(text).decode("utf-8", "replace")
    head, comma, rest = text.partition(",")
    if comma and head[:5].lower() == "data:":
        if not head.lower().endswith(";base64"):
            return unquote_to_bytes(rest)
        text = rest
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def is_plain(text: memoryview, data: bytes) -> bool:
    """Whether everybody reads `data` in it: the usual alphabet, filled up to its end, and nothing in between."""
    size = (len(data) + 2) // 3 * 4
    return len(text) == size and not any(sign in _quoted(text) for sign in (b"-", b"_"))


def _exactly(text: memoryview) -> bytes | None:
    """None if there is anything in it that does not belong there."""
    try:
        return _DECODER.validate_json(_quoted(text))
    except ValidationError:
        return None


def _quoted(text: memoryview) -> bytes:
    """The text between its quotation marks, as `load` has cut it out."""
    quoted: Any = text.obj
    whole: bytes = quoted
    return whole


def _item(body: Any) -> dict[str, Any]:
    items = body.get("data") if isinstance(body, dict) else None
    first = items[0] if isinstance(items, list) and items else body
    return first if isinstance(first, dict) else {}
