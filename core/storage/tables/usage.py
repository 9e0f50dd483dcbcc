"""What the usage page adds up, kept for days that are over; `core.ledger.usage` writes and reads it."""

from datetime import datetime

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables.base import Base


class UsageChange(Base):
    """A quarter of an hour in which something lies that has changed since its day was added up.

    Triggers of the database write it (`core.storage.triggers`), so that no writer can forget to.
    """

    __tablename__ = "usage_changes"

    quarter: Mapped[datetime] = mapped_column(primary_key=True)


class UsageSum(Base):
    """Sums of a day of the site, or of a month that is over, for one value of a facet such as "person" or "door".

    `span` is "2026-11-30", or "m2026-11", which sorts behind every day.
    """

    __tablename__ = "usage_sums"

    facet: Mapped[str] = mapped_column(String(8), primary_key=True)
    span: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str] = mapped_column(String(128), primary_key=True)
    detail: Mapped[str] = mapped_column(String(80), primary_key=True)
    ordered: Mapped[int] = mapped_column(BigInteger())
    pictures: Mapped[int] = mapped_column(BigInteger())
    failed: Mapped[int] = mapped_column(BigInteger())
    requests: Mapped[int] = mapped_column(BigInteger())
    cost_micros: Mapped[int] = mapped_column(BigInteger())
    reserved_micros: Mapped[int] = mapped_column(BigInteger())
    risk_micros: Mapped[int] = mapped_column(BigInteger())


class UsageTime(Base):
    """How often something took about so long: waiting, drawing, the whole, or a call to the connection `name`."""

    __tablename__ = "usage_times"

    measure: Mapped[str] = mapped_column(String(8), primary_key=True)
    span: Mapped[str] = mapped_column(String(10), primary_key=True)
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    bucket: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigInteger())
    micros: Mapped[int] = mapped_column(BigInteger())  # microseconds, of all together
