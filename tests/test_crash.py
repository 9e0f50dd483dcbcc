"""`kill -9`, ten times, in the middle of paid calls: nothing is paid twice, nothing is lost, the limits hold.

The processes, the database, the files and the HTTP calls are real; the test server's record is the provider's bill.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from core.catalog import catalog
from core.engines.connections import OPENAI, Lane
from core.storage.database import Database
from core.storage.files import Files
from core.storage.tables import Attempt, Image, Request
from core.studio.orders import Order
from core.studio.requests import Requests
from tests import crash_process, nursery
from tests.images_server import Call, ImagesServer
from tests.patience import SECONDS
from tests.studio import MODEL, FakeEngine, insert_cast, until

PICTURES, KILLS = 100, 10
AT_ONCE, PER_WINDOW, WINDOW, LEASE = 4, 8, 1.0, 2.5


@dataclass
class Process:
    """One process after another; `worker` is the id of the one that runs."""

    options: crash_process.Options
    worker: str = ""
    running: ForkServerProcess | None = field(default=None, repr=False)
    line: Connection | None = field(default=None, repr=False)

    def start(self) -> None:
        self.line, end = nursery.line()
        self.running = nursery.start(crash_process.draw, self.options, end)
        end.close()
        assert self.line.poll(SECONDS)
        self.worker = self.line.recv()

    def kill(self) -> None:
        assert self.running is not None
        self.running.kill()
        self.end()

    def stop(self) -> int | None:
        assert self.line is not None
        self.line.send("stop")
        return self.end()

    def end(self) -> int | None:
        assert self.running is not None
        assert self.line is not None
        self.running.join(SECONDS)
        self.line.close()
        return self.running.exitcode


@contextmanager
def processes(options: crash_process.Options, number: int) -> Iterator[list[Process]]:
    started: list[Process] = []
    try:
        for _ in range(number):
            started.append(Process(options))
            started[-1].start()
        yield started
    finally:
        for process in started:
            if process.running is not None and process.running.is_alive():
                process.kill()


def states(database: Database) -> Counter[str]:
    with database.read() as session:
        return Counter(dict(session.execute(select(Image.state, func.count()).group_by(Image.state)).all()))


def in_a_call(processes: list[Process], database: Database, server: ImagesServer) -> list[Process]:
    """Those whose calls the provider is working on at this moment."""
    prompts = [call.prompt for call in server.calls if call.ended is None]
    query = select(Image.worker).join(Request).where(Image.state == "running", Request.description.in_(prompts))
    with database.read() as session:
        workers = set(session.scalars(query))
    return [process for process in processes if process.worker in workers]


def most_within(calls: list[Call], seconds: float) -> int:
    starts = sorted(call.started for call in calls)
    return max(sum(first <= start < first + seconds for start in starts) for first in starts)


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("database_url", "number"), [("sqlite", 1), ("postgresql", 2)], indirect=["database_url"])
def test_ten_kills_lose_nothing_and_pay_nothing_twice(database_url: str, number: int, tmp_path: Path) -> None:
    files = Files.open(str(tmp_path / "files"))
    with ExitStack() as stack:
        server = stack.enter_context(ImagesServer(delay=0.3))
        database = Database(database_url)
        stack.callback(database.close)
        lane = Lane(OPENAI, (MODEL,), FakeEngine, AT_ONCE)
        requests = Requests(database, files, catalog.load(), (lane,))
        alice = insert_cast(database).alice
        options = crash_process.Options(
            database_url, str(tmp_path / "files"), server.base_url, MODEL, AT_ONCE, PER_WINDOW, WINDOW, LEASE
        )
        running = stack.enter_context(processes(options, number))
        for kill in range(KILLS):
            for index in range(PICTURES // KILLS):
                requests.submit(alice, Order(f"picture {kill}-{index}", MODEL))
            until(lambda: in_a_call(running, database, server))
            victim = (in_a_call(running, database, server) or running)[-1]
            victim.kill()
            victim.start()
        until(lambda: not states(database).keys() & {"queued", "running"})
        assert [process.stop() for process in running] == [0] * number

        found = states(database)
        bill = Counter(call.prompt for call in server.calls)
        assert found.total() == PICTURES
        assert found.keys() <= {"done", "unknown"}
        assert 1 <= found["unknown"] <= KILLS * AT_ONCE, "no kill came in the middle of a call"
        assert bill.most_common(1)[0][1] == 1, "paid twice"
        assert found["done"] <= bill.total() <= PICTURES
        assert server.most_at_once <= AT_ONCE
        assert most_within(server.calls, WINDOW) <= PER_WINDOW

        with database.read() as session:
            done = session.execute(
                select(Request.description, Image.image_url, Image.usage).join(Image).where(Image.state == "done")
            ).all()
            assert session.scalar(select(func.count()).where(Attempt.finished_at.is_(None))) == 0
            if not database.is_postgresql:
                assert session.scalar(text("PRAGMA integrity_check")) == "ok"
        assert {row.description for row in done} <= bill.keys()
        assert all(row.usage and files.exists(row.image_url) for row in done)
