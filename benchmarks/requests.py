"""The administrator's list of requests: the server's part of one page, for many a narrowing, beside 10,000 pictures.

The pictures are of 200 people over a year, in every state, of several models, with words that are frequent and rare.
"""

import time
from argparse import ArgumentParser
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy import text
from sqlalchemy.orm import Session

from benchmarks.figures import median, report
from benchmarks.history import add_people
from benchmarks.processes import end_tidily
from benchmarks.sizes import measure_both
from core.storage import schema
from core.storage.database import Database
from core.studio.inquiry import Inquiries
from core.studio.narrowing import Inquiry

PICTURES, FEW = 1_000_000, 10_000
PEOPLE = 200
TURNS = 5
NOW = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
YEAR = 365 * 24 * 3600  # seconds

QUESTIONS = {
    "nothing": Inquiry(),
    "oldest": Inquiry(sort="oldest"),
    "dearest": Inquiry(sort="dearest"),
    "slowest": Inquiry(sort="slowest"),
    "a person": Inquiry(user="person7"),
    "a state, frequent": Inquiry(state="done"),
    "a state, rare": Inquiry(state="unknown"),
    "a model and a quality that do not meet": Inquiry(model="painter", quality="high"),
    "a problem, by cost": Inquiry(problem="rate_limited", sort="dearest"),
    "a person and a state, slowest": Inquiry(user="person7", state="failed", sort="slowest"),
    "a week in summer": Inquiry(start=NOW - timedelta(days=150), end=NOW - timedelta(days=143)),
    "a week in summer, dearest": Inquiry(
        start=NOW - timedelta(days=150), end=NOW - timedelta(days=143), sort="dearest"
    ),
    "a month, a state and a door": Inquiry(
        start=NOW - timedelta(days=200), end=NOW - timedelta(days=170), state="blocked", door="api"
    ),
    "a cost above, rare": Inquiry(above=400_000),
    "a cost above, frequent": Inquiry(above=20_000),
    "a frequent word": Inquiry(q="house"),
    "a rare word": Inquiry(q="word77777"),
    "two frequent words and a state": Inquiry(q="house lake", state="failed"),
    "a word and a person": Inquiry(q="house", user="person7"),
    "a frequent word, dearest": Inquiry(q="house", sort="dearest"),
}

# Everything of a picture follows from its number.
ROWS = """
WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < :pictures - 1),
made AS (SELECT n + 1 AS id, :first + n % 200 AS user_id, {moment} AS moment, {later} AS later,
  CASE WHEN n % 100 < 90 THEN 'done' WHEN n % 100 < 94 THEN 'failed' WHEN n % 100 < 96 THEN 'blocked'
    WHEN n % 1000 = 999 THEN 'unknown' ELSE 'cancelled' END AS state,
  CASE n % 10 WHEN 0 THEN 'painter' WHEN 1 THEN 'gpt-image-1-mini' ELSE 'gpt-image-2' END AS model,
  CASE WHEN n % 10 = 0 THEN NULL WHEN n % 3 = 0 THEN 'high' WHEN n % 3 = 1 THEN 'low' ELSE 'medium' END AS quality,
  CASE WHEN n % 17 = 0 THEN 'api' ELSE 'pages' END AS door,
  'A ' || CASE n % 3 WHEN 0 THEN 'house' WHEN 1 THEN 'lake house' ELSE 'mountain' END || ' by the sea, word' || n
    AS description FROM numbers)
"""
REQUESTS = """INSERT INTO requests (id, user_id, description, created_at, door, connection, model, quality, number,
  previews)
{rows} SELECT id, user_id, description, moment, door, 'openai', model, quality, 1, 0 FROM made"""
IMAGES = """INSERT INTO images (id, request_id, user_id, created_at, finished_at, position, connection, state, seed,
  problem, cost_micros)
{rows} SELECT id, id, user_id, moment, later, 0, 'openai', state, id,
  CASE state WHEN 'failed' THEN CASE WHEN id % 2 = 0 THEN 'rate_limited' ELSE 'bad_answer' END END,
  CASE WHEN state <> 'done' THEN NULL WHEN model = 'painter' THEN 0 WHEN id % 5000 = 3 THEN 500000
    ELSE 10000 + id % 60000 END FROM made"""


def write_history(session: Session, pictures: int, first_person: int) -> None:
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    begin = int((NOW - timedelta(seconds=YEAR)).timestamp())
    second = f"({begin} + CAST(n AS BIGINT) * {YEAR} / {pictures})"
    shown = "datetime({}, 'unixepoch') || '.000000'" if is_sqlite else "to_timestamp({})"
    later = f"{second} + 5 + n % 50"
    rows = ROWS.format(moment=shown.format(second), later=shown.format(later))
    for statement in (REQUESTS, IMAGES):
        session.execute(text(statement.format(rows=rows)), {"pictures": pictures, "first": first_person})
    if not is_sqlite:
        session.execute(text("ANALYZE"))  # the server does it by itself within a minute


def course(url: str, pictures: int) -> Inquiries:
    database = Database(url, lambda: NOW)
    schema.upgrade(database)
    with database.write() as session:
        people = add_people(session, database, PEOPLE)
        write_history(session, pictures, people[0])
    return Inquiries(database)


def measure(name: str, few: Inquiries, many: Inquiries, pictures: int) -> None:
    for question, wanted in QUESTIONS.items():
        seconds: dict[int, list[float]] = {FEW: [], pictures: []}
        for turn in range(TURNS + 1):
            for size, inquiries in ((FEW, few), (pictures, many)):
                begun = time.perf_counter()
                inquiries.page(wanted)
                if turn:  # the first compiles the statement
                    seconds[size].append(time.perf_counter() - begun)
        before = median(seconds[FEW]) * 1000
        report(f"{name}, {pictures:,} pictures, {question}", median(seconds[pictures]) * 1000, "ms", before)


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.requests", description=__doc__)
    parser.add_argument("--pictures", type=int, default=PICTURES, help=f"in the large database; {PICTURES:,} otherwise")
    pictures = parser.parse_args().pictures
    end_tidily()
    measure_both(lambda url, size, _: course(url, size), partial(measure, pictures=pictures), (FEW, pictures))


if __name__ == "__main__":
    main()
