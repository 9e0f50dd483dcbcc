"""The record of acts: what an administrator did, and what concerns the safety of the accounts.

An act is recorded by the transaction that does it: neither is there without the other. Nothing in the program changes
or deletes an entry, and the database refuses to (`core.storage.triggers`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from core.acting import Actor, actor
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
    who: Actor | None = None,
) -> None:
    """Write down what the person of this context does, or `who`, where nobody is signed in yet.

    `act` is "subject.verb"; values must be JSON's.
    """
    who = who or actor()
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
    return {name: MASK if name in SECRET and value else _masked(value) for name, value in values.items()}


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return masked(value)
    return [_masked(item) for item in value] if isinstance(value, list | tuple) else value
