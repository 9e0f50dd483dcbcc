"""The database of this installation, for one command."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.settings import Settings
from core.storage.database import Database
from core.storage.schema import open_database


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    database = open_database(settings)
    try:
        yield database
    finally:
        database.close()
