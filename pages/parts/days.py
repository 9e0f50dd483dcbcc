"""How a day is typed."""

from typing import Literal

from core.i18n import Reader

Format = Literal["YYYY-MM-DD", "DD/MM/YYYY", "DD.MM.YYYY"]
OF_REGIONS: dict[str, Format] = {"CA": "YYYY-MM-DD", "CH": "DD.MM.YYYY"}


def day_format(text: Reader) -> Format:
    """In English the one form that means the same day on both sides of the ocean."""
    if text.language == "en":
        return "YYYY-MM-DD"
    return OF_REGIONS.get(text.locale.territory or "", "DD/MM/YYYY")
