"""Accepting an order in a full ledger: what `submit` takes, with every limit set, beside one with 10,000 pictures.

The pictures are of 200 people and lie evenly over a year that ends in the last hour of a month, so that the windows of
the limits are as full as they can be. Each order is cancelled before the next, which is not measured.
"""

import time
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any

from obstore.store import MemoryStore
from sqlalchemy import ColumnElement, Text, cast, func, insert, literal, select, text
from sqlalchemy.orm import Session

from benchmarks.figures import median, percentile, report
from benchmarks.history import add_people
from benchmarks.processes import end_tidily
from benchmarks.sizes import measure_both
from benchmarks.studio import DESCRIPTION, MODEL
from core.catalog import catalog
from core.engines.connections import Lane
from core.engines.painter import Painter
from core.ledger.booking import EVERYBODY
from core.ledger.ledger import Ledger
from core.ledger.limits import ROLE, SITE, SITE_NAMES, Limits
from core.ledger.prices import Prices
from core.settings import Settings
from core.site import Sites
from core.storage import schema
from core.storage.database import Database
from core.storage.files import Files
from core.storage.tables import Image, Request, Tally
from core.studio.orders import Order
from core.studio.requests import Requests

PICTURES, FEW = 1_000_000, 10_000
PEOPLE = 200
ORDERS = 300
FIRST_ORDERS = 10  # not counted: they compile statements and open connections
NOW = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
YEAR = 365 * 24 * 3600  # seconds
QUARTER, DAY = 900, 24 * 3600  # seconds
COST = 13_170  # micro-dollars
LANE = "benchmark"
USAGE = '{"input_tokens": 12, "output_tokens": 439}'


class Course:
    """A database with a history, and the door to it; `seconds` are the measurements so far."""

    def __init__(self, url: str, pictures: int):
        self.database = Database(url, lambda: NOW)
        schema.upgrade(self.database)
        Prices(self.database).load_catalogue()
        limits = Limits(self.database)
        for scope, subject in ((SITE, ""), (ROLE, "user")):
            limits.set(scope, subject, dict.fromkeys(SITE_NAMES, "1000000000"))
        with self.database.write() as session:
            self.people = add_people(session, self.database, PEOPLE)
            write_history(session, pictures, self.people[0])
        lane = Lane(LANE, (MODEL,), Painter, at_once=10)
        files = Files(MemoryStore(), "memory")
        sites = Sites(self.database, Settings.load(_env_file=None))
        self.requests = Requests(
            self.database, files, catalog.load(), [lane], ledger=Ledger(self.database, sites=sites)
        )
        self.seconds: list[float] = []

    def run(self, turn: int) -> None:
        user_id = self.people[turn % PEOPLE]
        begun = time.perf_counter()
        request_id = self.requests.submit(user_id, Order(DESCRIPTION, MODEL, quality="low"))
        self.seconds.append(time.perf_counter() - begun)
        with self.database.read() as session:
            image_id = session.scalars(select(Image.id).where(Image.request_id == request_id)).one()
        self.requests.cancel(user_id, image_id)


def write_history(session: Session, pictures: int, first_person: int) -> None:
    """Finished pictures, each of a request with the same key, and their tallies; made by the database itself."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    numbers = select(literal(0).label("number")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.number + 1).where(numbers.c.number < pictures - 1))
    number = numbers.c.number
    begin = int((NOW - timedelta(seconds=YEAR)).timestamp())
    second = begin + func.floor(number * (YEAR / pictures))
    seconds = cast(second, Request.id.type)
    person = first_person + number % PEOPLE
    moment = _moment(seconds, is_sqlite)
    request: dict[Any, Any] = {
        Request.id: number + 1,
        Request.user_id: person,
        Request.description: literal(DESCRIPTION),
        Request.created_at: moment,
        Request.door: literal("pages"),
        Request.connection: literal(LANE),
        Request.model: literal(MODEL),
        Request.size: literal("1024x1024"),
        Request.quality: literal("medium"),
        Request.number: literal(1),
        Request.previews: literal(0),
    }
    image: dict[Any, Any] = {
        Image.id: number + 1,
        Image.request_id: number + 1,
        Image.user_id: person,
        Image.created_at: moment,
        Image.started_at: moment,
        Image.finished_at: moment,
        Image.position: literal(0),
        Image.connection: literal(LANE),
        Image.state: literal("done"),
        Image.seed: number,
        Image.image_url: literal("pictures/") + cast(number, Text) + literal("-00000000/original.png"),
        Image.usage: text(f"'{USAGE}'"),
        Image.cost_micros: literal(COST),
        Image.counted: literal(True),
    }
    rows = select(*request.values()).select_from(numbers)
    session.execute(insert(Request).from_select(list(request), rows, include_defaults=False))
    session.execute(insert(Image).from_select(list(image), select(*image.values()).select_from(numbers)))
    owners, lengths = (person, literal(EVERYBODY)), {"quarter": QUARTER, "day": DAY}
    for owner, length in product(owners, lengths):
        tally: dict[Any, Any] = {
            Tally.user_id: owner,
            Tally.length: literal(length),
            Tally.since: _moment(seconds - seconds % lengths[length], is_sqlite),
            Tally.pictures: func.count(),
            Tally.cost_micros: func.count() * COST,
            Tally.reserved_micros: literal(0),
        }
        rows = select(*tally.values()).select_from(numbers).group_by(text("1"), text("3"))
        session.execute(insert(Tally).from_select(list(tally), rows))
    if not is_sqlite:
        for table in ("requests", "images"):
            session.execute(text(f"SELECT setval('{table}_id_seq', {pictures})"))
        session.execute(text("ANALYZE"))  # the server does it by itself within a minute


def _moment(second: ColumnElement[int], is_sqlite: bool) -> ColumnElement[Any]:
    """A point in time as the database keeps it."""
    if is_sqlite:
        return func.datetime(second, "unixepoch", type_=Text).concat(".000000")
    return func.to_timestamp(second)


def measure(database: str, few: Course, many: Course, pictures: int) -> None:
    for turn in range(FIRST_ORDERS + ORDERS):
        if turn == FIRST_ORDERS:
            few.seconds, many.seconds = [], []
        few.run(turn)
        many.run(turn)
    for name, figure in (("median", median), ("95th percentile", lambda values: percentile(values, 95))):
        before = figure(few.seconds) * 1000
        report(f"{database}, {FEW:,} pictures, {name}", before, "ms")
        report(f"{database}, {pictures:,} pictures, {name}", figure(many.seconds) * 1000, "ms", before)


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.accepting", description=__doc__)
    parser.add_argument("--pictures", type=int, default=PICTURES, help=f"in the full ledger; {PICTURES:,} otherwise")
    pictures = parser.parse_args().pictures
    end_tidily()
    measure_both(lambda url, size, _: Course(url, size), partial(measure, pictures=pictures), (FEW, pictures))


if __name__ == "__main__":
    main()
