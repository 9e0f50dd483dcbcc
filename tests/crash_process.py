"""A process that can be killed: the real worker with the real OpenAI engine, until it is told to stop."""

from dataclasses import dataclass
from multiprocessing.connection import Connection

import openai  # noqa: F401 - before the first claim, because loading it takes longer than a start may be late

from core.catalog import catalog
from core.engines.connections import OPENAI, Lane
from core.engines.openai_images import OpenAIImages
from core.storage.database import Database
from core.storage.files import Files
from core.studio.worker import Worker
from tests.images_server import KEY


@dataclass(frozen=True, slots=True)
class Options:
    """`window` and `lease` are seconds."""

    database: str
    files: str
    base_url: str
    model: str
    at_once: int
    per_window: int
    window: float
    lease: float


def draw(options: Options, line: Connection) -> None:
    """Tell the worker's id, and draw until something is said."""

    def make_engine() -> OpenAIImages:
        models = catalog.load().openai_models
        return OpenAIImages(base_url=options.base_url, api_key=KEY, deadline=30, openai_models=models)

    lane = Lane(OPENAI, (options.model,), make_engine, options.at_once, options.per_window, options.window)
    database = Database(options.database)
    worker = Worker(database, Files.open(options.files), (lane,), b"secret", options.lease, poll=0.05)
    worker.start()
    line.send(worker.id)
    line.recv()
    worker.stop(grace=10)
    database.close()
