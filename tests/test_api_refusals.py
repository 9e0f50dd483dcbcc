"""What the API refuses, in which words; that nothing breaks it; and its document."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from core import start
from core.accounts.tokens import READ
from core.api.openapi import document
from core.api.operations import OPERATIONS
from core.engines.base import Failed, Painting
from core.services import Services, build
from core.settings import Settings
from core.storage.tables import Reference
from tests.patience import until
from tests.studio import Cast, FakeEngine, insert_cast, lane_of, picture

GENERATIONS, EDITS = "/api/v1/images/generations", "/api/v1/images/edits"
ENGINE = FakeEngine()


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    folder = tmp_path_factory.mktemp("refusals")
    settings = Settings.load(_env_file=None, IMAGIER_DATA_DIR=folder, IMAGIER_CORS_ORIGINS="https://ours.example")
    return build(settings, [lane_of(ENGINE)])


@pytest.fixture(scope="module")
def cast(services: Services) -> Cast:
    return insert_cast(services.database)


@pytest.fixture(scope="module")
def client(services: Services, cast: Cast) -> Iterator[TestClient]:
    app = Starlette(
        routes=start.routes(services), middleware=start.middleware(services), lifespan=start.lifespan(services)
    )
    token = services.tokens.make(cast.alice, "test")
    with TestClient(app, raise_server_exceptions=False, headers={"Authorization": f"Bearer {token}"}) as client:
        yield client


def error(answer: Any) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()["error"]
    assert {"message", "type", "param", "code"} <= set(found)
    assert answer.headers["x-request-id"]
    return found


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({"prompt": "a", "foo": 1}, "unknown_parameter", "foo"),
        ({"prompt": "a", "foo": None}, "unknown_parameter", "foo"),
        ({"prompt": "a", "": 1}, "unknown_parameter", ""),
        ({"prompt": "a", "style": "vivid"}, "invalid_value", "style"),
        ({"prompt": "a", "svg": {"model": "x"}}, "invalid_value", "svg"),
        ({"prompt": "a", "size": ""}, "invalid_value", "size"),
        ({"prompt": "a", "size": "1920x1080"}, "invalid_value", "size"),
        ({}, "missing_required_parameter", "prompt"),
        ({"prompt": " \x00"}, "missing_required_parameter", "prompt"),
        ({"prompt": 1}, "invalid_type", "prompt"),
        ({"prompt": "a", "n": True}, "invalid_type", "n"),
        ({"prompt": "a", "n": 1.5}, "invalid_type", "n"),
        ({"prompt": "a", "n": 0}, "integer_below_min_value", "n"),
        ({"prompt": "a", "n": 10**40}, "integer_above_max_value", "n"),
        ({"prompt": "a", "stream": "true"}, "invalid_type", "stream"),
        ({"prompt": "a", "quality": "hd"}, "invalid_value", "quality"),
        ({"prompt": "a", "output_format": "gif"}, "invalid_value", "output_format"),
        ({"prompt": "a", "background": "transparent", "output_format": "jpeg"}, "invalid_value", "background"),
        ({"prompt": "a", "response_format": "xml"}, "invalid_value", "response_format"),
        ({"prompt": "x" * 32_001}, "string_above_max_length", "prompt"),
    ],
)
def test_what_is_wrong_is_named(client: TestClient, body: dict[str, Any], code: str, param: str) -> None:
    answer = client.post(GENERATIONS, json=body)
    assert answer.status_code == 400
    assert (error(answer)["code"], error(answer)["param"]) == (code, param)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"nonsense",
        b"[1]",
        b"null",
        b"[" * 100_000,
        b"\xff\xfe",
        b'{"n":' + b"9" * 9_000 + b"}",
        b'{"n":NaN}',
        b'{"prompt":"\xff"}',
    ],
)
def test_a_broken_body_is_a_400(client: TestClient, body: bytes) -> None:
    answer = client.post(GENERATIONS, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert error(answer)["code"] == "invalid_json"


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"[" * 100_000, "it is nested too deeply"),
        (b'{"n":' + b"9" * 9_000 + b"}", "a number has 9000 digits"),
        (b'{"prompt":"\xff"}', "its byte 11 is no text in UTF-8"),
        (b'{"prompt":"a","prompt":"b"}', "“prompt” stands there twice"),
    ],
)
def test_a_broken_body_is_told_what_breaks_it(client: TestClient, body: bytes, says: str) -> None:
    answer = client.post(GENERATIONS, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert says in error(answer)["message"]


def test_a_body_of_the_wrong_type_or_size_is_refused(client: TestClient) -> None:
    assert client.post(GENERATIONS, content=b"prompt=a").status_code == 415
    assert client.post(EDITS, json={"prompt": "a"}).status_code == 415
    large = b'{"prompt": "' + b"x" * (1 << 20) + b'"}'
    answer = client.post(GENERATIONS, content=large, headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    chunked = client.post(GENERATIONS, content=iter([large, large]), headers={"Content-Type": "application/json"})
    assert chunked.status_code == 413
    for coding, status in (("gzip", 415), ("identity, br", 415), ("Identity", 200)):
        packed = client.post(GENERATIONS, json={"prompt": "a"}, headers={"Content-Encoding": coding})
        assert packed.status_code == status
        assert packed.headers.get("accept-encoding") == ("identity" if status == 415 else None)


@pytest.mark.parametrize("text", ["\ud800 half", "\x00 nul", "\u202e right to left", "🎨" * 100, "<script>"])
def test_any_text_is_a_description(client: TestClient, text: str) -> None:
    answer = client.post(
        GENERATIONS, content=json.dumps({"prompt": text}), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 200


def test_an_upload_is_checked_as_on_the_page(client: TestClient) -> None:
    def code(*files: tuple[str, tuple[str, bytes, str]], **data: str) -> tuple[int, str]:
        answer = client.post(EDITS, data={"prompt": "a", **data}, files=list(files))
        return answer.status_code, error(answer)["code"]

    good = ("image", ("a.png", picture(64, 64), "image/png"))
    assert code(("image", ("a.txt", b"words", "image/png"))) == (415, "invalid_image_file")
    assert code(("image", ("a.png", picture(64, 64)[:60], "image/png"))) == (400, "invalid_image_file")
    assert code(*[good] * 17) == (400, "too_many_references")
    assert code(good, ("mask", ("m.png", picture(64, 64), "image/png"))) == (400, "invalid_image_file")
    assert code(good, ("prompt", ("p.txt", b"a", "text/plain"))) == (400, "invalid_type")
    assert code(good, moderation="low") == (400, "unknown_parameter")
    assert code(good, ("markup", ("m.png", picture(64, 64), "image/png"))) == (400, "invalid_value")
    assert code(good, ("foo", ("m.png", picture(64, 64), "image/png"))) == (400, "unknown_parameter")
    assert code(good, **{"svg[model]": "x"}) == (400, "invalid_value")
    assert code(good, n="9" * 30) == (400, "integer_above_max_value")
    assert code(("mask", ("m.png", picture(64, 64), "image/png"))) == (400, "missing_required_parameter")
    twice = client.post(EDITS, files=[good, ("prompt", (None, b"a")), ("prompt", (None, b"b"))])
    assert (error(twice)["code"], error(twice)["param"]) == ("duplicate_parameter", "prompt")
    assert "at most 32,000" in error(client.post(EDITS, data={"prompt": "é" * 200_000}, files=[good]))["message"]
    broken = client.post(EDITS, content=b"--x\r\nno", headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert broken.status_code == 400


def test_an_edit_may_start_from_a_picture_of_ones_own_by_its_id(
    client: TestClient, services: Services, cast: Cast
) -> None:
    ENGINE.otherwise = (Painting(picture(64, 64)),)
    made = client.post(GENERATIONS, json={"prompt": "a square"}).json()["data"][0]["id"]

    def sent(field: str, value: bytes, **headers: str) -> Any:
        form = {field: (None, value), "prompt": (None, b"again")}
        return client.post(EDITS, files=form, headers=headers)

    answer = sent("image", str(made).encode())
    assert answer.status_code == 200
    assert ENGINE.jobs[-1].references[0].data == picture(64, 64)
    with services.database.read() as session:
        reference = session.scalars(select(Reference).order_by(Reference.id.desc())).first()
    assert reference is not None
    assert reference.image_id == made
    assert sent("image[]", picture(32, 32)).status_code == 200, "a file whose sender gave it no name is a file"
    bobs = services.tokens.make(cast.bob, "bob's")
    for value in (b"999999", "tree 🌳".encode(), b"9" * 40, b"-1"):
        assert (sent("image", value).status_code, error(sent("image", value))["param"]) == (404, "image")
    assert sent("image", str(made).encode(), Authorization=f"Bearer {bobs}").status_code == 404
    assert sent("image", b"\xff\xfe no picture and no text").status_code == 415
    assert sent("image", b"").status_code == 415
    itself: tuple[None, bytes] = (None, str(made).encode())
    masked = client.post(EDITS, files=[("image", itself), ("mask", itself), ("prompt", (None, b"a"))])
    assert (masked.status_code, error(masked)["param"]) == (400, "mask")

    once = {"Idempotency-Key": "its start goes"}
    first = sent("image", str(made).encode(), **once)
    assert client.delete(f"/api/v1/pictures/{made}").status_code == 200
    assert sent("image", str(made).encode(), **once).content == first.content, "what it started from may be gone"
    assert sent("image", str(made).encode()).status_code == 404
    assert sent("image", picture(64, 64), **once).status_code == 409


def test_the_words_are_in_the_language_of_the_caller(client: TestClient) -> None:
    answer = client.post(GENERATIONS, json={"prompt": "a", "foo": 1}, headers={"Accept-Language": "de, fr;q=0.9"})
    assert error(answer)["message"].startswith("Paramètre inconnu")


def test_who_may_not_is_told_so(client: TestClient, services: Services, cast: Cast) -> None:
    reading = {"Authorization": f"Bearer {services.tokens.make(cast.alice, 'reading', (READ,))}"}
    answer = client.post(GENERATIONS, json={"prompt": "a"}, headers=reading)
    assert (answer.status_code, error(answer)["code"]) == (403, "insufficient_permissions")
    assert answer.headers["x-ratelimit-limit-requests"], "a call that was counted says how many are left"
    assert client.get("/api/v1/models", headers=reading).status_code == 200
    for value in ("", "Bearer", "Basic abc", "Bearer imagier_unknown"):
        refused = client.get("/api/v1/models", headers={"Authorization": value})
        assert (refused.status_code, error(refused)["code"]) == (401, "invalid_api_key")


def test_a_token_with_too_many_calls_is_told_when_it_may_go_on(
    client: TestClient, services: Services, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.tokens, "_per_minute", 3)
    hasty = {"Authorization": f"Bearer {services.tokens.make(cast.alice, 'hasty')}"}
    answers = [client.get("/api/v1/usage", headers=hasty) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    pace = [[answer.headers[f"x-ratelimit-{name}-requests"] for name in ("limit", "remaining")] for answer in answers]
    assert pace == [["3", "2"], ["3", "1"], ["3", "0"], ["3", "0"]]
    resets = [int(answer.headers["x-ratelimit-reset-requests"].removesuffix("ms")) for answer in answers]
    assert all(55_000 < reset <= 60_000 for reset in resets[2:]), "until it has all of them again"
    assert 0 < int(answers[3].headers["retry-after"]) <= 20


def test_a_limit_says_how_much_and_when(client: TestClient, services: Services, cast: Cast) -> None:
    services.limits.set("user", str(cast.bob), {"pictures-per-day": "1"})
    bob = {"Authorization": f"Bearer {services.tokens.make(cast.bob, 'bob')}"}
    answer = client.post(GENERATIONS, json={"prompt": "a", "n": 2}, headers=bob)
    assert answer.status_code == 429
    details = error(answer)["details"]
    assert {name: details[name] for name in ("limit", "used", "left", "needed")} == {
        "limit": 1, "used": 0, "left": 1, "needed": 2,
    }  # fmt: skip
    assert 0 < int(answer.headers["retry-after"]) <= 86_400
    assert int(answer.headers["x-ratelimit-remaining-requests"]) < int(answer.headers["x-ratelimit-limit-requests"])
    assert answer.headers["x-should-retry"] == "false", "two never fit into one"
    limits = client.get("/api/v1/limits", headers=bob).json()["data"]
    assert [limit["kind"] for limit in limits] == ["pictures-per-day"]
    assert client.post(GENERATIONS, json={"prompt": "a"}, headers=bob).status_code == 200
    answer = client.post(GENERATIONS, json={"prompt": "a"}, headers=bob)
    assert (answer.status_code, answer.headers.get("x-should-retry")) == (429, None), "tomorrow it does"
    assert answer.headers["retry-after"]
    services.limits.set("user", str(cast.bob), {"pictures-per-day": "none", "pictures-at-once": "2"})
    answer = client.post(GENERATIONS, json={"prompt": "a", "n": 3}, headers=bob)
    assert (answer.status_code, answer.headers["x-should-retry"]) == (429, "false")
    services.limits.set("user", str(cast.bob), {"pictures-at-once": "none", "quality": "low", "size": "1024x1024"})
    for choice, value in (("quality", "high"), ("size", "1536x1024")):
        answer = client.post(GENERATIONS, json={"prompt": "a", "quality": "low", choice: value}, headers=bob)
        assert answer.status_code == 403
        assert (error(answer)["code"], error(answer)["param"]) == ("choice_not_allowed", choice)
    limits = client.get("/api/v1/limits", headers=bob).json()["data"]
    assert [(it["kind"], it["limit"], it["unit"]) for it in limits] == [
        ("quality", "low", "choice"),
        ("size", "1024x1024", "choice"),
    ]


def test_twenty_calls_with_one_key_are_one_order(client: TestClient, services: Services) -> None:
    before = len(ENGINE.jobs)

    def call(_: int) -> int:
        answer = client.post(GENERATIONS, json={"prompt": "once"}, headers={"Idempotency-Key": "twenty"})
        assert answer.status_code == 200
        found: int = answer.json()["request_id"]
        return found

    with ThreadPoolExecutor(20) as pool:
        assert len(set(pool.map(call, range(20)))) == 1
    assert len(ENGINE.jobs) == before + 1
    other = client.post(GENERATIONS, json={"prompt": "other"}, headers={"Idempotency-Key": "twenty"})
    assert (other.status_code, error(other)["code"]) == (409, "idempotency_mismatch")


def test_twenty_tries_with_one_key_are_one_more_order(client: TestClient) -> None:
    ENGINE.on("fails", Failed("provider_failed", {"detail": "no"}))
    assert client.post(GENERATIONS, json={"prompt": "fails"}).status_code == 502
    failed = client.get("/api/v1/requests?limit=1").json()["data"][0]["id"]
    before = len(ENGINE.jobs)

    def again(_: int) -> int:
        return client.post(f"/api/v1/requests/{failed}/retry", headers={"Idempotency-Key": "again"}).status_code

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(again, range(20))) == {200}
    until(lambda: client.get(f"/api/v1/requests/{failed}").json()["status"] == "failed", "the end of the try")
    assert again(0) == 200, "and does not order it a third time"
    assert len(ENGINE.jobs) == before + 1
    other: dict[str, Any] = {"json": {"may_be_billed_again": True}, "headers": {"Idempotency-Key": "again"}}
    assert client.post(f"/api/v1/requests/{failed}/retry", **other).status_code == 409
    assert client.post("/api/v1/requests/999999/retry", headers={"Idempotency-Key": "nothing"}).status_code == 404


def test_a_call_that_is_repeated_when_its_picture_is_deleted_finds_nothing(client: TestClient) -> None:
    call: dict[str, Any] = {"json": {"prompt": "short"}, "headers": {"Idempotency-Key": "deleted since"}}
    made = client.post(GENERATIONS, **call).json()["data"][0]["id"]
    assert client.delete(f"/api/v1/pictures/{made}").status_code == 200
    answer = client.post(GENERATIONS, **call)
    assert (answer.status_code, error(answer)["code"]) == (404, "picture_deleted")


def test_ones_own_are_listed_searched_and_deleted_and_nobody_elses(
    client: TestClient, services: Services, cast: Cast
) -> None:
    for description in ("a red boat", "a blue boat", "a tree"):
        assert client.post(GENERATIONS, json={"prompt": description}).status_code == 200
    found = client.get("/api/v1/pictures", params={"q": "boat", "limit": 1}).json()
    assert (found["has_more"], found["data"][0]["prompt"]) == (True, "a blue boat")
    rest = client.get("/api/v1/pictures", params={"q": "boat", "after": found["last_id"]}).json()
    assert [one["prompt"] for one in rest["data"]] == ["a red boat"]
    address = f"/api/v1/pictures/{found['last_id']}"
    assert client.get(address + "/content").headers["content-type"] == "image/png"
    request = f"/api/v1/requests/{found['data'][0]['request_id']}"
    stranger = {"Authorization": f"Bearer {services.tokens.make(cast.ada, 'ada')}"}
    for method, path in (("GET", address), ("GET", address + "/content"), ("DELETE", address), ("GET", request)):
        assert client.request(method, path, headers=stranger).status_code == 404
    assert client.post(request + "/cancel").status_code == 409
    assert client.post(request + "/retry").status_code == 409
    assert client.delete(address).json()["deleted"] is True
    for method in ("GET", "DELETE"):
        assert client.request(method, address).status_code == 404
    assert client.get(request).json()["pictures"][0]["content"] is None
    assert client.get("/api/v1/usage").json()["data"][0]["pictures"] >= 3


def test_everything_else_is_refused_in_the_same_shape(client: TestClient) -> None:
    assert error(client.get("/api/v1/nothing"))["code"] == "no_such_route"
    answer = client.delete("/api/v1/models")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")
    for query, code in (
        ("limit=0", "integer_below_min_value"),
        ("limit=-1", "integer_below_min_value"),
        ("limit=101", "integer_above_max_value"),
        ("after=" + "9" * 40, "integer_above_max_value"),
        ("limit=x", "invalid_type"),
        ("limit=1e1", "invalid_type"),
        ("after=", "invalid_type"),
        ("foo=1", "unknown_parameter"),
        ("limit=1&limit=2", "duplicate_parameter"),
    ):
        answer = client.get(f"/api/v1/requests?{query}")
        assert (answer.status_code, error(answer)["code"]) == (400, code)
    for method in ("GET", "POST", "OPTIONS", "FOO"):
        for path in ("/api", "/api/", "/api/v1"):
            assert error(client.request(method, path))["code"] == "no_such_route"
    for path in ("/api/docs", "/api/openapi.json"):
        answer = client.post(path)
        assert (answer.status_code, answer.headers["allow"], error(answer)["code"]) == (
            *(405, "GET, HEAD"),
            "method_not_allowed",
        )
    assert error(client.get("http://testserver//api/v1/models"))["code"] == "no_such_route"
    for path in ("/api", "/api/v1/models", "/api/v1/nothing", "/s/nothing"):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(path):
            pass
    for number in ("0", "abc", str(2**63), "9" * 40):
        assert client.get(f"/api/v1/requests/{number}").status_code == 404
    for path in ("/api/v1/models/a%0Ab", "/api/v1/pictures/%0A", "/api/%0D%0A"):
        assert client.get(path).status_code == 404
        assert error(client.get(path))["code"]


def test_only_a_site_that_was_named_may_call_from_a_browser(client: TestClient) -> None:
    for origin, allowed in (("https://ours.example", "https://ours.example"), ("https://evil.example", None)):
        answer = client.get("/api/v1/models", headers={"Origin": origin})
        assert answer.headers.get("access-control-allow-origin") == allowed
        assert "x-should-retry" in answer.headers["access-control-expose-headers"], "or an SDK orders it twice"


def test_the_document_names_every_operation_and_the_page_loads_nothing(client: TestClient) -> None:
    found = client.get("/api/openapi.json", headers={"Authorization": ""}).json()
    assert found["openapi"].startswith("3.1")
    spending = found["paths"]["/api/v1/images/generations"]["post"]["responses"]
    assert "Retry-After" in spending["429"]["headers"]
    assert "x-ratelimit-reset-requests" in spending["200"]["headers"]
    assert spending["202"]["links"]["cancelRequest"]["parameters"] == {"id": "$response.body#/id"}
    named = {(method.upper(), path) for path, methods in found["paths"].items() for method in methods}
    assert named == {(operation.method, operation.address) for operation in OPERATIONS}
    assert ("GET", "/api/v1/models/{id}") in named
    assert found["components"] == json.loads(json.dumps(document([])["components"]))
    page = client.get("/api/docs?from=elsewhere", headers={"Accept-Language": "fr"})
    assert "L’API d’Imagier" in page.text
    assert "src=" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
