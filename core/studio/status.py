"""How the lines stand, for the administrator and for the command line."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from core.engines.connections import Lane, Lanes, as_lanes
from core.storage.database import Database
from core.storage.tables import Connection, Image


@dataclass(frozen=True, slots=True)
class LineStatus:
    """One line: pictures waiting and being drawn now, done in the last day; why it stands still, if it does."""

    name: str
    waiting: int
    running: int
    done: int
    stopped_code: str | None
    stopped_detail: str
    stopped_request_id: str | None


class Statuses:
    def __init__(self, database: Database, lanes: Lanes | Sequence[Lane]):
        self.database = database
        self.lanes = as_lanes(lanes)

    def lines(self) -> list[LineStatus]:
        """The open lines in their order, then the closed ones, then those that pictures wait for in vain."""
        with self.database.read() as session:
            yesterday = self.database.now(session) - timedelta(days=1)
            states = {
                (connection, state): number
                for connection, state, number in session.execute(
                    select(Image.connection, Image.state, func.count())
                    .where(Image.state.in_(("queued", "running")))
                    .group_by(Image.connection, Image.state)
                )
            }
            done = dict(
                session.execute(
                    select(Image.connection, func.count())
                    .where(Image.state == "done", Image.finished_at > yesterday)
                    .group_by(Image.connection)
                ).all()
            )
            rows = {row.name: row for row in session.scalars(select(Connection))}
            names = dict.fromkeys(lane.name for lane in self.lanes(session))
        names |= dict.fromkeys(row.name for row in rows.values() if row.kind is not None or row.paused_at is not None)
        names |= dict.fromkeys(sorted(name for name, _ in states))
        return [
            LineStatus(
                name,
                states.get((name, "queued"), 0),
                states.get((name, "running"), 0),
                done.get(name, 0),
                row.stopped_code if (row := rows.get(name)) else None,
                row.stopped_detail if row else "",
                row.stopped_request_id if row else None,
            )
            for name in names
        ]
