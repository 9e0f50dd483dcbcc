"""Tokens that are used although they no longer count: somebody may have found one."""

from datetime import datetime, timedelta
from threading import Lock

from sqlalchemy import select

from core.accounts import audit
from core.accounts.tokens import PREFIX, hashed
from core.storage.database import Database
from core.storage.tables import Token, User

QUIET = timedelta(hours=1)  # for each token: the record must not grow as fast as a forgotten program calls


class RefusedTokens:
    def __init__(self, database: Database):
        self._database = database
        self._noted: dict[int, datetime] = {}
        self._lock = Lock()

    def note(self, secret: str) -> None:
        """Write down the use of one that was revoked, has ended, or whose owner's account is disabled.

        What never was a token is not written down: it tells nothing, and anybody may send it.
        """
        if not secret.startswith(PREFIX):
            return
        wanted = select(Token.id, Token.name, Token.revoked_at, Token.ends_at, User.login, User.disabled_at)
        with self._database.read() as transaction:
            now = self._database.now(transaction)
            mine = wanted.join(User, User.id == Token.user_id).where(Token.token_hash == hashed(secret))
            found = transaction.execute(mine).one_or_none()
        if found is None:
            return
        reasons = {
            "revoked_token": found.revoked_at is not None,
            "ended_token": found.ends_at is not None and found.ends_at <= now,
            "disabled_account": found.disabled_at is not None,
        }
        reason = next((reason for reason, holds in reasons.items() if holds), None)
        if reason is None or not self._is_news(found.id, now):
            return
        with self._database.write() as transaction:
            now = self._database.now(transaction)
            subject = f"{found.login}: {found.name}"
            audit.record(transaction, now, "token.refused", subject, after={"reason": reason})

    def _is_news(self, token_id: int, now: datetime) -> bool:
        with self._lock:
            before = self._noted.get(token_id)
            if before is not None and now - before < QUIET:
                return False
            self._noted[token_id] = now
            return True
