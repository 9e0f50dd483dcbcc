"""The export: a row for each picture, and sums that are the screen's."""

import csv
import io
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from pyarrow import parquet  # type: ignore[import-untyped]
from sqlalchemy import func, select, update

from core.ledger import export as exports
from core.ledger.export import Entry, Totals, export, period, totals
from core.ledger.formats import as_csv, as_parquet
from core.ledger.windows import begin
from core.storage.database import Database
from core.storage.tables import Image, Price, Tally
from tests.ledger_rows import add_picture
from tests.studio import Cast, insert_cast

START, END = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
PARIS = ZoneInfo("Europe/Paris")
STATES = ("queued", "paused", "running", "done", "failed", "blocked", "unknown", "cancelled")


@pytest.fixture
def cast(database: Database) -> Cast:
    return insert_cast(database)


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def csv_of(database: Database) -> list[dict[str, str]]:
    return rows_of(b"".join(as_csv(export(database, START, END))))


def micros(dollars: Iterator[Decimal | None]) -> int:
    return int(sum((value for value in dollars if value is not None), Decimal(0)).scaleb(6))


def sums(entries: list[Entry]) -> Totals:
    return Totals(
        sum(entry.counted for entry in entries),
        micros(entry.cost_usd for entry in entries),
        micros(entry.reserved_usd for entry in entries),
        micros(entry.at_risk_usd for entry in entries),
    )


def totals_of(database: Database, user_id: int | None = None) -> Totals:
    with database.read() as session:
        return totals(session, START, END, user_id)


def add_many(database: Database, cast: Cast, number: int = 60) -> None:
    """Pictures of every state, with and without money, also just inside and just outside the period."""
    dice = random.Random(7)
    for index in range(number):
        state = STATES[index % len(STATES)]
        under_way = state in ("queued", "paused", "running")
        ordered_at = START + timedelta(seconds=dice.randrange(-86_400, 31 * 86_400))
        add_picture(
            database,
            dice.choice([cast.alice, cast.bob]),
            dice.choice([ordered_at, START, END, END - timedelta(microseconds=1), START - timedelta(microseconds=1)]),
            cost=None if under_way else dice.choice([None, 0, 1, 413_000, 320_750]),
            reserved=dice.choice([None, 52_701]) if under_way or state in ("unknown", "done") else None,
            counted=state in ("queued", "paused", "running", "done", "unknown"),
            state=state,
        )


def test_a_picture_is_a_row_with_all_that_is_known_of_it(database: Database, cast: Cast) -> None:
    with database.write() as session:
        price = Price(model="gpt-image-2", valid_from=START, image_out=30_000_000, source="-", created_at=START)
        session.add(price)
        session.flush()
        price_id = price.id
    details = {"text_tokens": 200, "image_tokens": 1_450, "cached_tokens_details": {"text_tokens": 50}}
    image_id = add_picture(
        database,
        cast.alice,
        NOON,
        cost=413_000,
        description="a tree, and “leaves”\n\U0001f333 שלום",
        size="auto",
        quality="high",
        door="api",
        started_at=NOON + timedelta(seconds=1),
        finished_at=NOON + timedelta(seconds=9, milliseconds=250),
        width=1536,
        height=1024,
        usage={"input_tokens": 1_650, "input_tokens_details": details, "output_tokens": 13_342},
        price_id=price_id,
        provider_request_id="req_1",
    )
    (row,) = csv_of(database)
    assert row == {
        "image_id": str(image_id),
        "request_id": row["request_id"],
        "user_id": str(cast.alice),
        "login": "alice",
        "name": "Alice",
        "ordered_at": "2026-11-22T12:00:00.000Z",
        "started_at": "2026-11-22T12:00:01.000Z",
        "finished_at": "2026-11-22T12:00:09.250Z",
        "door": "api",
        "connection": "openai",
        "model": "gpt-image-2",
        "size_asked": "auto",
        "size": "1536x1024",
        "quality": "high",
        "state": "done",
        "counted": "true",
        "text_in_tokens": "150",
        "cached_text_in_tokens": "50",
        "image_in_tokens": "1450",
        "cached_image_in_tokens": "0",
        "image_out_tokens": "13342",
        "text_out_tokens": "0",
        "price_id": str(price_id),
        "cost_usd": "0.413000",
        "reserved_usd": "",
        "at_risk_usd": "",
        "provider_request_id": "req_1",
        "description": "a tree, and “leaves”\n\U0001f333 שלום",
        "text_id": "",
    }


def test_unpriced_is_empty_and_free_is_zero(database: Database, cast: Cast) -> None:
    add_picture(database, cast.alice, NOON, cost=None)
    add_picture(database, cast.alice, NOON, cost=0)
    add_picture(database, cast.alice, NOON, cost=1)
    assert [row["cost_usd"] for row in csv_of(database)] == ["", "0.000000", "0.000001"]
    assert [row["counted"] for row in csv_of(database)] == ["true"] * 3


@pytest.mark.parametrize(
    ("state", "reserved", "at_risk"),
    [
        ("queued", "0.052701", ""),
        ("running", "0.052701", ""),
        ("unknown", "", "0.052701"),
        ("done", "", "0.052701"),  # it has a price, and came without usage
    ],
)
def test_what_is_held_is_reserved_while_under_way_and_at_risk_afterwards(
    database: Database, cast: Cast, state: str, reserved: str, at_risk: str
) -> None:
    add_picture(database, cast.alice, NOON, reserved=52_701, state=state)
    (row,) = csv_of(database)
    assert (row["reserved_usd"], row["at_risk_usd"], row["cost_usd"]) == (reserved, at_risk, "")


def test_the_sums_of_an_export_are_the_totals_and_the_tallies(database: Database, cast: Cast) -> None:
    add_many(database, cast)
    found = sums(list(export(database, START, END)))
    assert found == totals_of(database)
    assert 0 < found.pictures < 60
    assert all((found.cost_micros, found.reserved_micros, found.at_risk_micros))
    assert begin("quarter", START) == START
    assert begin("quarter", END) == END
    with database.read() as session:
        tallied = session.execute(
            select(func.sum(Tally.pictures), func.sum(Tally.cost_micros), func.sum(Tally.reserved_micros)).where(
                Tally.user_id == 0, Tally.length == "quarter", Tally.since >= START, Tally.since < END
            )
        ).one()
    assert tuple(map(int, tallied)) == (
        found.pictures,
        found.cost_micros,
        found.reserved_micros + found.at_risk_micros,
    )


def test_the_files_add_up_to_the_same_micro_dollar(database: Database, cast: Cast) -> None:
    add_many(database, cast)
    expected = totals_of(database)
    rows = csv_of(database)
    table = parquet.read_table(io.BytesIO(b"".join(as_parquet(export(database, START, END)))))
    for column, total in (
        ("cost_usd", expected.cost_micros),
        ("reserved_usd", expected.reserved_micros),
        ("at_risk_usd", expected.at_risk_micros),
    ):
        assert micros(Decimal(row[column]) for row in rows if row[column]) == total
        assert micros(iter(table[column].to_pylist())) == total
        assert table[column].null_count == [row[column] for row in rows].count("")


def test_the_pictures_of_one_person_are_theirs_alone(database: Database, cast: Cast) -> None:
    add_many(database, cast)
    alice, bob = (list(export(database, START, END, user)) for user in (cast.alice, cast.bob))
    assert {entry.login for entry in alice} == {"alice"}
    assert sums(alice) == totals_of(database, cast.alice)
    assert len(alice) + len(bob) == len(list(export(database, START, END)))
    assert list(export(database, START, END, cast.ada)) == []


def test_a_period_holds_its_first_moment_and_not_its_last(database: Database, cast: Cast) -> None:
    moments = [START - timedelta(microseconds=1), START, END - timedelta(microseconds=1), END]
    ids = [add_picture(database, cast.alice, moment) for moment in moments]
    assert [entry.image_id for entry in export(database, START, END)] == ids[1:3]


@pytest.mark.parametrize(
    ("first", "last", "start", "hours"),
    [
        (date(2026, 11, 1), date(2026, 11, 30), "2026-10-31T23:00+00:00", 30 * 24),
        (date(2026, 10, 25), date(2026, 10, 25), "2026-10-24T22:00+00:00", 25),  # the clocks go back
        (date(2026, 3, 29), date(2026, 3, 29), "2026-03-28T23:00+00:00", 23),
    ],
)
def test_both_days_of_a_period_belong_to_it(first: date, last: date, start: str, hours: int) -> None:
    begins, ends = period(first, last, PARIS)
    assert begins == datetime.fromisoformat(start)
    assert ends - begins == timedelta(hours=hours)


def test_it_is_read_in_batches_without_a_gap_or_a_double(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [add_picture(database, cast.alice, NOON - timedelta(hours=index)) for index in range(7)]
    for size in (1, 2, 7, 8):
        monkeypatch.setattr(exports, "BATCH", size)
        assert [entry.image_id for entry in export(database, START, END)] == ids


def test_what_changes_while_it_is_read_is_not_in_it(
    database: Database, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "BATCH", 1)
    ids = [add_picture(database, cast.alice, NOON, cost=1_000) for _ in range(3)]
    before = totals_of(database)
    entries = export(database, START, END)
    found = [next(entries)]
    with database.write() as session:
        session.execute(update(Image).where(Image.id == ids[2]).values(cost_micros=5))
    add_picture(database, cast.alice, NOON, cost=7)
    found += entries
    assert sums(found) == before
    assert totals_of(database).cost_micros == 2_012


def test_a_period_without_pictures_is_a_file_without_rows(database: Database, cast: Cast) -> None:
    assert b"".join(as_csv(export(database, START, END))) == ("\ufeff" + ",".join(Entry._fields) + "\r\n").encode()
    table = parquet.read_table(io.BytesIO(b"".join(as_parquet(export(database, START, END)))))
    assert table.num_rows == 0
    assert table.column_names == list(Entry._fields)
    assert totals_of(database) == Totals(0, 0, 0, 0)
