"""The record of acts: what an administrator did, and what concerns the safety of the accounts.

An act is recorded by the transaction that does it: neither is there without the other. Nothing in the program changes
or deletes an entry.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.acting import actor
from core.storage.tables import AuditEntry

SECRET = frozenset({"password", "key", "admin_key", "token", "secret", "ticket", "code", "api_key"})
MASK = "••••"


def record(
    session: Session,
    now: datetime,
    act: str,
    subject: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write down what the person of this context does. `act` is "subject.verb"; values must be JSON's."""
    who = actor()
    session.add(
        AuditEntry(
            created_at=now,
            act=act,
            user_id=who.user_id,
            login=who.login,
            address=who.address,
            door=who.door,
            subject=subject,
            before=masked(before),
            after=masked(after),
        )
    )


def masked(values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Without what must stay secret: of that, only whether there is any."""
    if values is None:
        return None
    return {name: MASK if name in SECRET and value else value for name, value in values.items()}
