"""A process whose threads order one picture each, all at once: `python -m tests.race_process DATABASE USER_ID THREADS`.

It says "ready", waits for a line on standard input, and prints for each order "accepted" or the code of its refusal.
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
    url, user_id, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
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
