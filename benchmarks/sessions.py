"""200 open tabs of 200 people, each of which refreshes its board every two seconds.

Every person has a picture under way, ten of them at the provider, so the board is read and drawn anew each time. Beside
it, on a server of its own, the same number of tabs on a page with such a fragment and nothing behind it. The two take
turns; while one is measured, the other's tabs stay open and quiet.
"""

import asyncio
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

import psutil

from benchmarks.browser import Tab
from benchmarks.figures import median, percentile, report
from benchmarks.history import add_people
from benchmarks.processes import (
    HOST,
    ROOT,
    end_tidily,
    free_port,
    images_server,
    imagier,
    provider,
    running,
    temporary_folder,
    wait_for,
)
from benchmarks.studio import MODEL, build
from core.studio.orders import Order

TABS = 200
EVERY = 2.0  # seconds between two refreshes of a tab
ROUND = 6.0  # seconds, after which the other has its turn
ROUNDS = 3
JOINING_AT_ONCE = 8
NEVER = 3_600.0  # seconds that a picture takes


def prepare(folder: Path, settings: dict[str, str]) -> list[str]:
    """One person and one ordered picture for each tab; the tokens of their sessions."""
    services = build(folder, settings)
    with services.database.write() as session:
        user_ids = add_people(session, services.database, TABS)
    tokens = []
    for user_id in user_ids:
        services.requests.submit(user_id, Order("A lighthouse at dusk", MODEL, quality="low"))
        token = services.sessions.exchange(services.sessions.ticket(user_id, HOST))
        if token is None:
            raise RuntimeError("nobody could sign in")
        tokens.append(token)
    services.database.close()
    return tokens


@dataclass
class Server:
    """A server and the tabs that are open on it. `processor` is the processor time of all rounds, in seconds."""

    port: int
    process: psutil.Process
    tabs: list[Tab] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    processor: float = 0.0

    async def join(self, tokens: Sequence[str | None]) -> None:
        self.tabs = await opened(self.port, tokens)

    async def have_a_round(self) -> None:
        before = self._processor_time()
        self.seconds += await refreshed(self.tabs)
        self.processor += self._processor_time() - before

    async def leave(self) -> None:
        for tab in self.tabs:
            await tab.close()

    def _processor_time(self) -> float:
        taken = self.process.cpu_times()
        return float(taken.user + taken.system)


async def opened(port: int, tokens: Sequence[str | None]) -> list[Tab]:
    """The tabs after their first run, joined a few at a time as people are."""
    gate = asyncio.Semaphore(JOINING_AT_ONCE)

    async def join(token: str | None) -> Tab:
        async with gate:
            tab = await Tab.open(port, token)
            await tab.run()
        if not tab.fragment_id:
            raise RuntimeError("the page has no fragment to refresh")
        return tab

    return list(await asyncio.gather(*map(join, tokens)))


async def refreshed(tabs: Sequence[Tab]) -> list[float]:
    """The seconds of every refresh in one round, the tabs spread evenly over the two seconds."""
    clock = asyncio.get_running_loop().time
    ends = clock() + ROUND
    starts = [EVERY * place / len(tabs) for place in range(len(tabs))]
    random.Random(0).shuffle(starts)

    async def refresh(tab: Tab, after: float) -> list[float]:
        taken = []
        due = ends - ROUND + after
        while due < ends:
            await asyncio.sleep(max(0.0, due - clock()))
            taken.append(await tab.refresh())
            due = max(due + EVERY, clock())
        return taken

    return list(chain.from_iterable(await asyncio.gather(*map(refresh, tabs, starts))))


async def measure(ours: Server, bare: Server, tokens: Sequence[str]) -> None:
    await ours.join(tokens)
    await bare.join([None] * TABS)
    for _ in range(ROUNDS):
        await bare.have_a_round()
        await ours.have_a_round()
    for name, value, against in (
        ("median", median(ours.seconds), median(bare.seconds)),
        ("95th percentile", percentile(ours.seconds, 95), percentile(bare.seconds, 95)),
        ("99th percentile", percentile(ours.seconds, 99), percentile(bare.seconds, 99)),
        ("processor time", ours.processor / len(ours.seconds), bare.processor / len(bare.seconds)),
    ):
        report(f"refresh of a tab, {TABS} tabs, {name}", value * 1000, "ms", against * 1000)
    report(f"refreshes in {ROUNDS * ROUND:g} s, {TABS} tabs", len(ours.seconds), "refreshes", len(bare.seconds))
    await ours.leave()
    await bare.leave()


def main() -> None:
    end_tidily()
    with temporary_folder() as folder, images_server(folder, delay=NEVER) as base_url:
        settings = {**provider(base_url), "IMAGIER_PAINTER": "false"}
        tokens = prepare(folder, settings)
        ours, bare = free_port(), free_port()
        page = str(ROOT / "benchmarks" / "bare_page.py")
        command = [sys.executable, "-m", "streamlit", "run", page, "--server.port", str(bare)]
        with (
            imagier(folder, ours, settings) as app,
            running(command, folder) as other,
        ):
            wait_for(ours, "/healthz", app)
            wait_for(bare, "/_stcore/health", other)
            asyncio.run(measure(Server(ours, app), Server(bare, other), tokens))


if __name__ == "__main__":
    main()
