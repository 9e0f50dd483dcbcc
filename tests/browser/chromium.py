"""Real Chromium for the tests and the screenshots."""

import shutil

from playwright.sync_api import Browser, Playwright

# The shell is the same browser without the furniture of a window, which costs more than most pages do.
PROGRAMS = ("chromium-headless-shell", "chromium")


def launch(playwright: Playwright) -> Browser:
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise FileNotFoundError("Chromium; .ci/run installs it (Debian: apt install chromium-headless-shell)")
    arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    return playwright.chromium.launch(executable_path=program, args=arguments)
