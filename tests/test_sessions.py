"""Sessions: what a ticket, a cookie and an ended session are worth."""

import threading

import pytest
from sqlalchemy import event, select, text

from core.accounts.people import People
from core.accounts.sessions import TICKET_SECONDS, Sessions
from core.members.members import Members
from core.settings import Settings
from core.storage.database import Database
from core.storage.tables import Session, User
from tests.conftest import SettableClock

ADDRESS = "192.0.2.7"
DAY = 86_400


@pytest.fixture
def sessions(database: Database, settings: Settings) -> Sessions:
    return Sessions(database, settings)


@pytest.fixture
def people(database: Database, settings: Settings, quick_hashes: None) -> People:
    return People(database, settings)


@pytest.fixture
def alice(people: People) -> int:
    people.add("ada", "Ada", "admin", "the lake was green in June")
    return people.add("alice", "Alice", "user", "the lake was green in June")


def signed_in(sessions: Sessions, user_id: int) -> str:
    token = sessions.exchange(sessions.ticket(user_id, ADDRESS))
    assert token is not None
    return token


def test_a_ticket_becomes_a_token_and_the_token_a_person(sessions: Sessions, alice: int) -> None:
    person = sessions.person(signed_in(sessions, alice))
    assert person is not None
    assert (person.user_id, person.login, person.name, person.type) == (alice, "alice", "Alice", "user")
    assert not person.is_admin


def test_a_ticket_works_once(sessions: Sessions, alice: int) -> None:
    ticket = sessions.ticket(alice, ADDRESS)
    assert sessions.exchange(ticket) is not None
    assert sessions.exchange(ticket) is None


def test_a_ticket_used_twenty_times_at_once_works_once(sessions: Sessions, alice: int) -> None:
    ticket = sessions.ticket(alice, ADDRESS)
    start = threading.Barrier(20)
    tokens: list[str | None] = []

    def exchange() -> None:
        start.wait()
        tokens.append(sessions.exchange(ticket))

    threads = [threading.Thread(target=exchange) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 20
    assert sum(token is not None for token in tokens) == 1


def test_a_ticket_is_too_old_after_half_a_minute(sessions: Sessions, alice: int, clock: SettableClock) -> None:
    ticket = sessions.ticket(alice, ADDRESS)
    clock.forward(TICKET_SECONDS)
    assert sessions.exchange(ticket) is None


def test_a_ticket_is_no_token_and_a_token_no_ticket(sessions: Sessions, alice: int) -> None:
    ticket = sessions.ticket(alice, ADDRESS)
    assert sessions.person(ticket) is None
    token = sessions.exchange(ticket)
    assert token is not None
    assert sessions.exchange(token) is None
    assert token != ticket


def test_a_ticket_of_an_account_that_was_disabled_since_is_worth_nothing(
    sessions: Sessions, people: People, alice: int
) -> None:
    ticket = sessions.ticket(alice, ADDRESS)
    Members(people.database).disable("alice")
    Members(people.database).enable("alice")
    assert sessions.exchange(ticket) is None


@pytest.mark.parametrize("token", [None, "", "1", "None", "é\0\ud800", "x" * 1_000_000, "' OR 1=1 --"])
def test_an_invented_token_is_nobody(sessions: Sessions, alice: int, token: str | None) -> None:
    signed_in(sessions, alice)
    sessions.ticket(alice, ADDRESS)  # its row has no token yet
    assert sessions.person(token) is None
    sessions.end(token)
    if token is not None:
        assert sessions.exchange(token) is None


def test_the_hash_of_a_stolen_database_signs_nobody_in(sessions: Sessions, alice: int, database: Database) -> None:
    token = signed_in(sessions, alice)
    with database.read() as transaction:
        row = transaction.scalars(select(Session)).one()
    assert token not in (row.token_hash, row.ticket_hash)
    assert sessions.person(row.token_hash) is None
    assert row.address == ADDRESS


def test_an_ended_session_is_ended_for_every_copy_of_its_cookie(sessions: Sessions, alice: int) -> None:
    here, elsewhere = signed_in(sessions, alice), signed_in(sessions, alice)
    sessions.end(here)
    assert sessions.person(here) is None
    assert sessions.person(elsewhere) is not None


def test_a_session_lasts_as_long_as_the_settings_say(
    sessions: Sessions, alice: int, settings: Settings, clock: SettableClock
) -> None:
    token = signed_in(sessions, alice)
    assert sessions.seconds == settings.session_days * DAY
    clock.forward(sessions.seconds - 1)
    assert sessions.person(token) is not None
    clock.forward(1)
    assert sessions.person(token) is None


def test_a_new_password_ends_all_sessions_but_the_one_that_set_it(
    sessions: Sessions, people: People, alice: int
) -> None:
    here, elsewhere, ticket = signed_in(sessions, alice), signed_in(sessions, alice), sessions.ticket(alice, "")
    person = sessions.person(here)
    assert person is not None
    people.set_password(alice, "the lake is grey in March", keep_session=person.session_id)
    assert sessions.person(here) is not None
    assert sessions.person(elsewhere) is None
    assert sessions.exchange(ticket) is None
    people.set_password(alice, "the lake is blue in April")
    assert sessions.person(here) is None


def test_somebody_elses_session_id_keeps_none_of_ones_own_nor_ends_theirs(
    sessions: Sessions, people: People, alice: int
) -> None:
    bob = people.add("bob", "Bob", "user", "the hill was white in May")
    token, token_of_bob = signed_in(sessions, alice), signed_in(sessions, bob)
    person = sessions.person(token_of_bob)
    assert person is not None
    sessions.end_all(alice, but=person.session_id)
    assert sessions.person(token) is None
    assert sessions.person(token_of_bob) is not None


def test_a_disabled_account_is_out_at_the_next_click_and_stays_out_when_enabled(
    sessions: Sessions, people: People, alice: int
) -> None:
    token = signed_in(sessions, alice)
    Members(people.database).disable("alice")
    assert sessions.person(token) is None
    Members(people.database).enable("alice")
    assert sessions.person(token) is None


def test_a_session_row_that_a_disabled_account_still_has_is_worth_nothing(
    sessions: Sessions, alice: int, database: Database, clock: SettableClock
) -> None:
    token = signed_in(sessions, alice)
    with database.write() as transaction:
        transaction.get_one(User, alice).disabled_at = clock()
    assert sessions.person(token) is None


def test_the_role_and_the_language_are_those_of_this_moment(
    sessions: Sessions, people: People, alice: int, database: Database
) -> None:
    token = signed_in(sessions, alice)
    people.change_language(alice, "fr")
    with database.write() as transaction:
        transaction.get_one(User, alice).type = "admin"
    person = sessions.person(token)
    assert person is not None
    assert person.is_admin
    assert person.language == "fr"


def test_asking_who_is_here_writes_nothing_and_asks_little(sessions: Sessions, alice: int, database: Database) -> None:
    token = signed_in(sessions, alice)
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    assert sessions.person(token) is not None
    assert [statement.split()[0] for statement in statements if "BEGIN" not in statement] == ["SELECT"]
    assert "BEGIN IMMEDIATE" not in statements


def test_the_sweep_takes_what_has_expired_and_nothing_else(
    sessions: Sessions, alice: int, database: Database, clock: SettableClock
) -> None:
    token = signed_in(sessions, alice)
    sessions.ticket(alice, ADDRESS)
    clock.forward(TICKET_SECONDS)
    assert sessions.sweep() == 1
    assert sessions.person(token) is not None
    clock.forward(sessions.seconds)
    assert sessions.sweep() == 1
    with database.read() as transaction:
        assert transaction.scalar(text("SELECT count(*) FROM sessions")) == 0
