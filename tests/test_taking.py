"""Out of the line as soon as something is in it: in the transaction of the order, and never by a worker that stops."""

import threading
from collections.abc import Collection, Iterator
from dataclasses import replace

import pytest

from core.storage.database import Database
from core.studio.orders import Order
from tests.studio import MODEL, PAINTING, PNG, Gate, Studio, until


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


def test_an_order_comes_out_of_its_transaction_with_its_call_begun(studio: Studio) -> None:
    worker = studio.worker()
    studio.wait_for(studio.submit(studio.alice)[0], "done")  # now the engine is made
    gate = Gate()
    studio.engine.otherwise = (gate, PAINTING)
    (image_id,) = studio.submit(studio.alice)
    image = studio.image(image_id)
    assert (image.state, image.worker) == ("running", worker.id)
    assert image.started_at is not None
    assert image.lease_until is not None
    gate.open()
    studio.wait_for(image_id, "done")
    begun = [attempt.started_at for attempt in studio.attempts() if attempt.image_id == image_id]
    assert begun == [image.started_at]


def test_of_an_order_that_is_larger_than_the_room_the_rest_waits(studio: Studio) -> None:
    studio.lane = replace(studio.lane, at_once=2)
    studio.worker()
    studio.wait_for(studio.submit(studio.alice)[0], "done")
    gate = Gate()
    studio.engine.otherwise = (gate, PAINTING)
    image_ids = studio.submit(studio.alice, number=3)
    assert [studio.state(image_id) for image_id in image_ids] == ["running", "running", "queued"]
    gate.open()
    for image_id in image_ids:
        studio.wait_for(image_id, "done")
    assert sorted(attempt.image_id for attempt in studio.attempts())[1:] == image_ids


def test_an_order_with_pictures_to_start_from_is_drawn_from_them(studio: Studio) -> None:
    studio.worker()
    studio.wait_for(studio.submit(studio.alice)[0], "done")
    files = [studio.requests.keep_reference(studio.alice, name, PNG) for name in ("first.png", "second.png")]
    (image_id,) = studio.submit(studio.alice, "a copy", references=tuple(files))
    studio.wait_for(image_id, "done")
    assert [reference.name for reference in studio.engine.jobs[-1].references] == ["first.png", "second.png"]
    assert studio.engine.jobs[-1].seed == studio.image(image_id).seed


def test_who_has_waited_longer_is_taken_first(studio: Studio) -> None:
    studio.lane = replace(studio.lane, at_once=1)
    worker = studio.worker()
    studio.wait_for(studio.submit(studio.alice)[0], "done")
    gate = Gate()
    studio.engine.otherwise = (gate, PAINTING)
    (first,) = studio.submit(studio.alice)
    (second,), (third,) = studio.submit(studio.bob), studio.submit(studio.alice)
    assert [studio.state(image_id) for image_id in (first, second, third)] == ["running", "queued", "queued"]
    gate.open()
    for image_id in (second, third):
        studio.wait_for(image_id, "done")
    begun = [attempt.image_id for attempt in studio.attempts()]
    assert begun[-2:] == [second, third]
    assert worker.in_hand <= 1


def test_an_order_that_is_undone_takes_nothing(studio: Studio) -> None:
    studio.worker()
    studio.wait_for(studio.submit(studio.alice)[0], "done")

    def break_down(_image_ids: Collection[int]) -> None:
        raise RuntimeError("after the rows and before the commit")

    with pytest.raises(RuntimeError):
        studio.requests.submit(studio.alice, Order("never", MODEL), before_it_begins=break_down)
    studio.wait_for(studio.submit(studio.alice, "afterwards")[0], "done")
    assert [job.description for job in studio.engine.jobs] == ["a tree", "afterwards"]
    assert len(studio.images()) == 2


def test_a_stop_waits_for_what_is_just_being_taken_and_then_for_its_end(studio: Studio) -> None:
    worker = studio.worker()
    studio.wait_for(studio.submit(studio.alice)[0], "done")
    begun = threading.Event()

    def stop() -> None:
        begun.set()
        worker.stop(60)

    def stop_meanwhile(_image_ids: Collection[int]) -> None:
        threading.Thread(target=stop).start()
        begun.wait()

    studio.requests.submit(studio.alice, Order("at the last moment", MODEL), before_it_begins=stop_meanwhile)
    until(lambda: not worker.is_alive)
    assert set(studio.states()) <= {"done", "queued"}, "drawn to its end, or left to the next worker"
    assert studio.images()[-1].lease_until is None


def test_a_worker_that_has_stopped_takes_nothing(studio: Studio) -> None:
    worker = studio.worker()
    studio.wait_for(studio.submit(studio.alice)[0], "done")
    worker.stop()
    (image_id,) = studio.submit(studio.alice)
    assert studio.state(image_id) == "queued"


def test_more_than_are_taken_at_once_are_drawn_too(studio: Studio) -> None:
    studio.worker()
    studio.wait_for(studio.submit(studio.alice)[0], "done")
    for image_id in studio.submit(studio.alice, number=10):
        studio.wait_for(image_id, "done")
