"""The files of an export: nobody is harmed by opening one, and the command that writes them."""

import csv
import io
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyarrow import parquet  # type: ignore[import-untyped]

from core.__main__ import main
from core.errors import explain
from core.i18n import Reader
from core.ledger import formats
from core.ledger.export import Entry, export
from core.ledger.formats import as_csv, as_parquet, harmless
from core.storage.database import Database
from tests.ledger_rows import add_picture
from tests.patience import SECONDS
from tests.studio import Cast, insert_cast
from tests.test_export import END, NOON, START, add_many, csv_of, rows_of

ROOT = Path(__file__).parents[1]
FORMULAS = "=+-@＝＋－＠"


@pytest.fixture
def cast(database: Database) -> Cast:
    return insert_cast(database)


def entry_of(description: str) -> Entry:
    return Entry._make([*[None] * (len(Entry._fields) - 1), description])


def test_parquet_has_real_types_and_the_texts_as_they_are(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "GROUP", 2)
    for description in ("=1+1", "-5", "\tא🌳", "x" * 32_000, "last"):
        add_picture(database, cast.alice, NOON, cost=1, description=description, finished_at=NOON)
    table = parquet.read_table(io.BytesIO(b"".join(as_parquet(export(database, START, END)))))
    types = {field.name: str(field.type) for field in table.schema}
    assert types["cost_usd"] == types["reserved_usd"] == types["at_risk_usd"] == "decimal128(18, 6)"
    assert types["ordered_at"] == "timestamp[us, tz=UTC]"
    assert (types["counted"], types["image_out_tokens"], types["description"]) == ("bool", "int64", "string")
    assert table["description"].to_pylist() == ["=1+1", "-5", "\tא🌳", "x" * 32_000, "last"]
    assert table["finished_at"].to_pylist()[0] == NOON
    assert table["started_at"].null_count == 5


def test_long_descriptions_make_groups_of_fewer_rows() -> None:
    entry = entry_of("x" * 32_000)
    largest = max(len(group) for group in formats._groups([entry] * 1_000))
    assert largest == formats.GROUP_CHARACTERS // 32_000


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((sign + "1", "'" + sign + "1") for sign in FORMULAS),
        *((blank + "=1", "'" + blank + "=1") for blank in (" ", "\xa0", "\u3000", '"', "'", "“", "\u200b", "\ufeff")),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("\x00=1", "'\x00=1"),
        ("x;=1+1;y", "x;'=1+1;y"),
        ('x; "=1', "x;' \"=1"),
        ("a list:\n- of\n- things", "a list:\n'- of\n'- things"),
        ("a cat, --ar 16:9 = nice; really", "a cat, --ar 16:9 = nice; really"),
        ("5 - 3", "5 - 3"),
        ("", ""),
    ],
)
def test_what_would_be_a_formula_becomes_a_text(text: str, expected: str) -> None:
    assert harmless(text) == expected


@given(st.text(st.sampled_from([*FORMULAS, *" \t\r\n;,\"'a1", "\u200b", "“"]), max_size=30))
def test_no_cell_is_a_formula_whichever_character_separates_them(text: str) -> None:
    entry = entry_of(text)
    content = b"".join(as_csv([entry]))
    (row,) = rows_of(content)
    assert row["description"] == harmless(text)
    for separator in ",;\t":
        for cells in csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=separator):
            assert [cell for cell in cells if cell.lstrip(" \"'\u200b“")[:1] in {*FORMULAS} and cell[0] != "'"] == []


@pytest.mark.parametrize("blank", ["\t", "\x0b", "; ", "\"'", ";="])
def test_a_hostile_text_of_any_length_is_read_once(blank: str) -> None:
    assert harmless("x" + blank * 200_000).replace("'", "") == "x" + (blank * 200_000).replace("'", "")


def test_hostile_names_are_harmless_and_numbers_are_left_alone(database: Database, cast: Cast) -> None:
    hostile = '=HYPERLINK("http://x","y")'
    add_picture(database, cast.alice, NOON, cost=-1, model=hostile, provider_request_id="@x", description="-5")
    (row,) = csv_of(database)
    assert (row["model"], row["provider_request_id"], row["description"]) == ("'" + hostile, "'@x", "'-5")
    assert row["cost_usd"] == "-0.000001"


@pytest.fixture
def installation(
    database_url: str, database: Database, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """This process as the one of a command, on the folder that is returned."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("IMAGIER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("IMAGIER_TIMEZONE", "Europe/Paris")
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


NOVEMBER = ("export", "--from", "2026-11-01", "--to", "2026-11-30")


def test_the_command_writes_the_days_of_the_sites_time_zone(
    installation: Path, database: Database, cast: Cast, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    inside = [datetime(2026, 10, 31, 23, tzinfo=UTC), datetime(2026, 11, 30, 22, 59, tzinfo=UTC)]
    outside = [datetime(2026, 10, 31, 22, 59, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC)]
    ids = [str(add_picture(database, cast.alice, moment)) for moment in inside]
    for moment in outside:
        add_picture(database, cast.bob, moment)
    assert main(NOVEMBER) == 0
    assert [row["image_id"] for row in rows_of(capsysbinary.readouterr().out)] == ids
    assert main([*NOVEMBER, "--login", "bob"]) == 0
    assert rows_of(capsysbinary.readouterr().out) == []


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_the_command_writes_a_file(
    installation: Path, database: Database, cast: Cast, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    add_many(database, cast, 20)
    assert main([*NOVEMBER, "--format", form, "--output", "out"]) == 0
    content = (installation / "out").read_bytes()
    assert content.startswith(b"PAR1" if form == "parquet" else b"\xef\xbb\xbfimage_id,")
    assert tuple(capsys.readouterr()) == ("", "")


@pytest.mark.parametrize("path", ["nowhere/out", ".", "/dev/full"])
def test_a_file_that_cannot_be_written_is_one_sentence(
    installation: Path, database: Database, cast: Cast, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    add_picture(database, cast.alice, NOON)
    assert main([*NOVEMBER, "--output", path]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert path in said.err


def test_an_export_of_nobody_says_so(installation: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*NOVEMBER, "--login", "eve"]) == 1
    assert capsys.readouterr().err.strip() == explain(Reader(), "no_such_user", {"login": "eve"})


@pytest.mark.parametrize(
    "arguments",
    [
        ["export"],
        ["export", "--from", "2026-11-01"],
        ["export", "--from", "2026-11-30", "--to", "2026-11-01"],
        ["export", "--from", "2026-11-31", "--to", "2026-12-01"],
        ["export", "--from", "yesterday", "--to", "today"],
        ["export", "--from", "0001-01-01", "--to", "9999-12-31"],
        [*NOVEMBER, "--format", "xlsx"],
    ],
)
def test_a_wrong_usage_is_status_2(
    installation: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "usage: python -m core export" in said.err


def test_a_reader_that_goes_away_is_no_accident(installation: Path, database: Database, cast: Cast) -> None:
    for _ in range(3):
        add_picture(database, cast.alice, NOON, description="x" * 32_000)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
    process = subprocess.Popen(
        [sys.executable, "-m", "core", *NOVEMBER],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=installation,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(SECONDS) == 141
