"""The usage page in a real browser: its figures, its tables, its files, and a phone."""

import csv
import io
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import screens
from tests.browser.application import until
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.studio import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("look")]


def test_the_administrator_sees_what_was_made_and_takes_it_along(
    window: Windows, cast: Cast, ada: Somebody, alice: Somebody
) -> None:
    cast.hang(alice, picture(), number=2)
    page = window(token=cast.token(ada))
    screens.open_page(page, "/usage?period=today")
    expect(page.locator(".imagier-figures > div")).to_have_count(8)
    expect(page.locator(".imagier-figures > div").first).to_contain_text("Pictures")
    expect(page.locator("[data-testid=stVegaLiteChart]").first).to_be_visible()
    fold = page.locator(".st-key-table-people")
    fold.locator("summary").click()
    expect(fold.locator("tr", has_text="Alice").first).to_be_visible()
    with page.expect_download() as downloading:
        fold.get_by_role("button", name="CSV").click()
    rows = list(csv.DictReader(io.StringIO(Path(downloading.value.path()).read_text("utf-8-sig"))))
    named = ("Alice", f"Alice · {alice.login}")  # where others have the same name
    assert any(row["person"] in named and row["pictures"] == "2" for row in rows)
    # What is shown is in the address, so that one comes back to it from the requests.
    page.locator("[data-testid=stButtonGroup] button", has_text="by person").click()
    expect(page.locator(".imagier-legend").first).to_contain_text("Alice")
    assert page.url.endswith("/usage?period=today&split=person")
    page.locator(".imagier-bars a", has_text=alice.login).or_(
        page.locator(".imagier-bars a", has_text="Alice")
    ).first.click()
    expect(page.get_by_role("heading", name="Requests", exact=True)).to_be_visible()
    page.go_back()
    expect(page.locator(".imagier-legend").first).to_contain_text("Alice")


def test_it_fits_a_phone_and_nobody_else_finds_it(window: Windows, cast: Cast, ada: Somebody, alice: Somebody) -> None:
    phone = window(token=cast.token(ada), viewport={"width": 390, "height": 844}, color_scheme="dark")
    screens.open_page(phone, "/usage")
    expect(phone.locator(".imagier-month")).to_be_visible()
    until(lambda: phone.evaluate("document.documentElement.scrollWidth") <= 390, "a page as wide as the phone")
    stranger = window(token=cast.token(alice))
    screens.open_page(stranger, "/")
    expect(stranger.locator("[data-testid=stTopNavLink]", has_text="Usage")).to_have_count(0)
