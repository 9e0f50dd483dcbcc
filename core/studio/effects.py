"""One transaction of an act on pictures: what it does, noted for each picture that it changes, and the way back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    ScalarSelect,
    and_,
    delete,
    exists,
    insert,
    literal,
    null,
    select,
    true,
    update,
)
from sqlalchemy.orm import Session

from core.storage.tables import Collection, CollectionPicture, Effect, Image
from core.studio.gallery import in_own_bin, is_shown

LOVED, UNLOVED = "loved", "unloved"
DELETED, RESTORED = "deleted", "restored"
ADDED, TAKEN_OUT = "added", "taken out"
OPTIONS = {"synchronize_session": False, "preserve_rowcount": True}
COLUMNS = ("change_id", "effect", "image_id", "collection_id", "moment")


@dataclass(frozen=True, slots=True)
class Step:
    """On these pictures, as far as they are this person's; each act says how many were not like that before."""

    session: Session
    change_id: int
    user_id: int
    image_ids: Sequence[int]
    now: datetime

    def favourite(self, on: bool) -> int:
        return self._set(LOVED if on else UNLOVED, is_shown() & Image.favourite.is_(not on), null(), favourite=on)

    def delete(self) -> int:
        moment = literal(self.now, Effect.moment.type)
        return self._set(DELETED, is_shown(), moment, deleted_at=self.now, deleted_by=self.user_id)

    def restore(self) -> int:
        return self._set(RESTORED, in_own_bin(self.user_id), Image.deleted_at, deleted_at=None, deleted_by=None)

    def add(self, collection_id: int) -> int:
        there = and_(CollectionPicture.collection_id == collection_id, CollectionPicture.image_id == Image.id)
        moment = literal(self.now, Effect.moment.type)
        self._note(ADDED, self._own(is_shown() & ~exists().where(there)), moment, collection_id)
        noted = select(Effect.collection_id, Effect.image_id, Effect.moment).where(self._noted(ADDED))
        columns = ["collection_id", "image_id", "added_at"]
        return self._run(insert(CollectionPicture).from_select(columns, noted))

    def take_out(self, collection_id: int) -> int:
        there = and_(CollectionPicture.collection_id == collection_id, CollectionPicture.image_id.in_(self.image_ids))
        noted = select(
            literal(self.change_id),
            literal(TAKEN_OUT),
            CollectionPicture.image_id,
            CollectionPicture.collection_id,
            CollectionPicture.added_at,
        ).where(there)
        self._run(insert(Effect).from_select(COLUMNS, noted))
        return self._run(delete(CollectionPicture).where(there))

    def undo(self) -> None:
        """As far as the pictures are still as the change left them."""
        self._undo_set(LOVED, true(), favourite=False)
        self._undo_set(UNLOVED, true(), favourite=True)
        unchanged = in_own_bin(self.user_id) & (Image.deleted_at == self._moment(DELETED))
        self._undo_set(DELETED, unchanged, deleted_at=None, deleted_by=None)
        self._undo_set(RESTORED, is_shown(), deleted_at=self._moment(RESTORED), deleted_by=self.user_id)
        self._undo_add()
        self._undo_take_out()
        self._run(delete(Effect).where(Effect.change_id == self.change_id, Effect.image_id.in_(self.image_ids)))

    def _undo_add(self) -> None:
        noted = exists().where(
            self._noted(ADDED),
            Effect.image_id == CollectionPicture.image_id,
            Effect.collection_id == CollectionPicture.collection_id,
            Effect.moment == CollectionPicture.added_at,
        )
        self._run(delete(CollectionPicture).where(CollectionPicture.image_id.in_(self.image_ids), noted))

    def _undo_take_out(self) -> None:
        there = exists().where(
            CollectionPicture.collection_id == Effect.collection_id, CollectionPicture.image_id == Effect.image_id
        )
        noted = (
            select(Effect.collection_id, Effect.image_id, Effect.moment)
            .join(Collection, Collection.id == Effect.collection_id)
            .where(self._noted(TAKEN_OUT), Collection.user_id == self.user_id, ~there)
        )
        self._run(insert(CollectionPicture).from_select(["collection_id", "image_id", "added_at"], noted))

    def _set(self, effect: str, those: ColumnElement[bool], moment: Any, **values: Any) -> int:
        self._note(effect, self._own(those), moment)
        return self._run(update(Image).where(self._own(those)).values(values))

    def _undo_set(self, effect: str, those: ColumnElement[bool], **values: Any) -> None:
        noted = Image.id.in_(select(Effect.image_id).where(self._noted(effect)))
        self._run(update(Image).where(noted, Image.user_id == self.user_id, those).values(values))

    def _note(self, effect: str, wanted: ColumnElement[bool], moment: Any, collection_id: int | None = None) -> None:
        which = null() if collection_id is None else literal(collection_id)
        noted = select(literal(self.change_id), literal(effect), Image.id, which, moment).where(wanted)
        self._run(insert(Effect).from_select(COLUMNS, noted))

    def _own(self, those: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(Image.id.in_(self.image_ids), Image.user_id == self.user_id, those)

    def _noted(self, effect: str) -> ColumnElement[bool]:
        return and_(Effect.change_id == self.change_id, Effect.effect == effect, Effect.image_id.in_(self.image_ids))

    def _moment(self, effect: str) -> ScalarSelect[datetime | None]:
        """What was noted of the picture in question."""
        noted = select(Effect.moment).where(
            Effect.change_id == self.change_id, Effect.effect == effect, Effect.image_id == Image.id
        )
        return noted.correlate(Image).scalar_subquery()

    def _run(self, statement: Executable) -> int:
        """Of how many rows."""
        result: Any = self.session.execute(statement, execution_options=OPTIONS)
        return int(result.rowcount)
