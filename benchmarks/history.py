"""A database that has been in use: many finished pictures of many people."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from core.demo.bulk import count_on
from core.storage.database import Database
from core.storage.tables import Attempt, Image, Request, User

PICTURES = 100_000
PEOPLE = 50
HOURS = 1_000  # over which the pictures are spread
ROWS_AT_ONCE = 5_000
WORKER = "0" * 32
PLACEHOLDER = "data:image/webp;base64," + "UklGRlAAAABXRUJQVlA4IEQAAADQAQCdASoQABAAAgA0JaQAA3AA/vuUAAA" * 2
USAGE = {"input_tokens": 12, "output_tokens": 196, "total_tokens": 208}


def write_history(database: Database, connection: str, model: str) -> None:
    """One request and one attempt for each picture."""
    with database.write() as session:
        people = add_people(session, database, PEOPLE)
        now = database.now(session)
        first = (session.scalar(select(func.max(Request.id))) or 0) + 1
        for start in range(0, PICTURES, ROWS_AT_ONCE):
            made = [
                _Picture(
                    first + number, people[number % PEOPLE], now - timedelta(hours=HOURS * (1 - number / PICTURES))
                )
                for number in range(start, start + ROWS_AT_ONCE)
            ]
            session.execute(insert(Request), [picture.request(connection, model) for picture in made])
            session.execute(insert(Image), [picture.image(connection) for picture in made])
            session.execute(insert(Attempt), [picture.attempt(connection) for picture in made])
        count_on(session, Request, Image, Attempt)


def add_people(session: Session, database: Database, number: int) -> list[int]:
    """Accounts that nobody can sign in to with a password, because hashing one takes a quarter of a second."""
    now = database.now(session)
    rows = [
        {"name": f"Person {index}", "login": f"person{index}", "password": "", "type": "user", "created_at": now}
        for index in range(number)
    ]
    return list(session.scalars(insert(User).returning(User.id), rows))


class _Picture:
    """The rows of one picture; its request has the same key."""

    def __init__(self, key: int, user_id: int, begun: datetime):
        self.key = key
        self.user_id = user_id
        self.begun = begun - timedelta(minutes=5)
        self.ended = self.begun + timedelta(seconds=20)

    def request(self, connection: str, model: str) -> dict[str, Any]:
        return {
            "id": self.key,
            "user_id": self.user_id,
            "description": f"Picture {self.key} of a house by the sea, in watercolour",
            "created_at": self.begun,
            "door": "pages",
            "connection": connection,
            "model": model,
            "size": "1024x1024",
            "quality": "medium",
            "number": 1,
            "background": "auto",
            "output_format": "png",
            "previews": 2,
        }

    def image(self, connection: str) -> dict[str, Any]:
        return {
            "id": self.key,
            "request_id": self.key,
            "user_id": self.user_id,
            "image_url": f"pictures/{self.key}-{WORKER[:8]}/original.png",
            "created_at": self.begun,
            "position": 0,
            "connection": connection,
            "state": "done",
            "seed": self.key,
            "worker": WORKER,
            "started_at": self.begun,
            "finished_at": self.ended,
            "previews_seen": 2,
            "media_type": "image/png",
            "width": 1024,
            "height": 1024,
            "size_in_bytes": 2_000_000,
            "placeholder": PLACEHOLDER,
            "has_thumbnails": True,
            "provider_request_id": f"req_{self.key:032x}",
            "usage": USAGE,
        }

    def attempt(self, connection: str) -> dict[str, Any]:
        return {
            "image_id": self.key,
            "connection": connection,
            "worker": WORKER,
            "started_at": self.begun,
            "finished_at": self.ended,
            "outcome": "done",
            "provider_request_id": f"req_{self.key:032x}",
        }
