"""The first visit: whoever comes first becomes the administrator, once."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import screens
from tests.browser.accessibility import violations_in_both_themes
from tests.browser.application import Application
from tests.browser.cast import Cast
from tests.browser.conftest import Windows

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("set up")]

PASSWORD = "the lake was green in June"


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Application]:
    with Application(tmp_path) as application:
        yield application


@pytest.fixture
def exposed(tmp_path: Path) -> Iterator[Application]:
    with Application(tmp_path, IMAGIER_ADDRESS="0.0.0.0") as application:
        yield application


def set_up(page: Page, login: str, code: str | None = None, password: str = PASSWORD) -> None:
    page.get_by_role("textbox", name="Your name").fill(login.title())
    page.get_by_role("textbox", name="Sign-in name").fill(login)
    page.get_by_role("textbox", name="Password").fill(password)
    if code is not None:
        page.get_by_role("textbox", name="Set-up code").fill(code)
    page.get_by_role("button", name="Create the account").click()


def test_of_two_first_visitors_one_becomes_the_administrator_and_the_other_finds_it_closed(
    window: Windows, empty: Application, complaints: list[str]
) -> None:
    first, second = window(empty), window(empty)
    for page in (first, second):
        screens.open_page(page)
        expect(page.get_by_text("Create the administrator")).to_be_visible()
        expect(page.get_by_role("textbox", name="Set-up code")).to_have_count(0)
    assert violations_in_both_themes(first) == {}
    set_up(first, "ada", password="short")
    expect(screens.refusal(first)).to_contain_text("This password has 5 characters; it needs at least 8.")
    expect(first.get_by_role("textbox", name="Sign-in name")).to_have_value("ada")
    set_up(first, "ada")
    expect(screens.description(first)).to_be_visible()
    expect(first.locator("[data-testid=stTopNavLink]", has_text="People")).to_be_visible()
    set_up(second, "mallory")
    expect(second.get_by_role("button", name="Sign in")).to_be_visible()
    expect(second.get_by_role("button", name="Create the account")).to_have_count(0)
    second.reload()
    expect(second.get_by_role("button", name="Sign in")).to_be_visible()
    cast = Cast(empty.data)
    assert [(user.login, user.type) for user in cast.people.all()] == [("ada", "admin")]
    cast.close()
    assert complaints == []


def test_a_server_that_others_reach_asks_for_the_code_in_its_log(window: Windows, exposed: Application) -> None:
    (line,) = (line["message"] for line in exposed.lines if "set-up code" in line["message"])
    code = line.removeprefix("set-up code: ")
    assert re.fullmatch(r"[0-9a-f]{4}(-[0-9a-f]{4}){2}", code)
    page = window(exposed)
    screens.open_page(page)
    set_up(page, "ada", "0000-0000-0000")
    expect(screens.refusal(page)).to_contain_text("This is not the set-up code.")
    set_up(page, "ada", f" {code.upper()} ")
    expect(screens.description(page)).to_be_visible()
