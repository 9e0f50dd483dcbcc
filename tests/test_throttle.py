"""Slowing those who guess, without keeping the owner out."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.accounts.throttle import ACCOUNT, ADDRESS, FORGOTTEN_AFTER, Throttle
from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import Throttle as Row
from tests.conftest import SettableClock

SECRET = b"a secret of at least thirty-two bytes"
HOME, ELSEWHERE = "192.0.2.1", "198.51.100.9"


@pytest.fixture
def throttle(database: Database) -> Throttle:
    return Throttle(database, SECRET)


def wait(throttle: Throttle, login: str | None, address: str) -> float:
    """How long this attempt, which fails if it is let through, has to wait; 0 if it was let through."""
    try:
        throttle.begin(login, address)
    except Problem as problem:
        if problem.code != "too_many_attempts":
            raise
        seconds: float = problem.params["wait"]
        return seconds
    return 0


def fail(throttle: Throttle, clock: SettableClock, login: str | None, address: str) -> float:
    """Fail once, as soon as that is possible; how long that took."""
    seconds = wait(throttle, login, address)
    if seconds:
        clock.forward(seconds)
        assert wait(throttle, login, address) == 0
    return seconds


def test_the_first_failures_are_free_and_then_the_wait_doubles_up_to_a_minute(
    throttle: Throttle, clock: SettableClock
) -> None:
    addresses = (f"192.0.2.{number}" for number in range(1, 100))
    waits = [fail(throttle, clock, "alice", next(addresses)) for _ in range(15)]
    assert waits == [0, 0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_an_address_waits_up_to_a_quarter_of_an_hour(throttle: Throttle, clock: SettableClock) -> None:
    waits = [fail(throttle, clock, f"guess-{number}", HOME) for number in range(35)]
    assert waits[:21] == [0] * 21
    assert waits[21:] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900, 900]


def test_a_stranger_who_never_tires_leaves_the_owner_most_of_the_time(throttle: Throttle, clock: SettableClock) -> None:
    """After an hour of guessing from one address, alice waits a minute at most, and then comes in."""
    until = clock.now + timedelta(hours=1)
    while clock.now < until:
        fail(throttle, clock, "alice", ELSEWHERE)
    assert 0 < fail(throttle, clock, "alice", HOME) <= ACCOUNT.longest
    throttle.succeeded("alice", HOME)
    assert wait(throttle, "alice", HOME) == 0


def test_another_account_and_another_address_do_not_wait(throttle: Throttle) -> None:
    for _ in range(6):
        assert wait(throttle, "alice", HOME) == 0
    assert wait(throttle, "alice", ELSEWHERE) > 0
    assert wait(throttle, "bob", HOME) == 0
    assert wait(throttle, "bob", ELSEWHERE) == 0


def test_twenty_wrong_attempts_at_once_are_twenty(database_url: str, clock: SettableClock) -> None:
    """Two processes have a connection each; only the free ones and the one that starts the wait slip through."""
    throttles = [Throttle(Database(database_url, clock), SECRET) for _ in range(2)]
    start = threading.Barrier(20)
    waits: list[float] = []

    def attempt(throttle: Throttle) -> None:
        start.wait()
        waits.append(wait(throttle, "alice", HOME))

    threads = [threading.Thread(target=attempt, args=(throttles[number % 2],)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(waits) == [0] * (ACCOUNT.free + 1) + [1] * (20 - ACCOUNT.free - 1)
    for throttle in throttles:
        throttle._database.close()


def test_an_attempt_that_comes_too_early_makes_the_wait_no_longer(throttle: Throttle, clock: SettableClock) -> None:
    for _ in range(6):
        wait(throttle, "alice", HOME)
    for _ in range(50):
        assert wait(throttle, "alice", HOME) == 1
    clock.forward(1)
    assert wait(throttle, "alice", HOME) == 0


def test_a_success_forgets_the_failures_of_the_account_alone(throttle: Throttle, clock: SettableClock) -> None:
    """Mallory's own account must not wash the address clean between two guesses at others."""
    for number in range(ADDRESS.free):
        assert wait(throttle, f"guess-{number}", HOME) == 0
        assert wait(throttle, "mallory", HOME) == 0
        throttle.succeeded("mallory", HOME)
    assert wait(throttle, "guess-again", HOME) == 0
    assert wait(throttle, "guess-again", HOME) == 1


def test_a_whole_office_signs_in_from_one_address(throttle: Throttle) -> None:
    for number in range(3 * ADDRESS.free):
        assert wait(throttle, f"colleague-{number}", HOME) == 0
        throttle.succeeded(f"colleague-{number}", HOME)


def test_a_success_does_not_end_the_wait_of_an_address_that_others_still_owe(
    throttle: Throttle, clock: SettableClock
) -> None:
    throttle.begin("mallory", HOME)
    for number in range(ADDRESS.free + 1):
        fail(throttle, clock, f"guess-{number}", HOME)
    throttle.succeeded("mallory", HOME)
    assert wait(throttle, "guess-again", HOME) > 0


def test_a_restart_forgets_nothing(database: Database) -> None:
    for _ in range(6):
        wait(Throttle(database, SECRET), "alice", HOME)
    assert wait(Throttle(database, SECRET), "alice", HOME) == 1


def test_hours_without_a_failure_forget(throttle: Throttle, clock: SettableClock, database: Database) -> None:
    for _ in range(6):
        wait(throttle, "alice", HOME)
    clock.forward(FORGOTTEN_AFTER.total_seconds() + 1)
    assert [fail(throttle, clock, "alice", HOME) for _ in range(7)] == [0, 0, 0, 0, 0, 0, 1]
    clock.forward(FORGOTTEN_AFTER.total_seconds() + 1)
    throttle.sweep()
    with database.read() as transaction:
        assert transaction.scalars(select(Row)).all() == []


def test_a_success_after_the_sweep_counts_nothing_below_zero(throttle: Throttle, clock: SettableClock) -> None:
    throttle.begin("alice", HOME)
    throttle.succeeded("alice", HOME)
    throttle.succeeded("alice", HOME)
    clock.forward(FORGOTTEN_AFTER.total_seconds() + 1)
    throttle.sweep()
    throttle.succeeded("alice", HOME)
    assert wait(throttle, "alice", HOME) == 0


def test_the_table_tells_no_name_and_no_address(throttle: Throttle, database: Database) -> None:
    throttle.begin("alice", HOME)
    with database.read() as transaction:
        subjects = [row.subject for row in transaction.scalars(select(Row))]
    assert len(subjects) == 2
    assert all(len(subject) == 64 and int(subject, 16) for subject in subjects)
    Throttle(database, b"another secret, equally long as that").begin("alice", HOME)
    with database.read() as transaction:
        assert len(transaction.scalars(select(Row)).all()) == 4


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("", "", True),
        ("fe80::1%eth0", "fe80::1%eth0", True),
    ],
)
def test_a_visitor_is_an_ipv4_address_or_an_ipv6_network(throttle: Throttle, one: str, other: str, same: bool) -> None:
    for _ in range(ADDRESS.free + 1):
        throttle.begin(None, one)
    assert (wait(throttle, None, other) > 0) is same


@pytest.mark.parametrize("login", ["", "\0", "\ud800", "x" * 1_000_000, "مرحبا", "👩‍👩‍👧", "account:alice"])
def test_whatever_is_typed_can_be_counted(throttle: Throttle, login: str) -> None:
    for _ in range(6):
        assert wait(throttle, login, HOME) == 0
    assert wait(throttle, login, ELSEWHERE) > 0
    throttle.succeeded(login, HOME)
    assert wait(throttle, login, ELSEWHERE) == 0
