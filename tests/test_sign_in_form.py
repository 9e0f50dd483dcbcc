"""The sign-in and the set-up page, run by Streamlit without a browser; what the browser adds is tested with one."""

import re
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from streamlit.testing.v1 import AppTest
from streamlit_authenticator.utilities import Hasher

from core.accounts import passwords
from core.accounts.people import People
from core.accounts.sessions import Sessions
from core.accounts.throttle import ACCOUNT, ADDRESS, Throttle
from core.errors import explain
from core.i18n import Reader
from core.members.members import Members
from core.registration import Registration
from core.settings import Settings
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import Session
from pages import setup, sign_in
from tests.patience import SECONDS

PASSWORD = "the lake was green in June"
SECRET = b"a secret of at least thirty-two bytes"
READER = Reader()
WRONG = explain(READER, "wrong_credentials")


class Stage:
    """A visitor's page, over real services; `checks` are the hashes that the library's Hasher was asked about."""

    def __init__(self, database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch):
        self.database = database
        self.monkeypatch = monkeypatch
        self.people = People(database, settings)
        throttle = Throttle(database, SECRET)
        self.services = SimpleNamespace(
            settings=settings,
            people=self.people,
            registration=Registration(self.people, throttle, Sites(database, settings)),
            sessions=Sessions(database, settings),
            throttle=throttle,
            setup_code=None,
        )
        self.checks: list[str] = []
        real = Hasher.check_pw

        def counted(password: str, password_hash: str) -> bool:
            self.checks.append(password_hash)
            answer: bool = real(password, password_hash)
            return answer

        monkeypatch.setattr(Hasher, "check_pw", counted)
        here = SimpleNamespace(services=self.services, reader=READER, address="192.0.2.1", person=None)
        monkeypatch.setattr(sign_in, "visit", lambda: here)
        monkeypatch.setattr(setup, "visit", lambda: here)

    def sessions(self) -> list[Session]:
        with self.database.read() as transaction:
            return list(transaction.scalars(select(Session)))


@pytest.fixture
def stage(database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setattr(passwords, "COST", 4)
    return Stage(database, settings, monkeypatch)


@pytest.fixture
def door(stage: Stage) -> AppTest:
    """The sign-in page of an Imagier with an administrator, alice, and mallory, who is disabled."""
    for login, kind in (("ada", "admin"), ("alice", "user"), ("mallory", "user")):
        stage.people.add(login, login.title(), kind, PASSWORD)
    Members(stage.people.database).disable("mallory")

    def page() -> None:
        from pages import sign_in

        sign_in.show()

    return AppTest.from_function(page, default_timeout=SECONDS).run()


@pytest.fixture
def first(stage: Stage) -> AppTest:
    """The set-up page of a fresh Imagier."""

    def page() -> None:
        from pages import setup

        setup.show()

    return AppTest.from_function(page, default_timeout=SECONDS).run()


def send(page: AppTest, *values: str) -> str | None:
    """Fill the fields in their order and send the form; what is refused."""
    for field, value in zip(page.text_input, values, strict=True):
        field.set_value(value)
    page.button[0].click().run()
    assert not page.exception
    assert [field.value for field in page.text_input] == list(values), "what was typed is lost"
    # As it is read: Markdown's signs are escaped in what is sent to the page.
    return re.sub(r"\\(.)", r"\1", page.error[0].value) if page.error else None


def test_the_right_password_makes_a_ticket_and_no_session_of_the_library(stage: Stage, door: AppTest) -> None:
    assert send(door, " ALICE ", PASSWORD) is None
    row = stage.sessions()[0]
    assert row.ticket_hash is not None
    assert row.token_hash is None
    assert row.address == "192.0.2.1"
    assert "authentication_status" not in door.session_state
    assert "username" not in door.session_state


@pytest.mark.parametrize(
    ("login", "password"),
    [
        ("alice", "wrong"),
        ("nobody", PASSWORD),
        ("mallory", PASSWORD),
        ("alice", PASSWORD + "x" * 72),
        ("alice", "a\0b"),
        ("👩‍👩‍👧", PASSWORD),
        ("مستخدم", PASSWORD),
        ("alice'--", PASSWORD),
        ("x" * 100_000, "x" * 100_000),
    ],
)
def test_whatever_is_wrong_gets_the_same_answer_after_the_same_work(
    stage: Stage, door: AppTest, login: str, password: str
) -> None:
    assert send(door, login, password) == WRONG
    assert len(stage.checks) == 1
    assert stage.sessions() == []


@pytest.mark.parametrize(("login", "password"), [("", PASSWORD), ("alice", ""), ("", ""), ("  ", "  ")])
def test_an_empty_field_is_wrong_and_costs_nothing(stage: Stage, door: AppTest, login: str, password: str) -> None:
    for _ in range(ACCOUNT.free + 2):
        assert send(door, login, password) == WRONG
    assert stage.checks == []


def test_the_password_of_a_long_hash_does_not_open_by_its_first_72_bytes(stage: Stage, door: AppTest) -> None:
    longest = "x" * 35 + "y" * 37
    stage.people.add("bob", "Bob", "user", longest)
    assert send(door, "bob", longest + "z") == WRONG
    assert send(door, "bob", longest) is None


def test_an_attempt_that_comes_too_early_is_not_even_checked(stage: Stage, door: AppTest) -> None:
    for _ in range(ACCOUNT.free + 1):
        assert send(door, "alice", "wrong") == WRONG
    refusal = send(door, "alice", PASSWORD)
    assert refusal is not None
    assert "too many" in refusal
    assert len(stage.checks) == ACCOUNT.free + 1
    assert stage.sessions() == []


def test_what_the_library_believes_opens_nothing(stage: Stage, door: AppTest) -> None:
    door.session_state["authentication_status"] = True
    door.session_state["username"] = "ada"
    door.run()
    assert len(door.text_input) == 2
    assert stage.sessions() == []


def test_the_first_visitor_becomes_the_administrator_and_is_signed_in(stage: Stage, first: AppTest) -> None:
    assert send(first, "Ada Lovelace", "Ada", "password1") == explain(READER, "password_too_common")
    assert send(first, "Ada Lovelace", "Ada", PASSWORD) is None
    ada = stage.people.existing("ada")
    assert (ada.name, ada.type) == ("Ada Lovelace", "admin")
    assert [row.user_id for row in stage.sessions()] == [ada.id]


def test_a_visitor_who_comes_second_is_told_to_sign_in(stage: Stage, first: AppTest) -> None:
    stage.people.add("ada", "Ada", "admin", PASSWORD)
    assert send(first, "Eve", "eve", PASSWORD) == explain(READER, "already_set_up")
    assert stage.sessions() == []


def test_the_set_up_asks_for_the_code_and_slows_those_who_guess_it(stage: Stage, first: AppTest) -> None:
    stage.services.setup_code = "a1b2-c3d4-e5f6"
    first.run()
    wrong = explain(READER, "wrong_setup_code")
    for code in ("", "a1b2", "é", "a1b2-c3d4-e5f7"):
        assert send(first, "Ada", "ada", PASSWORD, code) == wrong
    for _ in range(ADDRESS.free + 1 - 4):
        assert send(first, "Ada", "ada", PASSWORD, "guess") == wrong
    refusal = send(first, "Ada", "ada", PASSWORD, "a1b2-c3d4-e5f6")
    assert refusal is not None
    assert "too many" in refusal
    assert not stage.people.any()


def test_the_right_code_opens_the_set_up(stage: Stage, first: AppTest) -> None:
    stage.services.setup_code = "a1b2-c3d4-e5f6"
    first.run()
    assert send(first, "Ada", "ada", PASSWORD, " A1B2-C3D4-E5F6 ") is None
    assert stage.people.any()
