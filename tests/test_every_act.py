"""A walk through what administrators and people can do: each leaves who, when, from where, and what it changed."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from core import services as parts
from core.accounts.audit import MASK
from core.acting import Actor, acting
from core.connections.drafts import Draft
from core.i18n import Reader
from core.ledger.export import note_export
from core.ledger.limits import KINDS, SITE, USER
from core.members.lines import Entry
from core.services import Services
from core.settings import Settings
from core.storage.tables import AuditEntry, Connection, Image
from core.studio.trial import trial
from pages.parts.acts import ACTS
from pages.parts.changes import FIELDS, changes
from tests.ledger_rows import add_picture, add_text
from tests.test_audit import entries

ADDRESS = "192.0.2.7"
PASSWORD, KEY = "the lake was green in June", "sk-proj-4711-very-secret"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)
# By parts that are tested with them: commands, the files that are exported, and the comparison with the bill.
ELSEWHERE = {
    *("backup.made", "backup.restored", "demo.filled", "bill.compared", "line.opened"),
    *("pictures.exported", "requests.exported", "audit.exported"),
}

pytestmark = pytest.mark.usefixtures("quick_hashes")


@pytest.fixture
def services(settings: Settings) -> Iterator[Services]:
    services = parts.build(settings)
    yield services
    services.database.close()


def come_in(services: Services) -> tuple[Actor, Actor]:
    """Ada sets the site up and lets Alice in; somebody guesses, and has to be patient."""
    people, throttle, sessions = services.people, services.throttle, services.sessions
    with acting(Actor(address=ADDRESS, door="pages")):
        throttle.failed("setup.refused", None, ADDRESS, "", "wrong_setup_code")
        ada = people.create_administrator("ada", "Ada", PASSWORD).id
        for _ in range(6):
            throttle.begin("ada", ADDRESS)
            throttle.failed("session.refused", "ada", ADDRESS, "ada", "wrong_password")
        sessions.exchange(sessions.ticket(ada, ADDRESS))
    admin = Actor(ada, "ada", ADDRESS, "pages")
    with acting(admin):
        alice = people.add("alice", "Alice", "user", PASSWORD)
    person = Actor(alice, "alice", "192.0.2.8", "pages")
    with acting(Actor(address="192.0.2.8", door="pages")):
        sessions.end(sessions.exchange(sessions.ticket(alice, "192.0.2.8")))
        with acting(person):
            people.set_password(alice, PASSWORD + "!")
            throttle.failed("password.refused", "alice", ADDRESS, "alice", "wrong_password")
            token = services.tokens.make(alice, "laptop", limit_micros=5_000_000)
            services.tokens.revoke(alice, services.tokens.of(alice)[0].id)
            services.refused_tokens.note(token)
    return admin, person


def manage_people(services: Services, admin: Actor, alice: int) -> None:
    members = services.members
    with acting(admin):
        services.joining.add([Entry(1, "bob", "Bob", "user", {"pictures-per-day": "3"})])
        bob = services.people.existing("bob").id
        members.change(bob, "robert", "Robert", "user")
        members.change(bob, "robert", "Robert", "admin")
        members.disable("robert")
        members.enable("robert")
        services.people.set_password(bob, PASSWORD + "?")
        link = services.links.make(bob)
        services.sessions.end_all(alice)
        services.limits.set(USER, str(alice), {"dollars-per-month": "5"})
        services.limits.set(SITE, "", {"dollars-per-month": "500"})
        invitation = services.invitations.create("for the class", "user", {"pictures-per-day": "9"}, uses=2)
        services.site.change({"registration": "open", "sharing": False, "retention_days": 90})
        services.site.change({"sharing": True})
    with acting(Actor(address="192.0.2.9", door="pages")):
        services.links.use(link, PASSWORD + "&")
        services.invitations.accept(invitation, "carol", "Carol", PASSWORD)
        services.registration.sign_up("dave", "Dave", PASSWORD, "192.0.2.9")
    with acting(admin):
        services.invitations.revoke(services.invitations.all()[0].id)
        services.leaving.transfer(services.people.existing("carol").id, alice)
        services.leaving.purge(services.people.existing("dave").id)


def manage_connections(services: Services, admin: Actor) -> None:
    connections = services.connections
    with acting(admin):
        for name in ("one", "two"):
            connections.add(admin.user_id or 0, name, Draft("compatible", "http://127.0.0.1:9/v1", KEY))
        connections.change(admin.user_id or 0, "two", Draft("compatible", "http://127.0.0.1:9/v2", KEY + "-new"))
        connections.move_up("two")
        connections.pause("two")
        connections.go_on("two")
        trial(connections, services.catalog, "two", date(2026, 11, 24))
        connections.remove("one")
        services.prices.add(admin.user_id or 0, "a model", LONG_AGO, "the list", {"per_picture": Decimal("0.04")})


def act_on_pictures(services: Services, admin: Actor, person: Actor) -> None:
    alice, database = person.user_id or 0, services.database
    with database.read() as session:
        now = database.now(session)
    picture, old, lost, waiting, failed = (
        add_picture(database, alice, now, state=state, image_url=f"pictures/{number}-f/original.png", finished_at=now)
        for number, state in enumerate(("done", "done", "unknown", "queued", "failed"))
    )
    text = add_text(database, alice, now, reserved=5_000, state="unknown")
    with acting(person):
        services.shares.make(alice, picture, password="a grey heron", with_description=True)
        services.shares.revoke(alice, services.shares.of(alice, picture)[0].share.id)
        services.throttle.failed("share.refused", "share 1", ADDRESS, "share 1", "wrong_password")
        services.changes.delete(alice, [old])
        services.changes.restore(alice, [old])
        services.changes.delete(alice, [old])
        services.changes.purge(alice, [old])
    with acting(admin):
        services.dossiers.hide(picture, True)
        services.dossiers.hide(picture, False)
        services.dossiers.delete(picture)
        services.dossiers.restore(picture)
        services.requests.cancel(alice, waiting)
        services.ledger.settle(admin.user_id or 0, lost, True, 40_000)
        services.ledger.settle_text(admin.user_id or 0, text, False)
        note_export(database, date(2026, 11, 1), date(2026, 11, 30), "csv")
        services.usage.note_export("imagier-people.csv", admin)
        with database.write() as session:
            session.get_one(Image, failed).request.model = "painter"
        services.requests.retry(alice, failed)
    with database.write() as session:
        session.get_one(Image, picture).deleted_at = now - timedelta(days=31)
    services.retention.sweep()


def test_every_act_is_in_the_record_with_who_when_from_where_and_without_a_secret(services: Services) -> None:
    admin, person = come_in(services)
    manage_people(services, admin, person.user_id or 0)
    manage_connections(services, admin)
    act_on_pictures(services, admin, person)
    found = {entry.act: entry for entry in entries(services.database)}
    assert sorted(set(ACTS) - ELSEWHERE - set(found)) == []
    for entry in entries(services.database):
        if entry.act == "pictures.expired":
            assert (entry.login, entry.door) == ("", "worker")
        else:
            assert entry.address.startswith("192.0.2."), entry.act
            assert entry.door == "pages", entry.act
            assert entry.login or entry.act in ("setup.refused", "session.refused", "session.slowed"), entry.act
    with services.database.read() as session:
        sealed = session.get_one(Connection, "two").key_sealed
    written = str([(entry.subject, entry.before, entry.after) for entry in entries(services.database)])
    assert sealed
    assert not any(secret in written for secret in (KEY, PASSWORD, "a grey heron", sealed))
    assert_before_and_after(found)


def assert_before_and_after(found: dict[str, AuditEntry]) -> None:
    def change(act: str) -> tuple[object, object]:
        return found[act].before, found[act].after

    assert change("person.renamed") == ({"login": "bob", "name": "Bob"}, {"login": "robert", "name": "Robert"})
    assert change("person.role_changed") == ({"type": "user"}, {"type": "admin"})
    assert change("person.enabled") == ({"disabled": True}, {"disabled": False})
    assert change("limit.changed") == ({"dollars-per-month": "none"}, {"dollars-per-month": "500"})
    assert change("settings.changed") == ({"sharing": False}, {"sharing": True})
    assert change("connection.moved") == ({"place": 2}, {"place": 1})
    assert change("connection.paused") == ({"paused": False}, {"paused": True})
    before, after = change("connection.changed")
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    assert (before["base_url"], after["base_url"]) == ("http://127.0.0.1:9/v1", "http://127.0.0.1:9/v2")
    assert MASK in (before["key"], after["key"])
    assert change("picture.hidden") == ({"hidden": False}, {"hidden": True, "owner": "alice"})
    assert change("picture.settled")[1] == {"billed": True, "cost_micros": 40_000}
    assert change("pictures.expired")[1] == {"pictures": 1, "older_than_days": 30, "from_the_bin": True}
    tested = found["connection.tested"].after or {}
    assert tested["reached"] is False


def test_every_field_of_the_record_has_a_name_in_the_readers_language(services: Services) -> None:
    admin, person = come_in(services)
    manage_people(services, admin, person.user_id or 0)
    manage_connections(services, admin)
    act_on_pictures(services, admin, person)
    names = {name for entry in entries(services.database) for name in (*(entry.before or {}), *(entry.after or {}))}
    assert sorted(names - set(FIELDS) - set(KINDS)) == []


def test_what_an_act_changed_is_told_in_the_readers_language() -> None:
    text = Reader("fr", "fr", None)
    told = changes(text, {"type": "user", "name": "user"}, {"type": "admin", "name": "open", "cost_micros": 40_000})
    assert "<dt>rôle</dt>" in told
    assert "<del>utilisateur</del> → <ins>administrateur</ins>" in told
    assert "<del>user</del> → <ins>open</ins>" in told
    assert text.money(40_000) in told
    limits = changes(text, {}, {"limits": {"pictures-per-day": "5"}, "new_field": "<b>"})
    assert "Images par jour: 5" in limits
    assert "<dt>new field</dt>" in limits
    assert "&lt;b&gt;" in limits
