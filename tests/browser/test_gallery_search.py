"""Finding pictures again: while one types, by filters, by a link, and what is said where nothing is found."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from core.storage.tables import Image
from tests.browser import screens
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.studio import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("gallery pages")]


def field(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Search the descriptions")


def descriptions(page: Page) -> list[str]:
    return [image.get_attribute("alt") or "" for image in screens.tiles(page).locator("img").all()]


def test_pictures_are_found_while_one_types_and_each_view_is_a_link(
    window: Windows, cast: Cast, alice: Somebody, bob: Somebody, complaints: list[str]
) -> None:
    for description in ("Une maison bleue", "Maïson d’été", "A lake in June"):
        cast.hang(alice, picture(64, 64), description)
    (wide,) = cast.hang(alice, picture(96, 48), "Maison au bord du lac")
    cast.hang(bob, picture(96, 48), "Maison de Bob")
    page = window(token=cast.token(alice))
    screens.open_page(page, "/gallery")
    expect(screens.tiles(page)).to_have_count(4)

    page.keyboard.press("/")
    expect(field(page)).to_be_focused()
    page.keyboard.type("mais", delay=40)
    expect(screens.tiles(page)).to_have_count(3)
    expect(page).to_have_url(re.compile(r"\?q=mais$"))
    page.keyboard.type("on é", delay=40)
    expect(screens.tiles(page)).to_have_count(1)
    expect(field(page)).to_be_focused()
    expect(field(page)).to_have_value("maison é")
    assert descriptions(page) == ["Maïson d’été"]
    page.go_back()
    expect(screens.tiles(page)).to_have_count(3)
    expect(field(page)).to_have_value("mais")

    page.locator(".st-key-fold-filters button").first.click()
    screens.choose_in_list(page, "filter-shape", "Wide")
    expect(screens.tiles(page)).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile(r"q=mais&shape=wide$"))
    assert screens.tiles(page).get_attribute("data-picture") == str(wide)

    other = window(token=cast.token(alice))
    screens.open_page(other, page.url)
    expect(field(other)).to_have_value("mais")
    expect(screens.tiles(other)).to_have_count(1)

    field(page).fill("boat")
    expect(page.get_by_text("No picture is like that.")).to_be_visible()
    expect(page.get_by_role("button", name="Remove “boat”")).to_be_visible()
    expect(page.get_by_role("button", name="Remove “Wide”")).to_have_count(0)
    field(page).press("Escape")
    expect(screens.tiles(page)).to_have_count(1)
    page.locator(".st-key-chip-shape button").first.click()
    expect(screens.tiles(page)).to_have_count(4)
    expect(page).to_have_url(re.compile(r"/gallery$"))
    assert complaints == []


def test_an_administrator_looks_at_the_pictures_of_one_person_and_nobody_else_does(
    window: Windows, cast: Cast, alice: Somebody, bob: Somebody, ada: Somebody
) -> None:
    cast.hang(alice, picture(), "Hers")
    (failed,) = cast.hang(bob, picture(), "His")
    with cast.database.write() as session:
        session.execute(update(Image).where(Image.id == failed).values(state="failed", problem="rate_limited"))
    address = f"/gallery?person={alice.login}&state=any"
    page = window(token=cast.token(ada))
    screens.open_page(page, address)
    expect(screens.tiles(page)).to_have_count(1)
    assert descriptions(page) == ["Hers"]
    expect(screens.tiles(page).locator(".badge")).to_have_text("Alice")
    his = window(token=cast.token(bob))
    screens.open_page(his, address)
    expect(screens.tiles(his)).to_have_count(1)
    expect(screens.tiles(his, "failed")).to_have_count(1)
    expect(his.get_by_role("button", name="Try again")).to_be_visible()
