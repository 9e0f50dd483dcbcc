"""Large pieces of memory, used again instead of fetched anew from the system.

An answer is megabytes, several times over. By default glibc returns each such piece at once, and the next one is
fetched page by page, which took more time than all that was done with it. What is kept instead, `give_back` returns
when it is quiet. Other C libraries have no such settings; then nothing happens.
"""

import ctypes
import sys
from typing import Any

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # malloc.h
_KEPT = 128 << 20  # bytes at most, at the end of the heap
_LARGEST = 32 << 20  # bytes; the most that glibc takes


def keep() -> None:
    """For this process, before its threads begin: one heap for all of them, where what one frees another uses."""
    library = _library()
    if hasattr(library, "mallopt"):
        library.mallopt(_ARENA_MAX, 1)
        library.mallopt(_MMAP_THRESHOLD, _LARGEST)
        library.mallopt(_TRIM_THRESHOLD, _KEPT)


def give_back() -> None:
    """Return to the system what nobody uses; some milliseconds."""
    library = _library()
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)


def _library() -> Any:
    return ctypes.CDLL(None) if sys.platform.startswith("linux") else None
