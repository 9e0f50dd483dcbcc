"""Improving a description: beside the original, under the limits, in every total; and all that can go wrong."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from core.catalog import catalog
from core.connections.connections import Connections
from core.connections.drafts import COMPATIBLE, Draft
from core.connections.lanes import LiveLanes
from core.engines.openai_text import Asked, Written, write
from core.errors import Problem
from core.ledger.export import export, period, totals
from core.ledger.ledger import Ledger
from core.ledger.limits import USER, Limits
from core.ledger.prices import Prices
from core.ledger.usage.service import Usage
from core.settings import Settings
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import Improvement
from core.storage.vault import Vault
from core.studio.improving import FORGOTTEN, Improvements
from tests.conftest import SettableClock
from tests.images_server import KEY, ImagesServer
from tests.ledger_sums import assert_tallies_are_the_sums
from tests.patience import until
from tests.studio import Cast, insert_cast

MODEL = "fine-words-mini"
COST = 300 * 2 + 100 * 1 + 100 * 8  # micro-dollars: tokens by their prices
PRICE = {"text_in": Decimal(2), "cached_text_in": Decimal(1), "text_out": Decimal(8)}


class Desk:
    """A site with a text model, which is the test's own server."""

    def __init__(self, database: Database, settings: Settings, provider: ImagesServer):
        self.database, self.provider = database, provider
        self.cast: Cast = insert_cast(database)
        self.alice, self.bob, self.ada = self.cast.alice, self.cast.bob, self.cast.ada
        models = catalog.load()
        lanes = LiveLanes(database, (), models, Vault((b"x" * 32,)))
        self.connections = Connections(database, lanes, models, Vault((b"x" * 32,)), None)
        self.connections.add(self.ada, "words", Draft(COMPATIBLE, provider.base_url, KEY))
        self.sites = Sites(database, settings)
        self.sites.change({"text_model": MODEL, "text_connection": "words"})
        self.ledger = Ledger(database, sites=self.sites)
        self.seconds = 60.0
        self.improvements = Improvements(database, self.sites, lanes, self.connections, self.ledger, self._written)

    def _written(self, asked: Asked, base_url: str, key: str | None, organisation: str, project: str) -> Written:
        return write(asked, base_url, key, organisation, project, self.seconds)

    def price(self, dollars: dict[str, Decimal | None] = PRICE) -> None:  # type: ignore[assignment]
        with self.database.read() as session:
            now = self.database.now(session)
        Prices(self.database).add(self.ada, MODEL, now, "ours", dollars)

    def improved(self, description: str) -> Improvement:
        """The row, once its call has ended."""
        improvement_id = self.improvements.begin(self.alice, description)
        until(lambda: self.row(improvement_id).state != "running")
        return self.row(improvement_id)

    def let_finish(self, improvement_id: int) -> None:
        """Let go what the provider holds, however late it comes."""

        def is_done() -> bool:
            self.provider.release()
            return self.row(improvement_id).state == "done"

        until(is_done)

    def row(self, improvement_id: int) -> Improvement:
        with self.database.read() as session:
            return session.get_one(Improvement, improvement_id)


@pytest.fixture(scope="module")
def provider() -> Iterator[ImagesServer]:
    with ImagesServer() as server:
        yield server


@pytest.fixture
def desk(database: Database, settings: Settings, provider: ImagesServer) -> Desk:
    return Desk(database, settings, provider)


def refused(action: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as caught:
        action()
    return caught.value


def test_nothing_is_offered_until_a_text_model_is_given(desk: Desk) -> None:
    assert desk.improvements.offered() is not None
    desk.connections.pause("words")
    assert desk.improvements.offered() is None
    desk.connections.go_on("words")
    desk.sites.change({"text_connection": None})
    assert desk.improvements.offered() is not None
    desk.sites.change({"text_model": None})
    assert desk.improvements.offered() is None
    assert refused(lambda: desk.improvements.begin(desk.alice, "a fox")).code == "improving_not_offered"


def test_a_suggestion_stands_beside_the_original_and_costs_exactly_what_was_used(desk: Desk) -> None:
    desk.price()
    row = desk.improved("a fox")
    assert (row.state, row.original) == ("done", "a fox")
    assert (row.suggestion or "").startswith("A red fox in deep snow")
    assert (row.cost_micros, row.reserved_micros) == (COST, None)
    current = desk.improvements.current(desk.alice)
    assert current is not None
    assert current.id == row.id
    assert desk.improvements.current(desk.bob) is None
    sent = desk.provider.calls[-1]
    assert (sent.path, sent.prompt, sent.parameters["model"]) == ("/v1/chat/completions", "a fox", MODEL)
    assert "n" not in sent.parameters
    assert_tallies_are_the_sums(desk.database)


def test_what_it_costs_is_in_every_total(desk: Desk, clock: SettableClock) -> None:
    desk.price()
    desk.improved("a fox")
    zone = desk.sites.now().zone
    start, end = period(clock().date(), clock().date(), zone)
    with desk.database.read() as session:
        assert totals(session, start, end) == (found := totals(session, start, end, desk.alice))
    assert (found.pictures, found.cost_micros, found.reserved_micros, found.at_risk_micros) == (0, COST, 0, 0)
    (entry,) = export(desk.database, start, end)
    assert (entry.image_id, entry.text_id, entry.login, entry.model) == (None, 1, "alice", MODEL)
    assert (entry.cost_usd, entry.text_in_tokens, entry.cached_text_in_tokens, entry.text_out_tokens) == (
        Decimal(COST).scaleb(-6),
        300,
        100,
        100,
    )
    report = Usage(desk.database, desk.sites).report("today")
    assert report.total.numbers == (0, 0, 0, 0, COST, 0, 0)
    assert report.people[desk.alice].cost_micros == COST
    assert report.models[MODEL, ""].cost_micros == COST
    spent = {window: sums for window, _, sums in desk.ledger.spent(desk.alice)}
    assert spent["day"] == (0, COST, 0)
    clock.forward(3 * 24 * 3600)  # the day is over, and added up
    usage = Usage(desk.database, desk.sites)
    assert usage.report("7").total.numbers.cost_micros == COST
    assert usage.report("7").total.numbers.cost_micros == COST


@pytest.mark.parametrize("kind", ["dollars-per-day", "dollars-per-month"])
def test_it_stays_within_the_limits_in_dollars_and_counts_as_no_picture(desk: Desk, kind: str) -> None:
    desk.price()
    limits, most = Limits(desk.database), desk.improvements.estimate(desk.improvements.offered(), "a fox")  # type: ignore[arg-type]
    assert most is not None
    assert most > COST
    limits.set(USER, str(desk.alice), {kind: str(Decimal(most - 1).scaleb(-6)), "pictures-per-day": "0"})
    assert refused(lambda: desk.improvements.begin(desk.alice, "a fox")).code == "money_limit"
    with desk.database.read() as session:
        assert session.scalar(select(Improvement.id)) is None
    limits.set(USER, str(desk.alice), {kind: str(Decimal(most).scaleb(-6))})
    assert desk.improved("a fox").cost_micros == COST


def test_a_model_without_a_price_is_unpriced_and_may_be_refused(desk: Desk) -> None:
    assert desk.improvements.estimate(desk.improvements.offered(), "a fox") is None  # type: ignore[arg-type]
    row = desk.improved("a fox")
    assert (row.cost_micros, row.reserved_micros, row.usage is not None) == (None, None, True)
    desk.sites.change({"unpriced": "refuse"})
    assert refused(lambda: desk.improvements.begin(desk.alice, "a fox")).code == "unpriced_refused"
    desk.price({"per_picture": Decimal(0)})
    assert desk.improved("a fox").cost_micros == 0


@pytest.mark.parametrize(
    ("fault", "state", "code", "billed"),
    [
        ("429-rate", "failed", "improving_too_fast", False),
        ("400-moderation", "blocked", "improving_blocked", False),
        ("500", "unknown", "improving_lost", None),
        ("502-html", "unknown", "improving_lost", None),
        ("drop", "unknown", "improving_lost", None),
        ("drop-midway", "unknown", "improving_lost", None),
        ("200-broken-json", "unknown", "improving_lost", None),
        ("200-html", "failed", "improving_no_text", False),
        ("200-empty", "failed", "improving_no_text", False),
        ("200-not-an-object", "failed", "improving_no_text", False),
        ("200-empty-list", "failed", "improving_no_text", False),
        ("200-error", "failed", "improving_failed", True),
        ("suggest", "failed", "improving_no_text", True),
        ("suggest-long 100000", "done", "improving_too_long", True),
        ("no-usage", "done", None, None),
        ("zero-usage", "done", None, None),
    ],
)
def test_whatever_goes_wrong_is_told_and_booked_as_far_as_it_is_known(
    desk: Desk, fault: str, state: str, code: str | None, billed: bool | None
) -> None:
    """`billed` None: nobody knows, so it stays at risk until an administrator settles it. Nothing is sent twice."""
    desk.price()
    before = len(desk.provider.requests)
    row = desk.improved(f"a fox [fault:{fault}]")
    assert (row.state, row.problem) == (state, code)
    assert len(desk.provider.requests) == before + 1
    assert row.cost_micros == (COST if billed else None)
    assert (row.reserved_micros is not None) == (billed is None)
    assert_tallies_are_the_sums(desk.database)
    found = desk.ledger.risk()
    assert (found.texts, found.reserved_micros) == ((1, row.reserved_micros) if billed is None else (0, 0))
    if billed is None:
        assert [written.id for written in desk.ledger.texts_at_risk(desk.ledger.days_at_risk()[0])] == [row.id]
        assert desk.ledger.settle_all(desk.ada, None, found.last_id, True, found.last_text_id) == 1
        assert desk.row(row.id).cost_micros == row.reserved_micros
        assert desk.ledger.days_at_risk() == []
        assert_tallies_are_the_sums(desk.database)


def test_one_text_at_risk_is_settled_by_itself(desk: Desk) -> None:
    desk.price()
    row = desk.improved("a fox [fault:drop]")
    desk.ledger.settle_text(desk.ada, row.id, billed=False)
    assert (desk.row(row.id).cost_micros, desk.row(row.id).reserved_micros) == (0, None)
    assert refused(lambda: desk.ledger.settle_text(desk.ada, row.id, billed=True)).code == "not_settleable"
    assert_tallies_are_the_sums(desk.database)


def test_no_answer_within_the_deadline_is_of_unknown_outcome(desk: Desk) -> None:
    desk.seconds = 0.3
    row = desk.improved("a fox [fault:hang]")
    has_come = any(call.prompt == row.original for call in desk.provider.requests)
    assert (row.state == "unknown") == has_come  # a slow machine may be too late to connect
    assert (row.problem == "improving_lost") == has_come


def test_what_cannot_be_reached_or_does_not_let_us_in_costs_nothing(desk: Desk) -> None:
    desk.price()
    for base_url, key, code in (
        ("http://127.0.0.1:9/v1", KEY, "improving_unreachable"),
        (desk.provider.base_url, "sk-wrong-0123456789", "improving_wrong_key"),
    ):
        desk.connections.change(desk.ada, "words", Draft(COMPATIBLE, base_url, key))
        row = desk.improved("a fox")
        assert (row.state, row.problem, row.cost_micros, row.reserved_micros) == ("failed", code, None, None)
        assert "sk-wrong" not in str(row.problem_params)


@pytest.mark.parametrize("shape", ["openai", "message", "detail", "litellm"])
def test_an_older_server_is_asked_in_the_words_that_it_knows(desk: Desk, shape: str) -> None:
    row = desk.improved(f"a fox [fault:400-unknown-parameter max_completion_tokens shape={shape}]")
    assert row.state == "done"
    assert desk.provider.calls[-1].parameters["max_tokens"] == 2_000
    assert "max_completion_tokens" not in desk.provider.calls[-1].parameters


def test_only_one_is_written_at_a_time_and_a_new_one_takes_the_place_of_the_old(desk: Desk) -> None:
    first = desk.improvements.begin(desk.alice, "a fox [fault:hold]")
    assert refused(lambda: desk.improvements.begin(desk.alice, "a hare")).code == "improving_already"
    desk.let_finish(first)
    second = desk.improved("a hare")
    current = desk.improvements.current(desk.alice)
    assert current is not None
    assert current.id == second.id
    desk.improvements.close(desk.alice, second.id)
    assert desk.improvements.current(desk.alice) is None


def test_what_stood_in_the_field_comes_back_to_the_letter(desk: Desk) -> None:
    row = desk.improved("a fox")
    assert desk.improvements.use(desk.alice, row.id, "a fox, and a hare\n") == row.suggestion
    assert desk.improvements.back(desk.alice, row.id) == "a fox, and a hare\n"
    for act in (desk.improvements.back, desk.improvements.close):
        assert refused(lambda: act(desk.bob, row.id)).code == "no_such_suggestion"  # noqa: B023
    assert refused(lambda: desk.improvements.use(desk.bob, row.id, "")).code == "no_such_suggestion"
    assert refused(lambda: desk.improvements.use(desk.alice, 10**30, "")).code == "no_such_suggestion"


def test_a_call_whose_process_died_becomes_of_unknown_outcome(desk: Desk, clock: SettableClock) -> None:
    desk.price()
    held = desk.improvements.begin(desk.alice, "a fox [fault:hold]")
    clock.forward((FORGOTTEN + timedelta(seconds=1)).total_seconds())
    current = desk.improvements.current(desk.alice)
    assert current is not None
    assert (current.id, current.state, current.problem) == (held, "unknown", "improving_lost")
    desk.let_finish(held)  # the answer comes after all
    assert desk.row(held).cost_micros == COST
    assert_tallies_are_the_sums(desk.database)


@pytest.mark.parametrize("description", ["", " \n", "\x00"])
def test_nothing_to_improve_is_refused_before_anything_is_sent(desk: Desk, description: str) -> None:
    assert refused(lambda: desk.improvements.begin(desk.alice, description)).code == "description_missing"
    assert refused(lambda: desk.improvements.begin(desk.alice, "x" * 32_001)).code == "description_too_long"
