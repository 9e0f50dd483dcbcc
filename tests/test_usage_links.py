"""Every number of the usage page leads to exactly the pictures that make it up."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from sqlalchemy import select

from core.ledger.export import Entry
from core.ledger.usage.figures import Numbers
from core.ledger.usage.service import Usage
from core.settings import Settings
from core.site import Sites
from core.storage.database import Database
from core.storage.tables import User
from core.studio.inquiry import Inquiries
from core.studio.narrowing import AT_RISK, NONE, NOT_MADE, Inquiry, listed
from pages.admin.usage_links import all_but, before_address, behind, requests_address
from pages.admin.usage_times import MEASURES, bar_address, of_bars
from tests.conftest import SettableClock
from tests.ledger_rows import add_picture, add_text
from tests.studio import insert_cast

ZONE = "Australia/Lord_Howe"  # whose clocks change by half an hour
MODEL = "a model, so called"
STATES = ("done", "done", "failed", "blocked", "unknown", "cancelled")


@pytest.fixture
def sites(database: Database, settings: Settings) -> Sites:
    sites = Sites(database, settings)
    sites.change({"time_zone": ZONE})
    return sites


def fill(database: Database, clock: SettableClock) -> None:
    clock.now = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
    cast, dice = insert_cast(database), random.Random(3)
    for _ in range(60):
        state = dice.choice(STATES)
        is_open = state in ("unknown", "done") and dice.random() < 0.4
        add_picture(
            database,
            dice.choice((cast.alice, cast.bob)),
            # Around the days when the clocks are changed, and today.
            dice.choice((datetime(2026, 4, 4, 15, tzinfo=UTC), datetime(2026, 10, 3, 15, tzinfo=UTC), clock.now))
            - timedelta(minutes=dice.randrange(-60, 180)) * (dice.random() < 0.9)
            - timedelta(minutes=61),
            cost=dice.choice((0, 40_000, 170_000)) if state == "done" and not is_open else None,
            reserved=50_000 if is_open else None,
            state=state,
            problem=dice.choice((None, "blocked", "deadline_passed")) if state in ("failed", "unknown") else None,
            model=dice.choice(("gpt-image-2", MODEL)),
            quality=dice.choice((None, "high")),
            door=dice.choice(("pages", "api")),
        )
        if dice.random() < 0.3:
            add_text(
                database, cast.bob, clock.now - timedelta(minutes=61), *dice.choice(((1_234, None), (None, 4_321)))
            )


def test_every_number_leads_to_exactly_the_pictures_behind_it(
    database: Database, sites: Sites, clock: SettableClock
) -> None:
    fill(database, clock)
    report = Usage(database, sites).report("year")
    rows: list[tuple[dict[str, object], Numbers]] = [({}, report.total.numbers)]
    rows += [({"user": report.logins[person]}, numbers) for person, numbers in report.people.items()]
    rows += [
        ({"model": listed([model]), "quality": quality or NONE}, numbers)
        for (model, quality), numbers in report.models.items()
    ]
    rows += [({"door": door}, numbers) for door, numbers in report.doors.items()]
    rows += [({"hour": f"{day + 1}-{hour:02}"}, numbers) for (day, hour), numbers in report.hours.items()]
    rows += [
        ({"state": state, "problem": problem or NONE}, numbers)
        for (state, problem), numbers in report.reasons.items()
        if state != "text"  # which the page does not show
    ]
    rows += [
        ({"first": day, "last": day, "model": listed([model])}, numbers)
        for (day, model), numbers in report.days.items()
    ]
    assert len(rows) > 30
    for filters, numbers in rows:
        lists = {name: _list(database, sites, address) for name, address in behind(report.period, filters).items()}
        assert len(lists["ordered"]) == numbers.ordered, filters
        assert len({entry.request_id for entry in lists["requests"]}) in (numbers.requests, numbers.ordered), filters
        assert _dollars(lists["cost"], "cost_usd") == numbers.cost_micros, filters
        assert _dollars(lists["risk"], "at_risk_usd") == numbers.risk_micros, filters
        # Where a number is 0 the page has no link.
        assert numbers.failed in (0, len(lists["failed"])), filters
        assert numbers.pictures in (0, len(lists["pictures"])), filters
    failed = _list(database, sites, requests_address(report.period, state=NOT_MADE))
    assert len(failed) == report.total.numbers.failed > 0
    at_risk = _list(database, sites, requests_address(report.period, state=AT_RISK))
    assert _dollars(at_risk, "at_risk_usd") == report.total.numbers.risk_micros > 0


def test_bars_and_what_was_before_lead_to_exactly_what_they_show(
    database: Database, sites: Sites, clock: SettableClock
) -> None:
    fill(database, clock)
    people = _people(database)
    for days, seconds in ((0, 0.5), (0, 0.500001), (0, 8), (1, 2**1.5), (1, 3)):
        ordered = clock.now - timedelta(days=days, hours=3)
        begun = ordered + timedelta(seconds=seconds)
        ended = begun + timedelta(seconds=2 * seconds)
        add_picture(database, people["alice"], ordered, cost=5, started_at=begun, finished_at=ended)
    add_picture(database, people["bob"], clock.now - timedelta(hours=20), cost=7)  # after what yesterday is compared to
    usage = Usage(database, sites)
    report = usage.report("today", leading=("pictures", 1))
    for measure in MEASURES:
        counts = of_bars(report.histogram[measure])
        assert sum(counts.values()) == 3
        for place, number in counts.items():
            assert len(_list(database, sites, bar_address(report, measure, place))) == number, (measure, place)
    before = _list(database, sites, before_address(report.period))
    assert _dollars(before, "cost_usd") == report.before.numbers.cost_micros > 0
    first, last = report.forecast.first, report.forecast.last
    month = _list(database, sites, requests_address(report.period, first=first, last=last))
    assert (
        sum(_dollars(month, f"{kind}_usd") for kind in ("cost", "reserved", "at_risk")) == report.forecast.spent_micros
    )
    whole = usage.report("year").total.numbers
    year, paints = usage.report("year").period, ["gpt-image-2:high", f"{MODEL}:{NONE}"]
    for filters, is_left in (
        (all_but("user", ["alice"]), {"user": "alice"}),
        (all_but("model", ["gpt-image-2"]), {"model": "gpt-image-2"}),
        (all_but("model", [MODEL]), {"model": listed([MODEL])}),
        (all_but("paint", paints), {"paint": listed(paints)}),
    ):
        sums = [_dollars(_list(database, sites, requests_address(year, **it)), "cost_usd") for it in (filters, is_left)]
        assert all(sums)
        assert sum(sums) == whole.cost_micros


def _people(database: Database) -> dict[str, int]:
    with database.read() as session:
        return dict(session.execute(select(User.login, User.id)).all())


def _list(database: Database, sites: Sites, address: str) -> list[Entry]:
    asked = dict(parse_qsl(address.partition("?")[2]))
    return list(Inquiries(database).export(Inquiry.of(asked, sites.now().zone)))


def _dollars(entries: list[Entry], name: str) -> int:
    return int(sum((getattr(entry, name) or Decimal(0) for entry in entries), Decimal(0)) * 1_000_000)
