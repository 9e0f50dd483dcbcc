"""Who may come in."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables.base import Base, Key


class User(Base):
    """A person. `password` holds a bcrypt hash; `type` is "admin" or "user"."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("type IN ('admin', 'user')", name="type"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    name: Mapped[str]
    login: Mapped[str] = mapped_column(String(64), unique=True)
    password: Mapped[str]
    type: Mapped[str] = mapped_column(String(16))
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    left_at: Mapped[datetime | None]  # the row stays for the ledger, under a name that says nothing
    language: Mapped[str | None] = mapped_column(String(8))
    draft: Mapped[str] = mapped_column(server_default="")  # what is typed and not yet sent
    choices: Mapped[dict[str, Any] | None]  # the last ones: model, size, quality and so on
    served_at: Mapped[datetime | None]  # when a picture of theirs was last begun: whose turn it is


class Session(Base):
    """A sign-in. The browser holds the token; only its sha256 is here, so that a stolen database signs nobody in.

    A row begins as a ticket, which the sign-in page hands to the browser to be changed for the cookie, once.
    """

    __tablename__ = "sessions"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    ticket_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    token_hash: Mapped[str | None] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(server_default="")


class PasswordLink(Base):
    """A link with which a person chooses a password, once. The newest of an account is the only one."""

    __tablename__ = "password_links"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class Invitation(Base):
    """A link with which people make accounts of their own: in this role, with these limits, `uses` times at most."""

    __tablename__ = "invitations"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    note: Mapped[str]  # whom it is for, in the administrator's words
    type: Mapped[str] = mapped_column(String(16))
    limits: Mapped[dict[str, Any]]  # kinds and values, as in `limits`
    uses: Mapped[int]
    used: Mapped[int]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]


class Throttle(Base):
    """Failed attempts of one kind at one subject (an account, an address), hashed."""

    __tablename__ = "throttles"

    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)
    blocked_until: Mapped[datetime | None]
