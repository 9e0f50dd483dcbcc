"""Nobody is kept out: axe-core finds nothing on any page, in either theme or language."""

import pytest
from playwright.sync_api import Page, expect

from core.services import build
from core.storage.tables import Improvement
from core.studio.batches import lines_of
from core.studio.orders import Order
from tests.browser import screens
from tests.browser.accessibility import violations, violations_in_both_themes
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.studio import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("accessibility")]

DESK = ("usage", "requests", "people", "connections", "ledger", "settings", "audit")
LANGUAGES = ("en", "fr")


class Findings:
    """What is wrong where: all of it is told at once. Colours do not depend on the language."""

    def __init__(self, page: Page, language: str):
        self.page, self.language = page, language
        self.found: dict[str, dict[str, list[str]]] = {}

    def look(self, where: str) -> None:
        if self.language == "en":
            found = violations_in_both_themes(self.page)
        else:
            found = {"dark": violations(self.page, "dark")}
        if any(found.values()):
            self.found[where] = found


def open_every_fold(page: Page) -> None:
    page.locator("[data-testid=stExpander] details:not([open]) > summary").evaluate_all(
        "(summaries) => summaries.forEach((it) => it.click())"
    )
    screens.settle(page)


def suggest(cast: Cast, somebody: Somebody, suggestion: str) -> None:
    """A suggestion that has come and waits for an answer."""
    with cast.database.write() as session:
        now = cast.database.now(session)
        session.add(
            Improvement(
                user_id=somebody.user_id,
                created_at=now,
                finished_at=now,
                connection="openai",
                model="words",
                original="a tree",
                suggestion=suggestion,
                state="done",
                cost_micros=120,
            )
        )


def order_batch(cast: Cast, somebody: Somebody) -> None:
    """Two pictures that come together."""
    services = build(cast.settings)
    lines = lines_of("a tree\na stone")
    services.batches.submit(somebody.user_id, Order("…", "painter"), lines)
    services.database.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_on_a_page_of_ones_own_keeps_anybody_out(window: Windows, cast: Cast, language: str) -> None:
    alice = cast.join("Alice", language=language)
    page = window(token=cast.token(alice))
    findings = Findings(page, language)
    screens.open_page(page)
    findings.look("create, nothing made yet")
    first, *_ = cast.hang(alice, picture(300, 200), "a tree", 3)
    order_batch(cast, alice)
    suggest(cast, alice, "a tree in the wind")
    screens.open_page(page)
    expect(page.locator("[class*=st-key-batch-]").first).to_contain_text("2")
    open_every_fold(page)
    findings.look("create, with a suggestion and a batch")
    for key in ("model", "size", "quality", "number", "output_format", "templates") if language == "en" else ("size",):
        screens.fold(page, key).click()
        expect(page.locator("[data-testid=stPopoverBody]")).to_be_visible()
        findings.look(f"create, {key}")
        screens.close_choice(page)
    screens.open_page(page, "/gallery")
    expect(screens.tiles(page, "done").first).to_be_visible()
    findings.look("gallery")
    screens.open_page(page, f"/gallery?picture={first}")
    expect(screens.dialog(page).locator("img").first).to_have_js_property("naturalWidth", 300)
    findings.look("a picture")
    page.locator(".st-key-start-from button").click()
    expect(screens.dialog(page)).to_have_count(0)
    page.locator(".st-key-masks label").first.click()
    expect(page.locator(".imagier-mask canvas")).to_be_visible()
    findings.look("create, with a mask")
    screens.open_page(page, "/account")
    open_every_fold(page)
    findings.look("account")
    page.goto("/usage")
    screens.wait_for_page(page)
    findings.look("a page for others")
    assert findings.found == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_on_the_desk_keeps_anybody_out(window: Windows, cast: Cast, language: str) -> None:
    ada = cast.join("Ada", "admin", language)
    (image_id, *_) = cast.hang(ada, picture(300, 200), "a tree", 3)
    page = window(token=cast.token(ada))
    findings = Findings(page, language)
    for path in (*DESK, f"people?person={ada.user_id}", f"requests?picture={image_id}"):
        screens.open_page(page, f"/{path}")
        open_every_fold(page)
        findings.look(path)
    assert findings.found == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_at_the_door_keeps_anybody_out(window: Windows, cast: Cast, alice: Somebody, language: str) -> None:
    (image_id,) = cast.hang(alice, picture(300, 200), "a tree")
    services = build(cast.settings)
    services.shares.make(alice.user_id, image_id, with_description=True)
    services.shares.make(alice.user_id, image_id, password="a sentence")
    links = {f"share {it.share.id}": f"/s/{it.token}" for it in services.shares.of(alice.user_id, image_id)}
    invitation = services.invitations.create("", "user", {})
    reset = services.links.make(alice.user_id)
    services.database.close()
    page = window(locale=language)
    findings = Findings(page, language)
    screens.open_page(page)
    findings.look("sign in")
    for name, path in {
        "invitation": f"/?invite={invitation}",
        "a new password": f"/?reset={reset}",
        "a dead link": "/?reset=nothing",
    }.items():
        page.goto(path)
        expect(page.locator(".st-key-card button").last).to_be_visible()
        screens.settle(page)
        findings.look(name)
    for name, path in (links | {"an ended link": "/s/nothing", "nowhere": "/nowhere", "the API": "/api/docs"}).items():
        page.goto(path)
        findings.look(name)
    assert findings.found == {}
