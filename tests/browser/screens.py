"""What a person does on the pages, in their words, and what they see."""

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.images_server import ImagesServer
from tests.patience import SECONDS, until

expect.set_options(timeout=1000 * SECONDS)

READY = "[data-testid=stApp][data-test-script-state=notRunning]"


def settle(page: Page) -> None:
    """The script of the page has run to its end."""
    expect(page.locator(READY)).to_be_attached()


def open_page(page: Page, path: str = "/") -> None:
    page.goto(path)
    wait_for_page(page)


def wait_for_page(page: Page) -> None:
    """On the page that creates, the button comes last."""
    expect(page.locator(".st-key-generate button, [data-testid=stMain] h1").first).to_be_visible()
    settle(page)


def sign_in(page: Page, login: str, password: str) -> None:
    page.get_by_role("textbox", name="Sign-in name").fill(login)
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def refusal(page: Page) -> Locator:
    return page.locator("[data-testid=stAlert]")


def description(page: Page) -> Locator:
    return page.locator(".st-key-description textarea")


def describe(page: Page, text: str) -> None:
    """Type it and press Generate, without leaving the field in between."""
    description(page).fill(text)
    generate(page)


def generate(page: Page) -> None:
    page.locator(".st-key-generate button").click()


def tiles(page: Page, state: str | None = None) -> Locator:
    return page.locator(f".imagier-tile[data-state={state}]" if state else ".imagier-tile")


def wait_for_tile(page: Page, state: str, number: int = 1) -> Locator:
    """The pictures in this state, once there are so many."""
    expect(tiles(page, state)).to_have_count(number)
    return tiles(page, state)


def let_finish(page: Page, provider: ImagesServer, number: int = 1) -> None:
    """Let go what the provider holds, however late its calls come, until so many pictures are there."""

    def is_done() -> bool:
        provider.release()
        return tiles(page, "done").count() == number

    until(is_done, "the pictures")


# The fold of the line of choices in which a choice lies, where it has another name.
FOLDS = {"output_format": "more", "background": "more", "compression": "more"}


def choose(page: Page, key: str, option: str) -> None:
    """Choose under this key what begins so."""
    field = open_choice(page, key)
    # A shape is drawn before its name.
    label = field.locator("label:has(input)").filter(has_text=re.compile(r"(^|\s)" + re.escape(option))).first
    label.click()
    expect(label.locator("input")).to_be_checked()
    settle(page)
    close_choice(page)


def options(page: Page, key: str) -> list[str]:
    field = open_choice(page, key)
    expect(field.locator("label:has(input)").first).to_be_visible()
    found = [label.partition("\n")[0] for label in field.locator("label:has(input)").all_inner_texts()]
    close_choice(page)
    return found


def open_choice(page: Page, key: str) -> Locator:
    """Unfold the choice, if it is not open; where it is drawn."""
    field = page.locator(f".st-key-{key}")
    if not field.is_visible():
        fold(page, key).click()
    expect(field).to_be_visible()
    return field


def close_choice(page: Page) -> None:
    page.keyboard.press("Escape")
    expect(page.locator("[data-testid=stPopoverBody]")).to_have_count(0)


def fold(page: Page, key: str) -> Locator:
    """The button that tells what is chosen."""
    return page.locator(f".st-key-fold-{FOLDS.get(key, key)} button").first


def set_number(page: Page, number: int) -> None:
    choose(page, "number", str(number))


def open_list(page: Page, key: str) -> Locator:
    field = page.locator(f".st-key-{key} [data-testid=stSelectbox] input")
    field.focus()
    field.press("ArrowDown")
    return field


def choose_in_list(page: Page, key: str, option: str) -> None:
    """Choose in the list with this key what begins so."""
    field = open_list(page, key)
    page.get_by_role("option", name=re.compile("^" + re.escape(option))).first.click()
    expect(field).to_have_value(re.compile("^" + re.escape(option)))
    settle(page)


def unfold(page: Page, title: str) -> None:
    """A list that is opened while things still move is closed again by their moving."""
    fold = page.locator("[data-testid=stExpander] details", has=page.locator("summary", has_text=title))
    fold.locator("summary").click()
    expect(fold).to_have_attribute("open", "")
    fold.evaluate(
        "(it) => Promise.allSettled(it.getAnimations({ subtree: true }).map((animation) => animation.finished))"
    )


def upload(page: Page, *files: Path) -> None:
    page.locator("input[type=file]").set_input_files(list(files))


def dialog(page: Page) -> Locator:
    return page.get_by_role("dialog")


def go(page: Page, name: str) -> None:
    """Follow a link of the navigation, with a finger on the button as long as a person's is."""
    page.locator("[data-testid=stTopNavLink]", has_text=name).click(delay=60)
    expect(
        page.get_by_role("heading", name=name, exact=True).or_(page.locator(".st-key-generate button")).first
    ).to_be_visible()
    settle(page)


def expect_links(page: Page, names: tuple[str, ...] | list[str]) -> None:
    """The pages that the navigation offers."""
    expect(page.locator("[data-testid=stTopNavLink]")).to_have_text(list(names))
