"""What needs the administrator: each thing is there when it is so, and not when it is not."""

import shutil
from collections import namedtuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.accounts import audit
from core.catalog import catalog
from core.ledger.limits import SITE, Limits
from core.ledger.reconciliation import COMPARED
from core.settings import Settings
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import Connection
from core.studio.needs import FULL, LEAST_FREE, Needs, disk
from tests.conftest import SettableClock
from tests.ledger_rows import add_picture
from tests.studio import Cast, insert_cast

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def cast(database: Database) -> Cast:
    return insert_cast(database)


@pytest.fixture
def needs(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Needs:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**12, 10**11, 9 * 10**11))
    return Needs(database, Sites(database, settings), catalog.load(), settings.data_dir)


def kinds(needs: Needs) -> list[str]:
    return [need.kind for need in needs.now()]


def test_nothing_needs_anybody_where_all_is_well(needs: Needs, database: Database, cast: Cast) -> None:
    add_picture(database, cast.alice, NOON, cost=40_000, finished_at=NOON)
    Limits(database).set(SITE, "", {"dollars-per-month": "10"})
    assert kinds(needs) == []


def test_what_has_stopped_or_is_open_is_told(needs: Needs, database: Database, cast: Cast) -> None:
    with database.write() as session:
        session.add(Connection(name="openai", stopped_code="key_refused", stopped_at=NOON))
    add_picture(database, cast.alice, NOON, reserved=170_000, state="unknown")
    add_picture(database, cast.alice, NOON, cost=0, state="unknown", settled_at=NOON)
    found = {need.kind: need.params for need in needs.now()}
    assert found == {
        "stopped": {"name": "openai", "code": "key_refused"},
        "at_risk": {"number": 1, "held_micros": 170_000},
    }


def test_a_budget_that_is_nearly_spent_is_told(needs: Needs, database: Database, cast: Cast) -> None:
    Limits(database).set(SITE, "", {"dollars-per-month": "10"})
    add_picture(database, cast.alice, NOON, cost=7_900_000)
    assert kinds(needs) == []
    add_picture(database, cast.bob, NOON, cost=0, reserved=100_000, state="running")
    assert "budget" in kinds(needs)


def test_a_person_who_suddenly_spends_ten_times_as_much_is_told(needs: Needs, database: Database, cast: Cast) -> None:
    for day in range(1, 6):
        add_picture(database, cast.alice, NOON - timedelta(days=day * 3), cost=200_000)
        add_picture(database, cast.bob, NOON - timedelta(days=day * 3), cost=20_000)
    add_picture(database, cast.alice, NOON, cost=1_900_000)
    add_picture(database, cast.bob, NOON, cost=900_000)  # many times as much, and still little
    assert kinds(needs) == []
    add_picture(database, cast.alice, NOON, cost=100_000)
    (need,) = needs.now()
    assert (need.kind, need.address) == ("spending", {"user": "alice", "from": "2026-11-22"})


def test_a_model_that_ends_soon_is_told_if_it_was_used_lately(
    needs: Needs, database: Database, cast: Cast, clock: SettableClock
) -> None:
    ending = next(
        model for model in catalog.load().models.values() if model.shutdown is not None and model.shutdown > NOON.date()
    )
    add_picture(database, cast.alice, NOON - timedelta(days=31), model=ending.name)
    assert kinds(needs) == []
    add_picture(database, cast.alice, NOON, model=ending.name)
    (need,) = needs.now()
    assert (need.kind, need.params["date"]) == ("shutdown", ending.shutdown)
    clock.forward(timedelta(days=365).total_seconds())
    assert kinds(needs) == []


def test_the_last_comparison_with_the_bill_counts(needs: Needs, database: Database) -> None:
    for drift, expected in ((-2_000_000, ["drift"]), (400, [])):
        with database.write() as session:
            found = {"from": "2026-11-01", "to": "2026-11-20", "drift_micros": drift}
            audit.record(session, NOON, COMPARED, after=found)
        assert kinds(needs) == expected


def test_a_disk_that_is_nearly_full_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    total = 100 * LEAST_FREE
    for used, expected in ((FULL * total - 1, 0), (FULL * total, 1), (total - LEAST_FREE + 1, 1)):
        monkeypatch.setattr(shutil, "disk_usage", lambda _, used=used: Usage(total, used, total - used))
        assert len(disk(tmp_path / "not" / "there" / "yet")) == expected
