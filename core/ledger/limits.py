"""Limits: what a person, a role or the whole site may make and spend.

A role's limit is each of its people's limit, and a person's own wins over it. The site's limits on pictures and dollars
are one pot for all; its limits on quality, size and models hold for whoever has no other.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sqlalchemy import Row, String, bindparam, cast, delete, literal_column, select
from sqlalchemy.orm import Session

from core.accounts import audit
from core.catalog.catalog import dimensions
from core.errors import Problem
from core.i18n import mark
from core.ledger.costs import MILLION
from core.storage.database import Database
from core.storage.tables import Limit, User

SITE, ROLE, USER = "site", "role", "user"
QUALITIES = ("low", "medium", "high", "xhigh", "max")
MOST = 10**9  # pictures or dollars; more is no limit
NONE = "none"
GROUPED = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3}|\.000)")  # a thousand to one reader, and one to another

# Each kind, what it takes, and what people call it.
KINDS = {
    "pictures-per-day": ("0, 1, 2, …", mark("Pictures per day")),
    "pictures-per-month": ("0, 1, 2, …", mark("Pictures per month")),
    "dollars-per-day": ("0, 1.50, …", mark("Dollars per day")),
    "dollars-per-month": ("0, 1.50, …", mark("Dollars per month")),
    "pictures-at-once": ("0, 1, 2, …", mark("Pictures at once")),
    "quality": (", ".join(QUALITIES), mark("Highest quality")),
    "size": ("1024x1024, 1536x1024, …", mark("Largest size")),
    "models": ("gpt-image-2.6-flare,painter", mark("Models")),
}
SITE_NAMES = {
    "pictures-per-day": mark("Pictures per day of everybody"),
    "pictures-per-month": mark("Pictures per month of everybody"),
    "dollars-per-day": mark("Dollars per day of everybody"),
    "dollars-per-month": mark("Dollars per month of everybody"),
    "pictures-at-once": mark("Pictures at once of everybody"),
}


@dataclass(frozen=True, slots=True)
class Allowed:
    """The limits that hold for one person: their own pots, and everybody's. Values as they are stored."""

    own: Mapping[str, str]
    site: Mapping[str, str]


class Limits:
    def __init__(self, database: Database):
        self.database = database

    def set(self, scope: str, subject: str, values: Mapping[str, str]) -> None:
        """All of `values` by kind, or none. `subject` is "" for the site, a role, or a user's id as text.

        Dollars are as people write them; "none" and "" lift a limit.
        """
        wanted = {kind: normal(kind, value) for kind, value in values.items()}
        subjects = {"scope": scope, "subject": subject}
        with self.database.write() as session:
            before = _set(session, scope, subject)
            changed = {kind: value for kind, value in wanted.items() if value != before.get(kind)}
            if not changed:
                return
            session.execute(delete(Limit).filter_by(**subjects).where(Limit.kind.in_(changed)))
            session.add_all(
                Limit(**subjects, kind=kind, value=value) for kind, value in changed.items() if value is not None
            )
            audit.record(
                session,
                self.database.now(session),
                "limit.changed",
                _name(session, scope, subject),
                {kind: shown(kind, before.get(kind)) for kind in changed},
                {kind: shown(kind, value) for kind, value in changed.items()},
            )

    def of(self, scope: str, subject: str) -> dict[str, str]:
        with self.database.read() as session:
            return _set(session, scope, subject)


def shown(kind: str, value: str | None) -> str:
    """A stored value as it is typed."""
    if value is None:
        return NONE
    if kind.startswith("dollars"):
        return f"{Decimal(value) / MILLION:.6f}".rstrip("0").rstrip(".")
    return value


def _set(session: Session, scope: str, subject: str) -> dict[str, str]:
    rows = session.execute(select(Limit.kind, Limit.value).where(Limit.scope == scope, Limit.subject == subject))
    return {row.kind: row.value for row in rows}


def _name(session: Session, scope: str, subject: str) -> str:
    """Whose limits they are, as the command line writes it."""
    if scope == USER:
        return session.scalar(select(User.login).where(cast(User.id, String) == subject)) or subject
    return f"{scope}:{subject}" if subject else scope


def check_kind(kind: str) -> None:
    if kind not in KINDS:
        raise Problem("limit_unknown", kind=kind[:40], allowed=", ".join(KINDS))


def allowed(session: Session, user_id: int) -> Allowed:
    """What holds for a person now, read in the transaction that relies on it; a Problem if they may not come in.

    The session was checked when the page ran; the account may have been disabled since.
    """
    rows = session.connection().execute(_HOLDING, {"person": user_id, "subject": str(user_id)}).all()
    if not rows:
        raise Problem("session_ended")
    site = _of(rows, SITE)
    shared = {kind: value for kind, value in site.items() if kind not in SITE_NAMES}
    return Allowed(shared | _of(rows, ROLE) | _of(rows, USER), site)


# One row for each limit, or one without any; none for an account that is disabled or does not exist.
_HOLDING = (
    select(Limit.scope, Limit.kind, Limit.value)
    .select_from(User)
    .outerjoin(
        Limit,
        (Limit.scope == literal_column(f"'{SITE}'"))
        | ((Limit.scope == literal_column(f"'{ROLE}'")) & (Limit.subject == User.type))
        | ((Limit.scope == literal_column(f"'{USER}'")) & (Limit.subject == bindparam("subject", type_=String))),
    )
    .where(User.id == bindparam("person", type_=User.id.type), User.disabled_at.is_(None))
)


def _of(rows: Sequence[Row[str, str, str]], scope: str) -> dict[str, str]:
    return {kind: value for found, kind, value in rows if found == scope}


def dollars(value: str) -> int | None:
    """What a token may spend in all, in micro-dollars; None for no limit."""
    try:
        micros = normal("dollars-per-month", value)
    except Problem:
        raise Problem("token_dollars", value=value[:40]) from None
    return int(micros) if micros is not None else None


def normal(kind: str, value: str) -> str | None:
    """The value as it is stored, None for no limit; a Problem for what the kind does not take."""
    check_kind(kind)
    typed = value.strip().lower() if kind != "models" else value.strip()
    if typed.lower() in ("", NONE):
        return None
    refusal = Problem("limit_impossible", value=value[:40], kind=kind, allowed=KINDS[kind][0])
    if kind == "models":
        names = [name.strip() for name in typed.split(",") if name.strip()]
        if not names:
            raise refusal
        return ",".join(names)
    if kind == "quality":
        if typed not in QUALITIES:
            raise refusal
        return typed
    if kind == "size":
        width, height = dimensions(typed) or (0, 0)
        if not width * height:
            raise refusal
        return typed
    if GROUPED.fullmatch(typed):
        raise refusal
    try:
        number = Decimal(typed.replace(",", "."))
    except InvalidOperation:
        raise refusal from None
    if not number.is_finite() or not 0 <= number <= MOST:
        raise refusal
    if kind.startswith("dollars"):
        number *= MILLION
    if number != int(number):
        raise refusal  # a part of a picture or of a micro-dollar; rounded, it would be another limit
    return str(int(number))
