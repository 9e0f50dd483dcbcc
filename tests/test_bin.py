"""The bin: what is deleted can be brought back for 30 days, then it goes for good; what it cost stays."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.acting import Actor, acting
from core.ledger.export import Entry, export
from core.members.leaving import Leaving
from core.settings import Settings
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import AuditEntry, Reference
from core.studio.changes import Changes
from core.studio.dossier import Dossiers
from core.studio.removal import Removal
from core.studio.retention import Retention
from core.studio.views import View
from tests.conftest import SettableClock
from tests.ledger_sums import assert_tallies_are_the_sums
from tests.studio import PNG, Studio, person
from tests.test_people import code_of
from tests.test_retention import DAY, change, made


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


@pytest.fixture
def sites(studio: Studio, settings: Settings) -> Sites:
    return Sites(studio.database, settings)


@pytest.fixture
def retention(studio: Studio, sites: Sites) -> Retention:
    return Retention(studio.database, sites, Removal(studio.database, studio.files))


@pytest.fixture
def changes(retention: Retention) -> Changes:
    return Changes(retention.database, retention.removal)


def shown(studio: Studio, owner: int) -> list[int]:
    return [image.id for image in studio.gallery.page(person(owner)).images]


def ledger(studio: Studio, clock: SettableClock) -> list[Entry]:
    """Every row of the export, but for the description."""
    day = timedelta(days=400)
    return [entry._replace(description="") for entry in export(studio.database, clock() - day, clock() + day)]


def test_a_deleted_picture_keeps_its_files_for_thirty_days_and_its_cost_for_ever(
    studio: Studio, retention: Retention, changes: Changes, clock: SettableClock
) -> None:
    """The row that stays says what was paid, and nothing of what anybody wrote."""
    studio.is_free()
    one, other = made(studio, studio.alice, 2)
    change(studio, one, note="for the cover", provider_request_id="req_7", usage={"total_tokens": 9})
    before = ledger(studio, clock)
    assert changes.delete(studio.alice, [one]).pictures == 1
    assert shown(studio, studio.alice) == [other]
    for user_id, kind in ((studio.alice, "user"), (studio.ada, "admin")):
        assert studio.gallery.picture(person(user_id, kind), one) is None
    assert code_of(lambda: studio.requests.reference_from_gallery(studio.alice, one)) == "no_such_picture"
    clock.forward(29 * DAY)
    assert retention.sweep() == 0
    assert studio.gallery.thrown_away(studio.alice, one) is not None
    assert [image.id for image in studio.gallery.page(person(studio.alice), View(state="bin")).images] == [one]
    assert studio.gallery.thrown_away(studio.bob, one) is None
    clock.forward(DAY + 1)
    assert retention.sweep() == 1
    assert {key.split("/")[1].split("-")[0] for key in studio.stored("pictures")} == {str(other)}
    gone = studio.image(one)
    assert (gone.image_url, gone.note, gone.placeholder, gone.revised_description) == (None, None, None, None)
    assert (gone.usage, gone.purged_at) == ({"total_tokens": 9}, clock())
    assert studio.request(gone.request_id).description == ""
    assert ledger(studio, clock) == before
    assert_tallies_are_the_sums(studio.database)
    assert retention.sweep() == 0


def test_what_was_made_from_a_purged_picture_keeps_what_it_started_from(
    studio: Studio, retention: Retention, changes: Changes
) -> None:
    (one,) = made(studio, studio.alice)
    copy = studio.requests.reference_from_gallery(studio.alice, one)
    (child,) = studio.submit(studio.alice, "with a moon", references=(copy,))
    studio.worker(poll=0.01)
    studio.wait_for(child, "done")
    studio.workers.pop().stop(5)
    changes.delete(studio.alice, [one])
    assert changes.purge(studio.alice, [one]) == 1
    studio.pictures.sweep(timedelta(0))
    assert studio.files.read(copy.file_key) == PNG
    changes.delete(studio.alice, [child])
    changes.purge(studio.alice, [child])
    with studio.database.read() as session:
        assert session.scalars(select(Reference)).all() == []
    studio.pictures.sweep(timedelta(0))
    assert studio.stored() == []


def test_a_request_of_which_something_can_be_tried_again_keeps_its_description(
    studio: Studio, changes: Changes
) -> None:
    one, two = studio.submit(studio.alice, "a lake", number=2)
    change(studio, one, state="done")
    change(studio, one, image_url="pictures/1-a/original.png", finished_at=studio.image(one).created_at)
    change(studio, two, state="failed", problem="overloaded")
    changes.delete(studio.alice, [one])
    changes.purge(studio.alice, [one])
    assert studio.request(studio.image(two).request_id).description == "a lake"
    again = studio.requests.retry(studio.alice, two)
    assert studio.state(again) == "queued"


def test_what_an_administrator_takes_away_only_an_administrator_gives_back(studio: Studio, changes: Changes) -> None:
    (one,) = made(studio, studio.alice)
    dossiers = Dossiers(studio.database)
    with acting(Actor(studio.ada, "ada")):
        dossiers.delete(one)
    assert studio.gallery.thrown_away(studio.alice, one) is None
    assert studio.gallery.page(person(studio.alice), View(state="bin")).images == []
    assert changes.restore(studio.alice, [one]).pictures == 0
    assert changes.purge(studio.alice, [one]) == 0
    dossiers.restore(one)
    assert shown(studio, studio.alice) == [one]
    assert code_of(lambda: dossiers.restore(one)) == "no_such_picture"
    with studio.database.read() as session:
        acts = session.scalars(select(AuditEntry.act).where(AuditEntry.subject == f"picture {one}")).all()
    assert sorted(acts) == ["picture.deleted", "picture.restored"]


def test_what_is_too_old_goes_from_the_bin_too(
    studio: Studio, sites: Sites, retention: Retention, changes: Changes, clock: SettableClock
) -> None:
    one, loved = made(studio, studio.alice, 2)
    change(studio, loved, favourite=True)
    sites.change({"retention_days": 30, "retention_notice_days": 7})
    clock.forward(29 * DAY)
    changes.delete(studio.alice, [one, loved])
    assert retention.notice(studio.alice) is None
    clock.forward(2 * DAY)
    assert retention.sweep() == 1
    assert changes.restore(studio.alice, [one, loved]).pictures == 1
    assert shown(studio, studio.alice) == [loved]


def test_nobody_inherits_a_bin(studio: Studio, retention: Retention, changes: Changes) -> None:
    one, other = made(studio, studio.alice, 2)
    change(studio, other, note="for myself")
    changes.delete(studio.alice, [one])
    assert Leaving(studio.database, studio.files, retention.removal).transfer(studio.alice, studio.bob) == 1
    assert shown(studio, studio.bob) == [other]
    assert (studio.image(one).user_id, studio.image(other).note) == (studio.bob, None)
    assert {key.split("/")[1].split("-")[0] for key in studio.stored("pictures")} == {str(other)}


def test_of_a_purge_and_a_restoration_at_once_one_happens(
    studio: Studio, changes: Changes, database_url: str, clock: SettableClock
) -> None:
    ids = made(studio, studio.alice, 4)
    changes.delete(studio.alice, ids)
    other = Database(database_url, clock)
    restoring = Changes(other, Removal(other, studio.files))
    numbers: dict[str, int] = {}
    acts = {
        "purge": lambda: changes.purge(studio.alice, ids),
        "restore": lambda: sum(restoring.restore(studio.alice, [it]).pictures for it in ids),
    }

    def run(name: str) -> None:
        numbers[name] = acts[name]()

    threads = [threading.Thread(target=run, args=(name,)) for name in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert numbers["purge"] + numbers["restore"] == 4
    kept = shown(studio, studio.alice)
    assert len(kept) == numbers["restore"]
    assert all(studio.files.exists(studio.image(it).image_url or "") for it in kept)
    assert {key.split("/")[1].split("-")[0] for key in studio.stored("pictures")} == {str(it) for it in kept}


def test_a_purge_that_dies_between_row_and_files_is_finished_later(
    studio: Studio, retention: Retention, changes: Changes, monkeypatch: pytest.MonkeyPatch
) -> None:
    (one,) = made(studio, studio.alice)
    changes.delete(studio.alice, [one])
    monkeypatch.setattr(studio.files, "delete", lambda _key: (_ for _ in ()).throw(OSError("the power is gone")))
    with pytest.raises(OSError, match="power"):
        changes.purge(studio.alice, [one])
    assert changes.restore(studio.alice, [one]).pictures == 0
    monkeypatch.undo()
    assert len(studio.stored("pictures")) > 0
    retention.sweep()
    assert (studio.stored(), studio.image(one).image_url) == ([], None)
