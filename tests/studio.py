"""The studio on a stage: a real database, files in memory, and an engine that does what its script says."""

import asyncio
import io
import threading
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from obstore.store import MemoryStore
from PIL import Image as Pillow
from sqlalchemy import select

from core.accounts.sessions import Person
from core.catalog import catalog
from core.engines.base import Engine, Job, Painting, Preview
from core.engines.connections import Lane
from core.ledger.prices import Prices
from core.storage.database import Database
from core.storage.files import Files, Piece
from core.storage.tables import Attempt, Image, Request, User
from core.studio.batches import Batches, lines_of
from core.studio.board import Boards
from core.studio.copies import Copies
from core.studio.gallery import Gallery
from core.studio.line import Line
from core.studio.orders import Order
from core.studio.pictures import Pictures
from core.studio.requests import Requests
from core.studio.worker import Worker
from tests.patience import until as until

MODEL = "gpt-image-2.6-flare"
QUICK = (0.01,)  # seconds between the tries to store something


def picture(width: int = 8, height: int = 8, kind: str = "PNG", colour: str = "teal") -> bytes:
    file = io.BytesIO()
    Pillow.new("RGB", (width, height), colour).save(file, kind)
    return file.getvalue()


PNG = picture()
PAINTING = Painting(PNG, {"total_tokens": 7}, "req_1", "a finer tree")


class Gate:
    """A step of a script: the call waits here until the test opens it, from whichever thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._is_open = False
        self._waiting: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

    async def passed(self) -> None:
        event = asyncio.Event()
        with self._lock:
            if self._is_open:
                return
            self._waiting.append((asyncio.get_running_loop(), event))
        await event.wait()

    def open(self) -> None:
        with self._lock:
            self._is_open = True
            for loop, event in self._waiting:
                loop.call_soon_threadsafe(event.set)


Step = Gate | Preview | Painting | BaseException


@dataclass
class FakeEngine:
    """`scripts` says for a description what its calls do, one list of steps for each call, the last one again.

    `jobs` are the calls in the order in which they came; `most_open` is how many were open at once.
    """

    scripts: dict[str, list[Sequence[Step]]] = field(default_factory=dict)
    otherwise: Sequence[Step] = (PAINTING,)
    jobs: list[Job] = field(default_factory=list)
    open: int = 0
    most_open: int = 0
    is_closed: bool = False
    broken_off: list[str] = field(default_factory=list)

    def on(self, description: str, *steps: Step) -> None:
        """What the next call for this description does, and every later one that has no line of its own."""
        self.scripts.setdefault(description, []).append(steps)

    async def paint(self, job: Job) -> AsyncIterator[Preview | Painting]:
        self.jobs.append(job)
        lines = self.scripts.get(job.description, [self.otherwise])
        steps = lines.pop(0) if len(lines) > 1 else lines[0]
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            for step in steps:
                if isinstance(step, Gate):
                    await step.passed()
                elif isinstance(step, BaseException):
                    raise step
                else:
                    yield step
        except asyncio.CancelledError:
            self.broken_off.append(job.description)
            raise
        finally:
            self.open -= 1

    async def close(self) -> None:
        self.is_closed = True


class FailingFiles(Files):
    """A store that fails the next `failures` times that a key with this beginning is written, as a full disk does.

    With a `gate`, every writing of such a key waits until it is set; `unreadable` fails every reading.
    """

    failures = 0
    beginning = "pictures"
    gate: threading.Event | None = None
    waiting = 0
    unreadable = False

    def read(self, key: str) -> bytes:
        if self.unreadable:
            raise OSError(5, "The bucket does not answer")
        return super().read(key)

    def _put(self, piece: Piece) -> None:
        if piece.key.startswith(self.beginning):
            if self.gate is not None:
                self.waiting += 1
                self.gate.wait()
            if self.failures:
                self.failures -= 1
                raise OSError(28, "No space left on device")
        super()._put(piece)


@dataclass
class Cast:
    alice: int
    bob: int
    ada: int


def insert_cast(database: Database) -> Cast:
    with database.write() as session:
        users = [
            User(name=login.title(), login=login, password="-", type=kind, created_at=database.now(session))
            for login, kind in (("alice", "user"), ("bob", "user"), ("ada", "admin"))
        ]
        session.add_all(users)
        session.flush()
        return Cast(*(user.id for user in users))


class Studio:
    """Everything between the doors and the engine, with one lane called "openai"."""

    def __init__(self, database: Database, at_once: int = 4, per_window: int = 0):
        self.database = database
        self.cast = insert_cast(database)
        self.alice, self.bob, self.ada = self.cast.alice, self.cast.bob, self.cast.ada
        self.files = FailingFiles(MemoryStore(), "memory")
        self.engine = FakeEngine()
        self.lane = Lane("openai", (MODEL,), lambda: self.engine, at_once, per_window)
        self.catalog = catalog.load()
        self.requests = self.requests_of(self.lane)
        self.batches = Batches(database, self.catalog, self.requests)
        self.boards = Boards(database, (self.lane,))
        self.gallery = Gallery(database)
        self.pictures = Pictures(database, self.files)
        self.copies = Copies(database, self.files)
        self.workers: list[Worker] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.files.gate is not None:
            self.files.gate.set()
        for worker in self.workers:
            worker.stop(grace=0)

    def requests_of(self, *lanes: Lane, **worker: Any) -> Requests:
        return Requests(self.database, self.files, self.catalog, lanes, **worker)

    def line(self, worker: str = "a" * 32, lease: float = 30.0) -> Line:
        return Line(self.database, worker, lease)

    def worker(self, start: bool = True, lease: float = 30.0, poll: float = 3600.0, **more: Any) -> Worker:
        """Polls so rarely that only `wake` moves it, which every submission through `self.requests` then does."""
        lanes = more.pop("lanes", (self.lane,))
        worker = Worker(self.database, self.files, lanes, b"secret", lease, poll, pauses=QUICK, **more)
        self.workers.append(worker)
        self.requests = self.requests_of(*lanes, wake=worker.wake, taking=worker.taking)
        self.batches = Batches(self.database, self.catalog, self.requests)
        if start:
            worker.start()
        return worker

    def submit(self, user_id: int, description: str = "a tree", number: int = 1, **choices: Any) -> list[int]:
        """The ids of the pictures that were ordered."""
        request_id = self.requests.submit(user_id, Order(description, MODEL, number=number, **choices))
        with self.database.read() as session:
            rows = select(Image.id).where(Image.request_id == request_id).order_by(Image.id)
            return list(session.scalars(rows))

    def submit_batch(self, user_id: int, descriptions: str, **choices: Any) -> int:
        """The batch's id."""
        return self.batches.submit(user_id, Order("", MODEL, **choices), lines_of(descriptions))

    def is_free(self) -> None:
        """From now on the model costs a true nothing; before, it has no price."""
        with self.database.read() as session:
            now = self.database.now(session)
        Prices(self.database).add(self.ada, MODEL, now, "ours", {"per_picture": Decimal(0)})

    def image(self, image_id: int) -> Image:
        with self.database.read() as session:
            return session.get_one(Image, image_id)

    def images(self) -> list[Image]:
        with self.database.read() as session:
            return list(session.scalars(select(Image).order_by(Image.id)))

    def request(self, request_id: int) -> Request:
        with self.database.read() as session:
            return session.get_one(Request, request_id)

    def state(self, image_id: int) -> str:
        return self.image(image_id).state

    def states(self) -> list[str]:
        return [image.state for image in self.images()]

    def attempts(self) -> list[Attempt]:
        with self.database.read() as session:
            return list(session.scalars(select(Attempt).order_by(Attempt.id)))

    def stored(self, prefix: str = "") -> list[str]:
        return sorted(file.key for file in self.files.list(prefix))

    def wait_for(self, image_id: int, state: str) -> Image:
        until(lambda: self.state(image_id) == state)
        return self.image(image_id)


def person(user_id: int, kind: str = "user") -> Person:
    return Person(user_id, 1, "somebody", "Somebody", kind, None)


def lane_of(engine: Engine, name: str = "openai", **more: Any) -> Lane:
    return Lane(name, more.pop("models", (MODEL,)), lambda: engine, **{"at_once": 4, **more})
