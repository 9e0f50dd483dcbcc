"""A process whose threads order one picture each, all at once: `python -m tests.race_process THREADS`.

For each line "DATABASE USER_ID" on standard input it says "ready", waits for another line, and prints on one line for
each order "accepted" or the code of its refusal.
"""

import sys
import threading

from obstore.store import MemoryStore

from core.catalog import catalog
from core.errors import Problem
from core.storage.database import Database
from core.storage.files import Files
from core.studio.orders import Order
from core.studio.requests import Requests
from tests.studio import MODEL, FakeEngine, lane_of


def main() -> None:
    while line := sys.stdin.readline():
        url, user_id = line.split()
        race(url, int(user_id), int(sys.argv[1]))


def race(url: str, user_id: int, threads: int) -> None:
    database = Database(url)
    requests = Requests(database, Files(MemoryStore(), "memory"), catalog.load(), (lane_of(FakeEngine()),))
    database.check()
    barrier = threading.Barrier(threads)
    outcomes: list[str] = []

    def order() -> None:
        barrier.wait()
        try:
            requests.submit(user_id, Order("a tree", MODEL))
            outcomes.append("accepted")
        except Problem as problem:
            outcomes.append(problem.code)

    running = [threading.Thread(target=order) for _ in range(threads)]
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    database.close()
    print(" ".join(outcomes), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
