"""/export/ledger.…: the ledger's export for an administrator's browser, and for nobody else."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pyarrow import parquet  # type: ignore[import-untyped]
from sqlalchemy import select
from starlette.testclient import TestClient

from core.services import Services
from core.settings import Settings
from core.storage.tables import AuditEntry
from tests.browser.cast import Cast
from tests.ledger_rows import add_picture

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
PERIOD = {"from": "2026-11-20", "to": "2026-11-21"}


@pytest.fixture
def client(doors: tuple[Services, TestClient]) -> TestClient:
    return doors[1]


@pytest.fixture
def cast(doors: tuple[Services, TestClient], settings: Settings) -> Iterator[Cast]:
    cast = Cast(settings.data_dir)
    yield cast
    cast.close()


def test_both_formats_have_the_pictures_of_the_days_and_the_export_is_recorded(client: TestClient, cast: Cast) -> None:
    alice, ada = cast.join("Alice"), cast.join("Ada", "admin")
    for number in range(1_200):  # more than one batch
        add_picture(cast.database, alice.user_id, NOON + timedelta(seconds=number), cost=413_001)
    add_picture(cast.database, alice.user_id, NOON + timedelta(days=2), cost=1)
    answer = client.get("/export/ledger.csv", params=PERIOD, headers=cast.cookie(ada))
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="imagier-2026-11-20-2026-11-21.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert "content-length" not in answer.headers, "it is streamed"
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert (len(rows), sum(Decimal(row["cost_usd"]) for row in rows)) == (1_200, Decimal("495.601200"))
    answer = client.get("/export/ledger.parquet", params=PERIOD, headers=cast.cookie(ada))
    assert sum(parquet.read_table(io.BytesIO(answer.content))["cost_usd"].to_pylist()) == Decimal("495.601200")
    with cast.database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.act == "ledger.exported")).all()
    assert [(it.login, it.door, it.subject, it.after) for it in entries] == [
        (ada.login, "pages", "2026-11-20 – 2026-11-21", {"format": kind}) for kind in ("csv", "parquet")
    ]


def test_nobody_else_gets_it_and_what_cannot_be_is_refused(client: TestClient, cast: Cast) -> None:
    alice, ada = cast.join("Alice"), cast.join("Ada", "admin")
    assert client.get("/export/ledger.csv", params=PERIOD).status_code == 401
    assert client.get("/export/ledger.csv", params=PERIOD, headers=cast.cookie(alice)).status_code == 404
    admin = cast.cookie(ada)
    assert client.get("/export/ledger.exe", params=PERIOD, headers=admin).status_code == 404
    for days in ({}, {"from": "2026-11-20"}, {"from": "x", "to": "y"}, {"from": "2026-11-21", "to": "2026-11-20"}):
        assert client.get("/export/ledger.csv", params=days, headers=admin).status_code == 400
    assert (
        client.get("/export/ledger.csv", params={"from": "0001-01-01", "to": "9999-12-31"}, headers=admin).status_code
        == 400
    )
    assert client.post("/export/ledger.csv", params=PERIOD, headers=admin).status_code == 405
    with cast.database.read() as session:
        assert session.scalars(select(AuditEntry).where(AuditEntry.act == "ledger.exported")).all() == []
