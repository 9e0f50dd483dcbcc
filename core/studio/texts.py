"""What comes from people and providers, as both databases can keep it."""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

OptionalText = TypeVar("OptionalText", str, str | None)


def storable(text: OptionalText) -> OptionalText:
    """The same text; NUL goes, and half a surrogate pair becomes the replacement character."""
    if text is None:
        return text
    return text.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def storable_usage(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """As JSON has it: a provider's NaN or Infinity becomes null."""
    if usage is None:
        return None
    plain: dict[str, Any] = json.loads(json.dumps(dict(usage), default=str), parse_constant=lambda _: None)
    return plain
