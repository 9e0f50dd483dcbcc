"""Twenty threads of each of four processes order at once, with room for three: exactly three are accepted."""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from core.ledger.booking import EVERYBODY
from core.ledger.limits import SITE, USER, Limits
from core.ledger.prices import Prices
from core.storage.database import Database
from core.storage.tables import Image, Request, Tally, User
from tests.studio import MODEL, Cast, insert_cast

ROOT = Path(__file__).parent.parent
pytestmark = pytest.mark.xdist_group("race")

PROCESSES, THREADS, ROOM = 4, 20, 3
CENTS = 40_000  # micro-dollars for a picture


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """With the real clock, which the processes have too."""
    database = Database(database_url)
    Prices(database).add(
        insert_cast(database).ada, MODEL, datetime(2026, 1, 1, tzinfo=UTC), "", {"per_picture": Decimal("0.04")}
    )
    yield database
    database.close()


@dataclass
class Racer:
    process: subprocess.Popen[str]
    errors: Path

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert self.errors.read_text() == ""
        return line


@pytest.fixture(scope="module")
def racers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Racer]]:
    """For all races of this module: to start them takes longer than to race."""
    folder = tmp_path_factory.mktemp("racers")
    with ExitStack() as stack:
        racers = []
        for number in range(PROCESSES):
            errors = folder / str(number)
            process = subprocess.Popen(
                [sys.executable, "-m", "tests.race_process", str(THREADS)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stack.enter_context(errors.open("w")),
                text=True,
                cwd=ROOT,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            racers.append(Racer(process, errors))
        yield racers


def outcomes_of_a_race(racers: list[Racer], url: str, *user_ids: int) -> Counter[str]:
    """What became of all orders; the processes begin together, each with a person of the list."""
    for index, racer in enumerate(racers):
        racer.tell(f"{url} {user_ids[index % len(user_ids)]}")
    assert [racer.answer() for racer in racers] == ["ready"] * PROCESSES
    for racer in racers:
        racer.tell("")
    return Counter(" ".join([racer.answer() for racer in racers]).split())


def cast_of(database: Database) -> Cast:
    with database.read() as session:
        return Cast(*session.scalars(select(User.id).order_by(User.id)))


@pytest.mark.parametrize(
    ("kind", "value", "code"),
    [("pictures-per-day", "3", "picture_limit"), ("dollars-per-month", "0.15", "money_limit")],
)
@pytest.mark.parametrize("scope", [USER, SITE])
def test_eighty_orders_at_once_with_room_for_three(
    database: Database, database_url: str, racers: list[Racer], scope: str, kind: str, value: str, code: str
) -> None:
    cast = cast_of(database)
    people = (cast.alice,) if scope == USER else (cast.alice, cast.bob)
    Limits(database).set(scope, str(cast.alice) if scope == USER else "", {kind: value})
    outcomes = outcomes_of_a_race(racers, database_url, *people)
    assert outcomes == {"accepted": ROOM, code: PROCESSES * THREADS - ROOM}
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Request)) == ROOM
        assert session.scalars(select(Image.reserved_micros)).all() == [CENTS] * ROOM
        held = select(func.sum(Tally.pictures), func.sum(Tally.reserved_micros)).where(Tally.length == "day")
        assert session.execute(held.where(Tally.user_id == EVERYBODY)).one() == (ROOM, ROOM * CENTS)
        assert session.execute(held.where(Tally.user_id != EVERYBODY)).one() == (ROOM, ROOM * CENTS)
