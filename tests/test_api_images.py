"""OpenAI's own SDK, unchanged, at our door: generations, edits, streams, models."""

import asyncio
import base64
import io
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import openai
import pytest
from PIL import Image as Pillow
from sqlalchemy import update

from core.api import answers
from core.services import build
from core.storage.tables import IdempotencyKey, Request
from tests.api import MODEL, Api, lane_to, opened, serving, settings_with
from tests.images_server import ImagesServer
from tests.studio import insert_cast, person, until

DESCRIPTION = "a lighthouse"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("api") / "data"
    with ImagesServer() as server, opened(settings_with(folder, sqlite_template), server) as api:
        yield api


def png(mode: str = "RGB", width: int = 64) -> bytes:
    file = io.BytesIO()
    Pillow.new(mode, (width, 64)).save(file, "PNG")
    return file.getvalue()


def size_of(encoded: str | None) -> tuple[int, int]:
    return Pillow.open(io.BytesIO(base64.b64decode(encoded or ""))).size


def fetched(address: str | None) -> bytes:
    with urllib.request.urlopen(address or "", timeout=20) as answer:
        data: bytes = answer.read()
        return data


def test_a_picture_comes_as_openai_sends_one_and_hangs_in_the_gallery(api: Api) -> None:
    answer = api.client().images.generate(
        model=MODEL,
        prompt=DESCRIPTION,
        n=2,
        size="1536x1024",
        quality="low",
        background="opaque",
        output_format="webp",
        output_compression=80,
        moderation="low",
        user="somebody",
        extra_body={"complexity": "low"},
    )
    assert answer.data is not None
    assert [size_of(item.b64_json) for item in answer.data] == [(1536, 1024)] * 2
    assert (answer.size, answer.quality, answer.background) == ("1536x1024", "low", "opaque")
    assert answer.output_format == "webp"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens > 0
    assert answer._request_id
    sent = api.server.calls[-1].parameters
    assert (sent["moderation"], sent["complexity"], sent["output_compression"]) == ("low", "low", 80)
    assert sent["safety_identifier"] != "somebody"
    assert answer.safety_identifier == "somebody"
    pictures = api.services.gallery.page(person(api.cast.alice)).images
    assert {image.request.door for image in pictures[:2]} == {"api"}
    assert {image.id for image in pictures[:2]} == {item.model_dump()["id"] for item in answer.data}


def test_without_choices_the_defaults_of_openai_hold(api: Api) -> None:
    answer = api.client().images.generate(prompt=DESCRIPTION, size="auto", quality="auto", background="auto")
    assert answer.data is not None
    assert len(answer.data) == 1
    assert answer.created > 1_700_000_000
    assert api.server.calls[-1].parameters["model"] == MODEL
    assert "stream" not in api.server.calls[-1].parameters, "previews cost money, and nobody asked for any"


def test_a_usage_of_nothing_has_its_parts_too(api: Api) -> None:
    usage = api.client().images.generate(model=MODEL, prompt="[fault:zero-usage]").usage
    assert usage is not None
    assert (usage.total_tokens, usage.input_tokens_details.text_tokens) == (0, 0)


def test_null_is_as_good_as_nothing(api: Api) -> None:
    answer = api.client().images.generate(prompt=DESCRIPTION, n=None, size=None, stream=None, user="")
    assert answer.data is not None
    assert len(answer.data) == 1


def test_the_asynchronous_sdk_works_too(api: Api) -> None:
    async def both() -> list[tuple[int, int]]:
        async with openai.AsyncOpenAI(api_key=api.token, base_url=api.base_url, max_retries=0) as client:
            calls = [client.images.generate(model=MODEL, prompt=f"{DESCRIPTION} {it}") for it in range(2)]
            found = [size_of((answer.data or [])[0].b64_json) for answer in await asyncio.gather(*calls)]
            async for event in await client.images.generate(model=MODEL, prompt=DESCRIPTION, stream=True):
                found.append(size_of(event.b64_json))
            return found

    assert asyncio.run(both()) == [(1024, 1024)] * 3


def test_a_stream_has_previews_and_then_the_picture(api: Api) -> None:
    asked: dict[str, Any] = {"model": MODEL, "prompt": DESCRIPTION, "safety_identifier": "somebody", "user": "else"}
    events = list(api.client().images.generate(**asked, stream=True, partial_images=2))
    assert [event.type for event in events] == [
        *["image_generation.partial_image"] * 2,
        "image_generation.completed",
    ]
    for event in events:
        assert size_of(event.b64_json) == (1024, 1024)
        assert (event.size, event.quality, event.background) == ("1024x1024", "medium", "auto")
        assert event.output_format == "png"
    assert [event.partial_image_index for event in events[:2]] == [0, 1]
    assert events[-1].usage.total_tokens > 0
    assert events[-1].safety_identifier == "somebody"
    assert api.client().images.generate(**{**asked, "safety_identifier": ""}).safety_identifier == "else"


def test_an_edit_starts_from_pictures_and_a_mask(api: Api) -> None:
    answer = api.client().images.edit(
        model=MODEL,
        prompt=DESCRIPTION,
        image=[("../a.png", png()), ("b.png", png())],
        mask=("mask.png", png("RGBA")),
        n=1,
        size="1024x1024",
    )
    assert answer.data is not None
    call = api.server.calls[-1]
    assert [field for field, *_ in call.files] == ["image[]", "image[]", "mask"]
    assert call.files[2][3] == len(png("RGBA"))
    events = list(
        api.client().images.edit(model=MODEL, prompt=DESCRIPTION, image=("a.png", png()), stream=True, partial_images=1)
    )
    assert [event.type for event in events] == ["image_edit.partial_image", "image_edit.completed"]


def test_an_address_gives_the_picture_without_a_token_until_it_ends(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask() -> str:
        answer = api.client().images.generate(model=MODEL, prompt=DESCRIPTION, response_format="url")
        assert answer.data is not None
        assert answer.data[0].b64_json is None
        return answer.data[0].url or ""

    address = ask()
    assert Pillow.open(io.BytesIO(fetched(address))).size == (1024, 1024)
    with urllib.request.urlopen(address, timeout=20) as answer:
        assert answer.headers["cross-origin-resource-policy"] == "cross-origin", "a page of another site may show it"
        assert 3_500 < int(answer.headers["cache-control"].removeprefix("private, max-age=")) <= 3_600
    another = address.replace("/files/", "/files/1")
    longer, written = address.replace("ends=1", "ends=2"), address.replace("ends=1", "ends=01")
    monkeypatch.setattr(answers, "HOUR", -1)
    for wrong in (another, longer, written, address[:-1] + "z", address.partition("?")[0], ask()):
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetched(wrong)
        with refused.value:
            assert refused.value.code == 403
            assert b"b64" not in refused.value.read()


def test_what_came_is_answered_when_some_fail_and_says_so(api: Api) -> None:
    api.server.faults.extend(["400-moderation", "delay 0"])
    answer = api.client().images.generate(model=MODEL, prompt=DESCRIPTION, n=2)
    assert answer.data is not None
    assert len(answer.data) == 1
    (error,) = answer.model_dump()["errors"]
    assert (error["code"], error["type"]) == ("moderation_blocked", "image_generation_user_error")
    assert {error["index"], answer.data[0].model_dump()["index"]} == {0, 1}


def test_a_stream_that_fails_raises_the_sdks_error(api: Api) -> None:
    with pytest.raises(openai.APIError) as raised:
        list(api.client().images.generate(model=MODEL, prompt="[fault:400-moderation stage=output]", stream=True))
    assert raised.value.code == "moderation_blocked"
    assert isinstance(raised.value.body, dict)
    assert raised.value.body["moderation_details"]["moderation_stage"] == "output"


def test_what_the_provider_failed_at_can_be_found_at_the_provider(api: Api) -> None:
    with pytest.raises(openai.InternalServerError) as raised:
        api.client().images.generate(model=MODEL, prompt="[fault:500]")
    assert isinstance(raised.value.body, dict)
    assert raised.value.body["provider_request_id"] == api.server.requests[-1].id
    with pytest.raises(openai.BadRequestError) as refused:
        api.client().images.generate(model=MODEL, prompt="[fault:400-invalid background]")
    assert (refused.value.param, refused.value.code) == ("background", "request_refused")


def test_the_name_of_a_model_may_have_strokes_in_it(tmp_path: Path, sqlite_template: Path) -> None:
    name = "black-forest-labs/FLUX.1-schnell:latest"
    with ImagesServer() as server:
        services = build(settings_with(tmp_path / "data", sqlite_template), [lane_to(server, name)])
        token = services.tokens.make(insert_cast(services.database).alice, "test")
        with (
            serving(services) as origin,
            openai.OpenAI(api_key=token, base_url=f"{origin}/api/v1", max_retries=0) as client,
        ):
            assert client.models.retrieve(name).id == name
            assert client.images.generate(model=name, prompt=DESCRIPTION).data


def test_models_are_those_that_the_owner_may_use(api: Api) -> None:
    client = api.client()
    assert [model.id for model in client.models.list().data] == [MODEL, "gpt-image-2"]
    assert client.models.retrieve("gpt-image-2").object == "model"
    api.services.limits.set("user", str(api.cast.bob), {"models": "gpt-image-2"})
    bob = api.client(api.token_of(api.cast.bob))
    assert [model.id for model in bob.models.list().data] == ["gpt-image-2"]
    asking = urllib.request.Request(
        f"{api.origin}/api/openapi.json", headers={"Authorization": f"Bearer {api.token_of(api.cast.bob)}"}
    )
    with urllib.request.urlopen(asking) as answer:
        body = json.load(answer)["paths"]["/api/v1/images/generations"]["post"]["requestBody"]
    (schema,) = body["content"]["application/json"]["schema"]["anyOf"]
    assert schema["properties"]["model"]["enum"] == ["gpt-image-2", None]
    assert bob.images.generate(prompt=DESCRIPTION).data, "the first that may be used is the one that is meant"
    for name in (MODEL, "nothing", "a/b", "%00"):
        with pytest.raises(openai.NotFoundError):
            bob.models.retrieve(name)
    with pytest.raises(openai.PermissionDeniedError) as raised:
        bob.images.generate(model=MODEL, prompt=DESCRIPTION)
    assert (raised.value.code, raised.value.param) == ("model_not_allowed", "model")


def test_whoever_hangs_up_loses_nothing_and_finds_it_by_the_same_key(api: Api) -> None:
    api.server.holding = True
    before = len(api.server.requests)
    call: dict[str, Any] = {"model": MODEL, "prompt": "held", "extra_headers": {"Idempotency-Key": "hang-up"}}
    try:
        with pytest.raises(openai.APITimeoutError):
            api.client(timeout=1.0).images.generate(**call)
        api.server.wait_until(lambda: len(api.server.calls) > 0 and api.server.calls[-1].prompt == "held")
    finally:
        api.server.holding = False
        api.server.release()
    answer = api.client().images.generate(**call)
    assert answer.data is not None
    assert size_of(answer.data[0].b64_json) == (1024, 1024)
    assert len(api.server.requests) == before + 1


def test_an_answer_may_be_asked_for_later(api: Api) -> None:
    client = api.client()
    raw = client.images.with_raw_response.generate(
        model=MODEL, prompt=DESCRIPTION, extra_headers={"Prefer": "wait=5, respond-async"}
    )
    assert raw.http_response.status_code == 202
    assert raw.headers["preference-applied"] == "respond-async"
    place = raw.headers["location"].removeprefix("/api/v1")

    def request() -> Any:
        return client.get(place, cast_to=object)

    until(lambda: request()["status"] == "done")
    (picture,) = request()["pictures"]
    content = client.get(
        picture["content"].removeprefix("/api/v1"), cast_to=openai._legacy_response.HttpxBinaryResponseContent
    )
    assert Pillow.open(io.BytesIO(content.content)).size == (1024, 1024)


def test_a_broken_connection_to_the_provider_ends_the_wait(api: Api) -> None:
    try:
        with pytest.raises(openai.InternalServerError) as raised:
            api.client(max_retries=2).images.generate(model=MODEL, prompt="[fault:401]")
        assert raised.value.code == "line_stopped"
        assert raised.value.status_code == 503
        pictures = api.services.gallery.page(person(api.cast.alice)).images
        assert "[fault:401]" not in {picture.request.description for picture in pictures}
    finally:
        api.services.worker.line.resume("openai")
    records, _ = api.services.records.page(api.cast.alice, None, 1)
    assert (records[0].state, records[0].request.description) == ("cancelled", "[fault:401]")


def test_a_key_of_yesterday_is_a_new_one(api: Api) -> None:
    call: dict[str, Any] = {"model": MODEL, "prompt": "twice", "extra_headers": {"Idempotency-Key": "yesterday"}}
    first = api.client().images.generate(**call).model_dump()["request_id"]
    with api.services.database.write() as session:
        session.execute(
            update(IdempotencyKey).values(created_at=api.services.database.now(session) - timedelta(hours=24))
        )
        session.execute(update(Request).where(Request.id == first).values(description="old"))
    assert api.client().images.generate(**call).model_dump()["request_id"] != first
