"""Leaving: pictures go to somebody else or away, costs stay; and somebody must be an administrator."""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import func, select

from core.accounts.people import People
from core.accounts.sessions import Sessions
from core.i18n import Reader
from core.ledger.limits import Limits
from core.members.leaving import Leaving
from core.members.links import PasswordLinks
from core.members.members import Members
from core.members.roster import PAGE, Roster, RosterPage
from core.settings import Settings
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import AuditEntry, Batch, Image, Improvement, Request, Tally, User
from core.studio.removal import Removal
from core.studio.zips import all_of, pictures_zip
from tests.conftest import SettableClock
from tests.ledger_rows import add_text
from tests.ledger_sums import assert_tallies_are_the_sums
from tests.studio import PAINTING, PNG, Gate, Studio, person
from tests.test_people import at_once, code_of
from tests.test_retention import change, made


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


@pytest.fixture
def leaving(studio: Studio) -> Leaving:
    return Leaving(studio.database, studio.files, Removal(studio.database, studio.files))


def sums(database: Database) -> dict[int, tuple[int, int, int]]:
    """Tallies of each owner beside the sums of the pictures: they must be the same."""
    columns = (Tally.pictures, Tally.cost_micros, Tally.reserved_micros)
    with database.read() as session:
        tallies = session.execute(
            select(Tally.user_id, *(func.sum(column) for column in columns))
            .where(Tally.length == "day")
            .group_by(Tally.user_id)
        ).all()
        images = session.execute(
            select(
                Image.user_id,
                func.count().filter(Image.counted),
                func.coalesce(func.sum(Image.cost_micros), 0),
                func.coalesce(func.sum(Image.reserved_micros), 0),
            ).group_by(Image.user_id)
        ).all()
    found = {row[0]: tuple(row[1:]) for row in tallies if any(row[1:]) and row[0]}
    assert found == {row[0]: tuple(row[1:]) for row in images if any(row[1:])}
    return found


def test_what_is_given_to_somebody_else_is_theirs_with_its_costs(
    studio: Studio, leaving: Leaving, settings: Settings
) -> None:
    studio.is_free()
    ids = made(studio, studio.alice, 2)
    made(studio, studio.bob)
    reference = studio.requests.keep_reference(studio.alice, "start.png", PNG)
    (waiting,) = studio.submit(studio.alice, "with a reference", references=(reference,))
    assert leaving.transfer(studio.alice, studio.bob) == 2
    assert {image.id for image in studio.gallery.page(person(studio.bob)).images} > set(ids)
    assert studio.image(waiting).state == "cancelled"
    assert sums(studio.database)[studio.bob][0] == 3
    assert studio.alice not in sums(studio.database)
    again = studio.requests.retry(studio.bob, waiting)
    assert studio.image(again).user_id == studio.bob
    assert studio.files.exists(reference.file_key)
    people = People(studio.database, settings)
    assert people.find("alice") is None
    assert [user.login for user in people.all()] == ["bob", "ada"]
    people.add("alice", "Another Alice", "user", "the lake was green in June")
    assert code_of(lambda: leaving.transfer(studio.alice, studio.bob)) == "no_such_user"


@pytest.mark.parametrize("is_given", [True, False])
def test_what_a_text_model_wrote_goes_with_its_costs_or_is_silent(
    studio: Studio, leaving: Leaving, clock: SettableClock, is_given: bool
) -> None:
    batch_id = studio.submit_batch(studio.alice, "a secret garden")
    studio.batches.pause(studio.alice, batch_id)
    values: dict[str, Any] = {"original": "a secret", "suggestion": "a finer secret", "replaced": "my secret"}
    text_id = add_text(studio.database, studio.alice, clock(), cost=1_500, **values)
    if is_given:
        leaving.transfer(studio.alice, studio.bob)
    else:
        leaving.purge(studio.alice)
    with studio.database.read() as session:
        row = session.get_one(Improvement, text_id)
        assert session.scalars(select(Batch)).all() == []
    assert (row.user_id, row.cost_micros) == (studio.bob if is_given else studio.alice, 1_500)
    assert ("secret" in f"{row.original}{row.suggestion}{row.replaced}") is is_given
    assert studio.states() == ["cancelled"]
    assert_tallies_are_the_sums(studio.database)


@pytest.mark.parametrize("heir", ["themselves", "disabled", "gone"])
def test_nobody_gets_pictures_who_cannot_have_them(studio: Studio, leaving: Leaving, heir: str) -> None:
    made(studio, studio.alice)
    to = {"themselves": studio.alice, "disabled": studio.bob, "gone": 10**6}[heir]
    with studio.database.write() as session:
        session.get_one(User, studio.bob).disabled_at = studio.database.now(session)
    assert code_of(lambda: leaving.transfer(studio.alice, to)) in ("no_such_heir", "no_such_user")
    assert len(studio.gallery.page(person(studio.alice)).images) == 1


def test_a_purge_leaves_costs_and_the_record_and_nothing_else(
    studio: Studio, leaving: Leaving, settings: Settings, clock: SettableClock
) -> None:
    studio.is_free()
    kept = made(studio, studio.bob)
    reference = studio.requests.keep_reference(studio.alice, "start.png", PNG)
    (image_id,) = made(studio, studio.alice)
    change(studio, image_id, problem_detail="a secret garden")
    studio.submit(studio.alice, "a secret garden", references=(reference,))
    people, sessions = People(studio.database, settings), Sessions(studio.database, settings)
    people.save_draft(studio.alice, "a secret thought")
    Limits(studio.database).set("user", str(studio.alice), {"pictures-per-day": "9"})
    token = sessions.exchange(sessions.ticket(studio.alice, "192.0.2.1"))
    link = PasswordLinks(studio.database, 8).make(studio.alice)
    before = sums(studio.database)
    assert leaving.purge(studio.alice) == 1
    assert {key.split("/")[1].split("-")[0] for key in studio.stored()} == {str(kept[0])}
    assert sums(studio.database)[studio.alice][0] == 1 <= before[studio.alice][0]
    assert sessions.person(token) is None
    assert code_of(lambda: PasswordLinks(studio.database, 8).look(link)) == "link_dead"
    assert studio.gallery.picture(person(studio.ada, "admin"), image_id) is None
    assert Limits(studio.database).of("user", str(studio.alice)) == {}
    with studio.database.read() as session:
        user = session.get_one(User, studio.alice)
        assert (user.login, user.name, user.draft) == (f"#{user.id}", f"#{user.id}", "")
        assert set(session.scalars(select(Request.description).where(Request.user_id == user.id))) == {""}
        rows = session.scalars(select(Image).where(Image.user_id == user.id)).all()
        assert all(row.deleted_at and not row.problem_detail and not row.image_url for row in rows)
        entry = session.scalars(select(AuditEntry).where(AuditEntry.act == "person.left")).one()
    assert (entry.subject, entry.after) == ("alice", {"pictures": 1, "deleted": True})
    assert code_of(lambda: Members(people.database).enable(f"#{studio.alice}")) == "no_such_user"


def test_a_picture_that_is_drawn_during_a_purge_is_cleared_afterwards(studio: Studio, leaving: Leaving) -> None:
    gate = Gate()
    studio.engine.on("slow", gate, PAINTING)
    studio.worker()
    (image_id,) = studio.submit(studio.alice, "slow")
    studio.wait_for(image_id, "running")
    leaving.purge(studio.alice)
    gate.open()
    studio.wait_for(image_id, "done")
    assert studio.gallery.page(person(studio.alice)).images == []
    studio.workers.pop().stop(5)
    leaving.removal.clear()
    assert studio.stored() == []


def test_all_pictures_of_a_person_are_one_file_with_a_list_and_what_is_missing(studio: Studio) -> None:
    first, second, gone = made(studio, studio.alice, 3)
    made(studio, studio.bob)
    studio.files.delete(studio.image(gone).image_url or "")
    pieces = list(pictures_zip(studio.files, all_of(studio.database, studio.alice), Reader()))
    assert len(pieces) > 3
    with zipfile.ZipFile(io.BytesIO(b"".join(pieces))) as archive:
        assert archive.testzip() is None
        names = [f"a tree {image_id}.png" for image_id in (first, second)]
        assert archive.namelist() == [*names, "manifest.csv", "manifest.json", "could-not-be-added.txt"]
        assert archive.read(names[0]) == PNG
        rows = list(csv.DictReader(io.StringIO(archive.read("manifest.csv").decode("utf-8-sig"))))
        lines = json.loads(archive.read("manifest.json"))
        missing = archive.read("could-not-be-added.txt").decode()
        assert missing == f"a tree {gone}.png: Its file is missing.\r\n"
    assert [row["file"] for row in rows] == [line["file"] for line in lines] == names
    assert rows[0]["description"] == "a tree"


def test_the_file_of_somebody_without_pictures_is_a_file(studio: Studio) -> None:
    data = b"".join(pictures_zip(studio.files, all_of(studio.database, studio.alice), Reader()))
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.namelist() == ["manifest.csv", "manifest.json"]
    assert json.loads(archive.read("manifest.json")) == []


def test_the_last_administrator_cannot_leave_or_be_demoted(studio: Studio, leaving: Leaving) -> None:
    members = Members(studio.database)
    assert code_of(lambda: leaving.purge(studio.ada)) == "last_administrator"
    assert code_of(lambda: leaving.transfer(studio.ada, studio.bob)) == "last_administrator"
    assert code_of(lambda: members.change(studio.ada, "ada", "Ada", "user")) == "last_administrator"
    members.change(studio.bob, "bob", "Bob", "admin")
    members.change(studio.ada, "ada", "Ada", "user")
    assert code_of(lambda: members.change(studio.bob, "bob", "Bob", "user")) == "last_administrator"


@pytest.mark.parametrize("act", ["demote", "purge", "transfer", "mixed"])
def test_of_two_administrators_who_end_one_another_at_once_one_stays(
    database_url: str, settings: Settings, act: str, quick_hashes: None
) -> None:
    databases = [Database(database_url), Database(database_url)]
    studio = Studio(databases[0])
    with databases[0].write() as session:
        session.get_one(User, studio.bob).type = "admin"
    both = [Leaving(it, studio.files, Removal(it, studio.files)) for it in databases]
    members = [Members(it) for it in databases]
    acts = {
        "demote": lambda number, who: members[number].change(who, f"name{number}", "Name", "user"),
        "purge": lambda number, who: both[number].purge(who),
        "transfer": lambda number, who: both[number].transfer(who, studio.alice),
        "mixed": lambda number, who: both[0].purge(who) if number else Members(databases[1]).disable("ada"),
    }[act]
    codes = at_once([lambda: acts(0, studio.ada), lambda: acts(1, studio.bob)])  # type: ignore[no-untyped-call]
    assert sorted(codes, key=str) == [None, "last_administrator"]
    for it in databases:
        it.close()


def test_names_and_role_change_together_or_not_at_all(studio: Studio) -> None:
    members = Members(studio.database)
    assert code_of(lambda: members.change(studio.alice, "bob", "Alice", "user")) == "login_taken"
    assert code_of(lambda: members.change(studio.alice, "alice", " ", "admin")) == "name_missing"
    members.change(studio.alice, "Alice.M", "Alice Martin", "admin")
    members.change(studio.alice, "alice.m", "Alice Martin", "admin")
    with studio.database.read() as session:
        (entry,) = session.scalars(select(AuditEntry)).all()
    assert (entry.act, entry.before) == ("person.role_changed", {"login": "alice", "name": "Alice", "type": "user"})
    assert (entry.subject, entry.after) == ("alice.m", {"login": "alice.m", "name": "Alice Martin", "type": "admin"})


def logins(page: RosterPage) -> list[str]:
    return [row.user.login for row in page.rows]


def test_two_thousand_people_are_found_and_turned_page_by_page(studio: Studio, settings: Settings) -> None:
    with studio.database.write() as session:
        now = studio.database.now(session)
        session.add_all(
            User(login=f"u{number:04}", name=f"Élodie {number}", type="user", password="-", created_at=now)
            for number in range(2_000)
        )
    roster = Roster(studio.database, Sites(studio.database, settings))
    first = roster.page()
    assert (len(first.rows), first.found, first.before) == (PAGE, 2_003, None)
    assert [row.user.login for row in first.rows[:3]] == ["ada", "alice", "bob"]
    second = roster.page(after=first.after)
    assert second.rows[0].user.login > first.rows[-1].user.login
    assert logins(roster.page(before=second.before)) == logins(first)
    assert [row.user.login for row in roster.page("elodie 1999").rows] == ["u1999"]
    assert [row.user.login for row in roster.page(kind="admin").rows] == ["ada"]
    assert roster.page("nobody at all").rows == []


def test_a_person_in_the_list_has_what_this_month_took(
    studio: Studio, settings: Settings, clock: SettableClock
) -> None:
    studio.is_free()
    made(studio, studio.alice, 2)
    roster = Roster(studio.database, Sites(studio.database, settings))
    row = roster.person(studio.alice)
    assert row is not None
    assert (row.pictures, row.micros) == (2, 0)
    clock.forward(30 * 86_400)
    assert roster.person(studio.alice).pictures == 0  # type: ignore[union-attr]
    assert roster.person(10**6) is None
