"""What a person sees when a picture does not come, and what they can do about it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import screens
from tests.browser.application import Application
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.images_server import KEY, ImagesServer

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("failures")]


@pytest.fixture
def page(window: Windows, cast: Cast, alice: Somebody) -> Page:
    page = window(token=cast.token(alice))
    screens.open_page(page)
    return page


def sent(provider: ImagesServer, description: str) -> int:
    return sum(call.prompt == description for call in provider.requests)


def test_a_failed_picture_says_what_to_do_and_is_tried_again_with_one_click(page: Page, provider: ImagesServer) -> None:
    description = "A broken easel [fault:stream-error times=1]"
    screens.describe(page, description)
    failed = screens.wait_for_tile(page, "failed")
    expect(failed).to_contain_text("The provider failed: It went wrong while painting.")
    expect(failed).to_contain_text("Try again; if it happens again, choose another model.")
    expect(failed).to_contain_text("Request id at the provider: req_")
    failed.get_by_role("button", name="Try again", exact=True).click()
    screens.wait_for_tile(page, "done")
    expect(screens.tiles(page)).to_have_count(1)
    expect(screens.description(page)).to_have_value(description)
    assert sent(provider, description) == 2


def test_a_picture_of_unknown_outcome_is_tried_again_only_by_who_knows_that_it_may_be_billed(
    page: Page, provider: ImagesServer
) -> None:
    description = "A broken line [fault:drop times=1]"
    screens.describe(page, description)
    unknown = screens.wait_for_tile(page, "unknown")
    expect(unknown).to_contain_text("It may have been billed.")
    unknown.get_by_role("button", name="Try again", exact=True).click()
    expect(unknown).to_contain_text("It may be billed again.")
    unknown.get_by_role("button", name="Leave it").click()
    expect(unknown.get_by_role("button", name="Try again", exact=True)).to_be_focused()
    assert sent(provider, description) == 1
    unknown.get_by_role("button", name="Try again", exact=True).click()
    unknown.get_by_role("button", name="Try again all the same").click()
    screens.wait_for_tile(page, "done")
    assert sent(provider, description) == 2


def test_what_a_provider_says_is_told_as_text_and_one_of_three_may_fail(page: Page, complaints: list[str]) -> None:
    screens.describe(page, "Fists [fault:400-moderation stage=input categories=violence,self-harm]")
    blocked = screens.wait_for_tile(page, "blocked")
    expect(blocked).to_contain_text("The provider's moderation refused this.")
    expect(blocked).to_contain_text("Refused at the description")
    expect(blocked).to_contain_text("Categories: violence, self-harm")
    expect(screens.description(page)).to_have_value(
        "Fists [fault:400-moderation stage=input categories=violence,self-harm]"
    )

    screens.describe(page, "Markup [fault:shape html status=400] <img src=x onerror=alert(1)>")
    failed = screens.wait_for_tile(page, "failed")
    expect(failed.locator("img")).to_have_count(0)
    assert KEY not in page.content()

    screens.set_number(page, 3)
    screens.describe(page, "One of us fails [fault:stream-error times=1]")
    screens.wait_for_tile(page, "done", 2)
    screens.wait_for_tile(page, "failed", 2)
    assert complaints == []


def test_a_provider_that_asks_for_patience_gets_it_and_the_picture_comes_by_itself(
    page: Page, cast: Cast, provider: ImagesServer
) -> None:
    description = "Patience [fault:429-rate retry-after=600 times=1]"
    screens.describe(page, description)
    provider.wait_until(lambda: sent(provider, description) == 1)
    expect(screens.wait_for_tile(page, "queued")).to_contain_text("Waiting")
    assert sent(provider, description) == 1
    cast.forget_the_pace()  # as if the ten minutes were over
    screens.wait_for_tile(page, "done")
    first, second = (call for call in provider.requests if call.prompt == description)
    assert [first.billed, second.billed] == [False, True]


@pytest.fixture
def locked_provider() -> Iterator[ImagesServer]:
    with ImagesServer(key="sk-another-key-than-the-one-in-the-settings") as server:
        yield server


@pytest.fixture
def locked_out(tmp_path: Path, sqlite_template: Path, locked_provider: ImagesServer) -> Iterator[Application]:
    application = Application(tmp_path, OPENAI_API_KEY=KEY, OPENAI_BASE_URL=locked_provider.base_url)
    Cast(application.data, sqlite_template).close()
    with application:
        yield application


def test_a_wrong_key_stops_the_line_until_an_administrator_opens_it(
    window: Windows, locked_out: Application, locked_provider: ImagesServer, complaints: list[str]
) -> None:
    cast = Cast(locked_out.data)
    alice, ada = cast.join("Alice"), cast.join("Ada", "admin")
    of_alice = window(locked_out, cast.token(alice))
    screens.open_page(of_alice)
    screens.describe(of_alice, "A locked door")
    waiting = screens.wait_for_tile(of_alice, "queued")
    expect(waiting).to_contain_text("The provider does not accept the key.")
    expect(waiting).to_contain_text("the picture waits until then")
    expect(screens.refusal(of_alice)).to_have_count(0)

    of_ada = window(locked_out, cast.token(ada))
    screens.open_page(of_ada)
    expect(screens.refusal(of_ada)).to_contain_text("The line “openai” stands still.")
    expect(screens.refusal(of_ada)).to_contain_text("An administrator has to enter a valid key")
    screens.go(of_ada, "Connections")
    expect(screens.refusal(of_ada)).to_contain_text("The provider does not accept the key.")
    assert len(locked_provider.requests) == 1

    locked_provider.key = KEY
    of_ada.get_by_role("button", name="Open the line again").click()
    expect(of_ada.get_by_role("button", name="Open the line again")).to_have_count(0)
    screens.wait_for_tile(of_alice, "done")
    assert len(locked_provider.calls) == 1
    assert complaints == []
    cast.close()
