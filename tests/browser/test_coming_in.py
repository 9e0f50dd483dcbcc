"""Coming in, staying in, and being out at once when one should be."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from core.members.members import Members
from core.site import Sites
from tests.browser import screens
from tests.browser.cast import PASSWORD, Cast, Somebody
from tests.browser.conftest import Windows
from tests.images_server import ImagesServer
from tests.patience import until
from tests.studio import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("coming in")]

NEW_PASSWORD = "quite another sentence"


@pytest.fixture(autouse=True)
def _no_failures_remembered(cast: Cast) -> Iterator[None]:
    """All these browsers have one address, and it must not become slow."""
    yield
    cast.forget_failures()


def expect_sign_in(page: Page) -> None:
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    expect(page.locator("[data-testid=stTopNavLink]")).to_have_count(0)


def test_a_person_signs_in_with_enter_and_a_reload_keeps_them_signed_in(
    window: Windows, alice: Somebody, complaints: list[str]
) -> None:
    page = window()
    screens.open_page(page)
    page.get_by_role("textbox", name="Sign-in name").fill(f"  {alice.login.upper()} ")
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(screens.description(page)).to_be_visible()
    (cookie,) = (one for one in page.context.cookies() if one["name"] == "imagier_session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"
    page.reload()
    expect(screens.description(page)).to_be_visible()
    assert page.evaluate("document.cookie").find("imagier_session") == -1
    assert complaints == []


def test_a_wrong_password_and_an_unknown_name_get_the_same_words(window: Windows, alice: Somebody) -> None:
    said = []
    for login, password in ((alice.login, "not the right one"), ("nobody at all", PASSWORD), ("", "")):
        page = window()
        screens.open_page(page)
        screens.sign_in(page, login, password)
        said.append(screens.refusal(page).inner_text())
        expect_sign_in(page)
    assert len(set(said)) == 1
    assert "This name and this password do not belong together." in said[0]


def test_repeated_failures_are_slowed_and_the_right_password_works_afterwards(
    window: Windows, cast: Cast, alice: Somebody
) -> None:
    cast.fail_to_sign_in(alice, times=9)
    page = window()
    screens.open_page(page)
    screens.sign_in(page, alice.login, PASSWORD)
    expect(screens.refusal(page)).to_contain_text("There were too many failed attempts.")
    cast.forget_failures()
    screens.sign_in(page, alice.login, PASSWORD)
    expect(screens.description(page)).to_be_visible()


def test_signing_out_ends_it_in_every_tab_at_the_next_click_and_one_can_sign_in_again_there(
    window: Windows, cast: Cast, alice: Somebody
) -> None:
    first = window(token=cast.token(alice))
    second = first.context.new_page()
    screens.open_page(first, "/account")
    screens.open_page(second)
    (old,) = (one["value"] for one in first.context.cookies() if one["name"] == "imagier_session")
    with first.expect_response("**/auth/logout"):
        first.get_by_role("button", name="Sign out").click()
    expect_sign_in(first)
    screens.generate(second)
    expect_sign_in(second)
    assert "imagier_session" not in {one["name"] for one in first.context.cookies()}
    first.context.add_cookies([{"name": "imagier_session", "value": old, "url": first.url}])
    first.reload()
    expect_sign_in(first)
    screens.sign_in(second, alice.login, PASSWORD)
    expect(second.locator("[data-testid=stTopNavLink]").first).to_be_visible()
    second.reload()
    expect(second.locator("[data-testid=stTopNavLink]").first).to_be_visible()


def test_a_new_password_takes_the_old_one_and_ends_all_other_sessions_at_their_next_click(
    window: Windows, cast: Cast, alice: Somebody
) -> None:
    here, elsewhere = window(token=cast.token(alice)), window(token=cast.token(alice))
    screens.open_page(elsewhere)
    screens.open_page(here, "/account")
    screens.unfold(here, "Change the password")
    here.get_by_role("textbox", name="Password until now").fill("guessed by a passer-by")
    here.get_by_role("textbox", name="New password").fill(NEW_PASSWORD)
    here.get_by_role("button", name="Change the password").click()
    expect(screens.refusal(here)).to_contain_text("This is not your password until now.")
    assert cast.people.is_password(alice.user_id, PASSWORD)
    here.get_by_role("textbox", name="Password until now").fill(PASSWORD)
    here.get_by_role("textbox", name="New password").fill(NEW_PASSWORD)
    here.get_by_role("button", name="Change the password").click()
    expect(screens.refusal(here)).to_contain_text("The password is changed.")
    screens.generate(elsewhere)
    expect_sign_in(elsewhere)
    screens.go(here, "Gallery")
    screens.sign_in(elsewhere, alice.login, PASSWORD)
    expect(screens.refusal(elsewhere)).to_contain_text("do not belong together")
    screens.sign_in(elsewhere, alice.login, NEW_PASSWORD)
    expect(screens.description(elsewhere)).to_be_visible()


def test_an_administrator_who_disables_an_account_ends_its_sessions_at_the_next_click(
    window: Windows, cast: Cast, alice: Somebody, ada: Somebody
) -> None:
    of_alice, of_ada = window(token=cast.token(alice)), window(token=cast.token(ada))
    screens.open_page(of_alice)
    screens.open_page(of_ada, f"/people?person={alice.user_id}")
    of_ada.locator(f".st-key-disable-{alice.user_id} button").click()
    expect(of_ada.locator(f".st-key-enable-{alice.user_id} button")).to_be_visible()
    screens.generate(of_alice)
    expect_sign_in(of_alice)
    screens.sign_in(of_alice, alice.login, PASSWORD)
    expect(screens.refusal(of_alice)).to_contain_text("do not belong together")


def test_the_part_of_the_page_that_beats_by_itself_ends_with_the_session(
    window: Windows, cast: Cast, alice: Somebody, provider: ImagesServer
) -> None:
    page = window(token=cast.token(alice))
    screens.open_page(page)
    screens.describe(page, "Watched from outside [fault:hold]")
    screens.wait_for_tile(page, "running")
    Members(cast.people.database).disable(alice.login)
    expect_sign_in(page)
    expect(screens.tiles(page)).to_have_count(0)


def test_what_was_typed_survives_the_loss_of_the_session(window: Windows, cast: Cast, alice: Somebody) -> None:
    typed = "A long thought 🦜 that must not be lost"
    page = window(token=cast.token(alice))
    screens.open_page(page)
    cast.sessions.end_all(alice.user_id)
    screens.description(page).fill(typed)
    screens.generate(page)
    expect_sign_in(page)
    screens.sign_in(page, alice.login, PASSWORD)
    expect(screens.description(page)).to_have_value(typed)
    assert cast.requests(alice) == []


def test_what_one_person_typed_is_not_shown_to_the_next(
    window: Windows, cast: Cast, alice: Somebody, bob: Somebody
) -> None:
    page = window(token=cast.token(alice))
    screens.open_page(page)
    screens.description(page).fill("A secret of Alice's")
    screens.go(page, "Account")
    page.get_by_role("button", name="Sign out").click()
    expect_sign_in(page)
    screens.sign_in(page, bob.login, PASSWORD)
    expect(page.locator("[data-testid=stTopNavLink]").first).to_be_visible()
    screens.open_page(page)
    expect(screens.description(page)).to_have_value("")
    assert cast.people.draft(bob.user_id) == ""


def test_the_address_of_a_picture_survives_the_sign_in(window: Windows, cast: Cast, alice: Somebody) -> None:
    (image_id,) = cast.hang(alice, picture(), "Behind the door")
    page = window()
    screens.open_page(page, f"/gallery?picture={image_id}")
    expect_sign_in(page)
    assert "Behind the door" not in page.content()
    screens.sign_in(page, alice.login, PASSWORD)
    expect(screens.dialog(page).get_by_role("img", name="Behind the door")).to_be_visible()
    expect(page).to_have_url(re.compile(rf"/gallery\?picture={image_id}$"))


def test_the_session_of_a_new_account_made_on_the_page_works(window: Windows, cast: Cast, ada: Somebody) -> None:
    page = window(token=cast.token(ada))
    screens.open_page(page, "/people")
    page.get_by_role("tab", name="Add").click()
    page.get_by_role("textbox", name="Sign-in name", exact=True).fill("carol")
    page.get_by_role("textbox", name="Name", exact=True).fill("Carol *<Mer>* Sea")
    page.get_by_role("textbox", name="First password").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(screens.refusal(page)).to_contain_text("Carol *<Mer>* Sea can sign in now.")
    guest = window()
    screens.open_page(guest)
    screens.sign_in(guest, "carol", NEW_PASSWORD)
    expect(screens.description(guest)).to_be_visible()
    screens.go(guest, "Account")
    expect(guest.get_by_text("Carol *<Mer>* Sea · carol · User")).to_be_visible()


def test_while_the_site_is_open_a_stranger_makes_an_account_and_is_in(
    window: Windows, cast: Cast, ada: Somebody, complaints: list[str]
) -> None:
    of_ada = window(token=cast.token(ada))
    screens.open_page(of_ada, "/settings")
    stranger = window()
    screens.open_page(stranger)
    expect(stranger.get_by_role("button", name="Create an account")).to_have_count(0)
    toggle = of_ada.get_by_text("Whoever reaches the sign-in page may make an account for themselves")
    toggle.click()
    of_ada.get_by_role("button", name="Save").click()
    expect(of_ada.get_by_text("Saved. It holds at once.")).to_be_visible()

    stranger.reload()
    stranger.get_by_role("button", name="Create an account").click()
    login = f"new.{ada.login}"
    stranger.get_by_role("textbox", name="Your name").fill("Newcomer")
    stranger.get_by_role("textbox", name="Sign-in name").fill(login)
    stranger.get_by_role("textbox", name="Password").fill("short")
    stranger.get_by_role("button", name="Create the account").click()
    expect(screens.refusal(stranger)).to_contain_text("it needs at least 8")
    expect(stranger.get_by_role("textbox", name="Sign-in name")).to_have_value(login)
    stranger.get_by_role("textbox", name="Password").fill(NEW_PASSWORD)
    stranger.get_by_role("button", name="Create the account").click()
    expect(screens.description(stranger)).to_be_visible()
    screens.expect_links(stranger, ("Create", "Gallery", "Account"))

    toggle.click()
    of_ada.get_by_role("button", name="Save").click()
    until(lambda: Sites(cast.database, cast.settings).now().registration == "closed", "the end of it")
    assert complaints == []
