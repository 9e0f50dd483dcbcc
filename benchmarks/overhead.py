"""What the app adds to a bare call of the SDK.

The bare call is `AsyncOpenAI(max_retries=0).images.generate`, until its answer is read and parsed. The app's is the
same call and all around it: the order in the table, the claim, the previews and the picture with its thumbnails on the
disk, the row that says "done". The test server answers without delay, in a process of its own.
"""

import asyncio
import time
from collections.abc import Callable

import openai

from benchmarks.figures import median, report
from benchmarks.processes import end_tidily, images_server, provider, temporary_folder
from benchmarks.studio import DESCRIPTION, MODEL, Commits, Studio, studio

SIZES = {"100 kB": 100_000, "3 MB": 3_000_000}
PREVIEWS = (0, 2)
CALLS = 15  # one after the other
CALLERS = 8
CALLS_IN_A_ROUND = 24  # by all callers
ROUNDS = 3


class Bare:
    """The SDK alone, on an event loop of its own."""

    def __init__(self, base_url: str, key: str):
        self._runner = asyncio.Runner()
        self._client = openai.AsyncOpenAI(base_url=base_url, api_key=key, max_retries=0)

    def one(self, previews: int) -> None:
        self._runner.run(self._call(previews))

    def first_preview(self) -> float:
        """Seconds from the call of a stream until its first preview; the rest of it is read too."""
        return self._runner.run(self._first_preview())

    def many(self, previews: int) -> None:
        self._runner.run(self._calls(previews))

    def close(self) -> None:
        self._runner.run(self._client.close())
        self._runner.close()

    async def _calls(self, previews: int) -> None:
        left = iter(range(CALLS_IN_A_ROUND))

        async def caller() -> None:
            for _ in left:
                await self._call(previews)

        await asyncio.gather(*(caller() for _ in range(CALLERS)))

    async def _first_preview(self) -> float:
        begun, taken = time.perf_counter(), 0.0
        stream = await self._client.images.generate(
            model=MODEL, prompt=DESCRIPTION, size="1024x1024", quality="low", stream=True, partial_images=1
        )
        async for event in stream:
            if event.type == "image_generation.partial_image":
                taken = taken or time.perf_counter() - begun
        return taken

    async def _call(self, previews: int) -> None:
        images = self._client.images
        if not previews:
            answer = await images.generate(model=MODEL, prompt=DESCRIPTION, size="1024x1024", quality="low")
            if not (answer.data and answer.data[0].b64_json):
                raise RuntimeError("no picture came")
            return
        stream = await images.generate(
            model=MODEL, prompt=DESCRIPTION, size="1024x1024", quality="low", stream=True, partial_images=previews
        )
        async for event in stream:
            last = event.type
        if last != "image_generation.completed":
            raise RuntimeError("no picture came")


def one_by_app(studio: Studio, previews: int) -> None:
    studio.wait_until_done([studio.submit(previews)])


def many_by_app(studio: Studio, previews: int) -> None:
    """Eight callers: each orders its next picture when its last one is done."""
    under_way: set[int] = set()
    ordered = 0
    while ordered < CALLS_IN_A_ROUND or under_way:
        while ordered < CALLS_IN_A_ROUND and len(under_way) < CALLERS:
            under_way.add(studio.submit(previews))
            ordered += 1
        under_way -= studio.wait_until_done(under_way)


def measure(studio: Studio, bare: Bare, size: str, previews: int) -> None:
    kind = f"{size}, {previews} previews" if previews else size
    bare_seconds, app_seconds = [], []
    for turn in range(CALLS + 2):
        bare_taken = timed(lambda: bare.one(previews))
        app_taken = timed(lambda: one_by_app(studio, previews))
        studio.wait_until_idle()
        if turn > 1:  # the first ones load code and open connections
            bare_seconds.append(bare_taken)
            app_seconds.append(app_taken)
    report(f"one caller, {kind}", median(app_seconds) * 1000, "ms", median(bare_seconds) * 1000)
    bare_rates, app_rates = [], []
    for _ in range(ROUNDS):
        bare_rates.append(CALLS_IN_A_ROUND / timed(lambda: bare.many(previews)))
        app_rates.append(CALLS_IN_A_ROUND / timed(lambda: many_by_app(studio, previews)))
        studio.wait_until_idle()
    report(f"{CALLERS} callers, {kind}", median(app_rates), "pictures/s", median(bare_rates))


def timed(act: Callable[[], None]) -> float:
    """Seconds."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def main() -> None:
    end_tidily()
    commits = Commits()
    for size, picture_bytes in SIZES.items():
        with temporary_folder() as folder, images_server(folder, picture_bytes=picture_bytes) as base_url:
            connection = provider(base_url)
            bare = Bare(base_url, connection["OPENAI_API_KEY"])
            with studio(folder, commits, connection) as made:
                for previews in PREVIEWS:
                    measure(made, bare, size, previews)
            bare.close()


if __name__ == "__main__":
    main()
