"""The page that Streamlit serves carries our name, mark and stylesheet; nothing else is touched."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import FileResponse, HTMLResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from core.api.first_page import FirstPage, Look

INDEX = Path(streamlit.__file__).parent / "static" / "index.html"
LOOK = Look(Path(__file__).parents[1] / "pages" / "parts")
OURS = "<html><head><title>A share</title></head><body>Streamlit</body></html>"


def in_pieces() -> StreamingResponse:
    data = INDEX.read_bytes()
    return StreamingResponse((data[at : at + 700] for at in range(0, len(data), 700)), media_type="text/html")


@pytest.fixture
def client() -> Iterator[TestClient]:
    routes = [
        Route("/", lambda _: FileResponse(INDEX)),
        Route("/account", lambda _: in_pieces()),
        Route("/ours", lambda _: HTMLResponse(OURS)),
        *LOOK.routes(),
        Route("/{rest:path}", lambda _: FileResponse(INDEX)),
    ]
    with TestClient(Starlette(routes=routes, middleware=[Middleware(FirstPage, look=LOOK)])) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/account"])
def test_the_page_carries_our_name_our_mark_and_our_stylesheet(client: TestClient, path: str) -> None:
    page = client.get(path)
    assert "<title>Imagier</title>" in page.text
    assert "favicon" not in page.text
    assert "agent/interact" not in page.text
    assert page.text.index("/look/style.css?") > page.text.index('id="root"')
    assert int(page.headers.get("content-length", len(page.content))) == len(page.content)
    assert "etag" not in page.headers


def test_a_page_of_which_the_browser_has_an_old_one_comes_whole(client: TestClient) -> None:
    old = FileResponse(INDEX, stat_result=INDEX.stat()).headers["etag"]
    page = client.get("/", headers={"if-none-match": old, "range": "bytes=0-10"})
    assert page.status_code == 200
    assert "<title>Imagier</title>" in page.text


def test_pages_of_our_own_and_what_a_page_loads_pass_as_they_are(client: TestClient) -> None:
    assert client.get("/ours").text == OURS
    assert client.get("/", headers={"sec-fetch-dest": "iframe"}).text == INDEX.read_text("utf-8")
    assert client.head("/").status_code == 200


@pytest.mark.parametrize("path", ["/nowhere", "/a/b", "/gallery/deep", "/%2e%2e/x", "/création"])
def test_at_an_address_without_a_page_the_studio_says_so_in_the_readers_language(client: TestClient, path: str) -> None:
    page = client.get(path, headers={"accept-language": "fr-FR,fr;q=0.9"})
    assert page.status_code == 404
    assert "Cette page n’existe pas" in page.text
    assert '<html lang="fr">' in page.text
    assert "There is no such page" in client.get(path).text


def test_the_mark_and_the_stylesheet_are_kept_until_they_change(client: TestClient) -> None:
    for path, kind in (("/look/style.css", "text/css"), ("/look/icon.png", "image/png")):
        answer = client.get(path)
        assert answer.headers["content-type"].startswith(kind)
        assert "immutable" in answer.headers["cache-control"]
        assert len(answer.content) > 500
