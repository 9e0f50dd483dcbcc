"""How a cost is made up: the parts are the whole, to the micro-dollar, whatever the tokens and the prices."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.i18n import Reader
from core.ledger.costs import CLASSES, Price, Tokens, exact_cost
from core.ledger.explained import explained, parts_of
from core.storage.tables import Image
from pages.parts.facts import cost

USAGE = {
    "input_tokens": 1_062,
    "input_tokens_details": {"text_tokens": 62, "image_tokens": 1_000},
    "output_tokens": 1_756,
}
PRICE = Price(1, text_in=5_000_000, image_in=8_000_000, image_out=30_000_000)
numbers = some.integers(0, 10**7)


@given(some.tuples(*[numbers] * len(CLASSES)), some.tuples(*[some.none() | numbers] * len(CLASSES)))
def test_the_parts_are_the_whole(tokens: tuple[int, ...], prices: tuple[int | None, ...]) -> None:
    counted, price = Tokens(*tokens), Price(1, *prices)
    parts = parts_of(price, counted)
    assert sum(part.micros for part in parts) == price.of(counted)
    assert all(0 <= part.micros - part.tokens * part.price // 1_000_000 <= 1 for part in parts)


def image(**values: Any) -> Image:
    return Image(**{"state": "done", "usage": None, "cost_micros": None, "reserved_micros": None, **values})


@pytest.mark.parametrize(
    ("values", "price", "reason"),
    [
        ({"usage": USAGE, "cost_micros": exact_cost(PRICE, USAGE)}, PRICE, "tokens"),
        ({"cost_micros": 40_000}, Price(1, per_picture=40_000), "per_picture"),
        ({"cost_micros": 0}, Price(1, per_picture=0), "free"),
        ({"cost_micros": 0}, None, "free"),
        ({"cost_micros": 0, "settled_at": datetime.now(UTC)}, None, "settled"),
        ({"usage": USAGE, "cost_micros": 7}, PRICE, "settled"),
        ({"reserved_micros": 90_000}, PRICE, "at_risk"),
        ({"reserved_micros": 90_000, "settled_at": datetime.now(UTC)}, PRICE, "unpriced"),
        ({"usage": USAGE}, None, "unpriced"),
    ],
)
def test_every_cost_has_its_reason(values: dict[str, Any], price: Price | None, reason: str) -> None:
    found = explained(image(**values), price)
    assert found.reason == reason
    for language in ("en", "fr"):
        assert cost(Reader(language), found)


def test_what_is_shown_adds_up() -> None:
    found = explained(image(usage=USAGE, cost_micros=exact_cost(PRICE, USAGE)), PRICE)
    shown = cost(Reader("en"), found)
    for amount in ("$0.000310", "$0.008000", "$0.052680"):
        assert amount in shown
    assert shown.count("$0.060990") == 2


def test_what_is_at_risk_says_for_how_much() -> None:
    shown = cost(Reader("en"), explained(image(reserved_micros=90_000), PRICE))
    assert "at most $0.09" in shown
    assert "$0.00" not in shown
