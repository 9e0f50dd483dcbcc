"""On a phone, and in French."""

import re

import pytest
from playwright.sync_api import Page, expect

from core.i18n import catalogue
from tests.browser import screens
from tests.browser.application import until
from tests.browser.cast import PASSWORD, Cast, Somebody
from tests.browser.conftest import Windows
from tests.images_server import ImagesServer
from tests.studio import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("phone and french")]

PHONE = {"viewport": {"width": 390, "height": 800}, "has_touch": True, "is_mobile": True}
PATHS = ("/", "/gallery", "/account", "/people", "/connections", "/ledger")
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft " * 3 + "x" * 300

# Words that no French sentence has; what a person wrote is left out of the search.
ENGLISH = re.compile(
    r"\b(the|and|with|your|you|is|are|of|to|it|this|that|here|there|please|press|enter|upload|browse|drag|drop|"
    r"limit|per|choose|show|sign|password|name|account|add|people|size|open|closed|waiting|drawing|try|again)\b",
    re.IGNORECASE,
)


# What a finger aims at, and is not as large as one.
TOO_SMALL = """() => [...document.querySelectorAll('header button, main :is(button, summary, textarea),' +
    ':is(main, [data-testid=stPopoverBody]) label:has(input)')]
  .filter((it) => it.checkVisibility() && Math.min(it.offsetWidth, it.offsetHeight) < 44)
  .map((it) => `${it.innerText || it.ariaLabel} ${it.offsetWidth} × ${it.offsetHeight}`)"""


def fits(page: Page) -> bool:
    wide: bool = page.evaluate(
        """() => {
          const boxes = [...document.querySelectorAll('*')].filter((it) => it.scrollWidth > it.clientWidth + 1 &&
            it.clientWidth > 300 && /auto|scroll/.test(getComputedStyle(it).overflowX))
          return document.documentElement.scrollWidth <= innerWidth && boxes.length === 0
        }"""
    )
    return wide


def test_on_a_phone_no_page_scrolls_sideways(window: Windows, cast: Cast, ada: Somebody) -> None:
    cast.hang(ada, picture(300, 100), LONG)
    page = window(token=cast.token(ada), **PHONE)
    for path in PATHS:
        screens.open_page(page, path)
        until(lambda: fits(page), f"{path} as wide as the phone")
    screens.open_page(page, "/gallery")
    screens.tiles(page).locator("a").tap()
    expect(screens.dialog(page).locator("img")).to_be_visible()
    until(lambda: fits(page), "a page as wide as the phone")


def test_on_a_phone_signing_in_and_the_whole_way_to_a_picture_work_by_touch(window: Windows, alice: Somebody) -> None:
    page = window(**PHONE)
    screens.open_page(page)
    until(lambda: fits(page), "a page as wide as the phone")
    page.get_by_role("textbox", name="Sign-in name").fill(alice.login)
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").tap()
    expect(screens.description(page)).to_be_visible()
    screens.wait_for_page(page)
    for key in ("model", "size", "quality", "number", "more"):
        screens.fold(page, key).tap()
        expect(page.locator("[data-testid=stPopoverBody] label").last).to_be_visible()
        assert page.evaluate(TOO_SMALL) == [], key
        screens.close_choice(page)
    screens.description(page).tap()
    page.keyboard.type("A parrot in the pocket")
    page.locator(".st-key-generate button").tap()
    screens.wait_for_tile(page, "done")
    until(lambda: fits(page), "a page as wide as the phone")
    assert screens.tiles(page).bounding_box()["width"] > 300  # type: ignore[index]
    assert page.evaluate(TOO_SMALL) == []


def test_on_a_phone_the_navigation_can_be_used_right_after_typing(window: Windows, cast: Cast, alice: Somebody) -> None:
    page = window(token=cast.token(alice), **PHONE)
    screens.open_page(page)
    screens.description(page).tap()
    page.keyboard.type("Half a thought")
    page.locator("[data-testid=stExpandSidebarButton]").tap()
    page.get_by_role("link", name="Gallery").tap()
    expect(page.get_by_role("heading", name="Gallery")).to_be_visible()
    assert cast.people.draft(alice.user_id) == "Half a thought"


def test_on_a_tablet_a_link_counts_that_is_touched_while_the_field_still_has_the_focus(
    window: Windows, cast: Cast, alice: Somebody
) -> None:
    """What was typed is sent when the finger comes down; the link is followed when it goes up again."""
    page = window(token=cast.token(alice), **(PHONE | {"viewport": {"width": 1000, "height": 800}}))
    screens.open_page(page)
    screens.description(page).tap()
    page.keyboard.type("Half a thought")
    link = page.get_by_role("link", name="Gallery")
    link.dispatch_event("pointerdown")
    until(lambda: cast.people.draft(alice.user_id) == "Half a thought", "what was typed")
    link.tap()
    expect(page.get_by_role("heading", name="Gallery")).to_be_visible()


def english_left(page: Page) -> list[str]:
    """Texts that are seen and are English: messages of ours that were not translated, or the framework's."""
    translated = catalogue("fr")
    seen: list[str] = page.evaluate(
        """() => {
          const found = []
          const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
          for (let node = walker.nextNode(); node; node = walker.nextNode()) {
            const parent = node.parentElement
            // What people wrote or are called is in their own language, also in the record of acts.
            const own = '.imagier-group p, [data-testid=stText], .imagier-acts :is(b, i, dd)'
            const hidden = parent.closest(`style, script, template, [data-testid=stIconMaterial], ${own}`)
            const box = document.createRange()
            box.selectNodeContents(node)
            const { width, height } = box.getBoundingClientRect()
            const style = getComputedStyle(parent)
            const invisible = style.visibility === 'hidden' || parseFloat(style.fontSize) === 0
            const text = node.textContent.trim()
            if (text && !hidden && width > 1 && height > 1 && !invisible) found.push(text)
          }
          for (const field of document.querySelectorAll('[placeholder]'))
            if (field.placeholder && field.getBoundingClientRect().width) found.push(field.placeholder)
          return found
        }"""
    )
    own = [text for text in seen if text != "Ctrl + Enter"]
    return [text for text in own if ENGLISH.search(text) or translated.gettext(text) != text]


def expect_no_english(page: Page, path: str = "") -> None:
    """A component is told its words a moment after it is drawn."""
    left: list[str] = []

    def is_french() -> bool:
        left[:] = english_left(page)
        return not left

    try:
        until(is_french, "French")
    except TimeoutError:
        assert left == [], path


def test_in_french_no_english_text_is_left_on_any_page(window: Windows, cast: Cast, ada: Somebody) -> None:
    (image_id,) = cast.hang(ada, picture(300, 200), "un arbre")
    page = window(token=cast.token(ada), locale="fr-FR")
    for path in (*PATHS, "/usage?period=dates", "/requests?q=arbre", "/settings", "/audit"):
        page.goto(path)
        screens.wait_for_page(page)
        expect(page.locator("html")).to_have_attribute("lang", "fr")
        page.evaluate("document.querySelectorAll('details:not([open]) > summary').forEach((it) => it.click())")
        screens.settle(page)
        expect_no_english(page, path)
    day = page.locator("[data-testid=stDateInputField] [data-type=day]").last
    expect(day).to_have_accessible_name("jour : Jusqu’au".replace(" ", " "))
    assert day.evaluate("(it) => getComputedStyle(it, '::before').content") == '"jj"'
    page.goto(f"/gallery?picture={image_id}")
    expect(screens.dialog(page).locator("img")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect_no_english(page)


def test_in_french_the_sign_in_and_its_refusals_are_french(window: Windows, alice: Somebody, cast: Cast) -> None:
    page = window(locale="fr-CA")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    page.locator("input").nth(0).fill(alice.login)
    page.locator("input[type=password]").fill("pas le bon")
    page.get_by_role("button", name="Se connecter").click()
    expect(screens.refusal(page)).to_be_visible()
    expect_no_english(page)
    cast.forget_failures()


def test_in_french_every_state_of_a_picture_is_french(
    window: Windows, cast: Cast, alice: Somebody, provider: ImagesServer
) -> None:
    page = window(token=cast.token(alice), locale="fr-FR")
    page.goto("/")
    screens.wait_for_page(page)
    screens.describe(page, "")
    expect(screens.refusal(page)).to_be_visible()
    expect_no_english(page)
    for description, state in (
        ("Un perroquet [fault:stream-error]", "failed"),
        ("Un perroquet [fault:drop]", "unknown"),
        ("Un perroquet [fault:400-moderation stage=output]", "blocked"),
    ):
        screens.describe(page, description)
        screens.wait_for_tile(page, state)
    screens.set_number(page, 5)
    screens.describe(page, "Cinq perroquets [fault:hold]")
    screens.wait_for_tile(page, "running", 3)
    screens.wait_for_tile(page, "queued", 2)
    # What the provider itself says is in the provider's language.
    page.evaluate("document.querySelectorAll('[data-state=failed] p').forEach((it) => it.remove())")
    expect_no_english(page)


def test_the_language_can_be_chosen_in_the_account_and_stays(window: Windows, cast: Cast, alice: Somebody) -> None:
    page = window(token=cast.token(alice))
    screens.open_page(page, "/account")
    screens.choose_in_list(page, "language-choice", "Français")
    expect(page.get_by_role("heading", name="Compte")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    again = window(token=cast.token(alice))
    again.goto("/gallery")
    expect(again.get_by_role("heading", name="Galerie")).to_be_visible()


def test_numbers_and_dates_follow_the_region(window: Windows, cast: Cast, alice: Somebody) -> None:
    (image_id,) = cast.hang(alice, picture(1300, 900) + bytes(1_500_000), "un lac")
    page = window(token=cast.token(alice), locale="fr-FR")
    page.goto(f"/gallery?picture={image_id}")
    facts = screens.dialog(page).locator(".imagier-facts")
    expect(facts).to_contain_text(re.compile(r"\d,\d\sMo"))
    expect(facts).to_contain_text(re.compile(r"\d{1,2} [a-zéû]+\.? \d{4}"))
