"""The header Idempotency-Key: a call that is made again is the same one."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from core.api.errors import dumped
from core.errors import Problem
from core.studio.repeats import LONGEST_KEY, Once


def key_of(request: Request) -> str | None:
    """What its caller calls this call."""
    key = request.headers.get("idempotency-key")
    if key is not None and not re.fullmatch(rf"[!-~](?:[ -~]{{0,{LONGEST_KEY - 2}}}[!-~])?", key):
        raise Problem("idempotency_key", most=LONGEST_KEY)
    return key


def once_of(request: Request, key: str, values: Mapping[str, Any], *files: Any) -> Once:
    """The key with the hash of what was sent, however it was written: null is as good as nothing."""
    given = {name: value for name, value in sorted(values.items()) if value is not None}
    content = dumped([request.url.path, given, *files])
    return Once(key, hashlib.sha256(content).hexdigest())
