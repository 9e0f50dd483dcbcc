"""Threads beside the worker's event loop, apart by urgency: nothing quick waits behind something slow."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Threads:
    def __init__(self) -> None:
        self._rows = ThreadPoolExecutor(8, "imagier-rows")
        self._files = ThreadPoolExecutor(4, "imagier-files")
        self._leases = ThreadPoolExecutor(1, "imagier-leases")
        self._copies = ThreadPoolExecutor(1, "imagier-copies")

    async def rows(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """Short transactions, and what a call waits for."""
        return await _run(self._rows, function, *args, **named)

    async def files(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """Previews and slow stores."""
        return await _run(self._files, function, *args, **named)

    async def leases(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """What must never wait."""
        return await _run(self._leases, function, *args, **named)

    async def copies(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        """Thumbnails, which nobody waits for."""
        return await _run(self._copies, function, *args, **named)

    def close(self) -> None:
        for pool in (self._rows, self._files, self._leases, self._copies):
            pool.shutdown()


async def _run(pool: ThreadPoolExecutor, function: Callable[..., Result], *args: object, **named: object) -> Result:
    context = contextvars.copy_context()  # so that what is logged there says what it is about
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, lambda: context.run(function, *args, **named))
