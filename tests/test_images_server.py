"""The test server itself: a provider that miscounts would prove nothing."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import requests

from tests import images_faults
from tests.images_api import picture
from tests.images_server import KEY, ImagesServer
from tests.patience import SECONDS


@pytest.fixture
def server() -> Iterator[ImagesServer]:
    with ImagesServer() as server:
        yield server


def post(server: ImagesServer, **body: Any) -> requests.Response:
    return requests.post(
        f"{server.base_url}/images/generations",
        json={"model": "gpt-image-2.6-flare", "prompt": "a cat", **body},
        headers={"Authorization": f"Bearer {KEY}"},
        timeout=SECONDS,
    )


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"model": "gpt-image-1"}, 404, "model_not_found"),
        ({"model": "dall-e-3"}, 404, "model_not_found"),
        ({"prompt": ""}, 400, "missing_required_parameter"),
        ({"prompt": "x" * 32_001}, 400, "string_above_max_length"),
        ({"response_format": "b64_json"}, 400, "unknown_parameter"),
        ({"quality": "best"}, 400, "invalid_value"),
        ({"model": "gpt-image-2", "quality": "max"}, 400, "invalid_value"),
        ({"size": "1000x1000"}, 400, "invalid_value"),
        ({"size": "16x16"}, 400, "invalid_value"),
        ({"n": 11}, 400, "invalid_value"),
        ({"n": "2"}, 400, "invalid_value"),
        ({"n": None}, 400, "invalid_value"),
        ({"output_compression": 101}, 400, "invalid_value"),
        ({"stream": True, "output_format": "svg"}, 400, "invalid_value"),
        ({"background": "transparent", "output_format": "jpeg"}, 400, "invalid_value"),
    ],
)
def test_it_refuses_what_openai_refuses_and_bills_nothing(
    server: ImagesServer, body: dict[str, Any], status: int, code: str
) -> None:
    answer = post(server, **body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert len(server.requests) == 1
    assert server.calls == []


def test_the_sdk_lists_models_and_paints_with_it(server: ImagesServer) -> None:
    with openai.OpenAI(base_url=server.base_url, api_key=KEY, max_retries=0) as client:
        assert "gpt-image-2.6-flare" in {model.id for model in client.models.list()}
        answer = client.images.generate(model="gpt-image-2.6-flare", prompt="a cat", n=3, quality="low")
        assert answer.data
        assert len(answer.data) == 3
        assert answer.usage
        assert answer.usage.output_tokens == 3 * 196
        events = list(client.images.generate(model="gpt-image-2", prompt="x", stream=True, partial_images=2))
        assert [event.type.rpartition(".")[2] for event in events] == ["partial_image", "partial_image", "completed"]


def test_a_reference_that_is_no_picture_is_refused(server: ImagesServer) -> None:
    with openai.OpenAI(base_url=server.base_url, api_key=KEY, max_retries=0) as client:
        with pytest.raises(openai.BadRequestError):
            client.images.edit(model="gpt-image-2", prompt="x", image=("a.png", b"words", "image/png"))
        data = picture("64x64", "png", 0, 0, False)
        client.images.edit(
            model="gpt-image-2", prompt="x", image=[("a.png", data), ("b.png", data)], mask=("m.png", data)
        )
    assert [name for name, *_ in server.calls[0].files] == ["image[]", "image[]", "mask"]


def test_the_limit_per_minute_counts_pictures(server: ImagesServer) -> None:
    server.images_per_minute = 5
    assert [post(server, n=count).status_code for count in (4, 2, 1, 1)] == [200, 429, 200, 429]
    server.window = 0.0
    assert post(server).status_code == 200


def test_a_fault_is_queued_marked_or_counted(server: ImagesServer) -> None:
    server.faults.append("429-rate")
    assert [post(server).status_code for _ in range(2)] == [429, 200]
    marked = "[fault:500 times=2]"
    assert [post(server, prompt=marked).status_code for _ in range(3)] == [500, 500, 200]
    assert len(server.calls) == 4


def test_every_fault_has_a_name_and_a_misspelled_one_is_noticed() -> None:
    for name in images_faults.BEHAVIOURS.keys() | images_faults.REFUSALS.keys():
        assert images_faults.parse(name + " argument option=1").name == name
    with pytest.raises(ValueError, match="no such fault"):
        images_faults.parse("429-rat")


def test_padding_leaves_a_picture_a_picture() -> None:
    import io

    from PIL import Image

    for kind in ("png", "jpeg", "webp"):
        data = picture("64x64", kind, 0, 3_000_000, False)
        assert len(data) >= 3_000_000
        with Image.open(io.BytesIO(data)) as image:
            image.load()
            assert image.size == (64, 64)


def test_calls_are_held_until_they_are_released(server: ImagesServer) -> None:
    server.holding = True

    async def run() -> None:
        async with openai.AsyncOpenAI(base_url=server.base_url, api_key=KEY, max_retries=0) as client:
            calls = [asyncio.create_task(client.images.generate(model="gpt-image-2", prompt="x")) for _ in range(3)]
            await asyncio.to_thread(server.wait_until, lambda: len(server.calls) == 3)
            assert not any(call.done() for call in calls)
            server.release()
            await asyncio.gather(*calls)

    asyncio.run(run())
    assert server.most_at_once == 3


def test_the_bill_outlives_a_client_that_is_killed(tmp_path: Path) -> None:
    bill = tmp_path / "bill"
    command = [sys.executable, "-m", "tests.images_server", "--bill", str(bill), "--delay", "0.5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout
        base_url = server.stdout.readline().strip()
        paint = (
            f"import requests; requests.post('{base_url}/images/generations', json={{'model': 'gpt-image-2',"
            f" 'prompt': 'a cat'}}, headers={{'Authorization': 'Bearer {KEY}'}}, timeout={SECONDS})"
        )
        with subprocess.Popen([sys.executable, "-c", paint]) as client:
            while not (bill.exists() and bill.read_text().endswith("\n")):
                assert client.poll() is None
            client.kill()
        calls: list[dict[str, Any]] = []
        while not calls or calls[0]["ended"] is None:
            answer = requests.get(base_url.replace("/v1", "/_bill"), timeout=SECONDS).json()
            calls = answer["calls"]
        assert (len(calls), answer["requests"]) == (1, 1)
        assert calls[0]["prompt"] == "a cat"
        assert calls[0]["stayed"] is False
        server.send_signal(signal.SIGINT)
        assert server.wait(SECONDS) == 0
    assert [json.loads(line)["prompt"] for line in bill.read_text().splitlines()] == ["a cat"]
