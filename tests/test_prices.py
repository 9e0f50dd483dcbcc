"""The price list: dated rows that are added and never changed."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from core.catalog import catalog
from core.errors import Problem
from core.ledger import prices as price_list
from core.ledger.ledger import Ledger
from core.ledger.limits import SITE, Limits
from core.ledger.prices import Prices, price_at
from core.settings import Settings
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import AuditEntry, Price
from core.studio.orders import Order
from core.studio.requests import Requests
from tests.conftest import SettableClock
from tests.studio import MODEL, Studio

USAGE = {"input_tokens": 10, "output_tokens": 1_000}
ROW = '[[prices]]\nmodels = ["fox", "{other}"]\nfrom = 2026-01-01\nimage_out = "{image_out}"\nsource = "a page"\n'


@pytest.fixture
def studio(database: Database) -> Iterator[Studio]:
    with Studio(database) as studio:
        yield studio


@pytest.fixture
def prices(database: Database) -> Prices:
    return Prices(database)


def rows(database: Database) -> list[Price]:
    with database.read() as session:
        return list(session.scalars(select(Price).order_by(Price.id)))


def of_tokens(image_out: str) -> dict[str, Decimal | None]:
    return {"text_in": Decimal(5), "image_out": Decimal(image_out)}


def drawn(studio: Studio, image_id: int, usage: dict[str, Any] | None = None) -> None:
    line = studio.line()
    claim = line.claim(studio.lane)
    assert claim is not None
    assert claim.image_id == image_id
    line.finish(claim, {"usage": usage or USAGE})


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "prices.toml"
    path.write_text(ROW.format(image_out="30.00", other="hare"))
    monkeypatch.setattr(price_list, "PATH", path)
    yield path
    price_list._catalogue.cache_clear()


def rewrite(catalogue: Path, image_out: str, other: str = "hare") -> None:
    catalogue.write_text(ROW.format(image_out=image_out, other=other))
    price_list._catalogue.cache_clear()


def test_the_catalogue_is_loaded_once(database: Database, prices: Prices) -> None:
    prices.load_catalogue()
    loaded = rows(database)
    assert {row.model for row in loaded} >= {"gpt-image-2", "gpt-image-2.6-flare", "painter"}
    assert all(row.source and row.user_id is None for row in loaded)
    prices.load_catalogue()
    assert len(rows(database)) == len(loaded)


def test_every_offered_model_of_the_provider_has_a_price(prices: Prices, clock: SettableClock) -> None:
    prices.load_catalogue()
    models = catalog.load().models.values()
    for model in models:
        if not model.is_shut_down(clock().date()):
            assert prices.today(model.name) is not None, model.name


def test_two_processes_that_load_it_at_once_add_each_row_once(database_url: str, clock: SettableClock) -> None:
    databases = [Database(database_url, clock) for _ in range(4)]
    barrier = threading.Barrier(4)

    def load(database: Database) -> None:
        barrier.wait()
        Prices(database).load_catalogue()

    threads = [threading.Thread(target=load, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [(row.model, row.valid_from) for row in rows(databases[0])]
    for database in databases:
        database.close()
    assert found
    assert len(found) == len(set(found))


def test_a_price_that_the_catalogue_changed_becomes_a_row_of_its_own(
    database: Database, prices: Prices, catalogue: Path
) -> None:
    prices.load_catalogue()
    rewrite(catalogue, "40.00")
    prices.load_catalogue()
    prices.load_catalogue()
    assert [(row.model, row.image_out) for row in rows(database)] == [
        ("fox", 30_000_000),
        ("hare", 30_000_000),
        ("fox", 40_000_000),
        ("hare", 40_000_000),
    ]
    rewrite(catalogue, "30.00")
    prices.load_catalogue()
    price = prices.today("fox")
    assert price is not None
    assert price.image_out == 30_000_000, "back to the first, and yet the newest counts"


def test_a_row_that_the_catalogue_no_longer_has_stays(database: Database, prices: Prices, catalogue: Path) -> None:
    prices.load_catalogue()
    rewrite(catalogue, "30.00", other="wolf")
    prices.load_catalogue()
    assert [row.model for row in rows(database)] == ["fox", "hare", "wolf"]


def test_the_administrators_row_holds_from_its_moment_on(
    database: Database, prices: Prices, studio: Studio, clock: SettableClock, catalogue: Path
) -> None:
    prices.load_catalogue()
    start = clock() + timedelta(hours=1)
    row_id = prices.add(studio.ada, " fox ", start, "their letter", of_tokens("50"))
    for moment, image_out in ((start - timedelta(microseconds=1), 30), (start, 50), (start + timedelta(days=999), 50)):
        with database.read() as session:
            price = price_at(session.connection(), "fox", moment)
        assert price is not None
        assert price.image_out == image_out * 1_000_000
    row = prices.all()[0]
    assert (row.id, row.model, row.user_id, row.source, row.text_in) == (
        row_id, "fox", studio.ada, "their letter", 5_000_000
    )  # fmt: skip
    with database.read() as session:
        assert price_at(session.connection(), "fox", datetime(2025, 12, 31, tzinfo=UTC)) is None, (
            "before the first row: unpriced"
        )


def test_of_two_rows_from_the_same_moment_the_newer_counts(
    prices: Prices, studio: Studio, clock: SettableClock
) -> None:
    for image_out in ("50", "20"):
        prices.add(studio.ada, "fox", clock(), "", of_tokens(image_out))
    price = prices.today("fox")
    assert price is not None
    assert price.image_out == 20_000_000
    assert prices.all()[0].source == "–"


def test_a_row_in_the_past_changes_nothing_that_was_booked(
    prices: Prices, studio: Studio, clock: SettableClock
) -> None:
    first = prices.add(studio.ada, MODEL, clock() - timedelta(days=1), "", of_tokens("30"))
    early = studio.submit(studio.alice)[0]
    drawn(studio, early)
    second = prices.add(studio.ada, MODEL, clock() - timedelta(hours=12), "we were wrong", of_tokens("60"))
    assert (studio.image(early).cost_micros, studio.image(early).price_id) == (10 * 5 + 1_000 * 30, first)
    late = studio.submit(studio.alice)[0]
    drawn(studio, late)
    assert (studio.image(late).cost_micros, studio.image(late).price_id) == (10 * 5 + 1_000 * 60, second)
    assert studio.image(early).cost_micros == 10 * 5 + 1_000 * 30


def test_a_picture_is_booked_by_the_price_of_its_start(prices: Prices, studio: Studio, clock: SettableClock) -> None:
    """Reserved when it was ordered, begun the next day at a new price, finished after the one that came then."""
    for day, image_out in ((-1, "30"), (1, "60"), (2, "90")):
        prices.add(studio.ada, MODEL, clock() + timedelta(days=day), "", of_tokens(image_out))
    image_id = studio.submit(studio.alice)[0]
    reserved = studio.image(image_id).reserved_micros
    clock.forward(24 * 3600)
    line = studio.line()
    claim = line.claim(studio.lane)
    assert claim is not None
    clock.forward(24 * 3600)
    line.finish(claim, {"usage": USAGE})
    assert studio.image(image_id).cost_micros == 10 * 5 + 1_000 * 60
    assert reserved == prices_of_the_estimate(studio, 30)


def prices_of_the_estimate(studio: Studio, image_out: int) -> int:
    tokens = studio.requests.estimate(studio.alice, Order("a tree", MODEL)).tokens
    return tokens.text_in * 5 + tokens.image_out * image_out


def test_a_model_without_a_price_is_allowed_or_refused(studio: Studio) -> None:
    image_id = studio.submit(studio.alice)[0]
    drawn(studio, image_id)
    image = studio.image(image_id)
    assert (image.cost_micros, image.reserved_micros, image.price_id, image.counted) == (None, None, None, True)
    strict = Requests(
        studio.database, studio.files, studio.catalog, (studio.lane,), ledger=Ledger(studio.database, UTC, False)
    )
    with pytest.raises(Problem) as caught:
        strict.submit(studio.alice, Order("a tree", MODEL))
    assert (caught.value.code, caught.value.params) == ("unpriced_refused", {"model": MODEL})
    assert studio.states() == ["done"]
    studio.is_free()
    assert strict.submit(studio.alice, Order("a tree", MODEL)), "free is a price"


@pytest.mark.parametrize("kind", ["image_out", "per_picture"])
def test_an_impossible_price_is_refused(
    database: Database, prices: Prices, studio: Studio, clock: SettableClock, kind: str
) -> None:
    for value in ("-1", "-0.000001", "NaN", "sNaN", "Infinity", "-Infinity", "1000001", "1e999999"):
        with pytest.raises(Problem) as caught:
            prices.add(studio.ada, "fox", clock(), "", {kind: Decimal(value)})
        assert caught.value.code == "price_impossible"
        assert str(caught.value)
    assert rows(database) == []


def test_a_price_of_nothing_or_of_both_kinds_is_refused(
    database: Database, prices: Prices, studio: Studio, clock: SettableClock
) -> None:
    refused: list[tuple[str, dict[str, Decimal | None]]] = [
        ("", {"per_picture": Decimal(1)}),
        ("  ", {"per_picture": Decimal(1)}),
        ("fox\x00", {"per_picture": Decimal(1)}),
        ("f\nox", {"per_picture": Decimal(1)}),
        ("x" * 129, {"per_picture": Decimal(1)}),
        ("fox", {}),
        ("fox", {"per_picture": None, "image_out": None}),
        ("fox", {"per_picture": Decimal(1), "image_out": Decimal(1)}),
    ]
    for model, dollars in refused:
        with pytest.raises(Problem) as caught:
            prices.add(studio.ada, model, clock(), "", dollars)
        assert caught.value.code == "price_incomplete"
    assert rows(database) == []


def test_the_smallest_and_the_largest_price_are_kept(prices: Prices, studio: Studio, clock: SettableClock) -> None:
    prices.add(studio.ada, "x" * 128, clock(), "their\x00page ‮", {"per_picture": Decimal(0)})
    prices.add(studio.ada, "hare", clock(), "", {"image_out": Decimal("0.000001"), "text_in": Decimal(1_000_000)})
    free, hare = prices.today("x" * 128), prices.today("hare")
    assert free is not None
    assert hare is not None
    assert free.per_picture == 0
    assert (hare.image_out, hare.text_in, hare.image_in) == (1, 10**12, None)
    assert {row.source for row in prices.all()} == {"theirpage", "–"}


def test_a_new_price_is_recorded_with_the_one_that_it_follows(
    database: Database, prices: Prices, studio: Studio, clock: SettableClock
) -> None:
    first = prices.add(studio.ada, "fox", clock(), "their page", {"per_picture": Decimal("0.04")})
    clock.forward(60)
    second = prices.add(studio.ada, "fox", clock(), "", {"image_out": Decimal(30)})
    with database.read() as session:
        entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [(entry.act, entry.subject) for entry in entries] == [("price.added", "fox")] * 2
    assert [entry.before for entry in entries] == [None, {"id": first, "per_picture": 40_000}]
    assert entries[1].after == {
        "id": second,
        "model": "fox",
        "valid_from": clock().isoformat(),
        "source": "–",
        "image_out": 30_000_000,
    }


def test_what_the_site_says_now_of_unpriced_models_and_its_days_holds_at_once(
    studio: Studio, settings: Settings, clock: SettableClock
) -> None:
    sites = Sites(studio.database, settings)
    ledger = Ledger(studio.database, sites=sites)
    requests = Requests(studio.database, studio.files, studio.catalog, (studio.lane,), ledger=ledger)
    requests.submit(studio.alice, Order("a tree", MODEL))
    Limits(studio.database).set(SITE, "", {"pictures-per-day": "3"})
    (before,) = ledger.uses(studio.alice)
    sites.change({"unpriced": "refuse", "time_zone": "Asia/Kathmandu"})
    with pytest.raises(Problem, match="has no price"):
        requests.submit(studio.alice, Order("a tree", MODEL))
    (after,) = ledger.uses(studio.alice)
    assert (before.resets, after.resets) == (
        datetime(2026, 11, 23, tzinfo=UTC),
        datetime(2026, 11, 22, 18, 15, tzinfo=UTC),
    )
    assert (before.used + before.reserved, after.used + after.reserved) == (1, 1)
