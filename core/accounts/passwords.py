"""Passwords: what counts as one, and its bcrypt hash.

The rules are those of NIST SP 800-63B: a least length, no composition rules, and a list of the worst. The
sign-in form checks with streamlit-authenticator's Hasher, which core cannot import because it brings Streamlit;
both are the same call of bcrypt, and a test holds that each verifies what the other made.
"""

import sys
import unicodedata
from functools import cache
from itertools import pairwise
from pathlib import Path

import bcrypt

from core.errors import Problem

# The hash of a random text that nobody kept: a name without an account takes as long as a wrong password. It is also
# what an account has until its person has chosen a password.
NOBODY = "$2b$12$VGDWnrewerkXS564h4WWjO0hD0nEPe0gzhwx34FHD6VxeSJW9zQgq"
COST = 12  # the default of bcrypt, and so of streamlit-authenticator's Hasher
MOST_BYTES = 72  # bcrypt takes no more
WORST = Path(__file__).with_name("worst_passwords.txt")

# Normalising takes quadratic time on hostile text, and joins at most four characters to one: whatever is longer
# than this is longer than MOST_BYTES in any case.
_LONGEST_NORMALISED = 1_000
# They join letters in Persian and Hindi and people in emoji, so keyboards do produce them.
_JOINERS = "\u200c\u200d"
_SHORTEST_OWN_WORD = 3
_LONGEST_REPEATED_UNIT = 4


def normal(password: str) -> str:
    """The same password however it was typed: NFKC, and without the space at its ends that the form removes."""
    stripped = password.strip()
    if len(stripped) > _LONGEST_NORMALISED:
        return stripped
    return unicodedata.normalize("NFKC", stripped).strip()


def is_too_long(password: str) -> bool:
    return len(password) > MOST_BYTES or len(password.encode("utf-8", "surrogatepass")) > MOST_BYTES


def check_strength(password: str, login: str, name: str, least: int) -> None:
    """Raises a Problem unless this may become the password of this person; `least` counts characters."""
    text = normal(password)
    if is_too_long(text):
        raise Problem("password_too_long")
    if not all(is_typable(character) for character in text):
        raise Problem("password_unprintable")
    if len(text) < least:
        raise Problem("password_too_short", length=len(text), least=least)
    if _is_guessed_first(text.casefold(), _own_words(login, name)):
        raise Problem("password_too_common")


def hashed(password: str) -> str:
    """A bcrypt hash. ValueError for a password that `check_strength` would find too long."""
    return bcrypt.hashpw(normal(password).encode(), bcrypt.gensalt(COST)).decode()


def matches(password: str, password_hash: str) -> bool:
    text = normal(password)
    if is_too_long(text):
        return False
    return bcrypt.checkpw(text.encode("utf-8", "surrogatepass"), password_hash.encode())


def is_typable(character: str) -> bool:
    """Not control, format, private and unassigned characters: another keyboard or Unicode may lack them."""
    category = unicodedata.category(character)
    return character in _JOINERS or (category[0] != "C" and category not in ("Zl", "Zp"))


@cache
def _worst() -> frozenset[str]:
    return frozenset(WORST.read_text("utf-8").split())


def _own_words(login: str, name: str) -> frozenset[str]:
    """What an attacker who knows the person tries: the names, whole and in parts."""
    words = {"imagier"}
    for text in (login.casefold(), unicodedata.normalize("NFKC", name).casefold()):
        separated = "".join(character if character.isalnum() else " " for character in text)
        words |= {text, separated.replace(" ", ""), *separated.split()}
    return frozenset(word for word in words if len(word) >= _SHORTEST_OWN_WORD)


def _is_guessed_first(text: str, own_words: frozenset[str]) -> bool:
    """`text` is casefolded. Digits and signs around a word that is on every list make it no better."""
    core = _without_ends(text)
    candidates = {text, text.replace(" ", ""), core, _unit(text), _unit(core)}
    if not candidates.isdisjoint(_worst() | own_words):
        return True
    return len(_unit(text)) <= _LONGEST_REPEATED_UNIT or _is_sequence(text)


def _without_ends(text: str) -> str:
    """The part from the first letter to the last."""
    letters = [place for place, character in enumerate(text) if character.isalpha()]
    return text[letters[0] : letters[-1] + 1] if letters else ""


def _unit(text: str) -> str:
    """What `text` is a repetition of: "abab" is "ab" twice, "abc" is itself once."""
    return text[: (text + text).find(text, 1)] if text else text


def _is_sequence(text: str) -> bool:
    """abcdefgh, 98765432, 67890123: each character is the next, or each the one before; after 9 comes 0."""
    letters = 10 if text.isascii() and text.isdigit() else sys.maxunicode + 1
    steps = {(ord(after) - ord(before)) % letters for before, after in pairwise(text)}
    return steps in ({1}, {letters - 1})
