"""What can be made after a picture, and what helps to describe one."""

import io

import pytest
from PIL import Image as Pillow
from playwright.sync_api import Locator, Page, expect

from tests.browser import screens
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.images_server import ImagesServer
from tests.patience import until
from tests.studio import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("references")]


@pytest.fixture
def page(window: Windows, cast: Cast, alice: Somebody) -> Page:
    page = window(token=cast.token(alice))
    screens.open_page(page)
    return page


def act(page: Page, name: str) -> None:
    tile = screens.tiles(page, "done").first
    tile.hover()
    tile.get_by_role("button", name=name).click()


def test_four_drafts_then_the_chosen_one_is_made_final_and_knows_its_draft(
    page: Page, provider: ImagesServer, cast: Cast, alice: Somebody
) -> None:
    screens.description(page).fill("A heron, first in four drafts")
    page.get_by_role("button", name="4 drafts · about $").click()
    screens.wait_for_tile(page, "done", 4)
    draft = cast.images(alice)[0]
    act(page, "Make it final")
    screens.wait_for_tile(page, "done", 5)
    final = cast.images(alice)[-1]
    drafts, call = provider.calls[-5:-1], provider.calls[-1]
    assert {it.parameters["quality"] for it in drafts} == {"low"}
    assert (call.parameters["quality"], call.prompt) == ("high", "A heron, first in four drafts")
    screens.open_page(page, f"/gallery?picture={final.id}")
    relative = screens.dialog(page).locator(".imagier-family a")
    expect(relative).to_contain_text("Made after")
    expect(relative).to_have_attribute("href", f"gallery?picture={draft.id}")


def test_a_description_and_its_choices_are_taken_back_into_the_page(page: Page) -> None:
    screens.choose(page, "quality", "Low")
    screens.choose(page, "size", "Landscape")
    screens.describe(page, "A heron, to be used again")
    screens.wait_for_tile(page, "done")
    screens.choose(page, "quality", "High")
    screens.choose(page, "size", "Square")
    screens.description(page).fill("Something else")
    act(page, "Reuse")
    expect(screens.description(page)).to_have_value("A heron, to be used again")
    expect(screens.fold(page, "quality")).to_contain_text("Low")
    expect(screens.fold(page, "size")).to_contain_text("Landscape")


def test_a_link_carries_a_description_and_choices_and_the_last_ones_are_remembered(
    page: Page, window: Windows, cast: Cast, alice: Somebody
) -> None:
    screens.open_page(page, "/?description=A%20heron%20by%20link&quality=low&size=1600x896&number=2&model=nonsense")
    expect(screens.description(page)).to_have_value("A heron by link")
    for key, shown in (
        ("quality", "Low"),
        ("size", "Wide"),
        ("number", "2 pictures"),
        ("model", "GPT Image 2.6 Flare"),
    ):
        expect(screens.fold(page, key)).to_contain_text(shown)
    screens.generate(page)
    screens.wait_for_tile(page, "done", 2)
    elsewhere = window(token=cast.token(alice))
    screens.open_page(elsewhere)
    for key, shown in (("quality", "Low"), ("size", "Wide"), ("number", "2 pictures")):
        expect(screens.fold(elsewhere, key)).to_contain_text(shown)


def test_a_size_of_ones_own_is_checked_as_it_is_typed(page: Page) -> None:
    field = screens.open_choice(page, "size")
    field.locator("label", has_text="Custom").click()
    said = page.locator("[data-testid=stPopoverBody] [data-testid=stCaptionContainer]")
    expect(said).to_contain_text("Square · 1024 × 1024 fits.")
    width = page.locator(".st-key-width input")
    width.press("Control+a")
    page.keyboard.type("3000")
    expect(said).to_contain_text("This does not fit: both sides are multiples of 16")
    expect(width).to_be_focused()
    width.press("Control+a")
    page.keyboard.type("1600")
    expect(said).to_contain_text("Landscape · 1600 × 1024 fits.")


def test_a_template_is_kept_and_filled_in(page: Page) -> None:
    screens.description(page).fill("A {bird} at {time of day}")
    screens.fold(page, "templates").click()
    page.get_by_placeholder("Its title").fill("Birds")
    page.get_by_role("button", name="Keep", exact=True).click()
    screens.settle(page)
    screens.close_choice(page)
    screens.fold(page, "templates").click()
    screens.choose_in_list(page, "template", "Birds")
    page.get_by_role("textbox", name="bird").fill("heron")
    page.get_by_role("textbox", name="time of day").fill("dusk")
    page.get_by_role("button", name="Put it into the description").click()
    expect(screens.description(page)).to_have_value("A heron at dusk")

    screens.close_choice(page)
    page.locator(".st-key-several label").click()
    expect(page.locator(".st-key-several-line")).to_contain_text("1 description")
    screens.fold(page, "templates").click()
    page.get_by_role("textbox", name="bird").fill("swan\nkingfisher")
    page.get_by_role("textbox", name="time of day").fill("dawn\n\nnoon")
    page.get_by_role("button", name="Add 4 descriptions").click()
    lines = ["A heron at dusk", "A swan at dawn", "A swan at noon", "A kingfisher at dawn", "A kingfisher at noon"]
    expect(screens.description(page)).to_have_value("\n".join(lines))
    expect(page.locator(".st-key-generate")).to_contain_text("Generate 5 · about $")


def test_a_picture_that_comes_while_one_is_elsewhere_is_announced(
    page: Page, provider: ImagesServer, cast: Cast, alice: Somebody
) -> None:
    screens.describe(page, "A heron that comes late [fault:hold]")
    screens.wait_for_tile(page, "running")
    screens.go(page, "Account")
    notice = page.locator("[data-testid=stToast]")

    def is_told() -> bool:
        provider.release()  # however late the call comes
        return notice.count() > 0

    until(is_told, "the notice")
    expect(notice).to_contain_text("Ready: “A heron that comes late")
    with page.expect_popup() as opened:
        notice.get_by_role("link", name="show it").click()
    expect(screens.dialog(opened.value)).to_be_visible()


def test_a_part_of_a_picture_is_painted_over_and_only_that_part_is_to_change(
    page: Page, provider: ImagesServer, cast: Cast, alice: Somebody
) -> None:
    (picture_id,) = cast.hang(alice, picture(400, 200, colour="steelblue"))
    screens.open_page(page, f"/gallery?picture={picture_id}")
    screens.dialog(page).get_by_role("button", name="Change it").click()
    page.locator(".st-key-masks label").first.click()
    canvas = page.locator(".imagier-mask canvas")
    stroke(page, canvas, (0.1, 0.5), (0.4, 0.5))
    page.get_by_role("button", name="Eraser").click()
    stroke(page, canvas, (0.1, 0.5), (0.2, 0.5))
    page.get_by_role("button", name="Brush").click()
    stroke(page, canvas, (0.8, 0.5), (0.9, 0.5))
    page.get_by_role("button", name="Undo").click()
    screens.settle(page)
    screens.describe(page, "A boat on the left")
    provider.wait_until(lambda: any(call.prompt == "A boat on the left" for call in provider.calls))
    (call,) = [call for call in provider.calls if call.prompt == "A boat on the left"]
    assert [field for field, *_ in call.files][-1] == "mask"
    (request,) = [request for request in cast.requests(alice) if request.description == "A boat on the left"]
    assert (request.parent_id, request.relation) == (picture_id, "change")
    mask = Pillow.open(io.BytesIO(cast.files.read(request.mask_key or "")))
    assert mask.size == (400, 200)
    assert [mask.getpixel((x, 100))[3] for x in (120, 60, 340)] == [0, 255, 255]  # type: ignore[index]


def stroke(page: Page, canvas: Locator, start: tuple[float, float], end: tuple[float, float]) -> None:
    """From one point of the picture to another, as shares of its sides."""
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in (start, end)]
    page.mouse.move(*points[0])
    page.mouse.down()
    page.mouse.move(*points[1], steps=5)
    page.mouse.up()
    screens.settle(page)
