"""The cast and the stage: alice owns, bob is a stranger, ada is the administrator."""

import os
import shutil
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from core.accounts import passwords
from core.services import Services
from core.settings import Settings
from core.storage import schema
from core.storage.database import Database
from tests import postgresql
from tests.doors import open_doors
from tests.second_try import pytest_runtest_protocol as pytest_runtest_protocol
from tests.second_try import pytest_terminal_summary as pytest_terminal_summary

# Whoever runs in the background ignores Ctrl+C, and so would every program that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class SettableClock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What the developer has set for running the app must not reach a test."""
    for name in list(os.environ):
        if name.startswith(("IMAGIER_", "OPENAI_", "DATABASE_URL")):
            monkeypatch.delenv(name)


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing slowly is for attackers; a test that is not about it need not wait."""
    monkeypatch.setattr(passwords, "COST", 4)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load(_env_file=None, IMAGIER_DATA_DIR=tmp_path / "data")


@pytest.fixture
def doors(settings: Settings, sqlite_template: Path) -> Iterator[tuple[Services, TestClient]]:
    with open_doors(settings, sqlite_template) as doors:
        yield doors


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    if postgresql.programs() is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed; .ci/run installs it")
        pytest.skip("PostgreSQL is not installed (Debian: apt install postgresql)")
    with postgresql.server() as address:
        yield address


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    address = postgresql.create_database(postgresql_server, "template_imagier")
    database = Database(address.replace("postgresql:", "postgresql+psycopg:"))
    schema.upgrade(database)
    database.close()
    return "template_imagier"


@pytest.fixture(scope="session")
def postgresql_database(postgresql_server: str, postgresql_template: str) -> postgresql.Reused:
    return postgresql.Reused(postgresql_server, postgresql_template)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "imagier.db"
    database = Database(f"sqlite:///{path}")
    schema.upgrade(database)
    database.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a fresh database with today's tables, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "imagier.db")
        return f"sqlite:///{tmp_path / 'imagier.db'}"
    reused: postgresql.Reused = request.getfixturevalue("postgresql_database")
    return reused.address().replace("postgresql:", "postgresql+psycopg:")


@pytest.fixture
def database(database_url: str, clock: SettableClock) -> Iterator[Database]:
    """With the settable clock; a test that needs real time makes its own from `database_url`."""
    database = Database(database_url, clock)
    yield database
    database.close()
