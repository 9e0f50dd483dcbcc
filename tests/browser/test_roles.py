"""Which pages there are for whom: in the navigation, by their address, and on a server that was started just now."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.api.first_page import PATHS
from tests.browser import screens
from tests.browser.application import Application
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("roles")]

FOR_ALL = ["Create", "Gallery", "Account"]
FOR_ADMINISTRATORS = ["Usage", "Requests", "People", "Connections", "Ledger", "Settings", "Audit"]
# Pages of administrators and of people, files that are no pages, and a folder.
ADDRESSES = ("usage", "people", "create", "gallery", "tiles", "setup", "navigation", "admin/people")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Application]:
    """An application that nobody has visited yet."""
    application = Application(tmp_path_factory.mktemp("fresh"))
    cast = Cast(application.data, sqlite_template)
    cast.join("Ada", "admin")
    cast.close()
    with application:
        yield application


def test_the_first_requests_of_a_stranger_to_any_address_meet_the_sign_in_and_nothing_else(
    window: Windows, fresh: Application
) -> None:
    page = window(fresh)
    for address in ADDRESSES:
        page.goto(f"/{address}")
        if address not in PATHS:
            expect(page.get_by_role("heading")).to_have_text("There is no such page")
            continue
        expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        screens.settle(page)
        assert set(page.get_by_role("heading").all_inner_texts()) <= {"Imagier", "Sign in"}
        expect(page.locator("[data-testid=stTopNavLink], [data-testid=stSidebarNavLink]")).to_have_count(0)


def test_an_administrator_has_the_pages_of_an_administrator(window: Windows, cast: Cast, ada: Somebody) -> None:
    page = window(token=cast.token(ada))
    for address, title in (("people", "People"), ("connections", "Connections")):
        screens.open_page(page, f"/{address}")
        expect(page.get_by_role("heading", name=title)).to_be_visible()
    screens.expect_links(page, FOR_ALL + FOR_ADMINISTRATORS)


def test_for_a_user_they_are_not_in_the_navigation_nor_behind_their_address(
    window: Windows, cast: Cast, ada: Somebody, bob: Somebody
) -> None:
    page = window(token=cast.token(bob))
    for address in ("usage", "people", "connections", "ledger", "requests", "audit", "settings"):
        page.goto(f"/{address}")
        expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
        screens.settle(page)
        screens.expect_links(page, FOR_ALL)
        assert ada.login not in page.content()
        expect(page.get_by_text("The line is open.")).to_have_count(0)


def test_a_change_of_role_counts_at_the_next_click(window: Windows, cast: Cast, alice: Somebody, bob: Somebody) -> None:
    page = window(token=cast.token(bob))
    screens.open_page(page)
    cast.change(bob, type="admin")
    screens.go(page, "Gallery")
    screens.expect_links(page, FOR_ALL + FOR_ADMINISTRATORS)
    screens.open_page(page, f"/people?person={alice.user_id}")
    cast.change(bob, type="user")
    page.locator(f".st-key-disable-{alice.user_id} button").click()
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    screens.expect_links(page, FOR_ALL)
    assert cast.people.find(alice.login).disabled_at is None  # type: ignore[union-attr]


def test_the_last_administrator_cannot_be_disabled(window: Windows, fresh: Application) -> None:
    cast = Cast(fresh.data)
    (ada,) = cast.people.all()
    page: Page = window(fresh, cast.token_of(ada.id))
    screens.open_page(page, f"/people?person={ada.id}")
    page.locator(f".st-key-disable-{ada.id} button").click()
    expect(screens.refusal(page)).to_contain_text("is the last administrator, and somebody must be one.")
    cast.close()
