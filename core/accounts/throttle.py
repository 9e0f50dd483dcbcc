"""Slowing those who guess: failures are counted per account and per address, in the database.

An attempt counts before the password is looked at, so twenty at once are twenty, and a success takes it back.
An account is never slow for more than a minute, or a stranger could keep its owner out; an address can be slow
for longer. Names and addresses are kept as keyed hashes: the table tells nobody who tried to come in.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import delete
from sqlalchemy.orm import Session as Transaction

from core.accounts import audit
from core.errors import Problem
from core.storage.database import Database
from core.storage.tables import Throttle as Row

FORGOTTEN_AFTER = timedelta(hours=4)


@dataclass(frozen=True, slots=True)
class Patience:
    """`free` failures cost nothing, the next one second, each further one double, up to `longest` seconds."""

    free: int
    longest: int

    def delay(self, failures: int) -> timedelta | None:
        if failures <= self.free:
            return None
        doublings = min(failures - self.free - 1, self.longest.bit_length())
        return timedelta(seconds=min(2**doublings, self.longest))


ACCOUNT = Patience(free=5, longest=60)
ADDRESS = Patience(free=20, longest=15 * 60)
SIGN_UP = Patience(
    free=40, longest=15 * 60
)  # new accounts from one address: a class behind one router signs up at once


class Throttle:
    def __init__(self, database: Database, secret: bytes):
        self._database = database
        self._secret = secret

    def begin(self, login: str | None, address: str) -> None:
        """Count an attempt; one that comes too early is a Problem with the `wait` in seconds and counts nothing.

        `login` is what was typed, in its normal form, whether such an account exists or not; None for a secret
        that belongs to no account.
        """
        with self._database.write() as transaction:
            self._count(transaction, self._keys(login, address))

    def sign_up(self, address: str) -> None:
        """Count that somebody makes an account for themselves, whether it succeeds or not; record a slow-down."""
        key = self._hidden("sign-up", _network(address))
        with self._database.write() as transaction:
            self._count(transaction, [(key, SIGN_UP)])
            _record_slowness(transaction, self._database.now(transaction), key, "address", "")

    def _count(self, transaction: Transaction, keys: list[tuple[str, Patience]]) -> None:
        now = self._database.now(transaction)
        counted = [(patience, self._row(transaction, key, now)) for key, patience in keys]
        wait = max((row.blocked_until - now for _, row in counted if row.blocked_until), default=timedelta())
        if wait > timedelta():
            raise Problem("too_many_attempts", wait=wait.total_seconds())
        for patience, row in counted:
            row.failures += 1
            row.last_at = now
            delay = patience.delay(row.failures)
            row.blocked_until = now + delay if delay else None

    def succeeded(self, login: str | None, address: str) -> None:
        """What `begin` counted was no failure: forget those of the account, and this one of the address.

        The address keeps its other failures: somebody with an account of their own must not wash them away.
        """
        with self._database.write() as transaction:
            if login is not None:
                transaction.execute(delete(Row).where(Row.subject == self._account(login)))
            row = transaction.get(Row, self._address(address))
            if row is not None:
                row.failures = max(0, row.failures - 1)
                if ADDRESS.delay(row.failures) is None:
                    row.blocked_until = None

    def failed(self, act: str, login: str | None, address: str, subject: str, reason: str) -> None:
        """Write down that what `begin` counted was a failure, and since when whoever it is has to be patient.

        `subject` is whom it was about. What comes during a slow-down is refused by `begin` and not written down: the
        record must not grow as fast as somebody guesses.
        """
        with self._database.write() as transaction:
            now = self._database.now(transaction)
            audit.record(transaction, now, act, subject, after={"reason": reason})
            for kind, (key, _) in zip(("address", "account"), self._keys(login, address), strict=False):
                _record_slowness(transaction, now, key, kind, subject)

    def sweep(self) -> None:
        """Remove what is forgotten anyway."""
        with self._database.write() as transaction:
            before = self._database.now(transaction) - FORGOTTEN_AFTER
            transaction.execute(delete(Row).where(Row.last_at < before))

    def _row(self, transaction: Transaction, key: str, now: datetime) -> Row:
        row = transaction.get(Row, key)
        if row is None:
            row = Row(subject=key, failures=0, last_at=now)
            transaction.add(row)
        elif row.last_at < now - FORGOTTEN_AFTER:
            row.failures, row.blocked_until = 0, None
        return row

    def _keys(self, login: str | None, address: str) -> list[tuple[str, Patience]]:
        keys = [(self._address(address), ADDRESS)]
        if login is not None:
            keys.append((self._account(login), ACCOUNT))
        return keys

    def _account(self, login: str) -> str:
        return self._hidden("account", login)

    def _address(self, address: str) -> str:
        return self._hidden("address", _network(address))

    def _hidden(self, kind: str, subject: str) -> str:
        message = f"{kind}:{subject}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, message, "sha256").hex()


def _record_slowness(transaction: Transaction, now: datetime, key: str, kind: str, subject: str) -> None:
    row = transaction.get(Row, key)
    if row is not None and row.blocked_until is not None and row.blocked_until > now:
        seconds = round((row.blocked_until - now).total_seconds())
        slowed = {"slowed": kind, "failures": row.failures, "seconds": seconds}
        audit.record(transaction, now, "session.slowed", subject, after=slowed)


def _network(address: str) -> str:
    """An IPv6 visitor owns a whole /64, and must not be a new visitor with each of its addresses."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(ip_network((int(parsed), 64), strict=False))
