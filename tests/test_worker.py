"""The worker: from the line to the engine and back, whatever happens on the way."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from functools import partial

import pytest

from core.engines.base import Blocked, Failed, Painting, Preview, Refused, Unknown
from core.storage.database import Database
from core.storage.tables import Connection
from tests.conftest import SettableClock
from tests.studio import PAINTING, PNG, FakeEngine, Gate, Studio, lane_of, picture, until


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


def test_a_submission_is_drawn_without_waiting_for_a_poll(studio: Studio) -> None:
    studio.worker(poll=3600)
    image = studio.wait_for(studio.submit(studio.alice, "a lighthouse")[0], "done")
    assert (image.media_type, image.width, image.height, image.size_in_bytes) == ("image/png", 8, 8, len(PNG))
    assert (image.usage, image.provider_request_id) == ({"total_tokens": 7}, "req_1")
    assert (image.revised_description, image.cost_micros, image.has_thumbnails) == ("a finer tree", None, True)
    assert image.image_url is not None
    assert studio.files.read(image.image_url) == PNG
    until(lambda: not studio.stored("receipts"))


def test_the_engine_gets_exactly_what_was_ordered(studio: Studio) -> None:
    studio.worker()
    kept = studio.requests.keep_reference(studio.alice, "cat.png", picture(64, 64))
    choices = {"quality": "low", "output_format": "webp", "output_compression": 40, "background": "opaque"}
    ids = studio.submit(studio.alice, "a cat\n  twice", 2, size="1536x1024", seed=5, references=(kept,), **choices)
    for image_id in ids:
        studio.wait_for(image_id, "done")
    first, second = sorted(studio.engine.jobs, key=lambda job: job.seed)
    assert (first.description, first.size, first.quality, first.background) == (
        "a cat\n  twice",
        "1536x1024",
        "low",
        "opaque",
    )
    assert (first.output_format, first.output_compression, first.previews) == ("webp", 40, 2)
    assert (first.seed, second.seed) == (5, 6)
    assert [(it.name, it.data, it.media_type) for it in first.references] == [("cat.png", picture(64, 64), "image/png")]
    assert len(first.end_user) == 64
    assert first.end_user == second.end_user


def test_two_people_are_two_end_users(studio: Studio) -> None:
    studio.worker()
    for image_id in studio.submit(studio.alice) + studio.submit(studio.bob):
        studio.wait_for(image_id, "done")
    assert len({job.end_user for job in studio.engine.jobs}) == 2


def test_previews_are_shown_while_the_call_goes_on(studio: Studio) -> None:
    gates = [Gate(), Gate(), Gate()]
    second, first, third = Preview(1, PNG), Preview(0, PNG), Preview(2, PNG)
    studio.engine.on("a tree", second, gates[0], first, gates[1], third, gates[2], PAINTING)
    studio.worker()
    image_id = studio.submit(studio.alice)[0]
    until(lambda: studio.image(image_id).previews_seen == 2)
    gates[0].open()
    until(lambda: len(studio.stored("previews")) == 2)
    assert studio.image(image_id).previews_seen == 2
    gates[1].open()
    until(lambda: studio.image(image_id).previews_seen == 3)
    gates[2].open()
    studio.wait_for(image_id, "done")
    until(lambda: not studio.stored("previews"))


def test_a_preview_that_is_no_picture_spoils_nothing(studio: Studio) -> None:
    studio.engine.on("a tree", Preview(0, b"words"), PAINTING)
    studio.worker()
    assert studio.wait_for(studio.submit(studio.alice)[0], "done").previews_seen == 0


@pytest.mark.parametrize(
    ("failure", "state", "problem"),
    [
        (Blocked("blocked", stage="output"), "blocked", "blocked"),
        (Failed("provider_failed", {"detail": "x"}), "failed", "provider_failed"),
        (Unknown("deadline_passed", {"limit": "5"}), "unknown", "deadline_passed"),
        (Refused("request_refused", {"detail": "x"}), "failed", "request_refused"),
        (ZeroDivisionError("ours"), "unknown", "connection_lost"),
        (asyncio.CancelledError(), "unknown", "connection_lost"),
        (TimeoutError(), "unknown", "connection_lost"),
        (SystemExit(1), "unknown", "connection_lost"),
        (StopAsyncIteration(), "unknown", "connection_lost"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_each_end_of_a_call_has_its_state(studio: Studio, failure: BaseException, state: str, problem: str) -> None:
    studio.engine.on("a tree", Preview(0, PNG), failure)
    worker = studio.worker()
    image = studio.wait_for(studio.submit(studio.alice)[0], state)
    assert image.problem == problem
    until(lambda: worker.in_hand == 0)
    assert [attempt.outcome for attempt in studio.attempts()] == [state]
    assert len(studio.engine.jobs) == 1
    assert studio.stored("pictures") == []
    assert state == "unknown" or studio.stored("previews") == []
    studio.wait_for(studio.submit(studio.alice, "another")[0], "done")


def test_a_call_that_ends_without_a_painting_is_unknown(studio: Studio) -> None:
    studio.engine.on("a tree", Preview(0, PNG))
    studio.worker()
    assert studio.wait_for(studio.submit(studio.alice)[0], "unknown").problem == "connection_lost"


@pytest.mark.parametrize("more", [Painting(b"another"), Failed("provider_failed"), ZeroDivisionError()])
def test_what_comes_after_the_painting_does_not_take_it_away(studio: Studio, more: Painting | Exception) -> None:
    studio.engine.on("a tree", PAINTING, more)
    studio.worker()
    assert studio.wait_for(studio.submit(studio.alice)[0], "done").size_in_bytes == len(PNG)


def test_a_painting_that_cannot_be_decoded_is_kept_all_the_same(studio: Studio) -> None:
    """The provider was paid for it."""
    studio.engine.otherwise = (Painting(b"who knows", {"odd": float("inf")}, "req\x00", "half \ud83d"),)
    studio.worker()
    image = studio.wait_for(studio.submit(studio.alice)[0], "done")
    assert (image.media_type, image.has_thumbnails, image.usage) == (None, False, {"odd": None})
    assert (image.provider_request_id, image.revised_description) == ("req", "half \ufffd")
    assert studio.files.read(image.image_url or "") == b"who knows"


@pytest.mark.parametrize("beginning", ["receipts", "pictures"])
@pytest.mark.parametrize("failures", [1, 12])
def test_a_full_disk_never_loses_a_picture_that_was_paid_for(studio: Studio, failures: int, beginning: str) -> None:
    studio.files.failures, studio.files.beginning = failures, beginning
    studio.worker()
    image_id = studio.submit(studio.alice)[0]
    assert studio.wait_for(image_id, "done").image_url in studio.stored("pictures")
    assert len(studio.engine.jobs) == 1
    assert studio.files.failures == 0


def test_while_the_disk_is_full_no_more_is_spent_than_the_lane_holds(studio: Studio) -> None:
    studio.files.failures, studio.files.beginning = 1_000_000, "pictures"
    studio.worker()
    studio.submit(studio.alice, number=10)
    until(lambda: studio.files.failures < 1_000_000 - 40)
    assert len(studio.engine.jobs) == studio.lane.at_once
    studio.files.failures = 0
    until(lambda: studio.states() == ["done"] * 10)


def test_two_hundred_pictures_at_once_are_each_called_once(studio: Studio) -> None:
    gate = Gate()
    studio.engine.otherwise = (Preview(0, PNG), gate, PAINTING)
    studio.worker(lanes=[lane_of(studio.engine, at_once=200)])
    for number in range(20):
        studio.submit((studio.alice, studio.bob)[number % 2], f"tree {number}", 10)
    until(lambda: studio.engine.open == 200)
    gate.open()
    until(lambda: studio.states() == ["done"] * 200)
    assert Counter(job.description for job in studio.engine.jobs) == {f"tree {number}": 10 for number in range(20)}
    assert Counter(attempt.image_id for attempt in studio.attempts()).most_common(1)[0][1] == 1


def test_refused_before_work_is_tried_again_and_nothing_else_is(studio: Studio, clock: SettableClock) -> None:
    studio.engine.on("a tree", Refused("rate_limited", retry_after=5))
    studio.engine.on("a tree", Refused("rate_limited", retry_after=0))
    studio.engine.on("a tree", PAINTING)
    worker = studio.worker(poll=0.01)
    image_id = studio.submit(studio.alice)[0]
    until(lambda: len(studio.attempts()) == 1 and studio.state(image_id) == "queued")
    clock.forward(5)
    until(lambda: len(studio.attempts()) == 2 and studio.state(image_id) == "queued")
    until(lambda: worker.in_hand == 0)
    clock.forward(0.9)
    with studio.database.read() as session:
        not_before = session.get_one(Connection, "openai").not_before
    assert not_before is not None, "a provider that says 0 is not hammered"
    assert not_before > clock()
    clock.forward(0.1)
    studio.wait_for(image_id, "done")
    assert [attempt.outcome for attempt in studio.attempts()] == ["refused", "refused", "done"]


def test_a_provider_that_cannot_be_reached_is_tried_with_growing_pauses_and_given_up(
    studio: Studio, clock: SettableClock
) -> None:
    studio.engine.on("a tree", Refused("rate_limited", retry_after=1))
    studio.engine.on("a tree", Refused("provider_unreachable", detail="no route", retry_after=2))
    studio.worker(poll=0.01)
    image_id = studio.submit(studio.alice)[0]

    def was_refused(times: int) -> bool:
        return len(studio.attempts()) == times and studio.state(image_id) == "queued"

    pauses = []
    for times in range(1, 10):
        until(partial(was_refused, times))
        with studio.database.read() as session:
            until_when = session.get_one(Connection, "openai").not_before or clock()
        pauses.append((until_when - clock()).total_seconds())
        clock.forward(pauses[-1])
    image = studio.wait_for(image_id, "failed")
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert (image.problem, image.problem_params) == ("provider_unreachable_for_long", {"attempts": 9})


def test_a_wrong_key_stops_the_line_and_the_picture_waits(studio: Studio) -> None:
    studio.engine.on("a tree", Refused("wrong_key", stops_line=True))
    studio.engine.on("a tree", PAINTING)
    worker = studio.worker()
    image_id = studio.submit(studio.alice)[0]
    until(lambda: studio.boards.board(studio.alice).stopped)
    until(lambda: worker.in_hand == 0)
    second = studio.submit(studio.bob)[0]
    assert studio.states() == ["queued", "queued"]
    worker.line.resume("openai")
    worker.wake()
    studio.wait_for(image_id, "done")
    studio.wait_for(second, "done")


@pytest.mark.parametrize(("is_gone", "problem"), [(True, "reference_gone"), (False, "internal")])
def test_a_reference_that_cannot_be_read_costs_nothing(studio: Studio, is_gone: bool, problem: str) -> None:
    studio.worker(start=False)
    kept = studio.requests.keep_reference(studio.alice, "cat.png", picture(64, 64))
    image_id = studio.submit(studio.alice, references=(kept,))[0]
    if is_gone:
        studio.files.delete(kept.file_key)
    studio.files.unreadable = not is_gone
    studio.workers[0].start()
    assert studio.wait_for(image_id, "failed").problem == problem
    assert studio.engine.jobs == []


def test_what_a_free_model_makes_costs_a_true_nothing(studio: Studio) -> None:
    studio.is_free()
    studio.worker()
    assert studio.wait_for(studio.submit(studio.alice)[0], "done").cost_micros == 0


def test_an_engine_that_cannot_be_made_loses_no_picture_and_stops_no_other_lane(studio: Studio) -> None:
    made: list[FakeEngine] = []

    def make() -> FakeEngine:
        made.append(studio.engine)
        if len(made) == 1:
            raise ImportError("no such module")
        return studio.engine

    broken = replace(studio.lane, make_engine=make)
    painter = lane_of(FakeEngine(), "painter", models=("painter",))
    worker = studio.worker(lanes=[broken, painter])
    image_id = studio.submit(studio.alice)[0]
    until(lambda: made)
    worker.wake()
    studio.wait_for(image_id, "done")
    assert len(studio.attempts()) == 1
