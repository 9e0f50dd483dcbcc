"""Estimates before the call: published numbers are met, and what has no formula is bounded from above."""

import pytest

from core.catalog import catalog
from core.ledger.costs import MILLION, Price, exact_cost
from core.ledger.estimates import Estimate, estimate, output_tokens

PRICE = Price(1, text_in=5 * MILLION, image_in=8 * MILLION, image_out=30 * MILLION)


def one(model: str, size: str | None, quality: str | None, **more: object) -> Estimate:
    arguments = {"number": 1, "previews": 0, "description": "", "references": (), **more}
    return estimate(PRICE, model, size, quality, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("model", "size", "quality", "tokens"),
    [
        ("gpt-image-2", "1024x1024", "low", 196),
        ("gpt-image-2", "1024x1024", "medium", 1756),
        ("gpt-image-2", "1024x1024", "high", 7024),
        ("gpt-image-2", "1536x1024", "high", 5488),
        ("gpt-image-2", "1792x1024", "high", 5063),
        ("gpt-image-2", "3584x2048", "high", 12329),
        ("gpt-image-2", "2560x1440", "low", 205),
        ("gpt-image-2", "3472x1488", "low", 201),
        ("gpt-image-2-2026-04-21", "1024x1024", "low", 196),
        ("gpt-image-2.5-flare", "1024x1024", "low", 196),
        ("gpt-image-2.5-flare", "1024x1024", "medium", 439),
        ("gpt-image-2.5-sunburst", "1024x1024", "high", 1756),
        ("gpt-image-2.5-sunburst", "1024x1024", "xhigh", 3122),
        ("gpt-image-2.5-flare-2026-09-08", "1024x1024", "max", 7024),
        ("gpt-image-1.5", "1024x1024", "high", 4160),
        ("gpt-image-1.5", "1024x1536", "high", 6240),
        ("gpt-image-1-mini", "1536x1024", "low", 400),
        ("gpt-image-2.6-flare", "1024x1024", "high", 1756),
        ("gpt-image-2.6-flare", "3840x2160", "high", 3336),
    ],
)
def test_published_numbers_of_output_tokens_are_met(model: str, size: str, quality: str, tokens: int) -> None:
    assert output_tokens(model, size, quality) == tokens


@pytest.mark.parametrize(
    ("size", "quality", "measured"),
    [("1536x1024", "low", 664), ("1536x1024", "high", 1353), ("1024x1024", "max", 5800)],
)
def test_what_was_measured_of_the_newest_models_stays_under_the_bound(size: str, quality: str, measured: int) -> None:
    assert output_tokens("gpt-image-2.6-flare", size, quality) >= measured


@pytest.mark.parametrize("model", sorted(catalog.load().openai_models))
def test_automatic_counts_as_the_dearest(model: str) -> None:
    described = catalog.load().get(model)
    dearest = max(
        output_tokens(model, size, quality)
        for size in described.sizes
        for quality in described.qualities
        if size != "auto"
    )
    assert output_tokens(model, "auto", "auto") >= dearest
    assert output_tokens(model, None, None) >= dearest
    for size in described.sizes:
        assert output_tokens(model, "auto", "high") >= output_tokens(model, size, "high")


def test_a_dearer_quality_never_has_a_smaller_estimate() -> None:
    for model in catalog.load().openai_models:
        described = catalog.load().get(model)
        for size in described.sizes:
            tokens = [output_tokens(model, size, quality) for quality in described.qualities]
            assert tokens == sorted(tokens)


def test_pictures_previews_references_and_words_add_up() -> None:
    plain = one("gpt-image-2", "1024x1024", "low")
    assert plain.micros == 196 * 30
    assert one("gpt-image-2", "1024x1024", "low", number=4).micros == 4 * 196 * 30
    assert one("gpt-image-2", "1024x1024", "low", previews=3).micros == (196 + 300) * 30
    assert one("gpt-image-2", "1024x1024", "low", description="words").micros == 196 * 30 + 5 * 5
    started = one("gpt-image-2", "1024x1024", "low", references=((1024, 1024), (1, 1)))
    assert started.micros == 196 * 30 + 2 * 1536 * 8


def test_no_text_has_more_tokens_than_the_estimate_says() -> None:
    """An emoji of four bytes may take several tokens, never more than its bytes."""
    assert one("gpt-image-2", "1024x1024", "low", description="🦜").tokens.text_in == 4


def test_without_a_price_there_is_no_estimate_but_the_tokens_are_told() -> None:
    found = estimate(None, "flux", None, None, 2, 0, "a lake")
    assert found.micros is None
    assert found.tokens.image_out > 0


def test_the_painter_is_estimated_at_a_true_zero() -> None:
    assert estimate(Price(9, per_picture=0), "painter", "1024x1024", "low", 3, 2, "a lake").micros == 0


def test_the_estimate_covers_the_bill_of_a_usual_usage() -> None:
    estimated = one("gpt-image-2", "1024x1024", "medium", description="A quiet lake at dawn", previews=2)
    billed = exact_cost(
        PRICE,
        {
            "input_tokens": 6,
            "input_tokens_details": {"text_tokens": 6, "image_tokens": 0},
            "output_tokens": 1756 + 200,
        },
    )
    assert billed is not None
    assert estimated.micros is not None
    assert billed <= estimated.micros
