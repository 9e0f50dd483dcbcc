"""The administrator's desk in a real browser: from a figure to exactly the requests behind it."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.site import Sites
from tests.browser import screens
from tests.browser.application import Application
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.ledger_rows import add_picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("look")]


@pytest.fixture
def cast(tmp_path: Path, sqlite_template: Path) -> Iterator[Cast]:
    """On a site of their own: other tests have a past too."""
    cast = Cast(tmp_path / "data", sqlite_template)
    yield cast
    cast.close()


@pytest.fixture
def page(window: Windows, cast: Cast, tmp_path: Path) -> Iterator[Page]:
    ada = cast.join("Ada", "admin")
    with Application(tmp_path) as application:
        yield window(application, token=cast.token(ada))


@pytest.fixture
def now(cast: Cast) -> datetime:
    with cast.database.read() as session:
        return cast.database.now(session)


def expect_states(page: Page, *states: str) -> None:
    """Of the pictures in the list, in any order."""
    expect(page.locator(".imagier-list .line")).to_have_count(len(states))
    assert sorted(page.locator(".imagier-list .line .state").all_inner_texts()) == sorted(states)


def test_a_figure_of_usage_leads_to_exactly_the_requests_behind_it(
    page: Page, cast: Cast, alice: Somebody, now: datetime, complaints: list[str]
) -> None:
    zone = Sites(cast.database, cast.settings).now().zone
    day = (now.astimezone(zone).replace(day=1) - timedelta(days=3)).replace(hour=9)  # of last month, which had nothing
    for state, cost, reserved in (("done", 13_170, None), ("blocked", None, None), ("unknown", None, 50_000)):
        add_picture(cast.database, alice.user_id, day, cost=cost, reserved=reserved, state=state, finished_at=day)

    def follow(name: str, expected: list[str]) -> None:
        screens.open_page(page, "/usage?period=last-month")
        page.locator(".imagier-figures > div", has_text=name).locator("a").click()
        expect(page.get_by_role("heading", name="Requests", exact=True)).to_be_visible()
        expect_states(page, *expected)

    follow("Requests", ["Done", "Refused", "Unknown outcome"])
    follow("Failed", ["Refused", "Unknown outcome"])
    follow("Cost at risk", ["Unknown outcome"])
    screens.open_page(page, "/usage?period=last-month")
    fold = page.locator(".st-key-table-hours")
    fold.locator("summary").click()
    fold.get_by_role("row", name=re.compile(" 9 3 1 2 ")).get_by_role("link", name="2", exact=True).click()
    expect_states(page, "Refused", "Unknown outcome")
    assert complaints == []
