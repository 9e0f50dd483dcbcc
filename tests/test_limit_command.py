"""`python -m core limit` as whoever runs the server meets it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.__main__ import main
from core.ledger.limits import KINDS, ROLE, SITE, USER, Limits
from core.storage.database import Database
from tests.patience import SECONDS
from tests.studio import Cast, insert_cast

ROOT = Path(__file__).parents[1]


@pytest.fixture
def database(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, quick_hashes: None
) -> Iterator[Database]:
    """The one that the command finds by the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("IMAGIER_DATA_DIR", str(tmp_path / "data"))
    database = Database(database_url)
    yield database
    database.close()


@pytest.fixture
def cast(database: Database) -> Cast:
    return insert_cast(database)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, str]:
    """What the command prints, line by line."""
    assert main(["limit", *arguments]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return dict(line.split("\t") for line in said.out.splitlines())


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["limit", *arguments]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    return said.err


def test_a_persons_limit_is_set_shown_and_lifted(
    database: Database, cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(capsys, "alice", "pictures-per-day", "3") == {}
    assert run(capsys, " ALICE", "pictures-per-day") == {"pictures-per-day": "3"}
    assert run(capsys, "alice") == {**dict.fromkeys(KINDS, "none"), "pictures-per-day": "3"}
    assert Limits(database).of(USER, str(cast.alice)) == {"pictures-per-day": "3"}
    assert set(run(capsys, "bob").values()) == {"none"}
    assert run(capsys, "alice", "pictures-per-day", "none") == {}
    assert run(capsys, "alice", "pictures-per-day") == {"pictures-per-day": "none"}


def test_the_sites_and_a_roles_limits(database: Database, cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "site", "dollars-per-month", "50")
    run(capsys, "role:user", "dollars-per-month", "2.50")
    run(capsys, "role:admin", "quality", "High")
    assert Limits(database).of(SITE, "") == {"dollars-per-month": "50000000"}
    assert Limits(database).of(ROLE, "user") == {"dollars-per-month": "2500000"}
    assert run(capsys, "site", "dollars-per-month") == {"dollars-per-month": "50"}
    assert run(capsys, "role:user")["dollars-per-month"] == "2.5"
    assert run(capsys, "role:admin", "quality") == {"quality": "high"}


@pytest.mark.parametrize(
    ("kind", "typed", "shown"),
    [
        ("dollars-per-day", "0", "0"),
        ("dollars-per-day", "100", "100"),
        ("dollars-per-day", "1E+3", "1000"),
        ("dollars-per-day", "0,000001", "0.000001"),
        ("pictures-per-month", "100", "100"),
        ("size", "2048X2048", "2048x2048"),
        ("models", "gpt-image-2, painter", "gpt-image-2,painter"),
    ],
)
def test_what_is_shown_can_be_typed_again(
    cast: Cast, capsys: pytest.CaptureFixture[str], kind: str, typed: str, shown: str
) -> None:
    for value in (typed, shown):
        run(capsys, "site", kind, value)
        assert run(capsys, "site", kind) == {kind: shown}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("eve",), "There is no account “eve”"),
        (("eve", "pictures-per-day", "3"), "There is no account “eve”"),
        (("role:nobody", "pictures-per-day", "3"), "There is no account “role:nobody”"),
        (("alice", "pictures"), "“pictures” is not a limit. Choose one of: pictures-per-day, "),
        (("alice", "pictures-per-day", "-3"), "“-3” cannot be the limit “pictures-per-day”. It takes: 0, 1, 2, …"),
        (("alice", "dollars-per-day", "1,000"), "“1,000” cannot be the limit"),
        (("alice", "quality", "best"), "It takes: low, medium, high, xhigh, max, or “none” for no limit."),
    ],
)
def test_what_cannot_be_is_one_sentence(
    database: Database, cast: Cast, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: str
) -> None:
    assert words in refused(capsys, *arguments)
    assert Limits(database).of(USER, str(cast.alice)) == {}


def test_the_sentence_is_in_the_language_of_the_environment(
    cast: Cast, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    said = refused(capsys, "site", "quality", "best")
    assert "best" in said
    assert "cannot" not in said


@pytest.mark.parametrize("arguments", [[], ["alice", "pictures-per-day", "3", "4"]])
def test_a_wrong_usage_is_status_2(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["limit", *arguments])
    assert caught.value.code == 2
    assert "usage: python -m core" in capsys.readouterr().err


def test_the_help_names_every_limit_and_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["limit", "--help"])
    said = capsys.readouterr().out
    assert "\n  python -m core limit alice pictures-per-day 3\n" in said
    assert all(kind in said for kind in KINDS)


def test_a_process_of_its_own_needs_neither_the_pages_nor_the_engines(database: Database, cast: Cast) -> None:
    code = (
        "import sys; from core.__main__ import main; assert main(['limit', 'alice', 'size', '1024x1024']) == 0; "
        "print({'streamlit', 'openai', 'PIL', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.stdout, done.stderr) == ("set()\n", "")
    assert Limits(database).of(USER, str(cast.alice)) == {"size": "1024x1024"}
