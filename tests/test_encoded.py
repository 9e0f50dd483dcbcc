"""Base64 in JSON: the short way and the long way come to the same."""

import base64
import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.engines import complaints, encoded
from core.engines.answers import read_answer
from core.engines.base import Failed, Unknown
from core.engines.encoded import Cut, decoded, load
from tests.images_api import picture

PNG = picture("64x64", "png", 0, 9000, False)
TEXT = base64.b64encode(PNG).decode()
URL_SAFE = base64.urlsafe_b64encode(PNG).decode()


def answer(text: str, **more: Any) -> bytes:
    return json.dumps(
        {"data": [{"b64_json": text, "revised_prompt": "finer"}], "usage": {"total_tokens": 7}, **more}
    ).encode()


@pytest.mark.parametrize(
    "content",
    [
        answer(TEXT),
        answer(TEXT).replace(b'"b64_json": ', b'"b64_json" :\n  '),
        json.dumps(
            {"usage": {"total_tokens": 7}, "data": [{"revised_prompt": "finer", "b64_json": TEXT}]}, indent=2
        ).encode(),
        answer(TEXT, data_=['"b64_json": "not here"']),
    ],
)
def test_the_usual_answer_is_cut_out_and_passed_on_as_it_came(content: bytes) -> None:
    assert isinstance(load(content)["data"][0]["b64_json"], Cut)
    found = read_answer(content, model="m", edits=False, key=None)
    assert (found.data, found.usage, found.revised_description) == (PNG, {"total_tokens": 7}, "finer")
    assert found.encoded is not None
    assert bytes(found.encoded).decode() == TEXT


@pytest.mark.parametrize(
    "content",
    [
        answer(TEXT).replace(b"/", b"\\/"),
        answer("\n".join(TEXT[start : start + 76] for start in range(0, len(TEXT), 76))),
        answer(URL_SAFE),
        answer(TEXT.rstrip("=")),
        answer("data:image/png;base64," + TEXT),
        json.dumps({"data": [{"url": "data:image/png;base64," + TEXT}]}).encode(),
        json.dumps({"data": [None, {"b64_json": TEXT}]}).encode(),
        json.dumps({"data": [{"b64_json": None}], "more": {"b64_json": TEXT}})
        .encode()
        .replace(b"null", json.dumps(TEXT).encode()),
    ],
)
def test_any_other_answer_gives_the_picture_all_the_same(content: bytes) -> None:
    found = read_answer(content, model="m", edits=False, key=None)
    assert found.data == PNG
    if found.encoded is not None:
        assert base64.b64decode(bytes(found.encoded), validate=True) == PNG


def test_an_event_is_cut_out_too() -> None:
    event = load(json.dumps({"type": "image_generation.completed", "b64_json": TEXT}).encode())
    assert event["b64_json"].data == PNG


@pytest.mark.parametrize("text", ["!" * 9000, "é" * 9000, "A" * 9000, "=" * 9000])
def test_a_text_that_is_no_picture_is_none_by_either_way(text: str) -> None:
    for content in (answer(text), answer(text + "\n")):
        with pytest.raises(Failed):
            read_answer(content, model="m", edits=False, key=None)


@pytest.mark.parametrize("end", [1, 2, 40, 60, 5000])
def test_an_answer_that_was_cut_off_is_of_unknown_outcome(end: int) -> None:
    with pytest.raises(Unknown):
        read_answer(answer(TEXT)[:-end], model="m", edits=False, key=None)


def test_what_is_inside_a_text_is_not_taken_for_the_picture() -> None:
    content = json.dumps({"data": [{"revised_prompt": f'say "b64_json": "{"x" * 9000}"', "b64_json": TEXT}]}).encode()
    found = read_answer(content, model="m", edits=False, key=None)
    assert (found.data, found.revised_description) == (PNG, f'say "b64_json": "{"x" * 9000}"')


@given(st.integers(0, 12_000), st.integers(0, 2**32))
def test_both_decoders_agree(size: int, seed: int) -> None:
    data = random.Random(seed).randbytes(size)
    content = json.dumps({"b64_json": base64.b64encode(data).decode()}).encode()
    short, long = load(content)["b64_json"], complaints.load(content)["b64_json"]
    assert decoded(long) == data
    if isinstance(short, Cut):
        assert short.data == data
        assert base64.b64decode(bytes(short.text), validate=True) == data
    else:
        assert short == long


def test_small_texts_take_the_long_way() -> None:
    content = json.dumps({"b64_json": TEXT[: encoded.SMALL - 4]}).encode()
    assert isinstance(load(content)["b64_json"], str)
