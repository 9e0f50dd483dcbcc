"""The models: what the file says is possible, consistent and dated."""

import re
from datetime import date, timedelta

import pytest

from core.api.openapi import document
from core.catalog import catalog
from core.catalog.catalog import Model, dimensions
from core.engines.connections import Lane, offers
from tests.studio import FakeEngine

CATALOG = catalog.load()
TODAY = date(2026, 11, 22)


@pytest.mark.parametrize("model", [*CATALOG.models.values(), CATALOG.generic], ids=lambda model: model.name)
def test_a_models_defaults_are_among_its_choices(model: Model) -> None:
    assert model.allows_size(model.default_size)
    assert all(model.allows_size(size) for size in model.sizes)
    assert model.default_quality in model.qualities or not (model.default_quality or model.qualities)
    assert len(set(model.sizes)) == len(model.sizes)


def test_the_default_is_offered_on_the_day_the_file_was_checked() -> None:
    assert not CATALOG.models[CATALOG.default].is_shut_down(CATALOG.checked)


@pytest.mark.parametrize("size", ["1024x1024", "3840x2160", "2160x3840", "auto", "816x816", "1920x1088", "1600x544"])
def test_a_size_within_the_bounds_is_allowed(size: str) -> None:
    assert CATALOG.get("gpt-image-2").allows_size(size)


@pytest.mark.parametrize(
    "size",
    [
        "3856x2160",  # too long
        "1025x1024",  # not in steps of sixteen
        "800x800",  # too few pixels
        "3840x2176",  # too many pixels
        "3072x1008",  # too wide
        "0x0",
        "-1024x1024",
        "1024X1024",
        "1024×1024",
        "1024x1024 ",
        "1024x1024x1024",
        "x",
        "",
        "Auto",
        "١٠٢٤x١٠٢٤",
        "²x²",
        "9" * 5000 + "x16",
    ],
)
def test_a_size_outside_the_bounds_is_not_allowed(size: str) -> None:
    assert not CATALOG.get("gpt-image-2").allows_size(size)


def test_a_model_with_a_list_takes_no_other_size() -> None:
    assert not CATALOG.get("gpt-image-1.5").allows_size("2048x2048")
    assert not CATALOG.get("painter").allows_size("1440x2560")


def test_a_compatible_servers_model_is_described_as_any_other() -> None:
    model = CATALOG.get("flux-schnell")
    assert (model.name, model.title, model.dialect, model.qualities) == ("flux-schnell", "flux-schnell", "generic", ())
    assert model.allows_size("333x777")
    assert not model.allows_size("0x512")


def test_a_model_is_offered_until_the_day_of_its_shutdown() -> None:
    model = CATALOG.get("gpt-image-1.5")
    last = date(2026, 12, 1)
    assert not model.is_shut_down(last - timedelta(days=1))
    assert model.is_shut_down(last)
    assert CATALOG.ends_soon(model, last - timedelta(days=1))
    assert CATALOG.ends_soon(model, last - timedelta(days=CATALOG.warn_days))
    assert not CATALOG.ends_soon(model, last - timedelta(days=CATALOG.warn_days + 1))
    assert not CATALOG.ends_soon(model, last)


def test_offers_leave_out_what_is_shut_down_and_begin_with_the_default() -> None:
    lane = Lane("openai", ("gpt-image-1", "gpt-image-1.5", "gpt-image-2", CATALOG.default), FakeEngine, 1)
    painter = Lane("painter", ("painter",), FakeEngine, 1)
    names = [offer.model.name for offer in offers((painter, lane), CATALOG, TODAY)]
    assert names == [CATALOG.default, "painter", "gpt-image-1.5", "gpt-image-2"]
    later = offers((painter, lane), CATALOG, date(2026, 12, 1))
    assert "gpt-image-1.5" not in [offer.model.name for offer in later]
    assert [offer.model.name for offer in offers((painter, lane), CATALOG, TODAY) if offer.ends_soon] == [
        "gpt-image-1.5"
    ]


@pytest.mark.parametrize(
    ("size", "expected"), [("640x480", (640, 480)), ("auto", None), ("640", None), ("640x", None), ("x480", None)]
)
def test_dimensions_are_read_or_there_are_none(size: str, expected: tuple[int, int] | None) -> None:
    assert dimensions(size) == expected


def test_sizes_of_ones_own_are_in_the_document_of_the_api_and_a_model_takes_each() -> None:
    model = CATALOG.get("gpt-image-2.6-flare")
    found = document([model])
    size = found["paths"]["/api/v1/images/generations"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    named, own, nothing = size["anyOf"][0]["properties"]["size"]["anyOf"]
    assert ("1536x1024" in named["enum"], nothing) == (True, {"type": "null"})
    pattern = re.compile(found["components"]["schemas"][own["$ref"].rpartition("/")[2]]["pattern"])
    sizes = [f"{width}x{height}" for width in range(16, 3_841, 16) for height in range(16, 3_841, 16)]
    matching = [size for size in sizes if pattern.search(size)]
    assert len(matching) == 121**2
    assert all(model.allows_size(size) for size in matching)
    assert not pattern.search("1000x1000")
