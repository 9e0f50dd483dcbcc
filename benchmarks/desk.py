"""The administrator's pages in Chromium: how long until all is painted, beside 10,000 pictures.

`--pictures` is how many the large database has, and `--data` a folder that `python -m core demo` has filled with so
many already.
"""

import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright
from sqlalchemy import select

from benchmarks.figures import median, report
from benchmarks.processes import end_tidily, temporary_folder
from benchmarks.studio import build
from benchmarks.windows import window
from core.demo.fill import fill
from core.storage.tables import Image, User
from tests.browser.chromium import launch
from tests.browser.screens import settle

PICTURES, FEW, PEOPLE, DAYS = 1_000_000, 10_000, 200, 365
TURNS = 5
PERIODS = ("Today", "7 days", "30 days", "This month", "Last month", "12 months")
LISTS = {
    "first page": "requests",
    "a state, rare": "requests?state=unknown",
    "a person": "requests?user=demo-7",
    "a model and a quality": "requests?model=gpt-image-2&quality=high",
    "words": "requests?q=lake",
    "dearest": "requests?sort=dearest",
    "a month, failed": "requests?from=2026-06-01&to=2026-06-30&state=not-made",
    "drawn for long": "requests?drawing=40-&state=done",
}
# From the click on a button until what `selector` says is another thing, the script has ended, all pictures in sight
# are there, and a frame was painted.
CLICKED = """([name, selector]) => new Promise((resolve, reject) => {
  const said = () => document.querySelector(selector)?.outerHTML
  const before = said()
  const button = [...document.querySelectorAll('button')].find((it) => it.textContent.trim() === name)
  const begun = performance.now()
  button.click()
  const look = () => {
    const app = document.querySelector('[data-testid=stApp]')
    const seen = [...document.images].filter((it) => it.getBoundingClientRect().top < innerHeight)
    const isPainted = seen.every((it) => it.complete && it.naturalWidth)
    const hasEnded = app.dataset.testScriptState === 'notRunning'
    if (said() && said() !== before && hasEnded && isPainted)
      requestAnimationFrame(() => resolve(performance.now() - begun))
    else if (performance.now() - begun > 60000) reject(new Error('the page was not painted'))
    else requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
})"""
CAPTION, LINE = "[data-testid=stCaptionContainer]", ".imagier-list .line"


@contextmanager
def desk(browser: Browser, pictures: int, data: Path | None) -> Iterator[tuple[Page, int]]:
    """An administrator's window, and a picture in the middle of all."""
    with ExitStack() as stack:
        folder = data.parent if data else stack.enter_context(temporary_folder())
        services = build(folder)
        if data is None:
            made = (services.database, services.files, pictures, PEOPLE, DAYS, UTC)
            ThreadPoolExecutor(1).submit(fill, *made).result()  # Playwright's loop runs on this thread
        services.usage.tidy()
        with services.database.write() as session:
            now = services.database.now(session)
            ada = session.scalar(select(User).where(User.login == "ada-who-measures"))
            if ada is None:
                ada = User(login="ada-who-measures", name="Ada", type="admin", password="-", created_at=now)
                session.add(ada)
                session.flush()
            user_id = ada.id
            middle = session.scalars(select(Image.id).order_by(Image.created_at).offset(pictures // 2).limit(1)).one()
        page, _ = stack.enter_context(window(browser, folder, services, user_id))
        yield page, middle


def open_list(page: Page, address: str) -> float:
    """Seconds, with all that a browser loads for a page that is opened by its address."""
    begun = time.perf_counter()
    page.goto(f"/{address}")
    expect(page.locator(LINE).first).to_be_visible(timeout=60_000)
    settle(page)
    return time.perf_counter() - begun


def click(page: Page, name: str, selector: str) -> float:
    settle(page)
    page.get_by_text(name, exact=True).first.wait_for()
    return float(page.evaluate(CLICKED, [name, selector])) / 1000


def periods(page: Page) -> dict[str, list[float]]:
    """From each period to the next one, round and round."""
    page.goto("/usage")
    expect(page.locator(CAPTION).first).to_be_visible(timeout=60_000)
    for name in PERIODS:  # what is made once
        click(page, name, CAPTION)
    found: dict[str, list[float]] = {f"Usage, {name}": [] for name in PERIODS}
    for _ in range(TURNS):
        for name in PERIODS:
            found[f"Usage, {name}"].append(click(page, name, CAPTION))
    return found


def lists(page: Page, middle: int) -> dict[str, list[float]]:
    found = {}
    for name, address in LISTS.items():
        open_list(page, address)
        found[f"Requests, opened: {name}"] = [open_list(page, address) for _ in range(TURNS)]
    for name, address in {"from the first page": "requests", "from the middle": f"requests?before={middle}"}.items():
        open_list(page, address)
        found[f"Requests, click on Older {name}"] = [click(page, "Older", LINE) for _ in range(TURNS)]
    return found


def measured(browser: Browser, pictures: int, data: Path | None = None) -> dict[str, list[float]]:
    with desk(browser, pictures, data) as (page, middle):
        parts: tuple[Callable[[], dict[str, list[float]]], ...] = (lambda: periods(page), lambda: lists(page, middle))
        return {name: seconds for part in parts for name, seconds in part().items()}


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.desk", description=__doc__)
    parser.add_argument("--pictures", type=int, default=PICTURES, help=f"in the large database; {PICTURES:,} otherwise")
    parser.add_argument("--data", type=Path, help="IMAGIER_DATA_DIR of the large database, if there is one already")
    options = parser.parse_args()
    end_tidily()
    with sync_playwright() as playwright:
        browser = launch(playwright)
        few = measured(browser, FEW)
        many = measured(browser, options.pictures, options.data)
        browser.close()
    for name, seconds in many.items():
        report(f"Chromium, {options.pictures:,} pictures, {name}", median(seconds), "s", median(few[name]))


if __name__ == "__main__":
    main()
