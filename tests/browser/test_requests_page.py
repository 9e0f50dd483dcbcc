"""The administrator's lists in a real browser, among as many pictures as `tests.browser.past` fills in."""

import csv
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from pyarrow import parquet  # type: ignore[import-untyped]
from sqlalchemy import func, select

from core.acting import Actor, acting
from core.connections.drafts import Draft
from core.ledger.limits import SITE, Limits
from core.services import build
from core.storage.tables import AuditEntry, Image
from tests.browser import past, screens
from tests.browser.application import Application, until
from tests.browser.cast import PASSWORD, Cast, Somebody
from tests.browser.conftest import Windows
from tests.ledger_rows import add_picture, add_text

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("desk"), pytest.mark.timeout(past.LONGEST)]

KEY = "sk-proj-4711-never-shown"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Application]:
    folder = tmp_path_factory.mktemp("desk")
    cast = Cast(folder / "data", sqlite_template)
    past.fill_in(cast, folder)
    cast.close()
    with Application(folder, IMAGIER_PAINTER="true") as application:
        yield application


@pytest.fixture
def cast(site: Application) -> Iterator[Cast]:
    cast = Cast(site.data)
    yield cast
    cast.close()


@pytest.fixture
def page(window: Windows, site: Application, cast: Cast, ada: Somebody) -> Page:
    return window(site, token=cast.token(ada))


def lines(page: Page) -> Locator:
    return page.locator(".imagier-list .line")


def numbers(page: Page) -> list[int]:
    """The keys of what is listed."""
    return [int(line.get_attribute("data-id") or 0) for line in lines(page).all()]


def press(page: Page, name: str) -> None:
    """A button with this beginning: some open what lies under them, and end with a sign for it."""
    page.locator("button:visible", has_text=re.compile(f"^{name}")).first.click()
    screens.settle(page)


def turn(page: Page, name: str) -> list[int]:
    """Go to the neighbouring page; what is on it."""
    expect(lines(page)).to_have_count(30)
    before = numbers(page)
    press(page, name)
    expect(lines(page).first).not_to_have_attribute("data-id", str(before[0]))
    screens.settle(page)
    return numbers(page)


def opened(page: Page) -> Locator:
    """Not what a button in it unfolds."""
    return page.locator("section[role=dialog]")


def exported(page: Page, kind: str) -> Path:
    with page.expect_download() as downloading:
        page.get_by_role("link", name=f"Export as {kind}").click()
    return downloading.value.path()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_administrator_goes_from_usage_to_the_requests_and_through_all_of_them(
    page: Page, cast: Cast, complaints: list[str]
) -> None:
    screens.open_page(page, "/usage")
    figure = page.locator(".imagier-figures > div", has_text="Failed").locator("a")
    figure.click()
    expect(page.get_by_role("heading", name="Requests", exact=True)).to_be_visible()
    expect(lines(page)).to_have_count(30)
    assert set(page.locator(".imagier-list .state").all_inner_texts()) <= {"Failed", "Refused", "Unknown outcome"}
    press(page, "Show everything")
    expect(lines(page).first).to_contain_text(re.compile("Done|Refused|Failed|Cancelled"))
    screens.open_page(page, "/requests")
    expect(lines(page)).to_have_count(30)
    first = numbers(page)
    second = turn(page, "Older")
    assert len(second) == 30
    assert not set(first) & set(second)
    assert turn(page, "Newer") == first
    with cast.database.read() as session:
        image_id = session.scalars(select(Image.id).order_by(Image.created_at).offset(past.PICTURES // 2)).first()
    screens.open_page(page, f"/requests?before={image_id}&sort=newest")  # as deep as half of all
    expect(lines(page)).to_have_count(30)
    screens.choose_in_list(page, "filter-state", "Refused")
    expect(page.locator(".imagier-list .state", has_not_text="Refused")).to_have_count(0)
    expect(page.locator(".imagier-list .state.blocked").first).to_be_visible()
    screens.choose_in_list(page, "filter-state", "Done")
    screens.choose_in_list(page, "filter-sort", "Dearest first")
    expect(page.get_by_role("button", name="Cheaper")).to_be_visible()
    costs = [Decimal(cost.removeprefix("$")) for cost in page.locator(".figures span:last-child").all_inner_texts()]
    assert costs == sorted(costs, reverse=True)
    assert len(costs) == 30
    assert complaints == []


def test_a_request_is_found_opened_acted_on_and_taken_along(
    page: Page, cast: Cast, alice: Somebody, complaints: list[str]
) -> None:
    with cast.database.read() as session:
        now = cast.database.now(session)
    mine: dict[str, int] = {}
    kinds: dict[str, dict[str, Any]] = {
        "queued": {"connection": "of nobody"},
        "failed": {"connection": "painter", "model": "painter", "problem": "answer_empty", "problem_detail": "No <b>"},
        "unknown": {"reserved": 50_000, "problem": "connection_lost", "provider_request_id": "req_lost"},
        "blocked": {"door": "api", "description": '=HYPERLINK("http://a.example")'},
    }
    for state, more in kinds.items():
        mine[state] = add_picture(cast.database, alice.user_id, now, state=state, **more)
    add_text(cast.database, alice.user_id, now, 1_234, original="a heron", suggestion="A grey heron at dawn")

    screens.open_page(page, f"/requests?user={alice.login}")
    expect(lines(page)).to_have_count(5)
    lines(page).and_(page.locator(f"[data-id='{mine['queued']}']")).click()
    press(page, "Cancel")
    expect(opened(page)).to_contain_text("Cancelled")
    screens.open_page(page, f"/requests?user={alice.login}&picture={mine['failed']}")
    expect(opened(page)).to_contain_text("No <b>")  # as the provider said it
    press(page, "Try again")
    expect(opened(page)).to_contain_text("Tries, the oldest first")
    until(lambda: cast.is_idle(), "the painter")
    screens.open_page(page, f"/requests?user={alice.login}&picture={mine['unknown']}")
    expect(opened(page)).to_contain_text("req_lost")
    press(page, "Settle")
    page.locator(".st-key-act-amount input").fill("0,02")
    press(page, "Billed")
    expect(opened(page)).to_contain_text("$0.020000")
    expect(opened(page)).to_contain_text("Settled by")

    screens.open_page(page, f"/requests?user={alice.login}&state=done&what=pictures")
    expect(lines(page).locator("img")).to_have_count(1)  # the try that succeeded
    lines(page).click()
    acts = (("Hide from links", "Hide it", "Let links show"), ("Delete", "Delete it", "Give it back"))
    for opens, does, shown in acts:
        press(page, opens)
        press(page, does)
        expect(opened(page)).to_contain_text(shown)
    screens.open_page(page, f"/requests?user={alice.login}&what=suggestions")
    lines(page).click()
    expect(opened(page)).to_contain_text("A grey heron at dawn")

    screens.open_page(page, f"/requests?user={alice.login}&sort=oldest")
    expect(lines(page)).to_have_count(6)
    rows = rows_of(exported(page, "CSV"))
    assert [int(row["image_id"] or -int(row["text_id"])) for row in rows] == numbers(page)
    assert sum(Decimal(row["cost_usd"] or 0) for row in rows) == Decimal("0.021234")
    assert '\'=HYPERLINK("http://a.example")' in {row["description"] for row in rows}
    assert parquet.read_table(exported(page, "Parquet")).num_rows == len(rows)
    assert complaints == []


def test_the_record_tells_who_did_what_and_hides_what_is_secret(
    window: Windows, site: Application, cast: Cast, ada: Somebody, complaints: list[str]
) -> None:
    services = build(cast.settings)
    with acting(Actor(ada.user_id, ada.login, "192.0.2.44", "pages")):
        Limits(cast.database).set(SITE, "", {"pictures-per-day": "1234"})
        services.connections.add(ada.user_id, "heron", Draft("compatible", "http://127.0.0.1:9/v1", KEY))
        services.connections.change(ada.user_id, "heron", Draft("compatible", "http://127.0.0.1:9/v1", KEY + "!"))
    services.database.close()
    page = window(site)
    screens.open_page(page, "/")
    for password in ("not this one", PASSWORD):
        screens.sign_in(page, ada.login, password)
        if password != PASSWORD:
            expect(screens.refusal(page)).to_be_visible()
    expect(page.locator("[data-testid=stTopNavLink]", has_text="Audit")).to_be_visible()

    acts = page.locator(".imagier-acts .act")
    screens.open_page(page, f"/audit?user={ada.login}")
    expect(acts.nth(0)).to_contain_text(re.compile("Signed in.*Pages · 127.0.0.1", re.DOTALL))
    expect(acts.nth(1)).to_contain_text("Failed to sign in")
    search = page.locator(".st-key-filter-q input")
    search.fill("192.0.2.44")
    search.press("Enter")
    expect(acts).to_have_count(3)
    screens.choose_in_list(page, "filter-act", "Changed a connection")
    expect(acts).to_have_count(1)
    acts.locator("summary").click()
    expect(acts.locator("dd")).to_contain_text(["••••"])
    press(page, "Show everything")
    screens.choose_in_list(page, "filter-act", "Changed limits")
    acts.first.locator("summary").click()
    expect(acts.first).to_contain_text(re.compile("Pictures per day.*none.*1234", re.DOTALL))
    search.fill("1234")
    search.press("Enter")
    expect(acts).to_have_count(1)
    rows = rows_of(exported(page, "CSV"))
    assert [(row["act"], row["login"], row["address"]) for row in rows] == [("limit.changed", ada.login, "192.0.2.44")]
    press(page, "Show everything")
    screens.choose_in_list(page, "filter-sort", "Oldest first")
    assert KEY not in page.content()
    everything = exported(page, "Parquet")
    with cast.database.read() as session:
        number = session.scalars(select(func.count()).select_from(AuditEntry)).one()
    assert parquet.read_table(everything).num_rows == number
    assert KEY not in str(parquet.read_table(everything).to_pylist())
    assert complaints == []
