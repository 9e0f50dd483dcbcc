"""Nobody is kept out: axe-core finds nothing on any page, in either theme or language."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import screens
from tests.browser.accessibility import violations_in_both_themes
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.studio import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("accessibility")]

DESK = ("usage", "requests", "people", "connections", "ledger", "settings", "audit")
LANGUAGES = ("en", "fr")


class Findings:
    """What is wrong where: all of it is told at once."""

    def __init__(self, page: Page):
        self.page = page
        self.found: dict[str, dict[str, list[str]]] = {}

    def look(self, where: str) -> None:
        if found := violations_in_both_themes(self.page):
            self.found[where] = found


def open_every_fold(page: Page) -> None:
    page.locator("[data-testid=stExpander] details:not([open]) > summary").evaluate_all(
        "(summaries) => summaries.forEach((it) => it.click())"
    )
    screens.settle(page)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_on_a_page_of_ones_own_keeps_anybody_out(window: Windows, cast: Cast, language: str) -> None:
    alice = cast.join("Alice", language=language)
    first, *_ = cast.hang(alice, picture(300, 200), "a tree", 3)
    page = window(token=cast.token(alice))
    findings = Findings(page)
    screens.open_page(page)
    findings.look("create")
    for key in ("model", "size", "quality", "number", "output_format") if language == "en" else ("size",):
        screens.open_choice(page, key)
        findings.look(f"create, {key}")
        screens.close_choice(page)
    screens.open_page(page, "/gallery")
    expect(screens.tiles(page)).to_have_count(3)
    findings.look("gallery")
    screens.open_page(page, f"/gallery?picture={first}")
    expect(screens.dialog(page).locator("img").first).to_have_js_property("naturalWidth", 300)
    findings.look("a picture")
    screens.open_page(page, "/account")
    open_every_fold(page)
    findings.look("account")
    assert findings.found == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_on_the_desk_keeps_anybody_out(window: Windows, cast: Cast, language: str) -> None:
    ada = cast.join("Ada", "admin", language)
    cast.hang(ada, picture(300, 200), "a tree", 3)
    page = window(token=cast.token(ada))
    findings = Findings(page)
    for path in DESK:
        screens.open_page(page, f"/{path}")
        open_every_fold(page)
        findings.look(path)
    assert findings.found == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_at_the_door_keeps_anybody_out(window: Windows, alice: Somebody, language: str) -> None:
    page = window(locale=language)
    findings = Findings(page)
    screens.open_page(page)
    findings.look("sign in")
    page.goto("/api/docs")
    findings.look("the API")
    assert findings.found == {}
