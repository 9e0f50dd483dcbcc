"""A demonstration: invented orders whose sums are as true as those of real ones."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from obstore.store import MemoryStore
from sqlalchemy import func, select, text

from core.__main__ import main
from core.demo.fill import Made, fill
from core.errors import Problem
from core.ledger.costs import exact_cost
from core.ledger.prices import Prices, price_at
from core.ledger.usage.service import Usage
from core.settings import Settings
from core.site import Sites
from core.storage.database import Database
from core.storage.files import Files
from core.storage.tables import Attempt, Image, Kind, Limit, Request, User
from core.studio.gallery import Gallery
from core.studio.pictures import Pictures
from core.studio.search import matching
from tests.conftest import SettableClock
from tests.ledger_sums import assert_tallies_are_the_sums
from tests.studio import insert_cast, person
from tests.usage_sums import assert_usage_is_the_sum_of_the_pictures

PARIS = ZoneInfo("Europe/Paris")


def filled(database: Database, pictures: int = 300, people: int = 5, days: int = 30) -> tuple[Files, Made]:
    Prices(database).load_catalogue()
    files = Files(MemoryStore(), "memory")
    return files, fill(database, files, pictures, people, days, PARIS)


@pytest.fixture(autouse=True)
def few_and_small_paintings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Painting takes most of the time."""
    monkeypatch.setattr("core.demo.fill.PICTURES_FOR_A_DRAWING", 1_000)
    monkeypatch.setattr("core.demo.fill.SIZES", ("64x64", "96x64"))


def test_what_is_made_is_what_was_asked_for_and_every_sum_is_true(database: Database, clock: SettableClock) -> None:
    _, made = filled(database)
    assert_tallies_are_the_sums(database)
    with database.read() as session:
        images = list(session.scalars(select(Image)))
        requests = {request.id: request for request in session.scalars(select(Request))}
        people = session.scalar(select(func.count()).select_from(User))
        attempts = session.scalar(select(func.count()).select_from(Attempt))
        for image in images:
            if image.state == "done":
                price = price_at(session.connection(), requests[image.request_id].model, image.created_at)
                assert price is not None
                assert (image.cost_micros, image.price_id) == (exact_cost(price, image.usage), price.id)
    assert (
        (made.pictures, made.requests, made.people) == (len(images), len(requests), people) == (300, made.requests, 5)
    )
    assert made.cost_micros == sum(image.cost_micros or 0 for image in images)
    assert attempts is not None
    assert attempts >= sum(image.state != "cancelled" for image in images)
    begin = clock.now.astimezone(PARIS).replace(hour=0, minute=0) - timedelta(days=29)
    assert all(begin <= image.created_at < clock.now for image in images)
    assert all(image.finished_at is not None and image.finished_at <= clock.now for image in images)
    assert {image.state for image in images} <= {"done", "failed", "blocked", "unknown", "cancelled"}
    for request in requests.values():
        assert request.number == sum(image.request_id == request.id for image in images)


def test_indexes_triggers_and_what_they_keep_are_as_if_each_row_had_been_written_alone(
    database: Database, settings: Settings
) -> None:
    def kept() -> list[tuple[object, ...]]:
        columns = (Image.id, Kind.state, Kind.model, Kind.door, Kind.quality, Kind.connection, Kind.problem)
        query = select(*columns, Image.milliseconds).join(Kind, Kind.id == Image.kind_id).order_by(Image.id)
        with database.read() as session:
            return [tuple(row) for row in session.execute(query)]

    def made() -> set[str]:
        catalogue = "sqlite_master WHERE type IN ('index', 'trigger')"
        if database.is_postgresql:
            catalogue = "(SELECT indexname AS name FROM pg_indexes UNION ALL SELECT tgname FROM pg_trigger) AS found"
        with database.read() as session:
            return set(session.scalars(text(f"SELECT name FROM {catalogue}")))

    before = made()
    filled(database, 100)
    assert made() == before
    bulk = kept()
    assert len(bulk) == 100
    with database.write() as session:
        session.execute(text("UPDATE images SET state = state, finished_at = finished_at"))
    one_by_one = kept()
    assert [row[:-1] for row in bulk] == [row[:-1] for row in one_by_one]
    assert all(abs(int(str(a[-1])) - int(str(b[-1]))) <= 1 for a, b in zip(bulk, one_by_one, strict=True))
    with database.read() as session:
        word = session.scalars(select(Request.description)).first()
        assert word is not None
        assert session.scalars(matching(session, word)).all()
    assert_usage_is_the_sum_of_the_pictures(Usage(database, Sites(database, settings)), database)


def test_the_pictures_are_there_and_the_sweep_leaves_them(database: Database) -> None:
    files, _ = filled(database)
    with database.read() as session:
        urls = set(session.scalars(select(Image.image_url).where(Image.state == "done")))
        owner = session.scalars(select(Image.user_id).where(Image.state == "done")).first()
    assert Pictures(database, files).sweep(timedelta(0)) == []
    assert len(urls) == 3
    for url in urls:
        assert url is not None
        assert files.read(url)
    assert owner is not None
    assert Gallery(database).page(person(owner)).images


def test_a_real_order_comes_after_the_invented_ones(database: Database) -> None:
    """The keys go on where those of the demonstration end."""
    filled(database, 20)
    with database.write() as session:
        user_id = session.scalars(select(User.id)).first()
        last = session.scalar(select(func.max(Request.id)))
        request = Request(
            user_id=user_id,
            description="a tree",
            created_at=datetime.now(UTC),
            door="pages",
            connection="painter",
            model="painter",
            number=1,
            previews=0,
        )
        session.add(request)
        session.flush()
        assert last is not None
        assert request.id > last


def test_a_ledger_in_use_is_left_as_it_is(database: Database) -> None:
    filled(database, 20)
    with pytest.raises(Problem) as caught:
        filled(database, 20)
    assert caught.value.code == "demo_not_fresh"
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Image)) == 20


def test_accounts_and_a_budget_that_are_there_already_stay(database: Database) -> None:
    insert_cast(database)
    with database.write() as session:
        session.add(Limit(scope="site", subject="", kind="dollars-per-month", value="7000000"))
    _, made = filled(database, 20)
    assert made.budget_micros is None
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(User)) == 8
        assert session.scalars(select(Limit.value)).all() == ["7000000"]


def test_the_command_says_what_it_made_and_what_to_do_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IMAGIER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "en_US")
    assert main(["demo", "--pictures", "30", "--people", "2", "--days", "3"]) == 0
    output = capsys.readouterr().out
    assert output.startswith("Made: 30 pictures of ")
    assert " by 2 people over 3 days, for $" in output
    assert "make yourself an administrator" in output
    assert main(["demo"]) == 1
    assert "ordered here already" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["demo", "--pictures", "0"])
    assert "is not a number from 1 to" in capsys.readouterr().err
