"""Takes the pictures of docs/screenshots from the running app: `make screenshots`."""

import tempfile
from datetime import UTC
from itertools import product
from pathlib import Path

from playwright.sync_api import Browser, expect, sync_playwright
from sqlalchemy import func, select

from core.catalog import catalog
from core.demo.fill import fill
from core.engines.connections import lanes_of
from core.ledger.prices import Prices
from core.services import build
from core.storage.tables import Image
from core.studio.orders import Order
from core.studio.requests import Requests
from tests.browser.application import ROOT, Application, until
from tests.browser.cast import Cast, Somebody
from tests.browser.chromium import launch
from tests.browser.screens import wait_for_page

FOLDER = ROOT / "docs" / "screenshots"
DESKTOP, PHONE = (1280, 900), (390, 844)
# A picture that nobody sees may never come.
SEEN = """() => Promise.all([...document.images]
  .filter((it) => it.checkVisibility() && it.getBoundingClientRect().top < innerHeight)
  .map((it) => it.decode().catch(() => {})))"""
DESK = ("usage", "requests", "people", "connections", "ledger", "settings", "audit")
PAGES = {"create": "", **{path: path for path in ("gallery", "account", *DESK)}}
PAST, PEOPLE, DAYS = 1_200, 12, 30  # of the desk's pages
DESCRIPTIONS = {
    "en": (
        "A red sunset over the desert",
        "A city at night after the rain",
        "Misty hills on an autumn morning",
        "A calm green lake in summer",
        "Snowy mountains above a quiet sea at dawn, pines in front",
    ),
    "fr": (
        "Un coucher de soleil rouge sur le désert",
        "Une ville la nuit après la pluie",
        "Des collines brumeuses un matin d’automne",
        "Un lac vert et calme en été",
        "Montagnes enneigées au-dessus d’une mer calme à l’aube, des pins devant",
    ),
}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        application = Application(Path(folder))
        cast = Cast(application.data)
        Prices(cast.database).load_catalogue()
        fill(cast.database, cast.files, PAST, PEOPLE, DAYS, UTC)
        with application, sync_playwright() as play:
            _take_all(application, cast, launch(play))
        cast.close()


def _take_all(application: Application, cast: Cast, browser: Browser) -> None:
    for language in DESCRIPTIONS:
        ada = cast.join("Ada", "admin", language)
        addresses = _addresses(cast, ada, _paint(cast, ada, language))
        pages = {**PAGES, **addresses} if language == "en" else {name: PAGES[name] for name in ("create", "gallery")}
        for theme, size in product(("light", "dark"), (DESKTOP, PHONE)):
            _shoot(browser, application, cast.token(ada), language, theme, size, pages)
    browser.close()


def _addresses(cast: Cast, ada: Somebody, image_id: int) -> dict[str, str]:
    """What has an address for one person, or for one picture."""
    services = build(cast.settings)
    services.shares.make(ada.user_id, image_id, with_description=True)
    (link,) = services.shares.of(ada.user_id, image_id)
    services.database.close()
    return {
        "picture": f"gallery?picture={image_id}",
        "share": f"s/{link.token}",
        "person": f"people?person={ada.user_id}",
    }


def _paint(cast: Cast, somebody: Somebody, language: str) -> int:
    """What Ada has made; the newest picture."""
    models = catalog.load()
    requests = Requests(cast.database, cast.files, models, lanes_of(cast.settings, models))
    for seed, description in enumerate(DESCRIPTIONS[language], start=3):
        requests.submit(somebody.user_id, Order(description, "painter", seed=seed))
    done = select(func.count()).select_from(Image).where(Image.user_id == somebody.user_id, Image.state == "done")

    def all_done() -> bool:
        with cast.database.read() as session:
            return session.scalar(done) == len(DESCRIPTIONS[language])

    until(all_done, "the painter")
    cast.people.save_draft(somebody.user_id, DESCRIPTIONS[language][-1])
    return cast.images(somebody)[-1].id


def _shoot(
    browser: Browser,
    application: Application,
    token: str,
    language: str,
    theme: str,
    size: tuple[int, int],
    pages: dict[str, str],
) -> None:
    """One picture for each page; README shows those without a suffix: light, on a desktop."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        locale="fr-FR" if language == "fr" else "en-US",
        timezone_id="Europe/Paris",
        base_url=application.url,
    )
    suffix = [language] * (language != "en") + ["dark"] * (theme == "dark") + ["phone"] * (size == PHONE)

    def take(name: str, path: str) -> None:
        page = context.new_page()
        page.goto(f"/{path}")
        if not path.startswith("s/"):
            wait_for_page(page)
            expect(page.locator("[data-testid=stSkeleton]")).to_have_count(0)
        page.evaluate(SEEN)
        page.screenshot(path=FOLDER / ("-".join([name, *suffix]) + ".png"))
        page.close()

    take("sign-in", "")
    context.add_cookies([{"name": "imagier_session", "value": token, "url": application.url}])
    for name, path in pages.items():
        take(name, path)
    context.close()


if __name__ == "__main__":
    main()
