"""Many large answers at once: only a few are in memory, the others wait at the provider, and none is lost by that."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest

from core.engines import answers
from core.engines.answers import LARGE, LARGE_AT_ONCE, Place, bounded
from core.engines.base import Job, Painting, Preview
from core.storage.database import Database
from core.studio.drawing import PREVIEWS_AT_ONCE
from tests.images_server import ImagesServer
from tests.painting import LOCAL_MODEL, MODEL, engine_for
from tests.studio import PAINTING, PNG, Gate, Studio, lane_of, until

FOREVER = 3600.0
BIG = replace(PAINTING, data=PNG + bytes(LARGE))


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


def test_what_is_small_needs_no_place() -> None:
    async def run() -> None:
        place = Place(asyncio.Semaphore(0))
        await place.hold(LARGE, FOREVER)
        place.give_back()
        await place.hold(LARGE, FOREVER)

    asyncio.run(run())


def test_a_large_answer_waits_for_a_place_and_is_not_read_meanwhile() -> None:
    read = []

    async def source() -> AsyncIterator[bytes]:
        for number in range(4):
            read.append(number)
            yield bytes(LARGE // 2)

    async def run() -> None:
        places = asyncio.Semaphore(1)
        first, second = Place(places), Place(places)
        await first.hold(LARGE + 1, FOREVER)

        async def rest() -> int:
            ends = asyncio.get_running_loop().time() + FOREVER
            return sum([len(chunk) async for chunk in bounded(source(), second, ends)])

        reading = asyncio.create_task(rest())
        await asyncio.to_thread(until, lambda: len(read) == 3)
        for _ in range(100):
            await asyncio.sleep(0)
        assert (read, reading.done()) == ([0, 1, 2], False)
        first.give_back()
        assert await reading == 2 * LARGE
        assert places.locked()
        second.give_back()
        second.give_back()
        assert not places.locked()

    asyncio.run(run())


def test_a_place_that_does_not_become_free_is_done_without() -> None:
    async def run() -> None:
        places = asyncio.Semaphore(0)
        place = Place(places)
        await place.hold(LARGE + 1, 0.001)
        await place.hold(LARGE + 1, FOREVER)
        place.give_back()
        assert places.locked(), "nothing is given back that was not had"

    asyncio.run(run())


@pytest.mark.parametrize(("model", "previews"), [(LOCAL_MODEL, 0), (MODEL, 0), (MODEL, 2)])
def test_large_pictures_wait_at_the_provider_while_others_are_in_hand(
    model: str, previews: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "PATIENCE", FOREVER)

    async def run(server: ImagesServer) -> None:
        engine = engine_for(server, deadline=FOREVER)
        in_hand, given_back = asyncio.Semaphore(0), asyncio.Event()
        count = 0

        async def consume() -> None:
            nonlocal count
            async for step in engine.paint(Job(model, "a cat", previews=previews)):
                if isinstance(step, Painting):
                    count += 1
                    in_hand.release()
                    await given_back.wait()

        calls = [asyncio.create_task(consume()) for _ in range(LARGE_AT_ONCE + 4)]
        for _ in range(LARGE_AT_ONCE):
            await in_hand.acquire()
        await asyncio.to_thread(until, lambda: len(server.calls) == len(calls))
        assert count == LARGE_AT_ONCE
        given_back.set()
        await asyncio.gather(*calls)
        assert count == len(calls)
        await engine.close()

    with ImagesServer(picture_bytes=4 * LARGE) as server:
        asyncio.run(run(server))


def test_half_of_what_is_left_until_the_deadline_stays_for_the_reading() -> None:
    async def source() -> AsyncIterator[bytes]:
        yield bytes(LARGE + 1)

    async def run() -> None:
        clock = asyncio.get_running_loop().time
        for seconds in (0.2, -1.0):
            place, begun = Place(asyncio.Semaphore(0)), clock()
            assert [len(chunk) async for chunk in bounded(source(), place, begun + seconds)] == [LARGE + 1]
            assert clock() - begun >= seconds / 3

    asyncio.run(run())


def test_while_a_few_large_pictures_are_being_stored_the_engine_keeps_the_others(studio: Studio) -> None:
    studio.files.gate = threading.Event()
    studio.engine.otherwise = (BIG,)
    studio.worker(lanes=[lane_of(studio.engine, at_once=20)])
    for _ in range(2):
        studio.submit(studio.alice, number=10)
    until(lambda: len(studio.engine.jobs) == 20 and studio.engine.open == 20 - LARGE_AT_ONCE)
    studio.files.gate.set()
    until(lambda: studio.states() == ["done"] * 20)


def test_a_full_disk_leaves_no_paid_answer_unread(studio: Studio) -> None:
    studio.files.failures = 1_000_000
    studio.engine.otherwise = (BIG,)
    studio.worker(lanes=[lane_of(studio.engine, at_once=20)])
    for _ in range(2):
        studio.submit(studio.alice, number=10)
    until(lambda: len(studio.engine.jobs) == 20 and studio.engine.open == 0)
    studio.files.failures = 0
    until(lambda: studio.states() == ["done"] * 20)


def test_previews_that_cannot_be_stored_at_once_are_let_go(studio: Studio) -> None:
    studio.files.beginning, studio.files.gate = "previews", threading.Event()
    drawn, gate = Gate(), Gate()
    studio.engine.on(
        "a tree", Preview(0, PNG), drawn, Preview(1, PNG), Preview(2, PNG), Preview(3, PNG), gate, PAINTING
    )
    studio.worker(lanes=[lane_of(studio.engine, at_once=20)])
    image_id = studio.submit(studio.alice)[0]
    until(lambda: studio.files.waiting == 1)
    drawn.open()
    studio.engine.otherwise = (Preview(0, PNG), gate, PAINTING)
    for _ in range(2):
        studio.submit(studio.alice, "others", 8)
    until(lambda: studio.engine.open == 17)
    studio.files.gate.set()
    until(lambda: studio.image(image_id).previews_seen == 4)
    assert studio.files.waiting <= PREVIEWS_AT_ONCE + 1
    assert [key.rpartition("/")[2] for key in studio.stored("previews") if f"/{image_id}-" in key] == [
        "1.webp",
        "4.webp",
    ]
    gate.open()
    until(lambda: studio.states() == ["done"] * 17)
