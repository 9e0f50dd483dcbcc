"""The test of a connection: what it finds out for nothing, and the one picture that it offers to pay."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from core import services as parts
from core.connections.drafts import Draft
from core.errors import Problem
from core.services import Services
from core.settings import Settings
from core.studio.trial import cheapest, trial
from tests.images_server import KEY, ImagesServer
from tests.studio import insert_cast

TODAY = date(2026, 11, 24)


@pytest.fixture(scope="module")
def running() -> Iterator[ImagesServer]:
    with ImagesServer() as server:
        yield server


@pytest.fixture
def server(running: ImagesServer) -> ImagesServer:
    running.models = ""
    return running


@pytest.fixture
def services(database_url: str, settings: Settings) -> Iterator[Services]:
    services = parts.build(settings.model_copy(update={"database_url": database_url}))
    yield services
    services.database.close()


def test_a_test_tells_what_is_listed_what_is_missing_and_what_ends(services: Services, server: ImagesServer) -> None:
    ada = insert_cast(services.database).ada
    offered: dict[str, int | None] = dict.fromkeys(("gpt-image-2.6-sunburst", "gpt-image-1.5", "gpt-image-1", "fox"))
    services.connections.add(ada, "server", Draft("compatible", server.base_url, KEY, models=offered))
    server.models = "shutdown"
    found = trial(services.connections, services.catalog, "server", TODAY)
    assert (found.is_reached, found.key, found.has_list) == (True, "accepted", True)
    assert [(model.name, model.is_listed, model.shutdown, model.ends_soon) for model in found.models] == [
        ("gpt-image-2.6-sunburst", True, date(2027, 2, 1), False),
        ("gpt-image-1.5", True, date(2026, 12, 1), True),
        ("fox", False, None, False),
    ]
    assert "gpt-image-2.6-flare" in found.others
    server.models = "missing"
    found = trial(services.connections, services.catalog, "server", TODAY)
    assert (found.is_reached, found.key, found.has_list, found.others) == (True, "untold", False, ())
    assert {model.is_listed for model in found.models} == {None}


def test_a_test_of_a_wrong_key_or_of_nobody_says_so_and_nothing_of_the_key(
    services: Services, server: ImagesServer
) -> None:
    ada = insert_cast(services.database).ada
    draft = Draft("compatible", server.base_url, "sk-wrong-key-of-somebody")
    services.connections.add(ada, "server", draft)
    found = trial(services.connections, services.catalog, "server", TODAY)
    assert found.key == "refused"
    assert "sk-wrong" not in repr(found)
    services.connections.change(ada, "server", replace(draft, base_url="http://127.0.0.1:9/v1"))
    assert not trial(services.connections, services.catalog, "server", TODAY).is_reached
    assert trial(services.connections, services.catalog, "painter", TODAY).key == "accepted"
    with pytest.raises(Problem):
        trial(services.connections, services.catalog, "nobody", TODAY)


def test_the_cheapest_picture_goes_to_the_connection_that_is_tested(services: Services, server: ImagesServer) -> None:
    cast = insert_cast(services.database)
    services.connections.add(cast.ada, "first", Draft("compatible", server.base_url, KEY, models={"fox": 50}))
    models = {"fox": 40, "hare": 900, "owl": None, "gpt-image-1": None}
    services.connections.add(cast.ada, "second", Draft("compatible", server.base_url, KEY, models=models))
    found = cheapest(services.catalog, services.connections.find("second"), TODAY)
    assert found is not None
    order, price = found
    assert (order.model, order.connection, price.micros) == ("fox", "second", 40)
    services.requests.submit(cast.ada, order)
    assert [(line.name, line.waiting) for line in services.statuses.lines()] == [
        ("first", 0),
        ("second", 1),
        ("painter", 0),
    ]
    services.connections.pause("second")
    with pytest.raises(Problem):
        services.requests.submit(cast.ada, order)


def test_of_the_providers_models_the_smallest_at_low_quality_is_the_cheapest(services: Services) -> None:
    cast = insert_cast(services.database)
    models: dict[str, int | None] = dict.fromkeys(("gpt-image-2.6-sunburst", "gpt-image-2.6-flare"))
    services.connections.add(cast.ada, "openai", Draft("openai", key=KEY, models=models))
    found = cheapest(services.catalog, services.connections.find("openai"), TODAY)
    assert found is not None
    order, price = found
    assert order.quality == "low"
    estimated = services.requests.estimate(cast.ada, replace(order, quality="medium"))
    assert price.micros is not None
    assert estimated.micros is not None
    assert 0 < price.micros < estimated.micros


def test_a_connection_without_a_model_has_no_picture_to_try(services: Services, server: ImagesServer) -> None:
    cast = insert_cast(services.database)
    services.connections.add(cast.ada, "server", Draft("compatible", server.base_url, KEY, models={}))
    assert cheapest(services.catalog, services.connections.find("server"), TODAY) is None
