"""One Chromium for these tests, and one application with the painter and a provider for most of them."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, sync_playwright

from tests.browser.application import Application
from tests.browser.cast import Cast, Somebody
from tests.browser.chromium import launch
from tests.browser.watching import SCRIPT
from tests.images_server import KEY, ImagesServer
from tests.patience import SECONDS, until

# Streamlit's own index page has one, and our content policy forbids it.
KNOWN = ("Executing inline script violates",)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Not for the session: the event loop that it leaves running would be in the way of other tests."""
    with sync_playwright() as playwright:
        chromium = launch(playwright)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def provider() -> Iterator[ImagesServer]:
    with ImagesServer() as server:
        yield server


@pytest.fixture(scope="session")
def studio(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path, provider: ImagesServer
) -> Iterator[Application]:
    """With a provider, which is the test's own server, and the painter."""
    application = Application(
        tmp_path_factory.mktemp("studio"),
        OPENAI_API_KEY=KEY,
        OPENAI_BASE_URL=provider.base_url,
        IMAGIER_PAINTER="true",
        IMAGIER_AT_ONCE="3",
    )
    cast = Cast(application.data, sqlite_template)
    cast.join("Ada", "admin")
    cast.close()
    with application:
        yield application


@pytest.fixture
def cast(studio: Application, provider: ImagesServer) -> Iterator[Cast]:
    """Whatever a test leaves under way is brought to an end, so that it does not stand in the line of the next."""
    cast = Cast(studio.data)
    yield cast

    def is_let_go() -> bool:
        provider.release()
        return cast.is_idle()

    until(is_let_go, "an empty line")
    cast.forget_the_pace()
    cast.close()


@pytest.fixture
def alice(cast: Cast) -> Somebody:
    return cast.join("Alice")


@pytest.fixture
def bob(cast: Cast) -> Somebody:
    return cast.join("Bob")


@pytest.fixture
def ada(cast: Cast) -> Somebody:
    return cast.join("Ada", "admin")


Windows = Callable[..., Page]


@pytest.fixture
def complaints() -> list[str]:
    """What browsers wrote on their consoles as errors."""
    return []


class Contexts:
    """Browsers without cookies. Those that a test has left are used again: they know Streamlit's scripts already."""

    def __init__(self, browser: Browser):
        self._browser = browser
        self._free: dict[str, list[BrowserContext]] = {}
        self._taken: list[tuple[str, BrowserContext]] = []

    def take(self, settings: dict[str, Any]) -> BrowserContext:
        kind = repr(sorted(settings.items(), key=lambda item: item[0]))
        free = self._free.setdefault(kind, [])
        context = free.pop() if free else self._new(settings)
        self._taken.append((kind, context))
        return context

    def put_back(self) -> None:
        for kind, context in self._taken:
            try:
                context.clear_cookies()
                for page in context.pages:
                    page.close()
            except Error:  # the test has closed it
                continue
            self._free[kind].append(context)
        self._taken.clear()

    def _new(self, settings: dict[str, Any]) -> BrowserContext:
        context = self._browser.new_context(**settings)
        context.set_default_timeout(1000 * SECONDS)
        context.add_init_script(SCRIPT)
        return context


@pytest.fixture(scope="package")
def contexts(browser: Browser) -> Contexts:
    return Contexts(browser)


@pytest.fixture
def window(contexts: Contexts, studio: Application, complaints: list[str]) -> Iterator[Windows]:
    """Make a window of another browser, which has no cookies: `window(token=…, locale=…, …)`."""

    def make(application: Application = studio, token: str | None = None, **more: Any) -> Page:
        settings: dict[str, Any] = {
            "base_url": application.url,
            "locale": "en-US",
            "timezone_id": "Europe/Paris",
            "viewport": {"width": 1280, "height": 900},
            **more,
        }
        context = contexts.take(settings)
        if token is not None:
            context.add_cookies([{"name": "imagier_session", "value": token, "url": application.url, "httpOnly": True}])
        page = context.new_page()
        page.on("console", lambda said: _note(complaints, said))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield make
    contexts.put_back()


def _note(complaints: list[str], said: ConsoleMessage) -> None:
    # On /gallery, Streamlit first looks for itself at /gallery/_stcore.
    is_known = said.text.startswith(KNOWN) or "/_stcore/" in said.location["url"]
    if said.type == "error" and not is_known:
        complaints.append(f"{said.text} ({said.location['url']})")
