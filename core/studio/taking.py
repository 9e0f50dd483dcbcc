"""Out of the line as soon as something is in it: by the worker of this process, in the transaction of the order."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from core.engines.connections import Lane
from core.studio.line import Line
from core.studio.turns import Claim, Ordered


class Taking:
    """What one order takes: nothing, unless the worker of this process draws for the lane."""

    def begin(self, _session: Session, _lane: Lane, _number: int, _now: datetime) -> Mapping[str, Any]:
        """What the rows of so many new pictures say if they begin as they are written, because nobody waits before them
        and the lane takes them all; nothing if they go in the line."""
        return {}

    def begun(
        self, _session: Session, _lane: Lane, _request: Ordered, _images: Sequence[Row[int, int, int]], _now: datetime
    ) -> None:
        """These rows have been written so: id, seed and position of each."""

    def take(self, _session: Session, _lane: Lane) -> set[int]:
        """The next pictures of the lane, whosever they are; the ids of those that were taken."""
        return set()


class TakingHere(Taking):
    """`claims` are drawn when the transaction has ended without an exception. `most` are taken at once."""

    def __init__(self, line: Line, most: int, is_ready: Callable[[Lane], bool]):
        self.claims: list[tuple[Lane, Claim]] = []
        self._line = line
        self._most = most
        self._is_ready = is_ready

    def begin(self, session: Session, lane: Lane, number: int, now: datetime) -> Mapping[str, Any]:
        if number > self._most or not self._is_ready(lane):
            return {}
        return self._line.begin(session, lane, number, now)

    def begun(
        self, session: Session, lane: Lane, request: Ordered, images: Sequence[Row[int, int, int]], now: datetime
    ) -> None:
        self.claims += [(lane, claim) for claim in self._line.begun(session, lane, request, images, now)]

    def take(self, session: Session, lane: Lane) -> set[int]:
        if not self._is_ready(lane):
            return set()
        claims = self._line.take(session, lane, self._most)
        self.claims += [(lane, claim) for claim in claims]
        return {claim.image_id for claim in claims}


# A block around the writing transaction.
Takings = Callable[[], AbstractContextManager[Taking]]
