"""Notes: what a person writes about a picture of theirs, for themselves."""

from sqlalchemy import select

from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import Image
from core.studio.gallery import LARGEST_ID, is_shown
from core.studio.texts import storable

LONGEST = 2_000


class Notes:
    def __init__(self, database: Database):
        self.database = database

    def write(self, user_id: int, image_id: int, text: str) -> None:
        """The note, in place of the one before; an empty one takes it away."""
        text = storable(text).strip()
        if len(text) > LONGEST:
            raise Problem("note_too_long", most=LONGEST, length=len(text))
        with self.database.write() as session:
            own = select(Image).where(Image.id == image_id, Image.user_id == user_id, is_shown())
            image = session.scalar(own) if 0 < image_id <= LARGEST_ID else None
            if image is None:
                raise Problem("no_such_picture")
            image.note = text or None
