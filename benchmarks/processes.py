"""Processes that are measured or measured against: started in a folder of their own, ended with all they started."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.images_server import KEY

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
MEGABYTE = 1_000_000
LONGEST_START = 60.0  # seconds
LONGEST_END = 15.0  # seconds
LOOK_EVERY = 0.005  # seconds between two looks at a process that starts
SAMPLE_EVERY = 0.02  # seconds between two looks at a process's memory


def end_tidily() -> None:
    """Whoever ends a benchmark with SIGTERM ends what it has started too, as with Ctrl+C."""
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))


@contextmanager
def temporary_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="imagier-benchmark-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def running(
    command: Sequence[str], folder: Path, settings: Mapping[str, str] | None = None, place: Path = ROOT
) -> Iterator[psutil.Popen]:
    """A process that works in `place` and writes to `folder`/output; asked to end, and killed if it does not."""
    with (folder / "output").open("ab") as output:
        process = psutil.Popen(
            list(command),
            cwd=place,
            env={**_environment(), **(settings or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        _end(process)


@contextmanager
def images_server(folder: Path, *, delay: float = 0.0, picture_bytes: int = 0) -> Iterator[str]:
    """The base URL of the test server, in a process of its own. `delay` in seconds."""
    port = free_port()
    options = ["--port", str(port), "--delay", str(delay), "--picture-bytes", str(picture_bytes)]
    with running([sys.executable, "-m", "tests.images_server", *options], folder) as process:
        wait_for(port, "/_bill", process)
        yield f"http://{HOST}:{port}/v1"


@contextmanager
def imagier(folder: Path, port: int, settings: Mapping[str, str] | None = None) -> Iterator[psutil.Popen]:
    """`python app.py` with its data in `folder`/data; whether it answers already, `wait_for` tells."""
    own = {
        "IMAGIER_DATA_DIR": str(folder / "data"),
        "IMAGIER_PORT": str(port),
        "IMAGIER_LOG_LEVEL": "WARNING",
        **(settings or {}),
    }
    with running([sys.executable, "app.py"], folder, own) as process:
        yield process


def provider(base_url: str) -> dict[str, str]:
    """The settings that connect Imagier to the test server."""
    return {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": KEY}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int, path: str, process: psutil.Popen) -> None:
    """Return when the server answers 200; raise if it has ended or takes too long."""
    until = time.perf_counter() + LONGEST_START
    while time.perf_counter() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server has ended with status {process.returncode}")
        if _answers(port, path):
            return
        time.sleep(LOOK_EVERY)
    raise TimeoutError("the server did not answer")


@dataclass
class Memory:
    """The resident memory of a process in megabytes, looked at fifty times a second."""

    process: psutil.Process
    peak: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def now(self) -> float:
        return float(self.process.memory_info().rss) / MEGABYTE

    def watch(self) -> None:
        while not self._ended.wait(SAMPLE_EVERY):
            self.peak = max(self.peak, self.now)

    def end(self) -> None:
        self._ended.set()


@contextmanager
def watched(process: psutil.Process) -> Iterator[Memory]:
    memory = Memory(process)
    thread = threading.Thread(target=memory.watch, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        memory.end()
        thread.join()


def _environment() -> dict[str, str]:
    """What the developer has set for running the app must not reach what is measured."""
    ours = ("IMAGIER_", "OPENAI_", "DATABASE_URL", "STREAMLIT_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**kept, "PYTHONPATH": str(ROOT)}


def _answers(port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(HOST, port, timeout=LONGEST_START)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _end(process: psutil.Popen) -> None:
    family = [process, *process.children(recursive=True)] if process.is_running() else [process]
    for one in family:
        if one.is_running():
            one.terminate()
    _, left = psutil.wait_procs(family, LONGEST_END)
    for one in left:
        one.kill()
