"""A picture large: from one to the next and back to its place, everything about it, and the link that shares it."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from core.studio.gallery import PAGE
from tests.browser import screens
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.studio import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("gallery pages")]


def shown(page: Page) -> Locator:
    return screens.dialog(page).locator(".imagier-viewer img")


def expect_shown(page: Page, image_id: int) -> None:
    """In the browser at once, and on the server soon after."""
    expect(shown(page)).to_have_attribute("src", re.compile(rf"^/pictures/{image_id}/"))
    expect(page).to_have_url(re.compile(rf"picture={image_id}(&|$)"))
    expect(screens.dialog(page).locator(".imagier-facts dd").first).to_have_text(str(image_id))


def test_keys_lead_to_the_neighbours_beyond_the_page_and_escape_back_to_the_place(
    window: Windows, cast: Cast, alice: Somebody, complaints: list[str]
) -> None:
    page = window(token=cast.token(alice))
    ids = cast.hang(alice, picture(90, 60), "A lake", number=PAGE + 2)[::-1]
    screens.open_page(page, "/gallery")
    tile = page.locator(f".imagier-tile[data-picture='{ids[PAGE - 2]}'] a")
    tile.click()
    expect_shown(page, ids[PAGE - 2])
    dialog = screens.dialog(page).element_handle()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    expect_shown(page, ids[PAGE + 1])
    expect(page).to_have_url(re.compile(rf"before={ids[PAGE - 1]}"))
    expect(screens.dialog(page).get_by_role("button", name="Next picture")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect_shown(page, ids[PAGE])
    assert dialog is not None
    assert dialog.is_visible()  # the same one from the beginning
    page.keyboard.press("+")
    expect(screens.dialog(page).locator(".imagier-viewer.zoomed")).to_have_count(1)
    page.keyboard.press("0")
    expect(screens.dialog(page).locator(".imagier-viewer.zoomed")).to_have_count(0)
    page.keyboard.press("Escape")
    expect(screens.dialog(page)).to_have_count(0)
    expect(screens.tiles(page)).to_have_count(2)
    expect(page).not_to_have_url(re.compile("picture="))
    expect(page.locator(f".imagier-tile[data-picture='{ids[PAGE]}'] a")).to_be_focused()
    assert complaints == []


def test_a_link_is_made_copied_opened_by_a_stranger_hidden_and_taken_back(
    window: Windows, cast: Cast, alice: Somebody, ada: Somebody, complaints: list[str]
) -> None:
    page, stranger = window(token=cast.token(alice)), window()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    _, second = cast.hang(alice, picture(90, 60), "A lake in June", number=2)
    screens.open_page(page, f"/gallery?picture={second}")
    screens.dialog(page).get_by_role("button", name="Copy", exact=True).click()
    expect(screens.dialog(page).get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == "A lake in June"
    screens.dialog(page).get_by_role("button", name="Share").click()
    password = page.get_by_test_id("stTextInputField")
    password.fill("short")
    password.press("ArrowRight")
    page.get_by_role("button", name="Make a link").click()
    expect(screens.refusal(page)).to_contain_text("This password has 5 characters")
    expect(password).to_have_value("short")
    expect_shown(page, second)
    password.fill("a boat at dawn")
    page.get_by_text("Show the description too").click()
    page.get_by_role("button", name="Make a link").click()
    page.get_by_role("button", name="Copy the link").click()
    expect(page.get_by_test_id("stPopoverBody").get_by_role("button", name="Copied")).to_be_visible()
    address = page.evaluate("navigator.clipboard.readText()")
    stranger.goto(address)
    stranger.get_by_label("Password").fill("a boat at noon")
    stranger.get_by_role("button", name="Show the picture").click()
    expect(stranger.get_by_role("alert")).to_contain_text("This is not the password.")
    stranger.get_by_label("Password").fill("a boat at dawn")
    stranger.get_by_role("button", name="Show the picture").click()
    expect(stranger.get_by_role("img", name="A lake in June")).to_have_js_property("naturalWidth", 90)
    desk = window(token=cast.token(ada))
    screens.open_page(desk, f"/requests?picture={second}")
    screens.dialog(desk).get_by_role("button", name="Hide from links").click()
    desk.get_by_role("button", name="Hide it").click()
    expect(screens.dialog(desk).get_by_role("button", name="Let links show it again")).to_be_visible()
    stranger.reload()
    expect(stranger.get_by_role("heading", name="There is nothing to see here")).to_be_visible()
    screens.dialog(desk).get_by_role("button", name="Let links show it again").click()
    expect(screens.dialog(desk).get_by_role("button", name="Hide from links")).to_be_visible()
    stranger.reload()
    expect(stranger.get_by_role("img", name="A lake in June")).to_be_visible()
    page.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("revoked on")).to_be_visible()
    stranger.reload()
    expect(stranger.get_by_role("heading", name="There is nothing to see here")).to_be_visible()
    expected = ("403", "404")  # the wrong password, and what was taken back
    assert [line for line in complaints if not any(code in line for code in expected)] == []


def test_fingers_swipe_to_the_neighbours_and_pinch_to_zoom(
    window: Windows, cast: Cast, alice: Somebody, complaints: list[str]
) -> None:
    page = window(token=cast.token(alice), viewport={"width": 390, "height": 844}, has_touch=True)
    older, newer = cast.hang(alice, picture(900, 600), "A lake", number=2)
    screens.open_page(page, f"/gallery?picture={newer}")
    expect_shown(page, newer)
    fingers = page.context.new_cdp_session(page)
    box = screens.dialog(page).locator(".imagier-viewer").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2

    def draw(*ways: tuple[float, float]) -> None:
        """Each finger goes from one place across to another."""
        for step in range(11):
            places = [{"x": start + (end - start) * step / 10, "y": middle} for start, end in ways]
            kind = "touchMove" if step else "touchStart"
            fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": places})
        fingers.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    draw((330, 90))
    expect_shown(page, older)
    draw((60, 300))
    expect_shown(page, newer)
    zoomed = screens.dialog(page).locator(".imagier-viewer.zoomed")
    draw((180, 90), (210, 300))
    expect(zoomed).to_have_count(1)
    draw((250, 150))  # moves what is zoomed, and leads nowhere
    expect(zoomed).to_have_count(1)
    expect_shown(page, newer)
    assert complaints == []
