"""Cold start: from the start of the process until it answers, and until a first page has been drawn.

`python app.py` beside `streamlit hello`, in turns. Cold is the process: its folders of code and data are in the
machine's file cache after the first round, which is not counted.
"""

import asyncio
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.browser import Tab
from benchmarks.figures import median, report
from benchmarks.processes import HOST, MEGABYTE, end_tidily, free_port, imagier, running, temporary_folder, wait_for
from benchmarks.studio import PASSWORD, build

ROUNDS = 6  # of which the first is not counted

Launch = Callable[[int], AbstractContextManager[psutil.Popen]]


@dataclass
class Starts:
    """The starts of one program: seconds, and megabytes after the first page."""

    launch: Launch
    path: str
    token: str | None = None
    answers: list[float] = field(default_factory=list)
    page: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def once(self) -> None:
        port = free_port()
        begun = time.perf_counter()
        with self.launch(port) as process:
            wait_for(port, self.path, process)
            self.answers.append(time.perf_counter() - begun)
            asyncio.run(_first_page(port, self.token))
            self.page.append(time.perf_counter() - begun)
            self.memory.append(_resident(process))


async def _first_page(port: int, token: str | None) -> None:
    tab = await Tab.open(port, token)
    await tab.run()
    await tab.close()


def _resident(process: psutil.Popen) -> float:
    return float(sum(one.memory_info().rss for one in [process, *process.children(recursive=True)])) / MEGABYTE


def prepare(folder: Path) -> str:
    """An administrator, and the token of her session."""
    services = build(folder)
    user = services.people.create_administrator("ada", "Ada", PASSWORD)
    token = services.sessions.exchange(services.sessions.ticket(user.id, HOST))
    services.database.close()
    if token is None:
        raise RuntimeError("nobody could sign in")
    return token


@contextmanager
def first_start(port: int) -> Iterator[psutil.Popen]:
    """In an empty folder: the database and the key have to be made."""
    with temporary_folder() as folder, imagier(folder, port) as process:
        yield process


def hello(folder: Path, port: int) -> AbstractContextManager[psutil.Popen]:
    """On the loopback alone, and without the question for an e-mail address."""
    options = ["--server.address", HOST, "--server.port", str(port), "--server.headless", "true"]
    options += ["--browser.gatherUsageStats", "false"]
    return running([sys.executable, "-m", "streamlit", "hello", *options], folder, place=folder)


def main() -> None:
    end_tidily()
    with temporary_folder() as folder:
        token = prepare(folder)
        app = Starts(lambda port: imagier(folder, port), "/healthz", token)
        fresh = Starts(first_start, "/healthz")
        other = Starts(lambda port: hello(folder, port), "/_stcore/health")
        for turn in range(ROUNDS):
            for starts in (app, other, fresh):
                starts.once()
                if turn == 0:
                    starts.answers, starts.page, starts.memory = [], [], []
    against = median(other.answers), median(other.page)
    report("until it answers", median(app.answers), "s", against[0])
    report("until it answers, first start of all", median(fresh.answers), "s", against[0])
    report("until the first page is drawn, signed in", median(app.page), "s", against[1])
    report("until the first page is drawn, first start of all", median(fresh.page), "s", against[1])
    report("memory after the first page", median(app.memory), "MB", median(other.memory))


if __name__ == "__main__":
    main()
