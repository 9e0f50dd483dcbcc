"""Collections: pictures that a person keeps together. A picture may be in many; its collections end without it."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.orm import Session

from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import Collection, CollectionPicture, Image
from core.studio.gallery import LARGEST_ID, is_shown
from core.studio.texts import storable

LONGEST_NAME = 100
MOST = 1_000  # of one person: more than that nobody finds their way in
KEPT = timedelta(days=1)  # that a deleted one can be brought back


@dataclass(frozen=True, slots=True)
class Counted:
    """`pictures` are those that are shown: what lies in the bin comes back to its collections."""

    id: int
    name: str
    pictures: int


class Collections:
    def __init__(self, database: Database):
        self.database = database

    def all(self, user_id: int) -> Sequence[Collection]:
        """In the order of their names."""
        query = select(Collection).where(are_of(user_id)).order_by(Collection.folded, Collection.id)
        with self.database.read() as session:
            return session.scalars(query).all()

    def counted(self, user_id: int) -> list[Counted]:
        number = (
            select(CollectionPicture.collection_id, func.count().label("pictures"))
            .join(Image, Image.id == CollectionPicture.image_id)
            .where(Image.user_id == user_id, is_shown())
            .group_by(CollectionPicture.collection_id)
            .subquery()
        )
        query = (
            select(Collection.id, Collection.name, func.coalesce(number.c.pictures, 0))
            .outerjoin(number, number.c.collection_id == Collection.id)
            .where(are_of(user_id))
            .order_by(Collection.folded, Collection.id)
        )
        with self.database.read() as session:
            return [Counted(*row) for row in session.execute(query)]

    def of_picture(self, user_id: int, image_id: int) -> list[int]:
        """The collections of theirs that a picture is in."""
        query = (
            select(Collection.id)
            .join(CollectionPicture, CollectionPicture.collection_id == Collection.id)
            .where(are_of(user_id), CollectionPicture.image_id == image_id)
        )
        with self.database.read() as session:
            return list(session.scalars(query)) if 0 < image_id <= LARGEST_ID else []

    def create(self, user_id: int, name: str) -> int:
        name = checked(name)
        with self.database.write() as session:
            _keep_apart(session, user_id, name)
            if session.scalars(select(func.count()).where(are_of(user_id))).one() >= MOST:
                raise Problem("too_many_collections", most=MOST)
            now = self.database.now(session)
            collection = Collection(user_id=user_id, name=name, folded=folded(name), created_at=now)
            session.add(collection)
            session.flush()
            return collection.id

    def rename(self, user_id: int, collection_id: int, name: str) -> None:
        name = checked(name)
        with self.database.write() as session:
            collection = own_collection(session, user_id, collection_id)
            _keep_apart(session, user_id, name, collection_id)
            collection.name, collection.folded = name, folded(name)

    def delete(self, user_id: int, collection_id: int) -> None:
        """The pictures stay. For a day it can be brought back as it was, and until then nobody sees it."""
        with self.database.write() as session:
            collection = own_collection(session, user_id, collection_id)
            collection.deleted_at = self.database.now(session)
            collection.folded = f" {collection.id}"  # the name is free, and no name begins with a space

    def restore(self, user_id: int, collection_id: int) -> str:
        """Its name, which has a number now if another collection has taken it meanwhile."""
        with self.database.write() as session:
            collection = session.get(Collection, collection_id) if 0 < collection_id <= LARGEST_ID else None
            if collection is None or collection.user_id != user_id or collection.deleted_at is None:
                raise Problem("nothing_to_undo")
            taken = set(session.scalars(select(Collection.folded).where(are_of(user_id))))
            collection.name = next(name for name in _names(collection.name) if folded(name) not in taken)
            collection.folded, collection.deleted_at = folded(collection.name), None
            return collection.name

    def sweep(self) -> None:
        """Forget what can no longer be brought back."""
        with self.database.write() as session:
            old = self.database.now(session) - KEPT
            session.execute(delete(Collection).where(Collection.deleted_at < old))


def are_of(user_id: int) -> ColumnElement[bool]:
    """Those of a person that are not deleted."""
    return (Collection.user_id == user_id) & Collection.deleted_at.is_(None)


def own_collection(session: Session, user_id: int, collection_id: int) -> Collection:
    collection = session.get(Collection, collection_id) if 0 < collection_id <= LARGEST_ID else None
    if collection is None or collection.user_id != user_id or collection.deleted_at is not None:
        raise Problem("no_such_collection")
    return collection


def checked(name: str) -> str:
    name = storable(" ".join(name.split()))
    if not 0 < len(name) <= LONGEST_NAME:
        raise Problem("collection_needs_name", most=LONGEST_NAME)
    return name


def folded(name: str) -> str:
    """What two names that a person takes for the same have in common."""
    return unicodedata.normalize("NFKC", name).casefold()


def _names(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name[: LONGEST_NAME - 6]} ({number})" for number in count(2))


def _keep_apart(session: Session, user_id: int, name: str, but: int | None = None) -> None:
    found = session.scalar(
        select(Collection.id).where(Collection.user_id == user_id, Collection.folded == folded(name))
    )
    if found not in (None, but):
        raise Problem("collection_exists", name=name)
