"""From the order to the call: how long a picture waits that nothing has to wait for.

Measured from the moment when `submit` is called to the moment when the engine's `paint` begins, in one process, one
picture at a time, on an empty database and on one with 100,000 pictures of 50 people.
"""

import io
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack

from PIL import Image as Pillow

from benchmarks.figures import median, percentile, report
from benchmarks.history import PEOPLE, PICTURES, write_history
from benchmarks.processes import end_tidily, temporary_folder
from benchmarks.studio import MODEL, Commits, Studio, studio
from core.engines.base import Job, Painting, Preview
from core.engines.connections import Lane
from tests import postgresql

ORDERS = 150
FIRST_ORDERS = 5  # not counted: they load code and open connections


class Stopwatch:
    """An engine that notes when it is called, and answers at once."""

    def __init__(self) -> None:
        self.called = 0.0
        self._data = _small_picture()

    async def paint(self, job: Job) -> AsyncIterator[Preview | Painting]:
        self.called = time.perf_counter()
        yield Painting(self._data)

    async def close(self) -> None:
        """There is nothing to release."""


class Course:
    """A studio with a stopwatch for its engine; `seconds` are the measurements so far."""

    def __init__(self, stack: ExitStack, commits: Commits, settings: Mapping[str, str] | None = None):
        self.seconds: list[float] = []
        self._stopwatch = Stopwatch()
        lane = Lane("benchmark", (MODEL,), lambda: self._stopwatch, at_once=10)
        folder = stack.enter_context(temporary_folder())
        self.studio: Studio = stack.enter_context(studio(folder, commits, settings, [lane]))

    def run(self) -> None:
        begun = time.perf_counter()
        request_id = self.studio.submit()
        self.studio.wait_until_done([request_id])
        self.studio.wait_until_idle()
        self.seconds.append(self._stopwatch.called - begun)


def measure(database: str, empty: Course, full: Course) -> None:
    write_history(full.studio.services.database, "benchmark", MODEL)
    for turn in range(FIRST_ORDERS + ORDERS):
        if turn == FIRST_ORDERS:
            empty.seconds, full.seconds = [], []
        empty.run()
        full.run()
    pictures = f"{PICTURES:,} pictures of {PEOPLE} people"
    report(f"{database}, empty, median", median(empty.seconds) * 1000, "ms")
    report(f"{database}, empty, 95th percentile", percentile(empty.seconds, 95) * 1000, "ms")
    report(f"{database}, {pictures}, median", median(full.seconds) * 1000, "ms", median(empty.seconds) * 1000)
    report(
        f"{database}, {pictures}, 95th percentile",
        percentile(full.seconds, 95) * 1000,
        "ms",
        percentile(empty.seconds, 95) * 1000,
    )


def main() -> None:
    end_tidily()
    commits = Commits()
    with ExitStack() as stack:
        measure("SQLite", Course(stack, commits), Course(stack, commits))
    if postgresql.programs() is None:
        print("PostgreSQL is not installed: its figures are left out.", file=sys.stderr)
        return
    with postgresql.server() as address, ExitStack() as stack:
        urls = [postgresql.create_database(address, name) for name in ("empty", "full")]
        measure("PostgreSQL", *(Course(stack, commits, {"DATABASE_URL": url}) for url in urls))


def _small_picture() -> bytes:
    file = io.BytesIO()
    Pillow.new("RGB", (64, 64), "teal").save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main()
