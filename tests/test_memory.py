"""Memory settings of the C library change how quickly memory is had, never what a program does."""

import subprocess
import sys
from types import SimpleNamespace

import pytest

from core import memory


def test_a_process_keeps_large_pieces_and_gives_them_back() -> None:
    script = (
        "import threading\n"
        "from core import memory\n"
        "memory.keep()\n"
        "threads = [threading.Thread(target=lambda: [bytes(5_000_000) for _ in range(20)]) for _ in range(4)]\n"
        "[thread.start() for thread in threads]\n"
        "[thread.join() for thread in threads]\n"
        "memory.give_back()\n"
        "print('done')\n"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert (ended.stdout, ended.stderr) == ("done\n", "")


def test_a_library_without_such_settings_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for library in (None, SimpleNamespace()):
        monkeypatch.setattr(memory, "_library", lambda library=library: library)
        memory.keep()
        memory.give_back()
