"""The main job: describe, see where it stands, see the picture."""

import json
import re
from functools import partial

import pytest
from playwright.sync_api import Locator, Page, WebSocketRoute, expect

from tests.browser import screens, watching
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.images_server import Call, ImagesServer
from tests.patience import until

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("describe and see")]


@pytest.fixture
def page(window: Windows, cast: Cast, alice: Somebody) -> Page:
    page = window(token=cast.token(alice))
    screens.open_page(page)
    return page


# The pulse that shows progress beats only while there is some.
BEATS = """() => new Promise((resolve) => {
  let changes = 0
  const app = document.querySelector('[data-testid=stApp]')
  new MutationObserver((list) => { changes += list.length }).observe(app, { attributes: true })
  setTimeout(() => resolve(changes), 1500)
})"""


def seconds_so_far(running: Locator) -> int:
    said = running.inner_text()
    found = re.search(r"Drawing · (\d+) s", said)
    assert found, said
    return int(found[1])


def calls_for(provider: ImagesServer, description: str) -> list[Call]:
    return [call for call in provider.calls if call.prompt == description]


def test_however_one_orders_it_is_one_order_of_exactly_what_stands_there_and_then_the_page_rests(
    page: Page, provider: ImagesServer, cast: Cast, alice: Somebody
) -> None:
    screens.describe(page, "   ")
    expect(screens.refusal(page)).to_contain_text("There is no description yet.")
    assert cast.requests(alice) == []

    def begin(text: str) -> None:
        screens.description(page).fill("")
        screens.description(page).click()
        page.keyboard.type(text)

    begin("A green parrot, seen by a click")
    screens.generate(page)
    screens.wait_for_tile(page, "done")
    begin("A green parrot, seen by the keyboard")
    page.keyboard.press("Control+Enter")
    screens.wait_for_tile(page, "done", 2)
    begin("A parrot, clicked twice by habit")
    page.locator(".st-key-generate button").dblclick(delay=70)
    screens.wait_for_tile(page, "done", 3)
    begin("A parrot, by heavy hands")
    page.keyboard.down("Control")
    for _ in range(5):  # the second and all others are repetitions
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    page.keyboard.up("Control")
    screens.wait_for_tile(page, "done", 4)
    screens.settle(page)
    until(lambda: page.evaluate(BEATS) == 0, "a beat and a half of rest")
    ordered = [request.description for request in cast.requests(alice)]
    assert ordered == [
        "A green parrot, seen by a click",
        "A green parrot, seen by the keyboard",
        "A parrot, clicked twice by habit",
        "A parrot, by heavy hands",
    ]
    assert [len(calls_for(provider, description)) for description in ordered] == [1, 1, 1, 1]
    expect(screens.description(page)).to_have_value("A parrot, by heavy hands")
    page.reload()
    expect(screens.description(page)).to_have_value("A parrot, by heavy hands")


def test_the_same_again_is_a_second_order(page: Page, cast: Cast, alice: Somebody) -> None:
    """What is there already is offered before it is paid again, and once only."""
    screens.describe(page, "A parrot, wanted again")
    screens.wait_for_tile(page, "done")
    screens.generate(page)
    expect(page.get_by_role("button", name="Show it · free")).to_be_visible()
    assert len(cast.requests(alice)) == 1
    page.get_by_role("button", name="Make it again").click()
    screens.wait_for_tile(page, "done", 2)
    screens.generate(page)
    screens.wait_for_tile(page, "done", 3)
    assert len(cast.requests(alice)) == 3


def test_the_quality_is_always_sent_and_every_choice_arrives_also_the_one_of_the_same_instant(
    page: Page, provider: ImagesServer
) -> None:
    screens.choose(page, "quality", "High")
    screens.choose(page, "size", "Landscape")
    screens.choose(page, "output_format", "WEBP")
    screens.choose(page, "background", "Transparent")
    screens.describe(page, "A parrot with choices")
    screens.wait_for_tile(page, "done")
    sent = calls_for(provider, "A parrot with choices")[0].parameters
    assert sent["model"] == "gpt-image-2.6-flare"
    assert (sent["quality"], sent["size"]) == ("high", "1536x1024")
    assert (sent["output_format"], sent["background"]) == ("webp", "transparent")
    assert sent["n"] == 1

    screens.description(page).fill("A hasty parrot")
    screens.choose(page, "quality", "Low")
    screens.open_choice(page, "quality").get_by_role("radio", name="Low").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Control+Enter")
    screens.wait_for_tile(page, "done", 2)
    assert calls_for(provider, "A hasty parrot")[0].parameters["quality"] == "medium"


def test_each_picture_has_its_slot_at_once_and_what_waits_tells_its_place_and_can_be_cancelled(
    page: Page, provider: ImagesServer, cast: Cast, alice: Somebody
) -> None:
    screens.set_number(page, 3)
    screens.describe(page, "Three parrots before [fault:hold]")
    expect(screens.tiles(page)).to_have_count(3)
    screens.wait_for_tile(page, "running", 3)
    screens.set_number(page, 2)
    screens.describe(page, "Two more parrots [fault:hold]")
    waiting = screens.wait_for_tile(page, "queued", 2)
    expect(waiting.nth(0)).to_contain_text("Waiting, place 1 in the line")
    expect(waiting.nth(1)).to_contain_text("Waiting, place 2 in the line")
    expect(waiting.nth(0)).to_contain_text("there in about")
    waiting.nth(1).get_by_role("button", name="Cancel").click()
    expect(screens.tiles(page, "cancelled")).to_contain_text("Cancelled")
    screens.let_finish(page, provider, 4)
    assert len(calls_for(provider, "Three parrots before [fault:hold]")) == 3
    assert len(calls_for(provider, "Two more parrots [fault:hold]")) == 1
    assert [image.state for image in cast.images(alice)].count("cancelled") == 1


def test_previews_come_without_reload_and_the_page_neither_jumps_nor_flashes(
    page: Page, provider: ImagesServer, cast: Cast, alice: Somebody, complaints: list[str]
) -> None:
    page.evaluate("window.notReloaded = true")
    screens.set_number(page, 2)
    screens.describe(page, "A parrot that grows before the eyes [fault:hold-each]")
    expect(screens.tiles(page)).to_have_count(2)
    watching.watch(page)
    for preview in (1, 2):
        for tile in screens.tiles(page).all():
            expect(tile.locator("img")).to_have_attribute("src", re.compile(f"/preview-{preview}$"))
        provider.release_held(2)
    screens.let_finish(page, provider, 2)
    for tile in screens.tiles(page).all():
        until(partial(tile.locator("img").evaluate, "(it) => it.complete && it.currentSrc.endsWith('/640')"))
    found = watching.watched(page)
    assert page.evaluate("window.notReloaded") is True
    assert found["frames"] > 10
    assert found["flashes"] == 0, found
    assert found["moves"] == 0, found
    assert sum(shift["value"] for shift in found["shifts"]) < 0.001, json.dumps(found["shifts"])
    for image in cast.images(alice):
        previews = {f"/pictures/{image.id}/preview-1", f"/pictures/{image.id}/preview-2"}
        assert previews <= {*found["sources"]}, found["sources"]
    assert complaints == []


def test_the_time_so_far_runs_on_and_a_previews_address_is_not_asked_again_and_again(
    page: Page, provider: ImagesServer
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/preview-" in request.url else None)
    screens.describe(page, "A parrot with previews [fault:hold]")
    running = screens.wait_for_tile(page, "running")
    until(lambda: seconds_so_far(running) >= 0 and asked, "a preview")
    since = seconds_so_far(running)
    until(lambda: seconds_so_far(running) > since + 2, "some more beats of the page")
    screens.let_finish(page, provider)
    assert len(asked) == len(set(asked))


def test_a_preview_that_cannot_be_had_leaves_what_is_there(page: Page, provider: ImagesServer) -> None:
    page.route("**/preview-2", lambda route: route.fulfill(status=404))
    screens.describe(page, "A parrot that half appears [fault:hold-each]")
    first = screens.tiles(page, "running").locator("img")
    expect(first).to_have_attribute("src", re.compile("/preview-1$"))
    with page.expect_response("**/preview-2"):
        provider.release_held()
    expect(first).to_have_attribute("src", re.compile("/preview-1$"))
    assert first.evaluate("(it) => it.complete && it.naturalWidth") > 0
    screens.let_finish(page, provider)


def test_changing_a_choice_while_it_is_drawn_stops_nothing(page: Page, provider: ImagesServer) -> None:
    screens.describe(page, "A steady parrot [fault:hold]")
    screens.wait_for_tile(page, "running")
    screens.choose(page, "quality", "Low")
    screens.choose(page, "model", "Painter")
    screens.description(page).fill("Something else meanwhile")
    screens.go(page, "Gallery")
    screens.go(page, "Create")
    screens.wait_for_tile(page, "running")
    expect(screens.description(page)).to_have_value("Something else meanwhile")
    screens.let_finish(page, provider)
    assert len(calls_for(provider, "A steady parrot [fault:hold]")) == 1


def test_after_closing_the_browser_everything_is_there_on_another_device(
    page: Page, window: Windows, provider: ImagesServer, cast: Cast, alice: Somebody
) -> None:
    screens.describe(page, "A patient parrot [fault:hold]")
    screens.wait_for_tile(page, "running")
    page.context.close()
    phone = window(token=cast.token(alice), viewport={"width": 390, "height": 800})
    screens.open_page(phone)
    screens.wait_for_tile(phone, "running")
    screens.let_finish(phone, provider)
    expect(phone.locator(".imagier-group")).to_contain_text("A patient parrot")
    assert len(calls_for(provider, "A patient parrot [fault:hold]")) == 1


def test_the_typed_description_survives_another_page_a_reload_and_a_link_followed_before_the_server_has_looked(
    page: Page, cast: Cast, alice: Somebody
) -> None:
    typed = 'A "quoted" <b>thought</b> & a half 🦜 فكرة'
    screens.description(page).fill(typed)
    screens.go(page, "Account")
    screens.go(page, "Create")
    expect(screens.description(page)).to_have_value(typed)
    held: list[tuple[WebSocketRoute, str | bytes]] = []
    is_held = False

    def between(route: WebSocketRoute) -> None:
        server = route.connect_to_server()
        route.on_message(lambda message: held.append((server, message)) if is_held else server.send(message))

    page.route_web_socket("**/_stcore/stream", between)
    page.reload()
    screens.wait_for_page(page)
    expect(screens.description(page)).to_have_value(typed)
    screens.description(page).fill("Written in haste")
    is_held = True
    page.locator("[data-testid=stTopNavLink]", has_text="Gallery").click(delay=60)
    until(lambda: page.evaluate("1") and held, "what was typed")
    is_held = False
    for server, message in held:
        server.send(message)
    expect(page.get_by_role("heading", name="Gallery")).to_be_visible()
    assert cast.people.draft(alice.user_id) == "Written in haste"
    screens.go(page, "Create")
    expect(screens.description(page)).to_have_value("Written in haste")


def test_the_painter_says_that_it_is_no_ai_wherever_it_shows(page: Page) -> None:
    screens.choose(page, "model", "Painter")
    screens.describe(page, "A red sun over a harbour in autumn")
    screens.wait_for_tile(page, "done")
    expect(screens.tiles(page)).to_contain_text("painter, no AI")
    screens.tiles(page).locator("a").click()
    expect(screens.dialog(page)).to_contain_text("painter, no AI")
    page.keyboard.press("Escape")
    screens.go(page, "Gallery")
    expect(screens.tiles(page)).to_contain_text("painter, no AI")
