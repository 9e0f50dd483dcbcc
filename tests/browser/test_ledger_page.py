"""The administrator's ledger: settling what is at risk, a limit that refuses in words, a price, the bill."""

import csv
from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect
from pyarrow import parquet  # type: ignore[import-untyped]
from sqlalchemy import select

from core.ledger.ledger import Ledger
from core.ledger.limits import USER, Limits
from core.storage.tables import AuditEntry, Image, Price
from tests.browser import screens
from tests.browser.application import until
from tests.browser.cast import Cast, Somebody
from tests.browser.conftest import Windows
from tests.ledger_rows import add_picture

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("ledger")]

RESERVED = 52_701


@pytest.fixture
def page(window: Windows, cast: Cast, ada: Somebody) -> Page:
    page = window(token=cast.token(ada))
    screens.open_page(page, "/ledger")
    return page


@pytest.fixture
def lost(cast: Cast, alice: Somebody, ada: Somebody) -> Iterator[Callable[..., int]]:
    """Add a picture of unknown outcome; nothing that other tests have left is at risk, nor is this at the end."""
    ledger = Ledger(cast.database)
    left = ledger.risk()
    if left.number:
        ledger.settle_all(ada.user_id, None, left.last_id, False, left.last_text_id)
    with cast.database.read() as session:
        now = cast.database.now(session)
    ids: list[int] = []

    def add(description: str, days_ago: int = 0) -> int:
        moment = now - timedelta(days=days_ago)
        ids.append(
            add_picture(
                cast.database,
                alice.user_id,
                moment,
                reserved=RESERVED,
                state="unknown",
                connection="painter",
                description=description,
            )
        )
        return ids[-1]

    yield add
    with cast.database.write() as session:
        for image in session.scalars(select(Image).where(Image.id.in_(ids))):
            image.settled_at = image.settled_at or now


def part(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    screens.settle(page)


def image_of(cast: Cast, image_id: int) -> Image:
    with cast.database.read() as session:
        return session.get_one(Image, image_id)


def money(cast: Cast, image_id: int) -> tuple[int | None, int | None, bool]:
    image = image_of(cast, image_id)
    return image.cost_micros, image.reserved_micros, image.counted


def acts(cast: Cast, somebody: Somebody) -> list[tuple[str, str]]:
    with cast.database.read() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.login == somebody.login).order_by(AuditEntry.id))
        return [(entry.act, entry.subject) for entry in entries if entry.act != "session.began"]


def test_what_is_at_risk_is_settled_one_by_one_and_a_day_at_once(
    page: Page, cast: Cast, lost: Callable[..., int], ada: Somebody
) -> None:
    billed, free = lost("Billed, *with* $5 of stars"), lost("Never billed")
    others = [lost(f"Of the day before, {number}", days_ago=2) for number in range(25)]
    screens.open_page(page, "/ledger")
    expect(page.get_by_text("Settle all 27")).to_be_visible()
    # The oldest come first, a page of them at a time.
    expect(page.locator("[data-testid=stForm]")).to_have_count(20)
    page.get_by_role("button", name="Newer").click()
    form = page.locator("[data-testid=stForm]", has_text="Billed, *with* $5 of stars")
    expect(form).to_be_visible()
    amount = form.get_by_role("textbox")
    expect(amount).to_have_attribute("placeholder", "estimated $0.0527")
    for typed in ("1,000", "-3", "NaN"):
        amount.fill(typed)
        form.get_by_role("button", name="Billed", exact=True).click()
        expect(screens.refusal(page)).to_contain_text(f"“{typed}” cannot be a price")
        expect(amount).to_have_value(typed)
    amount.fill("0,31")  # and pressed at once, without leaving the field
    form.get_by_role("button", name="Billed", exact=True).click()
    expect(form).to_have_count(0)
    expect(screens.refusal(page)).to_have_count(0)
    assert money(cast, billed) == (310_000, None, True)
    page.locator("[data-testid=stForm]", has_text="Never billed").get_by_role("button", name="Not billed").click()
    until(lambda: money(cast, free) == (0, None, False), "the release")
    screens.settle(page)

    field = page.get_by_role("combobox", name="Day").or_(page.locator(".st-key-at-risk-day input")).first
    field.focus()
    field.press("ArrowDown")
    page.get_by_role("option").nth(1).click()
    page.get_by_text("Settle all 25").click()
    page.get_by_role("button", name="All were billed, as estimated").click()
    expect(page.get_by_text("Nothing is at risk: every cost is known.")).to_be_visible()
    assert [money(cast, it) for it in others] == [(RESERVED, None, True)] * 25
    day = image_of(cast, others[0]).created_at.date()
    assert acts(cast, ada) == [
        ("picture.settled", f"picture {billed}"),
        ("picture.settled", f"picture {free}"),
        ("picture.settled", f"25 pictures of {day}"),
    ]


def test_a_limit_is_set_and_refuses_with_its_words(
    page: Page, window: Windows, cast: Cast, alice: Somebody, ada: Somebody
) -> None:
    part(page, "Limits")
    field = page.locator(".st-key-limits-of input")
    field.fill(alice.login)
    page.get_by_role("option", name=alice.login).click()
    screens.settle(page)
    of_a_day = page.locator(f".st-key-limit-user-{alice.user_id}-pictures-per-day input")
    of_a_day.fill("many")
    page.get_by_role("button", name="Save").click()
    expect(screens.refusal(page)).to_contain_text("“many” cannot be the limit “pictures-per-day”")
    expect(of_a_day).to_have_value("many")
    of_a_day.fill("1")
    page.get_by_role("button", name="Save").click()
    expect(screens.refusal(page)).to_contain_text("Saved. It holds from the next order on.")
    assert Limits(cast.database).of(USER, str(alice.user_id)) == {"pictures-per-day": "1"}
    assert acts(cast, ada) == [("limit.changed", alice.login)]

    with cast.database.read() as session:
        now = cast.database.now(session)
    add_picture(cast.database, alice.user_id, now, cost=0)
    hers = window(token=cast.token(alice))
    screens.open_page(hers)
    screens.choose(hers, "model", "Painter")
    screens.describe(hers, "A second lighthouse")
    expect(screens.refusal(hers)).to_contain_text("Pictures per day: 1 of 1 used, 0 under way, 0 left")
    expect(screens.refusal(hers)).to_contain_text("It starts anew on")
    expect(screens.description(hers)).to_have_value("A second lighthouse")
    screens.go(hers, "Account")
    expect(hers.get_by_text("Pictures per day: 1 of 1 used")).to_be_visible()


def test_a_price_from_a_day_on_the_sums_their_export_and_no_admin_key(
    page: Page, cast: Cast, alice: Somebody, ada: Somebody
) -> None:
    part(page, "Prices")
    screens.unfold(page, "Add a price")
    for name, typed in (("Model", "fox-1"), ("Source", "their page"), ("Each picture", "1.000,5")):
        page.get_by_role("textbox", name=name, exact=True).fill(typed)
    page.get_by_role("button", name="Add", exact=True).click()
    expect(screens.refusal(page)).to_contain_text("“1.000,5” cannot be a price.")
    each = page.get_by_role("textbox", name="Each picture", exact=True)
    expect(each).to_have_value("1.000,5")
    each.fill("0,04")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(screens.refusal(page)).to_contain_text("Added. It holds from that day on.")
    with cast.database.read() as session:
        (row,) = session.scalars(select(Price).where(Price.model == "fox-1"))
        now = cast.database.now(session)
    assert (row.per_picture, row.image_out, row.source, row.user_id) == (40_000, None, "their page", ada.user_id)

    add_picture(cast.database, alice.user_id, now, cost=413_001, description="=1+1")
    part(page, "Bill")
    sums = page.locator(".imagier-sums dd")
    expect(sums).to_have_count(4)
    booked = Decimal(sums.nth(1).inner_text().removeprefix("$").replace(",", ""))
    assert booked.as_tuple().exponent == -6
    for kind in ("CSV", "PARQUET"):
        with page.expect_download() as download:
            page.get_by_role("link", name=f"Export as {kind}").click()
        path = download.value.path()
        if kind == "CSV":
            with path.open(encoding="utf-8-sig", newline="") as file:
                costs = [Decimal(row["cost_usd"]) for row in csv.DictReader(file) if row["cost_usd"]]
        else:
            costs = [cost for cost in parquet.read_table(path)["cost_usd"].to_pylist() if cost is not None]
        assert sum(costs) == booked
    page.locator(".st-key-compare button").click()
    expect(screens.refusal(page)).to_contain_text("There is no admin key")
    assert [act for act, _ in acts(cast, ada)] == ["price.added", "ledger.exported", "ledger.exported"]
