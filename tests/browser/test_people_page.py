"""The people's page: a class comes in, an invitation is used elsewhere, a password is reset, somebody leaves."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import screens
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.studio import picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("people")]

PASSWORD = "quite another sentence"


def shown_code(page: Page) -> str:
    return page.locator("[data-testid=stCode]:visible").first.inner_text().strip()


def path_of(link: str) -> str:
    return "/" + link.rpartition("/")[2]


def test_a_class_comes_in_by_links_once_every_line_is_right(window: Windows, cast: Cast, ada: Somebody) -> None:
    number = ada.user_id
    page = window(token=cast.token(ada))
    screens.open_page(page, "/people")
    page.get_by_role("tab", name="Add").click()
    names = page.locator(".st-key-people-list textarea")
    names.fill(f"lea{number}; Léa\nno no{number}; Noé\nsam{number}; Sam; king")
    page.get_by_role("button", name="Add all").click()
    expect(screens.refusal(page)).to_contain_text("Nobody was added: 2 lines have a fault.")
    expect(screens.refusal(page)).to_contain_text("Line 2: ")
    expect(screens.refusal(page)).to_contain_text("Line 3: “king” is no role.")
    assert cast.people.find(f"lea{number}") is None
    names.fill(f"lea{number}; Léa\nnoe{number}; Noé\nsam{number}; Sam; user")
    page.get_by_role("button", name="Add all").click()
    expect(page.get_by_text("3 accounts are made.")).to_be_visible()
    rows = [line.split("\t") for line in shown_code(page).splitlines()]
    assert [row[:2] for row in rows] == [[f"lea{number}", "Léa"], [f"noe{number}", "Noé"], [f"sam{number}", "Sam"]]
    guest = window()
    guest.goto(path_of(rows[0][2]))
    expect(guest.get_by_role("heading", name="Welcome, Léa")).to_be_visible()
    guest.get_by_role("textbox", name="Password").fill("short")
    guest.get_by_role("button", name="Save the password").click()
    expect(screens.refusal(guest)).to_contain_text("it needs at least")
    guest.get_by_role("textbox", name="Password").fill(PASSWORD)
    guest.get_by_role("button", name="Save the password").click()
    expect(screens.description(guest)).to_be_visible()
    expect(guest).to_have_url(re.compile(r"/$"))
    guest.goto(path_of(rows[0][2]))
    expect(screens.refusal(guest)).to_contain_text("This link does not work")
    cast.forget_failures()


def test_an_invitation_is_used_in_another_browser_and_taken_back(window: Windows, cast: Cast, ada: Somebody) -> None:
    page = window(token=cast.token(ada))
    screens.open_page(page, "/people")
    page.get_by_role("tab", name="Invitations").click()
    note = f"The class of {ada.login}"
    page.get_by_role("textbox", name="Whom it is for").fill(note)
    page.get_by_role("spinbutton", name="Accounts").fill("2")
    page.get_by_role("button", name="Make the link").click()
    expect(page.get_by_text("The invitation is made.")).to_be_visible()
    link = shown_code(page)
    guest = window()
    guest.goto(path_of(link))
    guest.get_by_role("textbox", name="Your name").fill("Zoé")
    guest.get_by_role("textbox", name="Sign-in name").fill(ada.login)
    guest.get_by_role("textbox", name="Password").fill(PASSWORD)
    guest.get_by_role("button", name="Create the account").click()
    expect(screens.refusal(guest)).to_contain_text("is already taken")
    guest.get_by_role("textbox", name="Sign-in name").fill(f"zoe{ada.user_id}")
    guest.get_by_role("button", name="Create the account").click()
    expect(screens.description(guest)).to_be_visible()
    screens.open_page(page, "/people")
    page.get_by_role("tab", name="Invitations").click()
    expect(page.get_by_text("1 of 2 used").first).to_be_visible()
    page.get_by_role("button", name="Take back").first.click()
    expect(page.get_by_text("taken back").first).to_be_visible()
    late = window()
    late.goto(path_of(link))
    expect(screens.refusal(late)).to_contain_text("This link does not work")
    cast.forget_failures()


def test_a_password_is_reset_by_a_link_and_then_somebody_leaves(
    window: Windows, cast: Cast, ada: Somebody, alice: Somebody, bob: Somebody
) -> None:
    cast.hang(alice, picture(), "A tree of hers")
    page, of_alice = window(token=cast.token(ada)), window(token=cast.token(alice))
    screens.open_page(of_alice)
    screens.open_page(page, "/people")
    page.get_by_role("textbox", name="Search").fill(alice.login)
    page.get_by_role("textbox", name="Search").press("Enter")
    expect(page.locator("[class*=st-key-open-]")).to_have_count(1)
    page.locator(f".st-key-open-{alice.user_id} button").click()
    page.get_by_role("button", name="Make a link for a new password").click()
    expect(page.get_by_text("The link works once.")).to_be_visible()
    guest = window()
    guest.goto(path_of(shown_code(page)))
    guest.get_by_role("textbox", name="Password").fill(PASSWORD)
    guest.get_by_role("button", name="Save the password").click()
    expect(screens.description(guest)).to_be_visible()
    screens.generate(of_alice)
    expect(of_alice.get_by_role("button", name="Sign in")).to_be_visible()
    screens.unfold(page, "Give the pictures to somebody else")
    page.get_by_role("textbox", name="Sign-in name of who gets them").fill(bob.login)
    page.get_by_role("button", name="Give and close").click()
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    assert cast.people.find(alice.login) is None
    assert len(cast.images(bob)) == 1
    of_bob = window(token=cast.token(bob))
    screens.open_page(of_bob, "/gallery")
    expect(of_bob.get_by_role("img", name="A tree of hers")).to_be_visible()
