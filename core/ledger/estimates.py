"""What a picture may cost at most, before it is ordered.

Output tokens follow from model, quality and size. For gpt-image-2 and 2.5 by the formula of the provider's own
calculator; for the first generation by its table; for 2.6 no formula is known, and the estimate is a bound:
measured were up to 4.2 times the tokens of 2.5 at low quality and 4 times at medium, the formula's from high on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.catalog.catalog import MOST_PIXELS, dimensions
from core.ledger.costs import Price, Tokens

# Tokens along the longer side. The values 24 and 64 follow from published numbers of 2.5, which they meet exactly.
AXIS = {
    "gpt-image-2": {"low": 16, "medium": 48, "high": 96},
    "gpt-image-2.5": {"low": 16, "medium": 24, "high": 48, "xhigh": 64, "max": 96},
}
# Square, portrait, landscape.
FIRST_GENERATION = {"low": (272, 408, 400), "medium": (1056, 1584, 1568), "high": (4160, 6240, 6208)}
BOUND_2_6 = 5  # times the tokens of 2.5, up to those of its high quality
TOKENS_OF_A_PREVIEW = 100
LARGEST_SQUARE = 2880  # pixels: its area is MOST_PIXELS, and no size takes more tokens
PIXELS_OF_A_TOKEN = 1024  # of a picture to start from: about 1024 tokens for 1024 x 1024
MARGIN = 1.5  # on the tokens of pictures to start from, which have no published formula


@dataclass(frozen=True, slots=True)
class Choices:
    """What the price of an order depends on, beside what it starts from; a row of `requests` says the same."""

    description: str
    connection: str
    model: str
    size: str | None
    quality: str | None
    number: int
    previews: int


@dataclass(frozen=True, slots=True)
class Estimate:
    """At most `micros` micro-dollars for `number` pictures; None if the model has no price."""

    micros: int | None
    each: int | None
    number: int
    tokens: Tokens
    is_bound: bool


def estimate(
    price: Price | None,
    model: str,
    size: str | None,
    quality: str | None,
    number: int,
    previews: int,
    description: str,
    references: Sequence[tuple[int, int]] = (),
) -> Estimate:
    """`references` are (width, height) of the pictures to start from. "auto" counts as the dearest."""
    tokens = Tokens(
        # No text has more tokens than bytes; a quarter of them is usual. It is the smallest part of any picture.
        text_in=len(description.encode("utf-8", "replace")),
        image_in=sum(_reference_tokens(width, height) for width, height in references),
        image_out=output_tokens(model, size, quality) + TOKENS_OF_A_PREVIEW * previews,
    )
    family = family_of(model)
    is_bound = family == "gpt-image-2.6" or quality in (None, "auto") or dimensions(size or "") is None
    if price is None:
        return Estimate(None, None, number, tokens, is_bound)
    each = price.per_picture if price.per_picture is not None else price.of(tokens)
    return Estimate(each * number, each, number, tokens, is_bound)


def sum_of(estimates: Sequence[Estimate]) -> int | None:
    """What all of them may cost at most; None as soon as one has no price."""
    known = [one.micros for one in estimates if one.micros is not None]
    return sum(known) if len(known) == len(estimates) else None


def output_tokens(model: str, size: str | None, quality: str | None) -> int:
    """The most output tokens of one picture, without previews."""
    family = family_of(model)
    width, height = dimensions(size or "") or (LARGEST_SQUARE, LARGEST_SQUARE)
    if family == "gpt-image-1":
        return _first_generation(size, quality)
    if family == "gpt-image-2.6":
        high = formula_tokens("gpt-image-2.5", "high", width, height)
        if quality in ("low", "medium"):
            return min(BOUND_2_6 * formula_tokens("gpt-image-2.5", quality, width, height), high)
        return formula_tokens("gpt-image-2.5", quality, width, height)
    return formula_tokens(family, quality, width, height)


def formula_tokens(
    family: Literal["gpt-image-2", "gpt-image-2.5"], quality: str | None, width: int, height: int
) -> int:
    """The provider's calculator: a grid whose longer side is the axis, and a share for the area."""
    axes = AXIS[family]
    axis = axes.get(quality or "", max(axes.values()))
    longer, shorter = max(width, height), min(width, height)
    across = (2 * axis * shorter + longer) // (2 * longer)
    return -(-(axis * across * (2_000_000 + width * height)) // 4_000_000)


def family_of(model: str) -> Literal["gpt-image-1", "gpt-image-2", "gpt-image-2.5", "gpt-image-2.6"]:
    """Of names that are not known here the dearest generation is assumed, by its bound."""
    if model.startswith(("gpt-image-2.6",)):
        return "gpt-image-2.6"
    if model.startswith("gpt-image-2.5"):
        return "gpt-image-2.5"
    if model.startswith(("gpt-image-1", "chatgpt-image", "dall-e")):
        return "gpt-image-1"
    return "gpt-image-2"


def _first_generation(size: str | None, quality: str | None) -> int:
    row = FIRST_GENERATION.get(quality or "", FIRST_GENERATION["high"])
    shape = dimensions(size or "")
    if shape is None:
        return max(row)
    width, height = shape
    return row[0] if width == height else row[1] if width < height else row[2]


def _reference_tokens(width: int, height: int) -> int:
    pixels = min(width * height, MOST_PIXELS)
    return round(MARGIN * max(1024, -(-pixels // PIXELS_OF_A_TOKEN)))
