"""A process that can be killed: the real worker with the real OpenAI engine, until standard input ends.

`python -m tests.crash_process OPTIONS` prints its worker's id when it draws.
"""

import argparse
import sys

import openai  # noqa: F401 - before the first claim, because loading it takes longer than a start may be late

from core.catalog import catalog
from core.engines.connections import OPENAI, Lane
from core.engines.openai_images import OpenAIImages
from core.storage.database import Database
from core.storage.files import Files
from core.studio.worker import Worker
from tests.images_server import KEY


def main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("--database", "--files", "--base-url", "--model"):
        parser.add_argument(name, required=True)
    for name in ("--at-once", "--per-window"):
        parser.add_argument(name, type=int, required=True)
    for name in ("--window", "--lease"):
        parser.add_argument(name, type=float, required=True)
    chosen = parser.parse_args()

    def make_engine() -> OpenAIImages:
        models = catalog.load().openai_models
        return OpenAIImages(base_url=chosen.base_url, api_key=KEY, deadline=30, openai_models=models)

    lane = Lane(OPENAI, (chosen.model,), make_engine, chosen.at_once, chosen.per_window, chosen.window)
    database = Database(chosen.database)
    worker = Worker(database, Files.open(chosen.files), (lane,), b"secret", chosen.lease, poll=0.05)
    worker.start()
    print(worker.id, flush=True)  # noqa: T201
    sys.stdin.read()
    worker.stop(grace=10)
    database.close()


if __name__ == "__main__":
    main()
