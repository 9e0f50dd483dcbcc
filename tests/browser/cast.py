"""Who plays: new people for each test, in the database of a running application, and their pictures."""

import itertools
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sqlalchemy import delete, select, update

from core.accounts import passwords
from core.accounts.people import People
from core.accounts.sessions import Sessions
from core.accounts.throttle import Throttle as AccountThrottle
from core.api.auth import COOKIE
from core.engines.base import Painting
from core.settings import Settings
from core.storage import schema
from core.storage.database import Database
from core.storage.files import Files
from core.storage.tables import Connection, Image, Request, Throttle, User
from core.studio.copies import Copies
from core.studio.pictures import Pictures

PASSWORD = "a sentence of their own"
WORKER = "f" * 32
ADDRESS = "127.0.0.1"
_numbers = itertools.count(1)


@cache
def password_hash() -> str:
    return passwords.hashed(PASSWORD)


@dataclass(frozen=True, slots=True)
class Somebody:
    user_id: int
    login: str
    name: str


class Cast:
    """Works on the same data folder as the application, before it starts or while it runs."""

    def __init__(self, data: Path, template: Path | None = None):
        """`template` is a database with today's tables for a folder that has none yet."""
        self.settings = Settings.load(_env_file=None, IMAGIER_DATA_DIR=data)
        self.settings.make_data_dir()
        if template is not None:
            shutil.copy(template, data / "imagier.db")
        self.database = Database(self.settings.database)
        if template is None:
            schema.upgrade(self.database)
        self.files = Files.open(self.settings.files)
        self.people = People(self.database, self.settings)
        self.sessions = Sessions(self.database, self.settings)

    def close(self) -> None:
        self.database.close()

    def join(self, name: str, kind: str = "user", language: str | None = None) -> Somebody:
        """A new person; every test has its own alice."""
        login = f"{name.lower()}{next(_numbers)}"
        with self.database.write() as session:
            user = User(
                login=login,
                name=name,
                type=kind,
                password=password_hash(),
                language=language,
                created_at=self.database.now(session),
            )
            session.add(user)
            session.flush()
            return Somebody(user.id, login, name)

    def token(self, somebody: Somebody) -> str:
        """A session that has begun without the form."""
        return self.token_of(somebody.user_id)

    def cookie(self, somebody: Somebody) -> dict[str, str]:
        """The header of somebody who has signed in."""
        return {"Cookie": f"{COOKIE}={self.token(somebody)}"}

    def token_of(self, user_id: int) -> str:
        token = self.sessions.exchange(self.sessions.ticket(user_id, ADDRESS))
        assert token is not None
        return token

    def change(self, somebody: Somebody, **values: object) -> None:
        with self.database.write() as session:
            user = session.get_one(User, somebody.user_id)
            for name, value in values.items():
                setattr(user, name, value)

    def fail_to_sign_in(self, somebody: Somebody, times: int) -> None:
        """From elsewhere, until it is slowed down."""
        guard = AccountThrottle(self.database, self.settings.secret())
        for _ in range(times):
            guard.begin(somebody.login, "192.0.2.1")
            with self.database.write() as session:
                session.execute(update(Throttle).values(blocked_until=None))
        guard.begin(somebody.login, "192.0.2.1")

    def forget_failures(self) -> None:
        with self.database.write() as session:
            session.execute(delete(Throttle))

    def hang(self, somebody: Somebody, data: bytes, description: str = "a tree", number: int = 1) -> list[int]:
        """Finished pictures in somebody's gallery, one request each, without any engine; their ids, oldest first."""
        return [self._hang_one(somebody, data, description) for _ in range(number)]

    def forget_the_pace(self) -> None:
        """What was learned of the provider, which is slow to be forgotten otherwise."""
        with self.database.write() as session:
            session.execute(update(Connection).values(not_before=None, slowed_at=None, stopped_code=None))

    def _hang_one(self, somebody: Somebody, data: bytes, description: str) -> int:
        with self.database.write() as session:
            now = self.database.now(session)
            image = Image(
                user_id=somebody.user_id,
                created_at=now,
                position=0,
                connection="painter",
                state="running",  # so that no worker takes it
                seed=1,
                worker=WORKER,
            )
            request = Request(
                user_id=somebody.user_id,
                description=description,
                created_at=now,
                door="pages",
                connection="painter",
                model="painter",
                size="1024x1024",
                quality="medium",
                number=1,
                previews=0,
                images=[image],
            )
            session.add(request)
            session.flush()
            image_id = image.id
        kept = Pictures(self.database, self.files)
        values = kept.keep(image_id, WORKER, Painting(data))
        kept.forget_scaffold(image_id, WORKER)
        with self.database.write() as session:
            image = session.get_one(Image, image_id)
            image.state, image.started_at, image.finished_at = "done", now, now
            for name, value in values.items():
                setattr(image, name, value)
        Copies(self.database, self.files).make(image_id, values["image_url"])
        return image_id

    def is_idle(self) -> bool:
        under_way = select(Image.id).where(Image.state.in_(("queued", "running"))).limit(1)
        with self.database.read() as session:
            return session.scalar(under_way) is None

    def images(self, somebody: Somebody) -> list[Image]:
        with self.database.read() as session:
            return list(session.scalars(select(Image).where(Image.user_id == somebody.user_id).order_by(Image.id)))

    def requests(self, somebody: Somebody) -> list[Request]:
        with self.database.read() as session:
            query = select(Request).where(Request.user_id == somebody.user_id).order_by(Request.id)
            return list(session.scalars(query))
