"""Keeping: what is too old goes, with a notice before; favourites and costs stay."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from core.accounts import audit
from core.members.leaving import Leaving
from core.settings import Settings
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import Image
from core.studio.changes import Changes
from core.studio.dossier import Dossiers
from core.studio.removal import Removal, mark_purged
from core.studio.retention import Notice, Retention
from tests.conftest import SettableClock
from tests.studio import Studio, person

DAY = 86_400


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


@pytest.fixture
def sites(database: Database, settings: Settings) -> Sites:
    return Sites(database, settings)


@pytest.fixture
def retention(studio: Studio, sites: Sites) -> Retention:
    return Retention(studio.database, sites, Removal(studio.database, studio.files))


def made(studio: Studio, owner: int, number: int = 1) -> list[int]:
    """Finished pictures, with files, made now."""
    studio.worker(poll=0.01)
    ids = [image_id for _ in range(number) for image_id in studio.submit(owner)]
    for image_id in ids:
        studio.wait_for(image_id, "done")
    studio.workers.pop().stop(5)
    return ids


def change(studio: Studio, image_id: int, **values: object) -> None:
    with studio.database.write() as session:
        image = session.get_one(Image, image_id)
        for name, value in values.items():
            setattr(image, name, value)


def test_without_a_setting_nothing_is_ever_deleted(studio: Studio, retention: Retention, clock: SettableClock) -> None:
    (image_id,) = made(studio, studio.alice)
    clock.forward(10_000 * DAY)
    assert retention.notice(studio.alice) is None
    assert retention.sweep() == 0
    assert studio.image(image_id).deleted_at is None


def test_an_old_picture_goes_after_its_notice_and_a_favourite_stays(
    studio: Studio, sites: Sites, retention: Retention, clock: SettableClock
) -> None:
    studio.is_free()
    sites.change({"retention_days": 30, "retention_notice_days": 7})
    old, loved = made(studio, studio.alice, 2)
    change(studio, loved, favourite=True)
    change(studio, old, cost_micros=40_000)
    made_at = studio.image(old).finished_at
    assert made_at is not None
    clock.forward(22 * DAY)
    assert retention.notice(studio.alice) is None
    clock.forward(2 * DAY)
    assert retention.notice(studio.alice) == Notice(1, made_at + timedelta(days=30))
    assert retention.notice(studio.bob) is None
    assert retention.sweep() == 0
    (young,) = made(studio, studio.alice)
    clock.forward(7 * DAY)
    assert retention.sweep() == 1
    gone = studio.image(old)
    assert (gone.state, gone.cost_micros, gone.image_url, gone.placeholder) == ("done", 40_000, None, None)
    assert gone.deleted_at == clock()
    assert {key.split("/")[1].split("-")[0] for key in studio.stored("pictures")} == {str(loved), str(young)}
    assert [image.id for image in studio.gallery.page(person(studio.alice)).images] == [young, loved]
    assert studio.gallery.picture(person(studio.alice), old) is None
    assert studio.gallery.picture(person(studio.ada, "admin"), old) is None
    shown = [slot.image.id for group in studio.boards.board(studio.alice, 9).groups for slot in group.slots]
    assert shown == [young, loved]
    assert retention.notice(studio.alice) is None


def test_a_shorter_time_does_not_take_away_the_days_of_the_notice(
    studio: Studio, sites: Sites, retention: Retention, clock: SettableClock
) -> None:
    made(studio, studio.alice, 3)
    clock.forward(400 * DAY)
    sites.change({"retention_days": 30})
    assert retention.notice(studio.alice) == Notice(3, clock() + timedelta(days=7))
    assert retention.sweep() == 0
    clock.forward(6 * DAY)
    assert retention.sweep() == 0
    sites.change({"retention_days": None})
    assert retention.notice(studio.alice) is None
    sites.change({"retention_days": 30})
    clock.forward(7 * DAY)
    assert retention.sweep() == 3
    assert studio.stored("pictures") == []


def test_even_a_single_day_has_its_notice(
    studio: Studio, sites: Sites, retention: Retention, clock: SettableClock
) -> None:
    made(studio, studio.alice)
    clock.forward(400 * DAY)
    sites.change({"retention_days": 1, "retention_notice_days": 1})
    made(studio, studio.alice)
    clock.forward(1)
    assert retention.notice(studio.alice) == Notice(2, clock() + timedelta(days=1, seconds=-1))
    assert retention.sweep() == 0
    clock.forward(DAY)
    assert retention.sweep() == 2


@pytest.mark.parametrize(
    "way", ["no favourite", "undone", "back from the bin", "not deleted", "given back", "handed over"]
)
def test_what_was_spared_until_now_has_the_days_of_the_notice_before_it(
    studio: Studio, sites: Sites, retention: Retention, clock: SettableClock, way: str
) -> None:
    owner, alice = studio.alice, studio.alice
    changes, dossiers = Changes(studio.database, Removal(studio.database, studio.files)), Dossiers(studio.database)
    (picture_id,) = made(studio, alice)
    if way == "no favourite":
        changes.favourite(alice, [picture_id], True)
    clock.forward(29 * DAY)
    sites.change({"retention_days": 30, "retention_notice_days": 7})
    clock.forward(1)
    if way == "undone":
        changes.undo(alice, changes.favourite(alice, [picture_id], True).id)
    elif way == "no favourite":
        changes.favourite(alice, [picture_id], False)
    elif way == "given back":
        dossiers.delete(picture_id)
        dossiers.restore(picture_id)
    elif way == "handed over":
        owner = studio.bob
        Leaving(studio.database, studio.files, retention.removal).transfer(alice, owner)
    else:
        done = changes.delete(alice, [picture_id])
        assert retention.notice(alice) is None
        if way == "not deleted":
            changes.undo(alice, done.id)
        else:
            changes.restore(alice, [picture_id])
    assert retention.notice(owner) == Notice(1, clock() + timedelta(days=7))
    clock.forward(7 * DAY - 1)
    assert retention.sweep() == 0
    clock.forward(2)
    assert retention.sweep() == 1
    assert retention.notice(owner) is None


def test_a_backup_that_is_restored_later_is_not_destroyed_by_its_first_hour(
    studio: Studio, sites: Sites, retention: Retention, clock: SettableClock
) -> None:
    made(studio, studio.alice)
    sites.change({"retention_days": 30, "retention_notice_days": 7})
    clock.forward(1_000 * DAY)
    with studio.database.write() as session:
        audit.record(session, clock(), "backup.restored")
    assert retention.sweep() == 0
    assert retention.notice(studio.alice) == Notice(1, clock() + timedelta(days=7))


def test_files_that_a_dead_process_left_go_at_the_next_sweep(
    studio: Studio, retention: Retention, clock: SettableClock
) -> None:
    ids = made(studio, studio.alice, 2)
    with studio.database.write() as session:
        assert mark_purged(session, [*ids, 10**9], clock()) == ids
        assert mark_purged(session, ids, clock()) == []
    assert studio.stored("pictures") != []
    assert retention.sweep() == 0
    assert studio.stored("pictures") == []
    assert [studio.image(image_id).image_url for image_id in ids] == [None, None]
