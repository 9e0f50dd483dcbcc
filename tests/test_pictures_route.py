"""/pictures/…: who gets which bytes, under which headers."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from core.api.auth import COOKIE
from core.members.members import Members
from core.services import Services
from core.settings import Settings
from core.storage.tables import Image
from core.studio.pictures import preview_key
from tests.browser.cast import WORKER, Cast, Somebody
from tests.studio import picture

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>'
VARIANTS = ("original", "320", "640")


@pytest.fixture
def client(doors: tuple[Services, TestClient]) -> TestClient:
    return doors[1]


@pytest.fixture
def cast(doors: tuple[Services, TestClient], settings: Settings) -> Iterator[Cast]:
    cast = Cast(settings.data_dir)
    yield cast
    cast.close()


@pytest.fixture
def alice(cast: Cast) -> Somebody:
    return cast.join("Alice")


@pytest.fixture
def ada(cast: Cast) -> Somebody:
    return cast.join("Ada", "admin")


@pytest.fixture
def data() -> bytes:
    return picture(900, 600)


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_owner_and_an_administrator_get_it_and_nobody_else(
    client: TestClient, cast: Cast, alice: Somebody, ada: Somebody, data: bytes, variant: str
) -> None:
    (image_id,) = cast.hang(alice, data)
    address, bob = f"/pictures/{image_id}/{variant}", cast.join("Bob")
    assert client.get(address, headers=cast.cookie(alice)).status_code == 200
    assert client.get(address, headers=cast.cookie(ada)).status_code == 200
    assert client.get(address).status_code == 401
    assert client.get(address, headers={"Cookie": f"{COOKIE}=nonsense"}).status_code == 401
    foreign, missing = (client.get(one, headers=cast.cookie(bob)) for one in (address, f"/pictures/99999/{variant}"))
    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content
    assert {**foreign.headers, "x-request-id": ""} == {**missing.headers, "x-request-id": ""}


def test_the_original_is_the_very_bytes(client: TestClient, cast: Cast, alice: Somebody, data: bytes) -> None:
    (image_id,) = cast.hang(alice, data)
    answer = client.get(f"/pictures/{image_id}/original", headers=cast.cookie(alice))
    assert answer.content == data
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-length"] == str(len(data))
    assert "content-disposition" not in answer.headers
    saved = client.get(f"/pictures/{image_id}/original?download", headers=cast.cookie(alice))
    assert saved.headers["content-disposition"] == f'attachment; filename="imagier-{image_id}.png"'


@pytest.mark.parametrize(("kind", "media_type"), [("PNG", "image/png"), ("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_the_type_is_that_of_the_bytes(
    client: TestClient, cast: Cast, alice: Somebody, kind: str, media_type: str
) -> None:
    (image_id,) = cast.hang(alice, picture(400, 300, kind))
    headers = cast.cookie(alice)
    assert client.get(f"/pictures/{image_id}/original", headers=headers).headers["content-type"] == media_type
    assert client.get(f"/pictures/{image_id}/320", headers=headers).headers["content-type"] == "image/webp"


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_browser_keeps_it_for_ever_and_for_itself(
    client: TestClient, cast: Cast, alice: Somebody, data: bytes, variant: str
) -> None:
    (image_id,) = cast.hang(alice, data)
    address, headers = f"/pictures/{image_id}/{variant}", cast.cookie(alice)
    answer = client.get(address, headers=headers)
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    tag = answer.headers["etag"]
    again = client.get(address, headers={**headers, "If-None-Match": tag})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert client.get(address, headers={**headers, "If-None-Match": '"other"'}).status_code == 200
    assert client.get(address, headers={**headers, "If-None-Match": f'W/"x", {tag}'}).status_code == 304
    assert client.get(address, headers={"If-None-Match": tag}).status_code == 401


def test_nothing_that_is_refused_is_kept(client: TestClient, cast: Cast, alice: Somebody) -> None:
    assert client.get("/pictures/1/original").headers["cache-control"] == "no-store"
    assert client.get("/pictures/1/original", headers=cast.cookie(alice)).headers["cache-control"] == "no-store"


def test_an_svg_is_never_shown_as_a_page(client: TestClient, cast: Cast, alice: Somebody) -> None:
    (image_id,) = cast.hang(alice, SVG)
    for variant in VARIANTS:
        answer = client.get(f"/pictures/{image_id}/{variant}", headers=cast.cookie(alice))
        assert answer.headers["content-type"] == "image/svg+xml"
        assert answer.headers["content-disposition"] == "attachment"
        assert "sandbox" in answer.headers["content-security-policy"]


def test_bytes_that_are_no_picture_are_never_a_page_either(client: TestClient, cast: Cast, alice: Somebody) -> None:
    (image_id,) = cast.hang(alice, b"<!DOCTYPE html><script>alert(1)</script>")
    answer = client.get(f"/pictures/{image_id}/original", headers=cast.cookie(alice))
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "/pictures/0/original",
        "/pictures/-1/original",
        "/pictures/abc/original",
        "/pictures/99999999999999999999999999/original",
        "/pictures/{id}/",
        "/pictures/{id}/huge",
        "/pictures/{id}/320.webp",
        "/pictures/{id}/..%2f..%2fsecret_key",
        "/pictures/{id}/original/..",
        "/pictures/{id}/preview-",
        "/pictures/{id}/preview-0",
        "/pictures/{id}/preview-1",
        "/pictures/{id}/preview-1000000000000000000000",
        "/pictures/{id}/preview--1",
        "/pictures/{id}/preview-٣",
        "/pictures/{id}/original%00",
        "/pictures/",
    ],
)
def test_what_does_not_exist_is_not_found_and_never_a_fault(
    client: TestClient, cast: Cast, alice: Somebody, data: bytes, path: str
) -> None:
    (image_id,) = cast.hang(alice, data)
    assert client.get(path.format(id=image_id), headers=cast.cookie(alice)).status_code == 404


def set_image(cast: Cast, image_id: int, **values: object) -> None:
    with cast.database.write() as session:
        image = session.get_one(Image, image_id)
        for name, value in values.items():
            setattr(image, name, value)


def test_a_preview_is_there_while_it_is_drawn_and_then_the_picture_is_in_its_place(
    client: TestClient, cast: Cast, alice: Somebody, data: bytes
) -> None:
    (image_id,) = cast.hang(alice, data)
    cast.files.write(preview_key(image_id, WORKER, 1), picture(20, 20, "WEBP"), "image/webp")
    set_image(cast, image_id, state="running", previews_seen=1)
    headers = cast.cookie(alice)
    assert client.get(f"/pictures/{image_id}/preview-1", headers=headers).headers["content-type"] == "image/webp"
    assert client.get(f"/pictures/{image_id}/preview-2", headers=headers).status_code == 404
    assert client.get(f"/pictures/{image_id}/original", headers=headers).status_code == 404
    assert client.get(f"/pictures/{image_id}/preview-1", headers=cast.cookie(cast.join("Bob"))).status_code == 404
    set_image(cast, image_id, state="done")
    late = client.get(f"/pictures/{image_id}/preview-1", headers=headers)
    assert late.content == client.get(f"/pictures/{image_id}/640", headers=headers).content
    assert client.get(f"/pictures/{image_id}/preview-2", headers=headers).status_code == 404
    set_image(cast, image_id, state="failed")
    assert client.get(f"/pictures/{image_id}/preview-1", headers=headers).status_code == 404


def test_a_file_that_is_gone_is_not_found(client: TestClient, cast: Cast, alice: Somebody, data: bytes) -> None:
    (image_id,) = cast.hang(alice, data)
    for file in list(cast.files.list("pictures")):
        cast.files.delete(file.key)
    assert client.get(f"/pictures/{image_id}/original", headers=cast.cookie(alice)).status_code == 404


@pytest.mark.parametrize("variant", ["320", "640"])
def test_a_thumbnail_that_is_not_there_yet_is_made(
    client: TestClient, cast: Cast, alice: Somebody, data: bytes, variant: str
) -> None:
    (image_id,) = cast.hang(alice, data)
    headers = cast.cookie(alice)
    before = client.get(f"/pictures/{image_id}/{variant}", headers=headers)
    for file in list(cast.files.list("pictures")):
        if file.key.endswith(".webp"):
            cast.files.delete(file.key)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: client.get(f"/pictures/{image_id}/{variant}", headers=headers), range(8)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, before.content)}
    assert {answer.headers["etag"] for answer in answers} == {before.headers["etag"]}


def test_a_picture_that_turns_out_to_be_damaged_is_shown_as_it_is(
    client: TestClient, cast: Cast, alice: Somebody, data: bytes
) -> None:
    (image_id,) = cast.hang(alice, data[:-200])
    set_image(cast, image_id, has_thumbnails=True)  # as its head had it
    answer = client.get(f"/pictures/{image_id}/320", headers=cast.cookie(alice))
    assert (answer.content, answer.headers["content-type"]) == (data[:-200], "image/png")
    assert "original" in answer.headers["etag"]


def test_a_session_that_has_ended_gets_nothing_more(
    client: TestClient, cast: Cast, alice: Somebody, data: bytes
) -> None:
    (image_id,) = cast.hang(alice, data)
    headers = cast.cookie(alice)
    assert client.get(f"/pictures/{image_id}/original", headers=headers).status_code == 200
    cast.join("Ada", "admin")
    Members(cast.people.database).disable(alice.login)
    assert client.get(f"/pictures/{image_id}/original", headers=headers).status_code == 401


def test_a_picture_cannot_be_changed_from_here(client: TestClient, cast: Cast, alice: Somebody, data: bytes) -> None:
    (image_id,) = cast.hang(alice, data)
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = client.request(method, f"/pictures/{image_id}/original", headers=cast.cookie(alice))
        assert answer.status_code == 405
    head = client.head(f"/pictures/{image_id}/original", headers=cast.cookie(alice))
    assert (head.status_code, head.content) == (200, b"")


def test_many_at_once_are_all_answered(client: TestClient, cast: Cast, alice: Somebody, data: bytes) -> None:
    (image_id,) = cast.hang(alice, data)
    headers, barrier = cast.cookie(alice), threading.Barrier(16)

    def fetch(_: int) -> bytes:
        barrier.wait()
        return client.get(f"/pictures/{image_id}/original", headers=headers).content

    with ThreadPoolExecutor(16) as pool:
        assert all(content == data for content in pool.map(fetch, range(16)))
