"""The line: each picture once, within the limits, in a fair order."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from core.engines.base import Blocked, Failed, Refused, Unknown
from core.engines.connections import Lane
from core.storage.database import Database
from core.storage.tables import Connection
from core.studio.line import Line
from core.studio.turns import JITTER, Claim
from tests.conftest import SettableClock
from tests.studio import PAINTING, Studio


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


def claimed(line: Line, lane: Lane) -> Claim:
    claim = line.claim(lane)
    assert claim is not None
    return claim


def drain(line: Line, lane: Lane) -> list[int]:
    """The pictures in the order in which they are drawn, one at a time."""
    order = []
    while (claim := line.claim(lane)) is not None:
        line.finish(claim, {})
        order.append(claim.image_id)
    return order


def race(database_url: str, clock: SettableClock, work: Callable[[Line], None]) -> None:
    """Eight threads on two databases at once, as two processes would be."""
    databases = [Database(database_url, clock), Database(database_url, clock)]
    threads = [threading.Thread(target=work, args=(Line(databases[i % 2], f"worker-{i}", 30),)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()


def test_each_picture_is_taken_once_when_eight_take_at_once(
    studio: Studio, database_url: str, clock: SettableClock
) -> None:
    image_ids = [image_id for _ in range(6) for image_id in studio.submit(studio.alice, number=10)]
    taken: list[int] = []
    wide = replace(studio.lane, at_once=1000)

    def take(line: Line) -> None:
        while (claim := line.claim(wide)) is not None:
            taken.append(claim.image_id)

    race(database_url, clock, take)
    assert sorted(taken) == image_ids
    assert len(studio.attempts()) == 60


def test_no_more_than_at_once_run_when_eight_take_at_once(
    studio: Studio, database_url: str, clock: SettableClock
) -> None:
    for _ in range(6):
        studio.submit(studio.alice, number=10)
    running: list[int] = []

    def take_and_finish(line: Line) -> None:
        while (states := studio.states()).count("queued"):
            running.append(states.count("running"))
            if claim := line.claim(studio.lane):
                running.append(studio.states().count("running"))
                line.finish(claim, {})

    race(database_url, clock, take_and_finish)
    assert max(running) == studio.lane.at_once
    assert studio.states() == ["done"] * 60


def test_a_full_lane_takes_one_more_only_when_one_has_ended(studio: Studio) -> None:
    studio.submit(studio.alice, number=10)
    line = studio.line()
    claims = [claimed(line, studio.lane) for _ in range(studio.lane.at_once)]
    assert line.claim(studio.lane) is None
    line.finish(claims[0], {})
    assert line.claim(studio.lane) is not None
    assert line.claim(studio.lane) is None


def test_no_window_holds_more_starts_than_the_lane_allows(
    studio: Studio, database_url: str, clock: SettableClock
) -> None:
    lane = replace(studio.lane, at_once=100, per_window=5, window=10)
    for _ in range(3):
        studio.submit(studio.alice, number=10)

    def take(line: Line) -> None:
        for _ in range(3):
            if claim := line.claim(lane):
                line.finish(claim, {})

    while "queued" in studio.states():
        race(database_url, clock, take)
        clock.forward(1.7)
    starts = sorted(attempt.started_at for attempt in studio.attempts())
    assert len(starts) == 30
    for first in starts:
        assert sum(first <= other < first + timedelta(seconds=10 + JITTER) for other in starts) <= 5


def test_a_call_that_was_refused_counts_as_a_start_and_costs_nothing(studio: Studio, clock: SettableClock) -> None:
    lane = replace(studio.lane, per_window=1, window=10)
    image_id = studio.submit(studio.alice)[0]
    line = studio.line()
    line.put_back(claimed(line, lane), lane, Refused("rate_limited", retry_after=2))
    image = studio.image(image_id)
    assert (image.state, image.worker, image.cost_micros, image.usage) == ("queued", None, None, None)
    clock.forward(5)
    assert line.claim(lane) is None
    clock.forward(7)
    again = claimed(line, lane)
    assert again.image_id == image_id
    assert studio.image(image_id).problem is None
    assert [attempt.outcome for attempt in studio.attempts()] == ["refused", None]


def test_another_person_waits_for_one_turn_only(studio: Studio, clock: SettableClock) -> None:
    lane = replace(studio.lane, at_once=1)
    for _ in range(20):
        studio.submit(studio.alice, number=10)
    line = studio.line()
    first = claimed(line, lane)
    bobs = studio.submit(studio.bob)[0]
    clock.forward(1)
    line.finish(first, {})
    assert claimed(line, lane).image_id == bobs


def test_whoever_has_fewest_in_hand_comes_first(studio: Studio, clock: SettableClock) -> None:
    studio.submit(studio.alice, number=3)
    line = studio.line()
    claimed(line, studio.lane), claimed(line, studio.lane)
    clock.forward(1)
    bobs = studio.submit(studio.bob, number=2)
    assert [claimed(line, studio.lane).image_id for _ in range(2)] == bobs, "though alice was served longer ago"


def test_whoever_was_served_longest_ago_comes_next_then_the_oldest(studio: Studio, clock: SettableClock) -> None:
    alices, bobs = studio.submit(studio.alice, number=3), studio.submit(studio.bob, number=3)
    line = studio.line()
    order = []
    for _ in range(4):
        order.append(claimed(line, studio.lane).image_id)
        clock.forward(1)
    assert order == [alices[0], bobs[0], alices[1], bobs[1]]


def test_with_one_at_a_time_everybody_gets_every_other_turn(studio: Studio, clock: SettableClock) -> None:
    lane = replace(studio.lane, at_once=1)
    alices, bobs = studio.submit(studio.alice, number=4), studio.submit(studio.bob, number=2)
    line = studio.line()
    order = []
    for _ in range(6):
        clock.forward(1)
        claim = claimed(line, lane)
        line.finish(claim, {})
        order.append(claim.image_id)
    assert order == [alices[0], bobs[0], alices[1], bobs[1], alices[2], alices[3]]


def test_a_stopped_line_takes_none_and_goes_on_when_it_is_resumed(studio: Studio) -> None:
    image_id = studio.submit(studio.alice)[0]
    line = studio.line()
    refused = Refused("wrong_key", detail="Incorrect key", provider_request_id="req_9", stops_line=True)
    line.put_back(claimed(line, studio.lane), studio.lane, refused)
    assert line.claim(studio.lane) is None
    with studio.database.read() as session:
        row = session.get_one(Connection, "openai")
        assert (row.stopped_code, row.stopped_detail, row.stopped_request_id) == ("wrong_key", "Incorrect key", "req_9")
    line.resume("openai")
    assert claimed(line, studio.lane).image_id == image_id
    line.resume("never stopped")


def test_a_stopped_line_stops_no_other(studio: Studio) -> None:
    studio.submit(studio.alice)
    line = studio.line()
    line.put_back(claimed(line, studio.lane), studio.lane, Refused("wrong_key", stops_line=True))
    painter = replace(studio.lane, name="painter")
    studio.requests = studio.requests_of(painter)
    painted = studio.submit(studio.bob)
    assert claimed(line, painter).image_id == painted[0]


def test_a_paused_line_goes_on_after_the_longest_pause_that_was_asked(studio: Studio, clock: SettableClock) -> None:
    studio.submit(studio.alice, number=2)
    line = studio.line()
    claims = [claimed(line, studio.lane) for _ in range(2)]
    line.put_back(claims[0], studio.lane, Refused("rate_limited", retry_after=20))
    line.put_back(claims[1], studio.lane, Refused("rate_limited", retry_after=1))
    clock.forward(19)
    assert line.claim(studio.lane) is None
    line.resume("openai")
    assert line.claim(studio.lane) is None
    clock.forward(1)
    assert line.claim(studio.lane) is not None


def test_a_lease_that_ran_out_makes_it_unknown_and_frees_the_place(studio: Studio, clock: SettableClock) -> None:
    lane = replace(studio.lane, at_once=1)
    first, second = studio.submit(studio.alice, number=2)
    dead, alive = studio.line("dead"), studio.line("alive")
    claimed(dead, lane)
    clock.forward(30)
    assert alive.expire() == []
    clock.forward(1)
    assert alive.expire() == [first]
    image = studio.image(first)
    assert (image.state, image.problem, image.finished_at) == ("unknown", "server_stopped", clock())
    assert [attempt.outcome for attempt in studio.attempts()] == ["unknown"]
    assert claimed(alive, lane).image_id == second


def test_a_renewed_lease_does_not_run_out_and_one_without_a_drawing_does(studio: Studio, clock: SettableClock) -> None:
    first, second = studio.submit(studio.alice, number=2)
    line = studio.line()
    claimed(line, studio.lane), claimed(line, studio.lane)
    for _ in range(4):
        clock.forward(10)
        line.renew([first])
        studio.line("other").renew([second])
    assert studio.line("other").expire() == [second]


def test_a_late_answer_of_the_same_worker_is_good_news(studio: Studio, clock: SettableClock) -> None:
    image_id = studio.submit(studio.alice)[0]
    late = claimed(studio.line("late"), studio.lane)
    clock.forward(31)
    studio.line("other").expire()
    assert not studio.line("other").finish(replace(late, worker="other"), {"image_url": "x"})
    assert studio.state(image_id) == "unknown"
    assert studio.line("late").finish(late, {"image_url": "pictures/x/original.png"})
    image = studio.image(image_id)
    assert (image.state, image.image_url, image.problem) == ("done", "pictures/x/original.png", None)
    assert studio.attempts()[0].outcome == "done"


def test_a_late_refusal_fails_instead_of_being_drawn_unasked(studio: Studio, clock: SettableClock) -> None:
    image_id = studio.submit(studio.alice)[0]
    line = studio.line()
    late = claimed(line, studio.lane)
    clock.forward(31)
    studio.line("other").expire()
    again = studio.requests.retry(studio.alice, image_id, may_be_billed_again=True)
    line.put_back(late, studio.lane, Refused("rate_limited", retry_after=0))
    assert studio.state(image_id) == "failed"
    assert claimed(line, studio.lane).image_id == again


def test_the_answer_to_an_earlier_call_of_the_same_worker_ends_no_later_one(studio: Studio) -> None:
    """Its transaction was committed and the connection broke: it is told twice."""
    image_id = studio.submit(studio.alice)[0]
    line = studio.line()
    earlier = claimed(line, studio.lane)
    line.put_back(earlier, studio.lane, Refused("rate_limited", retry_after=0))
    claimed(line, studio.lane)
    line.put_back(earlier, studio.lane, Refused("rate_limited", retry_after=0))
    assert not line.fail(earlier, Failed("provider_failed"))
    assert not line.finish(earlier, {})
    assert studio.state(image_id) == "running"


def test_what_has_ended_stays_as_it_is(studio: Studio) -> None:
    image_id = studio.submit(studio.alice)[0]
    line = studio.line()
    claim = claimed(line, studio.lane)
    assert line.finish(claim, {})
    assert not line.finish(claim, {"image_url": "another"})
    assert not line.fail(claim, Failed("provider_failed"))
    line.abandon([image_id])
    assert (studio.state(image_id), studio.image(image_id).image_url) == ("done", None)


def test_a_failure_keeps_all_that_the_provider_said(studio: Studio) -> None:
    studio.submit(studio.alice, number=3)
    line = studio.line()
    blocked = Blocked("blocked", detail="no\x00\ud800", usage={"input_tokens": 3, "odd": float("nan")})
    blocked.stage, blocked.categories, blocked.provider_request_id = "input", ("violence",), "req_2"
    for failure in (blocked, Failed("answer_empty"), Unknown("deadline_passed", {"limit": 5})):
        assert line.fail(claimed(line, studio.lane), failure)
    first, second, third = studio.images()
    assert (first.state, first.problem, first.problem_detail) == ("blocked", "blocked", "no\ufffd")
    assert first.problem_params == {"stage": "input", "categories": ["violence"]}
    assert (first.usage, first.provider_request_id) == ({"input_tokens": 3, "odd": None}, "req_2")
    assert (second.state, second.problem, second.usage) == ("failed", "answer_empty", None)
    assert (third.state, third.problem_params) == ("unknown", {"limit": 5})


def test_abandoning_leaves_the_pictures_of_another_worker_alone(studio: Studio) -> None:
    mine, other = studio.submit(studio.alice, number=2)
    claimed(studio.line("mine"), studio.lane), claimed(studio.line("other"), studio.lane)
    studio.line("mine").abandon([mine, other])
    assert studio.states() == ["unknown", "running"]
    assert [attempt.outcome for attempt in studio.attempts()] == ["unknown", None]


def test_previews_only_count_up(studio: Studio) -> None:
    image_id = studio.submit(studio.alice)[0]
    line = studio.line()
    claim = claimed(line, studio.lane)
    for number in (2, 1, 3, 3):
        line.saw_preview(claim, number)
    line.saw_preview(replace(claim, worker="other"), 9)
    assert studio.image(image_id).previews_seen == 3


def test_only_a_waiting_picture_of_the_lane_keeps_a_worker_awake(studio: Studio) -> None:
    line = studio.line()
    assert not line.is_waiting(studio.lane)
    studio.submit(studio.alice)
    assert line.is_waiting(studio.lane)
    assert not line.is_waiting(replace(studio.lane, name="painter"))
    line.finish(claimed(line, studio.lane), {"usage": PAINTING.usage})
    assert not line.is_waiting(studio.lane)
