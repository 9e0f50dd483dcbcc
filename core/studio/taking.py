"""Out of the line as soon as something is in it: by the worker of this process, in the transaction of the order."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from sqlalchemy.orm import Session

from core.engines.connections import Lane


class Take(Protocol):
    def __call__(self, session: Session, lane: Lane) -> set[int]:
        """Take the next pictures of the lane, whosever they are; the ids of those that were taken."""
        ...


# A block around the writing transaction; what was taken in it is drawn when the block ends without an exception.
Taking = Callable[[], AbstractContextManager[Take]]
