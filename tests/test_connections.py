"""Connections: set up while the program runs, seen at once by every process, their keys going in only."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select, text

from core import services as parts
from core.acting import Actor, acting
from core.connections.drafts import Draft, checked, checked_name, models_of, text_of
from core.errors import Problem
from core.services import Services
from core.settings import Settings
from core.storage.database import Database
from core.storage.tables import AuditEntry, Connection, Image
from core.studio.orders import Order
from tests.conftest import SettableClock
from tests.studio import Cast, insert_cast

KEY = "sk-canary/4f0c.77a1-b2d9"
SERVER = Draft("compatible", "http://localhost:8080/v1", KEY, models={"fox": 40_000, "hare": None})


@pytest.fixture
def services(database_url: str, settings: Settings) -> Iterator[Services]:
    services = parts.build(settings.model_copy(update={"database_url": database_url}))
    yield services
    services.database.close()


@pytest.fixture
def another(services: Services) -> Iterator[Services]:
    """Another process on the same database."""
    another = parts.build(services.settings)
    yield another
    another.database.close()


@pytest.fixture
def cast(services: Services) -> Cast:
    return insert_cast(services.database)


def refused(code: str, function: Any, *arguments: Any, **more: Any) -> Problem:
    with pytest.raises(Problem) as refusal:
        function(*arguments, **more)
    assert refusal.value.code == code, refusal.value
    assert KEY not in str(refusal.value)
    return refusal.value


def names(services: Services) -> list[str]:
    return [lane.name for lane in services.lanes()]


def offered(services: Services) -> dict[str, str]:
    return {offer.model.name: offer.lane.name for offer in services.requests.offers(services.requests.today())}


def order(services: Services, user_id: int, model: str = "fox", number: int = 1) -> list[Image]:
    request_id = services.requests.submit(user_id, Order("a tree", model, number=number))
    with services.database.read() as session:
        return list(session.scalars(select(Image).where(Image.request_id == request_id).order_by(Image.id)))


def test_a_change_is_seen_at_once_by_another_process(services: Services, another: Services, cast: Cast) -> None:
    here, there = services, another
    assert names(there) == ["painter"]
    here.connections.add(cast.ada, " Server ", SERVER)
    assert names(there) == ["Server", "painter"]
    assert offered(there) == {"fox": "Server", "hare": "Server", "painter": "painter"}
    revision = there.lanes()[0].revision
    here.connections.change(cast.ada, "Server", replace(SERVER, key=None, at_once=3, images_per_minute=5))
    lane = there.lanes()[0]
    assert (lane.at_once, lane.per_window) == (3, 5)
    assert lane.revision != revision
    here.connections.pause("Server")
    assert names(there) == ["painter"]
    here.connections.go_on("Server")
    assert names(there) == ["Server", "painter"]
    here.connections.remove("Server")
    assert names(there) == ["painter"]
    here.connections.add(cast.ada, "Server", SERVER)
    assert there.lanes()[0].revision not in ("", revision, lane.revision), "another one, though it has the same name"


def test_the_key_goes_in_and_never_comes_out(services: Services, cast: Cast) -> None:
    with acting(Actor(cast.ada, "ada", "192.0.2.7", "pages")):
        services.connections.add(cast.ada, "server", SERVER)
        services.connections.change(cast.ada, "server", replace(SERVER, key=KEY + "2", organisation="org-1"))
    line = services.connections.find("server")
    assert line.key_end == "••••2d92"
    assert KEY not in repr((line, SERVER, services.lanes(), services.connections))
    with services.database.read() as session:
        rows = [dict(row._mapping) for row in session.execute(text("SELECT * FROM connections"))]
        audit = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert KEY not in str(rows)
    told = json.dumps([[entry.before, entry.after] for entry in audit])
    assert KEY not in told
    assert [entry.act for entry in audit] == ["connection.added", "connection.changed"]
    assert audit[1].after == {"key": "••••", "organisation": "org-1"}
    assert audit[1].before == {"key": "••••", "organisation": ""}


def test_a_short_key_shows_nothing_of_itself(services: Services, cast: Cast) -> None:
    services.connections.add(cast.ada, "server", replace(SERVER, key="geheim"))
    assert services.connections.find("server").key_end == "••••"


MOVES: tuple[dict[str, Any], ...] = (
    {"base_url": "http://localhost:8081/v1"},
    {"base_url": "https://localhost:8080/v1"},
    {"base_url": "http://localhost:8080/v2"},
    {"base_url": "", "kind": "openai"},
    {"kind": "openai"},
)


def test_a_kept_key_is_never_sent_to_another_address(services: Services, cast: Cast) -> None:
    services.connections.add(cast.ada, "server", SERVER)
    before = services.lanes()
    for move in MOVES:
        refused("key_needed_again", services.connections.change, cast.ada, "server", replace(SERVER, key=None, **move))
    assert services.lanes() == before
    services.connections.change(cast.ada, "server", replace(SERVER, **MOVES[0]))
    services.connections.change(cast.ada, "server", replace(SERVER, key="", **MOVES[1]))
    assert services.connections.find("server").key_end == ""
    services.connections.change(cast.ada, "server", replace(SERVER, key=None))


def test_a_detour_over_the_painter_does_not_carry_the_key_elsewhere(services: Services, cast: Cast) -> None:
    services.connections.add(cast.ada, "server", SERVER)
    services.connections.change(cast.ada, "server", Draft("painter", key=None))
    services.connections.change(cast.ada, "server", replace(SERVER, key=None, base_url="http://elsewhere.example/v1"))
    assert services.connections.find("server").key_end == ""


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"base_url": ""}, "address_missing"),
        ({"base_url": "localhost:8080"}, "address_impossible"),
        ({"base_url": "ftp://host/v1"}, "address_impossible"),
        ({"base_url": f"http://ada:{KEY}@host/v1"}, "address_impossible"),
        ({"base_url": f"http://host/v1?key={KEY}"}, "address_impossible"),
        ({"base_url": "http://host:port/v1"}, "address_impossible"),
        ({"base_url": "http://ho st/v1"}, "address_impossible"),
        ({"key": f"{KEY} and more"}, "key_impossible"),
        ({"key": f"{KEY}é"}, "key_impossible"),
        ({"key": f"{KEY}\n{KEY}"}, "key_impossible"),
        ({"organisation": "é"}, "header_impossible"),
        ({"project": "a\nb: c"}, "header_impossible"),
        ({"at_once": 0}, "number_out_of_range"),
        ({"images_per_minute": -1}, "number_out_of_range"),
        ({"deadline": float("nan")}, "number_out_of_range"),
        ({"deadline": 3601}, "number_out_of_range"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, Any], code: str) -> None:
    refused(code, checked, replace(SERVER, **change))


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\nb"])
def test_a_name_is_one_short_line(name: str) -> None:
    refused("connection_name_impossible", checked_name, name)


def test_what_is_refused_changes_nothing(services: Services, cast: Cast) -> None:
    refused("address_missing", services.connections.add, cast.ada, "server", replace(SERVER, base_url=""))
    refused("connection_name_impossible", services.connections.add, cast.ada, "", SERVER)
    services.connections.add(cast.ada, "server", SERVER)
    before = services.connections.all()
    refused("address_missing", services.connections.change, cast.ada, "server", replace(SERVER, base_url=""))
    assert services.connections.all() == before


def test_a_name_is_given_once_also_that_of_the_environment(services: Services, cast: Cast) -> None:
    services.connections.add(cast.ada, "server", SERVER)
    for name in ("server", " server", "painter"):
        refused("connection_taken", services.connections.add, cast.ada, name, SERVER)


def test_models_are_lines_with_a_price_behind_them() -> None:
    typed = " flux-dev = 0.04\n\nsome/model:v1\r\nfree=0\neuro = 0,5\nstable diffusion 3\n"
    models = models_of(typed)
    assert models == {
        "flux-dev": 40_000,
        "some/model:v1": None,
        "free": 0,
        "euro": 500_000,
        "stable diffusion 3": None,
    }
    assert models_of(text_of(models)) == models
    for wrong, code in (
        ("fox = much", "price_impossible"),
        ("fox = -1", "price_impossible"),
        ("fox = 1,234", "price_impossible"),
        ("fox = nan", "price_impossible"),
        ("fox =", "price_impossible"),
        ("x" * 129, "model_impossible"),
        ("= 3", "model_impossible"),
        ("painter", "model_of_the_painter"),
        ("\n".join(f"model {number}" for number in range(101)), "too_many_models"),
    ):
        refused(code, models_of, wrong)


def test_what_the_environment_gives_is_shown_and_can_only_be_paused_and_moved(database_url: str) -> None:
    settings = Settings.load(
        _env_file=None,
        DATABASE_URL=database_url,
        OPENAI_API_KEY=KEY,
        IMAGIER_FILES_URL="memory://",
        IMAGIER_PAINTER="1",
    ).model_copy(update={"secret_key": None})
    services = parts.build(settings)
    ada = insert_cast(services.database).ada
    line = services.connections.find("openai")
    assert (line.kind, line.base_url, line.key_end, line.is_of_environment) == ("openai", "", "••••b2d9", True)
    refused("connection_of_environment", services.connections.change, ada, "openai", SERVER)
    refused("connection_of_environment", services.connections.remove, "openai")
    services.connections.move_up("painter")
    assert names(services) == ["painter", "openai"]
    services.connections.pause("openai")
    assert names(services) == ["painter"]
    assert services.connections.find("openai").is_paused
    services.connections.go_on("openai")
    assert names(services) == ["painter", "openai"]
    services.database.close()


def test_of_two_that_offer_a_model_the_first_draws_it(services: Services, cast: Cast) -> None:
    services.connections.add(cast.ada, "first", replace(SERVER, models={"fox": None}))
    services.connections.add(cast.ada, "second", replace(SERVER, models={"fox": None, "owl": None}))
    assert offered(services) == {"fox": "first", "owl": "second", "painter": "painter"}
    services.connections.move_up("second")
    assert offered(services)["fox"] == "second"
    assert order(services, cast.alice)[0].connection == "second"
    services.connections.pause("second")
    assert offered(services) == {"fox": "first", "painter": "painter"}
    refused("model_not_offered", order, services, cast.alice, "owl")


def test_a_picture_costs_what_its_connection_takes(services: Services, cast: Cast) -> None:
    connections = services.connections
    connections.add(cast.ada, "dear", replace(SERVER, models={"fox": 40_000}))
    connections.add(cast.ada, "cheap", replace(SERVER, models={"fox": 1_000, "owl": None}))
    assert order(services, cast.alice)[0].reserved_micros == 40_000
    connections.pause("dear")
    assert order(services, cast.alice)[0].reserved_micros == 1_000
    connections.change(cast.ada, "cheap", replace(SERVER, key=None, models={"fox": None}))
    assert order(services, cast.alice)[0].reserved_micros is None, "the list does not know it"
    (model,) = connections.find("cheap").models
    assert (model.price, model.own_micros) == (None, None)
    connections.remove("cheap", cancels_waiting=True)
    connections.add(cast.ada, "cheap", replace(SERVER, models={"fox": None}))
    assert connections.find("cheap").models[0].own_micros is None


def test_a_connection_is_not_removed_under_pictures_that_wait_or_are_drawn(
    services: Services, cast: Cast, clock: SettableClock
) -> None:
    connections = services.connections
    connections.add(cast.ada, "server", SERVER)
    first, *others = order(services, cast.alice, number=3)
    claim = services.worker.line.claim(services.lanes()[0])
    assert claim is not None
    refused("connection_running", connections.remove, "server", cancels_waiting=True)
    services.worker.line.finish(claim, {})
    problem = refused("connection_awaited", connections.remove, "server")
    assert problem.params == {"name": "server", "count": 2}
    connections.remove("server", cancels_waiting=True)
    with services.database.read() as session:
        states = {image.id: image.state for image in session.scalars(select(Image))}
        held = session.scalar(text("SELECT sum(reserved_micros) FROM tallies WHERE user_id = 0"))
    assert states == {first.id: "done", others[0].id: "cancelled", others[1].id: "cancelled"}
    assert held == 0


def test_pictures_of_a_closed_connection_wait_and_say_why(services: Services, cast: Cast) -> None:
    services.connections.add(cast.ada, "server", SERVER)
    image = order(services, cast.alice)[0]
    lane = services.lanes()[0]
    services.connections.pause("server")
    assert services.worker.line.claim(lane) is None, "also by who has not looked yet"

    def why() -> str | None:
        return services.boards.board(cast.alice).stopped["server"].stopped_code

    assert why() == "connection_paused"
    assert {status.name: status.waiting for status in services.statuses.lines()} == {"painter": 0, "server": 1}
    services.connections.go_on("server")
    assert services.boards.board(cast.alice).stopped == {}
    with services.database.write() as session:
        session.execute(text("UPDATE connections SET key_sealed = 'nonsense', revision = 'x'"))
    assert why() == "connection_key_unreadable"
    assert not services.connections.find("server").has_readable_key
    with services.database.write() as session:
        session.execute(text("DELETE FROM connections"))
    assert why() == "connection_gone"
    services.requests.cancel(cast.alice, image.id)
    assert services.boards.board(cast.alice).stopped == {}


def test_a_change_between_the_look_and_the_claim_is_noticed(services: Services, cast: Cast) -> None:
    services.connections.add(cast.ada, "server", SERVER)
    order(services, cast.alice)
    before = services.lanes()[0]
    services.connections.change(cast.ada, "server", replace(SERVER, key=None, at_once=1))
    assert services.worker.line.claim(before) is None
    assert services.worker.line.claim(services.lanes()[0]) is not None


def test_another_secret_with_the_old_one_beside_it_seals_every_key_anew(database_url: str, settings: Settings) -> None:
    def built(**more: str) -> Services:
        return parts.build(
            Settings.load(_env_file=None, DATABASE_URL=database_url, IMAGIER_DATA_DIR=settings.data_dir, **more)
        )

    first = built(IMAGIER_SECRET_KEY="o" * 32)
    first.connections.add(insert_cast(first.database).ada, "server", SERVER)
    lost = built(IMAGIER_SECRET_KEY="n" * 32)
    assert not lost.connections.find("server").has_readable_key
    assert names(lost) == ["painter"], "nothing is sent without its key"
    second = built(IMAGIER_SECRET_KEY="n" * 32, IMAGIER_SECRET_KEY_OLD="o" * 32)
    assert second.connections.find("server").key_end == "••••b2d9"
    third = built(IMAGIER_SECRET_KEY="n" * 32)
    assert third.connections.find("server").key_end == "••••b2d9"
    for services in (first, lost, second, third):
        services.database.close()


def test_a_connection_of_the_database_wins_over_one_of_the_environment(database: Database, settings: Settings) -> None:
    settings = settings.model_copy(update={"database_url": database.url.render_as_string(hide_password=False)})
    without = parts.build(settings)
    without.connections.add(insert_cast(without.database).ada, "openai", SERVER)
    both = parts.build(settings.model_copy(update={"openai_base_url": "http://localhost:1/v1"}))
    assert offered(both) == {"fox": "openai", "hare": "openai"}
    assert not both.connections.find("openai").is_of_environment
    for services in (without, both):
        services.database.close()


def test_a_server_of_which_no_model_is_known_offers_nothing_until_some_are_chosen(
    services: Services, cast: Cast
) -> None:
    services.connections.add(cast.ada, "server", replace(SERVER, models={}))
    assert offered(services) == {"painter": "painter"}
    services.connections.offer(cast.ada, "server", ["fox", "owl"])
    services.connections.offer(cast.ada, "server", ["fox", "hare"])
    assert offered(services) == {"fox": "server", "owl": "server", "hare": "server", "painter": "painter"}
    refused("model_of_the_painter", services.connections.offer, cast.ada, "server", ["painter"])


def test_how_a_line_stood_is_forgotten_when_it_is_changed(services: Services, cast: Cast) -> None:
    services.connections.add(cast.ada, "server", SERVER)
    with services.database.write() as session:
        session.get_one(Connection, "server").stopped_code = "wrong_key"
    services.connections.change(cast.ada, "server", replace(SERVER, key=KEY + "x"))
    assert services.statuses.lines()[0].stopped_code is None
