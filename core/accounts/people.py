"""The accounts: who exists, under which sign-in name, in which role."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session as Transaction

from core.accounts import audit, passwords
from core.accounts.sessions import end_sessions
from core.acting import actor, revealed
from core.errors import Problem
from core.settings import Settings
from core.storage.database import Database
from core.storage.tables import User

TYPES = ("admin", "user")
LONGEST_NAME = 100
_LOGIN = re.compile(r"[a-z0-9._@-]{1,64}")
_LONGEST_TYPED = 1_000  # see core.accounts.passwords: nobody's name, and normalising hostile text takes for ever


def normal_login(login: str) -> str:
    """The same sign-in name however it was typed: “ Alice” is “alice”. What cannot be one comes back as it is."""
    stripped = login.strip()
    if len(stripped) > _LONGEST_TYPED:
        return stripped
    return unicodedata.normalize("NFKC", stripped).casefold().strip()


class People:
    """Rows that it returns are detached: what is changed in them is not stored."""

    def __init__(self, database: Database, settings: Settings):
        self.database = database
        self._least = settings.password_length

    def any(self) -> bool:
        """Whether Imagier is set up."""
        with self.database.read() as transaction:
            return _any(transaction)

    def all(self) -> Sequence[User]:
        """Without those who have left."""
        with self.database.read() as transaction:
            return transaction.scalars(select(User).where(User.left_at.is_(None)).order_by(User.id)).all()

    def find(self, login: str) -> User | None:
        """The account with this sign-in name, disabled or not."""
        with self.database.read() as transaction:
            return _find(transaction, login)

    def existing(self, login: str) -> User:
        """The same, or a Problem."""
        with self.database.read() as transaction:
            return found(transaction, login)

    def create_administrator(self, login: str, name: str, password: str) -> User:
        """The first account, at set-up. Of several at once one succeeds; the others find it already set up."""
        if self.any():
            raise Problem("already_set_up")
        user = self._made(login, name, "admin", password)
        with self.database.write() as transaction:
            if _any(transaction):
                raise Problem("already_set_up")
            self._insert(transaction, user)
            who = revealed(user.id, user.login)
            audit.record(transaction, user.created_at, "setup.done", user.login, after=_described(user), who=who)
        return user

    def add(self, login: str, name: str, type: str, password: str) -> int:
        """The id of the new account."""
        user = self._made(login, name, type, password)
        with self.database.write() as transaction:
            self._insert(transaction, user)
            audit.record(transaction, user.created_at, "person.created", user.login, after=_described(user))
        return user.id

    def sign_up(self, login: str, name: str, password: str) -> int:
        """The id of the account that a visitor made for themselves."""
        user = self._made(login, name, "user", password)
        with self.database.write() as transaction:
            self._insert(transaction, user)
            who = revealed(user.id, user.login)
            audit.record(transaction, user.created_at, "person.signed_up", user.login, after=_described(user), who=who)
        return user.id

    def is_password(self, user_id: int, password: str) -> bool:
        with self.database.read() as transaction:
            password_hash = transaction.get_one(User, user_id).password
        return passwords.matches(password, password_hash)

    def set_password(self, user_id: int, password: str, keep_session: int | None = None) -> None:
        """Every session of the account ends, except the one whose id is `keep_session`."""
        with self.database.read() as transaction:
            user = transaction.get_one(User, user_id)
        passwords.check_strength(password, user.login, user.name, self._least)
        password_hash = passwords.hashed(password)
        with self.database.write() as transaction:
            transaction.execute(update(User).where(User.id == user_id).values(password=password_hash))
            ended = end_sessions(transaction, user_id, but=keep_session)
            act = "password.changed" if actor().user_id == user_id else "password.reset"
            now = self.database.now(transaction)
            audit.record(transaction, now, act, user.login, after={"sessions_ended": ended})

    def change_language(self, user_id: int, language: str | None) -> None:
        """None: whatever the browser asks for."""
        with self.database.write() as transaction:
            transaction.execute(update(User).where(User.id == user_id).values(language=language))

    def draft(self, user_id: int) -> str:
        """What the person typed and has not sent."""
        with self.database.read() as transaction:
            return transaction.scalars(select(User.draft).where(User.id == user_id)).one_or_none() or ""

    def save_draft(self, user_id: int, text: str) -> None:
        with self.database.write() as transaction:
            transaction.execute(update(User).where(User.id == user_id).values(draft=_storable(text)))

    def _made(self, login: str, name: str, type: str, password: str) -> User:
        """Hashing takes a quarter of a second, so it is done before the database is held."""
        if type not in TYPES:
            raise ValueError(f"no such type of account: {type}")
        wanted, shown = possible_login(login), normal_name(name)
        passwords.check_strength(password, wanted, shown, self._least)
        return User(login=wanted, name=shown, type=type, password=passwords.hashed(password))

    def _insert(self, transaction: Transaction, user: User) -> None:
        join(transaction, user, self.database.now(transaction))


def possible_login(login: str) -> str:
    """The normal form, or a Problem if it cannot be a sign-in name."""
    wanted = normal_login(login)
    if not _LOGIN.fullmatch(wanted):
        raise Problem("login_malformed", login=_shortened(login))
    return wanted


def join(transaction: Transaction, user: User, now: datetime) -> None:
    """Add the account, if its name is free."""
    if transaction.scalar(select(User.id).where(User.login == user.login)) is not None:
        raise Problem("login_taken", login=user.login)
    user.created_at = now
    transaction.add(user)
    transaction.flush()


def keep_an_administrator(transaction: Transaction, user: User) -> None:
    """A Problem if this is the last one who could let the others in; for the transaction that takes it away."""
    if user.type == "admin" and user.disabled_at is None and _active_administrators(transaction) == 1:
        raise Problem("last_administrator", login=user.login)


def is_login(text: str) -> bool:
    """Whether there could be an account of this name, in its normal form."""
    return _LOGIN.fullmatch(text) is not None


def _described(user: User) -> dict[str, str]:
    return {"name": user.name, "type": user.type}


def _any(transaction: Transaction) -> bool:
    return transaction.scalar(select(User.id).limit(1)) is not None


def _find(transaction: Transaction, login: str) -> User | None:
    wanted = normal_login(login)
    if not _LOGIN.fullmatch(wanted):
        return None
    return transaction.scalar(select(User).where(User.login == wanted))


def found(transaction: Transaction, login: str) -> User:
    """The account with this sign-in name, or a Problem."""
    user = _find(transaction, login)
    if user is None:
        raise Problem("no_such_user", login=_shortened(login))
    return user


def _active_administrators(transaction: Transaction) -> int:
    active = select(func.count()).select_from(User).where(User.type == "admin", User.disabled_at.is_(None))
    return transaction.scalars(active).one()


def normal_name(name: str) -> str:
    """One line of visible text. Signs that turn the direction of what follows, and the like, are left out."""
    if len(name) > _LONGEST_TYPED:
        raise Problem("name_too_long", length=len(name), most=LONGEST_NAME)
    spaced = " ".join(unicodedata.normalize("NFC", name).split())
    shown = "".join(character for character in spaced if passwords.is_typable(character)).strip()
    if not any(character.isprintable() and not character.isspace() for character in shown):
        raise Problem("name_missing")
    if len(shown) > LONGEST_NAME:
        raise Problem("name_too_long", length=len(shown), most=LONGEST_NAME)
    return shown


def _storable(text: str) -> str:
    """PostgreSQL has no null character, and nothing can encode half a surrogate pair."""
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _shortened(login: str) -> str:
    """What was typed, as far as a message can show it."""
    shown = "".join(character for character in login[:64] if character.isprintable())
    return shown if len(login) <= 64 else shown + "…"
