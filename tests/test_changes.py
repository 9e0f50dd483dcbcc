"""What a person does to many pictures at once, and undoing exactly that."""

from collections.abc import Iterator
from functools import partial

import pytest
from sqlalchemy import func, insert, select

from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import AuditEntry, Change, CollectionPicture, Effect, Image, Request
from core.studio import changes as module
from core.studio.changes import Changes
from core.studio.collections import Collections
from core.studio.notes import Notes
from core.studio.removal import Removal
from core.studio.views import View
from tests.conftest import SettableClock
from tests.studio import Studio, person
from tests.test_people import code_of
from tests.test_retention import DAY, change

NOBODYS = (0, -1, 10**9, 2**70)


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


@pytest.fixture
def changes(studio: Studio) -> Changes:
    return Changes(studio.database, Removal(studio.database, studio.files))


@pytest.fixture
def collections(studio: Studio) -> Collections:
    return Collections(studio.database)


def drawn(studio: Studio, owner: int, number: int) -> list[int]:
    """Rows of finished pictures, without files."""
    with studio.database.write() as session:
        now = studio.database.now(session)
        request = Request(
            user_id=owner,
            description="a tree",
            created_at=now,
            door="pages",
            connection="openai",
            model="gpt-image-2",
            number=number,
            previews=0,
        )
        session.add(request)
        session.flush()
        row = {"request_id": request.id, "user_id": owner, "created_at": now, "finished_at": now, "seed": 1}
        rows = [{**row, "position": place, "connection": "openai", "state": "done"} for place in range(number)]
        return list(session.scalars(insert(Image).returning(Image.id), rows))


def shown(studio: Studio, owner: int) -> set[int]:
    return {image.id for image in studio.gallery.page(person(owner), size=1000).images}


def inside(studio: Studio, collection_id: int) -> set[int]:
    with studio.database.read() as session:
        query = select(CollectionPicture.image_id).where(CollectionPicture.collection_id == collection_id)
        return set(session.scalars(query))


def loved(studio: Studio) -> set[int]:
    with studio.database.read() as session:
        return set(session.scalars(select(Image.id).where(Image.favourite)))


@pytest.fixture(autouse=True)
def small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STEP", 2)


def test_undoing_a_deletion_brings_back_what_it_deleted_and_nothing_else(
    studio: Studio, changes: Changes, clock: SettableClock
) -> None:
    ids, bobs = drawn(studio, studio.alice, 7), drawn(studio, studio.bob, 1)
    first = changes.delete(studio.alice, ids[:2])
    second = changes.delete(studio.alice, [*ids[:6], *bobs, *NOBODYS])
    assert (first.pictures, second.pictures) == (2, 4)
    assert shown(studio, studio.alice) == {ids[6]}
    assert shown(studio, studio.bob) == set(bobs)
    assert code_of(lambda: changes.undo(studio.bob, second.id)) == "nothing_to_undo"
    assert changes.undo(studio.alice, second.id) == 4
    assert shown(studio, studio.alice) == set(ids[2:])
    assert code_of(lambda: changes.undo(studio.alice, second.id)) == "nothing_to_undo"
    with studio.database.read() as session:
        acts = session.execute(select(AuditEntry.act, AuditEntry.after).order_by(AuditEntry.id)).all()
    deleted = [after["pictures"] for act, after in acts if act == "pictures.deleted"]
    assert (sum(deleted), acts[-1].act) == (6, "pictures.restored")


def test_undoing_leaves_alone_what_was_changed_again_meanwhile(
    studio: Studio, changes: Changes, clock: SettableClock
) -> None:
    one, two = drawn(studio, studio.alice, 2)
    first = changes.delete(studio.alice, [one, two])
    changes.restore(studio.alice, [one])
    clock.forward(60)
    changes.delete(studio.alice, [one])
    changes.undo(studio.alice, first.id)
    assert shown(studio, studio.alice) == {two}


def test_undoing_a_restoration_puts_back_when_it_was_deleted(
    studio: Studio, changes: Changes, clock: SettableClock
) -> None:
    (one,) = drawn(studio, studio.alice, 1)
    changes.delete(studio.alice, [one])
    deleted_at = studio.image(one).deleted_at
    clock.forward(DAY)
    restored = changes.restore(studio.alice, [one])
    assert studio.image(one).deleted_at is None
    changes.undo(studio.alice, restored.id)
    assert studio.image(one).deleted_at == deleted_at


def test_favourites_are_set_and_taken_back(studio: Studio, changes: Changes) -> None:
    ids = drawn(studio, studio.alice, 4)
    changes.favourite(studio.alice, ids[:1], True)
    all_of_them = changes.favourite(studio.alice, ids, True)
    assert (all_of_them.pictures, loved(studio)) == (3, set(ids))
    none = changes.favourite(studio.alice, ids, False)
    assert loved(studio) == set()
    changes.undo(studio.alice, none.id)
    assert loved(studio) == set(ids)
    changes.undo(studio.alice, all_of_them.id)
    assert loved(studio) == set(ids[:1])
    assert changes.favourite(studio.bob, ids, False).pictures == 0


def test_pictures_are_added_to_collections_moved_and_taken_out_and_all_of_it_undone(
    studio: Studio, changes: Changes, collections: Collections
) -> None:
    ids = drawn(studio, studio.alice, 5)
    sea, land = collections.create(studio.alice, "Sea"), collections.create(studio.alice, "Land")
    changes.add(studio.alice, ids[:3], sea)
    assert changes.add(studio.alice, [*ids[:4], *NOBODYS], sea).pictures == 1
    changes.add(studio.alice, ids[3:], land)
    moved = changes.move(studio.alice, ids[:4], sea, land)
    assert (moved.pictures, inside(studio, sea), inside(studio, land)) == (4, set(), set(ids))
    assert [(it.name, it.pictures) for it in collections.counted(studio.alice)] == [("Land", 5), ("Sea", 0)]
    changes.undo(studio.alice, moved.id)
    assert (inside(studio, sea), inside(studio, land)) == (set(ids[:4]), set(ids[3:]))
    taken = changes.take_out(studio.alice, ids, sea)
    assert (taken.pictures, inside(studio, sea)) == (4, set())
    changes.undo(studio.alice, taken.id)
    assert inside(studio, sea) == set(ids[:4])
    assert changes.move(studio.alice, ids, sea, sea).pictures == 0
    again = changes.take_out(studio.alice, ids, sea)
    collections.delete(studio.alice, sea)
    changes.undo(studio.alice, again.id)
    assert shown(studio, studio.alice) == set(ids)
    assert [it.name for it in collections.all(studio.alice)] == ["Land"]


def test_somebody_elses_collection_does_not_exist(studio: Studio, changes: Changes, collections: Collections) -> None:
    ids, bobs = drawn(studio, studio.alice, 1), drawn(studio, studio.bob, 1)
    mine, theirs = collections.create(studio.alice, "Mine"), collections.create(studio.bob, "Theirs")
    changes.add(studio.bob, bobs, theirs)
    for act in (
        lambda: changes.add(studio.alice, ids, theirs),
        lambda: changes.take_out(studio.alice, bobs, theirs),
        lambda: changes.move(studio.alice, ids, mine, theirs),
        lambda: changes.move(studio.alice, bobs, theirs, mine),
        lambda: collections.rename(studio.alice, theirs, "Stolen"),
        lambda: collections.delete(studio.alice, theirs),
        lambda: collections.delete(studio.alice, 2**70),
    ):
        assert code_of(act) == "no_such_collection"
    assert changes.add(studio.alice, bobs, mine).pictures == 0
    assert (inside(studio, mine), inside(studio, theirs)) == (set(), set(bobs))
    assert collections.of_picture(studio.alice, bobs[0]) == []
    assert collections.of_picture(studio.bob, bobs[0]) == [theirs]


def test_no_two_collections_of_a_person_have_the_same_name(studio: Studio, collections: Collections) -> None:
    first = collections.create(studio.alice, "  Straße   am Meer ")
    collections.create(studio.bob, "Straße am Meer")
    assert code_of(lambda: collections.create(studio.alice, "STRASSE AM MEER")) == "collection_exists"
    other = collections.create(studio.alice, "Été")
    assert code_of(lambda: collections.rename(studio.alice, other, "straße am meer")) == "collection_exists"
    collections.rename(studio.alice, first, "STRASSE am Meer")
    assert [it.name for it in collections.all(studio.alice)] == ["STRASSE am Meer", "Été"]
    for name in ("", "  \n", "x" * 101):
        with pytest.raises(Problem, match="needs a name"):
            collections.create(studio.alice, name)


def test_a_deleted_collection_comes_back_with_its_pictures_for_a_day(
    studio: Studio, changes: Changes, collections: Collections, clock: SettableClock
) -> None:
    ids = drawn(studio, studio.alice, 3)
    sea = collections.create(studio.alice, "Sea")
    changes.add(studio.alice, ids, sea)
    taken = changes.take_out(studio.alice, ids[:1], sea)
    collections.delete(studio.alice, sea)
    assert (collections.all(studio.alice), collections.counted(studio.alice)) == ([], [])
    assert collections.of_picture(studio.alice, ids[1]) == []
    assert studio.gallery.page(person(studio.alice), View(collection=sea)).images == []
    assert studio.gallery.page(person(studio.ada, "admin"), View(collection=sea, person="*")).images == []
    for act in (
        lambda: changes.add(studio.alice, ids, sea),
        lambda: collections.rename(studio.alice, sea, "Lake"),
        lambda: collections.delete(studio.alice, sea),
    ):
        assert code_of(act) == "no_such_collection"
    changes.undo(studio.alice, taken.id)
    other = collections.create(studio.alice, "SEA")
    for nobodys in (*NOBODYS, other):
        assert code_of(partial(collections.restore, studio.alice, nobodys)) == "nothing_to_undo"
    assert code_of(lambda: collections.restore(studio.bob, sea)) == "nothing_to_undo"
    assert collections.restore(studio.alice, sea) == "Sea (2)"
    assert [(it.name, it.pictures) for it in collections.counted(studio.alice)] == [("SEA", 0), ("Sea (2)", 3)]
    collections.delete(studio.alice, sea)
    clock.forward(DAY + 60)
    collections.sweep()
    assert code_of(lambda: collections.restore(studio.alice, sea)) == "nothing_to_undo"
    assert inside(studio, sea) == set()
    assert [it.id for it in collections.all(studio.alice)] == [other]


def test_what_is_purged_does_not_come_back(studio: Studio, changes: Changes, collections: Collections) -> None:
    one, two, three = drawn(studio, studio.alice, 3)
    sea = collections.create(studio.alice, "Sea")
    changes.add(studio.alice, [one, two, three], sea)
    change(studio, one, cost_micros=7, image_url="pictures/1-a/original.png")
    deleted = changes.delete(studio.alice, [one, two])
    assert inside(studio, sea) == {one, two, three}
    assert changes.purge(studio.bob, [one, three]) == 0
    assert changes.purge(studio.alice, [one, three]) == 1
    assert changes.restore(studio.alice, [one]).pictures == 0
    changes.undo(studio.alice, deleted.id)
    assert shown(studio, studio.alice) == {two, three}
    assert (studio.image(one).cost_micros, studio.image(one).image_url) == (7, None)
    assert inside(studio, sea) == {two, three}


def test_what_was_done_can_be_undone_for_a_day(studio: Studio, changes: Changes, clock: SettableClock) -> None:
    ids = drawn(studio, studio.alice, 3)
    old = changes.delete(studio.alice, ids[:2])
    clock.forward(DAY - 60)
    young = changes.delete(studio.alice, ids[2:])
    clock.forward(120)
    changes.sweep()
    assert code_of(lambda: changes.undo(studio.alice, old.id)) == "nothing_to_undo"
    assert changes.undo(studio.alice, young.id) == 1
    with studio.database.read() as session:
        assert [session.scalar(select(func.count()).select_from(table)) for table in (Change, Effect)] == [0, 0]


def test_a_note_is_its_persons_own_and_has_an_end(studio: Studio) -> None:
    notes = Notes(studio.database)
    (one,) = drawn(studio, studio.alice, 1)
    notes.write(studio.alice, one, "  for the cover,\nnot the back \x00🐈‍⬛ ")
    assert studio.image(one).note == "for the cover,\nnot the back 🐈‍⬛"
    for stranger, picture in ((studio.bob, one), (studio.ada, one), (studio.alice, 10**9), (studio.alice, 2**70)):
        with pytest.raises(Problem, match="no such picture"):
            notes.write(stranger, picture, "mine")
    assert code_of(lambda: notes.write(studio.alice, one, "x" * 2_001)) == "note_too_long"
    assert (studio.image(one).note or "").startswith("for the cover")
    notes.write(studio.alice, one, " ")
    assert studio.image(one).note is None
