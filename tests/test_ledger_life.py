"""The life of the money, in every order that hypothesis can think of, while prices and limits change.

What the program keeps and tells is compared at every step with sums over the pictures themselves.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.engines.base import Blocked, EngineFailure, Failed, Refused, Unknown
from core.errors import Problem
from core.ledger.booking import EVERYBODY
from core.ledger.export import totals
from core.ledger.limits import ROLE, SITE, SITE_NAMES, USER, Limits
from core.ledger.prices import Prices
from core.ledger.room import Use
from core.ledger.usage.service import Usage
from core.ledger.windows import span
from core.settings import Settings
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import UNDER_WAY, WAITING, Base, Image
from core.studio.turns import Claim
from tests.conftest import SettableClock
from tests.ledger_sums import assert_tallies_are_the_sums
from tests.studio import MODEL, Studio
from tests.usage_sums import (
    assert_the_month_is_the_sum_of_the_pictures,
    assert_usage_is_the_sum_of_the_pictures,
)

LEASE = 30  # seconds
DAY = 24 * 3600
BEGINNING, END = datetime(2026, 11, 22, 12, 0, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
ANY = some.integers(0, 1000)
USAGES = some.sampled_from(
    (
        None,
        {"input_tokens": 0, "output_tokens": 0},
        {"input_tokens": 9, "output_tokens": 1_200},
        {"input_tokens": 9, "output_tokens": 90_000},  # far more than was reserved
    )
)
FAILURES = some.sampled_from((Blocked, Failed, Unknown, Refused))
PRICES = some.sampled_from(
    (
        {"text_in": Decimal(5), "image_out": Decimal(30)},
        {"text_in": Decimal(1), "image_out": Decimal(90)},
        {"per_picture": Decimal("0.04")},
        {"per_picture": Decimal(0)},
    )
)


class Money(RuleBasedStateMachine):
    """`calls` are the claims whose answers may still come."""

    database: Database
    clock: SettableClock

    def __init__(self) -> None:
        super().__init__()
        self.clock.now = BEGINNING
        with self.database.write() as session:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name != "audit":  # which is never changed
                    session.execute(table.delete())
        self.studio = Studio(self.database)
        self.people = (self.studio.alice, self.studio.bob)
        self.ledger = self.studio.requests.ledger
        self.line = self.studio.line(lease=LEASE)
        self.calls: list[Claim] = []
        self.batches: list[tuple[int, int]] = []  # whose, and its id
        self.usage = Usage(self.database, Sites(self.database, Settings.load(_env_file=None)))

    def teardown(self) -> None:
        self.look_at_usage()
        self.studio.__exit__(None, None, None)

    def images(self) -> list[Image]:
        return self.studio.images()

    def picked(self, index: int) -> Image:
        images = self.images()
        return images[index % len(images)]

    def reckoned(self, use: Use, user_id: int, images: list[Image]) -> int:
        """What is used and reserved of a limit, picture by picture."""
        images = [image for image in images if use.is_site or image.user_id == user_id]
        if use.resets is None:
            return sum(image.state in UNDER_WAY for image in images)
        start, end = span("day" if use.kind.endswith("day") else "month", self.clock(), UTC)
        assert use.resets == end
        within = [image for image in images if start <= image.created_at < end]
        if use.is_money:
            return sum((image.cost_micros or 0) + (image.reserved_micros or 0) for image in within)
        return sum(image.counted for image in within)

    def check_order(self, user_id: int, number: int, before: list[Use], problem: Problem | None) -> None:
        """Accepted: within every limit. Refused: there was one that it would have broken."""
        if problem is not None:
            assert problem.code in ("picture_limit", "money_limit", "at_once_limit")
            needed: int = problem.params.get("needed") or problem.params.get("needed_micros") or 0
            broken = [use for use in before if use.name == problem.params["rule"]]
            assert [use.left < needed or (use.is_money and use.left == 0) for use in broken] == [True]
            return
        images = self.images()
        held = sum(image.reserved_micros or 0 for image in [it for it in images if it.user_id == user_id][-number:])
        for use in self.ledger.uses(user_id):
            if not use.is_money or held:  # what is free is ordered also where no money is left
                assert self.reckoned(use, user_id, images) <= use.most

    @rule(is_alice=some.booleans(), number=some.integers(1, 3), is_batch=some.booleans())
    def submit(self, is_alice: bool, number: int, is_batch: bool) -> None:
        user_id, problem = self.people[is_alice], None
        before, stored = self.ledger.uses(user_id), len(self.images())
        try:
            if is_batch:
                self.batches.append((user_id, self.studio.submit_batch(user_id, "a tree\n" * number)))
            else:
                self.studio.submit(user_id, number=number)
        except Problem as caught:
            problem = caught
        self.check_order(user_id, number, before, problem)
        assert len(self.images()) == stored + (number if problem is None else 0)

    @rule()
    def claim(self) -> None:
        if claim := self.line.claim(self.studio.lane):
            self.calls.append(claim)

    @precondition(lambda self: self.calls)
    @rule(index=ANY, usage=USAGES)
    def finish(self, index: int, usage: dict[str, Any] | None) -> None:
        claim = self.calls.pop(index % len(self.calls))
        assert self.line.finish(claim, {"usage": usage})

    @precondition(lambda self: self.calls)
    @rule(index=ANY, failure=FAILURES, usage=USAGES)
    def fail(self, index: int, failure: type[EngineFailure], usage: dict[str, Any] | None) -> None:
        claim = self.calls.pop(index % len(self.calls))
        assert self.line.fail(claim, failure("provider_failed", usage=usage))

    @precondition(lambda self: self.calls)
    @rule(index=ANY)
    def refuse(self, index: int) -> None:
        claim = self.calls.pop(index % len(self.calls))
        before = self.studio.image(claim.image_id)
        self.line.put_back(claim, self.studio.lane, Refused("provider_unreachable", retry_after=0))
        if before.state == "running":
            assert self.studio.image(claim.image_id).reserved_micros == before.reserved_micros

    @precondition(lambda self: self.calls)
    @rule()
    def crash(self) -> None:
        """The leases run out; the answers may come all the same."""
        self.clock.forward(LEASE + 1)
        self.line.expire()

    @precondition(lambda self: self.calls)
    @rule(index=ANY)
    def forget(self, index: int) -> None:
        """This answer never comes."""
        self.line.abandon([self.calls.pop(index % len(self.calls)).image_id])

    @rule(seconds=some.sampled_from((60, 1_000, DAY, 9 * DAY)))
    def forward(self, seconds: int) -> None:
        self.clock.forward(seconds)

    @rule(dollars=PRICES, seconds=some.sampled_from((-9 * DAY, -60, 0, 60, DAY)))
    def change_price(self, dollars: dict[str, Decimal | None], seconds: int) -> None:
        booked = {image.id: (image.cost_micros, image.price_id) for image in self.images()}
        Prices(self.database).add(self.studio.ada, MODEL, self.clock() + timedelta(seconds=seconds), "", dollars)
        assert {image.id: (image.cost_micros, image.price_id) for image in self.images()} == booked

    @rule(
        scope=some.sampled_from((SITE, ROLE, USER)),
        kind=some.sampled_from(sorted(SITE_NAMES)),
        size=some.sampled_from(("none", "0", "2", "5")),
    )
    def change_limit(self, scope: str, kind: str, size: str) -> None:
        """In pictures, or in so many times five cents."""
        subject = {SITE: "", ROLE: "user", USER: str(self.studio.alice)}[scope]
        is_money = kind.startswith("dollars") and size != "none"
        Limits(self.database).set(scope, subject, {kind: str(Decimal(size) * 5 / 100) if is_money else size})

    @precondition(lambda self: self.batches)
    @rule(index=ANY, act=some.sampled_from(("pause", "resume", "cancel")))
    def steer_batch(self, index: int, act: str) -> None:
        user_id, batch_id = self.batches[index % len(self.batches)]
        try:
            getattr(self.studio.batches, act)(user_id, batch_id)
        except Problem as problem:
            assert problem.code == "not_cancellable"  # noqa: PT017

    @precondition(lambda self: self.images())
    @rule(index=ANY)
    def cancel(self, index: int) -> None:
        image = self.picked(index)
        try:
            self.studio.requests.cancel(image.user_id, image.id)
        except Problem as problem:
            assert problem.code == "not_cancellable"  # noqa: PT017
            assert image.state not in WAITING
        else:
            now = self.studio.image(image.id)
            assert (now.cost_micros, now.reserved_micros, now.counted) == (None, None, False)

    @precondition(lambda self: self.images())
    @rule(index=ANY)
    def retry(self, index: int) -> None:
        image = self.picked(index)
        before, problem = self.ledger.uses(image.user_id), None
        try:
            self.studio.requests.retry(image.user_id, image.id, may_be_billed_again=True)
        except Problem as caught:
            if caught.code == "not_retryable":
                return
            problem = caught
        self.check_order(image.user_id, 1, before, problem)

    @precondition(lambda self: self.images())
    @rule(index=ANY, billed=some.booleans(), micros=some.sampled_from((None, 0, 70_000)))
    def settle(self, index: int, billed: bool, micros: int | None) -> None:
        image = self.picked(index)
        at_risk = {risky.id for risky in self.ledger.at_risk()}
        try:
            self.ledger.settle(self.studio.ada, image.id, billed, micros)
        except Problem as problem:
            assert problem.code == "not_settleable"  # noqa: PT017
            assert image.id not in at_risk
        else:
            assert image.id in at_risk
            now = self.studio.image(image.id)
            assert now.cost_micros == ((image.reserved_micros if micros is None else micros) if billed else 0)

    @invariant()
    def all_is_well(self) -> None:
        images = self.images()
        self.check_totals(images)
        self.check_what_is_held(images)

    def check_totals(self, images: list[Image]) -> None:
        """Every total is the sum of the pictures."""
        assert_tallies_are_the_sums(self.database)
        for user_id in self.people:
            for use in self.ledger.uses(user_id):
                reckoned = self.reckoned(use, user_id, images)
                assert use.used + use.reserved == reckoned
                assert use.left == max(0, use.most - reckoned)
        with self.database.read() as session:
            told = {owner: totals(session, BEGINNING, END, owner or None) for owner in (EVERYBODY, *self.people)}
        for owner, sums in told.items():
            theirs = [image for image in images if owner in (EVERYBODY, image.user_id)]
            held = sum(image.reserved_micros or 0 for image in theirs)
            assert sums.pictures == sum(image.counted for image in theirs)
            assert sums.cost_micros == sum(image.cost_micros or 0 for image in theirs)
            assert sums.reserved_micros + sums.at_risk_micros == held

    def check_what_is_held(self, images: list[Image]) -> None:
        """Under way, unknown and not settled, or made by a server that did not say what it used."""
        at_risk = {image.id for image in self.ledger.at_risk()}
        for image in images:
            if image.reserved_micros is not None:
                assert image.state in UNDER_WAY or image.id in at_risk
                assert image.cost_micros is None
            assert image.counted == (image.state not in ("failed", "blocked", "cancelled")) or image.settled_at

    @rule()
    def look_at_usage(self) -> None:
        """At any moment; at every one would take most of the time."""
        assert_usage_is_the_sum_of_the_pictures(self.usage, self.database, ("year",))
        assert_the_month_is_the_sum_of_the_pictures(self.usage, self.database)


@pytest.fixture
def money(database: Database, clock: SettableClock) -> type[Money]:
    return type("Money", (Money,), {"database": database, "clock": clock})


def test_every_total_is_the_sum_of_the_pictures_whatever_happens(money: type[Money], database: Database) -> None:
    run_state_machine_as_test(
        money,
        settings=settings(
            max_examples=6 if database.is_postgresql else 30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
