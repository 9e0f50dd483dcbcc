"""/healthz and /readyz: alive, ready, and nothing that a stranger could use."""

import shutil
import threading

import pytest
from starlette.testclient import TestClient

from core.api import health
from core.services import Services
from core.settings import Settings
from tests.studio import until

FINE = {"status": "ok", "database": "ok", "files": "ok", "worker": "ok"}


@pytest.fixture
def services(doors: tuple[Services, TestClient]) -> Services:
    return doors[0]


@pytest.fixture
def client(doors: tuple[Services, TestClient]) -> TestClient:
    return doors[1]


def test_both_answer_without_a_session(client: TestClient) -> None:
    alive, ready = client.get("/healthz"), client.get("/readyz")
    assert (alive.status_code, alive.json()) == (200, {"status": "ok"})
    assert (ready.status_code, ready.json()) == (200, FINE)


def test_neither_is_kept_by_anybody_on_the_way(client: TestClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert client.get(path).headers["cache-control"] == "no-store"


def test_a_database_that_does_not_answer_is_told_and_its_words_are_not(
    client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OSError("connection to canary-host refused")

    monkeypatch.setattr(services.database, "check", broken)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (503, FINE | {"status": "unavailable", "database": "unavailable"})
    assert "canary" not in answer.text
    assert client.get("/healthz").status_code == 200


def test_files_that_are_gone_are_told(client: TestClient, settings: Settings) -> None:
    shutil.rmtree(settings.data_dir / "files")
    (settings.data_dir / "files").write_text("no folder any more")
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["files"]) == (503, "unavailable")


def test_a_worker_that_stopped_is_told(client: TestClient, services: Services) -> None:
    services.worker.stop(grace=0)
    until(lambda: not services.worker.is_alive)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["worker"]) == (503, "unavailable")
    assert client.get("/healthz").status_code == 200


def test_a_part_that_hangs_is_given_up(client: TestClient, services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(health, "PATIENCE", 0.05)
    monkeypatch.setattr(services.database, "check", released.wait)
    try:
        assert client.get("/readyz").json()["database"] == "unavailable"
        assert client.get("/healthz").status_code == 200
    finally:
        released.set()
