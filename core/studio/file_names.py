"""Names of files made of descriptions, which every system takes: Windows, macOS, and a memory stick."""

import re
import unicodedata

LONGEST = 80  # characters
MOST_BYTES = 180  # of a name in UTF-8; some file systems take no more than 255 with what they add
_FORBIDDEN = re.compile(r'[<>:"/\\|?*]')  # by some system
# Among what is not seen are the signs that turn the direction of writing, behind which an ending can be hidden. Those
# that join letters and pictures stay.
_UNSEEN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
_JOINING = "\u200c\u200d"
_BELONGING = ("Mn", "Mc", "Me", "Sk", "Cf")  # to the sign before


def file_name(description: str, number: int, extension: str) -> str:
    """The beginning of the description, and the picture's number, by which no two are the same.

    The number also keeps a name from being one that Windows reserves, such as "con.png".
    """
    text = unicodedata.normalize("NFC", description[: LONGEST * 4])
    seen = "".join(it if it in _JOINING or unicodedata.category(it) not in _UNSEEN else " " for it in text)
    words = _cut(" ".join(_FORBIDDEN.sub(" ", seen).split()).lstrip(". -"))
    return f"{words} {number}.{extension}" if words else f"{number}.{extension}"


def _cut(text: str) -> str:
    """No longer than a name may be, at the end of a word where there is one, and never within a letter or a sign."""
    short = text[:LONGEST]
    while len(short.encode("utf-8", "ignore")) > MOST_BYTES:
        short = short[:-1]
    if short != text:
        at_word = short.rpartition(" ")[0]
        short = at_word if len(at_word) * 2 > len(short) else short
        while short and (short[-1] in _JOINING or unicodedata.category(text[len(short)]) in _BELONGING):
            short = short[:-1]
    return short.rstrip(". -")
