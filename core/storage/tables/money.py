"""What things cost, and who may spend it."""

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables.base import Base, Key


class Price(Base):
    """What a model costs from a moment on: micro-dollars for a million tokens of a class, or for each picture.

    Rows are added and never changed; of several that hold, the one that began last counts, then the newest. A row with
    a `connection` is for pictures drawn there, and wins; one without any price says that the list's counts there again.
    """

    __tablename__ = "prices"
    __table_args__ = (Index("ix_prices_model_valid_from", "model", "valid_from"),)

    id: Mapped[int] = mapped_column(Key, primary_key=True)
    model: Mapped[str] = mapped_column(String(128))
    connection: Mapped[str] = mapped_column(String(64), server_default="")  # "": wherever it is drawn
    valid_from: Mapped[datetime]
    text_in: Mapped[int | None] = mapped_column(BigInteger())
    cached_text_in: Mapped[int | None] = mapped_column(BigInteger())
    image_in: Mapped[int | None] = mapped_column(BigInteger())
    cached_image_in: Mapped[int | None] = mapped_column(BigInteger())
    image_out: Mapped[int | None] = mapped_column(BigInteger())
    text_out: Mapped[int | None] = mapped_column(BigInteger())
    per_picture: Mapped[int | None] = mapped_column(BigInteger())
    source: Mapped[str]
    created_at: Mapped[datetime]
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))  # NULL: from the catalogue


class Limit(Base):
    """One limit. `scope` is "site", "role" or "user"; `subject` is "", the role, or the user's id."""

    __tablename__ = "limits"

    scope: Mapped[str] = mapped_column(String(8), primary_key=True)
    subject: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str]


class Tally(Base):
    """What was ordered in a quarter of an hour or in a day, by one person or, with `user_id` 0, by all.

    Quarters and days of UTC make up the days and months of every time zone, so a limit is checked by adding up a few
    dozen rows and without reading the images. Whatever is booked on those is added here, to a row of each length.
    """

    __tablename__ = "tallies"

    user_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    length: Mapped[str] = mapped_column(String(8), primary_key=True)  # "quarter" or "day"
    since: Mapped[datetime] = mapped_column(primary_key=True)
    pictures: Mapped[int]
    cost_micros: Mapped[int] = mapped_column(BigInteger())
    reserved_micros: Mapped[int] = mapped_column(BigInteger())
