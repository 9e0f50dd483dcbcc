"""Purging pictures, for good: the row first, so that nobody brings the picture back; then its files; then their names.

The row keeps what it cost, and nothing that anybody wrote: what it was asked for with goes when the last picture of its
request does. If the process dies between row and files, `clear` finds what is left.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, exists, func, select, update
from sqlalchemy.orm import Session

from core.storage.database import Database
from core.storage.files import Files
from core.storage.tables import CollectionPicture, Effect, Image, Reference, Request

BATCH = 100  # pictures whose files are deleted between two transactions


def mark_purged(session: Session, image_ids: Sequence[int], now: datetime) -> list[int]:
    """Of these pictures, those that were not purged before. To be followed by `Removal.clear`, after the commit."""
    gone = (
        update(Image)
        .where(Image.id.in_(image_ids), Image.purged_at.is_(None))
        .values(purged_at=now, deleted_at=func.coalesce(Image.deleted_at, now))
    )
    return sorted(session.scalars(gone.returning(Image.id), execution_options={"synchronize_session": False}))


def _forget_words(session: Session, image_ids: Sequence[int]) -> None:
    """What was asked for, where all that came of it is purged or cancelled: what failed can still be tried again. The
    files it started from are then named by no row, and go with the daily sweep of files."""
    whole = (Image.state == "done") & Image.purged_at.is_not(None)
    alive = exists().where(Image.request_id == Request.id, Image.state != "cancelled", ~whole)
    over = select(Request.id).where(Request.id.in_(select(Image.request_id).where(Image.id.in_(image_ids))), ~alive)
    request_ids = session.scalars(over).all()
    session.execute(delete(Reference).where(Reference.request_id.in_(request_ids)))
    blank = {"description": "", "words": None, "fingerprint": None, "mask_key": None}
    session.execute(update(Request).where(Request.id.in_(request_ids)).values(blank))


class Removal:
    def __init__(self, database: Database, files: Files):
        self.database = database
        self.files = files

    def clear(self, user_id: int | None = None) -> int:
        """Delete the files of purged pictures, of one person or of all, and return of how many.

        A late answer may bring files to a picture that was purged while it was drawn; they go the next time.
        """
        cleared, last = 0, 0
        remains = select(Image.id, Image.image_url).where(Image.image_url.is_not(None), Image.purged_at.is_not(None))
        if user_id is not None:
            remains = remains.where(Image.user_id == user_id)
        while True:
            with self.database.read() as session:
                found = session.execute(remains.where(Image.id > last).order_by(Image.id).limit(BATCH)).all()
            if not found:
                return cleared
            for _, image_url in found:
                if image_url is not None:
                    self.delete_folder(image_url)
            ids = [image_id for image_id, _ in found]
            with self.database.write() as session:
                forgotten = {
                    "image_url": None,
                    "placeholder": None,
                    "has_thumbnails": False,
                    "revised_description": None,
                    "note": None,
                }
                session.execute(update(Image).where(Image.id.in_(ids)).values(forgotten))
                for table in (CollectionPicture, Effect):
                    session.execute(delete(table).where(table.image_id.in_(ids)))
                _forget_words(session, ids)
            cleared, last = cleared + len(ids), ids[-1]

    def delete_folder(self, image_url: str) -> None:
        """The original, its thumbnails, and the receipt if these were still to be made."""
        name = image_url.rsplit("/", 1)[0]
        for file in list(self.files.list(name)):
            self.files.delete(file.key)
        self.files.delete(f"receipts/{name.removeprefix('pictures/')}.json")
