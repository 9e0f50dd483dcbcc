"""Room under a limit: exactly what fits is accepted, one more is refused, and the refusal says why."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from core.engines.base import Blocked, EngineFailure, Failed, Unknown
from core.errors import Problem, explain
from core.i18n import Reader
from core.ledger.ledger import Ledger
from core.ledger.limits import ROLE, SITE, SITE_NAMES, USER, Allowed, Limits
from core.ledger.prices import Prices
from core.ledger.room import Use, check_choices
from core.storage.database import Database
from core.storage.tables import Image, Request, Tally
from core.studio.orders import Order
from core.studio.requests import Requests
from tests.conftest import SettableClock
from tests.studio import MODEL, Studio, lane_of

PARIS = ZoneInfo("Europe/Paris")
CENTS = 40_000  # micro-dollars for a picture
ROOM_FOR_THREE = {
    "pictures-per-day": "3",
    "pictures-per-month": "3",
    "dollars-per-day": "0.12",
    "dollars-per-month": "0.12",
    "pictures-at-once": "3",
}
CODES = {"pictures-at-once": "at_once_limit", "dollars-per-day": "money_limit", "dollars-per-month": "money_limit"}


@pytest.fixture
def studio(database: Database, clock: SettableClock) -> Iterator[Studio]:
    with Studio(database) as studio:
        Prices(database).add(studio.ada, MODEL, clock() - timedelta(days=999), "", {"per_picture": Decimal("0.04")})
        yield studio


def in_zone(studio: Studio, zone: tzinfo) -> None:
    """From now on the site is there."""
    ledger = Ledger(studio.database, zone)
    studio.requests = Requests(studio.database, studio.files, studio.catalog, (studio.lane,), ledger=ledger)


def limit(studio: Studio, values: dict[str, str], scope: str = USER, subject: str | None = None) -> None:
    Limits(studio.database).set(scope, str(studio.alice) if subject is None else subject, values)


def subject_of(studio: Studio, scope: str) -> str:
    return {SITE: "", ROLE: "user", USER: str(studio.alice)}[scope]


def refused(action: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as caught:
        action()
    return caught.value


def order(studio: Studio, number: int = 1, **more: Any) -> Callable[[], object]:
    return lambda: studio.submit(studio.alice, number=number, **more)


def uses(studio: Studio, user_id: int) -> dict[str, Use]:
    return {use.kind: use for use in studio.requests.ledger.uses(user_id)}


def end(studio: Studio, failure: EngineFailure | None = None) -> int:
    """The next picture of the line is made, or ends as its call did."""
    line = studio.line()
    claim = line.claim(studio.lane)
    assert claim is not None
    assert line.finish(claim, {}) if failure is None else line.fail(claim, failure)
    return claim.image_id


def everything_stored(studio: Studio) -> tuple[int, ...]:
    counts = (select(func.count()).select_from(table) for table in (Request, Image, Tally))
    with studio.database.read() as session:
        return tuple(session.scalars(count).one() for count in counts)


@pytest.mark.parametrize("scope", [SITE, ROLE, USER])
@pytest.mark.parametrize("kind", SITE_NAMES)
def test_exactly_what_fits_is_accepted_and_one_more_refused(studio: Studio, scope: str, kind: str) -> None:
    limit(studio, {kind: ROOM_FOR_THREE[kind]}, scope, subject_of(studio, scope))
    assert refused(order(studio, 4)).code == CODES.get(kind, "picture_limit")
    assert everything_stored(studio) == (0, 0, 0)
    assert len(studio.submit(studio.alice, number=2)) == 2
    refused(order(studio, 2))
    assert len(studio.submit(studio.alice)) == 1
    refused(order(studio))
    assert uses(studio, studio.alice)[kind].left == 0


@pytest.mark.parametrize("kind", SITE_NAMES)
def test_ten_pictures_with_room_for_nine_store_nothing(studio: Studio, kind: str) -> None:
    limit(studio, {kind: "0.36" if kind.startswith("dollars") else "9"})
    refused(order(studio, 10))
    assert everything_stored(studio) == (0, 0, 0)
    assert len(studio.submit(studio.alice, number=9)) == 9


@pytest.mark.parametrize("kind", SITE_NAMES)
def test_a_limit_of_nothing_refuses_everything_that_counts(studio: Studio, kind: str) -> None:
    limit(studio, {kind: "0"})
    assert refused(order(studio)).code == CODES.get(kind, "picture_limit")
    assert studio.submit(studio.bob)


@pytest.mark.parametrize("kind", SITE_NAMES)
def test_the_sites_pot_is_everybodys_and_a_roles_is_each_ones(studio: Studio, kind: str) -> None:
    limit(studio, {kind: ROOM_FOR_THREE[kind]}, ROLE, "user")
    studio.submit(studio.bob, number=3)
    studio.submit(studio.alice, number=2)
    limit(studio, {kind: ROOM_FOR_THREE[kind]}, SITE, "")
    found = studio.requests.ledger.uses(studio.alice)
    assert [(use.is_site, use.left) for use in found] == [
        (False, CENTS if use.is_money else 1) for use in found[:1]
    ] + [(True, 0)]
    problem = refused(order(studio))
    assert problem.params["rule"].endswith("of everybody")
    assert refused(lambda: studio.submit(studio.ada)).params["rule"].endswith("of everybody")


def test_ones_own_limit_wins_whether_it_is_higher_or_lower(studio: Studio) -> None:
    limit(studio, {"pictures-per-day": "2"}, ROLE, "user")
    limit(studio, {"pictures-per-day": "4"})
    limit(studio, {"pictures-per-day": "1"}, subject=str(studio.bob))
    assert len(studio.submit(studio.alice, number=4)) == 4
    assert refused(lambda: studio.submit(studio.bob, number=2)).params["most"] == 1
    limit(studio, {"pictures-per-day": "none"})
    assert refused(order(studio)).params["most"] == 2
    studio.submit(studio.ada, number=10)


@pytest.mark.parametrize(
    ("first", "last", "resets"),
    [
        ("2026-03-28T23:00:00+00:00", "2026-03-29T21:59:59+00:00", "2026-03-29T22:00:00+00:00"),  # 23 hours
        ("2026-10-24T22:00:00+00:00", "2026-10-25T22:59:59+00:00", "2026-10-25T23:00:00+00:00"),  # 25 hours
        ("2026-12-30T23:00:00+00:00", "2026-12-31T22:59:59+00:00", "2026-12-31T23:00:00+00:00"),
    ],
)
@pytest.mark.parametrize("kind", ["pictures-per-day", "dollars-per-day"])
def test_a_day_is_the_sites_also_when_the_clocks_change(
    studio: Studio, clock: SettableClock, kind: str, first: str, last: str, resets: str
) -> None:
    in_zone(studio, PARIS)
    limit(studio, {kind: ROOM_FOR_THREE[kind]})
    clock.now = datetime.fromisoformat(first) - timedelta(seconds=1)
    studio.submit(studio.alice, number=3)  # of the day before
    for moment in (first, last):
        clock.now = datetime.fromisoformat(moment)
        if moment == first:
            studio.submit(studio.alice, number=3)
        assert refused(order(studio)).params["resets"] == datetime.fromisoformat(resets)
    clock.now = datetime.fromisoformat(resets)
    assert uses(studio, studio.alice)[kind].used == 0
    assert len(studio.submit(studio.alice, number=3)) == 3


@pytest.mark.parametrize("kind", ["pictures-per-month", "dollars-per-month"])
def test_a_month_is_the_sites_also_when_the_clocks_change(studio: Studio, clock: SettableClock, kind: str) -> None:
    in_zone(studio, PARIS)
    limit(studio, {kind: ROOM_FOR_THREE[kind]})
    clock.now = datetime(2026, 9, 30, 22, 0, tzinfo=UTC)  # October begins, in summer time
    studio.submit(studio.alice, number=3)
    clock.now = datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC)  # it ends in winter time
    resets = datetime(2026, 10, 31, 23, 0, tzinfo=UTC)
    assert refused(order(studio)).params["resets"] == resets
    clock.now = resets
    assert len(studio.submit(studio.alice, number=3)) == 3


def test_what_was_ordered_yesterday_and_made_today_counts_for_yesterday(studio: Studio, clock: SettableClock) -> None:
    limit(studio, {"pictures-per-day": "3", "dollars-per-day": "0.12"})
    studio.submit(studio.alice, number=3)
    clock.forward(24 * 3600)
    end(studio)
    assert [(use.used, use.reserved) for use in uses(studio, studio.alice).values()] == [(0, 0), (0, 0)]
    assert len(studio.submit(studio.alice, number=3)) == 3


@pytest.mark.parametrize("kind", SITE_NAMES)
def test_a_limit_lowered_below_what_is_used_refuses_and_breaks_nothing(studio: Studio, kind: str) -> None:
    image_ids = studio.submit(studio.alice, number=4)
    limit(studio, {kind: "0.04" if kind.startswith("dollars") else "1"})
    use = uses(studio, studio.alice)[kind]
    assert use.left == 0
    assert use.used + use.reserved == 4 * (CENTS if use.is_money else 1)
    assert refused(order(studio)).params.get("left", refused(order(studio)).params.get("left_micros")) == 0
    assert end(studio) == image_ids[0]
    studio.requests.cancel(studio.alice, image_ids[1])
    assert end(studio, Unknown("connection_lost")) == image_ids[2]
    refused(order(studio))
    limit(studio, {kind: "none"})
    studio.submit(studio.alice)


@pytest.mark.parametrize("outcome", [None, Blocked("blocked"), Failed("provider_failed"), Unknown("connection_lost")])
def test_at_once_is_what_waits_and_what_is_drawn(studio: Studio, outcome: EngineFailure | None) -> None:
    limit(studio, {"pictures-at-once": "2"})
    studio.submit(studio.alice, number=2)
    studio.line().claim(studio.lane)
    problem = refused(order(studio))
    assert problem.params == {
        "rule": "Pictures at once",
        "kind": "pictures-at-once",
        "scope": "person",
        "used": 2,
        "reserved": 0,
        "most": 2,
        "left": 0,
        "needed": 1,
        "resets": None,
    }
    assert end(studio, outcome)
    assert studio.submit(studio.alice)
    refused(order(studio))


@pytest.mark.parametrize(
    ("outcome", "pictures", "left"),
    [
        (None, 1, 2 * CENTS),
        (Blocked("blocked"), 0, 3 * CENTS),
        (Failed("provider_failed"), 0, 3 * CENTS),
        (Unknown("connection_lost"), 1, 2 * CENTS),
    ],
)
def test_what_was_not_made_makes_room_again(
    studio: Studio, outcome: EngineFailure | None, pictures: int, left: int
) -> None:
    limit(studio, {"pictures-per-day": "3", "dollars-per-month": "0.12"})
    image_id = studio.submit(studio.alice)[0]
    end(studio, outcome)
    found = uses(studio, studio.alice)
    assert (found["pictures-per-day"].used, found["dollars-per-month"].left) == (pictures, left)
    assert found["pictures-per-day"].reserved == 0
    if outcome is not None:
        studio.requests.retry(studio.alice, image_id, may_be_billed_again=True)
        assert uses(studio, studio.alice)["dollars-per-month"].left == left - CENTS


@pytest.mark.parametrize("kind", ["pictures-per-day", "dollars-per-day"])
def test_a_retry_is_checked_like_an_order(studio: Studio, kind: str) -> None:
    limit(studio, {kind: ROOM_FOR_THREE[kind]})
    image_ids = studio.submit(studio.alice, number=2)
    end(studio, Unknown("connection_lost"))
    studio.submit(studio.alice)
    problem = refused(lambda: studio.requests.retry(studio.alice, image_ids[0], may_be_billed_again=True))
    assert problem.code == CODES.get(kind, "picture_limit")
    assert len(studio.images()) == 3
    studio.requests.cancel(studio.alice, image_ids[1])
    studio.requests.retry(studio.alice, image_ids[0], may_be_billed_again=True)
    limit(studio, {"models": "painter"})
    studio.requests.cancel(studio.alice, studio.images()[-1].id)
    again = studio.images()[-1].id
    assert refused(lambda: studio.requests.retry(studio.alice, again)).code == "model_limit"


def test_what_is_free_needs_no_money_and_what_is_unpriced_needs_some_left(studio: Studio) -> None:
    requests = studio.requests_of(lane_of(studio.engine, models=("flux", "painter", MODEL)))
    Prices(studio.database).add(studio.ada, "painter", datetime(2026, 1, 1, tzinfo=UTC), "", {"per_picture": Decimal()})
    limit(studio, {"dollars-per-day": "0.05"})
    requests.submit(studio.alice, Order("a tree", "flux", number=2))
    requests.submit(studio.alice, Order("a tree", MODEL))
    requests.submit(studio.alice, Order("a tree", "flux"))
    limit(studio, {"dollars-per-day": "0.04"})
    assert refused(lambda: requests.submit(studio.alice, Order("a tree", "flux"))).code == "money_limit"
    requests.submit(studio.alice, Order("a tree", "painter", number=10))
    assert [image.reserved_micros for image in studio.images()] == [None, None, CENTS, None, *[0] * 10]


@pytest.mark.parametrize(
    ("values", "choices", "code"),
    [
        ({}, {"quality": "max", "size": "auto"}, None),
        ({"quality": "medium"}, {"quality": "medium"}, None),
        ({"quality": "medium"}, {"quality": "low"}, None),
        ({"quality": "medium"}, {"quality": "high"}, "choice_limit"),
        ({"quality": "high"}, {"quality": "auto"}, "choice_limit"),
        ({"quality": "high"}, {"quality": "lovely"}, "choice_limit"),
        ({"quality": "low"}, {"quality": None}, None),  # the model has no such choice
        ({"quality": "xhigh"}, {"quality": "max"}, "choice_limit"),
        ({"size": "1536x1024"}, {"size": "1536x1024"}, None),
        ({"size": "1536x1024"}, {"size": "1024x1536"}, None),
        ({"size": "1536x1024"}, {"size": "2048x2048"}, "choice_limit"),
        ({"size": "1024x1024"}, {"size": "1040x1024"}, "choice_limit"),
        ({"size": "2048x2048"}, {"size": "auto"}, "choice_limit"),
        ({"size": "3840x2160"}, {"size": None}, "choice_limit"),  # the server chooses
        ({"models": f"painter,{MODEL}"}, {}, None),
        ({"models": "painter"}, {}, "model_limit"),
        ({"models": MODEL.upper()}, {}, "model_limit"),
        ({"models": MODEL[:-1]}, {}, "model_limit"),
    ],
)
def test_what_may_be_ordered(values: dict[str, str], choices: dict[str, str | None], code: str | None) -> None:
    wish: dict[str, Any] = {"model": MODEL, "quality": "low", "size": "1024x1024"} | choices
    if code is None:
        check_choices(Allowed(values, {}), **wish)
    else:
        assert refused(lambda: check_choices(Allowed(values, {}), **wish)).code == code


@pytest.mark.parametrize("scope", [SITE, ROLE, USER])
def test_a_choice_beyond_the_limit_stores_nothing(studio: Studio, scope: str) -> None:
    limit(studio, {"quality": "low", "size": "1024x1024"}, scope, subject_of(studio, scope))
    assert refused(order(studio)).params["value"] == "medium", "the model's default counts"
    assert refused(order(studio, quality="low", size="1536x1024")).code == "choice_limit"
    assert everything_stored(studio) == (0, 0, 0)
    assert studio.submit(studio.alice, quality="low")


def test_a_server_that_chooses_the_size_itself_counts_as_the_largest(studio: Studio) -> None:
    limit(studio, {"size": "3840x2160"})
    requests = studio.requests_of(lane_of(studio.engine, models=("flux",)))
    assert refused(lambda: requests.submit(studio.alice, Order("a tree", "flux"))).params["value"] == "auto"
    assert requests.submit(studio.alice, Order("a tree", "flux", size="512x512"))


@pytest.mark.parametrize(
    ("values", "number", "english", "french"),
    [
        (
            {"pictures-per-day": "4"},
            2,
            ["Pictures per day: 2 of 4 used, 1 under way, 1 left, and this order has 2.", "Nov 23, 2026, 12:00"],
            ["Images par jour", "2", "4", "23 nov. 2026, 00:00"],
        ),
        (
            {"dollars-per-month": "0.14"},
            1,
            ["Dollars per month: $0.08 of $0.14 spent and $0.04 reserved, $0.02 left", "may cost $0.04", "Dec 1, 2026"],
            ["Dollars par mois", "0,08\xa0$US", "0,14\xa0$US", "0,04\xa0$US", "0,02\xa0$US", "1 déc. 2026"],
        ),
        (
            {"pictures-at-once": "2"},
            2,
            ["Pictures at once: 1 of 2 are under way, 1 more are possible, and this order has 2."],
            ["Images en même temps", "1", "2"],
        ),
        ({"quality": "low"}, 1, ["Highest quality: at most low, and this order has medium."], ["low", "medium"]),
        ({"models": "painter"}, 1, [f"“{MODEL}”", "painter"], [MODEL, "painter"]),
    ],
)
def test_a_refusal_says_which_limit_what_is_used_and_when_it_resets(
    studio: Studio, values: dict[str, str], number: int, english: list[str], french: list[str]
) -> None:
    studio.submit(studio.alice, number=3)
    end(studio)
    end(studio)
    limit(studio, values)
    problem = refused(order(studio, number))
    for language, expected in (("en", english), ("fr", french)):
        said = explain(Reader(language), problem.code, problem.params)
        assert "…" not in said
        for words in expected:
            assert words in said
    if french[0].startswith("Images") or french[0].startswith("Dollars"):
        assert "of" not in explain(Reader("fr"), problem.code, problem.params).split()


def test_ones_own_state_is_told_limit_by_limit(studio: Studio) -> None:
    limit(studio, {"pictures-per-day": "5", "dollars-per-month": "1", "quality": "high"})
    limit(studio, {"pictures-at-once": "9"}, SITE, "")
    studio.submit(studio.bob, number=2)
    studio.submit(studio.alice, number=2)
    tomorrow, december = datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    assert studio.requests.ledger.uses(studio.alice) == [
        Use("pictures-per-day", False, False, 5, 0, 2, tomorrow),
        Use("dollars-per-month", False, True, 1_000_000, 0, 2 * CENTS, december),
        Use("pictures-at-once", True, False, 9, 4, 0, None),
    ]
    assert [use.name for use in studio.requests.ledger.uses(studio.bob)] == ["Pictures at once of everybody"]
