"""What axe-core has against a page, in both themes."""

from collections.abc import Sequence
from functools import cache, partial
from importlib.resources import files
from typing import Literal

from playwright.sync_api import Page

from tests.patience import until

Theme = Literal["light", "dark"]
# Another theme changes colours, and nothing else that axe-core looks at.
COLOURS = ("color-contrast", "link-in-text-block")
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
    """What is wrong in which theme; nothing, if nothing is."""
    found: dict[Theme, list[str]] = {"light": violations(page, "light"), "dark": violations(page, "dark", COLOURS)}
    return {theme: lines for theme, lines in found.items() if lines}


def violations(page: Page, theme: Theme, rules: Sequence[str] = ()) -> list[str]:
    """A line for each element that is against one of the rules, or against any."""
    until(lambda: page.evaluate(DRESSED), "the stylesheet")
    page.emulate_media(color_scheme=theme)
    until(partial(_wears, page, theme), f"the {theme} page")
    page.evaluate(STILL)
    page.evaluate(f"() => {{ if (!window.axe) {{ {_axe()} }} }}")
    options = {"resultTypes": ["violations"], **({"runOnly": list(rules)} if rules else {})}
    found = page.evaluate("(options) => axe.run(document, options)", options)["violations"]
    return [f"{it['id']}: {node['html'][:160]} {node['failureSummary']}" for it in found for node in it["nodes"]]


def _wears(page: Page, theme: Theme) -> bool:
    """Streamlit's pages follow the system a moment later; ours follow it at once."""
    worn: str = page.evaluate(
        "getComputedStyle(document.querySelector('[data-testid=stApp]') ?? document.documentElement).colorScheme"
    )
    return worn in (theme, "light dark", "normal")
