"""How a worker ends, and what becomes of what it had in hand: a stop, and a death."""

import threading
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import pytest

from core.engines.base import Job, Painting, Preview
from core.storage.database import Database
from core.studio import worker as module
from core.studio.turns import Claim
from tests.conftest import SettableClock
from tests.studio import PAINTING, PNG, FakeEngine, Gate, Studio, lane_of, until


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


def held(studio: Studio, number: int = 1) -> tuple[Gate, list[int]]:
    """Pictures whose calls are open, and what lets them end."""
    gate = Gate()
    studio.engine.otherwise = (Preview(0, PNG), gate, PAINTING)
    image_ids = studio.submit(studio.alice, number=number)
    until(lambda: studio.engine.open == min(number, studio.lane.at_once))
    return gate, image_ids


def left_by_a_dead_worker(studio: Studio) -> Claim:
    studio.submit(studio.alice)
    claim = studio.line("dead" * 8).claim(studio.lane)
    assert claim is not None
    return claim


def test_a_stop_waits_for_what_is_being_drawn_and_takes_nothing_new(studio: Studio) -> None:
    worker = studio.worker()
    gate, _ = held(studio, 10)
    stopping = threading.Thread(target=worker.stop, args=(60,))
    stopping.start()
    until(lambda: worker._stopping)
    gate.open()
    stopping.join()
    drawn = studio.states().count("done")
    assert studio.states() == ["done"] * drawn + ["queued"] * (10 - drawn)
    assert drawn in (4, 5), "one claim may have been under way"
    assert studio.engine.is_closed
    assert not worker.is_alive


def test_a_stop_in_the_middle_of_a_call_makes_it_unknown_at_once(studio: Studio) -> None:
    worker = studio.worker()
    _, image_ids = held(studio, 2)
    worker.stop(grace=0)
    assert [studio.image(image_id).problem for image_id in image_ids] == ["server_stopped"] * 2
    assert studio.states() == ["unknown"] * 2
    assert [attempt.outcome for attempt in studio.attempts()] == ["unknown"] * 2
    assert studio.engine.broken_off == ["a tree"] * 2
    assert studio.engine.is_closed


class Stubborn(FakeEngine):
    """Does not let go when its call is broken off; a second time it does."""

    async def paint(self, job: Job) -> AsyncIterator[Preview | Painting]:
        try:
            async for event in super().paint(job):
                yield event
        finally:
            await Gate().passed()


def test_an_engine_that_does_not_let_go_holds_up_no_stop(studio: Studio, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LAST_SECONDS", 0.05)
    studio.engine = Stubborn()
    worker = studio.worker(lanes=[lane_of(studio.engine)])
    _, image_ids = held(studio)
    worker.stop(grace=0)
    assert studio.state(image_ids[0]) == "unknown"


def test_a_stop_while_a_picture_is_being_stored_lets_it_be_stored(studio: Studio) -> None:
    studio.files.gate = threading.Event()
    worker = studio.worker()
    image_id = studio.submit(studio.alice)[0]
    until(lambda: studio.files.waiting)
    stopping = threading.Thread(target=worker.stop, args=(0,))
    stopping.start()
    until(lambda: worker._closing.is_set())
    studio.files.gate.set()
    stopping.join()
    assert studio.state(image_id) == "done"


def test_a_stop_while_the_disk_is_full_keeps_what_the_provider_reported(studio: Studio) -> None:
    studio.files.failures, studio.files.beginning = 1_000_000, "pictures"
    worker = studio.worker()
    image_id = studio.submit(studio.alice)[0]
    until(lambda: studio.files.failures < 1_000_000)
    worker.stop(grace=0)
    image = studio.image(image_id)
    assert (image.state, image.problem, image.usage) == ("unknown", "server_stopped", {"total_tokens": 7})


def test_stopping_is_harmless_before_the_start_and_after_the_end(studio: Studio) -> None:
    studio.worker(start=False).stop()
    worker = studio.worker()
    worker.stop()
    worker.stop()
    worker.wake()
    studio.submit(studio.alice)
    assert studio.states() == ["queued"]


def test_a_worker_takes_what_waited_before_it_started(studio: Studio) -> None:
    image_id = studio.submit(studio.alice)[0]
    studio.worker()
    studio.wait_for(image_id, "done")


def test_what_other_processes_submit_is_noticed(studio: Studio) -> None:
    other = studio.requests
    studio.worker(poll=0.01)
    studio.requests = other
    studio.wait_for(studio.submit(studio.alice)[0], "done")


def test_two_workers_share_the_limits_of_a_lane(studio: Studio) -> None:
    for _ in range(2):
        studio.worker(poll=0.01)
    gate, _ = held(studio, 10)
    studio.workers[0].wake()
    gate.open()
    until(lambda: studio.states() == ["done"] * 10)
    assert studio.engine.most_open <= studio.lane.at_once
    assert len(studio.engine.jobs) == 10


def test_leases_are_renewed_while_every_thread_for_files_is_busy(studio: Studio, clock: SettableClock) -> None:
    studio.files.gate = threading.Event()
    studio.worker(lease=0.3, lanes=[lane_of(studio.engine, at_once=10)])
    image_ids = studio.submit(studio.alice, number=10)
    until(lambda: studio.files.waiting >= 4)
    until(lambda: len(studio.engine.jobs) == 10)
    for _ in range(3):
        clock.forward(0.2)
        until(lambda: {image.lease_until for image in studio.images()} == {clock() + timedelta(seconds=0.3)})
    assert studio.line("other").expire() == []
    studio.files.gate.set()
    for image_id in image_ids:
        studio.wait_for(image_id, "done")


def test_what_a_dead_worker_left_becomes_unknown_and_is_not_drawn_again(studio: Studio, clock: SettableClock) -> None:
    claim = left_by_a_dead_worker(studio)
    clock.forward(31)
    studio.worker()
    studio.wait_for(claim.image_id, "unknown")
    studio.wait_for(studio.submit(studio.bob)[0], "done")
    assert len(studio.engine.jobs) == 1


def test_a_picture_stored_before_the_death_is_taken_over(studio: Studio, clock: SettableClock) -> None:
    claim = left_by_a_dead_worker(studio)
    values = studio.pictures.keep(claim.image_id, claim.worker, PAINTING)
    studio.files.delete(values["image_url"].replace("original.png", "320.webp"))
    clock.forward(31)
    studio.worker()
    image = studio.wait_for(claim.image_id, "done")
    assert {name: getattr(image, name) for name in values} == values
    assert (image.usage, image.provider_request_id, image.problem) == ({"total_tokens": 7}, "req_1", None)
    folder = values["image_url"].rsplit("/", 1)[0]
    until(lambda: not studio.stored("receipts"))
    assert studio.stored(folder) == [f"{folder}/{name}" for name in ("320.webp", "640.webp", "original.png")]
    assert [attempt.outcome for attempt in studio.attempts()] == ["done"]


def test_a_worker_that_runs_already_takes_over_as_well(studio: Studio, clock: SettableClock) -> None:
    worker = studio.worker(lease=0.03, lanes=[])
    until(lambda: not worker._may_have_orphans)
    studio.requests = studio.requests_of(studio.lane)
    claim = left_by_a_dead_worker(studio)
    studio.pictures.keep(claim.image_id, claim.worker, PAINTING)
    clock.forward(31)
    studio.wait_for(claim.image_id, "done")


def test_a_picture_that_was_given_up_long_ago_is_taken_over_as_well(studio: Studio, clock: SettableClock) -> None:
    """Its row said unknown, and then the process died that would have looked at the files."""
    claim = left_by_a_dead_worker(studio)
    studio.pictures.keep(claim.image_id, claim.worker, PAINTING)
    clock.forward(31)
    studio.line("other").expire()
    studio.worker()
    studio.wait_for(claim.image_id, "done")


def test_a_store_that_fails_once_is_asked_again(studio: Studio, clock: SettableClock) -> None:
    claim = left_by_a_dead_worker(studio)
    studio.pictures.keep(claim.image_id, claim.worker, PAINTING)
    studio.files.failures = 2
    clock.forward(31)
    studio.worker(lease=0.03)
    studio.wait_for(claim.image_id, "done")


def test_half_a_picture_is_not_taken_over(studio: Studio, clock: SettableClock) -> None:
    claim = left_by_a_dead_worker(studio)
    url = studio.pictures.keep(claim.image_id, claim.worker, PAINTING)["image_url"]
    studio.files.write(f"{url}.0123456789abcdef.part", PNG[:20], "image/png")
    studio.files.delete(url)
    clock.forward(31)
    studio.worker()
    studio.wait_for(claim.image_id, "unknown")
    assert studio.pictures.adopt(claim.image_id, claim.worker) is None


def test_what_a_free_model_had_made_is_taken_over_for_nothing(studio: Studio, clock: SettableClock) -> None:
    studio.is_free()
    claim = left_by_a_dead_worker(studio)
    studio.pictures.keep(claim.image_id, claim.worker, PAINTING)
    clock.forward(31)
    studio.worker()
    assert studio.wait_for(claim.image_id, "done").cost_micros == 0
