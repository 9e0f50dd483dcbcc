"""Personal tokens: how a program comes in for a person, with their role and under their limits.

The token is a secret that is shown once; the database knows only its sha256.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session as Transaction

from core.accounts import audit
from core.accounts.passwords import is_typable
from core.accounts.people import LONGEST_NAME
from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import Token, User

PREFIX = "imagier_"
GENERATE, READ = "generate", "read"
SCOPES = (GENERATE, READ)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose token it is, as the database says at this moment."""

    token_id: int
    user_id: int
    login: str
    name: str
    language: str | None
    scopes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Pace:
    """How many calls a token has in a minute, how many are left now, and when it has all of them again."""

    limit: int
    remaining: int
    reset: timedelta


@dataclass(frozen=True, slots=True)
class Budget:
    """What a token may spend in all, None for no limit of its own, and what it has spent and holds; micro-dollars."""

    name: str
    limit: int | None
    cost: int
    reserved: int


class Tokens:
    def __init__(self, database: Database, per_minute: int):
        self._database = database
        self._per_minute = per_minute

    def make(
        self,
        user_id: int,
        name: str,
        scopes: Sequence[str] = SCOPES,
        ends_at: datetime | None = None,
        limit_micros: int | None = None,
    ) -> str:
        """A new token: the only time that anybody sees it. Whoever may generate may read."""
        shown, kept = _normal_name(name), ",".join(scope for scope in SCOPES if scope in {*scopes, READ})
        token = PREFIX + secrets.token_urlsafe(32)
        with self._database.write() as transaction:
            now = self._database.now(transaction)
            if ends_at is not None and ends_at <= now:
                raise Problem("token_end_past")
            login = transaction.scalar(select(User.login).where(User.id == user_id, User.disabled_at.is_(None)))
            if login is None:
                raise Problem("session_ended")
            transaction.add(
                Token(
                    user_id=user_id,
                    name=shown,
                    token_hash=hashed(token),
                    scopes=kept,
                    created_at=now,
                    ends_at=ends_at,
                    limit_micros=limit_micros,
                )
            )
            after = {"scopes": kept, "ends_at": ends_at and ends_at.isoformat(), "limit_micros": limit_micros}
            audit.record(transaction, now, "token.made", f"{login}: {shown}", after=after)
        return token

    def of(self, user_id: int) -> Sequence[Token]:
        """The tokens of a person that have not been revoked, newest first."""
        with self._database.read() as transaction:
            wanted = select(Token).where(Token.user_id == user_id, Token.revoked_at.is_(None))
            return transaction.scalars(wanted.order_by(Token.id.desc())).all()

    def one(self, token_id: int) -> Token:
        with self._database.read() as transaction:
            return transaction.get_one(Token, token_id)

    def revoke(self, user_id: int, token_id: int) -> None:
        """From this moment on nobody comes in with it, anywhere."""
        with self._database.write() as transaction:
            wanted = select(Token).where(Token.user_id == user_id, Token.id == token_id, Token.revoked_at.is_(None))
            token = transaction.scalar(wanted) if 0 < token_id < 2**63 else None
            if token is None:
                raise Problem("no_such_token")
            token.revoked_at = now = self._database.now(transaction)
            login = transaction.get_one(User, user_id).login
            audit.record(transaction, now, "token.revoked", f"{login}: {token.name}")

    def caller(self, secret: str) -> Caller:
        """Whose it is; one Problem, after the same work, for what is no token, unknown, revoked or has ended."""
        with self._database.ask() as connection:
            now = self._database.now(connection)
            found = connection.execute(_CALLER, {"hashed": hashed(secret)}).one_or_none()
        if found is None or (found.ends_at is not None and found.ends_at <= now):
            raise Problem("token_refused")
        token_id, user_id, login, name, language, scopes, _ = found
        return Caller(token_id, user_id, login, name, language, frozenset(scopes.split(",")))

    def count(self, token_id: int) -> Pace:
        """One call more; a Problem with the `wait` in seconds for one too many, which then counts nothing.

        A call takes its fraction of a minute, and a minute's worth may be taken at once.
        """
        each = MINUTE / self._per_minute
        with self._database.change(lasting=False) as (connection, now):
            token = connection.execute(_USE, {"token": token_id}).one()
            busy_until = max(token.busy_until or now, now) + each
            if busy_until - now > MINUTE:
                wait = (busy_until - now - MINUTE).total_seconds()
                raise Problem("too_many_calls", limit_per_minute=self._per_minute, wait=wait)
            known = token.last_used_at is not None and now - token.last_used_at < MINUTE
            changes = {"busy": busy_until, "used": token.last_used_at if known else now}
            connection.execute(_USED, {"token": token_id, **changes})
        left = MINUTE - (busy_until - now)
        return Pace(self._per_minute, round(left / each), busy_until - now)


def budget(transaction: Transaction, token_id: int, now: datetime) -> Budget:
    """Inside the transaction that orders with it: one that was revoked a moment ago orders nothing more."""
    found = transaction.connection().execute(_BUDGET, {"token": token_id}).one_or_none()
    if found is None or found.revoked_at is not None or (found.ends_at is not None and found.ends_at <= now):
        raise Problem("token_refused")
    return Budget(found.name, found.limit_micros, found.cost_micros, found.reserved_micros)


_TOKEN = Token.id == bindparam("token", type_=Token.id.type)
_CALLER = (
    select(Token.id, User.id, User.login, User.name, User.language, Token.scopes, Token.ends_at)
    .join(User, User.id == Token.user_id)
    .where(
        Token.token_hash == bindparam("hashed", type_=Token.token_hash.type),
        Token.revoked_at.is_(None),
        User.disabled_at.is_(None),
    )
)
_USE = select(Token.busy_until, Token.last_used_at).where(_TOKEN)
_BUDGET = select(
    Token.revoked_at, Token.ends_at, Token.name, Token.limit_micros, Token.cost_micros, Token.reserved_micros
).where(_TOKEN)
_USED = (
    update(Token)
    .where(_TOKEN)
    .values(
        busy_until=bindparam("busy", type_=Token.busy_until.type),
        last_used_at=bindparam("used", type_=Token.last_used_at.type),
    )
)


def _normal_name(name: str) -> str:
    shown = "".join(character for character in " ".join(name[:1_000].split()) if is_typable(character))
    if not shown:
        raise Problem("token_name_missing")
    if len(shown) > LONGEST_NAME:
        raise Problem("name_too_long", length=len(shown), most=LONGEST_NAME)
    return shown


def hashed(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
