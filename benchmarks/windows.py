"""A window of Chromium in which somebody is signed in."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from playwright.sync_api import Browser, Page

from benchmarks.processes import HOST, free_port, imagier, wait_for
from core.api.auth import COOKIE
from core.services import Services


@contextmanager
def window(browser: Browser, folder: Path, services: Services, user_id: int) -> Iterator[tuple[Page, psutil.Popen]]:
    """And the application behind it, over the data of `services`, whose database is closed: it is another's now."""
    token = services.sessions.exchange(services.sessions.ticket(user_id, HOST))
    services.database.close()
    port = free_port()
    address = f"http://{HOST}:{port}"
    with imagier(folder, port) as app:
        wait_for(port, "/readyz", app)
        context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-US", base_url=address)
        context.add_cookies([{"name": COOKIE, "value": token or "", "url": address}])
        yield context.new_page(), app
        context.close()
