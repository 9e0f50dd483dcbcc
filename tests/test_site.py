"""The site's settings: the environment's until the administrator changes them, and then at once and everywhere."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core import services as parts
from core.acting import Actor, acting
from core.connections.drafts import Draft
from core.errors import Problem
from core.settings import Settings
from core.site import Site, Sites
from core.storage.database import Database
from core.storage.tables import AuditEntry, Request, Setting
from core.studio.orders import Order
from tests.studio import insert_cast


@pytest.fixture
def sites(database: Database, settings: Settings) -> Sites:
    return Sites(database, settings)


def test_what_nobody_changed_is_what_the_environment_says(database: Database) -> None:
    settings = Settings.load(
        _env_file=None, IMAGIER_TIMEZONE="Europe/Paris", IMAGIER_LANGUAGE="fr", IMAGIER_UNPRICED="refuse"
    )
    site = Sites(database, settings).now()
    assert (site.time_zone, site.language, site.unpriced, site.previews) == ("Europe/Paris", "fr", "refuse", 2)
    assert (site.registration, site.retention_days, site.text_model) == ("closed", None, None)


def test_a_change_holds_at_once_in_every_process(database_url: str, settings: Settings) -> None:
    here, there = Database(database_url), Database(database_url)
    Sites(here, settings).change({"time_zone": "Asia/Tokyo", "retention_days": 90, "sharing": True})
    site = Sites(there, settings).now()
    assert (site.time_zone, site.retention_days, site.sharing) == ("Asia/Tokyo", 90, True)
    Sites(there, settings).change({"retention_days": None})
    assert Sites(here, settings).now().retention_days is None
    here.close()
    there.close()


@pytest.mark.parametrize(
    "values",
    [
        {"time_zone": "Mars/Olympus"},
        {"time_zone": ""},
        {"time_zone": "../etc/passwd"},
        {"language": "de"},
        {"previews": 4},
        {"previews": True},
        {"unpriced": "maybe"},
        {"registration": "ajar"},
        {"sharing": "yes"},
        {"retention_days": 0},
        {"retention_days": 10**9},
        {"retention_days": 7, "retention_notice_days": 8},
        {"retention_notice_days": 0},
        {"text_model": ""},
        {"text_model": "x" * 129},
    ],
)
def test_an_impossible_value_is_refused_and_nothing_of_the_change_is_kept(sites: Sites, values: dict[str, Any]) -> None:
    before = sites.now()
    with pytest.raises(Problem) as refusal:
        sites.change({"language": "fr", **values})
    assert refusal.value.code == "setting_impossible"
    assert str(refusal.value)
    assert sites.now() == before


def test_a_change_is_recorded_with_what_was_there_before(sites: Sites, database: Database) -> None:
    with acting(Actor(1, "ada", "192.0.2.7", "pages")):
        sites.change({"language": "fr", "time_zone": "UTC"})
        sites.change({"language": "fr"})
    with database.read() as session:
        (entry,) = session.scalars(select(AuditEntry))
    assert (entry.act, entry.login) == ("settings.changed", "ada")
    assert (entry.before, entry.after) == ({"language": "en"}, {"language": "fr"})


def test_what_this_program_does_not_know_or_take_counts_as_absent(sites: Sites, database: Database) -> None:
    with database.write() as session:
        now = database.now(session)
        session.add(Setting(name="of_a_newer_program", value=[1], changed_at=now))
        session.add(Setting(name="time_zone", value="Mars/Olympus", changed_at=now))
    assert sites.now() == sites.default
    assert isinstance(sites.now(), Site)


def test_orders_follow_the_site_at_once(database_url: str, settings: Settings) -> None:
    services = parts.build(settings.model_copy(update={"database_url": database_url}))
    alice = insert_cast(services.database).alice
    services.connections.add(alice, "server", Draft("compatible", "http://localhost:1/v1", models={"fox": None}))
    services.requests.submit(alice, Order("a tree", "fox"))
    services.site.change({"unpriced": "refuse", "previews": 3, "time_zone": "Pacific/Auckland"})
    with pytest.raises(Problem, match="no price"):
        services.requests.submit(alice, Order("a tree", "fox"))
    request_id = services.requests.submit(alice, Order("a tree", "painter"))
    with services.database.read() as session:
        assert session.get_one(Request, request_id).previews == 3
    assert str(services.ledger.zone) == "Pacific/Auckland"
    services.limits.set("site", "", {"pictures-per-day": "1"})
    (use,) = services.ledger.uses(alice)
    assert use.resets is not None
    assert use.resets.astimezone(ZoneInfo("Pacific/Auckland")).hour == 0
    services.database.close()
