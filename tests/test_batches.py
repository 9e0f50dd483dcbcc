"""Several descriptions ordered together: all or nothing, paused, gone on with, taken back."""

from collections.abc import Callable, Iterator
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from core.catalog import catalog
from core.engines.base import Failed, Refused
from core.errors import Problem
from core.ledger.limits import USER, Limits
from core.ledger.prices import Prices
from core.ledger.usage.state import States
from core.settings import Settings
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import Batch, Image, Request
from core.studio.batches import Batches, Progress, lines_of
from core.studio.orders import Order
from tests.conftest import SettableClock
from tests.ledger_sums import assert_tallies_are_the_sums
from tests.patience import until
from tests.studio import MODEL, PAINTING, Gate, Studio

CENTS_4 = 40_000  # micro-dollars


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    """Each picture costs four cents."""
    with Studio(database) as studio:
        with database.read() as session:
            now = database.now(session)
        Prices(database).add(studio.ada, MODEL, now, "ours", {"per_picture": Decimal("0.04")})
        yield studio


def refused(action: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as caught:
        action()
    return caught.value


def progress(studio: Studio) -> Progress:
    return studio.batches.shown(studio.alice)[0]


def stored(database: Database) -> tuple[int, ...]:
    with database.read() as session:
        return tuple(session.scalar(select(func.count()).select_from(it)) or 0 for it in (Batch, Request, Image))


def test_each_line_is_a_description_and_empty_ones_are_none() -> None:
    lines = lines_of("\n a tree \r\n\t\n\x00\na house\u2028with a door\ra lake\n")
    assert [(line.number, line.description) for line in lines] == [
        (2, "a tree"),
        (5, "a house\u2028with a door"),
        (6, "a lake"),
    ]
    assert lines_of(" \n\n") == []


def test_each_line_is_an_order_with_the_same_choices_and_all_is_reserved(studio: Studio) -> None:
    batch_id = studio.submit_batch(studio.alice, "a tree\n\na house", quality="high", number=2, seed=5)
    with studio.database.read() as session:
        requests = session.scalars(select(Request).order_by(Request.id)).all()
        told = [(it.description, it.quality, it.number, it.batch_id, it.door, len(it.images)) for it in requests]
    assert told == [(it, "high", 2, batch_id, "pages", 2) for it in ("a tree", "a house")]
    assert requests[0].fingerprint == studio.requests.fingerprint(Order("a tree", MODEL, quality="high"))
    assert [image.reserved_micros for image in studio.images()] == [CENTS_4] * 4
    assert_tallies_are_the_sums(studio.database)


def test_the_price_of_all_is_told_before(studio: Studio) -> None:
    found = studio.batches.estimate(studio.alice, Order("", MODEL, number=3), lines_of("a tree\na house"))
    assert (found.number, found.micros) == (6, 6 * CENTS_4)
    assert stored(studio.database) == (0, 0, 0)


@pytest.mark.parametrize(
    ("kind", "fits", "lacks", "code"),
    [
        ("dollars-per-day", "0.12", "0.119999", "money_limit"),
        ("pictures-per-month", "3", "2", "picture_limit"),
        ("pictures-at-once", "3", "2", "at_once_limit"),
    ],
)
def test_what_does_not_fit_as_a_whole_is_refused_as_a_whole(
    studio: Studio, kind: str, fits: str, lacks: str, code: str
) -> None:
    limits = Limits(studio.database)
    limits.set(USER, str(studio.alice), {kind: lacks})
    problem = refused(lambda: studio.submit_batch(studio.alice, "a tree\na house\na lake"))
    assert problem.code == code
    assert stored(studio.database) == (0, 0, 0)
    limits.set(USER, str(studio.alice), {kind: fits})
    studio.submit_batch(studio.alice, "a tree\na house\na lake")
    assert refused(lambda: studio.submit(studio.alice)).code == code


def test_a_fault_is_told_with_the_number_of_its_line(studio: Studio) -> None:
    problem = refused(lambda: studio.submit_batch(studio.alice, "a tree\n\n" + "x" * 32_001 + "\na house"))
    assert str(problem) == (
        "Line 3: The description has 32,001 characters; at most 32,000 are possible. Shorten it. Nothing was ordered."
    )
    assert refused(lambda: studio.submit_batch(studio.alice, "a tree", quality="best")).code == "choice_not_offered"
    assert refused(lambda: studio.submit_batch(studio.alice, "\n")).code == "description_missing"
    assert refused(lambda: studio.submit_batch(studio.alice, "a tree\n" * 101)).code == "too_many_lines"
    assert stored(studio.database) == (0, 0, 0)
    studio.submit_batch(studio.alice, "a tree\n" * 100)
    assert stored(studio.database) == (1, 100, 100)


def test_what_is_paused_waits_over_a_restart_and_keeps_what_it_reserved(studio: Studio, clock: SettableClock) -> None:
    batch_id = studio.submit_batch(studio.alice, "a tree\na house\na lake")
    line = studio.line()
    claim = line.claim(studio.lane)
    assert claim is not None
    studio.batches.pause(studio.alice, batch_id)
    studio.batches.pause(studio.alice, batch_id)
    assert studio.states() == ["running", "paused", "paused"]
    assert line.finish(claim, {"usage": None})
    restarted = studio.line("b" * 32)
    assert (restarted.is_waiting(studio.lane), restarted.claim(studio.lane)) == (False, None)
    found = Batches(studio.database, catalog.load(), studio.requests).shown(studio.alice)[0]
    assert (found.is_paused, found.is_open, found.number("done"), found.total) == (True, True, 1, 3)
    assert (found.cost_micros, found.reserved_micros) == (CENTS_4, 2 * CENTS_4)
    assert_tallies_are_the_sums(studio.database)
    studio.batches.resume(studio.alice, batch_id)
    assert [restarted.claim(studio.lane) is not None for _ in range(3)] == [True, True, False]


def test_what_is_paused_is_neither_waiting_nor_at_risk_but_under_way(studio: Studio, clock: SettableClock) -> None:
    batch_id = studio.submit_batch(studio.alice, "a tree\na house")
    studio.batches.pause(studio.alice, batch_id)
    clock.forward(60)
    state = States(studio.database, Sites(studio.database, Settings.load(_env_file=None))).now()
    assert (state.waiting, state.oldest_waiting, state.pictures["paused"]) == (0, 0.0, 2)
    assert (state.reserved_micros, state.risk_micros) == (2 * CENTS_4, 0)
    assert studio.requests.ledger.at_risk() == []
    studio.submit(studio.bob)
    slot = studio.boards.board(studio.bob).groups[0].slots[0]
    assert slot.place == 1
    assert not studio.boards.board(studio.alice).is_active
    Limits(studio.database).set(USER, str(studio.alice), {"pictures-at-once": "2"})
    assert refused(lambda: studio.submit(studio.alice)).code == "at_once_limit"


def test_what_goes_back_in_the_line_or_is_ordered_again_joins_the_pause(studio: Studio) -> None:
    batch_id = studio.submit_batch(studio.alice, "a tree\na house")
    line = studio.line()
    back, lost = line.claim(studio.lane), line.claim(studio.lane)
    assert back is not None
    assert lost is not None
    studio.batches.pause(studio.alice, batch_id)
    line.put_back(back, studio.lane, Refused("rate_limited", retry_after=0))
    line.fail(lost, Failed("provider_failed"))
    assert studio.states() == ["paused", "failed"]
    studio.requests.retry(studio.alice, lost.image_id)
    assert studio.states() == ["paused", "failed", "paused"]
    studio.batches.resume(studio.alice, batch_id)
    assert studio.states() == ["queued", "failed", "queued"]


def test_what_is_left_is_cancelled_and_what_is_missing_ordered_again(studio: Studio) -> None:
    batch_id = studio.submit_batch(studio.alice, "a tree\na house\na lake")
    line = studio.line()
    claim = line.claim(studio.lane)
    assert claim is not None
    line.fail(claim, Failed("provider_failed"))
    studio.batches.pause(studio.alice, batch_id)
    studio.batches.cancel(studio.alice, batch_id)
    assert studio.states() == ["failed", "cancelled", "cancelled"]
    assert refused(lambda: studio.batches.cancel(studio.alice, batch_id)).code == "not_cancellable"
    assert progress(studio).reserved_micros == 0
    studio.batches.retry(studio.alice, batch_id)
    assert studio.states()[3:] == ["queued"] * 3
    found = progress(studio)
    assert (found.total, found.number("queued"), found.reserved_micros) == (3, 3, 3 * CENTS_4)
    assert refused(lambda: studio.batches.retry(studio.alice, batch_id)).code == "not_retryable"
    assert_tallies_are_the_sums(studio.database)


def test_a_person_is_served_in_turn_however_much_another_has_ordered_at_once(studio: Studio) -> None:
    studio.submit_batch(studio.alice, "a tree\n" * 5)
    studio.submit_batch(studio.bob, "a house\na lake")
    claims = studio.line().claims(studio.lane, 4)
    assert [claim.request.user_id for claim in claims] == [studio.alice, studio.bob, studio.alice, studio.bob]


def test_what_was_ordered_before_is_known(studio: Studio) -> None:
    studio.submit(studio.alice, "a house")
    studio.submit(studio.bob, "a lake")
    lines = lines_of("a tree\na house\na lake")
    assert studio.batches.known(studio.alice, Order("", MODEL), lines) == [lines[1]]
    assert studio.batches.known(studio.alice, Order("", MODEL, quality="high"), lines) == []
    studio.requests.cancel(studio.alice, studio.images()[0].id)
    assert studio.batches.known(studio.alice, Order("", MODEL), lines) == []


def test_a_batch_is_shown_until_it_has_nothing_more_to_say(studio: Studio) -> None:
    first = studio.submit_batch(studio.alice, "a tree")
    second = studio.submit_batch(studio.alice, "a house")
    assert [it.batch.id for it in studio.batches.shown(studio.alice)] == [second, first]
    assert studio.boards.board(studio.alice).groups == ()
    line = studio.line()
    for claim in line.claims(studio.lane, 2):
        line.fail(claim, Failed("provider_failed"))
    studio.submit(studio.alice)
    assert [it.batch.id for it in studio.batches.shown(studio.alice)] == [second]
    studio.batches.close(studio.alice, second)
    assert studio.batches.shown(studio.alice) == []


def test_nobody_steers_what_somebody_else_ordered(studio: Studio) -> None:
    batch_id = studio.submit_batch(studio.alice, "a tree")
    acts = (studio.batches.pause, studio.batches.resume, studio.batches.cancel, studio.batches.retry)
    for act in (*acts, studio.batches.close):
        for stranger, wanted in ((studio.bob, batch_id), (studio.alice, 10**30), (studio.alice, -1)):
            assert refused(lambda: act(stranger, wanted)).code == "no_such_batch"  # noqa: B023
    assert studio.states() == ["queued"]
    assert studio.batches.shown(studio.bob) == []


def test_a_worker_finishes_what_it_draws_and_begins_no_more_until_it_may(studio: Studio) -> None:
    gate = Gate()
    studio.engine.on("a tree", gate, PAINTING)
    studio.worker()
    batch_id = studio.submit_batch(studio.alice, "a tree\n" * 6)
    until(lambda: studio.states().count("running") == 4)
    studio.batches.pause(studio.alice, batch_id)
    gate.open()
    until(lambda: studio.states().count("done") == 4)
    assert studio.states().count("paused") == 2
    studio.workers.pop().stop()
    studio.worker()
    assert studio.states().count("paused") == 2
    studio.batches.resume(studio.alice, batch_id)
    until(lambda: studio.states() == ["done"] * 6)
    assert len(studio.engine.jobs) == 6
