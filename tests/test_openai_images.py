"""The OpenAI engine against a real HTTP server: what is sent, what comes back, and many at once."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator

import pytest

from core.engines.base import (
    Failed,
    Job,
    Refused,
)
from core.i18n import Reader
from tests.images_api import picture
from tests.images_server import KEY, ImagesServer
from tests.painting import LOCAL_MODEL, MODEL, Outcome, engine_for, paint, painted, references


@pytest.fixture
def server() -> Iterator[ImagesServer]:
    with ImagesServer() as server:
        yield server


# --- what is sent


def test_everything_that_was_chosen_is_sent_and_nothing_else(server: ImagesServer) -> None:
    outcome = paint(
        server,
        size="1536x1024",
        quality="low",
        background="opaque",
        output_format="webp",
        output_compression=80,
        end_user="5f2a",
    )
    assert outcome.painting
    assert server.calls[0].parameters == {
        "model": MODEL,
        "prompt": "a cat",
        "n": 1,
        "size": "1536x1024",
        "quality": "low",
        "background": "opaque",
        "output_format": "webp",
        "output_compression": 80,
        "safety_identifier": "5f2a",
    }


def test_what_nobody_chose_is_not_sent(server: ImagesServer) -> None:
    assert paint(server).painting
    assert server.calls[0].parameters == {"model": MODEL, "prompt": "a cat", "n": 1}


def test_a_compatible_server_gets_only_what_all_of_them_know(server: ImagesServer) -> None:
    outcome = paint(
        server,
        'cat<sd_cpp_<sd_cpp_extra_args>{}</sd_cpp_extra_args>extra_args>{"steps": 999}</sd_cpp_extra_args> on a mat',
        LOCAL_MODEL,
        size="512x512",
        quality="high",
        background="opaque",
        previews=3,
        end_user="5f2a",
    )
    assert outcome.painting
    assert outcome.previews == []
    sent = server.calls[0].parameters
    assert set(sent) == {"model", "prompt", "n", "size", "response_format"}
    assert sent["response_format"] == "b64_json"
    assert "sd_cpp_extra_args" not in sent["prompt"]
    assert sent["prompt"].startswith("cat")


@pytest.mark.parametrize("size", [None, "auto"])
def test_a_compatible_server_chooses_the_size_where_nobody_did(server: ImagesServer, size: str | None) -> None:
    assert paint(server, model=LOCAL_MODEL, size=size).painting
    assert "size" not in server.calls[0].parameters


def test_organisation_and_project_come_from_the_connection_not_from_the_environment(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "http://from.the.environment.invalid")
    assert paint(server).painting
    assert not [name for name in server.calls[0].headers if name in ("openai-organization", "openai-project")]

    async def run() -> None:
        engine = engine_for(server, organisation="org-1", project="proj-1")
        await painted(engine, Job(MODEL, "a cat"))
        await engine.close()

    asyncio.run(run())
    assert server.calls[1].headers["openai-organization"] == "org-1"
    assert server.calls[1].headers["openai-project"] == "proj-1"


def test_a_server_without_keys_needs_none(server: ImagesServer) -> None:
    server.key = None
    assert paint(server, api_key=None, model=LOCAL_MODEL).painting


@pytest.mark.parametrize("key", ["sk-ключ", "sk-\nline", "sk-\x00"])
def test_a_key_that_cannot_be_one_stops_the_line_before_anything_is_sent(server: ImagesServer, key: str) -> None:
    failure = paint(server, api_key=key).failure
    assert isinstance(failure, Refused)
    assert (failure.code, failure.stops_line) == ("wrong_key", True)
    assert server.requests == []


@pytest.mark.parametrize("description", ["🦊🌈" * 1000, "قطة على سجادة", "a\ud800b", "x" * 32_000, "\0", '"\\\n\u202e'])
@pytest.mark.parametrize("model", [MODEL, LOCAL_MODEL])
def test_any_description_arrives(server: ImagesServer, description: str, model: str) -> None:
    outcome = paint(server, "start " + description[:31_990], model)
    assert outcome.painting, outcome.failure
    assert server.calls[0].prompt.startswith("start ")


@pytest.mark.parametrize("count", [1, 2, 16])
@pytest.mark.parametrize("model", [MODEL, LOCAL_MODEL])
def test_references_go_to_the_edits_under_names_of_our_own(server: ImagesServer, count: int, model: str) -> None:
    outcome = paint(server, model=model, references=references(count), quality="low", end_user="5f2a")
    assert outcome.painting
    call = server.calls[0]
    assert call.path == "/v1/images/edits"
    assert [name for _, name, _, _ in call.files] == [f"reference-{n}.png" for n in range(1, count + 1)]
    assert "moderation" not in call.parameters
    assert ("safety_identifier" in call.parameters) == (model == MODEL)
    assert outcome.painting.usage
    assert outcome.painting.usage["input_tokens_details"]["image_tokens"] == 1024 * count


# --- what comes back


@pytest.mark.parametrize("output_format", ["png", "jpeg", "webp", "gif", "svg"])
def test_the_bytes_are_the_providers_own(server: ImagesServer, output_format: str) -> None:
    outcome = paint(server, "x", output_format=output_format, size="1024x1024", previews=2)
    assert outcome.painting
    assert outcome.painting.data == picture("1024x1024", output_format, 3, 0, False)
    assert outcome.painting.provider_request_id == server.calls[0].id
    assert outcome.painting.usage
    assert outcome.painting.usage["output_tokens"] > 0


def test_previews_come_before_the_picture(server: ImagesServer) -> None:
    outcome = paint(server, previews=3)
    assert [preview.index for preview in outcome.previews] == [0, 1, 2]
    assert outcome.painting
    assert outcome.painting.provider_request_id == server.calls[0].id
    assert server.calls[0].parameters["partial_images"] == 3


def test_an_edit_streams_as_well(server: ImagesServer) -> None:
    outcome = paint(server, previews=2, references=references(2))
    assert len(outcome.previews) == 2
    assert outcome.painting


def test_more_previews_than_possible_are_as_many_as_possible(server: ImagesServer) -> None:
    assert len(paint(server, previews=99).previews) == 3


def test_a_server_that_ignores_stream_is_asked_once(server: ImagesServer) -> None:
    outcome = paint(server, "[fault:no-stream]", previews=2)
    assert outcome.painting
    assert outcome.previews == []
    assert len(server.requests) == 1


def test_noise_between_the_events_costs_no_picture(server: ImagesServer) -> None:
    outcome = paint(server, "[fault:stream-noise]", previews=2)
    assert outcome.painting
    assert len(outcome.previews) == 2


@pytest.mark.parametrize(
    "fault",
    [
        "data-uri",
        "url absolute",
        "url relative",
        "url data",
        "url picture.png",
        "url /redirect/3",
        "other-size 64x64",
        "other-format webp",
        "no-usage",
        "zero-usage",
        "odd-usage",
        "revised a fat cat",
    ],
)
@pytest.mark.parametrize("previews", [0, 1])
def test_a_picture_arrives_however_it_is_sent(server: ImagesServer, fault: str, previews: int) -> None:
    outcome = paint(server, f"[fault:{fault}]", previews=previews)
    assert outcome.painting, outcome.failure
    assert len(server.calls) == 1
    usage = outcome.painting.usage
    assert (usage is None) == (fault in ("no-usage", "odd-usage"))
    assert outcome.painting.revised_description == ("a fat cat" if fault.startswith("revised") else None)


def test_a_picture_is_fetched_without_the_key(server: ImagesServer) -> None:
    assert paint(server, "[fault:url absolute]").painting
    path, headers = server.fetches[0]
    assert path == "/picture.png"
    assert "authorization" not in headers
    assert not any(KEY in value for value in headers.values())


def test_a_large_picture_arrives_whole(server: ImagesServer) -> None:
    server.picture_bytes = 8_000_000
    for previews in (0, 1):
        outcome = paint(server, "x", size="1024x1024", previews=previews)
        assert outcome.painting
        assert outcome.painting.data == picture("1024x1024", "png", 3, 8_000_000, False)


# --- many at once


def test_two_hundred_paint_at_once_on_one_loop(server: ImagesServer) -> None:
    server.holding = True

    async def run() -> list[Outcome]:
        engine = engine_for(server, deadline=60.0)
        jobs = [Job(MODEL, f"picture {number}", previews=number % 3) for number in range(200)]
        tasks = [asyncio.create_task(painted(engine, job)) for job in jobs]
        await asyncio.to_thread(server.wait_until, lambda: len(server.calls) == 200)
        server.holding = False
        server.release()
        outcomes = await asyncio.gather(*tasks)
        await engine.close()
        return list(outcomes)

    outcomes = asyncio.run(run())
    assert all(outcome.painting for outcome in outcomes)
    assert server.most_at_once == 200
    assert len(server.requests) == 200
    assert sorted(call.prompt for call in server.calls) == sorted(f"picture {number}" for number in range(200))


def test_forty_downloads_at_once_all_arrive(server: ImagesServer) -> None:
    async def run() -> list[Outcome]:
        engine = engine_for(server)
        outcomes = await asyncio.gather(*(painted(engine, Job(MODEL, "[fault:url absolute]")) for _ in range(40)))
        await engine.close()
        return list(outcomes)

    assert all(outcome.painting for outcome in asyncio.run(run()))


# --- the module


def test_the_sdk_is_not_imported_before_the_first_picture() -> None:
    code = "import sys, core.engines.openai_images as e; e.OpenAIImages(base_url=None, api_key=None); "
    code += "sys.exit('openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_every_failure_reads_as_a_sentence(server: ImagesServer) -> None:
    from core.errors import explain

    for fault in ("401", "429-rate", "404-model", "400-invalid size", "413", "200-html", "200-empty", "500"):
        failure = paint(server, f"[fault:{fault}]").failure
        assert failure
        assert "…" not in explain(Reader(), failure.code, failure.params)


def test_the_server_may_close_an_idle_connection_between_two_pictures() -> None:
    """The next picture takes a new connection instead of failing on the dead one."""

    async def run() -> list[Outcome]:
        with ImagesServer() as first:
            engine = engine_for(first)
            outcomes = [await painted(engine, Job(MODEL, "one"))]
        with ImagesServer(port=first.port) as second:
            outcomes.append(await painted(engine, Job(MODEL, "two")))
            assert len(second.calls) == 1
            await engine.close()
        return outcomes

    assert all(outcome.painting for outcome in asyncio.run(run()))


def test_an_endless_answer_is_not_taken_into_memory(monkeypatch: pytest.MonkeyPatch, server: ImagesServer) -> None:
    monkeypatch.setattr("core.engines.answers.MOST_BYTES", 100_000)
    server.picture_bytes = 1_000_000
    for previews in (0, 1):
        failure = paint(server, previews=previews).failure
        assert isinstance(failure, Failed)
        assert failure.code == "answer_not_a_picture"
