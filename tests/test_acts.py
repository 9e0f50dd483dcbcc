"""The record of acts as it is written by those who come in, as it is read, and that nobody changes it."""

import ast
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.exc import DBAPIError

from core.accounts.acts import Acts, Narrowed
from core.accounts.people import People
from core.accounts.sessions import Sessions
from core.accounts.throttle import Throttle
from core.acting import Actor, acting
from core.members.members import Members
from core.settings import Settings
from core.storage import schema
from core.storage.database import Database
from core.storage.tables import AuditEntry
from core.studio.line import Line
from pages.parts.acts import ACTS
from tests.conftest import SettableClock
from tests.messages import modules
from tests.test_audit import entries

ROOT = Path(__file__).parents[1]
PASSWORD = "the lake was green in June"
ADA = Actor(1, "ada", "192.0.2.7", "pages")


def acts(database: Database) -> list[tuple[str, str, str]]:
    """Who, what and to whom."""
    return [(entry.login, entry.act, entry.subject) for entry in entries(database)]


@pytest.mark.usefixtures("quick_hashes")
def test_what_happens_to_accounts_is_recorded_with_who_did_it(database: Database, settings: Settings) -> None:
    people = People(database, settings)
    with acting(Actor(address="192.0.2.7", door="pages")):
        ada = people.create_administrator("ada", "Ada", PASSWORD)
    with acting(Actor(ada.id, "ada", "192.0.2.7", "pages")):
        alice = people.add("alice", "Alice", "user", PASSWORD)
        people.set_password(alice, PASSWORD + "!")
        people.set_password(ada.id, PASSWORD + "!")
        Members(people.database).disable("alice")
        Members(people.database).disable("alice")  # nothing happens, and nothing is recorded
        Members(people.database).enable("alice")
        Members(people.database).enable("alice")
    assert acts(database) == [
        ("ada", "setup.done", "ada"),
        ("ada", "person.created", "alice"),
        ("ada", "password.reset", "alice"),
        ("ada", "password.changed", "ada"),
        ("ada", "person.disabled", "alice"),
        ("ada", "person.enabled", "alice"),
    ]
    assert PASSWORD not in str([(entry.before, entry.after) for entry in entries(database)])


@pytest.mark.usefixtures("quick_hashes")
def test_coming_in_and_going_out_are_recorded_once(database: Database, settings: Settings) -> None:
    alice = People(database, settings).add("alice", "Alice", "user", PASSWORD)
    sessions = Sessions(database, settings)
    token = sessions.exchange(sessions.ticket(alice, "192.0.2.1"))
    sessions.exchange(sessions.ticket(alice, "192.0.2.1"))
    with acting(Actor(address="192.0.2.2", door="pages")):
        sessions.end(token)
        sessions.end(token)
    with acting(ADA):
        sessions.end_all(alice)
    _, began, _, ended, all_ended = entries(database)
    assert (began.act, began.user_id, began.login, began.address) == ("session.began", alice, "alice", "192.0.2.1")
    assert (ended.act, ended.user_id, ended.login, ended.address) == ("session.ended", alice, "alice", "192.0.2.2")
    assert (all_ended.act, all_ended.login, all_ended.after) == ("sessions.ended", "ada", {"sessions": 1})


def test_a_slow_down_is_recorded_with_the_failure_that_began_it(database: Database, clock: SettableClock) -> None:
    throttle = Throttle(database, b"a secret of at least thirty-two bytes")
    for _ in range(6):
        throttle.begin("alice", "192.0.2.1")
        throttle.failed("session.refused", "alice", "192.0.2.1", "alice", "wrong_password")
    *_, last, slowed = entries(database)
    assert [entry.act for entry in entries(database)] == ["session.refused"] * 6 + ["session.slowed"]
    assert last.after == {"reason": "wrong_password"}
    assert slowed.after == {"slowed": "account", "failures": 6, "seconds": 1}


def test_a_line_that_is_opened_again_is_recorded_if_it_was_stopped(database: Database, clock: SettableClock) -> None:
    line = Line(database, "a" * 32, 30)
    line.resume("openai")
    with database.write() as session:
        session.execute(text("UPDATE connections SET stopped_code = 'wrong_key', stopped_at = NULL"))
    with acting(ADA):
        line.resume("openai")
        line.resume("openai")
    assert acts(database) == [("ada", "line.opened", "openai")]


@pytest.mark.parametrize("statement", [update(AuditEntry).values(act="x"), delete(AuditEntry)])
def test_the_database_itself_refuses_to_change_an_entry(
    database: Database, settings: Settings, statement: object
) -> None:
    Throttle(database, b"x" * 32).failed("session.refused", None, "192.0.2.1", "alice", "wrong_password")
    with pytest.raises(DBAPIError, match="never changed"), database.write() as session:
        session.execute(statement)  # type: ignore[call-overload]
    assert len(entries(database)) == 1


def test_the_guard_is_there_again_after_a_migration_that_copies_the_table(database: Database) -> None:
    with database.engine.begin() as connection:
        for name in ("audit_no_update", "audit_no_delete") if not database.is_postgresql else ("audit_no_change",):
            connection.execute(text(f"DROP TRIGGER {name}" + (" ON audit" if database.is_postgresql else "")))
    schema._migrate(database, "head")
    test_the_database_itself_refuses_to_change_an_entry(database, None, delete(AuditEntry))  # type: ignore[arg-type]


def test_no_code_of_the_program_changes_or_deletes_an_entry() -> None:
    changing = re.compile(r"(update|delete)\(\s*AuditEntry|(UPDATE|DELETE FROM|TRUNCATE)\s+audit\b")
    sources = [*(ROOT / "core").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    assert [path for path in sources if changing.search(path.read_text("utf-8"))] == []


def test_the_record_is_narrowed_down_and_turned_page_by_page(database: Database, clock: SettableClock) -> None:
    throttle = Throttle(database, b"x" * 32)
    for number in range(5):
        with acting(Actor(number, f"user{number}", f"192.0.2.{number}", "pages" if number % 2 else "terminal")):
            throttle.failed("session.refused", None, "", "Élodie" if number == 3 else "bob", "100% wrong")
        clock.forward(timedelta(days=1).total_seconds())
    record = Acts(database)

    def found(**wanted: object) -> list[str]:
        return [entry.login for entry in record.page(Narrowed(**wanted)).entries]  # type: ignore[arg-type]

    assert found() == ["user4", "user3", "user2", "user1", "user0"]
    assert found(door="terminal") == ["user4", "user2", "user0"]
    assert found(person="bob", door="pages") == ["user1"]
    assert found(text="USER3") == ["user3"]
    assert found(text="100% WRONG", act="session.refused") == found()
    assert found(text="%") == found()
    assert found(text="_") == []
    day = clock.now - timedelta(days=5)
    assert found(start=day + timedelta(days=1), end=day + timedelta(days=3)) == ["user2", "user1"]
    assert record.kinds() == ["session.refused"]
    first = record.page(Narrowed(), size=2)
    second = record.page(Narrowed(), before=first.older, size=2)
    back = record.page(Narrowed(), after=second.newer, size=2)
    assert [entry.login for entry in second.entries] == ["user2", "user1"]
    assert [entry.id for entry in back.entries] == [entry.id for entry in first.entries]
    assert (first.newer, back.newer) == (None, None)
    assert found(oldest_first=True, text="bob")[:2] == ["user0", "user1"]
    forth = record.page(Narrowed(oldest_first=True), before=first.entries[-1].id - 2, size=2)
    assert [entry.login for entry in forth.entries] == ["user2", "user3"]
    assert record.page(Narrowed(oldest_first=True), after=forth.newer, size=2).newer is None
    gone = record.page(Narrowed(person="bob"), before=1, size=2)  # nothing is further down
    assert [entry.login for entry in gone.entries] == ["user4", "user2"]
    assert [act.login for act in record.export(Narrowed(door="pages"))] == ["user3", "user1"]
    assert [act.login for act in record.export(Narrowed(door="pages", oldest_first=True))] == ["user1", "user3"]


@pytest.mark.parametrize(
    "typed",
    [{"from": "yesterday", "to": "9999-12-31"}, {"from": "0001-01-01"}, {"q": "\0%", "user": "x" * 5_000}],
)
def test_nonsense_in_the_address_is_no_fault(database: Database, settings: Settings, typed: dict[str, str]) -> None:
    assert Acts(database).page(Narrowed.of(typed, settings.zone), before=2**70, after=None).entries == []


def test_every_act_that_is_recorded_has_a_name_for_its_readers() -> None:
    """An act is named where it is recorded, as "subject.verb"."""
    subjects = {act.partition(".")[0] for act in ACTS}
    recorded = {
        node.value
        for module in modules("core", "pages")
        if "audit.record(" in ast.unparse(module.tree) or ".failed(" in ast.unparse(module.tree)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"[a-z]+\.[a-z_]+", node.value)
        and node.value.partition(".")[0] in subjects
        and not node.value.endswith((".csv", ".jsonl", ".txt"))
    }
    assert len(recorded) > 20
    assert sorted(recorded - set(ACTS)) == []
