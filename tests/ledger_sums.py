"""The sums of the ledger, reckoned picture by picture, beside those that the program keeps."""

from collections import defaultdict
from datetime import datetime
from itertools import product

from sqlalchemy import select

from core.ledger.booking import EVERYBODY
from core.ledger.windows import LENGTHS, begin
from core.storage.database import Database
from core.storage.tables import Image, Improvement, Tally


def assert_tallies_are_the_sums(database: Database) -> None:
    """For each person and for everybody, in each quarter of an hour and day: pictures, cost and what is reserved."""
    with database.read() as session:
        images = list(session.scalars(select(Image)))
        texts = list(session.scalars(select(Improvement)))
        tallies = list(session.scalars(select(Tally)))
    sums: dict[tuple[int, str, datetime], list[int]] = defaultdict(lambda: [0, 0, 0])
    for image in images:
        for owner, length in product((image.user_id, EVERYBODY), LENGTHS):
            row = sums[owner, length, begin(length, image.created_at)]
            row[0] += image.counted
            row[1] += image.cost_micros or 0
            row[2] += image.reserved_micros or 0
    for written in texts:
        for owner, length in product((written.user_id, EVERYBODY), LENGTHS):
            row = sums[owner, length, begin(length, written.created_at)]
            row[1] += written.cost_micros or 0
            row[2] += written.reserved_micros or 0
    kept = {
        (row.user_id, row.length, row.since): [row.pictures, row.cost_micros, row.reserved_micros] for row in tallies
    }
    assert kept == sums
