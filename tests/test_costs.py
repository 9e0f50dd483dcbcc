"""Exact costs from a usage that a server sent, to the micro-dollar."""

from typing import Any

import pytest

from core.ledger.costs import MILLION, Price, Tokens, exact_cost, tokens_of

GPT_IMAGE_2 = Price(
    1,
    text_in=5 * MILLION,
    cached_text_in=1_250_000,
    image_in=8 * MILLION,
    cached_image_in=2 * MILLION,
    image_out=30 * MILLION,
)
GPT_IMAGE_1 = Price(2, text_in=5 * MILLION, image_in=10 * MILLION, image_out=40 * MILLION)


def usage(text_in: int, image_in: int, out: int, **more: Any) -> dict[str, Any]:
    return {
        "input_tokens": text_in + image_in,
        "input_tokens_details": {"text_tokens": text_in, "image_tokens": image_in},
        "output_tokens": out,
        "total_tokens": text_in + image_in + out,
        **more,
    }


@pytest.mark.parametrize(
    ("price", "sent", "micros"),
    [
        (GPT_IMAGE_2, usage(228, 1450, 13342), 413_000),
        (GPT_IMAGE_1, usage(150, 0, 8000), 320_750),
        (GPT_IMAGE_2, usage(0, 0, 1), 30),
        (GPT_IMAGE_2, usage(1, 0, 0), 5),
    ],
)
def test_known_bills_come_out_to_the_micro_dollar(price: Price, sent: dict[str, Any], micros: int) -> None:
    assert exact_cost(price, sent) == micros


def test_details_of_the_output_tell_pictures_from_text() -> None:
    price = Price(1, image_out=32 * MILLION, text_out=10 * MILLION)
    details = {"output_tokens_details": {"image_tokens": 4160, "text_tokens": 100}}
    assert exact_cost(price, usage(0, 0, 4260, **details)) == 4160 * 32 + 100 * 10


def test_text_that_the_provider_does_not_bill_costs_nothing() -> None:
    details = {"output_tokens_details": {"image_tokens": 196, "text_tokens": 50}}
    assert exact_cost(GPT_IMAGE_2, usage(0, 0, 246, **details)) == 196 * 30


def test_without_details_all_input_is_text_and_all_output_is_pictures() -> None:
    assert tokens_of({"input_tokens": 10, "output_tokens": 196}) == Tokens(text_in=10, image_out=196)


def test_cached_tokens_cost_what_cached_tokens_cost() -> None:
    sent = usage(1000, 2000, 0)
    sent["input_tokens_details"]["cached_tokens_details"] = {"text_tokens": 400, "image_tokens": 1000}
    assert exact_cost(GPT_IMAGE_2, sent) == 600 * 5 + 500 + 1000 * 8 + 1000 * 2


@pytest.mark.parametrize(
    "sent",
    [
        None,
        {},
        usage(0, 0, 0),
        "usage",
        [],
        {"input_tokens": None, "output_tokens": None},
        {"input_tokens": -5, "output_tokens": -1},
        {"input_tokens": "12", "output_tokens": "1.5"},
        {"input_tokens": True},
        {"output_tokens": 10**15},
        {"input_tokens_details": [], "output_tokens_details": "x"},
    ],
)
def test_a_usage_that_says_nothing_gives_no_cost_and_never_zero(sent: Any) -> None:
    assert exact_cost(GPT_IMAGE_2, sent) is None


def test_without_a_price_there_is_no_cost() -> None:
    assert exact_cost(None, usage(1, 1, 1)) is None


@pytest.mark.parametrize("sent", [None, usage(0, 0, 0), usage(5, 5, 5)])
def test_a_price_for_each_picture_needs_no_usage(sent: dict[str, Any] | None) -> None:
    assert exact_cost(Price(3, per_picture=40_000), sent) == 40_000
    assert exact_cost(Price(4, per_picture=0), sent) == 0


def test_rounding_happens_once_and_half_goes_up() -> None:
    half = Price(1, text_in=MILLION // 2, image_in=MILLION // 2)
    assert half.of(Tokens(text_in=1)) == 1
    assert half.of(Tokens(text_in=1, image_in=1)) == 1
    assert half.of(Tokens(text_in=3)) == 2
