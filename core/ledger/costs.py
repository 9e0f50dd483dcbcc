"""What one picture cost, from the provider's own usage, to the micro-dollar.

Formula: the tokens of each class at the price of that class. Usage comes from a server, so nothing about
it is believed: what is missing, negative, no number or zero throughout gives no cost (None), never a cost of 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

MILLION = 1_000_000


@dataclass(frozen=True, slots=True)
class Tokens:
    """Tokens by the classes that have prices; the cached ones are not counted among the others."""

    text_in: int = 0
    cached_text_in: int = 0
    image_in: int = 0
    cached_image_in: int = 0
    image_out: int = 0
    text_out: int = 0


CLASSES = tuple(field.name for field in fields(Tokens))


@dataclass(frozen=True, slots=True)
class Price:
    """Micro-dollars for a million tokens of each class, or `per_picture` micro-dollars for each picture.

    None for a class means that the provider does not bill it.
    """

    id: int | None
    text_in: int | None = None
    cached_text_in: int | None = None
    image_in: int | None = None
    cached_image_in: int | None = None
    image_out: int | None = None
    text_out: int | None = None
    per_picture: int | None = None

    def of(self, tokens: Tokens) -> int:
        """Micro-dollars, rounded half up once, at the end."""
        total: int = sum(getattr(tokens, name) * (getattr(self, name) or 0) for name in CLASSES)
        return (total + MILLION // 2) // MILLION


def exact_cost(price: Price | None, usage: Mapping[str, Any] | None) -> int | None:
    """Micro-dollars; None where there is no price, or no usage to apply it to."""
    if price is None:
        return None
    if price.per_picture is not None:
        return price.per_picture
    tokens = tokens_of(usage)
    return price.of(tokens) if tokens is not None else None


def tokens_of(usage: Mapping[str, Any] | None) -> Tokens | None:
    """The tokens that a usage reports. What its details do not tell is text where it came in and pictures where it
    went out."""
    if not isinstance(usage, Mapping):
        return None
    total_in, total_out = _count(usage.get("input_tokens")), _count(usage.get("output_tokens"))
    inside, outside = _details(usage, "input_tokens_details"), _details(usage, "output_tokens_details")
    cached = _details(inside, "cached_tokens_details")
    image_in = _count(inside.get("image_tokens"))
    text_in = max(_count(inside.get("text_tokens")), total_in - image_in)
    text_out = _count(outside.get("text_tokens"))
    image_out = max(_count(outside.get("image_tokens")), total_out - text_out)
    cached_text = min(text_in, _count(cached.get("text_tokens")))
    cached_image = min(image_in, _count(cached.get("image_tokens")))
    tokens = Tokens(text_in - cached_text, cached_text, image_in - cached_image, cached_image, image_out, text_out)
    return tokens if any(getattr(tokens, name) for name in CLASSES) else None


def text_cost(price: Price | None, usage: Mapping[str, Any] | None) -> int | None:
    """The same for a text; a price for each picture is one for each text."""
    if price is None or price.per_picture is not None:
        return None if price is None else price.per_picture
    tokens = text_tokens_of(usage)
    return price.of(tokens) if tokens is not None else None


def text_tokens_of(usage: Mapping[str, Any] | None) -> Tokens | None:
    """The tokens that the usage of a text reports."""
    if not isinstance(usage, Mapping):
        return None
    total, out = _count(usage.get("prompt_tokens")), _count(usage.get("completion_tokens"))
    cached = min(total, _count(_details(usage, "prompt_tokens_details").get("cached_tokens")))
    return Tokens(text_in=total - cached, cached_text_in=cached, text_out=out) if total or out else None


def _details(usage: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = usage.get(name)
    return found if isinstance(found, Mapping) else {}


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**12 else 0
