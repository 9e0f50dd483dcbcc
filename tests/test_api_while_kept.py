"""A picture goes out while it is being kept; its answer is whole when its row says that it is."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.studio.records import Picture
from tests.api import MODEL, Api, opened, settings_with
from tests.images_server import ImagesServer
from tests.patience import SECONDS
from tests.studio import until

CALL: dict[str, Any] = {"model": MODEL, "prompt": "a lighthouse"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("api") / "data"
    with ImagesServer() as server, opened(settings_with(folder, sqlite_template), server) as api:
        yield api


@pytest.fixture
def disk(api: Api, monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Nothing is kept before it is set."""
    free, keep = threading.Event(), api.services.worker.pictures.keep

    def kept(*arguments: Any) -> dict[str, Any]:
        free.wait(SECONDS)
        return keep(*arguments)

    monkeypatch.setattr(api.services.worker.pictures, "keep", kept)
    return free


def newest(api: Api) -> Picture:
    records, _ = api.services.records.page(api.cast.alice, None, 1)
    return records[0].images[0]


def test_a_picture_goes_out_while_it_is_being_kept_and_ends_when_it_is(api: Api, disk: threading.Event) -> None:
    with api.client().images.with_streaming_response.generate(**CALL) as response:
        pieces = response.iter_bytes()
        begun = b""
        while len(begun) < 100:
            begun += next(pieces)
        assert newest(api).state == "running"
        disk.set()
        answer = json.loads(begun + b"".join(pieces))
    image, (record,) = newest(api), api.services.records.page(api.cast.alice, None, 1)[0]
    (picture,) = answer["data"]
    assert (image.state, picture["id"], picture["index"]) == ("done", image.id, 0)
    assert (answer["request_id"], answer["size"]) == (record.request.id, "1024x1024")
    assert answer["usage"]["total_tokens"] == (image.usage or {})["total_tokens"]


def test_whoever_hangs_up_while_it_is_being_kept_loses_nothing(api: Api, disk: threading.Event) -> None:
    with api.client().images.with_streaming_response.generate(**CALL) as response:
        next(response.iter_bytes())
    disk.set()
    until(lambda: newest(api).state == "done")
    assert api.services.files.exists(newest(api).image_url or "")


def test_a_picture_that_cannot_be_kept_is_answered_all_the_same_with_an_error(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> dict[str, Any]:
        raise ValueError

    monkeypatch.setattr(api.services.worker.pictures, "keep", broken)
    calls = len(api.server.calls)
    answer = api.client(max_retries=2).images.generate(**CALL).model_dump()
    assert answer["data"][0]["b64_json"]
    assert [error["index"] for error in answer["errors"]] == [0]
    assert (newest(api).state, newest(api).problem) == ("failed", "not_stored")
    assert len(api.server.calls) == calls + 1, "it is not ordered once more"


def test_a_fault_of_ours_behind_a_picture_is_told_and_the_picture_not_ordered_again(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(api.services.records, "one", broken)
    calls = len(api.server.calls)
    answer = api.client(max_retries=2).images.generate(**CALL).model_dump()
    assert answer["data"][0]["b64_json"]
    assert [error["index"] for error in answer["errors"]] == [0]
    assert len(api.server.calls) == calls + 1
