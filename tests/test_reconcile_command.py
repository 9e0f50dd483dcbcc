"""`python -m core reconcile`: the ledger's days beside the provider's bill, for a program to read."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from core.__main__ import main
from core.errors import explain
from core.i18n import Reader
from core.storage.database import Database
from tests.costs_server import KEY, CostsServer, Line
from tests.ledger_rows import add_picture
from tests.studio import Cast, insert_cast

FIRST, LAST = date(2026, 11, 1), date(2026, 11, 3)
COMMAND = ("reconcile", "--from", "2026-11-01", "--to", "2026-11-03")


@pytest.fixture
def server() -> Iterator[CostsServer]:
    with CostsServer() as server:
        yield server


@pytest.fixture
def cast(database: Database) -> Cast:
    return insert_cast(database)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.fixture
def installation(
    database_url: str, cast: Cast, server: CostsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """This process as the one of a command, on the folder that is returned."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("IMAGIER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_the_command_prints_a_line_for_each_day_and_the_total(
    installation: Path,
    database: Database,
    cast: Cast,
    server: CostsServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (installation / "key").write_text(KEY + "\n")
    monkeypatch.setenv("OPENAI_ADMIN_KEY_FILE", str(installation / "key"))
    add_picture(database, cast.alice, at("2026-11-01T09:00"), cost=413_000, finished_at=at("2026-11-01T10:00"))
    lost = at("2026-11-03T09:00")
    add_picture(database, cast.alice, lost, reserved=52_701, state="unknown", finished_at=lost)
    server.lines = {
        FIRST: [Line("gpt-image-2 image, output", "0.4")],
        LAST: [Line("gpt-image-2 image, output", "0.05")],
    }
    assert main(COMMAND) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        "day\tledger\tprovider\tdrift\tat_risk",
        "2026-11-01\t0.413000\t0.400000\t-0.013000\t0.000000",
        "2026-11-02\t0.000000\t0.000000\t0.000000\t0.000000",
        "2026-11-03\t0.000000\t0.050000\t0.050000\t0.052701",
        "total\t0.413000\t0.450000\t0.037000\t0.052701",
    ]
    assert said.err == ""


def test_the_command_says_that_the_numbers_are_of_all_models(
    installation: Path, server: CostsServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("OPENAI_ADMIN_KEY", KEY)
    server.groups = False
    server.lines = {FIRST: [Line("gpt-5.6-terra, output", "3")]}
    assert main(COMMAND) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[-1] == "total\t0.000000\t3.000000\t3.000000\t0.000000"
    assert "all models" in said.err


def test_without_a_key_the_command_says_so(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(COMMAND) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == explain(Reader(), "costs_key_missing") + "\n"
    assert "OPENAI_ADMIN_KEY" in said.err


def test_a_refused_key_is_never_shown(
    installation: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = "sk-admin-wrong-0123456789abcdef"
    monkeypatch.setenv("OPENAI_ADMIN_KEY", wrong)
    assert main(COMMAND) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert re.search(r"wrong|0123", said.err) is None


@pytest.mark.parametrize("arguments", [["reconcile"], ["reconcile", "--from", "2026-11-03", "--to", "2026-11-01"]])
def test_a_wrong_usage_is_status_2(
    installation: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: python -m core reconcile" in capsys.readouterr().err
