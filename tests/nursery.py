"""Processes that begin with the libraries loaded: forks of one that has done nothing else.

`kill -9` takes a fork as it takes any process, and it is there in a few milliseconds instead of two seconds.
"""

import multiprocessing
import sys
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from types import ModuleType
from typing import Any

_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(["core.start", "core.studio.worker", "openai", "streamlit"])


def line() -> Any:
    """The two ends of a line between a test and a process."""
    return _context.Pipe()


def start(target: Callable[..., object], *arguments: object) -> ForkServerProcess:
    """A process that calls this, and nothing else: the program that stands as the main one would be run there first.

    (Streamlit's AppTest leaves the page that it tested in that place.)
    """
    process = _context.Process(target=target, args=arguments)
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        process.start()
    finally:
        sys.modules["__main__"] = main
    return process
