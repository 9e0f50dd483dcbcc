"""What helps a person to describe, and what they order together."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables.base import Base, Key


class Template(Base):
    """A description with blanks in braces: "a {subject} in the style of {style}"; `shared` with everybody."""

    __tablename__ = "templates"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(100))
    text: Mapped[str]
    shared: Mapped[bool] = mapped_column(server_default=sql("false"), index=True)
    created_at: Mapped[datetime]


class Batch(Base):
    """Several descriptions that were ordered together; each is a request of its own, with this `batch_id`.

    While it is paused, what waits of it is in the state "paused", which no worker takes.
    """

    __tablename__ = "batches"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
    paused_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]  # its person has seen how it ended
