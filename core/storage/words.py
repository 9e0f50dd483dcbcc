"""The words of a description as they are looked for: the same on every database, because they are found here.

Case and accents do not matter, also where a letter has none to take off (œ is oe, ß is ss). Where a script writes no
spaces, each sign is a word, and so is each picture sign. A change here asks for a migration that fills `words` anew.
"""

import re
import unicodedata

_PLAIN = re.compile(r"[^a-z0-9]+")
_TONES = range(0x1F3FB, 0x1F400)  # of the skin of the picture sign before
# What neither capitals nor decomposition bring to the letters that people type for it.
_AS_TYPED = {"œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ı": "i", "þ": "th"}
_WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)


class _Letters(dict[int, str]):
    """What becomes of a sign; those that are used every day are kept."""

    def __missing__(self, code: int) -> str:
        sign = chr(code)
        kind = unicodedata.category(sign)
        if sign in _AS_TYPED:
            found = _AS_TYPED[sign]
        elif kind == "So" or _WITHOUT_SPACES.match(sign):
            found = f" {sign} " if kind[0] in "LNS" else ""
        elif kind[0] in "LN":
            found = sign
        else:  # accents and signs that are not seen belong to the word that they are in
            found = "" if kind[0] == "M" or kind == "Cf" or code in _TONES else " "
        if code < 0x10000:
            self[code] = found
        return found


_LETTERS = _Letters()


def spaced(text: str) -> str:
    """Small letters of ASCII, with spaces for all that is between words."""
    return _PLAIN.sub(" ", text)


def folded(text: str) -> str:
    """The words, with a space between each two."""
    if text.isascii():
        return " ".join(spaced(text.lower()).split())
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join(plain.translate(_LETTERS).split())


def kept_words(description: str) -> str | None:
    """What is kept beside a description; None where the databases find the words in it themselves."""
    return None if description.isascii() else folded(description)
