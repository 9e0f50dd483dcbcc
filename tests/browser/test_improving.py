"""Improving a description: beside it, never in its place unasked, and always with a way back."""

from decimal import Decimal

import pytest
from playwright.sync_api import expect

from core.ledger.prices import Prices
from core.site import Sites
from tests.browser import screens
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.images_server import ImagesServer
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("describe and see")]

MODEL = "fine-words-mini"
SUGGESTION = "A red fox in deep snow, low winter sun, long blue shadows"
MINE = "A fox [fault:hold times=1]"


def test_a_suggestion_is_taken_undone_and_refused_and_without_a_text_model_there_is_none(
    window: Windows, cast: Cast, alice: Somebody, ada: Somebody, provider: ImagesServer
) -> None:
    page = window(token=cast.token(alice))
    screens.open_page(page)
    expect(page.locator(".st-key-improve")).to_have_count(0)

    settings = window(token=cast.token(ada))
    screens.open_page(settings, "/settings")
    settings.get_by_label("Text model").fill(MODEL)
    settings.get_by_role("button", name="Save").click()
    expect(settings.locator("[data-testid=stAlert]")).to_contain_text("It holds at once.")
    try:
        with cast.database.read() as session:
            now = cast.database.now(session)
        dollars: dict[str, Decimal | None] = {"text_in": Decimal(1), "text_out": Decimal(2)}
        Prices(cast.database).add(ada.user_id, MODEL, now, "ours", dollars)
        screens.open_page(page)
        screens.description(page).fill(MINE)
        expect(page.locator(".st-key-improve")).to_contain_text("Improve · about $0.00")
        page.locator(".st-key-improve button").click()
        suggested = page.locator(".st-key-suggestion")
        expect(suggested).to_contain_text("A suggestion is being written")

        def is_there() -> bool:
            provider.release()
            return SUGGESTION in suggested.inner_text()

        until(is_there)
        expect(suggested).to_contain_text("Cost: $0.000")
        expect(screens.description(page)).to_have_value(MINE)
        box, field = suggested.bounding_box(), screens.description(page).bounding_box()
        assert box is not None
        assert field is not None
        assert box["x"] > field["x"] + field["width"]

        phone = window(token=cast.token(alice), viewport={"width": 390, "height": 844})
        screens.open_page(phone)
        expect(phone.locator(".st-key-suggestion")).to_contain_text(SUGGESTION)
        below, field = phone.locator(".st-key-suggestion").bounding_box(), screens.description(phone).bounding_box()
        assert below is not None
        assert field is not None
        assert below["y"] > field["y"] + field["height"]

        page.get_by_role("button", name="Use it").click()
        expect(screens.description(page)).to_have_value(SUGGESTION)
        expect(suggested).to_contain_text(MINE)
        page.get_by_role("button", name="Back to my words").click()
        expect(screens.description(page)).to_have_value(MINE)
        page.get_by_role("button", name="Keep mine").click()
        expect(suggested).to_have_count(0)
        expect(screens.description(page)).to_have_value(MINE)

        hostile = "A fox [fault:suggest <script>alert(1)</script> **bold** $x$]"
        screens.description(page).fill(hostile)
        page.locator(".st-key-improve button").click()
        expect(suggested.locator("p[role=region]")).to_have_text("<script>alert(1)</script> **bold** $x$")
        screens.description(page).fill("A fox [fault:502-html]")
        page.get_by_role("button", name="Again").click()
        expect(suggested).to_contain_text("It may have been billed. Your description is as it was")
        expect(screens.description(page)).to_have_value("A fox [fault:502-html]")
    finally:
        Sites(cast.database, cast.settings).change({"text_model": None})
