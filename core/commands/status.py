"""`python -m core status`: what this installation is and holds, without any secret."""

import sys
import tomllib
from argparse import ArgumentParser, Namespace, _SubParsersAction
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session as Transaction

from core.commands.opening import opened
from core.commands.parsers import add_command
from core.i18n import Reader
from core.settings import Settings
from core.storage.database import Database
from core.storage.files import Files
from core.storage.schema import current_revision
from core.storage.tables import Image, User

_PROJECT = Path(__file__).parents[2] / "pyproject.toml"


def add_to(subjects: "_SubParsersAction[ArgumentParser]", reader: Reader) -> None:
    summary = reader("Show the version, the database, the accounts, the pictures and whether the files are there.")
    add_command(subjects, "status", summary, reader, "status").set_defaults(run=_status)


def _status(_options: Namespace, reader: Reader) -> int:
    settings = Settings.load()
    with opened(settings) as database, database.read() as transaction:
        lines = [
            (reader("Version"), version()),
            (reader("Database"), _place(database)),
            (reader("Revision"), current_revision(transaction.connection()) or ""),
            (reader("Accounts"), _accounts(transaction, reader)),
            (reader("Pictures"), _pictures(transaction, reader)),
        ]
    problem = _problem_of_files(settings)
    files = reader("reachable") if problem is None else reader("not reachable: {reason}", reason=problem)
    lines.append((reader("Files"), files))
    sys.stdout.writelines(f"{label}: {value}\n" for label, value in lines)
    return 0 if problem is None else 1


def version() -> str:
    project = tomllib.loads(_PROJECT.read_text("utf-8"))["project"]
    return str(project["version"])


def _place(database: Database) -> str:
    """The address without the password, wherever it stands."""
    return database.url.set(query={}).render_as_string(hide_password=True)


def _accounts(transaction: Transaction, reader: Reader) -> str:
    disabled = User.disabled_at.is_not(None)
    every, closed = transaction.execute(select(func.count(), func.count().filter(disabled)).select_from(User)).one()
    return reader("{count}, of which disabled: {disabled}", count=reader.number(every), disabled=reader.number(closed))


def _pictures(transaction: Transaction, reader: Reader) -> str:
    """The states under their names in the database."""
    counts = transaction.execute(select(Image.state, func.count()).group_by(Image.state).order_by(Image.state))
    return reader.listing([f"{state} {reader.number(count)}" for state, count in counts]) or reader.number(0)


def _problem_of_files(settings: Settings) -> str | None:
    try:
        Files.open(settings.files).check()
    except (OSError, ValueError) as error:
        return str(error)
    return None
