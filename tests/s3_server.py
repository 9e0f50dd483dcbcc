"""A real S3 endpoint over HTTP for the tests: moto's server in a process of its own, on a free port."""

import os
import re
import subprocess
import sys
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from tests.patience import SECONDS


@contextmanager
def server() -> Iterator[str]:
    """Yields the address of the endpoint; what is stored there is gone afterwards."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        said = ""
        while not (address := re.search(r"http://127\.0\.0\.1:\d+", said)):
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"moto's server did not start: {said}")
            said += line
        # It logs every request, and would stop at a full pipe.
        threading.Thread(target=process.stdout.read, daemon=True).start()
        try:
            yield address[0]
        finally:
            process.terminate()


def create_bucket(endpoint: str) -> str:
    """The name of a fresh bucket."""
    name = f"test-{uuid.uuid4().hex}"
    requests.put(f"{endpoint}/{name}", timeout=SECONDS).raise_for_status()
    return name


def use_endpoint(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> None:
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test-access-key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test-secret-key")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
