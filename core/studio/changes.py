"""What a person does to pictures of theirs, one or a hundred thousand, and undoing exactly that.

Every act goes in steps, each a transaction that also notes what it did to which pictures: others get their turn in
between, and what a dead process has done of it can still be undone. Pictures of other people are passed over as if
they did not exist.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select

from core.accounts import audit
from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import Change, Effect, Image
from core.studio.collections import own_collection
from core.studio.effects import Step
from core.studio.gallery import LARGEST_ID, in_own_bin
from core.studio.removal import BATCH, Removal, mark_purged

STEP = 2_000  # pictures of one transaction
KEPT = timedelta(days=1)  # that an act can be undone


@dataclass(frozen=True, slots=True)
class Changed:
    """`pictures` are those that were not like that before; undoing `id` makes them so again."""

    id: int
    act: str
    pictures: int


class Changes:
    def __init__(self, database: Database, removal: Removal):
        self.database = database
        self.removal = removal

    def favourite(self, user_id: int, image_ids: Sequence[int], on: bool) -> Changed:
        act = "favourite" if on else "unfavourite"
        return self._do(user_id, act, image_ids, lambda step: step.favourite(on))

    def add(self, user_id: int, image_ids: Sequence[int], collection_id: int) -> Changed:
        def add(step: Step) -> int:
            own_collection(step.session, user_id, collection_id)
            return step.add(collection_id)

        return self._do(user_id, "add", image_ids, add)

    def take_out(self, user_id: int, image_ids: Sequence[int], collection_id: int) -> Changed:
        def take_out(step: Step) -> int:
            own_collection(step.session, user_id, collection_id)
            return step.take_out(collection_id)

        return self._do(user_id, "take out", image_ids, take_out)

    def move(self, user_id: int, image_ids: Sequence[int], source: int, target: int) -> Changed:
        """Out of one collection, into another."""

        def move(step: Step) -> int:
            own_collection(step.session, user_id, source)
            own_collection(step.session, user_id, target)
            if source == target:
                return 0
            step.add(target)
            return step.take_out(source)

        return self._do(user_id, "move", image_ids, move)

    def delete(self, user_id: int, image_ids: Sequence[int]) -> Changed:
        """Into the bin: nobody sees them any more. What they cost stays in the ledger."""

        def throw_away(step: Step) -> int:
            deleted = step.delete()
            _record(step, "pictures.deleted", deleted)
            return deleted

        return self._do(user_id, "delete", image_ids, throw_away)

    def restore(self, user_id: int, image_ids: Sequence[int]) -> Changed:
        def bring_back(step: Step) -> int:
            restored = step.restore()
            _record(step, "pictures.restored", restored)
            return restored

        return self._do(user_id, "restore", image_ids, bring_back)

    def purge(self, user_id: int, image_ids: Sequence[int]) -> int:
        """Out of the bin for good; how many. The files of very many are left to the hourly tidying."""
        purged = 0
        for some in _steps(image_ids):
            with self.database.write() as session:
                now = self.database.now(session)
                those = session.scalars(select(Image.id).where(Image.id.in_(some), in_own_bin(user_id))).all()
                gone = mark_purged(session, those, now)
                _record(Step(session, 0, user_id, gone, now), "pictures.purged", len(gone))
            purged += len(gone)
        if purged <= BATCH:
            self.removal.clear(user_id)
        return purged

    def undo(self, user_id: int, change_id: int) -> int:
        """As far as the pictures are still as the act left them; of how many. The second time there is no such act."""
        undone = 0
        while True:
            with self.database.write() as session:
                change = session.get(Change, change_id) if 0 < change_id <= LARGEST_ID else None
                if change is None or change.user_id != user_id:
                    raise Problem("nothing_to_undo")
                noted = select(Effect.image_id).where(Effect.change_id == change_id).distinct()
                some = session.scalars(noted.order_by(Effect.image_id).limit(STEP)).all()
                step = Step(session, change_id, user_id, some, self.database.now(session))
                step.undo()
                if change.act in ("delete", "restore"):
                    _record(step, "pictures.restored" if change.act == "delete" else "pictures.deleted", len(some))
                undone += len(some)
                if len(some) < STEP:
                    session.delete(change)
                    return undone

    def sweep(self) -> None:
        """Forget what can no longer be undone."""
        with self.database.read() as session:
            query = select(Change.id).where(Change.created_at < self.database.now(session) - KEPT)
            old = session.scalars(query).all()
        for change_id in old:
            with self.database.write() as session:
                session.execute(delete(Change).where(Change.id == change_id))

    def _do(self, user_id: int, act: str, image_ids: Sequence[int], do: Callable[[Step], int]) -> Changed:
        change_id, pictures = 0, 0
        for some in _steps(image_ids):
            with self.database.write() as session:
                now = self.database.now(session)
                if not change_id:
                    change = Change(user_id=user_id, act=act, created_at=now)
                    session.add(change)
                    session.flush()
                    change_id = change.id
                pictures += do(Step(session, change_id, user_id, some, now))
        return Changed(change_id, act, pictures)


def _steps(image_ids: Sequence[int]) -> Iterator[Sequence[int]]:
    wanted = [image_id for image_id in image_ids if 0 < image_id <= LARGEST_ID]
    for start in range(0, len(wanted), STEP):
        yield wanted[start : start + STEP]


def _record(step: Step, act: str, pictures: int) -> None:
    """Deletions and what takes them back are in the record of acts; nothing else of what people do with their own."""
    if pictures:
        subject = f"picture {step.image_ids[0]}" if len(step.image_ids) == 1 else ""
        audit.record(step.session, step.now, act, subject, after={"pictures": pictures})
