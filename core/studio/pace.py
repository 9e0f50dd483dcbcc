"""How fast a lane may go now: what its settings allow, and what its provider was seen to take.

A 429 halves the calls at once and holds the starts to what the provider had just accepted; each minute without another
one gives a little back. Nothing has to run for that: the pace follows from when it was slowed, and to what.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from core.engines.connections import Lane
from core.storage.tables import Connection

MINUTE = timedelta(minutes=1)
STEP = 10  # a tenth of the starts is given back each minute, at least one


@dataclass(frozen=True, slots=True)
class Pace:
    """At most so many calls at once, and so many accepted in the lane's window; 0 means that nothing was learned."""

    at_once: int
    accepted: int = 0


def pace(lane: Lane, connection: Connection | Row[*tuple[Any, ...]] | None, now: datetime) -> Pace:
    if connection is None or connection.slowed_at is None:
        return Pace(lane.at_once)
    minutes = max(0, (now - connection.slowed_at) // MINUTE)
    slowed = connection.slowed_accepted or 1
    return Pace(
        at_once=min(lane.at_once, (connection.slowed_at_once or 1) + minutes),
        accepted=slowed + minutes * max(1, slowed // STEP),
    )


def slow_down(connection: Connection, running: int, accepted: int, now: datetime) -> None:
    """The provider said that it was too much, with `running` calls under way and `accepted` begun in the window.

    Of several refusals at the same moment the first one counts: while the lane pauses it is not slowed again.
    """
    if connection.not_before is not None and connection.not_before > now:
        return
    connection.slowed_at = now
    connection.slowed_at_once = max(1, running // 2)
    connection.slowed_accepted = max(1, accepted)
