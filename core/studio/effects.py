"""One transaction of an act on pictures: what it does, noted for each picture that it changes, and the way back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Executable,
    and_,
    delete,
    exists,
    insert,
    literal,
    null,
    select,
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
        spared = {} if on else {"spared_until": self.now}
        return self._set(
            LOVED if on else UNLOVED, is_shown() & Image.favourite.is_(not on), null(), favourite=on, **spared
        )

    def delete(self) -> int:
        moment = literal(self.now, Effect.moment.type)
        return self._set(DELETED, is_shown(), moment, deleted_at=self.now, deleted_by=self.user_id)

    def restore(self) -> int:
        back = {"deleted_at": None, "deleted_by": None, "spared_until": self.now}
        return self._set(RESTORED, in_own_bin(self.user_id), Image.deleted_at, **back)

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
        """As far as the pictures are still as the change left them.

        What was noted is read first, and then meant by its keys: a database that has not seen these notes before
        would guess badly how few they are.
        """
        query = select(Effect.effect, Effect.collection_id, Effect.moment, Effect.image_id)
        query = query.where(Effect.change_id == self.change_id, Effect.image_id.in_(self.image_ids))
        noted: dict[tuple[str, int | None, datetime | None], list[int]] = defaultdict(list)
        for effect, collection_id, moment, image_id in self.session.execute(query):
            noted[effect, collection_id, moment].append(image_id)
        for (effect, collection_id, moment), image_ids in noted.items():
            self._undo(effect, collection_id, moment, image_ids)
        self._run(delete(Effect).where(Effect.change_id == self.change_id, Effect.image_id.in_(self.image_ids)))

    def _undo(self, effect: str, collection_id: int | None, moment: datetime | None, image_ids: list[int]) -> None:
        own = update(Image).where(Image.id.in_(image_ids), Image.user_id == self.user_id)
        if effect in (LOVED, UNLOVED):
            spared = {"spared_until": self.now} if effect == LOVED else {}
            self._run(own.values(favourite=effect == UNLOVED, **spared))
        elif effect == DELETED:
            unchanged = in_own_bin(self.user_id) & (Image.deleted_at == moment)
            self._run(own.where(unchanged).values(deleted_at=None, deleted_by=None, spared_until=self.now))
        elif effect == RESTORED:
            self._run(own.where(is_shown()).values(deleted_at=moment, deleted_by=self.user_id))
        elif collection_id is not None and moment is not None:
            there = and_(CollectionPicture.collection_id == collection_id, CollectionPicture.image_id.in_(image_ids))
            if effect == ADDED:
                self._run(delete(CollectionPicture).where(there, CollectionPicture.added_at == moment))
            else:
                self._put_back(collection_id, moment, image_ids, there)

    def _put_back(self, collection_id: int, moment: datetime, image_ids: list[int], there: ColumnElement[bool]) -> None:
        """Into the collection, if there still is one."""
        own = select(Collection.id).where(Collection.id == collection_id, Collection.user_id == self.user_id)
        if self.session.scalar(own) is None:
            return
        back = set(self.session.scalars(select(CollectionPicture.image_id).where(there)))
        row = {"collection_id": collection_id, "added_at": moment}
        rows = [{**row, "image_id": it} for it in image_ids if it not in back]
        if rows:
            self.session.execute(insert(CollectionPicture), rows)

    def _set(self, effect: str, those: ColumnElement[bool], moment: Any, **values: Any) -> int:
        self._note(effect, self._own(those), moment)
        return self._run(update(Image).where(self._own(those)).values(values))

    def _note(self, effect: str, wanted: ColumnElement[bool], moment: Any, collection_id: int | None = None) -> None:
        which = null() if collection_id is None else literal(collection_id)
        noted = select(literal(self.change_id), literal(effect), Image.id, which, moment).where(wanted)
        self._run(insert(Effect).from_select(COLUMNS, noted))

    def _own(self, those: ColumnElement[bool]) -> ColumnElement[bool]:
        return and_(Image.id.in_(self.image_ids), Image.user_id == self.user_id, those)

    def _noted(self, effect: str) -> ColumnElement[bool]:
        return and_(Effect.change_id == self.change_id, Effect.effect == effect, Effect.image_id.in_(self.image_ids))

    def _run(self, statement: Executable) -> int:
        """Of how many rows."""
        result: Any = self.session.execute(statement, execution_options=OPTIONS)
        return int(result.rowcount)
