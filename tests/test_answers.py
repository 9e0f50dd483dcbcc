"""Answers as bytes: pictures out of JSON, events out of a stream however it is cut."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.engines.answers import read_answer, read_events
from core.engines.base import EngineFailure
from core.engines.encoded import decoded
from tests.images_api import picture

PNG = picture("16x16", "png", 0, 0, False)
ENCODED = base64.b64encode(PNG).decode()
STREAM = (
    b': hello\r\n\r\nretry: 100\n\nevent: first\ndata: {"b64_json":\ndata:  "x"}\n\n'
    b'data:{"type": "second", "text": "\xc3\xa9\xe2\x80\xa8"}\r\rdata: not json\n\ndata: [1]\n\ndata\n\n'
    b'event: third\r\ndata: {"n": 3}\r\n\r\ndata: {"type": "last"}'
)
EVENTS = [
    {"type": "first", "b64_json": "x"},
    {"type": "second", "text": "é\u2028"},
    {"type": "third", "n": 3},
    {"type": "last"},
]


def events_of(chunks: list[bytes]) -> list[dict[str, Any]]:
    async def source() -> AsyncIterator[bytes]:
        for chunk in chunks:
            yield chunk

    async def run() -> list[dict[str, Any]]:
        return [event async for event in read_events(source())]

    return asyncio.run(run())


def test_events_are_read_whatever_stands_between_them() -> None:
    assert events_of([STREAM]) == EVENTS


def test_events_are_read_byte_by_byte() -> None:
    assert events_of([STREAM[index : index + 1] for index in range(len(STREAM))]) == EVENTS


@given(st.lists(st.integers(0, len(STREAM)), max_size=10))
def test_it_does_not_matter_where_a_stream_is_cut_in_pieces(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(STREAM)]
    assert events_of([STREAM[a:b] for a, b in pairwise(edges)]) == EVENTS


@given(st.lists(st.binary(max_size=50), max_size=10))
def test_no_bytes_break_the_reading_of_events(chunks: list[bytes]) -> None:
    assert all("type" in event for event in events_of(chunks))


def test_an_empty_stream_has_no_events() -> None:
    assert events_of([]) == []
    assert events_of([b"", b""]) == []


@pytest.mark.parametrize(
    "text",
    [
        ENCODED,
        ENCODED.rstrip("="),
        "\n".join(ENCODED[start : start + 76] for start in range(0, len(ENCODED), 76)),
        "data:image/png;base64," + ENCODED,
        "DATA:image/png;charset=x;BASE64," + ENCODED,
    ],
)
def test_base64_is_read_in_every_form(text: str) -> None:
    assert decoded(text) == PNG


def test_a_data_uri_need_not_be_base64() -> None:
    assert decoded("data:image/svg+xml,%3Csvg%2F%3E") == b"<svg/>"


@pytest.mark.parametrize("text", ["", "é", "====", "A", "data:", "data:image/png;base64,é", "data:,%zz"])
def test_what_is_not_base64_is_no_picture_and_no_crash(text: str) -> None:
    assert not decoded(text).startswith(b"\x89PNG")


item_values = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.just(ENCODED) | st.lists(st.none())


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)  # the first text takes seconds
@given(
    st.binary(max_size=200)
    | st.fixed_dictionaries(
        {},
        optional={
            "data": item_values
            | st.lists(
                item_values | st.dictionaries(st.sampled_from(["b64_json", "url", "revised_prompt"]), item_values)
            ),
            "usage": item_values,
            "error": item_values,
        },
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_answer_is_a_picture_an_address_or_a_known_failure(content: bytes) -> None:
    try:
        answer = read_answer(content, model="m", edits=False, key=None)
    except EngineFailure:
        return
    assert (answer.data is None) != (answer.address == "")


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"a":' * 100_000, b'{"usage": {"input_tokens": ' + b"9" * 5000 + b'}, "data": []}', b"NaN"],
)
def test_hostile_json_is_a_failure_and_no_crash(content: bytes) -> None:
    with pytest.raises(EngineFailure):
        read_answer(content, model="m", edits=False, key=None)
