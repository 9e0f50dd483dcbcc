"""The gallery at size: the server's part of a page, for views of every kind and any depth, beside 1,000 pictures.

One person has a tenth of all pictures. `--browser` measures in Chromium instead: from a click until all thumbnails of
the next page are painted, and the memory of the server after many page views.
"""

import time
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from benchmarks.browser_gallery import browser
from benchmarks.figures import median, report
from benchmarks.history import add_people
from benchmarks.processes import end_tidily
from benchmarks.sizes import DATABASES, measure_both
from core.accounts.sessions import Person
from core.storage import schema
from core.storage.database import Database
from core.storage.tables import Collection, Image
from core.studio.gallery import Gallery
from core.studio.views import EVERYBODY, View

PICTURES, FEW = 1_000_000, 10_000  # in all; of the one person, 100,000 and 1,000
OF_ONE = 100_000
PEOPLE = 200
TURNS = 9
DEPTHS = {"first page": 0.0, "half way": 0.5, "near the end": 0.98}
NOW = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
YEAR = 365 * 24 * 3600  # seconds
SUMMER = {"from": "2026-06-01", "to": "2026-06-30"}

VIEWS = {
    "everything": {},
    "oldest first": {"sort": "old"},
    "dearest first": {"sort": "dear"},
    "a model": {"model": "gpt-image-1-mini"},
    "a shape, dearest first": {"shape": "tall", "sort": "dear"},
    "favourites": {"favourites": "1"},
    "favourites of a model and a shape": {"favourites": "1", "model": "painter", "shape": "wide"},
    "failed": {"state": "failed"},
    "any state": {"state": "any"},
    "the bin": {"state": "bin"},
    "a month": SUMMER,
    "a month, dearest first": {**SUMMER, "sort": "dear"},
    "a collection, small": {"collection": "1"},
    "a collection, large": {"collection": "2"},
    "a collection, large, dearest first, a shape": {"collection": "2", "sort": "dear", "shape": "tall"},
    "a frequent word": {"q": "house"},
    "the first letter": {"q": "h"},
    "a word of one in twenty": {"q": "fog"},
    "a word of one in two hundred": {"q": "heron"},
    "a rare word": {"q": "word7770"},
    "a word that nobody has": {"q": "zeppelin"},
    "a word of one in twenty, dearest first": {"q": "fog", "sort": "dear"},
    "two words, oldest first, a shape": {"q": "fog hou", "sort": "old", "shape": "square"},
    "a word, favourites, a month": {"q": "house", "favourites": "1", **SUMMER},
}
OF_ALL = {  # an administrator's
    "everybody": {"person": EVERYBODY},
    "everybody, dearest first": {"person": EVERYBODY, "sort": "dear"},
    "everybody, a word of one in twenty": {"person": EVERYBODY, "q": "fog"},
    "everybody, a word of one in two hundred": {"person": EVERYBODY, "q": "heron"},
    "everybody, favourites, a shape": {"person": EVERYBODY, "favourites": "1", "shape": "tall"},
}

# Everything of a picture follows from its number, stirred.
ROWS = """
WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < :pictures - 1),
stirred AS (SELECT n, (CAST(n AS BIGINT) * 7919 + CAST(n / 10 AS BIGINT) * 104729 + 13) % 1000003 AS k FROM numbers),
made AS (SELECT n + 1 AS id, k, CASE WHEN n % 10 = 0 THEN :first ELSE :first + 1 + k % 199 END AS user_id,
  {moment} AS moment, {later} AS later,
  CASE WHEN k % 100 < 90 THEN 'done' WHEN k % 100 < 96 THEN 'failed' WHEN k % 100 < 98 THEN 'blocked'
    ELSE 'cancelled' END AS state,
  CASE k % 7 WHEN 0 THEN 'painter' WHEN 1 THEN 'gpt-image-1-mini' ELSE 'gpt-image-2' END AS model,
  'A ' || CASE k % 3 WHEN 0 THEN 'house' WHEN 1 THEN 'lake house' ELSE 'mountain' END || ' by the sea, '
    || CASE WHEN k % 20 = 3 THEN 'fog, ' ELSE '' END || CASE WHEN k % 200 = 7 THEN 'heron, ' ELSE '' END
    || 'word' || n AS description FROM stirred)
"""
REQUESTS = """INSERT INTO requests (id, user_id, description, created_at, door, connection, model, number, previews)
{rows} SELECT id, user_id, description, moment, 'pages', 'openai', model, 1, 0 FROM made"""
IMAGES = """INSERT INTO images (id, request_id, user_id, created_at, finished_at, position, connection, state, seed,
  width, height, favourite, cost_micros, deleted_at, deleted_by)
{rows} SELECT id, id, user_id, moment, later, 0, 'openai', state, id,
  CASE k % 11 WHEN 0 THEN 2048 WHEN 1 THEN 1536 ELSE 1024 END, CASE k % 13 WHEN 0 THEN 2048 WHEN 1 THEN 1536
    ELSE 1024 END, k % 83 = 5, CASE WHEN state <> 'done' OR k % 31 = 2 THEN NULL WHEN model = 'painter' THEN 0
    ELSE 10000 + k % 60000 END, CASE WHEN k % 61 = 9 THEN later END, user_id FROM made"""
COLLECTED = """INSERT INTO collection_pictures (collection_id, image_id, added_at)
SELECT :collection, id, :now FROM images WHERE user_id = :first AND id % :every = 1"""


def write_pictures(session: Session, pictures: int, first: int) -> None:
    """Those of person `first`, a tenth of all, and of others; two collections of that person."""
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    begin = int((NOW - timedelta(seconds=YEAR)).timestamp())
    second = f"({begin} + CAST(n AS BIGINT) * {YEAR} / {pictures})"
    shown = "datetime({}, 'unixepoch') || '.000000'" if is_sqlite else "to_timestamp({})"
    if is_sqlite:
        session.execute(text("PRAGMA cache_size = -500000"))  # of this connection, so that writing takes minutes
    rows = ROWS.format(moment=shown.format(second), later=shown.format(f"{second} + 5 + n % 50"))
    for statement in (REQUESTS, IMAGES):
        session.execute(text(statement.format(rows=rows)), {"pictures": pictures, "first": first})
    for collection, every in ((1, 5_000), (2, 20)):
        session.add(Collection(id=collection, user_id=first, name=str(every), folded=str(every), created_at=NOW))
        session.flush()
        values = {"collection": collection, "first": first, "every": every, "now": NOW.isoformat(" ")}
        session.execute(text(COLLECTED), values)
    if not is_sqlite:
        session.execute(text("ANALYZE"))  # the server does it by itself within a minute


class Course:
    """A database of a size, and the keys of its pages at each depth."""

    def __init__(self, url: str, pictures: int):
        self.database = Database(url, lambda: NOW)
        schema.upgrade(self.database)
        with self.database.write() as session:
            self.first = add_people(session, self.database, PEOPLE)[0]
            write_pictures(session, pictures, self.first)
        if self.database.is_postgresql:
            with self.database.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("VACUUM images"))
        self.gallery = Gallery(self.database)
        self.pictures = pictures

    def seconds(self, address: dict[str, str], depth: float) -> float:
        person = Person(self.first, 1, "person0", "Person", "admin" if "person" in address else "user", None)
        key = None
        if depth:
            with self.database.read() as session:
                least = select(func.min(Image.id)).where(Image.user_id == self.first, Image.id >= self.pictures * depth)
                key = session.scalar(least)
        begun = time.perf_counter()
        self.gallery.page(person, View.of(address), before=key)
        return time.perf_counter() - begun


def measure(name: str, few: Course, many: Course) -> None:
    ours: list[float] = []
    theirs: list[float] = []
    for view, address in (VIEWS | OF_ALL).items():
        for depth, share in DEPTHS.items():
            seconds: dict[int, list[float]] = {few.pictures: [], many.pictures: []}
            for turn in range(TURNS + 1):
                for course in (few, many):
                    taken = course.seconds(address, share)
                    if turn:  # the first compiles the statement
                        seconds[course.pictures].append(taken)
            before, after = (median(seconds[course.pictures]) * 1000 for course in (few, many))
            report(f"{name}, {view}, {depth}", after, "ms", before)
            if view in VIEWS:
                ours.append(after)
                theirs.append(before)
    report(f"{name}, median of all views of one person", median(ours), "ms", median(theirs))
    report(f"{name}, slowest view of one person", max(ours), "ms", max(theirs))


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.gallery", description=__doc__)
    parser.add_argument("--pictures", type=int, default=PICTURES, help=f"in the large database; {PICTURES:,} otherwise")
    parser.add_argument("--database", choices=DATABASES, help="only this one")
    parser.add_argument("--browser", action="store_true", help="measure in Chromium")
    chosen = parser.parse_args()
    end_tidily()
    if chosen.browser:
        browser(min(chosen.pictures, OF_ONE))
        return
    measure_both(lambda url, size, _: Course(url, size), measure, (FEW, chosen.pictures), chosen.database)


if __name__ == "__main__":
    main()
