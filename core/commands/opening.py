"""The database and the files of this installation, for one command."""

from collections.abc import Iterator
from contextlib import contextmanager

from core.settings import Settings, SettingsError
from core.storage.database import Database
from core.storage.files import Files
from core.storage.schema import open_database


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    database = open_database(settings)
    try:
        yield database
    finally:
        database.close()


def opened_files(settings: Settings) -> Files:
    try:
        return Files.open(settings.files)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SettingsError(f"IMAGIER_FILES_URL: {settings.files}: {reason.rstrip('.')}.") from None
