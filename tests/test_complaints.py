"""Complaints in all their shapes, and which failure each is; hostile ones included."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.engines.base import Blocked, Failed, Job, Refused, Unknown
from core.engines.complaints import (
    LONGEST_DETAIL,
    Complaint,
    failure,
    presentable,
    read_complaint,
    usage_of,
    waiting_time,
)
from core.engines.dialects import parameters, refused_parameters

KEY = "sk-proj-canary_0123456789-ABCDEFGHIJ"
SENT = parameters(Job("m", "d", "1024x1024", "low", "opaque", "webp", 50, 3, end_user="x"), speaks_openai=True).keys()

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["error", "detail", "message", "code", "type", "param", "usage", "moderation_details"])
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(st.binary(max_size=300) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_read_and_means_something_at_every_status(body: bytes) -> None:
    complaint = read_complaint(body, KEY)
    assert len(complaint.message) <= LONGEST_DETAIL
    refused_parameters(complaint, SENT)
    for status in (None, 302, 400, 401, 402, 403, 404, 405, 408, 409, 413, 418, 422, 429, 499, 500, 503, 599):
        ended = failure(complaint, status, model="m", edits=False)
        assert ended.code
        if status and status >= 500:
            assert isinstance(ended, Unknown)
        elif status and status not in (408, 499):
            assert isinstance(ended, Refused | Blocked)
        elif status is None:
            assert isinstance(ended, Refused | Blocked | Failed)


@given(st.text(max_size=2000), st.text(max_size=2000))
def test_the_key_is_never_shown_wherever_it_stands(before: str, after: str) -> None:
    for text in (before + KEY + after, f"{before} {KEY}{KEY} {after}", json.dumps({"error": before + KEY + after})):
        assert KEY not in presentable(text, KEY)
        assert "canary" not in read_complaint(text.encode("utf-8", "replace"), KEY).message


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-proj-ab***********yz.",
        "key sk-live_ABC-123.def is wrong",
        "Authorization: Bearer abc.def.ghi",
        "authorization: bearer   tokentokentoken, please",
    ],
)
def test_what_looks_like_a_key_is_not_shown_either(text: str) -> None:
    shown = presentable(text, None)
    assert "•••" in shown
    for secret in ("ab***", "ABC-123", "abc.def", "tokentoken"):
        assert secret not in shown


def test_a_page_becomes_its_title_and_no_markup() -> None:
    assert presentable("<!DOCTYPE html><html><title>502 &amp; more</title>…", None) == "502 & more"
    assert presentable(" <html><style>a{}</style><script>steal()</script><b>Bad</b> gateway", None) == "Bad gateway"
    assert presentable("<" * 100_000, None) is not None


def test_control_and_direction_characters_do_not_pass() -> None:
    assert presentable("a\x00b\x1b[31mc\u202ed\ne\ud800", None) == "ab [31mc d e?"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"error": {"message": "x", "type": "insufficient_quota", "code": "other"}}, 429, "quota_exhausted"),
        ({"error": "Insufficient balance"}, 403, "quota_exhausted"),
        ({"error": {"code": 429, "message": "slow down"}}, 429, "rate_limited"),
        ({"error": {"code": None, "message": None}}, 400, "request_refused"),
        ({"detail": "Model not found"}, 404, "model_unknown_to_provider"),
        ({"error": {"code": "DeploymentNotFound", "message": "no"}}, 404, "model_unknown_to_provider"),
        ({"error": {"message": "This violates our content policy"}}, 400, "blocked"),
        ({}, 400, "request_refused"),
        ([], 422, "request_refused"),
        ("just words", 400, "request_refused"),
        (None, 400, "request_refused"),
    ],
)
def test_gateways_are_understood_by_what_they_say(body: Any, status: int, code: str) -> None:
    complaint = read_complaint(json.dumps(body).encode(), None)
    assert failure(complaint, status, model="m", edits=False).code == code


@pytest.mark.parametrize(
    ("message", "names"),
    [
        ("Unknown parameter: 'stream'.", {"stream", "partial_images"}),
        ("Unrecognized request argument supplied: quality", {"quality"}),
        ("Unsupported parameter: size", {"size"}),
        ("`partial_images` is too large", {"partial_images"}),
        ("property background is not allowed", {"background"}),
        ("openai does not support parameters: ['quality', 'background'], for model=x", {"quality", "background"}),
        ("Invalid value: 'hd' for 'quality'", set()),
        ("The quality of this picture would be bad", set()),
        ("rock 'n' roll is not allowed in the input stream", set()),
        ("The upstream said no", set()),
        ("Transparent background is not supported for this model.", set()),
        ("Unknown parameter: 'prompt'", set()),
        ("", set()),
    ],
)
def test_only_what_a_complaint_names_as_unknown_is_left_out(message: str, names: set[str]) -> None:
    assert refused_parameters(Complaint(message), SENT) == names


@pytest.mark.parametrize("usage", [None, [], "x", 5, {}, {"x": "y" * 20_000}])
def test_usage_that_cannot_be_kept_is_none(usage: Any) -> None:
    assert usage_of({"usage": usage}) is None


def test_usage_is_kept_as_it_came_but_for_what_no_database_takes() -> None:
    assert usage_of({"usage": {"input_tokens": 1, "note": "a\0b\ud800"}}) == {"input_tokens": 1, "note": "ab?"}


@given(st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms"]), st.text(max_size=30)))
def test_any_retry_after_is_a_sane_wait(headers: dict[str, str]) -> None:
    assert 0 < waiting_time(headers) <= 3600
