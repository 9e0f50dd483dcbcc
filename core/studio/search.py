"""Finding descriptions by their words: any case, with or without accents, and a word from its beginning on.

The index is the database's own: FTS5 on SQLite, GIN on PostgreSQL (`core.storage.triggers`). Both fold the words.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, column, false, func, select, table, text
from sqlalchemy.orm import Session

from core.storage.tables import Request

LONGEST = 200
MOST_WORDS = 8
_WORD = re.compile(r"[^\W_]+")
_FTS = table("search_requests", column("rowid"))


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
    parts = unicodedata.normalize("NFKD", text).lower()
    return _WORD.findall("".join(character for character in parts if not unicodedata.combining(character)))


def matching(session: Session, typed: str) -> Select[Any]:
    """The ids of the requests whose description has all the words; of none, if nothing that was typed is a word."""
    wanted = words(typed)
    if not wanted:
        return select(Request.id).where(false())
    if session.get_bind().dialect.name == "sqlite":
        query = " ".join(f'"{word}"*' for word in wanted)
        found = text("search_requests MATCH :words").bindparams(bindparam("words", query, unique=True))
        return select(_FTS.c.rowid).where(found)
    query = " & ".join(f"{word}:*" for word in wanted)
    return select(Request.id).where(_words_of(Request.description).bool_op("@@")(func.to_tsquery("simple", query)))


def _words_of(description: Any) -> ColumnElement[Any]:
    return func.search_words(description)
