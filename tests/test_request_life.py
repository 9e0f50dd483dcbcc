"""The life of a request, in every order that hypothesis can think of: two processes, deaths, late answers."""

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from core.engines.base import Blocked, EngineFailure, Failed, Refused, Unknown
from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import Base
from core.studio.turns import JITTER, Claim
from core.studio.worker import Worker
from tests.conftest import SettableClock
from tests.studio import PAINTING, Studio

AT_ONCE, PER_WINDOW, WINDOW, LEASE = 3, 5, 20, 30
ARROWS = {
    "queued": {"running", "cancelled", "paused"},
    "paused": {"queued", "cancelled"},
    "running": {"done", "failed", "blocked", "unknown", "queued", "paused"},
    "unknown": {"done", "failed", "blocked"},
}
ANY = some.integers(0, 1000)
FAILURES = (Blocked("blocked"), Failed("provider_failed"), Unknown("connection_lost"), Refused("request_refused"))


class Life(RuleBasedStateMachine):
    """`calls` are the claims whose answers may still come, each with the process that waits for it."""

    database: Database
    clock: SettableClock

    def __init__(self) -> None:
        super().__init__()
        with self.database.write() as session:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name != "audit":  # nothing is ever taken from it
                    session.execute(table.delete())
        self.studio = Studio(self.database)
        self.lane = replace(self.studio.lane, at_once=AT_ONCE, per_window=PER_WINDOW, window=WINDOW)
        self.processes = [self.new_process(), self.new_process()]
        self.calls: list[tuple[Worker, Claim]] = []
        self.billable: Counter[int] = Counter()
        self.ordered: set[int] = set()
        self.batches: list[tuple[int, int]] = []  # whose, and its id
        self.states: dict[int, str] = {}
        self.answered: set[int] = set()  # in this step

    def new_process(self) -> Worker:
        return self.studio.worker(start=False, lease=LEASE, lanes=[self.lane])

    def teardown(self) -> None:
        self.studio.__exit__(None, None, None)

    def call(self, index: int) -> tuple[Worker, Claim]:
        call = self.calls.pop(index % len(self.calls))
        self.answered.add(call[1].image_id)
        return call

    def image_id(self, index: int) -> int:
        return sorted(self.ordered)[index % len(self.ordered)]

    @rule(is_alice=some.booleans(), number=some.integers(1, 3))
    def submit(self, is_alice: bool, number: int) -> None:
        self.ordered.update(self.studio.submit((self.studio.bob, self.studio.alice)[is_alice], number=number))

    @rule(is_alice=some.booleans())
    def submit_batch(self, is_alice: bool) -> None:
        user_id = (self.studio.bob, self.studio.alice)[is_alice]
        before = {image.id for image in self.studio.images()}
        self.batches.append((user_id, self.studio.submit_batch(user_id, "a tree\n\na house")))
        self.ordered.update({image.id for image in self.studio.images()} - before)

    @precondition(lambda self: self.batches)
    @rule(index=ANY, act=some.sampled_from(("pause", "resume", "cancel", "retry")))
    def steer_batch(self, index: int, act: str) -> None:
        user_id, batch_id = self.batches[index % len(self.batches)]
        before = {image.id for image in self.studio.images()}
        try:
            getattr(self.studio.batches, act)(user_id, batch_id)
        except Problem as problem:
            assert problem.code in ("not_cancellable", "not_retryable")  # noqa: PT017
        self.ordered.update({image.id for image in self.studio.images()} - before)

    @rule(process=some.integers(0, 1))
    def claim(self, process: int) -> None:
        worker = self.processes[process]
        if claim := worker.line.claim(self.lane):
            self.calls.append((worker, claim))
            self.billable[claim.image_id] += 1

    @precondition(lambda self: self.calls)
    @rule(index=ANY, number=some.integers(1, 3))
    def preview(self, index: int, number: int) -> None:
        worker, claim = self.calls[index % len(self.calls)]
        before = self.studio.image(claim.image_id).previews_seen
        worker.line.saw_preview(claim, number)
        assert self.studio.image(claim.image_id).previews_seen >= before

    @precondition(lambda self: self.calls)
    @rule(index=ANY)
    def finish(self, index: int) -> None:
        worker, claim = self.call(index)
        worker.line.finish(claim, worker.pictures.keep(claim.image_id, claim.worker, PAINTING))
        worker.pictures.forget_scaffold(claim.image_id, claim.worker)
        assert self.studio.state(claim.image_id) == "done"

    @precondition(lambda self: self.calls)
    @rule(index=ANY, failure=some.sampled_from(FAILURES))
    def fail(self, index: int, failure: EngineFailure) -> None:
        worker, claim = self.call(index)
        assert worker.line.fail(claim, failure)

    @precondition(lambda self: self.calls)
    @rule(index=ANY, seconds=some.integers(0, 20), stops_line=some.booleans())
    def refuse(self, index: int, seconds: int, stops_line: bool) -> None:
        worker, claim = self.call(index)
        worker.line.put_back(claim, self.lane, Refused("rate_limited", retry_after=seconds, stops_line=stops_line))
        self.billable[claim.image_id] -= 1

    @precondition(lambda self: self.ordered)
    @rule(index=ANY, is_owner=some.booleans())
    def cancel(self, index: int, is_owner: bool) -> None:
        image = self.studio.image(self.image_id(index))
        try:
            self.studio.requests.cancel(image.user_id if is_owner else self.studio.ada, image.id)
        except Problem as problem:
            assert (problem.code == "no_such_picture") is not is_owner  # noqa: PT017
            assert image.state not in ("queued", "paused") or not is_owner

    @precondition(lambda self: self.ordered)
    @rule(index=ANY, is_confirmed=some.booleans())
    def retry(self, index: int, is_confirmed: bool) -> None:
        image = self.studio.image(self.image_id(index))
        try:
            again = self.studio.requests.retry(image.user_id, image.id, is_confirmed)
        except Problem as problem:
            assert problem.code in ("not_retryable", "confirm_retry")  # noqa: PT017
        else:
            assert image.state != "unknown" or is_confirmed
            self.ordered.add(again)

    @rule(process=some.integers(0, 1), has_stored=some.booleans())
    def die(self, process: int, has_stored: bool) -> None:
        """With `has_stored`, after the files of its pictures and before their rows."""
        dead = self.processes[process]
        for worker, claim in self.calls:
            if worker is dead and has_stored:
                worker.pictures.keep(claim.image_id, claim.worker, PAINTING)
        self.calls = [call for call in self.calls if call[0] is not dead]
        self.processes[process] = self.new_process()

    @rule(process=some.integers(0, 1))
    def stop(self, process: int) -> None:
        """What is being drawn is given up; an answer may come all the same."""
        worker = self.processes[process]
        worker.line.abandon([claim.image_id for it, claim in self.calls if it is worker])

    @rule(seconds=some.sampled_from((0, 1, 5, WINDOW, LEASE + 1)))
    def forward(self, seconds: int) -> None:
        self.clock.forward(seconds)

    @rule(process=some.integers(0, 1))
    def renew(self, process: int) -> None:
        worker = self.processes[process]
        worker.line.renew([claim.image_id for it, claim in self.calls if it is worker])

    @rule(process=some.integers(0, 1))
    def expire(self, process: int) -> None:
        worker = self.processes[process]
        worker.line.expire()

    @rule(process=some.integers(0, 1))
    def adopt(self, process: int) -> None:
        self.answered.update(image_id for image_id, _ in self.studio.pictures.unfinished())
        assert self.processes[process]._adopt()

    @rule()
    def sweep(self) -> None:
        self.studio.pictures.sweep(timedelta(0))

    @rule()
    def resume(self) -> None:
        self.processes[0].line.resume(self.lane.name)

    @invariant()
    def all_is_well(self) -> None:
        images, attempts = self.studio.images(), self.studio.attempts()
        states = {image.id: image.state for image in images}
        assert states.keys() == self.ordered, "a picture vanished"
        for image_id, state in states.items():
            before = self.states.get(image_id, "queued")
            assert state == before or state in ARROWS.get(before, set()), f"from {before} to {state}"
            assert before != "unknown" or state == before or image_id in self.answered, "it left unknown by itself"
        self.states, self.answered = states, set()
        assert max(self.billable.values(), default=0) <= 1, "paid twice"
        assert list(states.values()).count("running") <= AT_ONCE
        starts = [attempt.started_at for attempt in attempts]
        window = timedelta(seconds=WINDOW + JITTER)
        assert all(sum(first <= start < first + window for start in starts) <= PER_WINDOW for first in starts)
        open_attempts = defaultdict(int, Counter(it.image_id for it in attempts if it.finished_at is None))
        for image in images:
            assert open_attempts[image.id] == (image.state == "running")
            if image.state == "done":
                assert image.image_url is not None
                assert self.studio.files.exists(image.image_url)


@pytest.fixture
def life(database: Database, clock: SettableClock) -> type[Life]:
    return type("Life", (Life,), {"database": database, "clock": clock})


def test_nothing_is_lost_or_paid_twice_whatever_happens(life: type[Life], database: Database) -> None:
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=15 if database.is_postgresql else 80,
            stateful_step_count=40,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
