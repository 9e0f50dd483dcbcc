"""Takes the pictures of docs/screenshots from the running app: `make screenshots`."""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from sqlalchemy import func, select

from core.catalog import catalog
from core.engines.connections import lanes_of
from core.storage.tables import Image
from core.studio.orders import Order
from core.studio.requests import Requests
from tests.browser.application import ROOT, Application, until
from tests.browser.cast import Cast, Somebody
from tests.browser.chromium import launch
from tests.browser.screens import open_page

FOLDER = ROOT / "docs" / "screenshots"
DESKTOP, PHONE = (1280, 900), (390, 844)
PAGES = ("", "gallery", "account", "usage", "requests", "people", "connections", "ledger", "settings", "audit")
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
    with tempfile.TemporaryDirectory() as folder, Application(Path(folder)) as application, sync_playwright() as play:
        cast = Cast(application.data)
        browser = launch(play)
        for language in DESCRIPTIONS:
            ada = cast.join("Ada", "admin", language)
            _paint(cast, ada, language)
            for theme in ("light", "dark"):
                for size in (DESKTOP, PHONE):
                    _shoot(browser, application, cast.token(ada), language, theme, size)
        browser.close()
        cast.close()


def _paint(cast: Cast, somebody: Somebody, language: str) -> None:
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


def _shoot(
    browser: Browser, application: Application, token: str, language: str, theme: str, size: tuple[int, int]
) -> None:
    """One picture for each page; README shows those without a suffix: light, on a desktop."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if theme == "dark" else "light",
        locale="fr-FR" if language == "fr" else "en-US",
        timezone_id="Europe/Paris",
        base_url=application.url,
    )
    context.add_cookies([{"name": "imagier_session", "value": token, "url": application.url}])
    page = context.new_page()
    for path in PAGES:
        open_page(page, f"/{path}")
        page.evaluate("Promise.all([...document.images].map((image) => image.decode().catch(() => {})))")
        suffix = [language] * (language != "en") + ["dark"] * (theme == "dark") + ["phone"] * (size == PHONE)
        page.screenshot(path=FOLDER / ("-".join([path or "create", *suffix]) + ".png"))
    context.close()


if __name__ == "__main__":
    main()
