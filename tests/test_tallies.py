"""The tallies of days, which a migration makes of those of quarters."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from core.storage import schema
from core.storage.database import Database
from tests import postgresql
from tests.ledger_sums import assert_tallies_are_the_sums

MOMENTS = ("2026-11-21 23:59:59", "2026-11-22 00:00:00", "2026-11-22 00:20:00", "2026-11-22 23:59:59")
QUARTERS = ("2026-11-21 23:45:00", "2026-11-22 00:00:00", "2026-11-22 00:15:00", "2026-11-22 23:45:00")


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """As it was before there were tallies of days."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'old.db'}"
    else:
        server: str = request.getfixturevalue("postgresql_server")
        url = postgresql.create_database(server, f"old_{uuid.uuid4().hex}").replace("ql:", "ql+psycopg:")
    database = Database(url)
    schema.upgrade(database, "0003")
    yield database
    database.close()


def test_a_migration_adds_the_days_to_the_quarters(old: Database) -> None:
    zone = "+00:00" if old.is_postgresql else ".000000"
    with old.write() as session:
        session.execute(
            text(
                "INSERT INTO users (id, name, login, password, type, created_at)"
                f" VALUES (1, 'Alice', 'alice', 'x', 'user', '{MOMENTS[0]}{zone}')"
            )
        )
        for number, (moment, quarter) in enumerate(zip(MOMENTS, QUARTERS, strict=True), start=1):
            for statement in (
                "INSERT INTO requests (id, user_id, description, created_at, door, connection, model, number, previews)"
                f" VALUES ({number}, 1, 'a lake', '{moment}{zone}', 'pages', 'painter', 'painter', 1, 0)",
                "INSERT INTO images (id, request_id, user_id, created_at, position, connection, state, seed, counted,"
                " cost_micros, reserved_micros)"
                f" VALUES ({number}, {number}, 1, '{moment}{zone}', 0, 'painter', 'done', 7, {number % 2 == 0},"
                f" {number * 10}, {number})",
                *(
                    "INSERT INTO tallies (user_id, quarter, pictures, cost_micros, reserved_micros)"
                    f" VALUES ({owner}, '{quarter}{zone}', {int(number % 2 == 0)}, {number * 10}, {number})"
                    for owner in (0, 1)
                ),
            ):
                session.execute(text(statement))
    schema.upgrade(old)
    assert_tallies_are_the_sums(old)
