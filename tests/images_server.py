"""An Images API over real HTTP that paints in one colour, counts what it would bill, and fails on demand.

In a test: `with ImagesServer() as server:` and `server.base_url`. As a process: `python -m tests.images_server
--port 8600 --bill FILE`; it prints its base URL. `GET /_bill` gives the calls as JSON, for other processes: they
are the provider's bill, whatever happened to the client. The faults are listed in `tests/images_faults.py`.
"""

import argparse
import asyncio
import json
import ssl
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from tests import chat_answers, images_faults
from tests.images_answers import Answers, Released
from tests.images_api import RefusedOrderError, check_order
from tests.images_faults import Fault
from tests.images_host import serve_picture
from tests.images_http import (
    Order,
    Request,
    check_files,
    read_order,
    read_request,
    whole,
)
from tests.images_models import serve_models
from tests.patience import SECONDS, until

KEY = "sk-test-0123456789abcdefghijklmnop"


@dataclass(slots=True)
class Call:
    """One POST. `billed` from the moment its work began; `stayed`: the client was still there at the end."""

    id: str
    started: float
    path: str
    headers: dict[str, str]
    parameters: dict[str, Any]
    files: list[tuple[str, str, str, int]]
    prompt: str
    billed: bool = False
    status: int | None = None
    ended: float | None = None
    stayed: bool | None = None


class ImagesServer:
    """`calls` are the billed ones, `requests` all POSTs, `fetches` the path and headers of each picture fetched.

    The public attributes may be changed while it runs. `key` None accepts everybody. `images_per_minute` counts
    the last `window` seconds. With `holding`, every call waits in its work until `release()`.
    `models` is how it lists its models (tests/images_models.py).
    """

    def __init__(
        self,
        *,
        key: str | None = KEY,
        delay: float = 0.0,
        picture_bytes: int = 0,
        images_per_minute: int | None = None,
        window: float = 60.0,
        bill: Path | None = None,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ):
        self.key = key
        self.delay = delay
        self.picture_bytes = picture_bytes
        self.images_per_minute = images_per_minute
        self.window = window
        self.holding = False
        self.models = ""
        self.faults: deque[str] = deque()
        self.requests: list[Call] = []
        self.fetches: list[tuple[str, dict[str, str]]] = []
        self.most_at_once = 0
        self.port = port
        self._bill = bill
        self._tls = tls
        self._at_once = self._waiting = 0
        self._changed = threading.Condition()
        self._seen: Counter[str] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop
        self._released: asyncio.Event
        self._stopped: asyncio.Event

    @property
    def origin(self) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/v1"

    @property
    def calls(self) -> list[Call]:
        return [call for call in list(self.requests) if call.billed]

    def __enter__(self) -> Self:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self.run(ready)), name="images-server")
        self._thread.start()
        if not ready.wait(SECONDS):
            raise RuntimeError("the test server did not start")
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        if self._thread:
            self._thread.join()

    def release(self) -> None:
        """Let every held call go on; those that come later are held again if `holding`."""
        self._loop.call_soon_threadsafe(self._release)

    def release_held(self, number: int = 1) -> None:
        """The same, once so many calls with `hold-each` are held."""
        until(lambda: self._waiting >= number, "the calls")
        self.release()

    def wait_until(self, condition: Callable[[], bool], seconds: float = SECONDS) -> None:
        """Wait for something that shows in this server's records; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(condition, seconds):
                raise TimeoutError("the test server waited in vain")

    async def run(self, ready: threading.Event | None = None) -> None:
        self._loop = asyncio.get_running_loop()
        self._released, self._stopped = asyncio.Event(), asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", self.port, backlog=1024, ssl=self._tls)
        self.port = server.sockets[0].getsockname()[1]
        if ready:
            ready.set()
        else:
            print(self.base_url, flush=True)  # noqa: T201 - the process tells who started it
        async with server:
            await self._stopped.wait()
            await asyncio.sleep(0)  # what was accepted only just now must find a server that is open
            await asyncio.sleep(0)
            server.close()
            while others := asyncio.all_tasks() - {asyncio.current_task()}:
                for task in self._tasks:
                    task.cancel()
                await asyncio.wait(others, timeout=0.01)

    def _release(self) -> None:
        self._released.set()
        self._released = asyncio.Event()

    async def _wait(self) -> None:
        """For the release that comes after this moment."""
        self._waiting += 1
        try:
            await self._released.wait()
        finally:
            self._waiting -= 1

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while not writer.is_closing() and (request := await read_request(reader)):
                await self._route(request, reader, writer)
        writer.close()
        with suppress(ConnectionError, asyncio.CancelledError):
            await writer.wait_closed()

    async def _route(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if request.method == "POST" and request.path in ("/v1/images/generations", "/v1/images/edits"):
            await self._paint(request, reader, writer)
        elif request.method == "POST" and request.path == "/v1/chat/completions":
            await self._write(request, reader, writer)
        elif request.path == "/_bill":
            self._send_json(writer, 200, {"calls": [asdict(c) for c in self.calls], "requests": len(self.requests)})
        elif request.path == "/v1/models":
            await serve_models(self.models, self.key, request.headers, writer, self._stopped)
        elif request.method == "GET":
            with self._changed:
                self.fetches.append((request.path, request.headers))
            await serve_picture(request.path, writer, self.picture_bytes)
        else:
            self._send_json(writer, 404, {"error": {"message": f"Invalid URL ({request.method} {request.path})"}})
        await writer.drain()

    def _send_json(
        self, writer: asyncio.StreamWriter, status: int, body: object, headers: dict[str, str] | None = None
    ) -> None:
        data = json.dumps(body).encode()
        writer.write(whole(status, data, {"Content-Type": "application/json", **(headers or {})}))

    async def _paint(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        edits = request.path.endswith("edits")
        call = Call("req_" + uuid4().hex, time.time(), request.path, request.headers, {}, [], "")
        with self._changed:
            self.requests.append(call)
        try:
            if self.key is not None and request.headers.get("authorization") != f"Bearer {self.key}":
                raise RefusedOrderError(401, "Incorrect API key provided.", "invalid_api_key")
            order = read_order(request)
            call.parameters, call.prompt = order.parameters, str(order.parameters.get("prompt"))
            call.files = [(field, name, kind, len(data)) for field, name, kind, data in order.files]
            faults = self._faults_of(call)
            if await self._refused(faults, call, writer):
                return
            check_order(order.parameters, edits)
            if edits:
                check_files(order)
            self._start(call)
        except RefusedOrderError as refused:
            call.status = refused.status
            self._send_json(writer, refused.status, refused.body, {**refused.headers, "x-request-id": call.id})
            self._end(call, reader)
            return
        try:
            await self._work(call, order, faults, reader, writer)
        finally:
            self._end(call, reader)

    async def _write(self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """The text model: its calls are among the others, with the person's words as their prompt."""
        call = Call("req_" + uuid4().hex, time.time(), request.path, request.headers, {}, [], "")
        with self._changed:
            self.requests.append(call)
        try:
            if self.key is not None and request.headers.get("authorization") != f"Bearer {self.key}":
                raise RefusedOrderError(401, "Incorrect API key provided.", "invalid_api_key")
            call.parameters = read_order(request).parameters
            call.prompt = chat_answers.words_of(call.parameters)
            faults = self._faults_of(call)
            if await self._refused(faults, call, writer):
                return
            self._start(call)
        except RefusedOrderError as refused:
            call.status = refused.status
            self._send_json(writer, refused.status, refused.body, {"x-request-id": call.id})
            self._end(call, reader)
            return
        try:
            call.status = await chat_answers.send(writer, call.id, faults, self._stopped, self._released.wait)
        finally:
            self._end(call, reader)

    def _faults_of(self, call: Call) -> list[Fault]:
        texts = images_faults.MARKER.findall(call.prompt)
        if self.faults:
            texts.append(self.faults.popleft())
        faults = []
        for text in texts:
            fault = images_faults.parse(text)
            self._seen[call.prompt + "\0" + text] += 1
            if self._seen[call.prompt + "\0" + text] <= int(fault.options.get("times", "1000000000")):
                faults.append(fault)
        return faults

    async def _refused(self, faults: list[Fault], call: Call, writer: asyncio.StreamWriter) -> bool:
        for fault in faults:
            if fault.name == "400-unknown-parameter" and fault.argument not in call.parameters:
                continue
            refusal = images_faults.refusal(fault, self.key or "")
            if refusal:
                text = isinstance(refusal.body, str)
                data = refusal.body.encode() if isinstance(refusal.body, str) else json.dumps(refusal.body).encode()
                kind = "text/html; charset=utf-8" if text else "application/json"
                headers = {"Content-Type": kind, "x-request-id": call.id, **refusal.headers}
                call.status = refusal.status
                writer.write(whole(refusal.status, data, headers))
                await writer.drain()
                self._end(call, None)
                return True
        return False

    def _start(self, call: Call) -> None:
        """Begin the work and the bill, unless the limit is reached."""
        count = int(call.parameters.get("n", 1))
        with self._changed:
            if self.images_per_minute is not None:
                since = time.time() - self.window
                recent = [one for one in self.calls if one.started > since]
                used = sum(int(one.parameters.get("n", 1)) for one in recent)
                if used + count > self.images_per_minute:
                    wait = max(0.01, recent[0].started - since) if recent else self.window
                    raise RefusedOrderError(
                        429,
                        "Rate limit reached: images per min.",
                        "rate_limit_exceeded",
                        None,
                        {"retry-after-ms": str(round(wait * 1000)), "retry-after": str(max(1, round(wait)))},
                    )
            call.billed, call.started = True, time.time()
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self._changed.notify_all()
        if self._bill:
            line = {"id": call.id, "started": call.started, "prompt": call.prompt, "n": count}
            with self._bill.open("a") as bill:
                bill.write(json.dumps(line) + "\n")

    def _end(self, call: Call, reader: asyncio.StreamReader | None) -> None:
        with self._changed:
            call.ended = time.time()
            call.stayed = reader is None or not (reader.at_eof() or reader.exception())
            self._at_once -= call.billed
            self._changed.notify_all()

    async def _work(
        self,
        call: Call,
        order: Order,
        faults: list[Fault],
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        delay = self.delay + sum(float(fault.argument) for fault in faults if fault.name == "delay")
        released: Released | None = None
        if any(fault.name == "hold-each" for fault in faults):
            released = self._wait
        elif self.holding or any(fault.name == "hold" for fault in faults):
            released = self._released.wait
        answers = Answers(order, faults, call.id, self.origin, self.picture_bytes)
        await answers.send(reader, writer, delay, released)
        call.status = answers.status


def main() -> None:
    parser = argparse.ArgumentParser(description="An Images API for tests.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--key", default=KEY)
    parser.add_argument("--bill", type=Path)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--picture-bytes", type=int, default=0)
    parser.add_argument("--images-per-minute", type=int)
    parser.add_argument("--window", type=float, default=60.0)
    chosen = parser.parse_args()
    server = ImagesServer(
        key=chosen.key,
        delay=chosen.delay,
        picture_bytes=chosen.picture_bytes,
        images_per_minute=chosen.images_per_minute,
        window=chosen.window,
        bill=chosen.bill,
        port=chosen.port,
    )
    with suppress(KeyboardInterrupt):
        asyncio.run(server.run())


if __name__ == "__main__":
    main()
