"""The server's part of the usage page, for every period, with the pictures of 200 people over a year.

Beside it the same with 10,000 pictures, and what one pass of pandas over all rows takes to make the year's tables. What
is measured is what opening the page asks for: nothing is kept between two of them but what the database keeps. In
between a picture is added, ordered a moment ago, and it must be in the numbers of today.
"""

import time
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import text

from benchmarks.figures import median, report
from benchmarks.processes import end_tidily
from benchmarks.sizes import measure_both
from core.demo.fill import fill
from core.ledger.prices import Prices
from core.ledger.usage.periods import KINDS
from core.ledger.usage.service import Usage
from core.settings import Settings
from core.site import Sites
from core.storage import schema
from core.storage.database import Database
from core.storage.files import Files
from core.storage.tables import Image, Request

PICTURES, FEW = 1_000_000, 10_000
PEOPLE, DAYS = 200, 365
TURNS = 7
NOW = datetime(2026, 11, 24, 15, 20, tzinfo=UTC)
KINDS_OF_PERIODS = [kind for kind in KINDS if kind != "dates"]
ROWS = """SELECT i.created_at, i.started_at, i.finished_at, i.user_id, i.state, i.problem, i.cost_micros,
  i.reserved_micros, r.model, r.quality, r.door FROM images i JOIN requests r ON r.id = i.request_id"""


class Course:
    """A database with a history, and the page's service."""

    def __init__(self, url: str, pictures: int, folder: Path):
        self.now = NOW
        self.database = Database(url, lambda: self.now)
        schema.upgrade(self.database)
        Prices(self.database).load_catalogue()
        begun = time.perf_counter()
        fill(self.database, Files.open(f"{folder / str(pictures)}-files"), pictures, PEOPLE, DAYS, UTC)
        self.filled = time.perf_counter() - begun
        self.usage = Usage(self.database, Sites(self.database, Settings.load(_env_file=None)))
        begun = time.perf_counter()
        self.usage.tidy()
        self.tidied = time.perf_counter() - begun

    def open_page(self, kind: str) -> tuple[float, int]:
        """Seconds, and how many pictures were ordered in the period."""
        begun = time.perf_counter()
        numbers = self.usage.report(kind).total.numbers
        return time.perf_counter() - begun, numbers.ordered

    def add_picture(self) -> None:
        self.now += timedelta(seconds=10)
        with self.database.write() as session:
            user_id = session.scalar(text("SELECT max(id) FROM users"))
            order: dict[str, Any] = {"user_id": user_id, "created_at": self.now, "connection": "openai"}
            request = Request(description="", door="pages", model="gpt-image-2", number=1, previews=0, **order)
            request.images = [Image(position=0, seed=1, state="done", cost_micros=1, finished_at=self.now, **order)]
            session.add(request)


def measure(name: str, few: Course, many: Course, pictures: int) -> None:
    report(f"{name}, filling in {pictures:,} pictures", many.filled, "s", few.filled)
    report(f"{name}, adding up all days of {pictures:,} pictures, once", many.tidied, "s", few.tidied)
    for kind in KINDS_OF_PERIODS:
        seconds: dict[Course, list[float]] = {few: [], many: []}
        for turn in range(TURNS + 1):
            for course in (few, many):
                before = course.open_page("today")[1]
                course.add_picture()
                took, _ = course.open_page(kind)
                if course.open_page("today")[1] != before + 1:
                    raise RuntimeError("a picture of a moment ago is missing")
                if turn:  # the first compiles statements, and keeps what the days have so far
                    seconds[course].append(took)
        report(
            f"{name}, {pictures:,} pictures, {KINDS[kind]}",
            median(seconds[many]) * 1000,
            "ms",
            median(seconds[few]) * 1000,
        )
    report(f"{name}, {pictures:,} pictures, pandas over all rows", naive(many.database) * 1000, "ms")


def naive(database: Database) -> float:
    """Read every row, and make the page's tables of the year with pandas."""
    import pandas

    begun = time.perf_counter()
    with database.read() as session:
        rows = pandas.read_sql(
            text(ROWS), session.connection(), parse_dates=["created_at", "started_at", "finished_at"]
        )
    done = rows[rows["state"] == "done"]
    for key in (["model", "quality"], ["user_id"], ["door"], ["state", "problem"]):
        rows.groupby(key, dropna=False)[["cost_micros", "reserved_micros"]].sum()
    rows.groupby([rows["created_at"].dt.date, "model"]).size()
    rows.groupby([rows["created_at"].dt.day_of_week, rows["created_at"].dt.hour]).size()
    for begin, end in (("created_at", "finished_at"), ("created_at", "started_at"), ("started_at", "finished_at")):
        (done[end] - done[begin]).quantile([0.5, 0.95])
    return time.perf_counter() - begun


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.usage", description=__doc__)
    parser.add_argument("--pictures", type=int, default=PICTURES, help=f"in the large database; {PICTURES:,} otherwise")
    pictures = parser.parse_args().pictures
    end_tidily()
    measure_both(Course, partial(measure, pictures=pictures), (FEW, pictures))


if __name__ == "__main__":
    main()
