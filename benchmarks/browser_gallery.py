"""The gallery in Chromium: how soon after a click all is painted, and whether page views leave memory behind."""

from datetime import UTC

from playwright.sync_api import Page, expect, sync_playwright
from sqlalchemy import select

from benchmarks.figures import median, percentile, report
from benchmarks.processes import Memory, temporary_folder
from benchmarks.studio import build
from benchmarks.windows import window
from core.demo.fill import fill
from core.storage.tables import User
from tests.browser.chromium import launch
from tests.browser.screens import settle

VIEWS, CLICKS = 500, 25  # page views for the memory; clicks that are measured
ADDRESSES = (
    "gallery?sort=old",
    "gallery?sort=dear",
    "gallery?shape=square",
    "gallery?q=a",
    "gallery?model=gpt-image-2",
)
OLDER = {"gallery?sort=old": "Newer", "gallery?sort=dear": "Cheaper"}  # what the next page is called
# From the click on a button until every picture of the next page is decoded and a frame was painted.
CLICKED = """(name) => new Promise((resolve, reject) => {
  const tiles = () => [...document.querySelectorAll('.imagier-tile')]
  const before = tiles().map((tile) => tile.dataset.picture).join()
  const button = [...document.querySelectorAll('button')].find((it) => it.textContent.trim() === name)
  const begun = performance.now()
  button.click()
  const look = () => {
    const now = tiles(), images = now.flatMap((tile) => [...tile.querySelectorAll('img')])
    const isThere = now.length === 24 && now.map((tile) => tile.dataset.picture).join() !== before
    const isPainted = images.length === 24 && images.every((image) => image.complete && image.naturalWidth)
    if (isThere && isPainted) requestAnimationFrame(() => resolve(performance.now() - begun))
    else if (performance.now() - begun > 30000) reject(new Error('the page was not painted'))
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
})"""


def browser(pictures: int) -> None:
    with temporary_folder() as folder:
        services = build(folder)
        fill(services.database, services.files, pictures, 1, 300, UTC)
        with services.database.read() as session:
            user_id = session.scalars(select(User.id)).one()
        with sync_playwright() as playwright:
            chromium = launch(playwright)
            with window(chromium, folder, services, user_id) as (page, app):
                _open(page, "gallery")
                _time(page, pictures)
                _wear(page, Memory(app))
            chromium.close()


def _time(page: Page, pictures: int) -> None:
    seconds = [_click(page, "Older") for _ in range(CLICKS)]
    name = f"Chromium, {pictures:,} pictures, click until 24 thumbnails are painted"
    report(f"{name}, median", median(seconds), "s", 1.0)
    report(f"{name}, 95th percentile", percentile(seconds, 95), "s", 1.0)


def _wear(page: Page, memory: Memory) -> None:
    """Page after page, in one view after the other, in one tab that is loaded anew for each view."""
    before = 0.0
    for number in range(VIEWS):
        if number % 20 == 0:
            _open(page, ADDRESSES[number // 20 % len(ADDRESSES)])
        if number == VIEWS // 5:  # until then there are things that are made once
            before = memory.now
        _click(page, OLDER.get(ADDRESSES[number // 20 % len(ADDRESSES)], "Older"))
    report(f"Chromium, memory of the server after {VIEWS} page views, beside {VIEWS // 5}", memory.now, "MB", before)


def _click(page: Page, name: str) -> float:
    """Seconds; the page before has ended, as it has for people, or the button would still mean what it meant there."""
    settle(page)
    return float(page.evaluate(CLICKED, name)) / 1000


def _open(page: Page, address: str) -> None:
    page.goto(f"/{address}")
    expect(page.locator(".imagier-tile img")).to_have_count(24, timeout=60_000)
