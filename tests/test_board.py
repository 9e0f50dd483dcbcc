"""The board: where a person's pictures stand, and when their turn comes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import event

from core.engines.base import Failed, Refused, Unknown
from core.storage.database import Database
from core.studio.board import FIRST_GUESS, Board, Boards
from core.studio.line import Line
from tests.conftest import SettableClock
from tests.studio import Studio, lane_of


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


def slots(board: Board) -> list[tuple[int, str, int | None]]:
    return [(slot.image.id, slot.image.state, slot.place) for group in board.groups for slot in group.slots]


def draw(studio: Studio, line: Line, clock: SettableClock, seconds: float) -> int:
    claim = line.claim(studio.lane)
    assert claim is not None
    clock.forward(seconds)
    line.finish(claim, {})
    return claim.image_id


def test_an_empty_board_is_quiet(studio: Studio, clock: SettableClock) -> None:
    board = studio.boards.board(studio.alice)
    assert (board.groups, board.stopped, board.now, board.is_active) == ((), {}, clock(), False)
    assert studio.boards.board(10**9).groups == ()


def test_waiting_pictures_have_their_place_and_the_others_none(studio: Studio, clock: SettableClock) -> None:
    alices = studio.submit(studio.alice, number=3)
    studio.line().claim(studio.lane)
    clock.forward(1)
    bobs = studio.submit(studio.bob, number=2)
    assert slots(studio.boards.board(studio.alice)) == [
        (alices[0], "running", None),
        (alices[1], "queued", 3),
        (alices[2], "queued", 4),
    ]
    assert slots(studio.boards.board(studio.bob)) == [(bobs[0], "queued", 1), (bobs[1], "queued", 2)]


def test_another_device_sees_the_same(studio: Studio, database_url: str, clock: SettableClock) -> None:
    studio.submit(studio.alice, number=3)
    studio.line().claim(studio.lane)
    database = Database(database_url, clock)
    here, there = studio.boards.board(studio.alice), Boards(database, (studio.lane,)).board(studio.alice)
    database.close()
    assert slots(here) == slots(there)
    assert [slot.wait for slot in here.groups[0].slots] == [slot.wait for slot in there.groups[0].slots]


def test_nobody_sees_the_requests_of_another(studio: Studio) -> None:
    studio.submit(studio.alice)
    assert studio.boards.board(studio.bob).groups == ()
    assert studio.boards.board(studio.ada).groups == ()


def test_the_wait_is_estimated_from_the_last_drawings(studio: Studio, clock: SettableClock) -> None:
    lane = replace(studio.lane, at_once=2)
    boards = Boards(studio.database, (lane,))
    studio.submit(studio.alice, number=6)
    waits = [slot.wait for slot in boards.board(studio.alice).groups[0].slots]
    assert waits == [0, 0, FIRST_GUESS, FIRST_GUESS, 2 * FIRST_GUESS, 2 * FIRST_GUESS]
    line = studio.line()
    for seconds in (8, 10, 60):
        draw(studio, line, clock, seconds)
    assert [slot.wait for slot in boards.board(studio.alice).groups[0].slots][3:] == [0, 0, 10]
    line.claim(lane), line.claim(lane)
    last = boards.board(studio.alice).groups[0].slots[5]
    assert (last.place, last.wait, last.typical) == (1, 10, 10)


def test_the_wait_counts_the_pictures_per_minute_as_well(studio: Studio) -> None:
    lane = replace(studio.lane, at_once=100, per_window=2, window=60)
    studio.submit(studio.alice, number=5)
    waits = [slot.wait for slot in Boards(studio.database, (lane,)).board(studio.alice).groups[0].slots]
    assert waits == [0, 0, 60, 60, 120]


def test_a_picture_of_a_lane_that_is_gone_has_no_estimate(studio: Studio) -> None:
    studio.submit(studio.alice)
    slot = Boards(studio.database, ()).board(studio.alice).groups[0].slots[0]
    assert (slot.place, slot.wait) == (1, None)


def test_a_retried_slot_shows_its_latest_try(studio: Studio) -> None:
    first, second = studio.submit(studio.alice, number=2)
    line = studio.line()
    for failure in (Failed("provider_failed"), Unknown("connection_lost")):
        claim = line.claim(studio.lane)
        assert claim is not None
        line.fail(claim, failure)
    assert [slot.can_retry for slot in studio.boards.board(studio.alice).groups[0].slots] == [True, True]
    again = studio.requests.retry(studio.alice, first)
    assert slots(studio.boards.board(studio.alice)) == [(again, "queued", 1), (second, "unknown", None)]
    studio.requests.cancel(studio.alice, again)
    third = studio.requests.retry(studio.alice, again)
    assert slots(studio.boards.board(studio.alice)) == [(third, "queued", 1), (second, "unknown", None)]


def test_the_last_requests_are_shown_and_every_one_under_way(studio: Studio, clock: SettableClock) -> None:
    oldest = studio.submit(studio.alice)[0]
    others = [studio.submit(studio.alice)[0] for _ in range(5)]
    for image_id in others:
        studio.requests.cancel(studio.alice, image_id)
    board = studio.boards.board(studio.alice, latest=2)
    assert [group.slots[0].image.id for group in board.groups] == [others[-1], others[-2], oldest]
    assert [group.is_active for group in board.groups] == [False, False, True]
    assert board.is_active
    draw(studio, studio.line(), clock, 1)
    assert not studio.boards.board(studio.alice, latest=2).is_active


def test_why_a_line_stands_still_is_told(studio: Studio) -> None:
    studio.submit(studio.alice)
    line = studio.line()
    claim = line.claim(studio.lane)
    assert claim is not None
    line.put_back(claim, studio.lane, Refused("quota_exhausted", stops_line=True))
    assert studio.boards.board(studio.bob).stopped["openai"].stopped_code == "quota_exhausted"
    line.resume("openai")
    assert studio.boards.board(studio.bob).stopped == {}


def test_two_lanes_are_two_lines(studio: Studio) -> None:
    painter = lane_of(studio.engine, "painter")
    studio.submit(studio.alice, number=3)
    studio.requests = studio.requests_of(painter)
    painted = studio.submit(studio.bob)
    boards = Boards(studio.database, (studio.lane, painter))
    assert slots(boards.board(studio.bob)) == [(painted[0], "queued", 1)]


def test_the_pages_of_a_process_share_their_view_of_the_line(studio: Studio) -> None:
    boards = Boards(studio.database, (studio.lane,), fresh=3600)
    studio.submit(studio.alice, number=2)
    assert [place for _, _, place in slots(boards.board(studio.alice))] == [1, 2]
    studio.submit(studio.bob)
    assert [place for _, _, place in slots(boards.board(studio.alice))] == [1, 2], "read a moment ago"
    assert [place for _, _, place in slots(boards.board(studio.bob))] == [2], "a new picture has its place at once"
    assert [place for _, _, place in slots(boards.board(studio.alice))] == [1, 3]


def test_a_shared_view_is_never_behind_ones_own_pictures(studio: Studio) -> None:
    boards = Boards(studio.database, (studio.lane,), fresh=3600)
    first, second, third = studio.submit(studio.alice, number=3)
    boards.board(studio.alice)
    studio.line().claim(studio.lane)
    expected = [(first, "running", None), (second, "queued", 1), (third, "queued", 2)]
    assert slots(boards.board(studio.alice)) == expected
    studio.requests.cancel(studio.alice, second)
    expected[1:] = [(second, "cancelled", None), (third, "queued", 1)]
    assert slots(boards.board(studio.alice)) == expected


def test_two_hundred_pages_at_once_read_the_line_once(studio: Studio) -> None:
    read: list[str] = []

    def note(connection: object, cursor: object, statement: str, *_: object) -> None:
        if "served_at" in statement and "images.state" in statement:
            read.append(statement)

    boards = Boards(studio.database, (studio.lane,), fresh=3600)
    studio.submit(studio.alice, number=3)
    event.listen(studio.database.engine, "before_cursor_execute", note)
    with ThreadPoolExecutor(8) as threads:
        seen = list(threads.map(boards.board, [studio.alice] * 200))
    event.remove(studio.database.engine, "before_cursor_execute", note)
    assert {tuple(slots(board)) for board in seen} == {tuple(slots(seen[0]))}
    assert len(read) == 1


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some.lists(some.tuples(some.booleans(), some.integers(1, 4)), min_size=1, max_size=6), some.integers(0, 3))
def test_the_places_are_the_order_in_which_the_line_draws(
    studio: Studio, clock: SettableClock, submissions: list[tuple[bool, int]], drawn_before: int
) -> None:
    """With one at a time, which is when the order is certain."""
    line, lane = studio.line(), replace(studio.lane, at_once=1)

    def draw_one() -> int | None:
        clock.forward(1)
        claim = line.claim(lane)
        return claim.image_id if claim is not None and line.finish(claim, {}) else None

    for is_alice, number in submissions:
        studio.submit(studio.alice if is_alice else studio.bob, number=number)
    for _ in range(drawn_before):
        draw_one()
    told: dict[int, int] = {}
    for user_id in (studio.alice, studio.bob):
        told |= {place: image_id for image_id, _, place in slots(studio.boards.board(user_id)) if place}
    drawn = []
    while (image_id := draw_one()) is not None:
        drawn.append(image_id)
    assert [told[place] for place in sorted(told)] == drawn
