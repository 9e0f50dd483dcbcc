"""Booking: what is reserved with the order, what an outcome costs, and that the tallies are the sum of the pictures."""

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from core.engines.base import Blocked, EngineFailure, Failed, Refused, Unknown
from core.ledger.costs import Tokens, tokens_of
from core.ledger.ledger import Ledger
from core.ledger.prices import Prices
from core.storage.database import Database
from core.storage.tables import Image
from core.studio.orders import Order
from core.studio.turns import Claim
from tests.conftest import SettableClock
from tests.ledger_sums import assert_tallies_are_the_sums
from tests.studio import MODEL, Studio

USAGE = {"input_tokens": 10, "output_tokens": 1_000, "server": "theirs"}
COST = 10 * 5 + 1_000 * 30


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    """The model costs $5 and $30 for a million tokens, from yesterday on."""
    with Studio(database) as studio:
        add_price(studio, text_in=Decimal(5), image_out=Decimal(30))
        yield studio
        assert_tallies_are_the_sums(database)


def add_price(studio: Studio, **dollars: Decimal) -> int:
    with studio.database.read() as session:
        yesterday = studio.database.now(session) - timedelta(days=1)
    return Prices(studio.database).add(studio.ada, MODEL, yesterday, "", {**dollars})


def claimed(studio: Studio) -> Claim:
    claim = studio.line().claim(studio.lane)
    assert claim is not None
    return claim


def failed(studio: Studio, failure: EngineFailure) -> Image:
    image_id = studio.submit(studio.alice)[0]
    assert studio.line().fail(claimed(studio), failure)
    return studio.image(image_id)


def money(image: Image) -> tuple[int | None, int | None, bool]:
    return image.cost_micros, image.reserved_micros, image.counted


def test_an_order_reserves_its_estimate_picture_by_picture(studio: Studio) -> None:
    image_ids = studio.submit(studio.alice, number=3)
    found = studio.requests.estimate(studio.alice, Order("a tree", MODEL, number=3))
    assert found.each is not None
    assert found.micros == 3 * found.each
    assert [money(studio.image(image_id)) for image_id in image_ids] == [(None, found.each, True)] * 3


def test_a_picture_that_is_done_books_its_exact_cost_and_releases_the_rest(studio: Studio) -> None:
    image_id = studio.submit(studio.alice)[0]
    assert studio.line().finish(claimed(studio), {"usage": USAGE, "provider_request_id": "req_1"})
    image = studio.image(image_id)
    assert money(image) == (COST, None, True)
    assert image.usage == USAGE, "as the provider sent it"
    assert image.price_id is not None


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": 0, "output_tokens": 0}, {"output_tokens": "many"}])
def test_a_picture_without_usage_keeps_its_reservation_at_risk(studio: Studio, usage: dict[str, Any] | None) -> None:
    image_id = studio.submit(studio.alice)[0]
    reserved = studio.image(image_id).reserved_micros
    studio.line().finish(claimed(studio), {"usage": usage})
    assert money(studio.image(image_id)) == (None, reserved, True)
    assert [image.id for image in Ledger(studio.database).at_risk()] == [image_id]


def test_a_price_for_each_picture_needs_no_usage(studio: Studio) -> None:
    add_price(studio, per_picture=Decimal("0.04"))
    image_id = studio.submit(studio.alice)[0]
    studio.line().finish(claimed(studio), {})
    assert money(studio.image(image_id)) == (40_000, None, True)


@pytest.mark.parametrize("failure", [Failed, Blocked, Refused])
def test_a_picture_that_was_not_made_costs_nothing(studio: Studio, failure: type[EngineFailure]) -> None:
    image = failed(studio, failure("provider_failed"))
    assert money(image) == (None, None, False)
    assert image.price_id is None


@pytest.mark.parametrize("failure", [Failed, Blocked])
def test_what_the_provider_reports_of_a_picture_that_was_not_made_is_booked(
    studio: Studio, failure: type[EngineFailure]
) -> None:
    image = failed(studio, failure("provider_failed", usage=USAGE))
    assert money(image) == (COST, None, False)
    assert image.price_id is not None


@pytest.mark.parametrize("usage", [None, {}, {"input_tokens": 0, "output_tokens": 0}, USAGE])
def test_a_price_for_each_picture_is_for_one_that_was_made(studio: Studio, usage: dict[str, Any] | None) -> None:
    add_price(studio, per_picture=Decimal("0.04"))
    assert money(failed(studio, Blocked("blocked", usage=usage))) == (None, None, False)


def test_a_cancelled_picture_is_released(studio: Studio) -> None:
    image_ids = studio.submit(studio.alice, number=2)
    studio.requests.cancel(studio.alice, image_ids[0])
    assert money(studio.image(image_ids[0])) == (None, None, False)
    assert studio.image(image_ids[1]).counted


def test_a_picture_that_goes_back_in_the_line_keeps_what_it_holds(studio: Studio) -> None:
    image_id = studio.submit(studio.alice)[0]
    before = money(studio.image(image_id))
    for _ in range(3):
        studio.line().put_back(claimed(studio), studio.lane, Refused("rate_limited", retry_after=0))
        assert studio.state(image_id) == "queued"
        assert money(studio.image(image_id)) == before


def test_a_picture_of_unknown_outcome_stays_at_risk(studio: Studio) -> None:
    image = failed(studio, Unknown("connection_lost", usage=USAGE))
    assert image.state == "unknown"
    assert image.reserved_micros
    assert money(image) == (None, image.reserved_micros, True)


def test_a_late_answer_books_what_it_says(studio: Studio, clock: SettableClock) -> None:
    image_id = studio.submit(studio.alice)[0]
    line = studio.line(lease=30)
    claim = line.claim(studio.lane)
    assert claim is not None
    clock.forward(31)
    assert line.expire() == [image_id]
    assert studio.image(image_id).reserved_micros
    assert line.finish(claim, {"usage": USAGE})
    assert money(studio.image(image_id)) == (COST, None, True)


def test_a_picture_that_was_given_up_and_then_refused_is_released(studio: Studio) -> None:
    image_id = studio.submit(studio.alice)[0]
    line = studio.line()
    claim = claimed(studio)
    line.abandon([image_id])
    line.put_back(claim, studio.lane, Refused("rate_limited", retry_after=5))
    assert studio.state(image_id) == "failed"
    assert money(studio.image(image_id)) == (None, None, False)


def test_a_retry_reserves_anew_and_what_is_unknown_stays_held(studio: Studio) -> None:
    image = failed(studio, Unknown("connection_lost"))
    again = studio.image(studio.requests.retry(studio.alice, image.id, may_be_billed_again=True))
    assert money(again) == money(studio.image(image.id)) == (None, image.reserved_micros, True)


def test_the_money_of_a_picture_stays_in_the_quarter_of_its_order(studio: Studio, clock: SettableClock) -> None:
    """Also when it is made in the next one, and when two people order on both sides of the hour."""
    for user_id in (studio.alice, studio.bob, studio.alice):
        studio.submit(user_id, number=2)
        clock.forward(14 * 60)
        studio.line().finish(claimed(studio), {"usage": USAGE})
        assert_tallies_are_the_sums(studio.database)


def test_a_model_without_a_price_is_counted_and_never_zero(studio: Studio, clock: SettableClock) -> None:
    clock.forward(-3 * 24 * 3600)
    image_id = studio.submit(studio.alice)[0]
    assert money(studio.image(image_id)) == (None, None, True)
    studio.line().finish(claimed(studio), {"usage": USAGE})
    assert money(studio.image(image_id)) == (None, None, True)
    assert Ledger(studio.database).at_risk() == []
    assert failed(studio, Unknown("connection_lost")).counted


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"output_tokens": 100, "output_tokens_details": {"text_tokens": 30}}, Tokens(image_out=70, text_out=30)),
        ({"output_tokens": 100, "output_tokens_details": {"image_tokens": None}}, Tokens(image_out=100)),
        ({"output_tokens": 100, "output_tokens_details": {"image_tokens": 0, "text_tokens": 0}}, Tokens(image_out=100)),
        ({"output_tokens_details": {"image_tokens": 100}}, Tokens(image_out=100)),
        ({"input_tokens": 50, "input_tokens_details": {"image_tokens": 20}}, Tokens(text_in=30, image_in=20)),
        ({"input_tokens": 50, "input_tokens_details": {"text_tokens": None}}, Tokens(text_in=50)),
        ({"input_tokens": 5, "input_tokens_details": {"text_tokens": 9, "image_tokens": 9}}, Tokens(9, 0, 9)),
    ],
)
def test_what_the_details_leave_out_is_not_lost(usage: dict[str, Any], tokens: Tokens) -> None:
    assert tokens_of(usage) == tokens
