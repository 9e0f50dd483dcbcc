"""The OpenAI engine when an answer is no picture, or none comes: what it costs, and that nothing is repeated."""

import asyncio
from collections.abc import Iterator

import pytest

from core.engines.base import (
    Failed,
    Job,
    Preview,
    Refused,
    Unknown,
)
from tests.images_server import ImagesServer
from tests.painting import MODEL, engine_for, paint, painted


@pytest.fixture
def server() -> Iterator[ImagesServer]:
    with ImagesServer() as server:
        yield server


# --- an answer that is no picture

FAILED = [
    ("200-html", "answer_not_a_picture", False),
    ("200-text", "answer_not_a_picture", False),
    ("200-not-an-object", "answer_not_a_picture", False),
    ("not-a-picture", "answer_not_a_picture", True),
    ("bad-base64", "answer_not_a_picture", True),
    ("url /words", "answer_not_a_picture", True),
    ("200-empty", "answer_empty", False),
    ("200-empty-list", "answer_empty", True),
    ("200-null-data", "answer_empty", True),
    ("200-no-data", "answer_empty", True),
    ("200-no-picture", "answer_empty", True),
    ("200-error server_error", "provider_failed", False),
    ("url http://10.0.0.1/picture.png", "download_refused", True),
    ("url http://169.254.169.254/latest/meta-data", "download_refused", True),
    ("url http://localhost:1/picture.png", "download_refused", True),
    ("url file:///etc/passwd", "download_refused", True),
    ("url /redirect-to?http://127.0.0.1:1/", "download_refused", True),
    ("url /redirect-to?file:///etc/passwd", "download_refused", True),
    ("url /redirect/4", "download_failed", True),
    ("url /missing", "download_failed", True),
    ("url /nowhere", "download_failed", True),
    ("url /huge", "download_failed", True),
    ("url http://[", "download_failed", True),
]


@pytest.mark.parametrize(("fault", "code", "has_usage"), FAILED, ids=[fault for fault, _, _ in FAILED])
def test_an_answer_without_a_picture_has_failed_and_keeps_its_usage(
    server: ImagesServer, fault: str, code: str, has_usage: bool
) -> None:
    failure = paint(server, f"[fault:{fault}]").failure
    assert isinstance(failure, Failed)
    assert failure.code == code
    assert (failure.usage is not None) == has_usage
    assert failure.provider_request_id == server.calls[0].id
    assert len(server.calls) == 1


@pytest.mark.parametrize("fault", ["stream-error", "stream-error-bare", "stream-early-error"])
def test_an_error_inside_a_stream_is_a_failure(server: ImagesServer, fault: str) -> None:
    outcome = paint(server, f"[fault:{fault}]", previews=2)
    assert isinstance(outcome.failure, Failed)
    assert outcome.failure.code == "provider_failed"
    assert outcome.failure.detail == "It went wrong while painting."
    assert len(outcome.previews) == (0 if "early" in fault else 2)
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("code", "expected"), [("rate_limit_exceeded", "rate_limited"), ("insufficient_quota", "quota_exhausted")]
)
def test_a_stream_that_is_refused_before_its_first_preview_was_refused_before_work(
    server: ImagesServer, code: str, expected: str
) -> None:
    failure = paint(server, f"[fault:stream-early-error {code}]", previews=2).failure
    assert isinstance(failure, Refused)
    assert failure.code == expected


@pytest.mark.parametrize("code", ["rate_limit_exceeded", "insufficient_quota", "model_not_found"])
def test_a_stream_that_had_begun_to_paint_was_not_refused_before_work(server: ImagesServer, code: str) -> None:
    failure = paint(server, f"[fault:stream-error {code}]", previews=2).failure
    assert isinstance(failure, Failed)
    assert failure.code == "provider_failed"


# --- sent, and no whole answer: it may have been billed

UNKNOWN = [
    ("500", 0),
    ("502-html", 0),
    ("503", 0),
    ("503 retry-after=1", 0),
    ("504", 0),
    ("500", 1),
    ("408", 0),
    ("drop", 0),
    ("drop", 1),
    ("drop-midway", 0),
    ("drop-midway", 1),
    ("200-broken-json", 0),
    ("stream-incomplete", 1),
]


@pytest.mark.parametrize(("fault", "previews"), UNKNOWN)
def test_a_call_without_a_whole_answer_is_unknown_and_never_repeated(
    server: ImagesServer, fault: str, previews: int
) -> None:
    failure = paint(server, f"[fault:{fault}]", previews=previews).failure
    assert isinstance(failure, Unknown)
    assert failure.code == "connection_lost"
    assert len(server.requests) == 1
    if fault != "drop":
        assert failure.provider_request_id == server.requests[0].id


@pytest.mark.parametrize(
    ("fault", "previews"),
    [("hang", 0), ("hang", 1), ("trickle 0.05", 0), ("trickle-head 0.05", 0), ("trickle 0.05", 1)],
)
def test_the_deadline_holds_for_the_whole_call_however_it_trickles(
    server: ImagesServer, fault: str, previews: int
) -> None:
    failure = paint(server, f"[fault:{fault}]", previews=previews, deadline=0.6).failure
    assert isinstance(failure, Unknown)
    assert (failure.code, failure.params) == ("deadline_passed", {"limit": 0.6})
    assert len(server.calls) == 1
    server.wait_until(lambda: server.calls[0].stayed is False)


@pytest.mark.parametrize("path", ["/slow", "/slow-head"])
def test_a_picture_whose_download_trickles_beyond_the_deadline_was_paid(server: ImagesServer, path: str) -> None:
    failure = paint(server, f"[fault:url {path}]", deadline=1.0).failure
    assert isinstance(failure, Failed)
    assert failure.code == "download_failed"
    assert failure.usage


def test_the_deadline_does_not_run_against_whoever_uses_the_previews(server: ImagesServer) -> None:
    """A clock that cancelled the consumer would break it in the middle of its own work."""

    async def run() -> str:
        engine = engine_for(server, deadline=0.3)
        try:
            async for step in engine.paint(Job(MODEL, "[fault:trickle 1]", previews=1)):
                assert isinstance(step, Preview)
                await asyncio.sleep(0.5)
        except Unknown as failure:
            return failure.code
        finally:
            await engine.close()
        return "painted"

    assert asyncio.run(run()) == "deadline_passed"


def test_who_stops_listening_closes_the_connection(server: ImagesServer) -> None:
    async def run() -> None:
        engine = engine_for(server)
        steps = engine.paint(Job(MODEL, "[fault:trickle 0.01]", previews=1))
        assert isinstance(await anext(steps), Preview)
        await steps.aclose()  # type: ignore[attr-defined]
        await engine.close()

    asyncio.run(run())
    server.wait_until(lambda: server.calls[0].stayed is False)


def test_a_cancelled_painting_stays_cancelled(server: ImagesServer) -> None:
    async def run() -> None:
        engine = engine_for(server)
        task = asyncio.create_task(painted(engine, Job(MODEL, "[fault:hang]")))
        await asyncio.to_thread(server.wait_until, lambda: len(server.calls) == 1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await engine.close()

    asyncio.run(run())
