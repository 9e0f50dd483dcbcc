"""What people show to somebody without an account."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from core.storage.tables.base import Base, Key
from core.storage.tables.studio import Image


class Share(Base):
    """A link under which anybody sees one picture. It is known by the sha256 of its token.

    `token_sealed` is the token, encrypted with the secret of the installation, so that its owner can copy the address
    again; a stolen database opens no link. `password` holds a bcrypt hash.
    """

    __tablename__ = "shares"

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    image_id: Mapped[int] = mapped_column(ForeignKey("images.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    token_sealed: Mapped[str]
    password: Mapped[str | None]
    with_description: Mapped[bool]
    created_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    image: Mapped[Image] = relationship()
