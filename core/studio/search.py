"""Finding descriptions by their words: any case, with or without accents, and a word from its beginning on.

The index is the database's own, FTS5 on SQLite and GIN on PostgreSQL (`core.storage.triggers`), of the words that
`core.storage.words` finds, so that both find the same.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, cast, column, false, func, select, table, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from core.storage.tables import Request
from core.storage.triggers import person_word
from core.storage.words import folded, spaced

LONGEST = 200
LONGEST_WORD = 200  # which is what PostgreSQL keeps of one
MOST_WORDS = 40
_FTS = table("search_words", column("rowid"))


def words(typed: str) -> list[str]:
    """What is looked for, folded as the descriptions are."""
    return [word[:LONGEST_WORD] for word in folded(typed[:LONGEST]).split()[:MOST_WORDS]]


def has_words(description: str, kept: str | None, wanted: Sequence[str]) -> bool:
    """What the index says of one description, without it: to ask FTS5 about a few rows costs as much as about all.

    `kept` are its words, where they are kept beside it.
    """
    if kept is None and not description.isascii():
        kept = folded(description)
    text = description.lower() if kept is None else kept
    if not wanted or not all(word in text for word in wanted):  # most have not
        return False
    found = f" {spaced(text) if kept is None else text}"
    return all(f" {word}" in found for word in wanted)


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
        found = text("search_words MATCH :words").bindparams(bindparam("words", query, unique=True))
        return select(_FTS.c.rowid).where(found)
    query = " & ".join([*(f"'{word}'" for word in person), *(f"'{word}':*" for word in wanted)])
    index = func.search_folded(func.coalesce(Request.words, Request.description), Request.user_id)
    return select(Request.id).where(index.bool_op("@@")(cast(query, TSQUERY)))
