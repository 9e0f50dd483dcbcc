"""Whoever waits for a picture hears at once that its row was written, and gets its bytes without the disk."""

import asyncio
import threading

import pytest

from core.engines.base import Painting, Preview
from core.storage.database import Database
from core.studio.news import News, Watch
from tests.studio import PAINTING, PNG, FakeEngine, Gate, Studio

LONG = 20.0  # seconds, after which a test has failed


@pytest.fixture
def news() -> News:
    return News()


async def woken(watch: Watch) -> bool:
    async with asyncio.timeout(LONG):
        await watch.changed(3600)
    return True


def test_a_change_told_by_another_thread_wakes_who_waits_for_it(news: News) -> None:
    async def wait() -> bool:
        with news.watching([1, 2]) as watch:
            threading.Thread(target=news.tell, args=(2,)).start()
            return await woken(watch)

    assert asyncio.run(wait())


def test_a_change_between_two_waits_is_not_missed(news: News) -> None:
    async def wait() -> bool:
        with news.watching([1]) as watch:
            news.tell(1)
            await asyncio.to_thread(lambda: None)
            return await woken(watch)

    assert asyncio.run(wait())


def test_who_waits_for_another_picture_sleeps_on(news: News) -> None:
    async def wait() -> bool:
        with news.watching([1]) as watch:
            news.tell(2)
            await watch.changed(0.01)
            news.hand_over(2, PAINTING)
            return watch.painting(1) is None

    assert asyncio.run(wait())


def test_telling_after_the_waiting_has_ended_does_no_harm(news: News) -> None:
    async def wait() -> None:
        with news.watching([1], wants_pictures=True):
            pass
        news.tell(1)
        news.hand_over(1, PAINTING)

    asyncio.run(wait())
    news.tell(1)


def test_pictures_are_handed_once_to_who_asked_for_them(news: News) -> None:
    async def wait() -> tuple[object, ...]:
        with news.watching([1], wants_pictures=True) as watch, news.watching([1]) as other:
            news.hand_over(1, Preview(0, b"first"))
            news.hand_over(1, Preview(1, b"second"))
            news.hand_over(1, PAINTING)
            previews = [preview.data for preview in watch.previews(1)]
            return previews, watch.painting(1), watch.painting(1), watch.previews(1), other.painting(1)

    assert asyncio.run(wait()) == ([b"first", b"second"], PAINTING, None, [], None)


def test_no_more_is_held_than_there_is_room_for_and_room_comes_back() -> None:
    news = News(most_bytes=10)
    six = Painting(b"123456")

    async def wait() -> list[bool]:
        got = []
        with news.watching([1, 2], wants_pictures=True) as watch:
            news.hand_over(1, six)
            news.hand_over(2, six)
            got += [watch.painting(1) is six, watch.painting(2) is None]
            news.hand_over(2, six)
        with news.watching([1], wants_pictures=True) as watch:
            news.hand_over(1, six)
            got.append(watch.painting(1) is six)
        return got

    assert asyncio.run(wait()) == [True, True, True]


def test_the_worker_tells_of_previews_and_of_the_end_and_hands_over_what_the_engine_made(database: Database) -> None:
    news, gate = News(), Gate()
    with Studio(database) as studio:
        engine: FakeEngine = studio.engine
        engine.otherwise = (Preview(0, PNG), gate, PAINTING)
        worker = studio.worker(start=False, news=news)
        (image_id,) = studio.submit(studio.alice)

        async def follow() -> tuple[list[str], list[bytes], Painting | None]:
            states, previews = ["queued"], []
            with news.watching([image_id], wants_pictures=True) as watch:
                await asyncio.to_thread(worker.start)
                while states[-1] != "done":
                    await woken(watch)
                    state = await asyncio.to_thread(studio.state, image_id)
                    states += [state] if state != states[-1] else []
                    previews += watch.previews(image_id)
                    gate.open()
                return states, [preview.data for preview in previews], watch.painting(image_id)

        assert asyncio.run(follow()) == (["queued", "running", "done"], [PNG], PAINTING)
