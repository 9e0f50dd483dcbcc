"""What a person keeps together, and what they did to pictures and may undo."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables.base import Base, Key


class Collection(Base):
    """Pictures that a person keeps together; a picture may be in many. One that is deleted stays for a day."""

    __tablename__ = "collections"
    __table_args__ = (UniqueConstraint("user_id", "folded"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    name: Mapped[str] = mapped_column(String(100))
    folded: Mapped[str]  # the name without regard to case, for no person has two that are the same
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class CollectionPicture(Base):
    __tablename__ = "collection_pictures"
    __table_args__ = (Index("ix_collection_pictures_image_id", "image_id"),)

    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    added_at: Mapped[datetime]


class Change(Base):
    """One act of a person on pictures of theirs, however many. It is kept for a day, to be undone."""

    __tablename__ = "changes"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    act: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime] = mapped_column(index=True)


class Effect(Base):
    """What a change did to one picture: only to those that were not like that before.

    `moment` is what undoing brings back: when it was deleted, or added to the collection.
    """

    __tablename__ = "change_effects"

    change_id: Mapped[int] = mapped_column(ForeignKey("changes.id", ondelete="CASCADE"), primary_key=True)
    effect: Mapped[str] = mapped_column(String(16), primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), primary_key=True)
    collection_id: Mapped[int | None] = mapped_column(Key)
    moment: Mapped[datetime | None]
