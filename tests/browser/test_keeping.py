"""Keeping pictures: many picked and deleted and brought back, collections, notes, the bin."""

import json
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from core.studio.gallery import PAGE
from tests.browser import screens
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.patience import until
from tests.studio import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("gallery pages")]


def tile(page: Page, image_id: int) -> Locator:
    return page.locator(f".imagier-tile[data-picture='{image_id}']")


def said(page: Page, words: str) -> None:
    expect(page.locator(".st-key-selection [role=status]").first).to_have_text(words)


def test_pictures_are_picked_taken_along_deleted_brought_back_and_purged(
    window: Windows, cast: Cast, alice: Somebody, tmp_path: Path, complaints: list[str]
) -> None:
    ids = cast.hang(alice, picture(30, 20), "A lake", number=4)
    page = window(token=cast.token(alice))
    screens.open_page(page, "/gallery")
    expect(screens.tiles(page)).to_have_count(4)
    page.get_by_role("button", name="Select", exact=True).click()
    said(page, "Select pictures")
    tile(page, ids[3]).locator("a").click()
    said(page, "1 selected")
    tile(page, ids[1]).locator("a").click(modifiers=["Shift"])
    said(page, "3 selected")
    tile(page, ids[2]).get_by_role("checkbox", name="Select: A lake").uncheck()
    said(page, "2 selected")
    with page.expect_download() as started:
        page.get_by_role("button", name="Download").click()
    started.value.save_as(tmp_path / "picked.zip")
    with zipfile.ZipFile(tmp_path / "picked.zip") as archive:
        assert [row["picture"] for row in json.loads(archive.read("manifest.json"))] == [ids[1], ids[3]]
    page.get_by_role("button", name="Delete").click()
    said(page, "2 pictures are in the bin.")
    expect(screens.tiles(page)).to_have_count(2)
    page.get_by_role("button", name="Undo").click()
    said(page, "2 pictures are as they were.")
    expect(screens.tiles(page)).to_have_count(4)
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_role("button", name="All on this page").click()
    expect(page.get_by_text("4 selected")).to_be_visible()
    page.get_by_role("button", name="Delete").click()
    said(page, "4 pictures are in the bin.")
    screens.open_page(page, "/gallery?state=bin")
    expect(screens.tiles(page)).to_have_count(4)
    tile(page, ids[0]).locator("a").click()
    said(page, "1 selected")
    page.get_by_role("button", name="Restore").click()
    said(page, "1 picture restored.")
    expect(screens.tiles(page)).to_have_count(3)
    page.get_by_role("button", name="Empty the bin").click()
    page.get_by_role("button", name="Delete everything in it for good").click()
    said(page, "3 pictures deleted for good.")
    expect(screens.tiles(page)).to_have_count(0)
    assert [image.id for image in cast.images(alice) if image.image_url] == [ids[0]]
    assert complaints == []


def test_a_picture_is_kept_with_a_note_in_a_collection_and_thrown_away_where_it_is_large(
    window: Windows, cast: Cast, alice: Somebody
) -> None:
    (image_id,) = cast.hang(alice, picture(30, 20), "A lake")
    page = window(token=cast.token(alice))
    screens.open_page(page, f"/gallery?picture={image_id}")
    large = screens.dialog(page)
    large.get_by_role("textbox", name="Note").fill("For the <b>cover</b>")
    large.get_by_text("Favourite", exact=True).click()
    until(lambda: cast.images(alice)[0].favourite and cast.images(alice)[0].note == "For the <b>cover</b>", "the note")
    large.get_by_role("button", name="New collection").click()
    page.get_by_role("textbox", name="Name").fill("Covers")
    page.get_by_role("button", name="Make it and add").click()
    expect(large.locator("[data-testid=stMultiSelect]")).to_contain_text("Covers")
    screens.open_page(page, "/gallery?favourites=1")
    page.get_by_role("button", name="Filters").click()
    page.get_by_role("button", name="Collections").click()
    collections = page.get_by_role("dialog", name="Collections")
    expect(collections).to_be_visible()
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)  # it would lie over the dialog
    collections.get_by_role("button", name="Change").click()
    page.get_by_role("button", name="Delete the collection").click()
    expect(collections.get_by_text("The collection “Covers” is deleted.")).to_be_visible()
    expect(collections.get_by_role("link", name="Covers")).to_have_count(0)
    collections.get_by_role("button", name="Undo").click()
    expect(collections.get_by_text("The collection “Covers” is back.")).to_be_visible()
    collections.get_by_role("link", name="Covers").click()
    expect(page.locator(".st-key-chips")).to_contain_text("Covers")
    tile(page, image_id).locator("a").click()
    expect(large.get_by_role("textbox", name="Note")).to_have_value("For the <b>cover</b>")
    large.get_by_role("button", name="Delete").click()
    expect(large.get_by_text("1 picture is in the bin.")).to_be_visible()
    large.get_by_role("button", name="Undo").click()
    expect(large.get_by_role("img", name="A lake")).to_be_visible()
    assert cast.images(alice)[0].deleted_at is None


def test_a_long_press_begins_and_all_that_are_like_that_are_picked_over_several_pages(
    window: Windows, cast: Cast, alice: Somebody, complaints: list[str]
) -> None:
    page = window(token=cast.token(alice), viewport={"width": 390, "height": 844}, has_touch=True)
    cast.hang(alice, picture(30, 20), "A dog", number=2)
    ids = cast.hang(alice, picture(30, 20), "A lake", number=PAGE + 3)[::-1]
    screens.open_page(page, "/gallery?q=lake")
    fingers = page.context.new_cdp_session(page)
    box = tile(page, ids[1]).bounding_box()
    assert box is not None
    touch = [{"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}]
    fingers.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": touch})
    said(page, "1 selected")
    fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    tile(page, ids[0]).locator("a").tap()
    said(page, "2 selected")
    expect(screens.dialog(page)).to_have_count(0)
    page.get_by_role("button", name="All on this page").click()
    said(page, f"{PAGE} selected")
    page.get_by_role("button", name=f"All {PAGE + 3} that are like that").click()
    said(page, f"{PAGE + 3} selected")
    page.get_by_role("button", name="Older").click()
    expect(screens.tiles(page)).to_have_count(3)
    expect(tile(page, ids[PAGE]).get_by_role("checkbox")).to_be_checked()
    tile(page, ids[PAGE + 1]).locator("a").tap()
    said(page, f"{PAGE + 2} selected")
    page.get_by_role("button", name="Delete").click()
    said(page, f"{PAGE + 2} pictures are in the bin.")
    page.get_by_role("button", name="Undo").click()
    said(page, f"{PAGE + 2} pictures are as they were.")
    expect(screens.tiles(page)).to_have_count(3)
    assert all(image.deleted_at is None for image in cast.images(alice))
    assert complaints == []
