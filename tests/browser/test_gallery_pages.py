"""The gallery: pages, one picture large, its address, its original."""

import hashlib
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.studio.gallery import PAGE
from tests.browser import screens
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.studio import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("gallery pages")]

HOSTILE = "A \"quoted\" <script>alert(1)</script> & <b>bold</b> 🦜 שלום עולם 'single' {brace} $x$ `code`"


@pytest.fixture
def page(window: Windows, cast: Cast, alice: Somebody) -> Page:
    return window(token=cast.token(alice))


def shown(page: Page) -> list[int]:
    return [int(tile.get_attribute("data-picture") or 0) for tile in screens.tiles(page).all()]


def test_pages_are_turned_by_key_in_both_directions(page: Page, cast: Cast, alice: Somebody) -> None:
    ids = cast.hang(alice, picture(16, 16), number=PAGE + 3)[::-1]
    screens.open_page(page, "/gallery")
    expect(screens.tiles(page)).to_have_count(PAGE)
    assert shown(page) == ids[:PAGE]
    expect(page.get_by_role("button", name="Newer")).to_have_count(0)
    page.get_by_role("button", name="Older").click()
    expect(screens.tiles(page)).to_have_count(3)
    assert shown(page) == ids[PAGE:]
    expect(page).to_have_url(re.compile(rf"before={ids[PAGE - 1]}"))
    expect(page.get_by_role("button", name="Older")).to_have_count(0)
    page.reload()
    expect(screens.tiles(page)).to_have_count(3)
    page.get_by_role("button", name="Newer").click()
    expect(screens.tiles(page)).to_have_count(PAGE)
    assert shown(page) == ids[:PAGE]


def test_a_click_opens_a_picture_large_with_its_original_and_escape_closes_it_and_clears_the_address(
    page: Page, cast: Cast, alice: Somebody, complaints: list[str], tmp_path: Path
) -> None:
    data = picture(300, 200, "PNG", "navy")
    (image_id,) = cast.hang(alice, data, "A lake in June")
    screens.open_page(page, "/gallery")
    screens.tiles(page).locator("a").click()
    opened = screens.dialog(page)
    expect(opened.get_by_role("img", name="A lake in June")).to_be_visible()
    expect(opened).to_contain_text("300 × 200")
    expect(opened).to_contain_text("PNG")
    expect(page).to_have_url(re.compile(rf"picture={image_id}$"))
    with page.expect_download() as started:
        opened.get_by_role("link", name="Download the original").click()
    assert started.value.suggested_filename == f"imagier-{image_id}.png"
    started.value.save_as(tmp_path / "saved")
    assert hashlib.sha256((tmp_path / "saved").read_bytes()).digest() == hashlib.sha256(data).digest()
    page.keyboard.press("Escape")
    expect(opened).to_have_count(0)
    expect(page).not_to_have_url(re.compile("picture="))
    page.reload()
    screens.wait_for_page(page)
    expect(screens.tiles(page)).to_have_count(1)
    expect(screens.dialog(page)).to_have_count(0)
    assert complaints == []


def test_an_address_opens_the_picture_for_its_owner_and_for_an_administrator(
    window: Windows, cast: Cast, alice: Somebody, ada: Somebody
) -> None:
    (image_id,) = cast.hang(alice, picture(300, 200), "A lake in July")
    for somebody in (alice, ada):
        page = window(token=cast.token(somebody))
        screens.open_page(page, f"/gallery?picture={image_id}")
        image = screens.dialog(page).get_by_role("img", name="A lake in July")
        expect(image).to_have_js_property("naturalWidth", 300)


def test_a_strangers_picture_and_one_that_never_was_are_told_apart_by_nobody(
    window: Windows, cast: Cast, alice: Somebody, bob: Somebody
) -> None:
    (hers,) = cast.hang(alice, picture(), "A secret garden")
    page = window(token=cast.token(bob))
    for number in (hers, 999_999_999, "1 OR 1=1", "9" * 40):
        screens.open_page(page, f"/gallery?picture={number}")
        expect(screens.refusal(page)).to_have_text(
            "There is no such picture here, or it is not yours. Look in your gallery."
        )
        expect(screens.dialog(page)).to_have_count(0)
        assert "secret garden" not in page.content()


def test_a_key_opens_a_tile_and_the_alternative_text_is_the_description_letter_by_letter(
    page: Page, cast: Cast, alice: Somebody, complaints: list[str]
) -> None:
    cast.hang(alice, picture(64, 64), HOSTILE)
    screens.open_page(page, "/gallery")
    image = screens.tiles(page).locator("img")
    expect(image).to_have_attribute("alt", HOSTILE)
    screens.tiles(page).locator("a").focus()
    page.keyboard.press("Enter")
    opened = screens.dialog(page)
    expect(opened.locator("img.imagier-large")).to_have_attribute("alt", HOSTILE)
    expect(opened.locator(".imagier-description")).to_have_text(HOSTILE)
    screens.open_page(page)
    expect(page.locator(".imagier-group p")).to_have_text(HOSTILE)
    for _ in range(2):  # also a second time
        screens.tiles(page).locator("a").click()
        expect(opened.locator("img.imagier-large")).to_be_visible()
        page.keyboard.press("Escape")
        expect(opened).to_have_count(0)
    assert complaints == []


def test_an_empty_gallery_says_so_and_a_nonsense_address_breaks_nothing(
    page: Page, cast: Cast, alice: Somebody
) -> None:
    screens.open_page(page, "/gallery")
    expect(page.get_by_text("There are no pictures here yet.")).to_be_visible()
    cast.hang(alice, picture())
    for query in ("before=abc", "after=-5", "before=1"):
        screens.open_page(page, f"/gallery?{query}")
        expect(page.get_by_role("heading", name="Gallery")).to_be_visible()
        expect(screens.refusal(page)).to_have_count(0)
