"""What was done, and by whom."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables.base import Base, Key


class AuditEntry(Base):
    """An act of an administrator, or a security event. Rows are added and never changed.

    `user_id` refers to nobody by a foreign key, and `login` is kept beside it: the record outlives the account.
    """

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_act_id", "act", "id"),
        Index("ix_audit_user_id_id", "user_id", "id"),
        Index("ix_audit_subject_id", "subject", "id"),
    )

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    act: Mapped[str] = mapped_column(String(64))  # "subject.verb", such as "session.began" or "limit.changed"
    user_id: Mapped[int | None] = mapped_column(Key)
    login: Mapped[str]
    address: Mapped[str]
    door: Mapped[str] = mapped_column(String(16))
    subject: Mapped[str]  # whom or what it was done to, in words that stay readable: "alice", "picture 7"
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
