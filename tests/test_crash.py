"""`kill -9`, ten times, in the middle of paid calls: nothing is paid twice, nothing is lost, the limits hold.

The processes, the database, the files and the HTTP calls are real; the test server's record is the provider's bill.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
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
from tests.images_server import Call, ImagesServer
from tests.patience import SECONDS
from tests.studio import MODEL, FakeEngine, insert_cast, until

ROOT = Path(__file__).parent.parent
PICTURES, KILLS = 100, 10
AT_ONCE, PER_WINDOW, WINDOW, LEASE = 4, 12, 2.0, 4.0


@dataclass
class Process:
    """One process after another; `worker` is the id of the one that runs."""

    command: list[str]
    log: Path
    worker: str = ""
    running: subprocess.Popen[str] | None = field(default=None, repr=False)

    def start(self) -> None:
        with self.log.open("a") as log:
            self.running = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT
            )
        assert self.running.stdout is not None
        self.worker = self.running.stdout.readline().strip()
        assert self.worker, self.log.read_text()

    def kill(self) -> None:
        assert self.running is not None
        self.running.kill()
        self.running.communicate()

    def stop(self) -> int:
        assert self.running is not None
        self.running.communicate(timeout=SECONDS)  # closes its standard input
        return self.running.returncode


@contextmanager
def processes(command: list[str], number: int, log: Path) -> Iterator[list[Process]]:
    started: list[Process] = []
    try:
        for _ in range(number):
            started.append(Process(command, log))
            started[-1].start()
        yield started
    finally:
        for process in started:
            if process.running is not None and process.running.poll() is None:
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
        command = [sys.executable, "-m", "tests.crash_process", "--database", database_url, "--model", MODEL]
        command += ["--files", str(tmp_path / "files"), "--base-url", server.base_url, "--at-once", str(AT_ONCE)]
        command += ["--per-window", str(PER_WINDOW), "--window", str(WINDOW), "--lease", str(LEASE)]
        running = stack.enter_context(processes(command, number, tmp_path / "log"))
        for kill in range(KILLS):
            for index in range(PICTURES // KILLS):
                requests.submit(alice, Order(f"picture {kill}-{index}", MODEL))
            until(lambda: in_a_call(running, database, server))
            victim = (in_a_call(running, database, server) or running)[-1]
            victim.kill()
            victim.start()
        until(lambda: not states(database).keys() & {"queued", "running"})
        assert [process.stop() for process in running] == [0] * number, (tmp_path / "log").read_text()

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
