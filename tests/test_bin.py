"""The bin: what is deleted can be brought back for 30 days, then it goes for good; what it cost stays."""

from collections.abc import Iterator

import pytest

from core.settings import Settings
from core.site import Sites
from core.storage.database import Database
from core.studio.removal import Removal
from core.studio.retention import Retention
from tests.conftest import SettableClock
from tests.studio import Studio
from tests.test_retention import DAY, change, made


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


@pytest.fixture
def retention(studio: Studio, settings: Settings) -> Retention:
    return Retention(studio.database, Sites(studio.database, settings), Removal(studio.database, studio.files))


def test_a_deleted_picture_keeps_its_files_for_thirty_days_and_its_cost_for_ever(
    studio: Studio, retention: Retention, clock: SettableClock
) -> None:
    (image_id,) = made(studio, studio.alice)
    change(studio, image_id, cost_micros=40_000, note="for the cover")
    studio.gallery.delete(studio.alice, image_id)
    clock.forward(29 * DAY)
    assert retention.sweep() == 0
    assert len(studio.stored("pictures")) > 0
    clock.forward(DAY + 1)
    assert retention.sweep() == 1
    assert studio.stored("pictures") == []
    gone = studio.image(image_id)
    assert (gone.image_url, gone.note, gone.cost_micros, gone.purged_at) == (None, None, 40_000, clock())
