"""/s/…: what whoever has a link gets, as a browser and as a messenger's robot asks for it."""

import io
import logging
import re
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin
from starlette.testclient import TestClient

from core.services import Services
from core.settings import Settings
from core.storage.tables import Image as Row
from core.storage.tables import Share, User
from core.studio.removal import mark_purged
from tests.browser.cast import Cast, Somebody
from tests.doors import open_doors
from tests.studio import picture

DESCRIPTION = 'a "tree" <b>at</b> dawn & 🌅'
ROBOT = {"User-Agent": "WhatsApp/2.23", "Accept": "*/*"}
META = re.compile(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">')
pytestmark = pytest.mark.usefixtures("quick_hashes")


def written(width: int = 1500, height: int = 1000) -> bytes:
    """A picture into which its program has written the description."""
    info = PngImagePlugin.PngInfo()
    info.add_text("parameters", DESCRIPTION)
    file = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(file, "PNG", pnginfo=info)
    return file.getvalue()


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[tuple[Services, TestClient]]:
    settings = Settings.load(_env_file=None, IMAGIER_DATA_DIR=tmp_path_factory.mktemp("shares"))
    with open_doors(settings, sqlite_template) as doors:
        yield doors


@pytest.fixture
def services(doors: tuple[Services, TestClient]) -> Services:
    return doors[0]


@pytest.fixture
def client(doors: tuple[Services, TestClient]) -> Iterator[TestClient]:
    yield doors[1]
    doors[1].cookies.clear()


@pytest.fixture
def cast(services: Services) -> Iterator[Cast]:
    cast = Cast(services.settings.data_dir)
    yield cast
    cast.forget_failures()
    cast.close()


@pytest.fixture
def alice(cast: Cast) -> Somebody:
    return cast.join("Alice")


@pytest.fixture
def image_id(cast: Cast, alice: Somebody) -> int:
    (image_id,) = cast.hang(alice, written(), DESCRIPTION)
    return image_id


def shared(services: Services, alice: Somebody, image_id: int, **terms: Any) -> str:
    """The path of a new link."""
    services.shares.make(alice.user_id, image_id, **terms)
    return f"/s/{services.shares.of(alice.user_id, image_id)[0].token}"


def tags(page: str) -> dict[str, str]:
    return {name: unescape(value) for name, value in META.findall(page)}


def test_a_messenger_finds_what_it_shows(
    services: Services, client: TestClient, alice: Somebody, image_id: int
) -> None:
    path = shared(services, alice, image_id, with_description=True)
    answer = client.get(path, headers=ROBOT)
    assert answer.status_code == 200
    found = tags(answer.text)
    assert found["og:url"] == f"http://localhost{path}"
    assert found["og:image"] == found["twitter:image"] == f"http://localhost{path}/preview.jpg"
    assert (found["og:image:width"], found["og:image:height"]) == ("1200", "800")
    assert (found["twitter:card"], found["og:site_name"]) == ("summary_large_image", "Imagier")
    assert found["og:description"] == found["og:image:alt"] == DESCRIPTION
    assert found["og:title"]
    preview = client.get(found["og:image"], headers=ROBOT)
    assert (preview.status_code, preview.headers["content-type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(preview.content)).size == (1200, 800)
    assert client.head(path, headers=ROBOT).status_code == 200
    assert client.head(found["og:image"], headers=ROBOT).headers["content-length"] == str(len(preview.content))


def test_without_the_description_nothing_tells_it(
    services: Services, client: TestClient, alice: Somebody, image_id: int
) -> None:
    path = shared(services, alice, image_id)
    page = client.get(path).text
    assert "dawn" not in page
    assert "og:description" not in tags(page)
    assert tags(page)["og:image:alt"] == "A shared picture"
    assert 'alt="A shared picture" width="1500" height="1000"' in page
    for address in (f"{path}/picture", f"{path}/picture?download", f"{path}/preview.jpg"):
        answer = client.get(address)
        assert answer.status_code == 200
        assert b"dawn" not in answer.content
    bare = client.get(f"{path}/picture").content
    original = Image.open(io.BytesIO(written()))
    assert Image.open(io.BytesIO(bare)).tobytes() == original.tobytes()


def test_the_page_is_escaped_locked_up_and_in_the_readers_language(
    services: Services, client: TestClient, alice: Somebody, image_id: int
) -> None:
    path = shared(services, alice, image_id, with_description=True)
    english = client.get(path, headers={"Accept-Language": "en"})
    french = client.get(path, headers={"Accept-Language": "de, fr-CA;q=0.8, en;q=0.3"})
    assert '<html lang="en">' in english.text
    assert '<html lang="fr">' in french.text
    assert "Une image partagée" in french.text
    assert "<b>at</b>" not in english.text
    assert "&lt;b&gt;at&lt;/b&gt;" in english.text
    assert "<script" not in english.text
    assert " style=" not in english.text
    headers = english.headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe-inline" not in headers["content-security-policy"]
    assert (headers["referrer-policy"], headers["cache-control"]) == ("no-referrer", "no-store")
    assert headers["x-robots-tag"].startswith("noindex")
    assert "set-cookie" not in headers


def test_the_bytes_are_asked_about_each_time(
    services: Services, client: TestClient, alice: Somebody, image_id: int
) -> None:
    path = shared(services, alice, image_id)
    answer = client.get(f"{path}/picture")
    headers = answer.headers
    assert (headers["content-type"], headers["x-content-type-options"]) == ("image/png", "nosniff")
    assert headers["cache-control"] == "private, no-cache"
    assert headers["content-length"] == str(len(answer.content))
    assert headers["content-disposition"].startswith("inline")
    assert "sandbox" in headers["content-security-policy"]
    again = client.get(f"{path}/picture", headers={"If-None-Match": headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    saved = client.get(f"{path}/picture?download")
    assert re.fullmatch(r'attachment; filename="imagier-[0-9a-f]{8}\.png"', saved.headers["content-disposition"])
    (share,) = services.shares.of(alice.user_id, image_id)
    services.shares.revoke(alice.user_id, share.share.id)
    assert client.get(f"{path}/picture", headers={"If-None-Match": headers["etag"]}).status_code == 404


def test_whatever_is_not_there_looks_the_same(
    services: Services, client: TestClient, cast: Cast, alice: Somebody, image_id: int
) -> None:
    def stripped(path: str) -> tuple[int, bytes, dict[str, str]]:
        answer = client.get(path)
        return answer.status_code, answer.content, {**answer.headers, "x-request-id": ""}

    def change(table: type[Any], key: int, **values: object) -> None:
        with cast.database.write() as session:
            row = session.get_one(table, key)
            for name, value in values.items():
                setattr(row, name, value)

    path = shared(services, alice, image_id)
    with cast.database.read() as session:
        now = cast.database.now(session)
    (link,) = services.shares.of(alice.user_id, image_id)
    unknown = stripped("/s/" + "x" * 43)
    assert unknown[0] == 404
    reasons: list[tuple[type[Any], int, dict[str, Any], dict[str, Any]]] = [
        (Share, link.share.id, {"ends_at": now - timedelta(seconds=1)}, {"ends_at": None}),
        (Share, link.share.id, {"revoked_at": now}, {"revoked_at": None}),
        (Row, image_id, {"hidden_at": now}, {"hidden_at": None}),
        (Row, image_id, {"deleted_at": now}, {"deleted_at": None}),
        (User, alice.user_id, {"disabled_at": now}, {"disabled_at": None}),
    ]
    for table, key, wrong, right in reasons:
        change(table, key, **wrong)
        for address in (path, f"{path}/picture", f"{path}/preview.jpg"):
            assert stripped(address) == unknown, wrong
        change(table, key, **right)
        assert stripped(path)[0] == 200
    services.site.change({"sharing": False})
    assert stripped(path) == unknown
    services.site.change({"sharing": True})
    for nonsense in ("/s", "/s/", f"{path}/", f"{path}/original", "/s/%00", "/s/%ED%B2%80", "/s/a/b/c"):
        assert stripped(nonsense) == unknown, nonsense
    assert client.post("/s/" + "x" * 43, data={"password": "x"}).status_code == 404


def test_a_password_is_asked_for_once_an_hour_and_messengers_learn_nothing(
    services: Services, client: TestClient, alice: Somebody, image_id: int
) -> None:
    path = shared(services, alice, image_id, password="a boat at dawn", with_description=True)
    for robot in (client.get(path, headers=ROBOT), client.get(f"{path}/picture", headers=ROBOT)):
        assert robot.status_code == 200
        assert "tree" not in robot.text
        assert "og:image" not in robot.text
        assert 'type="password"' in robot.text
    assert client.get(f"{path}/preview.jpg").status_code == 404
    wrong = client.post(path, data={"password": "a goat at dawn"})
    assert wrong.status_code == 403
    assert "This is not the password." in wrong.text
    assert "set-cookie" not in wrong.headers
    right = client.post(path, data={"password": "a boat at dawn"}, follow_redirects=False)
    assert (right.status_code, right.headers["location"]) == (303, path)
    cookie = right.headers["set-cookie"]
    assert all(part in cookie for part in (f"Path={path}", "HttpOnly", "SameSite=lax", "Max-Age=3600"))
    assert "tree" in client.get(path).text
    assert client.get(f"{path}/picture").headers["content-type"] == "image/png"
    assert client.get(f"{path}/preview.jpg").status_code == 404
    other = shared(services, alice, image_id, password="a boat at dawn")
    for forged in (client.cookies["imagier_share"], "99999999999.00", "1.x", "x", "²." + "0" * 64):
        asked = client.get(other, headers={b"Cookie": f"imagier_share={forged}".encode()})
        assert 'type="password"' in asked.text


def test_whoever_guesses_has_to_wait(services: Services, client: TestClient, alice: Somebody, image_id: int) -> None:
    path = shared(services, alice, image_id, password="a boat at dawn")
    answers = [client.post(path, data={"password": f"guess {number}"}) for number in range(7)]
    assert [answer.status_code for answer in answers] == [403] * 6 + [429]
    assert int(answers[-1].headers["retry-after"]) >= 1
    for nonsense in (b"", b"password", b"password=" + b"x" * 5_000, b"\xff=%00", b"password=1&" * 20):
        assert client.post(path, content=nonsense).status_code in (403, 429)


def test_the_address_is_written_into_no_log(
    services: Services, client: TestClient, alice: Somebody, image_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    path = shared(services, alice, image_id, password="a boat at dawn")
    with caplog.at_level(logging.INFO):
        client.get(path)
        client.post(path, data={"password": "a boat at dawn"})
        client.get(f"{path}/picture")
    written_down = [record.getMessage() for record in caplog.records if record.name.startswith("core")]
    assert "GET /s/… -> 200" in written_down
    assert not [line for line in written_down if path in line or "boat" in line]


def test_a_picture_that_no_program_can_take_apart_is_saved_with_its_description_only(
    services: Services, client: TestClient, cast: Cast, alice: Somebody
) -> None:
    svg = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><desc>a tree</desc></svg>'
    (image_id,) = cast.hang(alice, svg)
    path = shared(services, alice, image_id, with_description=True)
    assert "og:image" not in tags(client.get(path).text)
    answer = client.get(f"{path}/picture")
    assert answer.content == svg
    assert answer.headers["content-disposition"].startswith("attachment")
    assert client.get(f"{path}/preview.jpg").status_code == 404


def test_the_copies_go_with_the_picture(services: Services, client: TestClient, cast: Cast, alice: Somebody) -> None:
    (image_id,) = cast.hang(alice, picture(900, 600))
    path = shared(services, alice, image_id)
    client.get(f"{path}/picture")
    client.get(f"{path}/preview.jpg")
    folder = (cast.images(alice)[0].image_url or "").rsplit("/", 1)[0]
    assert {file.key.rsplit("/", 1)[1] for file in services.files.list(folder)} >= {"shared", "preview.jpg"}
    with cast.database.write() as session:
        mark_purged(session, [image_id], cast.database.now(session))
    services.removal.clear()
    assert not list(services.files.list(folder))
