"""Settling: the administrator says what a picture of unknown outcome cost, once; a late answer knows better."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.engines.base import Failed, Refused, Unknown
from core.errors import Problem
from core.ledger.ledger import Ledger
from core.ledger.prices import Prices
from core.ledger.risk import MOST_MICROS
from core.storage.database import Database
from core.storage.tables import Image
from core.studio.turns import Claim
from tests.conftest import SettableClock
from tests.ledger_sums import assert_tallies_are_the_sums
from tests.studio import MODEL, Studio

USAGE = {"input_tokens": 10, "output_tokens": 1_000}
COST = 10 * 5 + 1_000 * 30
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        dollars = {"text_in": Decimal(5), "image_out": Decimal(30)}
        Prices(database).add(studio.ada, MODEL, LONG_AGO, "", {**dollars})
        yield studio
        assert_tallies_are_the_sums(database)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database)


def lost(studio: Studio) -> tuple[Claim, int]:
    """A picture of unknown outcome, as the claim whose answer may still come, and what is reserved for it."""
    image_id = studio.submit(studio.alice)[0]
    claim = studio.line().claim(studio.lane)
    assert claim is not None
    studio.line().fail(claim, Unknown("connection_lost"))
    return claim, studio.image(image_id).reserved_micros or 0


def made_without_usage(studio: Studio) -> tuple[int, int]:
    image_id = studio.submit(studio.alice)[0]
    claim = studio.line().claim(studio.lane)
    assert claim is not None
    studio.line().finish(claim, {"usage": None})
    return image_id, studio.image(image_id).reserved_micros or 0


def money(image: Image) -> tuple[int | None, int | None, bool]:
    return image.cost_micros, image.reserved_micros, image.counted


def refused(action: Callable[[], object]) -> str:
    with pytest.raises(Problem) as caught:
        action()
    assert str(caught.value)
    return caught.value.code


def test_billed_books_the_estimate_or_the_typed_amount(studio: Studio, ledger: Ledger, clock: SettableClock) -> None:
    for micros in (None, 0, 123_456, MOST_MICROS):
        claim, reserved = lost(studio)
        clock.forward(60)
        ledger.settle(studio.ada, claim.image_id, billed=True, micros=micros)
        image = studio.image(claim.image_id)
        assert money(image) == (reserved if micros is None else micros, None, True)
        assert (image.settled_at, image.settled_by, image.state) == (clock(), studio.ada, "unknown")
    assert ledger.at_risk() == []


def test_not_billed_releases_and_no_longer_counts(studio: Studio, ledger: Ledger) -> None:
    claim, _ = lost(studio)
    ledger.settle(studio.ada, claim.image_id, billed=False)
    assert money(studio.image(claim.image_id)) == (0, None, False)


@pytest.mark.parametrize("billed", [True, False])
def test_a_picture_that_was_made_counts_whatever_it_cost(studio: Studio, ledger: Ledger, billed: bool) -> None:
    image_id, reserved = made_without_usage(studio)
    ledger.settle(studio.ada, image_id, billed=billed)
    assert money(studio.image(image_id)) == (reserved if billed else 0, None, True)
    assert ledger.at_risk() == []


def test_an_impossible_amount_is_refused(studio: Studio, ledger: Ledger) -> None:
    claim, reserved = lost(studio)
    for micros in (-1, MOST_MICROS + 1, 10**5_000):
        assert refused(partial(ledger.settle, studio.ada, claim.image_id, True, micros)) == "price_impossible"
    assert money(studio.image(claim.image_id)) == (None, reserved, True)
    assert [image.id for image in ledger.at_risk()] == [claim.image_id]


def test_only_what_is_at_risk_can_be_settled(studio: Studio, ledger: Ledger) -> None:
    waiting = studio.submit(studio.alice)[0]
    settle = partial(ledger.settle, studio.ada)
    assert refused(lambda: settle(waiting, True)) == "not_settleable"
    claim = studio.line().claim(studio.lane)
    assert claim is not None
    assert refused(lambda: settle(waiting, True)) == "not_settleable"
    studio.line().finish(claim, {"usage": USAGE})
    for image_id in (waiting, 0, -1, 999_999):
        assert refused(partial(settle, image_id, False)) == "not_settleable"
    assert money(studio.image(waiting)) == (COST, None, True)


def test_settling_again_changes_nothing(studio: Studio, ledger: Ledger) -> None:
    claim, _ = lost(studio)
    ledger.settle(studio.ada, claim.image_id, True, 5)
    assert refused(lambda: ledger.settle(studio.ada, claim.image_id, False)) == "not_settleable"
    assert money(studio.image(claim.image_id)) == (5, None, True)


def test_two_administrators_who_settle_at_once_book_once(
    studio: Studio, database_url: str, clock: SettableClock
) -> None:
    databases = [Database(database_url, clock) for _ in range(2)]
    for _ in range(5):
        claim, _ = lost(studio)
        barrier = threading.Barrier(2)
        outcomes: list[int] = []

        def settle(micros: int, image_id: int = claim.image_id, barrier: threading.Barrier = barrier) -> None:
            barrier.wait()
            try:
                Ledger(databases[micros % 2]).settle(studio.ada, image_id, True, micros)
                outcomes.append(micros)  # noqa: B023 - joined below, in the same turn
            except Problem as problem:
                assert problem.code == "not_settleable"  # noqa: PT017

        threads = [threading.Thread(target=settle, args=(micros,)) for micros in (1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [studio.image(claim.image_id).cost_micros] == outcomes
        assert_tallies_are_the_sums(studio.database)
    for database in databases:
        database.close()


@pytest.mark.parametrize("billed", [True, False])
def test_the_exact_cost_of_a_late_answer_stands(studio: Studio, ledger: Ledger, billed: bool) -> None:
    claim, _ = lost(studio)
    ledger.settle(studio.ada, claim.image_id, billed)
    assert studio.line().finish(claim, {"usage": USAGE})
    assert money(studio.image(claim.image_id)) == (COST, None, True)
    assert refused(lambda: ledger.settle(studio.ada, claim.image_id, True)) == "not_settleable"


def test_a_late_answer_without_usage_knows_no_better_than_whoever_settled_it(studio: Studio, ledger: Ledger) -> None:
    claim, _ = lost(studio)
    ledger.settle(studio.ada, claim.image_id, True, 777)
    assert studio.line().finish(claim, {"usage": None})
    assert money(studio.image(claim.image_id)) == (777, None, True)
    assert ledger.at_risk() == []


@pytest.mark.parametrize(("usage", "cost"), [(None, None), (USAGE, COST)])
def test_a_late_answer_that_it_failed_says_what_was_used(
    studio: Studio, ledger: Ledger, usage: dict[str, Any] | None, cost: int | None
) -> None:
    claim, _ = lost(studio)
    ledger.settle(studio.ada, claim.image_id, True, 777)
    assert studio.line().fail(claim, Failed("provider_failed", usage=usage))
    assert money(studio.image(claim.image_id)) == (cost, None, False)


def test_a_late_refusal_was_never_billed(studio: Studio, ledger: Ledger) -> None:
    claim, _ = lost(studio)
    ledger.settle(studio.ada, claim.image_id, True)
    studio.line().put_back(claim, studio.lane, Refused("rate_limited", retry_after=1))
    assert money(studio.image(claim.image_id)) == (None, None, False)


def test_a_late_answer_that_knows_nothing_leaves_what_was_settled(studio: Studio, ledger: Ledger) -> None:
    claim, _ = lost(studio)
    ledger.settle(studio.ada, claim.image_id, True, 777)
    studio.line().fail(claim, Unknown("deadline_passed"))
    assert money(studio.image(claim.image_id)) == (777, None, True)
    assert ledger.at_risk() == []


def test_an_unpriced_picture_of_unknown_outcome_stays_unpriced(
    studio: Studio, ledger: Ledger, clock: SettableClock
) -> None:
    clock.now = LONG_AGO.replace(year=2025, month=12)
    claim, _ = lost(studio)
    assert [image.id for image in ledger.at_risk()] == [claim.image_id]
    ledger.settle(studio.ada, claim.image_id, True)
    assert money(studio.image(claim.image_id)) == (None, None, True)


def test_what_is_at_risk_is_told_by_the_sites_days(studio: Studio, clock: SettableClock) -> None:
    """25 October has 25 hours in Paris: the first and the last moment belong to it, and nothing beside them."""
    ledger = Ledger(studio.database, ZoneInfo("Europe/Paris"))
    ids = []
    for moment in ("2026-10-24T21:59:59", "2026-10-24T22:00:00", "2026-10-25T22:59:59", "2026-10-25T23:00:00"):
        clock.now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        ids.append(lost(studio)[0].image_id)
    assert [image.id for image in ledger.at_risk(date(2026, 10, 25))] == ids[1:3]
    assert [image.id for image in ledger.at_risk(date(2026, 10, 26))] == ids[3:]
    assert [(image.id, image.request.user.login) for image in ledger.at_risk()] == [(it, "alice") for it in ids]
