"""A key in the settings is seen by the provider and by nobody else."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, Response, expect, sync_playwright

from core.catalog import catalog
from core.connections.drafts import Draft
from core.engines.connections import lanes_of
from core.services import build
from core.settings import Settings
from core.studio.orders import Order
from core.studio.requests import Requests
from core.studio.trial import trial
from tests.browser import screens
from tests.browser.application import ROOT, Application, until
from tests.browser.cast import Cast
from tests.browser.chromium import launch
from tests.images_server import ImagesServer
from tests.patience import SECONDS
from tests.studio import MODEL

# Not shaped like any provider's key: nothing can guess that it is one.
KEY = "canary/7f3a.55d0+b1c9:e84f"
ADMIN_KEY = "second-canary/44e1.09ab"
TYPED_KEY = "fourth-canary/b04e.93cc+71"  # of a connection that an administrator sets up
SECRET = "third-canary-0123456789abcdef0123456789abcdef"
CANARIES = tuple(canary.encode() for canary in (KEY, ADMIN_KEY, TYPED_KEY, SECRET))

SHAPES = ("object", "string", "detail", "detail-list", "message", "html", "plain", "empty")
FAULTS = (
    *(f"shape {shape}" for shape in SHAPES),
    "shape object status=403",
    "shape plain status=500",
    "shape html status=404 times=1",
    "400-moderation",
    "stream-error",
    "drop-midway",
    "200-html",
    "no-stream] [fault:bad-base64",
    "url /nowhere",
)


@pytest.fixture
def provider() -> Iterator[ImagesServer]:
    with ImagesServer(key=KEY) as server:
        yield server


@pytest.fixture
def application(tmp_path: Path, sqlite_template: Path, provider: ImagesServer) -> Iterator[Application]:
    application = Application(
        tmp_path,
        OPENAI_API_KEY=KEY,
        OPENAI_ADMIN_KEY=ADMIN_KEY,
        IMAGIER_SECRET_KEY=SECRET,
        OPENAI_BASE_URL=provider.base_url,
        IMAGIER_LOG_LEVEL="DEBUG",
    )
    Cast(application.data, sqlite_template).close()
    with application:
        yield application


def found_in(*places: tuple[str, bytes]) -> list[str]:
    return [place for place, content in places if any(canary in content for canary in CANARIES)]


def files_of(folder: Path) -> list[tuple[str, bytes]]:
    return [(str(path), path.read_bytes()) for path in folder.rglob("*") if path.is_file()]


def dump_of(path: Path) -> bytes:
    with closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump()).encode()


def states(cast: Cast, alice_id: int) -> set[str]:
    from sqlalchemy import select

    from core.storage.tables import Image

    with cast.database.read() as session:
        return set(session.scalars(select(Image.state).where(Image.user_id == alice_id)))


def seen_by(page: Page, application: Application, token: str) -> list[tuple[str, bytes]]:
    """All that a browser is sent while it goes through every page, and all that stands there."""
    sent: list[tuple[str, bytes]] = []
    page.context.add_cookies([{"name": "imagier_session", "value": token, "url": application.url}])

    def keep(answer: Response) -> None:
        sent.append((f"headers of {answer.url}", str(answer.headers).encode()))

    page.on("response", keep)
    page.on(
        "websocket",
        lambda socket: socket.on(
            "framereceived",
            lambda frame: sent.append(("frame", frame if isinstance(frame, bytes) else frame.encode())),
        ),
    )
    for path in ("/", "/gallery", "/account", "/people", "/settings", "/connections"):
        screens.open_page(page, application.url + path)
        sent.append((f"page {path}", page.content().encode()))
    return sent


def typed_by(application: Application, user_id: int) -> list[tuple[str, bytes]]:
    """A connection whose server refuses its key and repeats it, to the application and to a test."""
    services = build(
        Settings.load(_env_file=None, IMAGIER_DATA_DIR=application.data, IMAGIER_SECRET_KEY=SECRET, IMAGIER_PAINTER="0")
    )
    with ImagesServer(key=TYPED_KEY) as server:
        models: dict[str, int | None] = {"fox": None}
        services.connections.add(user_id, "typed", Draft("compatible", server.base_url, TYPED_KEY, models=models))
        services.requests.submit(user_id, Order("A fox [fault:401]", "fox"))
        until(lambda: services.boards.board(user_id).stopped, "the refusal of the key")
        assert server.requests[0].headers["authorization"] == f"Bearer {TYPED_KEY}"
        server.key = "another"
        found = trial(services.connections, services.catalog, "typed", services.requests.today())
    assert found.key == "refused"
    (group,) = services.boards.board(user_id).groups
    services.requests.cancel(user_id, group.slots[0].image.id)
    services.database.close()
    return [("test", repr(found).encode())]


@pytest.mark.browser
@pytest.mark.xdist_group("canary")
def test_no_key_of_the_settings_turns_up_anywhere(application: Application, provider: ImagesServer) -> None:
    cast = Cast(application.data)
    alice, ada = cast.join("Alice"), cast.join("Ada", "admin")
    settings = Settings.load(
        _env_file=None, IMAGIER_DATA_DIR=application.data, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=provider.base_url
    )
    requests = Requests(cast.database, cast.files, catalog.load(), lanes_of(settings, catalog.load()))
    places = typed_by(application, cast.join("Bob").user_id)
    for fault in FAULTS:
        requests.submit(alice.user_id, Order(f"A tree [fault:{fault}]", MODEL))
    requests.submit(alice.user_id, Order("A tree that grows", MODEL))
    until(cast.is_idle, "the end of all of them")
    # The last one echoes the key in a 401, which stops the line.
    requests.submit(alice.user_id, Order("A tree [fault:401]", MODEL))
    until(lambda: any(call.prompt == "A tree [fault:401]" for call in provider.requests), "the last one")
    assert {call.headers["authorization"] for call in provider.requests} == {f"Bearer {KEY}"}
    assert {"done", "failed", "unknown", "blocked"} <= states(cast, alice.user_id)

    with sync_playwright() as playwright:
        chromium = launch(playwright)
        for somebody in (alice, ada):
            page = chromium.new_context().new_page()
            places += seen_by(page, application, cast.token(somebody))
            if somebody is ada:
                expect(screens.refusal(page).first).to_contain_text("The provider does not accept the key.")
        chromium.close()
    for path in ("/healthz", "/readyz", "/pictures/1/original", "/nonsense"):
        _, headers, body = application.get(path)
        places += [(path, str(headers).encode()), (path, body)]
    status = subprocess.run(
        [sys.executable, "-m", "core", "status"],
        cwd=ROOT,
        env=application.environment,
        capture_output=True,
        timeout=SECONDS,
        check=True,
    )
    places.append(("status", status.stdout + status.stderr))
    application.stop()
    cast.close()
    places += [("log", application.log.encode()), ("output", application.output.encode())]
    places += files_of(application.data)
    places.append(("dump", dump_of(application.data / "imagier.db")))
    assert len(places) > 40
    assert found_in(*places) == []


def test_the_search_would_find_it() -> None:
    assert found_in(("somewhere", b"... " + KEY.encode() + b" ..."), ("elsewhere", b"nothing")) == ["somewhere"]
