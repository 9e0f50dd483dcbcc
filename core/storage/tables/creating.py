"""What helps a person to describe, and what they order together."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.storage.tables.accounts import User
from core.storage.tables.base import Base, Key

AT_RISK = sql(
    "settled_at IS NULL AND (state = 'unknown'"
    " OR (state = 'done' AND cost_micros IS NULL AND reserved_micros IS NOT NULL))"
)


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


class Improvement(Base):
    """A suggestion for a description, asked from a text model: one call that may be billed, as a picture is.

    `replaced` is what stood in the field when the suggestion took its place, so that there is a way back.
    """

    __tablename__ = "improvements"
    __table_args__ = (
        Index("ix_improvements_user_id_id", "user_id", "id"),
        Index("ix_improvements_at_risk", "created_at", sqlite_where=AT_RISK, postgresql_where=AT_RISK),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(index=True)
    finished_at: Mapped[datetime | None]
    connection: Mapped[str] = mapped_column(String(64))
    model: Mapped[str] = mapped_column(String(128))
    original: Mapped[str]
    suggestion: Mapped[str | None]
    replaced: Mapped[str | None]
    closed_at: Mapped[datetime | None]  # nothing more is to be said of it
    state: Mapped[str] = mapped_column(String(16))  # "running", "done", "failed", "blocked" or "unknown"
    problem: Mapped[str | None] = mapped_column(String(64))
    problem_params: Mapped[dict[str, Any] | None]
    provider_request_id: Mapped[str | None]
    usage: Mapped[dict[str, Any] | None]
    cost_micros: Mapped[int | None] = mapped_column(BigInteger())
    reserved_micros: Mapped[int | None] = mapped_column(BigInteger())
    price_id: Mapped[int | None] = mapped_column(ForeignKey("prices.id"))
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[int | None] = mapped_column(ForeignKey("users.id"))

    user: Mapped[User] = relationship(foreign_keys=user_id)
