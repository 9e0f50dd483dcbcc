"""The headers that every answer carries, and what the log says of a request."""

import json
import logging
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from core.api.security import CONTENT_POLICY
from core.logs import JsonLines
from core.settings import Settings
from tests.browser.application import Application
from tests.browser.cast import Cast
from tests.doors import open_doors
from tests.patience import SECONDS
from tests.studio import picture

EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=()",
}


@pytest.fixture(scope="module")
def application(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    with Application(tmp_path_factory.mktemp("headers")) as application:
        yield application


@pytest.fixture
def client(settings: Settings, sqlite_template: Path) -> Iterator[TestClient]:
    with open_doors(settings, sqlite_template) as (_, client):
        yield client


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/gallery", 200),
        ("/people", 200),
        ("/healthz", 200),
        ("/readyz", 200),
        ("/_stcore/health", 200),
        ("/pictures/1/original", 401),
        ("/media/nothing.png", 404),
    ],
)
def test_every_answer_of_the_real_server_carries_them(application: Application, path: str, status: int) -> None:
    found, headers, _ = application.get(path)
    assert found == status
    for name, value in EVERYWHERE.items():
        assert headers[name] == value, name
    assert headers["content-security-policy"] == CONTENT_POLICY
    assert len(headers["x-request-id"]) == 16


def test_the_policy_lets_nothing_in_from_elsewhere_and_no_inline_script() -> None:
    rules = dict(rule.split(" ", 1) for rule in CONTENT_POLICY.split("; "))
    assert rules["default-src"] == "'self'"
    assert rules["object-src"] == rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in rules["script-src"]
    assert not [rule for rule in rules.values() if "*" in rule or "http" in rule]


@pytest.mark.parametrize(
    ("origin", "status"), [("https://evil.example", b"403"), ("null", b"403"), ("http://localhost:{port}", b"101")]
)
def test_a_strange_origin_gets_no_websocket(application: Application, origin: str, status: bytes) -> None:
    lines = (
        "GET /_stcore/stream HTTP/1.1",
        f"Host: localhost:{application.port}",
        f"Origin: {origin.format(port=application.port)}",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    )
    with socket.create_connection(("127.0.0.1", application.port), timeout=SECONDS) as connection:
        connection.sendall("\r\n".join((*lines, "", "")).encode())
        assert connection.recv(12).split()[1] == status


def test_an_address_that_climbs_is_refused_by_the_api_in_its_own_shape(application: Application) -> None:
    for path in ("/api/v1/models/%2e%2e", "/api/v1/models/..%2f..%2fetc", "/api/v1/models/a%00", "/api/v1/a%5cb"):
        status, headers, body = application.get(path)
        assert (status, json.loads(body)["error"]["code"]) == (404, "no_such_route")
        assert headers["x-request-id"]


def test_another_site_may_not_read_a_page(application: Application) -> None:
    _, headers, _ = application.get("/", Origin="https://evil.example")
    assert "access-control-allow-origin" not in headers


def test_the_agents_door_of_streamlit_is_shut(application: Application) -> None:
    for path in ("/_stcore/agent", "/_stcore/mcp", "/mcp", "/_stcore/agent/apps"):
        status, _, body = application.get(path)
        assert status == 404 or b"<title>" in body, path


def test_a_route_may_have_a_stricter_policy_and_only_one(client: TestClient, settings: Settings) -> None:
    cast = Cast(settings.data_dir)
    alice = cast.join("Alice")
    (image_id,) = cast.hang(alice, picture())
    headers = {"Cookie": f"imagier_session={cast.token(alice)}"}
    answer = client.get(f"/pictures/{image_id}/original", headers=headers)
    cast.close()
    assert answer.headers.get_list("content-security-policy") == [
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
    ]


def test_each_request_has_an_id_of_its_own_that_its_log_lines_carry(
    client: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    lines: list[dict[str, object]] = []

    class Lines(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonLines().format(record)))

    logger = logging.getLogger("core.api.security")
    handler = Lines()
    logger.addHandler(handler)
    logger.setLevel("INFO")
    try:
        ids = [client.get(f"/pictures/{number}/original").headers["x-request-id"] for number in (1, 2)]
    finally:
        logger.removeHandler(handler)
    assert [line["http_id"] for line in lines] == ids
    assert [line["message"] for line in lines] == [f"GET /pictures/{number}/original -> 401" for number in (1, 2)]


def test_what_asks_for_health_is_not_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "core.api.security")
    client.get("/healthz")
    client.get("/readyz")
    assert [record for record in caplog.records if record.name == "core.api.security"] == []


def test_a_query_is_not_logged(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    client.get("/pictures/1/original?token=canary")
    assert "canary" not in "".join(record.getMessage() for record in caplog.records if record.name.startswith("core"))
