"""The record of acts: who did what, from where, and nothing that must stay secret."""

from contextvars import Context

from sqlalchemy import select

from core.accounts import audit
from core.acting import Actor, acting
from core.storage.database import Database
from core.storage.tables import AuditEntry


def entries(database: Database) -> list[AuditEntry]:
    with database.read() as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def test_an_act_is_recorded_with_who_did_it_and_from_where(database: Database) -> None:
    with acting(Actor(1, "ada", "192.0.2.7", "pages")), database.write() as session:
        now = database.now(session)
        audit.record(session, now, "limit.changed", "alice", {"pictures-per-day": "3"}, {"pictures-per-day": "5"})
    (entry,) = entries(database)
    assert (entry.user_id, entry.login, entry.address, entry.door) == (1, "ada", "192.0.2.7", "pages")
    assert (entry.act, entry.subject, entry.created_at) == ("limit.changed", "alice", now)
    assert (entry.before, entry.after) == ({"pictures-per-day": "3"}, {"pictures-per-day": "5"})


def test_outside_the_block_nobody_in_particular_acts(database: Database) -> None:
    def act() -> None:
        with acting(Actor(1, "ada", "192.0.2.7", "pages")):
            pass
        with database.write() as session:
            audit.record(session, database.now(session), "session.ended")

    Context().run(act)  # a command that ran before in this process acts for the rest of it
    (entry,) = entries(database)
    assert (entry.user_id, entry.login, entry.door) == (None, "", "worker")


def test_an_act_that_is_undone_leaves_no_record(database: Database) -> None:
    try:
        with database.write() as session:
            audit.record(session, database.now(session), "person.removed", "bob")
            raise RuntimeError("the act failed")
    except RuntimeError:
        pass
    assert entries(database) == []


def test_what_is_secret_is_masked(database: Database) -> None:
    with database.write() as session:
        now = database.now(session)
        audit.record(session, now, "connection.changed", "openai", {"key": ""}, {"key": "sk-secret", "name": "openai"})
    (entry,) = entries(database)
    assert entry.before == {"key": ""}
    assert entry.after == {"key": audit.MASK, "name": "openai"}
