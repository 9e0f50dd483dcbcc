"""The OpenAI engine when it is refused before work: what that means, and that it costs nothing."""

import asyncio
import socket
from collections.abc import Iterator
from email.utils import formatdate
from threading import Thread
from time import time
from typing import Any

import pytest

from core.engines.base import (
    Blocked,
    Job,
    Refused,
)
from tests.images_server import ImagesServer
from tests.painting import MODEL, engine_for, paint, painted, references


@pytest.fixture
def server() -> Iterator[ImagesServer]:
    with ImagesServer() as server:
        yield server


# --- refused before work: nothing is billed

REFUSED: list[tuple[str, str, dict[str, Any]]] = [
    ("401", "wrong_key", {"stops_line": True}),
    ("307", "provider_unreachable", {"retry_after": 5.0}),
    ("402", "quota_exhausted", {"stops_line": True}),
    ("403", "request_refused", {}),
    ("403-unverified", "organisation_unverified", {"stops_line": True}),
    ("403-region", "region_refused", {"stops_line": True}),
    ("403-quota", "quota_exhausted", {"stops_line": True}),
    ("404", "provider_unreachable", {"retry_after": 5.0}),
    ("404-model", "model_unknown_to_provider", {"params": {"model": MODEL}}),
    ("404-ollama", "model_unknown_to_provider", {"params": {"model": MODEL}}),
    ("405", "provider_unreachable", {"retry_after": 5.0}),
    ("409", "rate_limited", {"retry_after": 10.0}),
    ("400-invalid quality", "request_refused", {}),
    ("400-transparent", "request_refused", {}),
    ("400-billing-limit", "quota_exhausted", {"stops_line": True}),
    ("413", "too_large_for_provider", {}),
    ("429-quota", "quota_exhausted", {"stops_line": True}),
    ("429-rate", "rate_limited", {"retry_after": 10.0}),
    ("429-rate retry-after=0.2", "rate_limited", {"retry_after": 0.2}),
    ("429-rate retry-after=7 retry-after-ms=1500", "rate_limited", {"retry_after": 1.5}),
    ("429-rate retry-after=999999", "rate_limited", {"retry_after": 3600.0}),
    ("429-rate retry-after=-5", "rate_limited", {"retry_after": 10.0}),
    ("429-rate retry-after=nan", "rate_limited", {"retry_after": 10.0}),
    ("429-rate retry-after=inf", "rate_limited", {"retry_after": 10.0}),
    ("429-rate retry-after=soon", "rate_limited", {"retry_after": 10.0}),
    ("429-rate retry-after=Thu,_01_Jan_1970_00:00:00_GMT", "rate_limited", {"retry_after": 10.0}),
]


@pytest.mark.parametrize(("fault", "code", "expected"), REFUSED, ids=[fault for fault, _, _ in REFUSED])
@pytest.mark.parametrize("previews", [0, 1])
def test_a_refusal_before_work_is_free(
    server: ImagesServer, fault: str, code: str, expected: dict[str, Any], previews: int
) -> None:
    failure = paint(server, f"[fault:{fault}]", quality="low", previews=previews).failure
    assert isinstance(failure, Refused)
    assert failure.code == code
    kept = {"retry_after": failure.retry_after, "stops_line": failure.stops_line, "params": failure.params}
    assert {**{"retry_after": None, "stops_line": False}, **expected}.items() <= kept.items()
    assert failure.provider_request_id == server.requests[0].id
    assert len(server.requests) == 1
    assert server.calls == []


def test_a_date_to_wait_for_is_understood(server: ImagesServer) -> None:
    date = formatdate(time() + 100, usegmt=True).replace(" ", "_")
    failure = paint(server, f"[fault:429-rate retry-after={date}]").failure
    assert isinstance(failure, Refused)
    assert failure.retry_after is not None
    assert 60 < failure.retry_after <= 100


@pytest.mark.parametrize("fault", ["404", "405"])
def test_a_server_without_edits_says_so(server: ImagesServer, fault: str) -> None:
    failure = paint(server, f"[fault:{fault}]", references=references(1)).failure
    assert isinstance(failure, Refused)
    assert failure.code == "edits_not_offered"


def test_a_wrong_key_is_refused(server: ImagesServer) -> None:
    server.key = "another"
    failure = paint(server).failure
    assert isinstance(failure, Refused)
    assert (failure.code, failure.stops_line) == ("wrong_key", True)


@pytest.mark.parametrize("shape", ["object", "string", "detail", "detail-list", "message", "html", "plain", "empty"])
@pytest.mark.parametrize("status", [400, 422])
def test_every_shape_of_an_error_is_read_and_its_secrets_are_not(server: ImagesServer, shape: str, status: int) -> None:
    failure = paint(server, f"[fault:shape {shape} status={status}]").failure
    assert isinstance(failure, Refused)
    assert failure.code == "request_refused"
    assert failure.params == {"detail": failure.detail}
    assert ("something is wrong with •••" in failure.detail) == (shape != "empty")
    assert "<" not in failure.detail
    assert failure.detail


def test_a_limit_of_pictures_per_minute_is_a_wait(server: ImagesServer) -> None:
    server.images_per_minute = 1
    assert paint(server).painting
    failure = paint(server).failure
    assert isinstance(failure, Refused)
    assert failure.code == "rate_limited"
    assert failure.retry_after is not None
    assert 50 < failure.retry_after <= 60


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:1/v1", "http://no.such.host.invalid/v1", "ftp://127.0.0.1/v1", "nonsense", "http://[::bad/v1"],
)
def test_a_server_that_is_not_there_cost_nothing(server: ImagesServer, address: str) -> None:
    failure = paint(server, base_url=address).failure
    assert isinstance(failure, Refused)
    assert (failure.code, failure.retry_after) == ("provider_unreachable", 5.0)
    assert failure.detail


def test_a_server_that_speaks_no_tls_cost_nothing(server: ImagesServer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as connection:
                connection.recv(1000)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = Thread(target=serve)
        thread.start()
        failure = paint(server, base_url=f"https://127.0.0.1:{listener.getsockname()[1]}/v1").failure
        thread.join()
    assert isinstance(failure, Refused)
    assert failure.code == "provider_unreachable"


# --- a parameter that a server does not know


@pytest.mark.parametrize("shape", ["openai", "message", "detail", "litellm"])
@pytest.mark.parametrize(
    "name",
    ["stream", "partial_images", "safety_identifier", "quality", "size", "background", "output_format", "n"],
)
def test_a_parameter_that_a_server_does_not_know_is_left_out_from_then_on(
    server: ImagesServer, name: str, shape: str
) -> None:
    job = Job(
        MODEL,
        f"[fault:400-unknown-parameter {name} shape={shape}]",
        size="1024x1024",
        quality="low",
        background="opaque",
        output_format="webp",
        previews=1,
        end_user="5f2a",
    )

    async def run() -> None:
        engine = engine_for(server)
        assert (await painted(engine, job)).painting
        assert (await painted(engine, job)).painting
        await engine.close()

    asyncio.run(run())
    assert len(server.calls) == 2
    assert len(server.requests) == 3
    assert all(name not in call.parameters for call in server.calls)
    assert all(call.parameters["prompt"] == job.description for call in server.calls)


def test_a_gateway_that_knows_hardly_anything_is_understood_step_by_step(server: ImagesServer) -> None:
    names = ["stream", "safety_identifier", "background", "quality", "output_format", "size", "n"]
    faults = "".join(f"[fault:400-unknown-parameter {name}]" for name in names)
    outcome = paint(
        server,
        faults,
        size="1024x1024",
        quality="low",
        background="opaque",
        output_format="png",
        previews=2,
        end_user="5f2a",
    )
    assert outcome.painting
    assert len(server.calls) == 1
    assert set(server.calls[0].parameters) == {"model", "prompt"}


def test_what_a_compatible_server_refuses_of_our_own_is_left_out(server: ImagesServer) -> None:
    """OpenAI's own models under a name that the catalogue does not know refuse `response_format`."""
    outcome = paint(server, model="a-new-name", description="[fault:400-unknown-parameter response_format]")
    assert outcome.painting
    assert "response_format" not in server.calls[0].parameters


@pytest.mark.parametrize("name", ["quality", "size", "background", "output_format", "output_compression"])
def test_a_choice_that_is_refused_for_its_value_is_never_dropped(server: ImagesServer, name: str) -> None:
    chosen: dict[str, Any] = {
        "quality": "low",
        "size": "1024x1024",
        "background": "opaque",
        "output_format": "webp",
        "output_compression": 50,
    }
    failure = paint(server, f"[fault:400-invalid {name}]", **chosen).failure
    assert isinstance(failure, Refused)
    assert failure.code == "request_refused"
    assert name in failure.detail
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", ["prompt", "model"])
def test_what_a_call_needs_is_never_dropped(server: ImagesServer, name: str) -> None:
    failure = paint(server, f"[fault:400-unknown-parameter {name}]").failure
    assert isinstance(failure, Refused)
    assert len(server.requests) == 1


# --- moderation


@pytest.mark.parametrize(
    ("fault", "stage", "categories", "usage"),
    [
        ("400-moderation categories=violence,self-harm", "", ("violence", "self-harm"), None),
        ("400-moderation stage=input categories=hate", "input", ("hate",), None),
        ("400-moderation stage=output categories=hate usage=12", "output", ("hate",), 12),
        ("400-moderation stage=unknown", "", ("violence",), None),
        ("400-moderation code=content_policy_violation", "", ("violence",), None),
        ("400-moderation code=content_filter", "", ("violence",), None),
        ("200-error moderation_blocked", "", (), None),
        ("stream-error moderation_blocked", "", (), None),
        ("stream-error-bare moderation_blocked", "", (), None),
        ("stream-early-error moderation_blocked", "", (), None),
    ],
)
def test_moderation_says_where_and_why_as_far_as_it_is_told(
    server: ImagesServer, fault: str, stage: str, categories: tuple[str, ...], usage: int | None
) -> None:
    failure = paint(server, f"[fault:{fault}]", previews=0 if fault.startswith("200") else 1).failure
    assert isinstance(failure, Blocked)
    assert (failure.code, failure.stage, failure.categories) == ("blocked", stage, categories)
    assert (failure.usage or {}).get("total_tokens") == usage
    assert failure.provider_request_id == server.requests[0].id
    assert len(server.requests) == 1
