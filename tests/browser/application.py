"""Imagier as a process of its own, with a data folder, a port and nothing of the developer's settings."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

from tests.patience import SECONDS
from tests.patience import until as until

ROOT = Path(__file__).parents[2]
PYTHON_APP = (sys.executable, str(ROOT / "app.py"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Application:
    """`folder` holds its data and its log; more settings by their environment names."""

    def __init__(self, folder: Path, command: tuple[str, ...] = PYTHON_APP, **environment: str):
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()
        self.command = command
        self.environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            "IMAGIER_DATA_DIR": str(self.data),
            "IMAGIER_PORT": str(self.port),
            **environment,
        }
        self._log = folder / "log"
        self._output = folder / "output"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8")

    @property
    def output(self) -> str:
        """What it wrote on standard output."""
        return self._output.read_text("utf-8")

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The log, line by line; a line that is not JSON is an error."""
        return [json.loads(line) for line in self.log.splitlines()]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def make_folder(self) -> None:
        """A folder of its own, so that nobody's .env is read."""
        self.folder.mkdir(parents=True, exist_ok=True)
        settings_of_streamlit = self.folder / ".streamlit"
        if not settings_of_streamlit.exists():
            settings_of_streamlit.symlink_to(ROOT / ".streamlit")

    def spawn(self) -> "subprocess.Popen[bytes]":
        """Begin, without waiting."""
        self.make_folder()
        with self._log.open("ab") as log, self._output.open("ab") as output:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, env=self.environment, stdout=output, stderr=log
            )
        return self.process

    def start(self) -> None:
        process = self.spawn()
        until(lambda: process.poll() is not None or self.status("/readyz") == 200, "the server")
        if process.poll() is not None:
            raise RuntimeError(f"it ended with {process.returncode}: {self.log}")

    def end(self) -> int:
        """Wait for its end and return its status."""
        if self.process is None:
            raise RuntimeError("it was not started")
        return self.process.wait(SECONDS)

    def stop(self) -> int | None:
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (in lower case) and body, whatever the status is."""
        request = urllib.request.Request(self.url + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:
                return answer.status, _lower(answer.headers), answer.read()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, _lower(refusal.headers), refusal.read()

    def status(self, path: str) -> int:
        """0 as long as nobody answers."""
        try:
            return self.get(path)[0]
        except OSError:
            return 0


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
