"""How fast a lane may go after its provider said that it was too much."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.engines.base import Refused
from core.storage.database import Database
from core.storage.tables import Connection
from core.studio.pace import Pace, pace, slow_down
from tests.conftest import SettableClock
from tests.studio import Studio


@pytest.fixture
def slowed(clock: SettableClock) -> Connection:
    connection = Connection(name="openai")
    slow_down(connection, running=8, accepted=20, now=clock())
    return connection


@pytest.fixture
def lane(database: Database) -> Studio:
    return Studio(database)


def test_a_lane_that_was_never_slowed_goes_as_its_settings_say(lane: Studio, clock: SettableClock) -> None:
    assert pace(lane.lane, None, clock()) == Pace(lane.lane.at_once)
    assert pace(lane.lane, Connection(name="openai"), clock()) == Pace(lane.lane.at_once)


def test_a_refusal_halves_the_calls_at_once_and_holds_the_starts_to_what_was_accepted(
    lane: Studio, slowed: Connection, clock: SettableClock
) -> None:
    assert pace(replace(lane.lane, at_once=10), slowed, clock()) == Pace(4, 20)


def test_each_minute_without_a_refusal_gives_a_little_back_and_never_more_than_the_settings(
    lane: Studio, slowed: Connection, clock: SettableClock
) -> None:
    ten = replace(lane.lane, at_once=10)
    seen = [pace(ten, slowed, clock() + timedelta(minutes=minute)) for minute in (1, 2, 6, 60)]
    assert seen == [Pace(5, 22), Pace(6, 24), Pace(10, 32), Pace(10, 140)]


def test_of_several_refusals_at_the_same_moment_the_first_one_counts(slowed: Connection, clock: SettableClock) -> None:
    slowed.not_before = clock() + timedelta(seconds=10)
    slow_down(slowed, running=4, accepted=3, now=clock())
    assert (slowed.slowed_at_once, slowed.slowed_accepted) == (4, 20)


def test_nothing_is_ever_slowed_to_a_standstill(clock: SettableClock) -> None:
    connection = Connection(name="openai")
    slow_down(connection, running=1, accepted=0, now=clock())
    assert (connection.slowed_at_once, connection.slowed_accepted) == (1, 1)


def test_the_line_keeps_the_pace_that_a_refusal_taught_it(lane: Studio, clock: SettableClock) -> None:
    lane.submit(lane.alice, number=8)
    line, four = lane.line(), replace(lane.lane, at_once=4)
    claims = [line.claim(four) for _ in range(4)]
    assert claims[3] is not None
    line.put_back(claims[3], four, Refused("rate_limited", retry_after=5))
    clock.forward(5)
    assert line.claim(four) is None  # three are under way, and two at once is what it was slowed to
    for claim in claims[:2]:
        assert claim is not None
        line.finish(claim, {})
    for _ in range(3):  # as many as the provider had accepted when it refused
        claim = line.claim(four)
        assert claim is not None
        line.finish(claim, {})
    assert line.claim(four) is None
    clock.forward(62)
    assert line.claim(four) is not None
