"""Finding descriptions by their words: any case, with or without accents, and a word from its beginning on.

The index is the database's own: FTS5 on SQLite, GIN on PostgreSQL (`core.storage.triggers`). Both fold the words.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, column, false, func, select, table, text
from sqlalchemy.orm import Session

from core.storage.tables import Request
from core.storage.triggers import person_word

LONGEST = 200
MOST_WORDS = 8
_WORD = re.compile(r"[^\W_]+")
_FTS = table("search_descriptions", column("rowid"))


def words(typed: str) -> list[str]:
    """What is looked for, folded as the indexes fold it."""
    return _folded(typed[:LONGEST])[:MOST_WORDS]


def has_words(description: str, wanted: Sequence[str]) -> bool:
    """What the index says of one description, without it: to ask FTS5 about a few rows costs as much as about all."""
    if not wanted:
        return False
    found = set(_folded(description))
    return all(word in found or any(other.startswith(word) for other in found) for word in wanted)


def _folded(text: str) -> list[str]:
    if text.isascii():
        return _WORD.findall(text.lower())
    parts = unicodedata.normalize("NFKD", text).lower()
    return _WORD.findall("".join(character for character in parts if not unicodedata.combining(character)))


def matching(session: Session, typed: str, user_id: int | None = None) -> Select[Any]:
    """The ids of the requests whose description has all the words; of none, if nothing that was typed is a word.

    Those of one person, or everybody's.
    """
    wanted = words(typed)
    if not wanted:
        return select(Request.id).where(false())
    person = [] if user_id is None else [person_word(user_id)]
    if session.get_bind().dialect.name == "sqlite":
        query = " ".join([*(f'"{word}"' for word in person), *(f'"{word}"*' for word in wanted)])
        found = text("search_descriptions MATCH :words").bindparams(bindparam("words", query, unique=True))
        return select(_FTS.c.rowid).where(found)
    query = " & ".join([*person, *(f"{word}:*" for word in wanted)])
    index = func.search_words(Request.description, Request.user_id)
    return select(Request.id).where(index.bool_op("@@")(func.to_tsquery("simple", query)))
