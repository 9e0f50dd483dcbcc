"""What the administrator has set for the whole site, in place of what the environment says."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String
from sqlalchemy.orm import Mapped, mapped_column

from core.storage.tables.base import Base


class Setting(Base):
    """One value by its name in `core.site.Site`; without a row the environment's holds. A value may be JSON's null."""

    __tablename__ = "settings"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[Any] = mapped_column(JSON(), nullable=False)
    changed_at: Mapped[datetime]
