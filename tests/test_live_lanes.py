"""A worker whose connections change while it draws."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy.orm import Session

from core.engines.connections import Lane
from core.storage.database import Database
from core.storage.tables import Connection
from core.studio.worker import Worker
from tests.studio import PAINTING, QUICK, FakeEngine, Gate, Studio, lane_of, until


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


class Switchboard:
    """Lanes of this moment, with the rows that the line checks."""

    def __init__(self, studio: Studio):
        self.studio = studio
        self.lanes: tuple[Lane, ...] = (studio.lane,)
        self.worker = Worker(studio.database, studio.files, self, b"secret", poll=3600, pauses=QUICK)
        studio.workers.append(self.worker)
        studio.requests = studio.requests_of(studio.lane, wake=self.worker.wake)
        self.worker.start()

    def __call__(self, session: Session | None = None) -> tuple[Lane, ...]:
        return self.lanes

    def change(self, lane: Lane | None) -> None:
        with self.studio.database.write() as session:
            session.merge(Connection(name="openai", revision=lane.revision if lane else "gone"))
        self.lanes = (lane,) if lane else ()
        self.worker.wake()


def test_what_is_being_drawn_ends_as_it_began_and_the_next_picture_has_the_new_engine(studio: Studio) -> None:
    lines, gate, newer = Switchboard(studio), Gate(), FakeEngine()
    studio.engine.on("before", gate, PAINTING)
    (before,) = studio.submit(studio.alice, "before")
    studio.wait_for(before, "running")
    lines.change(replace(lane_of(newer), revision="b"))
    (after,) = studio.submit(studio.alice, "after")
    studio.wait_for(after, "done")
    assert [job.description for job in newer.jobs] == ["after"]
    assert not studio.engine.is_closed
    gate.open()
    studio.wait_for(before, "done")
    until(lambda: studio.engine.is_closed)
    assert [job.description for job in studio.engine.jobs] == ["before"]
    assert not newer.is_closed


def test_pictures_of_a_connection_that_is_gone_wait_and_are_drawn_when_it_is_back(studio: Studio) -> None:
    lines, newer = Switchboard(studio), FakeEngine()
    studio.wait_for(studio.submit(studio.alice)[0], "done")
    lines.change(None)
    until(lambda: studio.engine.is_closed)
    (waiting,) = studio.submit(studio.alice)
    assert studio.state(waiting) == "queued"
    lines.change(replace(lane_of(newer), revision="c"))
    studio.wait_for(waiting, "done")
    assert len(newer.jobs) == 1
