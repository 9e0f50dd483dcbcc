"""What is at risk, when it is much: a page at a time, settled by the day in one act, found by an index of its own."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select
from sqlalchemy.engine import Engine

from core.errors import Problem
from core.ledger.ledger import Ledger
from core.ledger.limits import SITE, Limits
from core.ledger.risk import MOST_DAYS
from core.storage.database import Database
from core.storage.tables import AuditEntry, Image, Token
from tests.conftest import SettableClock
from tests.ledger_rows import add_picture
from tests.ledger_sums import assert_tallies_are_the_sums
from tests.studio import Cast, insert_cast

PARIS = ZoneInfo("Europe/Paris")
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
UNKNOWN = {"state": "unknown"}


@pytest.fixture
def cast(database: Database) -> Iterator[Cast]:
    yield insert_cast(database)
    assert_tallies_are_the_sums(database)


@pytest.fixture
def ledger(database: Database) -> Ledger:
    return Ledger(database, PARIS)


def add(database: Database, user_id: int, moment: datetime, reserved: int | None = 500, **values: Any) -> int:
    return add_picture(database, user_id, moment, reserved=reserved, **{**UNKNOWN, **values})


def images(database: Database) -> dict[int, Image]:
    with database.read() as session:
        return {image.id: image for image in session.scalars(select(Image))}


def test_only_what_nobody_knows_is_at_risk_and_pages_follow_each_other(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    add_picture(database, cast.alice, NOON, cost=7)
    for state in ("queued", "paused", "running", "failed", "blocked", "cancelled"):
        add(database, cast.alice, NOON, state=state)
    add(database, cast.alice, NOON, settled_at=NOON)
    ids = [add(database, cast.bob, NOON + timedelta(minutes=number)) for number in range(5)]
    ids.insert(0, add(database, cast.alice, NOON - timedelta(minutes=1), state="done"))
    ids.append(add(database, cast.alice, NOON + timedelta(days=2), None))
    assert [image.id for image in ledger.at_risk()] == ids
    assert [image.id for image in ledger.at_risk(skipped=2, most=3)] == ids[2:5]
    assert [image.id for image in ledger.at_risk(date(2026, 11, 22), most=3)] == ids[6:]
    assert ledger.days_at_risk() == [date(2026, 11, 22), date(2026, 11, 20)]
    found = ledger.risk()
    assert (found.pictures, found.reserved_micros, found.last_id) == (7, 6 * 500, ids[-1])
    assert ledger.risk(date(2026, 11, 20)).pictures == 6
    assert ledger.risk(date(2026, 11, 21)).pictures == 0


def test_the_days_are_the_sites_and_no_more_than_one_can_choose_from(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    for hours in range(0, 24 * (MOST_DAYS + 5), 24):
        add(database, cast.alice, datetime(2026, 6, 1, 22, 30, tzinfo=UTC) + timedelta(hours=hours))
    days = ledger.days_at_risk()
    assert len(days) == MOST_DAYS
    assert days[0] == date(2026, 6, 2) + timedelta(days=MOST_DAYS + 4)  # half past midnight in Paris
    assert days == sorted(days, reverse=True)


@pytest.mark.parametrize("billed", [True, False])
def test_a_day_is_settled_at_once_and_nothing_beside_it(
    database: Database, cast: Cast, ledger: Ledger, clock: SettableClock, billed: bool
) -> None:
    meant = [
        add(database, cast.alice, NOON, 500),
        add(database, cast.bob, NOON + timedelta(hours=3), 700),
        add(database, cast.bob, NOON, None),
        add(database, cast.alice, NOON, 900, state="done"),
    ]
    other = add(database, cast.alice, NOON + timedelta(days=1))
    found = ledger.risk(NOON.date())
    late = add(database, cast.alice, NOON)  # since the administrator looked
    assert ledger.settle_all(cast.ada, NOON.date(), found.last_id, billed) == 4
    stored = images(database)
    money = [(stored[it].cost_micros, stored[it].reserved_micros, stored[it].counted) for it in meant]
    if billed:
        assert money == [(500, None, True), (700, None, True), (None, None, True), (900, None, True)]
    else:
        assert money == [(0, None, False), (0, None, False), (0, None, False), (0, None, True)]
    assert {(stored[it].settled_at, stored[it].settled_by) for it in meant} == {(clock(), cast.ada)}
    assert [image.id for image in ledger.at_risk()] == [late, other]
    with pytest.raises(Problem, match="nothing to settle"):
        ledger.settle_all(cast.ada, NOON.date(), found.last_id, billed)
    with database.read() as session:
        (entry,) = session.scalars(select(AuditEntry)).all()
    assert (entry.act, entry.subject) == ("picture.settled", "4 pictures of 2026-11-20")
    assert entry.before == {"reserved_micros": 2_100}
    assert entry.after == {"billed": billed, "cost_micros": 2_100 if billed else 0, "last_id": found.last_id}


def test_settling_thousands_asks_few_questions(database: Database, cast: Cast, ledger: Ledger) -> None:
    for number in range(40):
        add(database, cast.alice, NOON + timedelta(seconds=number))
    asked = Questions(database.engine)
    ledger.settle_all(cast.ada, None, ledger.risk().last_id, billed=True)
    assert len(asked.statements) < 10
    assert ledger.at_risk() == []


class Questions:
    def __init__(self, engine: Engine):
        self.statements: list[tuple[str, Any]] = []
        event.listen(engine, "before_cursor_execute", self._asked)

    def _asked(self, _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        self.statements.append((statement, parameters))


def test_the_index_of_what_is_at_risk_is_used_and_the_line_is_counted_in_indexes_alone(
    database: Database, cast: Cast, ledger: Ledger
) -> None:
    """Of a handful of rows PostgreSQL would read the table, so it is told not to: what counts is that it can."""
    add(database, cast.alice, NOON)
    Limits(database).set(SITE, "", {"pictures-at-once": "5", "pictures-per-month": "5"})
    for action in (
        ledger.days_at_risk,
        ledger.risk,
        partial(ledger.risk, NOON.date()),
        partial(ledger.at_risk, NOON.date(), 0, 20),
        partial(ledger.at_risk, None, 20, 20),
    ):
        for plan in plans(database, action, "ix_images_at_risk"):
            assert "ix_images_at_risk" in plan or "ix_improvements_at_risk" in plan, plan
            assert "SCAN images" not in plan.replace("SCAN images USING INDEX ix_images_at_risk", ""), plan
            assert "Seq Scan on im" not in plan, plan
    (plan,) = plans(database, partial(ledger.uses, cast.alice), "tallies")
    if database.is_postgresql:
        # Which of the indexes it takes depends on how many rows there are; that it needs no more than one does not.
        assert "Seq Scan" not in plan, plan
    else:
        assert plan.count("COVERING INDEX ix_images") == 2, plan
        assert plan.count("SEARCH tallies USING INDEX") == 3, plan


def plans(database: Database, action: Any, word: str) -> list[str]:
    """How the database answers what the act asks of images at risk."""
    asked = Questions(database.engine)
    action()
    event.remove(database.engine, "before_cursor_execute", asked._asked)
    meant = [
        (it, values)
        for it, values in asked.statements
        if word in it or (word.startswith("ix") and "settled_at IS NULL" in it)
    ]
    assert meant
    found = []
    with database.engine.connect() as connection:
        if database.is_postgresql:
            connection.exec_driver_sql("SET enable_seqscan = off")
            connection.exec_driver_sql("SET enable_bitmapscan = off")
        for statement, values in meant:
            explain = "EXPLAIN " if database.is_postgresql else "EXPLAIN QUERY PLAN "
            found.append("\n".join(str(row) for row in connection.exec_driver_sql(explain + statement, values)))
    return found


@pytest.mark.parametrize("billed", [True, False])
def test_the_tokens_that_ordered_are_charged_when_a_day_is_settled(
    database: Database, cast: Cast, ledger: Ledger, billed: bool
) -> None:
    with database.write() as session:
        tokens = [
            Token(user_id=cast.alice, name=name, token_hash=name, scopes="generate", created_at=NOON)
            for name in ("one", "two")
        ]
        session.add_all(tokens)
        session.flush()
        one, two = (token.id for token in tokens)
    for token_id in (one, one, two, None):
        add(database, cast.alice, NOON, 500, token_id=token_id)
    assert token_money(database) == [(0, 1_000), (0, 500)]
    ledger.settle_all(cast.ada, None, ledger.risk().last_id, billed)
    assert token_money(database) == ([(1_000, 0), (500, 0)] if billed else [(0, 0), (0, 0)])


def token_money(database: Database) -> list[tuple[int, int]]:
    with database.read() as session:
        rows = session.execute(select(Token.cost_micros, Token.reserved_micros).order_by(Token.id))
        return [(row.cost_micros, row.reserved_micros) for row in rows]
