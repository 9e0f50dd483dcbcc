"""`/metrics`: what a watcher reads, right after a start and in every process."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import services as parts
from core.api.metrics import exposed, metrics_routes
from core.engines.base import Blocked, Refused
from core.ledger.usage.state import States
from core.services import Services
from core.settings import Settings
from core.site import Sites
from core.storage.database import Database
from tests.conftest import SettableClock
from tests.ledger_rows import add_picture
from tests.studio import Studio

TOKEN = "a long token for the watcher"


def services_of(folder: Path, **more: str) -> Services:
    return parts.build(Settings.load(_env_file=None, IMAGIER_DATA_DIR=folder, **more), lanes=())


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    services = services_of(tmp_path, IMAGIER_METRICS_TOKEN=TOKEN)
    with TestClient(Starlette(routes=metrics_routes(services))) as client:
        yield client
    services.database.close()


def values(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


def test_whoever_has_the_token_may_read_them(client: TestClient) -> None:
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    assert values(answer.text)["imagier_waiting", frozenset()] == 0


@pytest.mark.parametrize("given", ["", "Bearer", "Bearer ", f"Basic {TOKEN}", "Bearer another", TOKEN])
def test_nobody_else_may(client: TestClient, given: str) -> None:
    answer = client.get("/metrics", headers={"Authorization": given})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert "imagier_" not in answer.text


def test_without_the_setting_there_is_no_such_address(tmp_path: Path) -> None:
    services = services_of(tmp_path)
    with TestClient(Starlette(routes=metrics_routes(services))) as client:
        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    services.database.close()


def test_they_are_those_of_the_pictures_and_the_calls(
    database: Database, clock: SettableClock, settings: Settings
) -> None:
    with Studio(database) as studio:
        for days in (1, 70):
            add_picture(database, studio.alice, clock.now - timedelta(days=days), cost=1_500_000)
        line = studio.line()
        studio.submit(studio.alice, number=4)
        for failure in (None, Blocked("blocked"), Refused("rate_limited", retry_after=0)):
            claim = line.claim(studio.lane)
            assert claim is not None
            clock.forward(3)
            if failure is None:
                line.finish(claim, {})
            elif isinstance(failure, Refused):
                line.put_back(claim, studio.lane, failure)
            else:
                line.fail(claim, failure)
    clock.forward(100)
    told = [values(exposed(States(database, Sites(database, settings)).now()).decode()) for _ in range(2)]
    assert told[0] == told[1]

    def value(name: str, **labels: str) -> float:
        return told[0][name, frozenset(labels.items())]

    assert value("imagier_pictures", state="done") == 3
    assert value("imagier_pictures", state="blocked") == 1
    assert (value("imagier_waiting"), value("imagier_oldest_waiting_seconds")) == (2, 109)
    assert value("imagier_cost_dollars_total") == 3
    assert value("imagier_calls_total", connection="openai", outcome="done") == 1
    assert value("imagier_call_errors_total", connection="openai", reason="rate_limited") == 1
    assert value("imagier_call_errors_total", connection="openai", reason="blocked") == 1
    assert value("imagier_call_seconds_count", connection="openai") == 3
    assert value("imagier_call_seconds_sum", connection="openai") == 9
    assert value("imagier_call_seconds_bucket", connection="openai", le="2.0") == 0
    assert value("imagier_call_seconds_bucket", connection="openai", le="4.0") == 3
