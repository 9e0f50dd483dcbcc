"""Limits: what each kind takes, whose holds for whom, and how they are kept."""

from typing import Any

import pytest
from sqlalchemy import select

from core.acting import Actor, acting
from core.errors import Problem
from core.ledger.limits import KINDS, ROLE, SITE, SITE_NAMES, USER, Allowed, Limits, allowed, normal
from core.storage.database import Database
from core.storage.tables import AuditEntry
from tests.studio import Cast, insert_cast


@pytest.fixture
def cast(database: Database) -> Cast:
    return insert_cast(database)


@pytest.fixture
def limits(database: Database) -> Limits:
    return Limits(database)


def allowed_to(database: Database, user_id: int) -> Allowed:
    with database.read() as session:
        return allowed(session, user_id)


def refused(kind: str, value: str) -> dict[str, Any]:
    with pytest.raises(Problem) as caught:
        normal(kind, value)
    assert caught.value.code == "limit_impossible"
    assert str(caught.value)
    return caught.value.params


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("pictures-per-day", "0", "0"),
        ("pictures-per-day", " 12 ", "12"),
        ("pictures-per-month", "3.0", "3"),
        ("pictures-at-once", "1e3", "1000"),
        ("pictures-per-day", "1000000000", "1000000000"),
        ("dollars-per-day", "0", "0"),
        ("dollars-per-day", "-0", "0"),
        ("dollars-per-day", "2.50", "2500000"),
        ("dollars-per-day", "2,50", "2500000"),
        ("dollars-per-day", "0,125", "125000"),
        ("dollars-per-month", "1e3", "1000000000"),
        ("dollars-per-month", "1E+9", "1000000000000000"),
        ("dollars-per-month", "0.000001", "1"),
        ("quality", "HIGH", "high"),
        ("size", "1536X1024", "1536x1024"),
        ("models", " gpt-image-2 , , Painter ", "gpt-image-2,Painter"),
    ],
)
def test_what_people_type_is_understood(kind: str, typed: str, stored: str) -> None:
    assert normal(kind, typed) == stored


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("typed", ["", "  ", "none", "None", " NONE "])
def test_nothing_and_none_lift_a_limit(kind: str, typed: str) -> None:
    assert normal(kind, typed) is None


@pytest.mark.parametrize("kind", sorted(SITE_NAMES))
@pytest.mark.parametrize(
    "typed",
    [
        "-1", "nan", "NaN", "sNaN", "inf", "-Infinity", "1000000001", "1e999999", "9" * 5_000, "three", "3 pictures",
        "1,000", "1.000", "12.000", "1.000,5", "1.2.3", "0x10", "$5", "‮3", "🦊", "\x00", ";DROP TABLE limits",
    ],
)  # fmt: skip
def test_what_is_no_number_is_refused(kind: str, typed: str) -> None:
    params = refused(kind, typed)
    assert params["kind"] == kind
    assert len(params["value"]) <= 40


@pytest.mark.parametrize("kind", ["pictures-per-day", "pictures-per-month", "pictures-at-once"])
@pytest.mark.parametrize("typed", ["1.5", "0.1", "1e-9", "1e-999999", "0,5"])
def test_there_is_no_half_picture(kind: str, typed: str) -> None:
    refused(kind, typed)


@pytest.mark.parametrize("typed", ["0.0000001", "0.0000005", "1.0000001", "1e-400"])
def test_there_is_no_part_of_a_micro_dollar(typed: str) -> None:
    """Rounded, the first would be a limit of nothing."""
    refused("dollars-per-day", typed)


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("quality", "auto"),
        ("quality", "best"),
        ("size", "auto"),
        ("size", "large"),
        ("size", "0x0"),
        ("size", "0x1024"),
        ("size", "1024x"),
        ("size", "-1x5"),
        ("models", " , ,"),
    ],
)
def test_a_choice_that_bounds_nothing_is_refused(kind: str, typed: str) -> None:
    refused(kind, typed)


@pytest.mark.parametrize("kind", ["", "pictures", "PICTURES-PER-DAY", "x" * 10_000])
def test_a_limit_that_does_not_exist_is_refused(limits: Limits, kind: str) -> None:
    with pytest.raises(Problem) as caught:
        limits.set(SITE, "", {kind: "1"})
    assert caught.value.code == "limit_unknown"
    assert "pictures-at-once" in str(caught.value)


def test_of_several_values_all_are_kept_or_none(limits: Limits) -> None:
    limits.set(SITE, "", {"pictures-per-day": "5", "quality": "high"})
    with pytest.raises(Problem):
        limits.set(SITE, "", {"pictures-per-day": "9", "quality": "lovely"})
    assert limits.of(SITE, "") == {"pictures-per-day": "5", "quality": "high"}
    limits.set(SITE, "", {"pictures-per-day": "none", "size": "1024x1024"})
    assert limits.of(SITE, "") == {"quality": "high", "size": "1024x1024"}
    limits.set(SITE, "", {})
    assert limits.of(SITE, "") == {"quality": "high", "size": "1024x1024"}


def test_a_persons_own_limit_wins_over_the_roles(database: Database, limits: Limits, cast: Cast) -> None:
    limits.set(ROLE, "user", {"pictures-per-day": "5", "quality": "low", "size": "1024x1024"})
    limits.set(ROLE, "admin", {"pictures-per-day": "50"})
    limits.set(USER, str(cast.alice), {"pictures-per-day": "9", "quality": "high"})
    assert allowed_to(database, cast.alice).own == {"pictures-per-day": "9", "quality": "high", "size": "1024x1024"}
    assert allowed_to(database, cast.bob).own == {"pictures-per-day": "5", "quality": "low", "size": "1024x1024"}
    assert allowed_to(database, cast.ada).own == {"pictures-per-day": "50"}
    limits.set(USER, str(cast.alice), {"pictures-per-day": "none"})
    assert allowed_to(database, cast.alice).own["pictures-per-day"] == "5"


def test_the_sites_numbers_are_one_pot_and_its_choices_hold_for_each(
    database: Database, limits: Limits, cast: Cast
) -> None:
    numbers = dict.fromkeys(SITE_NAMES, "7")
    choices = {"quality": "medium", "size": "1024x1024", "models": "painter"}
    limits.set(SITE, "", numbers | choices)
    limits.set(ROLE, "admin", {"quality": "max"})
    limits.set(USER, str(cast.alice), {"models": "gpt-image-2"})
    found = allowed_to(database, cast.alice)
    assert found.own == choices | {"models": "gpt-image-2"}
    assert found.site.keys() >= numbers.keys()
    assert allowed_to(database, cast.ada).own == choices | {"quality": "max"}


def test_nobody_gets_the_limits_of_somebody_whose_id_begins_alike(
    database: Database, limits: Limits, cast: Cast
) -> None:
    for subject in (f"{cast.alice}0", f"0{cast.alice}", "user", ""):
        limits.set(USER, subject, {"pictures-per-day": "0"})
    limits.set(ROLE, str(cast.alice), {"pictures-per-day": "0"})
    assert allowed_to(database, cast.alice) == Allowed({}, {})


def test_a_change_is_recorded_with_what_held_before(database: Database, limits: Limits, cast: Cast) -> None:
    with acting(Actor(cast.ada, "ada", "192.0.2.7", "pages")):
        limits.set(USER, str(cast.alice), {"pictures-per-day": "3", "dollars-per-day": "2.50", "models": ""})
        limits.set(USER, str(cast.alice), {"pictures-per-day": "none", "dollars-per-day": "2,5"})
        limits.set(USER, str(cast.alice), {"pictures-per-day": ""})  # nothing changes, so nothing is recorded
        limits.set(SITE, "", {"quality": "high"})
        limits.set(ROLE, "user", {"size": "1024x1024"})
    with database.read() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert {(entry.act, entry.login, entry.door) for entry in entries} == {("limit.changed", "ada", "pages")}
    assert [(entry.subject, entry.before, entry.after) for entry in entries] == [
        (
            "alice",
            {"pictures-per-day": "none", "dollars-per-day": "none"},
            {"pictures-per-day": "3", "dollars-per-day": "2.5"},
        ),
        ("alice", {"pictures-per-day": "3"}, {"pictures-per-day": "none"}),
        ("site", {"quality": "none"}, {"quality": "high"}),
        ("role:user", {"size": "none"}, {"size": "1024x1024"}),
    ]
