"""Orders: what each model can do, and how every impossible wish is refused."""

from contextlib import suppress
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from core.catalog import catalog
from core.catalog.catalog import Model
from core.errors import Problem
from core.problems import PROBLEMS
from core.studio.orders import LONGEST_DESCRIPTION, Order, ReferenceFile, completed

TODAY = date(2026, 11, 22)
CATALOG = catalog.load()
OFFERED = [model for model in CATALOG.models.values() if not model.is_shut_down(TODAY)] + [CATALOG.get("flux")]
BY_NAME = pytest.mark.parametrize("model", OFFERED, ids=lambda model: model.name)
REFERENCE = ReferenceFile("cat.png", "uploads/1/abc.png", "image/png", 64, 64)


def complete(model: Model, description: str = "a tree", **choices: Any) -> Order:
    return completed(Order(description, model.name, **choices), model, TODAY)


def problem(model: Model, description: str = "a tree", **choices: Any) -> Problem:
    with pytest.raises(Problem) as caught:
        complete(model, description, **choices)
    assert caught.value.code in PROBLEMS
    assert "{" not in str(caught.value)
    return caught.value


@BY_NAME
def test_an_order_without_choices_gets_the_models_own(model: Model) -> None:
    order = complete(model)
    assert order.size == (None if model.dialect == "generic" else model.default_size)
    assert order.quality == (model.default_quality or None)
    assert order.output_format == (model.formats[0] if model.formats else None)
    assert order.background == (model.backgrounds[0] if model.backgrounds else None)


@BY_NAME
def test_every_choice_that_a_model_offers_can_be_ordered(model: Model) -> None:
    for size in model.sizes:
        assert complete(model, size=size).size in (size, None)
    for quality in model.qualities:
        assert complete(model, quality=quality).quality == quality
    for output_format in model.formats:
        assert complete(model, output_format=output_format).output_format == output_format
    for background in model.backgrounds:
        assert complete(model, background=background).background == background


@BY_NAME
@pytest.mark.parametrize("choice", ["size", "quality", "output_format", "background"])
@pytest.mark.parametrize("value", ["", "no such thing", "LOW", "png ", "low\x00", "é" * 1000, "\ud800"])
def test_a_choice_that_a_model_does_not_offer_is_refused(model: Model, choice: str, value: str) -> None:
    if choice == "size" and not value:
        assert complete(model, size="").size == complete(model).size
        return
    found = problem(model, **{choice: value})
    allowed = {"quality": model.qualities, "output_format": model.formats, "background": model.backgrounds}
    if not allowed.get(choice, model.sizes):
        assert found.code == "choice_not_there"
        return
    has_own = choice == "size" and model.custom_sizes and model.dialect != "generic"
    assert found.code == ("size_not_offered" if has_own else "choice_not_offered")
    assert len(found.params["value"]) <= 40


@BY_NAME
def test_transparency_needs_a_format_that_holds_it(model: Model) -> None:
    if "transparent" not in model.backgrounds:
        refused = "choice_not_offered" if model.backgrounds else "choice_not_there"
        assert problem(model, background="transparent").code == refused
        return
    assert problem(model, background="transparent", output_format="jpeg").code == "transparent_needs_format"
    for output_format in ("png", "webp"):
        assert complete(model, background="transparent", output_format=output_format).background == "transparent"


@BY_NAME
@pytest.mark.parametrize("number", [0, 11, -1, 10**30])
def test_there_are_one_to_ten_pictures(model: Model, number: int) -> None:
    assert problem(model, number=number).code == "number_out_of_range"
    assert [complete(model, number=fine).number for fine in (1, 10)] == [1, 10]


@pytest.mark.parametrize("compression", [-1, 101, 10**30])
@pytest.mark.parametrize("output_format", ["webp", "jpeg"])
def test_compression_is_a_percentage(output_format: str, compression: int) -> None:
    model = CATALOG.get("gpt-image-2")
    found = problem(model, output_format=output_format, output_compression=compression)
    assert (found.code, found.params["choice"]) == ("number_out_of_range", "compression")
    assert complete(model, output_format=output_format, output_compression=0).output_compression == 0


def test_compression_is_dropped_where_nothing_is_lost() -> None:
    assert complete(CATALOG.get("gpt-image-2"), output_format="png", output_compression=50).output_compression is None


def test_a_size_is_written_without_leading_zeros() -> None:
    assert complete(CATALOG.get("gpt-image-2"), size="01024x1024").size == "1024x1024"


@pytest.mark.parametrize("seed", [-1, 2**31, 10**30])
def test_a_seed_outside_its_range_is_refused(seed: int) -> None:
    assert problem(CATALOG.get("painter"), seed=seed).code == "number_out_of_range"


@pytest.mark.parametrize("description", ["", " ", "\n\t\r", "\u3000\u00a0", "\x00", " \x00 \x00"])
def test_an_empty_description_is_missing(description: str) -> None:
    assert problem(CATALOG.get("painter"), description).code == "description_missing"


def test_a_description_has_at_most_32000_characters() -> None:
    model = CATALOG.get("painter")
    assert len(complete(model, "🦊" * LONGEST_DESCRIPTION).description) == LONGEST_DESCRIPTION
    assert complete(model, " " + "a" * LONGEST_DESCRIPTION + "\n").description == "a" * LONGEST_DESCRIPTION
    found = problem(model, "a" * (LONGEST_DESCRIPTION + 1))
    assert (found.code, found.params["length"]) == ("description_too_long", 32_001)


@pytest.mark.parametrize(
    "description",
    [
        "a tree\n\n    and   a house",
        "שלום \u202bעולם\u202c",
        "👩‍👩‍👧‍👦 and 🏳️‍🌈",
        "e\u0301 is not é",
        "<b>%s {x} ${y} '; DROP TABLE images; --",
        "\u200bzero\u200dwidth\ufeff",
        "line\u2028separator\x1b[31m",
    ],
)
def test_a_description_is_kept_exactly(description: str) -> None:
    assert complete(CATALOG.get("painter"), description).description == description


def test_what_no_database_can_hold_is_replaced() -> None:
    model = CATALOG.get("painter")
    assert complete(model, "half \ud83d a fox").description == "half \ufffd a fox"
    assert complete(model, "a\x00b").description == "ab"
    assert complete(model, "\ud83e\udd8a").description == "🦊"


@settings(deadline=None)
@given(some.text(some.characters(), min_size=1, max_size=50))
def test_any_description_ends_up_storable_or_missing(description: str) -> None:
    with suppress(Problem):
        kept = complete(CATALOG.get("painter"), description).description
        assert kept.encode()
        assert "\x00" not in kept


@BY_NAME
def test_references_are_as_many_as_the_model_takes(model: Model) -> None:
    most = model.most_references
    assert len(complete(model, references=(REFERENCE,) * most).references) == most
    code = "too_many_references" if most else "references_not_offered"
    assert problem(model, references=(REFERENCE,) * (most + 1)).code == code


def test_a_model_without_edits_says_so() -> None:
    model = replace(CATALOG.get("painter"), most_references=0)
    assert problem(model, references=(REFERENCE,)).code == "references_not_offered"


def test_a_model_that_was_shut_down_is_refused() -> None:
    found = problem(CATALOG.get("gpt-image-1"))
    assert (found.code, found.params["date"]) == ("model_shut_down", date(2026, 10, 23))
