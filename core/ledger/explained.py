"""What a picture cost, taken apart: the tokens of each class times their price. The parts are the whole, exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from core.ledger.costs import CLASSES, MILLION, Price, Tokens, exact_cost, tokens_of
from core.storage.tables import Image

Reason = Literal["tokens", "per_picture", "free", "settled", "at_risk", "unpriced"]


@dataclass(frozen=True, slots=True)
class Part:
    """`tokens` of a class at `price` micro-dollars for a million."""

    name: str
    tokens: int
    price: int
    micros: int


@dataclass(frozen=True, slots=True)
class Explained:
    """`cost` in micro-dollars, None if it cannot be computed; `held` is what it is at risk for."""

    reason: Reason
    cost: int | None
    parts: Sequence[Part] = ()
    held: int | None = None


def explained(image: Image, price: Price | None) -> Explained:
    """`price` is that of the row which the picture names."""
    cost = image.cost_micros
    if cost is None:
        if image.settled_at is None and image.reserved_micros is not None:
            return Explained("at_risk", None, held=image.reserved_micros)
        return Explained("unpriced", None)
    if price is None or exact_cost(price, image.usage) != cost:
        return Explained("free" if cost == 0 and image.settled_at is None else "settled", cost)
    tokens = tokens_of(image.usage)
    if price.per_picture is not None or tokens is None:
        return Explained("per_picture" if cost else "free", cost)
    return Explained("tokens", cost, parts_of(price, tokens))


def parts_of(price: Price, tokens: Tokens) -> list[Part]:
    """The cost is rounded once, at its end; what that adds or leaves goes to the parts that lose most of theirs."""
    counted = [(name, getattr(tokens, name), getattr(price, name) or 0) for name in CLASSES if getattr(tokens, name)]
    exact = [number * each for _, number, each in counted]
    micros = [amount // MILLION for amount in exact]
    by_loss = sorted(range(len(exact)), key=lambda place: exact[place] % MILLION, reverse=True)
    for place in by_loss[: price.of(tokens) - sum(micros)]:
        micros[place] += 1
    return [Part(name, number, each, part) for (name, number, each), part in zip(counted, micros, strict=True)]
