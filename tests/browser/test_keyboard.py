"""Without a mouse: from the sign-in to a picture, its variation and its change, with nothing but keys."""

import io

import pytest
from PIL import Image as Pillow
from playwright.sync_api import Page, expect

from tests.browser import screens
from tests.browser.cast import PASSWORD, Cast, Somebody
from tests.browser.conftest import Windows
from tests.images_server import ImagesServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("keyboard")]

# What has the focus, as a screen reader would say it.
FOCUSED = """() => {
  const it = document.activeElement
  const words = it.matches('main, body') ? '' : it.innerText || it.querySelector('img')?.alt
  return it.getAttribute('aria-label') || it.labels?.[0]?.innerText || words || it.tagName
}"""
FAR = 60


def tab_to(page: Page, name: str, key: str = "Tab") -> None:
    """Press until what is called so has the focus, which is seen."""
    met = []
    for _ in range(FAR):
        page.keyboard.press(key)
        met.append(page.evaluate(FOCUSED))
        if name in met[-1]:
            return
    raise AssertionError(f"{name!r} is not among {met}")


def press(page: Page, name: str) -> None:
    tab_to(page, name)
    page.keyboard.press("Enter")


def choose(page: Page, fold: str, key: str, chosen: str) -> None:
    """Into the fold, along its options, and out again to its button."""
    press(page, fold)
    option = page.locator("[data-testid=stPopoverBody] input:checked")
    expect(option).to_be_focused()
    page.keyboard.press(key)
    expect(page.locator("[data-testid=stPopoverButton]", has_text=chosen)).to_be_visible()
    screens.settle(page)
    page.keyboard.press("Escape")
    expect(page.locator("[data-testid=stPopoverButton]", has_text=chosen)).to_be_focused()


def test_with_keys_alone_one_signs_in_makes_a_picture_opens_varies_and_changes_it(
    window: Windows, cast: Cast, alice: Somebody, provider: ImagesServer
) -> None:
    page = window()
    screens.open_page(page)
    tab_to(page, "Sign-in name")
    page.keyboard.type(alice.login)
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(screens.description(page)).to_be_visible()
    screens.wait_for_page(page)

    tab_to(page, "Description")
    page.keyboard.type("A heron, by keys")
    choose(page, "Square", "ArrowDown", "Landscape")
    choose(page, "Medium", "ArrowUp", "Low")
    press(page, "1 picture")
    tab_to(page, "1 picture")  # the end of a fold leads back to its button
    expect(page.locator("[data-testid=stPopoverBody]")).to_have_count(0)
    press(page, "Generate")
    screens.wait_for_tile(page, "done")
    screens.settle(page)
    call = provider.calls[-1]
    assert (call.parameters["size"], call.parameters["quality"]) == ("1536x1024", "low")
    assert "Generate" in page.evaluate(FOCUSED)

    press(page, "A heron, by keys")
    expect(screens.dialog(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(screens.dialog(page)).to_have_count(0)
    expect(screens.tiles(page).locator("a").first).to_be_focused()
    press(page, "Variation")
    screens.wait_for_tile(page, "done", 2)

    press(page, "A heron, by keys")
    expect(screens.dialog(page)).to_be_visible()
    press(page, "Change it")
    expect(screens.dialog(page)).to_have_count(0)
    screens.settle(page)
    tab_to(page, "Change only a part of it")
    page.keyboard.press("Space")
    canvas = page.locator(".imagier-mask canvas")
    expect(canvas).to_be_visible()
    screens.settle(page)
    tab_to(page, "to be painted on")
    page.keyboard.press("Space")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Space")
    page.keyboard.press("Space")
    page.keyboard.press("Control+z")
    screens.settle(page)
    tab_to(page, "Description", "Shift+Tab")
    page.keyboard.press("Control+a")
    page.keyboard.type("A swan, by keys")
    page.keyboard.press("Control+Enter")
    screens.wait_for_tile(page, "done", 3)
    request = cast.requests(alice)[-1]
    assert (request.description, request.relation) == ("A swan, by keys", "change")
    mask = Pillow.open(io.BytesIO(cast.files.read(request.mask_key or "")))
    wide, high = mask.size
    assert mask.mode == "RGBA"
    assert [mask.getpixel((wide // 2 + x, high // 2 + y))[3] for x, y in ((0, 0), (100, 0), (0, 300))] == [0, 0, 255]  # type: ignore[index]

    tab_to(page, "Gallery", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Gallery")).to_be_visible()
    screens.settle(page)
    tab_to(page, "A swan, by keys")
    page.keyboard.press("Enter")
    expect(screens.dialog(page)).to_be_visible()
    page.keyboard.press("Escape")
    expect(screens.tiles(page).locator("a").first).to_be_focused()
