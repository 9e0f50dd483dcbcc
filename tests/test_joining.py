"""New people: a list with its faults, links that work once, invitations that end."""

import time
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from core.accounts import passwords
from core.accounts.people import People
from core.accounts.sessions import Sessions
from core.ledger.limits import Limits
from core.members.invitations import Invitations
from core.members.joining import Joining
from core.members.lines import Entry, FaultyLines, decoded, read_list
from core.members.links import PasswordLinks
from core.members.members import Members
from core.settings import Settings
from core.storage.database import Database
from core.storage.tables import AuditEntry, PasswordLink, User
from tests.conftest import SettableClock
from tests.test_people import at_once, code_of

PASSWORD = "the lake was green in June"
_ACTS = select(AuditEntry.act, func.count()).group_by(AuditEntry.act).order_by(AuditEntry.act)
OTHER = "the hill was white in May"


@pytest.fixture
def people(database: Database, settings: Settings, quick_hashes: None) -> People:
    return People(database, settings)


@pytest.fixture
def joining(database: Database, people: People) -> Joining:
    return Joining(database)


@pytest.fixture
def links(database: Database, people: People) -> PasswordLinks:
    return PasswordLinks(database, 8)


@pytest.fixture
def invitations(database: Database, people: People) -> Invitations:
    return Invitations(database, 8)


def faults(act: Callable[[], object]) -> list[tuple[int, str]]:
    with pytest.raises(FaultyLines) as caught:
        act()
    return [(fault.number, fault.problem.code) for fault in caught.value.faults]


def entries(text: str) -> list[Entry]:
    found, wrong = read_list(text)
    if wrong:
        raise FaultyLines(wrong)
    return found


@pytest.mark.parametrize(
    "text",
    [
        "alice,Alice Martin,user\nbob,Bob,admin\n",
        "\ufefflogin;name;type\r\nalice;Alice Martin;user\r\nbob;Bob;admin",
        "Nom\tIdentifiant\tRôle\nAlice Martin\tALICE\tutilisatrice\n\nBob\tbob\tadministrateur",
        'name, login, type\n"Alice Martin", alice, \n"Bob",bob,Admin',
        "alice;Alice Martin\rbob;Bob;admin\r",
        "\ufeff\nＡlice\tAlice Martin\nbob\tBob\tadmin",
    ],
)
def test_a_list_is_read_however_it_is_separated(text: str) -> None:
    assert [(entry.login, entry.name, entry.type) for entry in entries(text)] == [
        ("alice", "Alice Martin", "user"),
        ("bob", "Bob", "admin"),
    ]


def test_a_first_line_of_one_word_does_not_decide_what_separates_the_others() -> None:
    found = entries("alice\nbob;Bob, the elder\ncarl;Carl\ndora;Dora;admin")
    assert [(entry.login, entry.name, entry.type) for entry in found] == [
        ("alice", "alice", "user"),
        ("bob", "Bob, the elder", "user"),
        ("carl", "Carl", "user"),
        ("dora", "Dora", "admin"),
    ]


def test_quotes_hold_separators_and_line_breaks_and_numbers_stay_those_of_the_lines() -> None:
    found = entries('login;name\nalice;"Martin; Alice\n(the elder)"\n\nbob;"Bob ""B"" Ray"')
    assert [(entry.number, entry.name) for entry in found] == [(2, "Martin; Alice (the elder)"), (5, 'Bob "B" Ray')]


def test_a_name_alone_is_enough_and_limits_come_in_columns_or_as_pairs() -> None:
    (alone,) = entries("alice")
    assert (alone.login, alone.name, alone.type, alone.limits) == ("alice", "alice", "user", {})
    (column,) = entries("login,pictures-per-day,dollars-per-month\nalice,3,1.50")
    (pair,) = entries("alice\tAlice\tuser\tpictures-per-day=3\tdollars-per-month=1,50")
    assert column.limits == pair.limits == {"pictures-per-day": "3", "dollars-per-month": "1500000"}


def test_each_fault_is_told_with_its_line() -> None:
    text = 'login,name,type\na b,A,user\nbob,Bob,king\ncarl,Carl,user\nCARL,Carl,user\ndora,Dora,user,more\neve,"Eve'
    assert faults(lambda: entries(text)) == [
        (2, "login_malformed"),
        (3, "role_unknown"),
        (5, "line_twice"),
        (6, "line_too_many"),
        (7, "line_quotes"),
    ]
    assert faults(lambda: entries("login,colour\nbob,red")) == [(2, "limit_unknown")]
    assert faults(lambda: entries("login,pictures-per-day\nbob,many")) == [(2, "limit_impossible")]
    assert code_of(lambda: entries(" \n,,\n")) == "list_empty"
    assert code_of(lambda: entries("\n".join(f"user{number}" for number in range(5_001)))) == "list_too_long"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_file_is_read_in_the_encodings_of_spreadsheets(encoding: str) -> None:
    (entry,) = entries(decoded("login;name\nélodie;Élodie Müller".replace("é", "e").encode(encoding)))
    assert entry.name == "Élodie Müller"


def test_thirty_join_at_once_without_hashing_and_each_chooses_a_password(
    joining: Joining, links: PasswordLinks, people: People, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(passwords, "hashed", lambda _: pytest.fail("hashed"))
        joined = joining.add(
            entries("\n".join(f"student{number},Student,user,pictures-per-day=2" for number in range(30)))
        )
    assert len({one.token for one in joined}) == 30
    assert Limits(database).of("user", str(joined[7].user_id)) == {"pictures-per-day": "2"}
    stored = people.existing("student7").password
    assert not passwords.matches("", stored)
    seen = links.look(joined[7].token)
    assert (seen.login, seen.is_new) == ("student7", True)
    assert code_of(lambda: links.use(joined[7].token, "student7")) == "password_too_common"
    assert links.use(joined[7].token, PASSWORD) == joined[7].user_id
    assert passwords.matches(PASSWORD, people.existing("student7").password)
    assert code_of(lambda: links.use(joined[7].token, OTHER)) == "link_dead"
    with database.read() as session:
        hashes = set(session.scalars(select(PasswordLink.token_hash)))
        acts = [(act, number) for act, number in session.execute(_ACTS)]
    assert not hashes & {one.token for one in joined}
    assert acts == [("password.chosen_by_link", 1), ("person.created", 30)]


def test_one_name_that_is_taken_and_nobody_joins(joining: Joining, people: People) -> None:
    people.add("bob", "Bob", "user", PASSWORD)
    assert faults(lambda: joining.add(entries("alice\nbob\ncarl"))) == [(2, "login_taken")]
    several = read_list('alice\nbob;Bob\nc c\n"dora"x\neve;Eve;king\nALICE')
    found = [
        (2, "login_taken"),
        (3, "login_malformed"),
        (4, "line_quotes"),
        (5, "role_unknown"),
        (6, "line_twice"),
    ]
    assert faults(lambda: joining.add(*several)) == found, "all of them at once, with those that the database knows"
    assert [user.login for user in people.all()] == ["bob"]


def test_a_reset_works_once_ends_after_a_day_and_signs_out_everywhere(
    links: PasswordLinks, people: People, database: Database, settings: Settings, clock: SettableClock
) -> None:
    bob = people.add("bob", "Bob", "user", PASSWORD)
    sessions = Sessions(database, settings)
    token = sessions.exchange(sessions.ticket(bob, "192.0.2.1"))
    late, first = links.make(bob), links.make(bob)
    assert code_of(lambda: links.use(late, OTHER)) == "link_dead"
    clock.forward(86_399)
    assert sessions.person(token) is not None
    codes = at_once([lambda: links.use(first, OTHER)] * 4)
    assert sorted(codes, key=str) == [None] + ["link_dead"] * 3
    assert sessions.person(token) is None
    last = links.make(bob)
    clock.forward(86_400)
    assert code_of(lambda: links.look(last)) == "link_dead"
    closed = links.make(bob)
    people.add("ada", "Ada", "admin", PASSWORD)
    Members(people.database).disable("bob")
    assert code_of(lambda: links.use(closed, PASSWORD)) == "link_dead"
    assert code_of(lambda: links.make(bob)) == "account_disabled"
    assert passwords.matches(OTHER, people.existing("bob").password)


def test_an_invitation_makes_as_many_accounts_as_it_says_with_its_role_and_limits(
    invitations: Invitations, people: People, database: Database, clock: SettableClock
) -> None:
    token = invitations.create("Class 3b", "user", {"pictures-per-day": "3", "quality": ""}, uses=2, days=1)
    codes = at_once(
        [
            lambda number=number: invitations.accept(token, f"pupil{number}", "Pupil", PASSWORD)  # type: ignore[misc]
            for number in range(4)
        ]
    )
    assert sorted(codes, key=str) == [None, None, "link_dead", "link_dead"]
    joined = people.all()
    assert [user.type for user in joined] == ["user", "user"]
    assert Limits(database).of("user", str(joined[0].id)) == {"pictures-per-day": "3"}
    (row,) = invitations.all()
    assert (row.note, row.used, row.uses) == ("Class 3b", 2, 2)
    assert token not in (row.token_hash, row.note)


def test_what_is_wrong_with_a_new_account_uses_nothing_up(invitations: Invitations, people: People) -> None:
    people.add("bob", "Bob", "user", PASSWORD)
    token = invitations.create("", "user", {})
    assert code_of(lambda: invitations.accept(token, "bob", "Bob", PASSWORD)) == "login_taken"
    assert code_of(lambda: invitations.accept(token, "b b", "Bob", PASSWORD)) == "login_malformed"
    assert code_of(lambda: invitations.accept(token, "carl", "", PASSWORD)) == "name_missing"
    assert code_of(lambda: invitations.accept(token, "carl", "Carl", "short")) == "password_too_short"
    invitations.accept(token, "carl", "Carl", PASSWORD)


def test_an_invitation_ends_and_can_be_taken_back(invitations: Invitations, clock: SettableClock) -> None:
    ended, revoked = invitations.create("", "user", {}, days=2), invitations.create("", "admin", {}, uses=9, days=9)
    invitations.look(ended)
    clock.forward(2 * 86_400)
    assert code_of(lambda: invitations.look(ended)) == "link_dead"
    invitations.revoke(invitations.all()[0].id)
    assert code_of(lambda: invitations.accept(revoked, "eve", "Eve", PASSWORD)) == "link_dead"
    for impossible in ({"uses": 0}, {"uses": 1_001}, {"days": 0}, {"days": 366}):
        assert code_of(lambda impossible=impossible: invitations.create("", "user", {}, **impossible)) == (  # type: ignore[misc]
            "invitation_impossible"
        )
    assert code_of(lambda: invitations.create("", "user", {"pictures-per-day": "x"})) == "limit_impossible"


@pytest.mark.parametrize("token", ["", "x", "é" * 50, "\ud800", "a" * 1_000_000])
def test_a_token_that_nobody_made_opens_nothing(links: PasswordLinks, invitations: Invitations, token: str) -> None:
    assert code_of(lambda: links.look(token)) == "link_dead"
    assert code_of(lambda: invitations.accept(token, "eve", "Eve", PASSWORD)) == "link_dead"


def test_a_list_of_two_thousand_is_quick(joining: Joining, database: Database) -> None:
    started = time.process_time()
    joining.add(entries("\n".join(f"user{number};User {number}" for number in range(2_000))))
    assert time.process_time() - started < 15  # with a hash for each it would be minutes
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 2_000
