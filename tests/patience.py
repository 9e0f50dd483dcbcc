"""How long a test waits for what must come. It costs nothing when all is well, and a busy machine needs it."""

import time
from collections.abc import Callable

SECONDS = 90.0


def until(condition: Callable[[], object], what: str = "a condition", pause: float = 0.02) -> None:
    """Wait for something that another thread or process brings about."""
    end = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(pause)
