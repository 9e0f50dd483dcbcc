"""Which pictures a view shows, in its order, a piece at a time.

No question reads all the pictures of a person, however many there are. Each stands on a shelf (`core.storage.tables`),
and of the shelves that a view shows, only the first pictures of each are read. What shelves do not know (words, a
collection, days where the order is another) is looked for along the order for a short way, which finds all that is
frequent; what is rare is found by whichever of its marks the fewest pictures have.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select, true
from sqlalchemy.orm import Session, aliased

from core.accounts.sessions import Person
from core.storage.among import among, is_among
from core.storage.tables import Collection, CollectionPicture, Image, Request, Shelf, User
from core.studio.search import has_words, matching, words
from core.studio.stretches import Place, Stretch, Trait, opaque, order, plain, stretches
from core.studio.views import ANY_STATE, BIN, EVERYBODY, View

LARGEST_ID = 2**63 - 1
NOBODY = 0  # a key that no row has
FIRST_LOOK = 600  # pictures along the order
FIRST_WORDS = 200  # of them, descriptions that are looked into
RARE = 1_000  # pictures that are looked at one by one
READ = 1_500  # descriptions that are read before the words are looked up, if that should do
AT_ONCE = 1_000  # of them
GATHERED = 50_000  # matches among all that are few enough to be gathered
FEW_SHELVES = 8


@dataclass(frozen=True, slots=True)
class Wanted:
    """A view in the database's terms. `user_id` None: everybody's."""

    user_id: int | None
    shelves: Sequence[int]
    collection: int | None
    start: datetime | None
    end: datetime | None


def owner(session: Session, person: Person, view: View) -> int | None:
    """Whose pictures a person looks at; None: everybody's, which only an administrator does."""
    if not person.is_admin or not view.person:
        return person.user_id
    if view.person == EVERYBODY:
        return None
    return session.scalar(select(User.id).where(User.login == view.login)) or NOBODY


def place_of(session: Session, view: View, image_id: int | None) -> Place | None:
    """Where in the view's order a picture is; None, the beginning, for one that there is not."""
    if image_id is None or not 0 < image_id <= LARGEST_ID:
        return None
    row = session.execute(select(_column(view), Image.id).where(Image.id == image_id)).one_or_none()
    return None if row is None else (row[0], row[1])


def ids(
    session: Session, user_id: int | None, view: View, number: int, place: Place | None, backwards: bool = False
) -> list[int]:
    """The first `number` pictures of the view, after a place in its order, or before it if `backwards`."""
    collection = _collection(session, user_id, view)
    shelves = [] if collection == NOBODY else list(session.scalars(_shelves(view, user_id)))
    if user_id == NOBODY or not shelves:
        return []
    wanted = Wanted(user_id, shelves, collection, view.start, view.end)
    found: list[int] = []
    for part in _stretches(view, place, backwards):
        within, stretch = _narrowed(wanted, part)
        more = _with_words(session, within, stretch, number - len(found), view.q)
        found += [image_id for _, image_id in more]
        if len(found) >= number:
            break
    return found


def _column(view: View) -> Any:
    return Image.cost_micros if view.sort == "dear" else Image.created_at


def _stretches(view: View, place: Place | None, backwards: bool) -> list[Stretch]:
    """What costs nobody knows how much comes behind all that has a cost."""
    return stretches(_column(view), (view.sort != "old") != backwards, place, backwards)


def _narrowed(wanted: Wanted, stretch: Stretch) -> tuple[Wanted, Stretch]:
    """One bound instead of two on the same side: a database would begin at either."""
    if not stretch.is_by_time or stretch.place is None:
        return wanted, stretch
    moment = stretch.place[0]
    if stretch.falling:
        is_outside = wanted.end is not None and moment >= wanted.end
        return (wanted, replace(stretch, place=None)) if is_outside else (replace(wanted, end=None), stretch)
    is_outside = wanted.start is not None and moment < wanted.start
    return (wanted, replace(stretch, place=None)) if is_outside else (replace(wanted, start=None), stretch)


def _shelves(view: View, user_id: int | None) -> Select[int]:
    """What an administrator took away is not in its person's bin."""
    bins = ("bin",) if user_id is not None else ("bin", "taken")
    query = select(Shelf.id).where(Shelf.place.in_(bins if view.state == BIN else ("",)))
    if view.state not in (BIN, ANY_STATE):
        query = query.where(Shelf.state == (view.state or "done"))
    if view.model:
        query = query.where(Shelf.model == view.model)
    if view.shape:
        query = query.where(Shelf.shape == view.shape)
    return query.where(Shelf.favourite.is_(True)) if view.favourites else query


def _collection(session: Session, user_id: int | None, view: View) -> int | None:
    """NOBODY's for one that there is not, or that is another's."""
    if view.collection is None:
        return None
    query = select(Collection.id).where(Collection.id == view.collection, Collection.deleted_at.is_(None))
    query = query if user_id is None else query.where(Collection.user_id == user_id)
    return session.scalar(query) or NOBODY


def _with_words(session: Session, wanted: Wanted, stretch: Stretch, number: int, typed: str) -> list[Place]:
    """The first of those that fit whose descriptions have the words."""
    if not typed:
        return _fitting(session, wanted, stretch, number)
    found, rest = _looked_into(session, wanted, stretch, max(FIRST_WORDS, number), typed)
    more, rest = _read_on(session, wanted, rest, number - len(found), typed, len(found) / FIRST_WORDS, READ)
    found += more
    if rest is None or len(found) >= number:
        return found[:number]
    requests = session.scalars(matching(session, typed, wanted.user_id).limit(GATHERED + 1)).all()
    if len(requests) <= RARE:
        return _one_by_one(session, wanted, stretch, number, among(session, Image.request_id, requests))
    if len(requests) <= GATHERED:
        return found + _walked(session, wanted, rest, number - len(found), requests)
    return found + _read_on(session, wanted, rest, number - len(found), typed, 1 / FIRST_WORDS)[0]


def _read_on(
    session: Session,
    wanted: Wanted,
    rest: Stretch | None,
    number: int,
    typed: str,
    share: float,
    most: int | None = None,
) -> tuple[list[Place], Stretch | None]:
    """As `_looked_into`, where about this share of the descriptions has the words; `most`: as long as so many should
    do, and no more are read."""
    found: list[Place] = []
    read = 0
    while rest is not None and len(found) < number and share:
        likely = int((number - len(found)) / share)
        if most is not None and read + likely > most:
            break
        likely = min(max(likely, FIRST_WORDS), AT_ONCE)
        more, rest = _looked_into(session, wanted, rest, likely, typed)
        found, read = found + more, read + likely
    return found[:number], rest


def _looked_into(
    session: Session, wanted: Wanted, stretch: Stretch, number: int, typed: str
) -> tuple[list[Place], Stretch | None]:
    """Of the next pictures that fit otherwise, those with the words; and what is left of the stretch, if anything."""
    places = _fitting(session, wanted, stretch, number)
    keys = among(session, Image.id, [image_id for _, image_id in places])
    descriptions = select(Image.id, Request.description, Request.words).join(Image.request).where(keys)
    looked_for = words(typed)
    having = {row.id for row in session.execute(descriptions) if has_words(row.description, row.words, looked_for)}
    found = [place for place in places if place[1] in having]
    return found, replace(stretch, place=places[-1]) if len(places) == number else None


def _fitting(session: Session, wanted: Wanted, stretch: Stretch, number: int) -> list[Place]:
    """The first that fit, whatever their words."""
    is_of_shelves = stretch.is_by_time and wanted.collection is None
    if not is_of_shelves or len(wanted.shelves) > FEW_SHELVES or number >= FIRST_WORDS:
        found = _first_look(session, wanted, stretch, number)
        if len(found) >= number:
            return found
    if is_of_shelves:
        return _of_shelves(session, wanted, stretch, number)
    for mark in _marks(wanted, stretch):
        few = session.scalars(mark.limit(RARE + 1)).all()
        if len(few) <= RARE:
            return _one_by_one(session, wanted, stretch, number, among(session, Image.id, few))
    return _walked(session, wanted, stretch, number)


def _walked(
    session: Session, wanted: Wanted, stretch: Stretch, number: int, requests: Sequence[int] | None = None
) -> list[Place]:
    """Along the order until there are enough; with `requests`, pictures of these."""
    conditions = [trait(opaque) for trait in _conditions(wanted, stretch)]
    if requests is not None:
        conditions.append(is_among(session, opaque(Image.request_id), requests))
    walk = _path(wanted, stretch).where(*conditions)
    return _places(session, walk.order_by(*order(stretch.column, Image.id, stretch.falling)).limit(number))


def _of_shelves(session: Session, wanted: Wanted, stretch: Stretch, number: int) -> list[Place]:
    """Of each shelf the first ones, and of all these the first ones."""
    its = aliased(Image)
    value: Any
    image_id: Any
    query: Select[Any]
    traits = (*_whose(wanted), *_span(wanted), *_after(stretch))
    firsts = (
        select(its.created_at, its.id)
        .where(its.shelf_id == Shelf.id, *(trait(lambda column: getattr(its, column.key)) for trait in traits))
        .order_by(*order(its.created_at, its.id, stretch.falling))
        .limit(number)
        .correlate(Shelf)
    )
    if session.get_bind().dialect.name == "sqlite":
        ids_of_firsts = firsts.with_only_columns(its.id)
        value, image_id = Image.created_at, Image.id
        query = select(value, image_id).select_from(Shelf).join(Image, image_id.in_(ids_of_firsts))
    else:
        lateral = firsts.lateral()
        value, image_id = lateral.c.created_at, lateral.c.id
        query = select(value, image_id).select_from(Shelf).join(lateral, true())
    ordered = order(value, image_id, stretch.falling)
    return _places(session, query.where(Shelf.id.in_(wanted.shelves)).order_by(*ordered).limit(number))


def _first_look(session: Session, wanted: Wanted, stretch: Stretch, number: int) -> list[Place]:
    """What fits among the first pictures of the order."""
    fits = and_(true(), *(trait(opaque) for trait in _conditions(wanted, stretch))).label("fits")
    look = _path(wanted, stretch).add_columns(fits).order_by(*order(stretch.column, Image.id, stretch.falling))
    seen = look.limit(max(FIRST_LOOK, 2 * number)).subquery()
    value, image_id = seen.c.value, seen.c.id
    query = select(value, image_id).where(seen.c.fits).order_by(*order(value, image_id, stretch.falling))
    return _places(session, query.limit(number))


def _one_by_one(
    session: Session, wanted: Wanted, stretch: Stretch, number: int, few: ColumnElement[bool]
) -> list[Place]:
    """Of a few pictures, the first ones that fit."""
    traits = (*_whose(wanted), *_span(wanted), *_after(stretch), *_conditions(wanted, stretch))
    query = select(stretch.column, Image.id).where(few, *(trait(opaque) for trait in traits))
    ordered = order(opaque(stretch.column), opaque(Image.id), stretch.falling)
    return _places(session, query.order_by(*ordered).limit(number))


def _path(wanted: Wanted, stretch: Stretch) -> Select[Any]:
    """Along the order; an index has all of it."""
    traits = (*_whose(wanted), *(_span(wanted) if stretch.is_by_time else ()), *_after(stretch))
    return select(stretch.column.label("value"), Image.id).where(*(trait(plain) for trait in traits))


def _whose(wanted: Wanted) -> list[Trait]:
    return [] if wanted.user_id is None else [lambda wrap: wrap(Image.user_id) == wanted.user_id]


def _span(wanted: Wanted) -> list[Trait]:
    traits: list[Trait] = []
    if wanted.start is not None:
        traits.append(lambda wrap: wrap(Image.created_at) >= wanted.start)
    if wanted.end is not None:
        traits.append(lambda wrap: wrap(Image.created_at) < wanted.end)
    return traits


def _after(stretch: Stretch) -> list[Trait]:
    traits: list[Trait] = []
    if not stretch.is_by_time:
        traits.append(lambda wrap: stretch.is_part(wrap(stretch.column)))
    if (place := stretch.place) is not None:
        traits.append(lambda wrap: stretch.is_after(place, wrap(stretch.column), wrap(Image.id)))
    return traits


def _conditions(wanted: Wanted, stretch: Stretch) -> list[Trait]:
    """What is looked for along the order."""
    traits: list[Trait] = [lambda wrap: wrap(Image.shelf_id).in_(wanted.shelves)]
    if not stretch.is_by_time:
        traits += _span(wanted)
    if wanted.collection is not None:
        inside = select(CollectionPicture.image_id).where(CollectionPicture.collection_id == wanted.collection)
        # Not `exists`, for which PostgreSQL would read all of a collection first.
        traits.append(
            lambda wrap: inside.where(CollectionPicture.image_id == wrap(Image.id)).scalar_subquery().is_not(None)
        )
    return traits


def _marks(wanted: Wanted, stretch: Stretch) -> list[Select[Any]]:
    """The pictures that have one of the things that are looked for."""
    whose = [trait(plain) for trait in _whose(wanted)]
    marks: list[Select[Any]] = []
    if wanted.collection is not None:
        inside = CollectionPicture.collection_id == wanted.collection
        marks.append(select(CollectionPicture.image_id).where(inside))
    marks.append(select(Image.id).where(*whose, Image.shelf_id.in_(wanted.shelves)))
    span = [] if stretch.is_by_time else [trait(plain) for trait in _span(wanted)]
    return [*marks, select(Image.id).where(*whose, *span)] if span else marks


def _places(session: Session, query: Select[Any]) -> list[Place]:
    return [(row[0], row[1]) for row in session.execute(query)]
