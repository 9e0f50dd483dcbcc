"""Leaving: what is theirs goes to somebody else, or is deleted. What it cost stays, under a name that says nothing.

The account's row stays too, closed for ever: the ledger and the record of acts refer to it.
"""

from datetime import datetime

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from core.accounts import audit, passwords
from core.accounts.people import keep_an_administrator
from core.errors import Problem
from core.ledger.booking import SUMS
from core.ledger.limits import USER
from core.members.members import cancel_waiting, member
from core.storage.database import Database
from core.storage.files import Files
from core.storage.tables import Base, Image, Improvement, Limit, Reference, Request, Tally, User
from core.studio.gallery import in_bin, is_shown
from core.studio.pictures import folder
from core.studio.removal import Removal

BATCH = 500
DIALECTS = {"sqlite": sqlite, "postgresql": postgresql}


class Leaving:
    def __init__(self, database: Database, files: Files, removal: Removal):
        self.database = database
        self.files = files
        self.removal = removal

    def transfer(self, user_id: int, to: int) -> int:
        """Give the pictures, with their requests and what they cost, to `to`, and close the account; how many.

        What they had thrown away, and what they noted for themselves, is nobody else's: it goes.
        """
        with self.database.write() as session:
            user, now = self._leaver(session, user_id), self.database.now(session)
            heir = member(session, to)
            if heir.id == user.id or heir.disabled_at is not None:
                raise Problem("no_such_heir", login=heir.login)
            cancel_waiting(session, user_id, now)
            pictures = _pictures(session, user_id)
            session.execute(
                update(Image).where(Image.user_id == user_id, in_bin()).values(purged_at=now),
                execution_options={"synchronize_session": False},
            )
            session.execute(
                update(Image).where(Image.user_id == user_id, Image.note.is_not(None)).values(note=None),
                execution_options={"synchronize_session": False},
            )
            for table in (Request, Improvement):
                session.execute(update(table).where(table.user_id == user_id).values(user_id=to))
            # Whoever gets them has seen no notice of what is soon too old.
            theirs = update(Image).where(Image.user_id == user_id)
            session.execute(theirs.values(user_id=to, spared_until=now))
            _hand_over_tallies(session, user_id, to)
            after = {"pictures": pictures, "transferred_to": heir.login}
            _close(session, user, now, after)
        self.removal.clear(to)
        return pictures

    def purge(self, user_id: int) -> int:
        """Delete their pictures and all that they wrote, and close the account; how many pictures.

        The rows go in one transaction; the files follow, and what a dead process leaves of them, the hourly tidying.
        """
        with self.database.write() as session:
            user, now = self._leaver(session, user_id), self.database.now(session)
            cancel_waiting(session, user_id, now)
            pictures = _pictures(session, user_id)
            theirs = select(Request.id).where(Request.user_id == user_id).scalar_subquery()
            keys = set(session.scalars(select(Reference.file_key).where(Reference.request_id.in_(theirs))))
            masks = select(Request.mask_key).where(Request.user_id == user_id, Request.mask_key.is_not(None))
            keys |= {key for key in session.scalars(masks) if key is not None}
            session.execute(delete(Reference).where(Reference.request_id.in_(theirs)))
            blank = {"description": "", "words": None, "fingerprint": None, "mask_key": None}
            session.execute(update(Request).where(Request.user_id == user_id).values(blank))
            forgotten = {
                "deleted_at": func.coalesce(Image.deleted_at, now),
                "purged_at": func.coalesce(Image.purged_at, now),
                "note": None,
                "placeholder": None,
                "revised_description": None,
                "problem_params": None,
                "problem_detail": None,
            }
            session.execute(
                update(Image).where(Image.user_id == user_id).values(forgotten),
                execution_options={"synchronize_session": False},
            )
            silent = {"original": "", "suggestion": None, "replaced": None}
            session.execute(update(Improvement).where(Improvement.user_id == user_id).values(silent))
            _close(session, user, now, {"pictures": pictures, "deleted": True})
        self.removal.clear(user_id)
        for key in keys | {file.key for file in self.files.list(f"uploads/{user_id}")}:
            self.files.delete(key)
        self._delete_scaffolds(user_id)
        return pictures

    def _leaver(self, session: Session, user_id: int) -> User:
        user = member(session, user_id)
        keep_an_administrator(session, user)
        return user

    def _delete_scaffolds(self, user_id: int) -> None:
        """Previews, and receipts of calls whose outcome is open."""
        last = 0
        while True:
            with self.database.read() as session:
                query = select(Image.id, Image.worker).where(Image.user_id == user_id, Image.id > last)
                query = query.where(Image.worker.is_not(None), Image.state.in_(("running", "unknown")))
                rows = session.execute(query.order_by(Image.id).limit(BATCH)).all()
            if not rows:
                return
            for image_id, worker in rows:
                name = folder(image_id, worker or "")
                self.files.delete(f"receipts/{name}.json")
                for prefix in ("previews", "pictures"):
                    for file in list(self.files.list(f"{prefix}/{name}")):
                        self.files.delete(file.key)
            last = rows[-1].id


def _pictures(session: Session, user_id: int) -> int:
    kept = select(func.count()).where(Image.user_id == user_id, is_shown())
    return session.scalars(kept).one()


def _hand_over_tallies(session: Session, user_id: int, to: int) -> None:
    """The tallies are always the sums of the pictures, so they follow them."""
    table = Tally.__table__
    keys = [column.name for column in table.primary_key]
    names = [column.name for column in table.columns if column.name != "user_id"]
    theirs = select(literal(to), *(table.c[name] for name in names)).where(table.c.user_id == user_id)
    dialect = session.get_bind().dialect.name
    statement = DIALECTS[dialect].insert(Tally).from_select(["user_id", *names], theirs)
    sums = {name: getattr(Tally, name) + statement.excluded[name] for name in SUMS}
    session.execute(statement.on_conflict_do_update(index_elements=keys, set_=sums))
    session.execute(delete(Tally).where(Tally.user_id == user_id))


def _close(session: Session, user: User, now: datetime, after: dict[str, object]) -> None:
    """Nobody can have a sign-in name with this sign, so it is free for somebody else."""
    before = {"name": user.name, "type": user.type}
    audit.record(session, now, "person.left", user.login, before, after)
    session.execute(delete(Limit).where(Limit.scope == USER, Limit.subject == str(user.id)))
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            # What would go with the account's row: sessions, links, whatever is only theirs.
            if any(key.column.table.name == "users" and key.ondelete == "CASCADE" for key in column.foreign_keys):
                session.execute(delete(table).where(column == user.id))
    user.login = user.name = f"#{user.id}"
    user.password, user.type, user.language = passwords.NOBODY, "user", None
    user.draft, user.choices = "", None
    user.disabled_at = user.left_at = now
