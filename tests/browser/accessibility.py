"""What axe-core has against a page, in both themes."""

from functools import cache, partial
from importlib.resources import files
from typing import Literal

from playwright.sync_api import Page

from tests.patience import until

# Another theme changes colours, and nothing else that axe-core looks at.
THEMES: tuple[tuple[Literal["light", "dark"], dict[str, object]], ...] = (
    ("light", {}),
    ("dark", {"runOnly": ["color-contrast", "link-in-text-block"]}),
)
# Colours that are on their way into each other are read as they are at that moment.
STILL = """() => Promise.allSettled(document.getAnimations()
  .filter((it) => it.effect.getComputedTiming().iterations !== Infinity).map((it) => it.finished))"""

# Streamlit loads what brings the stylesheet when it first needs it. Pages of ours carry their own.
DRESSED = """() => !document.querySelector('[data-testid=stApp]') ||
  getComputedStyle(document.documentElement).getPropertyValue('--imagier-accent') !== ''"""


@cache
def _axe() -> str:
    return files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")


def violations_in_both_themes(page: Page) -> dict[str, list[str]]:
    """What is wrong in which theme, a line for each element; nothing, if nothing is."""
    until(lambda: page.evaluate(DRESSED), "the stylesheet")
    page.evaluate(f"() => {{ if (!window.axe) {{ {_axe()} }} }}")
    found = {}
    for theme, rules in THEMES:
        page.emulate_media(color_scheme=theme)
        until(partial(_wears, page, theme), f"the {theme} page")
        page.evaluate(STILL)
        result = page.evaluate("(rules) => axe.run(document, { resultTypes: ['violations'], ...rules })", rules)
        found[theme] = [
            f"{it['id']}: {node['html'][:160]} {node['failureSummary']}"
            for it in result["violations"]
            for node in it["nodes"]
        ]
    return {theme: lines for theme, lines in found.items() if lines}


def _wears(page: Page, theme: str) -> bool:
    """Streamlit's pages follow the system a moment later; ours follow it at once."""
    worn: str = page.evaluate(
        "getComputedStyle(document.querySelector('[data-testid=stApp]') ?? document.documentElement).colorScheme"
    )
    return worn in (theme, "light dark", "normal")
