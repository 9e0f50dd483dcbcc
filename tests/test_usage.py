"""Usage: whatever is shown is the sum of the pictures, at every moment and in every time zone."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as some
from sqlalchemy import delete, select, text, update

from core.errors import Problem
from core.ledger.ledger import Ledger
from core.ledger.usage import beginnings
from core.ledger.usage.periods import KINDS, period
from core.ledger.usage.report import FEW
from core.ledger.usage.service import Usage
from core.ledger.usage.times import bucket, exact_percentile, percentile
from core.members.leaving import Leaving
from core.settings import Settings
from core.site import Sites
from core.storage import schema
from core.storage.database import Database
from core.storage.files import Files
from core.storage.tables import UNDER_WAY, Base, Image, UsageChange, UsageSum
from core.storage.usage_triggers import WATCHED
from core.studio.removal import Removal, mark_purged
from tests.conftest import SettableClock
from tests.ledger_rows import add_picture, add_text
from tests.studio import insert_cast
from tests.usage_sums import (
    assert_the_month_is_the_sum_of_the_pictures,
    assert_usage_is_the_sum_of_the_pictures,
)

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia")


@pytest.fixture
def sites(database: Database, settings: Settings) -> Sites:
    return Sites(database, settings)


@pytest.fixture
def usage(database: Database, sites: Sites, monkeypatch: pytest.MonkeyPatch) -> Usage:
    """The beginning of a day is kept however few pictures it has; elsewhere it is read."""
    monkeypatch.setattr(beginnings, "FEW", 0)
    return Usage(database, sites)


def test_an_empty_site_has_nothing_to_show(usage: Usage, database: Database) -> None:
    report = usage.report("30")
    assert report.total.numbers == (0,) * 7
    assert report.total.people == 0
    assert report.total.numbers.share_failed is None
    assert report.total.times["whole"] == (None, None)
    assert [len(rows) for rows in (report.days, report.models, report.people)] == [0, 0, 0]
    assert report.forecast.expected_micros == 0
    assert_usage_is_the_sum_of_the_pictures(usage, database)


def test_a_picture_of_a_moment_ago_is_there(usage: Usage, database: Database, clock: SettableClock) -> None:
    alice = insert_cast(database).alice
    usage.report("today")
    add_picture(database, alice, clock.now, cost=13_170, started_at=clock.now, finished_at=clock.now)
    report = usage.report("today")
    assert (report.total.numbers.pictures, report.total.numbers.cost_micros, report.total.people) == (1, 13_170, 1)


@pytest.mark.parametrize("days_ago", [0, 1, 40])
def test_a_change_of_any_day_is_seen_at_once(
    usage: Usage, database: Database, clock: SettableClock, days_ago: int
) -> None:
    """Also of a month that was added up long ago; and whoever changes it, even with a statement of its own."""
    alice = insert_cast(database).alice
    moment = clock.now - days_ago * DAY
    image_id = add_picture(database, alice, moment, reserved=50_000, state="unknown")
    add_picture(database, alice, moment, cost=7)
    before = usage.report("year").total.numbers
    assert (before.cost_micros, before.risk_micros, before.failed) == (7, 50_000, 1)
    with database.write() as session:
        values = {"state": "done", "cost_micros": 40_000, "reserved_micros": None}
        session.execute(update(Image).where(Image.id == image_id).values(values))
    after = usage.report("year").total.numbers
    assert (after.cost_micros, after.risk_micros, after.failed) == (40_007, 0, 0)
    with database.write() as session:
        session.execute(text(f"UPDATE images SET created_at = created_at WHERE id = {image_id}"))
        session.execute(delete(Image).where(Image.id == image_id))
    assert usage.report("year").total.numbers.cost_micros == 7
    assert_usage_is_the_sum_of_the_pictures(usage, database)


def test_the_beginning_of_a_day_is_kept_and_a_change_in_it_is_seen_at_once(
    usage: Usage, database: Database, clock: SettableClock
) -> None:
    cast = insert_cast(database)
    for hours in (1, 2, 25, 26):
        add_picture(database, cast.alice, clock.now - timedelta(hours=hours), cost=5)
    assert usage.report("today").total.numbers.cost_micros == 10

    def kept() -> set[str]:
        with database.read() as session:
            return set(session.scalars(select(UsageSum.span).where(UsageSum.facet == "part")))

    assert kept() == {"p20261121", "p20261122"}
    late = add_picture(database, cast.bob, clock.now - timedelta(hours=2), cost=7)
    report = usage.report("today")
    assert (report.total.numbers.cost_micros, report.total.people, report.before.numbers.cost_micros) == (17, 2, 10)
    with database.write() as session:
        session.execute(delete(Image).where(Image.id == late))
    clock.now += timedelta(minutes=20)
    assert usage.report("today").total.numbers.cost_micros == 10
    add_picture(database, cast.alice, clock.now - timedelta(hours=30), cost=100)
    assert usage.report("today").before.numbers.cost_micros == 110
    clock.now += DAY
    assert usage.report("7").total.numbers.cost_micros == 120
    assert_usage_is_the_sum_of_the_pictures(usage, database)
    clock.now += DAY
    usage.tidy()
    assert usage.report("7").total.numbers.cost_micros == 120


def test_days_that_are_over_are_read_from_what_is_kept(usage: Usage, database: Database, clock: SettableClock) -> None:
    alice = insert_cast(database).alice
    for days_ago in (0, 1, 60):
        add_picture(database, alice, clock.now - days_ago * DAY, cost=5)
    usage.rollup.refresh()
    with database.read() as session:
        changed = {moment.date() for moment in session.scalars(select(UsageChange.quarter))}
        kept = set(session.scalars(select(UsageSum.span).where(UsageSum.facet == "model")))
    assert changed == {clock.now.date()}
    assert kept == {"2026-09-23", "2026-11-21", "m2026-09"}


def test_the_site_may_move_to_another_time_zone(
    usage: Usage, sites: Sites, database: Database, clock: SettableClock
) -> None:
    alice = insert_cast(database).alice
    add_picture(database, alice, datetime(2026, 11, 20, 23, 30, tzinfo=UTC), cost=5)
    for zone, day in (("UTC", 20), ("Europe/Paris", 21), ("America/New_York", 20), ("Asia/Kathmandu", 21)):
        sites.change({"time_zone": zone})
        there = date(2026, 11, day)
        assert usage.report("dates", there, there).total.numbers.cost_micros == 5
        assert usage.report("dates", there + DAY, there + DAY).total.numbers.cost_micros == 0
        assert_usage_is_the_sum_of_the_pictures(usage, database)


def test_a_day_of_23_and_one_of_25_hours_hold_what_was_ordered_in_them(
    usage: Usage, sites: Sites, database: Database, clock: SettableClock
) -> None:
    alice = insert_cast(database).alice
    sites.change({"time_zone": "Europe/Paris"})
    for day, offset in ((date(2026, 3, 29), 1), (date(2026, 10, 25), 2)):
        midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=offset)
        for hour in range(-1, 27):
            add_picture(database, alice, midnight + timedelta(hours=hour), cost=1)
    assert usage.report("dates", date(2026, 3, 29), date(2026, 3, 29)).total.numbers.cost_micros == 23
    assert usage.report("dates", date(2026, 10, 25), date(2026, 10, 25)).total.numbers.cost_micros == 25
    assert usage.report("dates", date(2026, 10, 25), date(2026, 10, 25)).hours[6, 2].ordered == 2
    assert_usage_is_the_sum_of_the_pictures(usage, database)


@pytest.fixture
def empty(database: Database, clock: SettableClock) -> Callable[[], int]:
    """Begin anew, and return alice."""

    def begin() -> int:
        clock.now = NOW
        with database.write() as session:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name != "audit":  # which is never changed
                    session.execute(table.delete())
        return insert_cast(database).alice

    return begin


PICTURE = some.fixed_dictionaries(
    {
        "minutes": some.integers(0, 400 * 24 * 60),
        "state": some.sampled_from(
            ("queued", "paused", "running", "done", "done", "failed", "blocked", "unknown", "cancelled")
        ),
        "cost": some.sampled_from((None, 0, 1, 13_170, 999_999)),
        "reserved": some.sampled_from((None, 50_000)),
        "model": some.sampled_from(("gpt-image-2", "a\u2019model", "")),
        "quality": some.sampled_from((None, "low", "high")),
        "door": some.sampled_from(("pages", "api")),
        "problem": some.sampled_from((None, "blocked", "deadline_passed")),
        "seconds": some.sampled_from((0, 1, 7, 1000)),
        "is_bob": some.booleans(),
    }
)
TEXT = some.fixed_dictionaries(
    {
        "minutes": some.integers(0, 400 * 24 * 60),
        "state": some.sampled_from(("running", "done", "failed", "unknown")),
        "cost": some.sampled_from((None, 0, 1, 1_234)),
        "reserved": some.sampled_from((None, 9_999)),
        "model": some.sampled_from(("gpt-words-mini", "gpt-image-2")),
        "is_bob": some.booleans(),
    }
)
ACTS = some.sampled_from(("none", "settle", "transfer", "purge", "throw away"))


@hypothesis_settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    batches=some.lists(
        some.tuples(some.lists(PICTURE, max_size=8), some.lists(TEXT, max_size=3), ACTS), min_size=1, max_size=3
    ),
    zone=some.sampled_from(ZONES),
    forward=some.sampled_from((0, 1, 40)),
)
def test_any_history_adds_up(
    batches: list[tuple[list[dict[str, object]], list[dict[str, object]], str]],
    zone: str,
    forward: int,
    usage: Usage,
    sites: Sites,
    database: Database,
    clock: SettableClock,
    empty: Callable[[], int],
    settings: Settings,
) -> None:
    """Also after somebody has left, and what was of unknown outcome was settled, long after its day."""
    alice = empty()
    sites.change({"time_zone": zone})
    for pictures, texts, act in batches:
        for values in texts:
            text = _booked(values)
            asked_at = NOW - timedelta(minutes=int(str(text.pop("minutes"))))
            add_text(database, alice + bool(text.pop("is_bob")), asked_at, **text)  # type: ignore[arg-type]
        for values in pictures:
            picture = _booked(values)
            moment = NOW - timedelta(minutes=int(str(picture.pop("minutes"))))
            seconds = timedelta(seconds=int(str(picture.pop("seconds"))))
            is_under_way = picture["state"] in ("queued", "paused", "running")
            add_picture(
                database,
                alice + bool(picture.pop("is_bob")),
                moment,
                started_at=None if picture["state"] in ("queued", "paused") else moment + seconds,
                finished_at=None if is_under_way else moment + 2 * seconds,
                **picture,  # type: ignore[arg-type]
            )
        assert_usage_is_the_sum_of_the_pictures(usage, database)
        clock.now += forward * DAY
        _act(act, alice, database, settings)
        assert_usage_is_the_sum_of_the_pictures(usage, database)
        assert_the_month_is_the_sum_of_the_pictures(usage, database)


def _booked(values: dict[str, object]) -> dict[str, object]:
    """What is still held has no cost yet, and what nobody knows has none either."""
    return values | ({"cost": None} if values["reserved"] or values["state"] == "unknown" else {})


def _act(act: str, alice: int, database: Database, settings: Settings) -> None:
    files = Files.open(settings.files)
    leaving = Leaving(database, files, Removal(database, files))
    with suppress(Problem):  # nothing is at risk, or she has left already
        if act == "settle":
            ledger = Ledger(database)
            found = ledger.risk()
            ledger.settle_all(alice, None, found.last_id, True, found.last_text_id)
        elif act == "throw away":
            with database.write() as session:
                ended = select(Image.id).where(Image.user_id == alice, Image.state.not_in(UNDER_WAY))
                mark_purged(session, session.scalars(ended).all(), database.now(session))
            leaving.removal.clear(alice)
        elif act != "none":
            _ = leaving.transfer(alice, alice + 1) if act == "transfer" else leaving.purge(alice)


@pytest.mark.parametrize(
    ("kind", "expected", "until"),
    [
        ("today", ("2026-03-31", "2026-03-31", "2026-03-30", "2026-03-30"), "14:35"),
        ("7", ("2026-03-25", "2026-03-31", "2026-03-18", "2026-03-24"), "14:35"),
        ("30", ("2026-03-02", "2026-03-31", "2026-01-31", "2026-03-01"), "14:35"),
        ("month", ("2026-03-01", "2026-03-31", "2026-02-01", "2026-02-28"), None),
        ("last-month", ("2026-02-01", "2026-02-28", "2026-01-01", "2026-01-31"), None),
        ("year", ("2025-04-01", "2026-03-31", "2024-04-01", "2025-03-31"), "14:35"),
    ],
)
def test_each_period_and_the_one_before_it(kind: str, expected: tuple[str, ...], until: str | None) -> None:
    found = period(kind, datetime(2026, 3, 31, 14, 35, tzinfo=UTC))
    days = (found.first, found.last, found.before_first, found.before_last)
    assert tuple(map(str, days)) == expected
    assert found.before_last < found.first <= found.last
    assert found.before_until == (time.fromisoformat(until) if until else None)


def test_a_month_so_far_is_compared_with_the_month_before_so_far() -> None:
    found = period("month", datetime(2026, 11, 24, 9, tzinfo=UTC))
    assert (str(found.before_first), str(found.before_last)) == ("2026-10-01", "2026-10-24")
    assert found.before_until == time(9)


def test_any_dates_may_be_chosen_in_either_order() -> None:
    first, last, now = date(2026, 1, 10), date(2026, 1, 12), datetime(2026, 3, 31, 9, tzinfo=UTC)
    assert period("dates", now, last, first) == period("dates", now, first, last)
    assert period("dates", now, first, last).before_first == date(2026, 1, 7)
    assert period("dates", now, first, last).before_until is None
    assert period("year", datetime(2028, 2, 29, tzinfo=UTC)).first == date(2027, 3, 1)
    assert set(KINDS) >= {"today", "7", "30", "month", "last-month", "year", "dates"}


def test_today_is_compared_with_yesterday_up_to_the_same_moment(
    usage: Usage, sites: Sites, database: Database, clock: SettableClock
) -> None:
    alice = insert_cast(database).alice
    sites.change({"time_zone": "Asia/Kathmandu"})  # it is 17:45 there
    for minutes, cost in ((-1, 1), (0, 10), (5, 100)):
        ordered = clock.now - DAY + timedelta(minutes=minutes)
        add_picture(database, alice, ordered, cost=cost, started_at=ordered, finished_at=ordered + DAY / 24 / 60)
    add_picture(database, alice, clock.now - timedelta(minutes=1), cost=1_000)
    before = usage.report("today").before
    assert (before.numbers.cost_micros, before.numbers.ordered, before.people) == (1, 1, 1)
    assert before.times["whole"].median == 60
    assert usage.report("7").before.numbers.cost_micros == 0
    clock.now += timedelta(days=6)
    assert usage.report("7").before.numbers.cost_micros == 1
    clock.now += timedelta(minutes=1)
    assert usage.report("7").before.numbers.cost_micros == 11


def test_percentiles_of_few_are_exact_and_of_many_a_percent_off_at_most() -> None:
    assert exact_percentile([10.0, 20.0], 50) == 15
    assert exact_percentile([1.0], 95) == 1
    assert exact_percentile([], 50) is None
    seconds = [0.5 + number**1.7 / 1000 for number in range(FEW * 2)]
    numbers: dict[int, int] = {}
    for value in seconds:
        index = bucket(round(value * 1_000_000))
        numbers[index] = numbers.get(index, 0) + 1
    for percent in (50, 95):
        exact, found = exact_percentile(seconds, percent), percentile(numbers, percent)
        assert exact is not None
        assert found is not None
        assert abs(found / exact - 1) < 0.012


def test_the_forecast_goes_on_at_the_pace_of_the_last_days(
    usage: Usage, database: Database, clock: SettableClock
) -> None:
    clock.now = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)  # eleven days are left
    alice = insert_cast(database).alice
    for days_ago in range(1, 8):
        add_picture(database, alice, clock.now - days_ago * DAY, cost=1_000_000)
    add_picture(database, alice, clock.now - timedelta(days=18), cost=5_000_000)
    forecast = usage.report("month").forecast
    assert (forecast.spent_micros, forecast.expected_micros) == (12_000_000, 23_000_000)
    assert forecast.budget_micros is None


def test_a_migration_leaves_the_triggers_in_place(database: Database) -> None:
    """SQLite changes a table by making it anew, which drops its triggers."""
    schema.upgrade(database, "head")

    def triggers() -> Iterator[str]:
        catalogue = (
            "pg_trigger WHERE tgname" if database.is_postgresql else "sqlite_master WHERE type = 'trigger' AND name"
        )
        name = "tgname" if database.is_postgresql else "name"
        with database.read() as session:
            yield from session.scalars(text(f"SELECT {name} FROM {catalogue} LIKE 'usage_%'"))

    expected = {f"usage_{table}_{event}" for table in WATCHED for event in ("insert", "update", "delete")}
    assert set(triggers()) == expected
