"""Accounts: who can be made, found, disabled, also by two at once."""

import threading
from collections.abc import Callable

import pytest
from sqlalchemy import event, select

from core.accounts import passwords
from core.accounts.people import LONGEST_NAME, People, normal_login
from core.engines.base import Refused
from core.errors import Problem
from core.members.members import Members
from core.settings import Settings
from core.storage.database import Database
from core.storage.tables import Image, Tally
from tests.studio import Studio

PASSWORD = "the lake was green in June"


@pytest.fixture
def people(database: Database, settings: Settings, quick_hashes: None) -> People:
    return People(database, settings)


def code_of(act: Callable[[], object]) -> str | None:
    try:
        act()
    except Problem as problem:
        return problem.code
    return None


def at_once(acts: list[Callable[[], object]]) -> list[str | None]:
    """Run all at the same moment; the code of the problem of each, None for those that succeed."""
    start = threading.Barrier(len(acts))
    codes: list[str | None] = []

    def run(act: Callable[[], object]) -> None:
        start.wait()
        codes.append(code_of(act))

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def test_the_first_account_is_the_administrator(people: People) -> None:
    assert not people.any()
    user = people.create_administrator("Ada", "Ada Lovelace", PASSWORD)
    assert people.any()
    assert (user.login, user.name, user.type, user.disabled_at) == ("ada", "Ada Lovelace", "admin", None)
    assert passwords.matches(PASSWORD, user.password)
    assert PASSWORD not in user.password


def test_the_set_up_closes_for_ever(people: People) -> None:
    people.create_administrator("ada", "Ada", PASSWORD)
    assert code_of(lambda: people.create_administrator("bob", "Bob", PASSWORD)) == "already_set_up"
    assert [user.login for user in people.all()] == ["ada"]


def test_an_account_from_the_command_line_closes_the_set_up_as_well(people: People) -> None:
    people.add("bob", "Bob", "user", PASSWORD)
    assert code_of(lambda: people.create_administrator("eve", "Eve", PASSWORD)) == "already_set_up"


def test_two_visitors_at_set_up_at_once_end_with_one_administrator(
    database_url: str, settings: Settings, quick_hashes: None
) -> None:
    """As in two processes: each has its own connections, and both have seen that nobody exists."""
    databases = [Database(database_url), Database(database_url)]
    visitors = [People(database, settings) for database in databases]
    hashing = threading.Barrier(8)
    real = passwords.hashed

    def hashed_together(password: str) -> str:
        hashing.wait()  # everybody is past the first look
        return real(password)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "hashed", hashed_together)
        codes = at_once(
            [
                lambda number=number: visitors[number % 2].create_administrator(  # type: ignore[misc]
                    f"visitor{number}", "Somebody", PASSWORD
                )
                for number in range(8)
            ]
        )
    assert sorted(codes, key=str) == [None] + ["already_set_up"] * 7
    assert len(visitors[0].all()) == 1
    for database in databases:
        database.close()


def test_the_same_name_taken_twice_at_once_is_one_account(people: People) -> None:
    codes = at_once([lambda: people.add("bob", "Bob", "user", PASSWORD)] * 6)
    assert sorted(codes, key=str) == [None] + ["login_taken"] * 5


@pytest.mark.parametrize("typed", ["alice", " Alice ", "ALICE", "ａｌｉｃｅ", "alice\n", "\u00a0alice"])
def test_a_sign_in_name_is_found_however_it_is_typed(people: People, typed: str) -> None:
    people.add("Alice", "Alice", "user", PASSWORD)
    found = people.find(typed)
    assert found is not None
    assert found.login == "alice"
    assert code_of(lambda: people.add(typed, "Alice", "user", PASSWORD)) == "login_taken"


@pytest.mark.parametrize(
    "login",
    [
        "",
        " ",
        "a b",
        "a\0b",
        "a/b",
        "a'--",
        "<b>",
        "аlice",  # the first letter is Cyrillic
        "مستخدم",
        "👩‍👩‍👧",
        "alice\u202e",
        "alice\u200b",
        "\ud800",
        "x" * 65,
        "x" * 1_000_000,
        "a" + "\u0301" * 500_000 + "\u0316" * 500_000,
    ],
)
def test_what_cannot_be_a_sign_in_name_is_refused_and_found_nowhere(people: People, login: str) -> None:
    assert people.find(login) is None
    with pytest.raises(Problem) as caught:
        people.add(login, "Somebody", "user", PASSWORD)
    assert caught.value.code == "login_malformed"
    assert len(caught.value.params["login"]) <= 65
    str(caught.value).encode()
    assert code_of(lambda: Members(people.database).disable(login)) == "no_such_user"
    assert not people.any()


@pytest.mark.parametrize("login", ["a", "x" * 64, "jean-luc.picard@example.org", "_", "0"])
def test_what_can_be_a_sign_in_name_is_taken(people: People, login: str) -> None:
    people.add(login, "Somebody", "user", PASSWORD)
    assert people.find(login) is not None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("  Ada   Lovelace ", "Ada Lovelace"),
        ("Ada\nLovelace", "Ada Lovelace"),
        ("Ada\0\u202eLovelace", "AdaLovelace"),
        ("مريم", "مريم"),
        ("👩‍👩‍👧", "👩‍👩‍👧"),
        ("e\u0301", "é"),
        ("<b>Ada</b>", "<b>Ada</b>"),
        ("n" * LONGEST_NAME, "n" * LONGEST_NAME),
    ],
)
def test_a_name_is_one_line_of_what_can_be_seen(people: People, name: str, shown: str) -> None:
    people.add("ada", name, "user", PASSWORD)
    assert people.existing("ada").name == shown


@pytest.mark.parametrize("name", ["", "  ", "\0", "\u200d", "\u202e\u202d", "\n\t"])
def test_a_name_that_nobody_can_see_is_missing(people: People, name: str) -> None:
    assert code_of(lambda: people.add("ada", name, "user", PASSWORD)) == "name_missing"


@pytest.mark.parametrize("length", [LONGEST_NAME + 1, 1_000_000])
def test_a_name_has_an_end(people: People, length: int) -> None:
    assert code_of(lambda: people.add("ada", "n" * length, "user", PASSWORD)) == "name_too_long"


def test_a_weak_password_makes_no_account(people: People) -> None:
    assert code_of(lambda: people.add("ada", "Ada", "admin", "password1")) == "password_too_common"
    assert code_of(lambda: people.create_administrator("ada", "Ada", "short")) == "password_too_short"
    assert not people.any()


def test_a_new_password_obeys_the_same_rules(people: People) -> None:
    user_id = people.add("marguerite", "Marguerite", "user", PASSWORD)
    assert code_of(lambda: people.set_password(user_id, "marguerite7")) == "password_too_common"
    assert passwords.matches(PASSWORD, people.existing("marguerite").password)
    people.set_password(user_id, "the hill was white in May")
    assert passwords.matches("the hill was white in May", people.existing("marguerite").password)


def test_the_last_administrator_cannot_be_disabled(people: People) -> None:
    people.add("ada", "Ada", "admin", PASSWORD)
    people.add("bob", "Bob", "user", PASSWORD)
    assert code_of(lambda: Members(people.database).disable("ada")) == "last_administrator"
    people.add("grace", "Grace", "admin", PASSWORD)
    Members(people.database).disable("ada")
    Members(people.database).disable("ada")
    assert code_of(lambda: Members(people.database).disable("grace")) == "last_administrator"
    Members(people.database).enable("ada")
    Members(people.database).disable("grace")


def test_two_administrators_who_disable_one_another_at_once_leave_one(
    database_url: str, settings: Settings, quick_hashes: None
) -> None:
    databases = [Database(database_url), Database(database_url)]
    people = [People(database, settings) for database in databases]
    people[0].add("ada", "Ada", "admin", PASSWORD)
    people[0].add("grace", "Grace", "admin", PASSWORD)
    codes = at_once(
        [lambda: Members(people[0].database).disable("ada"), lambda: Members(people[1].database).disable("grace")]
    )
    assert sorted(codes, key=str) == [None, "last_administrator"]
    assert sum(user.disabled_at is None for user in people[0].all()) == 1
    for database in databases:
        database.close()


def test_nobody_waits_for_the_database_while_a_password_is_hashed(
    people: People, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    user_id = people.add("bob", "Bob", "user", PASSWORD)
    open_connections = 0

    def count(step: int) -> Callable[..., None]:
        def changed(*_: object) -> None:
            nonlocal open_connections
            open_connections += step

        return changed

    event.listen(database.engine, "checkout", count(1))
    event.listen(database.engine, "checkin", count(-1))
    real, seen = passwords.hashed, []

    def watched(password: str) -> str:
        seen.append(open_connections)
        return real(password)

    monkeypatch.setattr(passwords, "hashed", watched)
    people.add("eve", "Eve", "user", PASSWORD)
    people.set_password(user_id, PASSWORD)
    assert seen == [0, 0]


@pytest.mark.parametrize("text", ["", "a lake\nin June", "👩‍👩‍👧 مريم", "a\0b", "a\ud800b", "x" * 100_000])
def test_a_draft_is_kept_as_far_as_a_database_can_keep_it(people: People, text: str) -> None:
    user_id = people.add("bob", "Bob", "user", PASSWORD)
    assert people.draft(user_id) == ""
    people.save_draft(user_id, text)
    assert people.draft(user_id) == text.replace("\0", "").replace("\ud800", "?")


def test_a_language_is_chosen_and_left_to_the_browser_again(people: People) -> None:
    user_id = people.add("bob", "Bob", "user", PASSWORD)
    people.change_language(user_id, "fr")
    assert people.existing("bob").language == "fr"
    people.change_language(user_id, None)
    assert people.existing("bob").language is None


def test_an_unknown_type_is_a_mistake_of_the_caller(people: People) -> None:
    with pytest.raises(ValueError, match="no such type"):
        people.add("bob", "Bob", "root", PASSWORD)


def test_a_name_is_normalised_once_and_for_all() -> None:
    assert normal_login(normal_login(" ÅDA\u00a0")) == normal_login("åda")


def test_what_a_disabled_account_has_waiting_is_cancelled_and_what_is_drawn_is_kept(database: Database) -> None:
    with Studio(database) as studio:
        line = studio.line()
        running, refused, waiting, paused = studio.submit(studio.alice, number=4)
        claim, other = line.claims(studio.lane, 2)
        assert (claim.image_id, other.image_id) == (running, refused)
        others = studio.submit(studio.bob)
        with database.write() as session:
            session.get_one(Image, paused).state = "paused"
        Members(database).disable("alice")
        line.finish(claim, {})
        line.put_back(other, studio.lane, Refused("rate_limited", retry_after=0))
        states = [studio.image(image_id).state for image_id in (running, refused, waiting, paused, *others)]
        assert states == ["done", "cancelled", "cancelled", "cancelled", "queued"]
        with database.read() as session:
            held = session.scalars(select(Tally.reserved_micros).where(Tally.user_id == studio.alice)).all()
        assert set(held) == {0}
        assert code_of(lambda: studio.submit(studio.alice)) == "session_ended"
