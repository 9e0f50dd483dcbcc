"""The services in the process of the benchmark, and a way to know at once that a picture is done."""

import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from core import services as parts
from core.engines.connections import Lane
from core.services import Services
from core.settings import Settings
from core.storage.tables import Image
from core.studio.news import News
from core.studio.orders import Order
from core.studio.requests import Requests

MODEL = "gpt-image-2.6-flare"
DESCRIPTION = "A lighthouse at dusk, seen from the sea"
PASSWORD = "a sentence of their own"
LONGEST_WAIT = 120.0  # seconds
LOOK_EVERY = 0.0005  # seconds between two looks at a worker that tidies up

ENDED = ("done", "failed", "blocked", "unknown", "cancelled")


class Commits:
    """Wakes whoever waits for a row, after every transaction in which a line has written one."""

    def __init__(self) -> None:
        self._changed = threading.Event()

    def hear(self, news: News) -> None:
        tell = news.tell

        def told(*image_ids: int) -> None:
            tell(*image_ids)
            self._changed.set()

        news.tell = told  # type: ignore[method-assign]

    def wait(self) -> None:
        self._changed.wait(1.0)
        self._changed.clear()


class Studio:
    """The services over a temporary folder, with one person who orders."""

    def __init__(self, services: Services, commits: Commits):
        self.services = services
        self._commits = commits
        commits.hear(services.news)
        self.user_id = services.people.create_administrator("ada", "Ada", PASSWORD).id
        self._requests: dict[int, Requests] = {}

    def submit(self, previews: int = 0) -> int:
        """The id of the request, which is for one picture."""
        order = Order(description=DESCRIPTION, model=MODEL, quality="low")
        return self._door(previews).submit(self.user_id, order)

    def wait_until_done(self, request_ids: Collection[int]) -> set[int]:
        """Those that are done, as soon as there is one; a picture that ended otherwise is an error."""
        wanted = select(Image.request_id, Image.state).where(
            Image.request_id.in_(list(request_ids)), Image.state.in_(ENDED)
        )
        until = time.perf_counter() + LONGEST_WAIT
        while time.perf_counter() < until:
            with self.services.database.engine.connect() as connection:
                found = {row.request_id: row.state for row in connection.execute(wanted)}
            if set(found.values()) - {"done"}:
                raise RuntimeError(f"a picture was not made: {found}")
            if found:
                return set(found)
            self._commits.wait()
        raise TimeoutError("no picture was done")

    def wait_until_idle(self) -> None:
        """Until what a picture leaves behind has been removed."""
        while self.services.worker.in_hand:
            time.sleep(LOOK_EVERY)

    def _door(self, previews: int) -> Requests:
        if previews not in self._requests:
            its = self.services
            self._requests[previews] = Requests(
                its.database, its.files, its.catalog, its.lanes, previews, its.worker.wake
            )
        return self._requests[previews]


@contextmanager
def studio(
    folder: Path, commits: Commits, settings: Mapping[str, str] | None = None, lanes: Sequence[Lane] | None = None
) -> Iterator[Studio]:
    """A studio whose worker runs. `settings` under the names of the environment."""
    services = build(folder, settings, lanes)
    made = Studio(services, commits)
    services.worker.start()
    try:
        yield made
    finally:
        services.worker.stop(0.0)
        services.database.close()


def build(folder: Path, settings: Mapping[str, str] | None = None, lanes: Sequence[Lane] | None = None) -> Services:
    """Services over `folder`/data that know nothing of `.env`."""
    chosen = Settings.load(_env_file=None, IMAGIER_DATA_DIR=folder / "data", **(settings or {}))
    return parts.build(chosen, lanes)
