"""Who asked for what, and what came of it: every picture of everybody, narrowed down, in any order, a page at a time.

Among them are the suggestions that a text model was asked for (`core.studio.suggested`); the key of one is its id below
zero.

No question reads all the pictures, however many there are. A first look goes a short way along the order that is asked
for, which is enough for all that is frequent. What is rare is found by whichever of its marks the fewest pictures have.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, true, union_all
from sqlalchemy.orm import Session, contains_eager

from core.ledger.export import Entry, entries
from core.storage.database import Database
from core.storage.keyset import part
from core.storage.tables import Image, Improvement, Kind, Request
from core.studio import suggested
from core.studio.gallery import LARGEST_ID
from core.studio.marks import ORDERS, along, kinds_of, marks_of, span, stretches_of, user_ids_of
from core.studio.narrowing import OF_KIND, PICTURES, SUGGESTIONS, Inquiry
from core.studio.search import has_words, matching, words
from core.studio.stretches import Place, Stretch, Trait, Wrap, opaque, order, plain

PAGE = 30
BATCH = 1_000  # of an export
FIRST_LOOK = 2_000  # pictures along the order that is asked for
FIRST_WORDS = 300  # of them, descriptions that are looked into before the words are counted
RARE = 20_000  # pictures that are looked at one by one
KINDS_AT_ONCE = 40


Item = Image | Improvement


@dataclass(frozen=True, slots=True)
class Found:
    """A page, each with its request and its person; `newer` and `older` are keys of the neighbours."""

    items: Sequence[Item]
    newer: int | None
    older: int | None


class Inquiries:
    def __init__(self, database: Database):
        self.database = database

    def page(self, wanted: Inquiry, before: int | None = None, after: int | None = None, size: int = PAGE) -> Found:
        """The page that follows `before` in the order, or precedes `after`; the first one if there is none like that,
        or none that is full."""
        with self.database.read() as session:
            found = part(partial(ids, session, wanted), size, before, after)
            keys = found.rows
            items = _loaded(session, keys)
        return Found(items, keys[0] if found.has_before else None, keys[-1] if found.has_behind else None)

    def export(self, wanted: Inquiry) -> Generator[Entry, None, None]:
        """All of them, in the order. Each batch is of its own moment, so that nothing is held all the while."""
        key = None
        while True:
            with self.database.read() as session:
                keys = ids(session, wanted, BATCH, key)
                found = entries(session, keys)
            yield from found
            if len(keys) < BATCH:
                return
            key = keys[-1]

    def marks(self) -> dict[str, list[str]]:
        """What can be narrowed down to: each mark with all that it has been."""
        with self.database.read() as session:
            kinds = session.scalars(select(Kind)).all()
            found = suggested.marks(session)
        marks = {mark: found.get(mark, set()) | {getattr(kind, mark) for kind in kinds} for mark in OF_KIND}
        return {mark: sorted(values - {""}) for mark, values in marks.items()}


def ids(session: Session, wanted: Inquiry, number: int, key: int | None = None, backwards: bool = False) -> list[int]:
    """The keys of the first `number` in the order, after `key`, or before it if `backwards`."""
    place = _place(session, wanted.sort, key)
    if key is not None and place is None:
        return []
    found: list[int] = []
    for stretch in stretches_of(wanted.sort, place, backwards):
        found += _of_stretch(session, wanted, number - len(found), stretch)
        if len(found) >= number:
            break
    return found


def _of_stretch(session: Session, wanted: Inquiry, number: int, stretch: Stretch) -> list[int]:
    texts = [] if wanted.what == PICTURES else suggested.places(session, wanted, number, stretch)
    if wanted.what == SUGGESTIONS:
        return [text_key for _, text_key in texts]
    pictures = _pictures(session, wanted, number, stretch)
    if not texts:
        return pictures
    still = along(replace(stretch, place=None))(plain)
    query = select(stretch.column, Image.id).where(Image.id.in_(pictures), still)
    merged = sorted([*texts, *((row[0], row[1]) for row in session.execute(query))], reverse=stretch.falling)
    return [one for _, one in merged[:number]]


def _pictures(session: Session, wanted: Inquiry, number: int, stretch: Stretch) -> list[int]:
    if not wanted.q.strip():
        return _ids(session, wanted, number, stretch)
    user_ids = user_ids_of(session, wanted)
    only = user_ids.values[0] if user_ids and len(user_ids.values) == 1 and not user_ids.is_others else None
    matches = matching(session, wanted.q, only)
    found, rest = _with_words(session, wanted, number, stretch, FIRST_WORDS)
    if len(found) >= number or rest is None:
        return found[:number]
    if (session.scalar(select(func.count()).select_from(matches.limit(RARE + 1).subquery())) or 0) <= RARE:
        return _ids(session, wanted, number, stretch, lambda wrap: wrap(Image.request_id).in_(matches))
    while len(found) < number and rest is not None:
        more, rest = _with_words(session, wanted, number, rest, FIRST_LOOK)
        found += more
    return found[:number]


def _with_words(
    session: Session, wanted: Inquiry, number: int, stretch: Stretch, looked_at: int
) -> tuple[list[int], Stretch | None]:
    """Of the next pictures that fit otherwise, those whose description has the words; and what is left of the stretch,
    if there is more."""
    looked_at = max(looked_at, number)
    image_ids = _ids(session, replace(wanted, q=""), looked_at, stretch)
    query = select(Image.id, Request.description, Request.words).join(Image.request).where(Image.id.in_(image_ids))
    looked_for = words(wanted.q)
    having = {row.id for row in session.execute(query) if has_words(row.description, row.words, looked_for)}
    found = [image_id for image_id in image_ids if image_id in having]
    if len(image_ids) < looked_at:
        return found, None
    return found, replace(stretch, place=_place(session, wanted.sort, image_ids[-1]))


def _ids(session: Session, wanted: Inquiry, number: int, stretch: Stretch, found_by: Trait | None = None) -> list[int]:
    """The same without looking at descriptions; `found_by`, which few have, is what they are found by."""
    kinds, user_ids = kinds_of(session, wanted), user_ids_of(session, wanted)
    if kinds == [] or (user_ids is not None and not user_ids.values and not user_ids.is_others):
        return []
    path = [along(stretch)] + ([span(wanted)] if stretch.is_by_time else [])
    marks = marks_of(session, wanted, kinds, user_ids, stretch.is_by_time)
    ordered = _order(stretch)
    if found_by is None:
        if not marks:
            return list(session.scalars(_select(path, ordered, number)))
        found, is_all = _first_look(session, path, marks, ordered, number)
        if len(found) >= number or is_all:
            return found[:number]
    rarest = found_by or _rarest(session, marks)
    if rarest is not None:
        others = [trait(opaque) for trait in (*path, *marks) if trait is not rarest]
        query = select(Image.id).where(rarest(plain), *others).order_by(*_order(stretch, opaque))
        return list(session.scalars(query.limit(number)))
    if kinds is not None:
        return _of_kinds(session, kinds, [*path, *marks], stretch, number)
    return list(session.scalars(_select([*path, *marks], ordered, number)))


def _order(stretch: Stretch, wrap: Wrap = plain) -> list[ColumnElement[Any]]:
    return order(wrap(stretch.column), wrap(Image.id), stretch.falling)


def _select(marks: Sequence[Trait], ordered: Sequence[ColumnElement[Any]], number: int) -> Select[int]:
    return select(Image.id).where(*(trait(plain) for trait in marks)).order_by(*ordered).limit(number)


def _place(session: Session, sort: str, key: int | None) -> Place | None:
    """Where in the order one of the list is."""
    if key is None or not 0 < abs(key) <= LARGEST_ID:
        return None
    if key < 0:
        return suggested.place(session, sort, key)
    row = session.execute(select(ORDERS[sort][0], Image.id).where(Image.id == key)).one_or_none()
    return None if row is None else (row[0], row[1])


def _first_look(
    session: Session, path: Sequence[Trait], marks: Sequence[Trait], ordered: Sequence[ColumnElement[Any]], number: int
) -> tuple[list[int], bool]:
    """What fits among the first pictures of the order, and whether these were all there are."""
    fits = and_(true(), *(trait(opaque) for trait in marks)).label("fits")
    look = select(Image.id, fits).where(*(trait(plain) for trait in path)).order_by(*ordered)
    rows = session.execute(look.limit(max(FIRST_LOOK, number))).all()
    return [row.id for row in rows if row.fits], len(rows) < max(FIRST_LOOK, number)


def _rarest(session: Session, marks: Sequence[Trait]) -> Trait | None:
    """The mark that the fewest pictures have, if they are few enough to be looked at one by one."""
    counts = []
    for trait in marks:
        having = select(Image.id).where(trait(plain)).limit(RARE + 1).subquery()
        counts.append((session.scalar(select(func.count()).select_from(having)) or 0, trait))
        if counts[-1][0] <= RARE // 20:
            break
    least, rarest = min(counts, key=lambda pair: pair[0])
    return rarest if least <= RARE else None


def _of_kinds(
    session: Session, kinds: Sequence[int], marks: Sequence[Trait], stretch: Stretch, number: int
) -> list[int]:
    """Of each kind the first ones, and of all these the first ones."""
    others = [trait(plain) for trait in marks]
    firsts: list[tuple[Any, int]] = []
    for start in range(0, len(kinds), KINDS_AT_ONCE):
        parts = [
            select(Image.id, stretch.column.label("place"))
            .where(Image.kind_id == kind, *others)
            .order_by(*_order(stretch))
            .limit(number)
            .subquery()
            for kind in kinds[start : start + KINDS_AT_ONCE]
        ]
        rows = session.execute(union_all(*(select(part.c.place, part.c.id) for part in parts)))
        firsts += [(row[0], row[1]) for row in rows]
    firsts.sort(reverse=stretch.falling)
    return [image_id for _, image_id in firsts[:number]]


def _loaded(session: Session, keys: Sequence[int]) -> list[Item]:
    query = (
        select(Image)
        .join(Image.request)
        .join(Request.user)
        .options(contains_eager(Image.request).contains_eager(Request.user))
        .where(Image.id.in_([key for key in keys if key > 0]))
    )
    found: dict[int, Item] = {image.id: image for image in session.scalars(query)}
    found |= suggested.loaded(session, [key for key in keys if key < 0])
    return [found[key] for key in keys]
