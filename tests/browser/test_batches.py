"""Several descriptions at once: told what they cost, ordered together, paused, gone on with."""

import pytest
from playwright.sync_api import expect

from tests.browser import screens
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.images_server import ImagesServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("describe and see")]

LINES = "A fox in the snow [fault:hold]\n\nA lighthouse\nA harbour [fault:hold]\nA market [fault:hold]\nA wide river"


def test_lines_are_ordered_together_paused_and_gone_on_with_on_another_device(
    window: Windows, cast: Cast, alice: Somebody, provider: ImagesServer
) -> None:
    page = window(token=cast.token(alice))
    screens.open_page(page)
    page.locator(".st-key-several label").click()
    expect(page.locator(".st-key-several-line")).to_contain_text("0 descriptions")
    screens.description(page).fill(LINES)
    page.keyboard.press("Control+Enter")  # sooner than the total can be told
    expect(page.get_by_text("What is to be ordered has changed")).to_be_visible()
    assert cast.requests(alice) == []
    expect(page.locator(".st-key-several-line")).to_contain_text("5 descriptions")
    expect(page.locator(".st-key-generate")).to_contain_text("Generate 5 · about $")
    screens.generate(page)
    screens.wait_for_tile(page, "done")
    screens.wait_for_tile(page, "running", 3)
    page.get_by_role("button", name="Pause").click()
    screens.wait_for_tile(page, "paused")
    card = page.locator("[class*=st-key-batch-]").first
    expect(card).to_contain_text("1 of 5 done · 3 being drawn · 1 paused")
    assert len(cast.requests(alice)) == 5

    phone = window(token=cast.token(alice), viewport={"width": 390, "height": 844})
    screens.open_page(phone)
    expect(phone.locator(".st-key-several input")).to_be_checked()
    screens.wait_for_tile(phone, "paused")
    wide = phone.locator(".st-key-generate button").bounding_box()
    assert wide is not None
    assert wide["width"] > 340  # a thumb finds it
    phone.get_by_role("button", name="Go on").click()
    screens.let_finish(phone, provider, 5)
    expect(phone.locator("[class*=st-key-batch-]").first).to_contain_text("5 of 5 done")

    screens.generate(phone)
    expect(phone.locator(".st-key-same")).to_contain_text("You have ordered all of these before")
    assert len(cast.requests(alice)) == 5
    screens.description(phone).fill("A wide river\nA path in autumn")
    screens.generate(phone)
    phone.get_by_role("button", name="Only the other one").click()
    expect(phone.locator("[class*=st-key-batch-]").first).to_contain_text("1 of 1 done")
    assert [request.description for request in cast.requests(alice)][-1] == "A path in autumn"
