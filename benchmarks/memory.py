"""200 pictures in flight: how long beyond the provider's 20 seconds, and how much memory.

The app is a process of its own, and so is the test server, which answers every call after 20 seconds.
"""

import time
from dataclasses import dataclass

import psutil
from sqlalchemy import func, select

from benchmarks.figures import report
from benchmarks.processes import (
    MEGABYTE,
    end_tidily,
    free_port,
    images_server,
    imagier,
    provider,
    temporary_folder,
    wait_for,
    watched,
)
from benchmarks.studio import PASSWORD, build
from core.services import Services
from core.storage.tables import Image
from core.studio.orders import MOST_PICTURES, Order
from core.studio.requests import Requests

PICTURES = 200
DELAY = 20.0  # seconds
DESCRIPTION = "A lighthouse at dusk"
SLOW = f"[fault:delay {DELAY}]"  # the test server understands it
LOOK_EVERY = 0.2  # seconds
LONGEST_WAIT = 120.0  # seconds
QUIET = 25.0  # seconds after the last picture, before the memory is looked at again: thumbnails, then `copies.IDLE`


@dataclass(frozen=True, slots=True)
class Case:
    """`answer` is what the provider sends for one picture, its previews included, in megabytes."""

    name: str
    picture_bytes: int
    previews: int

    @property
    def answer(self) -> float:
        return (1 + self.previews) * self.picture_bytes * 4 / 3 / MEGABYTE


CASES = (
    Case("100 kB", 100_000, 0),
    Case("3 MB", 3_000_000, 0),
    Case("3 MB, 2 previews", 3_000_000, 2),
)


def measure(case: Case) -> None:
    with (
        temporary_folder() as folder,
        images_server(folder, picture_bytes=case.picture_bytes) as base_url,
    ):
        port = free_port()
        settings = {**provider(base_url), "IMAGIER_AT_ONCE": str(PICTURES), "IMAGIER_PAINTER": "false"}
        services = build(folder, settings)
        with imagier(folder, port, settings) as process:
            wait_for(port, "/readyz", process)
            _draw_one(services)  # loads what the first picture loads
            _follow(case, services, process)
        services.database.close()


def _follow(case: Case, services: Services, process: psutil.Process) -> None:
    with watched(process) as memory:
        before = memory.now
        _order(services, f"{DESCRIPTION} {SLOW}", case.previews, PICTURES)
        _wait_until_done(services, PICTURES + 1)
        time.sleep(QUIET)
        after = memory.now
    report(f"{case.name}: until all {PICTURES} are done", _seconds(services), "s", DELAY)
    report(f"{case.name}: memory before", before, "MB")
    report(f"{case.name}: memory at the peak", memory.peak, "MB", before)
    report(f"{case.name}: memory after", after, "MB", before)
    report(f"{case.name}: at the peak, for each picture", (memory.peak - before) / PICTURES, "MB", case.answer)


def _draw_one(services: Services) -> None:
    services.people.create_administrator("ada", "Ada", PASSWORD)
    _order(services, DESCRIPTION, 0, 1)
    _wait_until_done(services, 1)


def _order(services: Services, description: str, previews: int, number: int) -> None:
    door = Requests(services.database, services.files, services.catalog, services.lanes, previews)
    user = services.people.existing("ada")
    while number:
        at_once = min(number, MOST_PICTURES)
        door.submit(user.id, Order(description, services.catalog.default, quality="low", number=at_once))
        number -= at_once


def _wait_until_done(services: Services, number: int) -> None:
    until = time.perf_counter() + LONGEST_WAIT
    states: dict[str, int] = {}
    while time.perf_counter() < until:
        with services.database.read() as session:
            rows = session.execute(select(Image.state, func.count()).group_by(Image.state))
            states = {state: count for state, count in rows}  # noqa: C416 - rows are no pairs for mypy
        if states.get("done") == number:
            return
        if states.keys() - {"queued", "running", "done"}:
            break
        time.sleep(LOOK_EVERY)
    raise RuntimeError(f"not all pictures were made: {states}")


def _seconds(services: Services) -> float:
    """From the first call to the last row that says "done"; the first picture of all was the warming up."""
    with services.database.read() as session:
        first, last = session.execute(
            select(func.min(Image.started_at), func.max(Image.finished_at)).where(Image.request_id > 1)
        ).one()
    if first is None or last is None:
        raise RuntimeError("no picture was drawn")
    return (last - first).total_seconds()


def main() -> None:
    end_tidily()
    for case in CASES:
        measure(case)


if __name__ == "__main__":
    main()
