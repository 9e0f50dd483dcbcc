"""What programs come in with: tokens, and the keys by which a repeated call is known."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables.base import Base, Key


class Token(Base):
    """A personal token. Only its sha256 is here, so that a stolen database lets nobody in.

    `cost_micros` and `reserved_micros` are the sums of its pictures, kept by whoever changes one of them.
    """

    __tablename__ = "tokens"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str]
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[str] = mapped_column(String(32))  # "read" or "generate,read"
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]  # to the minute
    limit_micros: Mapped[int | None] = mapped_column(BigInteger())  # of all its pictures; NULL: no limit of its own
    cost_micros: Mapped[int] = mapped_column(BigInteger(), server_default="0")
    reserved_micros: Mapped[int] = mapped_column(BigInteger(), server_default="0")
    busy_until: Mapped[datetime | None]  # when its calls so far are used up, each of them a fraction of a minute


class IdempotencyKey(Base):
    """A call that its sender may repeat: the same key and the same content are the same request."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("ix_idempotency_keys_created_at", "created_at"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    key: Mapped[str] = mapped_column(String(255), primary_key=True)
    content_hash: Mapped[str] = mapped_column(String(64))
    request_id: Mapped[int] = mapped_column(ForeignKey("requests.id", ondelete="CASCADE"), index=True)
    created_at: Mapped[datetime]
