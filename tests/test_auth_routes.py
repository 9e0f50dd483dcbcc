"""The cookie's two routes, over real HTTP, as a browser and as an attacker would call them."""

import contextlib
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core.accounts.people import People
from core.accounts.sessions import TICKET_SECONDS, Sessions
from core.api.auth import COOKIE, auth_routes, person_of
from core.members.members import Members
from core.settings import Settings
from core.storage.database import Database
from tests.conftest import SettableClock
from tests.patience import SECONDS

ADDRESS = "192.0.2.7"


@pytest.fixture
def sessions(database: Database, settings: Settings) -> Sessions:
    return Sessions(database, settings)


@pytest.fixture
def people(database: Database, settings: Settings, quick_hashes: None) -> People:
    people = People(database, settings)
    people.add("ada", "Ada", "admin", "the lake was green in June")
    people.add("alice", "Alice", "user", "the lake was green in June")
    return people


@pytest.fixture
def alice(people: People) -> int:
    return people.existing("alice").id


class Stage:
    """One server for all of these tests, which takes a while to end; each test puts its own routes on it."""

    address: str
    routes: Starlette

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.routes(scope, receive, send)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Proxies on this machine are believed, as Streamlit and uvicorn do it."""
    started, stage = threading.Event(), Stage()

    class Server(uvicorn.Server):
        async def startup(self, *arguments: Any, **keywords: Any) -> None:
            await super().startup(*arguments, **keywords)
            started.set()

    server = Server(uvicorn.Config(stage, port=0, ws="none", lifespan="off", log_config=None))
    thread = threading.Thread(target=server.run)
    thread.start()
    assert started.wait(SECONDS)
    stage.address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield stage
    server.should_exit = True
    thread.join()


@pytest.fixture
def server(sessions: Sessions, stage: Stage) -> str:
    async def me(request: Request) -> Response:
        person = await person_of(request, sessions)
        return JSONResponse(person.login if person else None)

    stage.routes = Starlette(routes=[*auth_routes(sessions), Route("/me", me)])
    return stage.address


def start(server: str, ticket: object, **keywords: Any) -> requests.Response:
    return requests.post(f"{server}/auth/session", json={"ticket": ticket}, timeout=SECONDS, **keywords)


def me(server: str, token: str | None) -> object:
    cookies = {} if token is None else {COOKIE: token}
    return requests.get(f"{server}/me", cookies=cookies, timeout=SECONDS).json()


def test_a_ticket_sets_a_cookie_that_no_script_can_read(
    server: str, sessions: Sessions, alice: int, settings: Settings
) -> None:
    answer = start(server, sessions.ticket(alice, ADDRESS))
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["cache-control"] == "no-store"
    attributes = answer.headers["set-cookie"].lower().split("; ")
    assert {"httponly", "samesite=lax", "path=/", f"max-age={settings.session_days * 86_400}"} < set(attributes)
    assert "secure" not in attributes
    assert not any(attribute.startswith("domain") for attribute in attributes)
    assert me(server, answer.cookies[COOKIE]) == "alice"


def test_over_https_the_cookie_is_secure(server: str, sessions: Sessions, alice: int) -> None:
    https = {"X-Forwarded-Proto": "https"}
    answer = start(server, sessions.ticket(alice, ADDRESS), headers=https)
    assert "secure" in answer.headers["set-cookie"].lower().split("; ")
    answer = requests.post(f"{server}/auth/logout", json={}, headers=https, timeout=SECONDS)
    assert "secure" in answer.headers["set-cookie"].lower().split("; ")


def test_a_replayed_or_late_ticket_sets_nothing(
    server: str, sessions: Sessions, alice: int, clock: SettableClock
) -> None:
    ticket = sessions.ticket(alice, ADDRESS)
    assert start(server, ticket).status_code == 204
    late = sessions.ticket(alice, ADDRESS)
    clock.forward(TICKET_SECONDS)
    for worthless in (ticket, late, "", "None", "\0", "\ud800", "é"):
        answer = start(server, worthless)
        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers


def test_an_old_cookie_is_worth_nothing_after_signing_out(server: str, sessions: Sessions, alice: int) -> None:
    browser = requests.Session()
    browser.post(f"{server}/auth/session", json={"ticket": sessions.ticket(alice, ADDRESS)}, timeout=SECONDS)
    old = browser.cookies[COOKIE]
    answer = browser.post(f"{server}/auth/logout", json={}, timeout=SECONDS)
    assert answer.status_code == 204
    assert COOKIE not in browser.cookies
    assert me(server, old) is None


@pytest.mark.parametrize("what", ["a new password", "a disabled account"])
def test_an_old_cookie_is_worth_nothing_after(
    server: str, sessions: Sessions, people: People, alice: int, what: str
) -> None:
    old = start(server, sessions.ticket(alice, ADDRESS)).cookies[COOKIE]
    assert me(server, old) == "alice"
    if what == "a new password":
        people.set_password(alice, "the hill was white in May")
    else:
        Members(people.database).disable("alice")
    assert me(server, old) is None


def test_signing_in_over_somebody_ends_their_session(
    server: str, sessions: Sessions, people: People, alice: int
) -> None:
    ada = people.existing("ada").id
    old = start(server, sessions.ticket(ada, ADDRESS)).cookies[COOKIE]
    new = start(server, sessions.ticket(alice, ADDRESS), cookies={COOKIE: old}).cookies[COOKIE]
    assert me(server, new) == "alice"
    assert me(server, old) is None


def test_a_failed_exchange_leaves_whoever_is_signed_in(server: str, sessions: Sessions, alice: int) -> None:
    token = start(server, sessions.ticket(alice, ADDRESS)).cookies[COOKIE]
    assert start(server, "invented", cookies={COOKIE: token}).status_code == 401
    assert me(server, token) == "alice"


def test_a_cookie_that_an_attacker_planted_does_not_become_a_session(
    server: str, sessions: Sessions, alice: int
) -> None:
    planted = "known to the attacker"
    answer = start(server, sessions.ticket(alice, ADDRESS), cookies={COOKIE: planted})
    assert answer.cookies[COOKIE] != planted
    assert me(server, planted) is None


@pytest.mark.parametrize("path", ["/auth/session", "/auth/logout"])
@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain", "text/json", ""]
)
def test_what_a_form_of_another_site_can_send_is_refused(
    server: str, sessions: Sessions, alice: int, path: str, content_type: str
) -> None:
    ticket = sessions.ticket(alice, ADDRESS)
    token = start(server, sessions.ticket(alice, ADDRESS)).cookies[COOKIE]
    answer = requests.post(
        server + path,
        data=f'{{"ticket": "{ticket}"}}',
        headers={"Content-Type": content_type},
        cookies={COOKIE: token},
        timeout=SECONDS,
    )
    assert answer.status_code == 415
    assert "set-cookie" not in answer.headers
    assert me(server, token) == "alice"


@pytest.mark.parametrize("path", ["/auth/session", "/auth/logout"])
@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "null", "http://127.0.0.1", "http://127.0.0.1:1", "", "//", "http://[", "file://"],
)
def test_another_origin_is_refused(server: str, sessions: Sessions, alice: int, path: str, origin: str) -> None:
    token = start(server, sessions.ticket(alice, ADDRESS)).cookies[COOKIE]
    ticket = sessions.ticket(alice, ADDRESS)
    answer = requests.post(
        server + path,
        json={"ticket": ticket},
        headers={"Origin": origin},
        cookies={COOKIE: token},
        timeout=SECONDS,
    )
    assert answer.status_code == 403
    assert me(server, token) == "alice"
    assert start(server, ticket, headers={"Origin": server}).status_code == 204


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"ticket"', b"{}", b'{"ticket": null}', b'{"ticket": 1}', b"\xff\xfe", b"[" * 4_000],
)
def test_a_body_that_is_no_ticket_is_a_bad_request(server: str, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    answer = requests.post(f"{server}/auth/session", data=body, headers=headers, timeout=SECONDS)
    assert answer.status_code == 400


def test_a_huge_body_is_not_read_to_its_end(server: str) -> None:
    chunks, sent = 1_000, 0

    def sixty_megabytes() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(chunks):
            sent += 1
            yield b" " * 65_536

    headers = {"Content-Type": "application/json"}
    with contextlib.suppress(requests.ConnectionError):  # the server hangs up while we are still sending
        requests.post(f"{server}/auth/session", data=sixty_megabytes(), headers=headers, timeout=SECONDS)
    assert sent < chunks
    answer = requests.post(f"{server}/auth/session", data=b" " * 5_000, headers=headers, timeout=SECONDS)
    assert answer.status_code == 413


def test_only_posting_does_something(server: str) -> None:
    for path in ("/auth/session", "/auth/logout"):
        assert requests.get(server + path, timeout=SECONDS).status_code == 405


def test_signing_out_without_a_session_is_no_error(server: str) -> None:
    answer = requests.post(f"{server}/auth/logout", json={}, timeout=SECONDS)
    assert answer.status_code == 204


@pytest.mark.parametrize("token", [None, "", "invented", "x" * 4_000, "%00", "1"])
def test_an_invented_cookie_is_nobody(server: str, alice: int, token: str | None) -> None:
    assert me(server, token) is None


def test_no_log_line_holds_a_ticket_or_a_token(
    server: str, sessions: Sessions, alice: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    ticket = sessions.ticket(alice, ADDRESS)
    token = start(server, ticket).cookies[COOKIE]
    start(server, ticket)
    me(server, token)
    lines = [record.getMessage() for record in caplog.records]
    assert any("/auth/session" in line for line in lines)
    assert not any(ticket in line or token in line for line in lines)
