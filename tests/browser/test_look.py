"""What the pages wear: light and dark, headers, nothing from elsewhere, nothing on the console."""

import pytest
from playwright.sync_api import Response, expect

from core.api.security import CONTENT_POLICY
from tests.browser import screens
from tests.browser.application import until
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.studio import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("look")]

PATHS = ("/", "/gallery", "/account", "/people", "/connections", "/ledger")

# Controls without a name. A component is given its own a moment after it is drawn.
NAMELESS = """() => [...document.querySelectorAll('main button, main input, main textarea, main a, main img')]
  .filter((it) => it.getClientRects().length && it.type !== 'file' && !(
    it.ariaLabel || it.getAttribute('aria-labelledby') || it.getAttribute('alt') !== null ||
    it.textContent.trim() || it.labels?.length || it.querySelector?.('img[alt]')))
  .map((it) => it.outerHTML.slice(0, 200))"""


def brightness(colour: str) -> float:
    red, green, blue = (float(part) for part in colour[colour.index("(") + 1 : -1].split(",")[:3])
    return (red + green + blue) / 3


def test_the_pages_follow_light_and_dark_carry_title_and_mark_and_run_no_script_that_was_typed(
    window: Windows, cast: Cast, alice: Somebody
) -> None:
    cast.hang(alice, picture(), "<img src=x onerror='window.caught = 1'><svg onload='window.caught = 1'>")
    for scheme in ("light", "dark"):
        page = window(token=cast.token(alice), color_scheme=scheme)
        screens.open_page(page)
        app = page.locator("[data-testid=stApp]")
        back, front = (app.evaluate(f"(it) => getComputedStyle(it).{name}") for name in ("backgroundColor", "color"))
        assert (brightness(back) > brightness(front)) is (scheme == "light")
    expect(page.locator(".imagier-group p")).to_contain_text("<img src=x")
    assert page.evaluate("window.caught") is None
    expect(page).to_have_title("Imagier")
    screens.go(page, "Gallery")
    expect(page).to_have_title("Gallery · Imagier")
    expect(page.locator("[data-testid=stHeaderLogo], [data-testid=stLogo]").first).to_be_visible()


def test_no_page_writes_an_error_asks_another_server_or_has_a_control_without_a_name(
    window: Windows, cast: Cast, ada: Somebody, complaints: list[str]
) -> None:
    (image_id,) = cast.hang(ada, picture(200, 200))
    page = window(token=cast.token(ada))
    elsewhere: list[str] = []
    page.on("request", lambda request: elsewhere.append(request.url))
    for path in PATHS:
        screens.open_page(page, path)
        until(lambda: page.evaluate(NAMELESS) == [], f"a name for every control of {path}")
    screens.open_page(page, f"/gallery?picture={image_id}")
    expect(screens.dialog(page).locator("img")).to_have_js_property("naturalWidth", 200)
    own = page.evaluate("location.origin")
    assert [url for url in elsewhere if not url.startswith((own, "data:", "blob:"))] == []
    assert complaints == []


def test_the_page_and_its_scripts_carry_the_strict_policy(window: Windows, alice: Somebody) -> None:
    page = window()
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    screens.open_page(page)
    own = [answer for answer in answers if answer.url.startswith("http://localhost")]
    assert len(own) > 5
    for answer in own:
        assert answer.headers["content-security-policy"] == CONTENT_POLICY, answer.url
        assert answer.headers["x-content-type-options"] == "nosniff", answer.url
