"""What axe-core has against a page, in both themes."""

from functools import cache, partial
from importlib.resources import files
from typing import Literal

from playwright.sync_api import Page

from tests.patience import until

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# Colours that are on their way into each other are read as they are at that moment.
STILL = """() => Promise.allSettled(document.getAnimations()
  .filter((it) => it.effect.getComputedTiming().iterations !== Infinity).map((it) => it.finished))"""

# Streamlit loads what brings the stylesheet when it first needs it. Pages of ours carry their own.
DRESSED = """() => !document.querySelector('[data-testid=stApp]') ||
  getComputedStyle(document.documentElement).getPropertyValue('--imagier-accent') !== ''"""


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


def violations(page: Page) -> list[str]:
    """A line for each element, in the theme that the page has."""
    until(lambda: page.evaluate(DRESSED), "the stylesheet")
    page.evaluate(STILL)
    page.evaluate(f"() => {{ if (!window.axe) {{ {_axe()} }} }}")
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")["violations"]
    return [f"{it['id']}: {node['html'][:160]} {node['failureSummary']}" for it in found for node in it["nodes"]]


def violations_in_both_themes(page: Page) -> dict[str, list[str]]:
    """What is wrong in which theme; nothing, if nothing is."""
    found = {}
    for theme in THEMES:
        page.emulate_media(color_scheme=theme)
        until(partial(_wears, page, theme), f"the {theme} page")
        found[theme] = violations(page)
    return {theme: lines for theme, lines in found.items() if lines}


def _wears(page: Page, theme: str) -> bool:
    """Streamlit's pages follow the system a moment later; ours follow it at once."""
    worn: str = page.evaluate(
        "getComputedStyle(document.querySelector('[data-testid=stApp]') ?? document.documentElement).colorScheme"
    )
    return worn in (theme, "light dark", "normal")
