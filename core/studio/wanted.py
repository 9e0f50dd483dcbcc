"""What a view shows, in the database's terms: conditions on the shelves that pictures stand on, and on pictures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from core.storage.tables import Collection, CollectionPicture, Image, Shelf
from core.studio.stretches import Stretch, Trait, plain
from core.studio.views import ANY_STATE, BIN, View

NOBODY = 0  # a key that no row has


@dataclass(frozen=True, slots=True)
class Wanted:
    """`user_id` None: everybody's."""

    user_id: int | None
    shelves: Sequence[int]
    collection: int | None
    start: datetime | None
    end: datetime | None

    def narrowed(self, stretch: Stretch) -> tuple[Self, Stretch]:
        """One bound instead of two on the same side: a database would begin at either."""
        if not stretch.is_by_time or stretch.place is None:
            return self, stretch
        moment = stretch.place[0]
        if stretch.falling:
            is_outside = self.end is not None and moment >= self.end
            return (self, replace(stretch, place=None)) if is_outside else (replace(self, end=None), stretch)
        is_outside = self.start is not None and moment < self.start
        return (self, replace(stretch, place=None)) if is_outside else (replace(self, start=None), stretch)

    def whose(self) -> list[Trait]:
        return [] if self.user_id is None else [lambda wrap: wrap(Image.user_id) == self.user_id]

    def span(self) -> list[Trait]:
        traits: list[Trait] = []
        if self.start is not None:
            traits.append(lambda wrap: wrap(Image.created_at) >= self.start)
        if self.end is not None:
            traits.append(lambda wrap: wrap(Image.created_at) < self.end)
        return traits

    def conditions(self, stretch: Stretch) -> list[Trait]:
        """What is looked for along the order."""
        traits: list[Trait] = [lambda wrap: wrap(Image.shelf_id).in_(self.shelves)]
        if not stretch.is_by_time:
            traits += self.span()
        if self.collection is not None:
            inside = select(CollectionPicture.image_id).where(CollectionPicture.collection_id == self.collection)
            # Not `exists`, for which PostgreSQL would read all of a collection first.
            traits.append(
                lambda wrap: inside.where(CollectionPicture.image_id == wrap(Image.id)).scalar_subquery().is_not(None)
            )
        return traits

    def marks(self, stretch: Stretch) -> list[Select[Any]]:
        """The pictures that have one of the things that are looked for."""
        whose = [trait(plain) for trait in self.whose()]
        marks: list[Select[Any]] = []
        if self.collection is not None:
            inside = CollectionPicture.collection_id == self.collection
            marks.append(select(CollectionPicture.image_id).where(inside))
        marks.append(select(Image.id).where(*whose, Image.shelf_id.in_(self.shelves)))
        span = [] if stretch.is_by_time else [trait(plain) for trait in self.span()]
        return [*marks, select(Image.id).where(*whose, *span)] if span else marks


def wanted_of(session: Session, user_id: int | None, view: View) -> Wanted | None:
    """None for a view in which there cannot be anything."""
    collection = _collection(session, user_id, view)
    if user_id == NOBODY or collection == NOBODY:
        return None
    shelves = session.scalars(_shelves(view, user_id)).all()
    return Wanted(user_id, shelves, collection, view.start, view.end) if shelves else None


def after(stretch: Stretch) -> list[Trait]:
    """What is in what is left of it."""
    traits: list[Trait] = []
    if not stretch.is_by_time:
        traits.append(lambda wrap: stretch.is_part(wrap(stretch.column)))
    if (place := stretch.place) is not None:
        traits.append(lambda wrap: stretch.is_after(place, wrap(stretch.column), wrap(Image.id)))
    return traits


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
