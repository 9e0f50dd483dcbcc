"""`python -m core backup FILE` and `restore FILE`: database and files, in one archive."""

import os
import secrets
import shutil
import sys
import tempfile
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO

from core.accounts import audit
from core.backup.backup import Summary, back_up
from core.backup.restore import restore
from core.backup.secret import fingerprint, keep_secret
from core.commands.opening import opened, opened_files
from core.commands.parsers import add_command
from core.errors import Problem
from core.i18n import Reader
from core.settings import Settings
from core.storage.database import Database

STANDARD = "-"


def add_to(subjects: "_SubParsersAction[ArgumentParser]", reader: Reader) -> None:
    summary = reader("Write database and pictures into one file, while everything runs.")
    command = add_command(
        subjects, "backup", summary, reader, "backup imagier.tar.gz", "backup - | ssh host 'cat > it'"
    )
    command.set_defaults(run=_backup)
    command.add_argument("file", metavar=reader("FILE"), help=reader("The file, or - for standard output."))
    command.add_argument(
        "--with-secret-key",
        action="store_true",
        help=reader("Put the secret key into it too: whoever has the file then has the keys of the connections."),
    )

    summary = reader("Put a backup into an empty installation, whatever database and files it has.")
    command = add_command(subjects, "restore", summary, reader, "restore imagier.tar.gz")
    command.set_defaults(run=_restore)
    command.add_argument("file", metavar=reader("FILE"), help=reader("The file, or - for standard input."))


def _backup(options: Namespace, reader: Reader) -> int:
    settings = Settings.load()
    if options.file == STANDARD and sys.stdout.isatty():
        raise Problem("backup_to_terminal")
    with opened(settings) as database:
        files = opened_files(settings)
        try:
            with _target(options.file) as out:
                made = back_up(database, files, out, settings.secret(), options.with_secret_key)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Problem("backup_failed", reason=error.strerror or str(error)) from None
        _record(database, options, made)
    _say(reader("Backed up: {what}.", what=_counted(reader, made.rows, made.files)))
    _say_missing(reader, made.missing)
    if not options.with_secret_key:
        _say(reader("The secret key is not in it. Keep it elsewhere: without it the keys of connections are lost."))
    return 0


def _restore(options: Namespace, reader: Reader) -> int:
    settings = Settings.load()
    try:
        with _source(options.file) as archive, opened(settings) as database:
            found = restore(database, opened_files(settings), archive)
    except OSError as error:
        raise Problem("restore_failed", reason=error.strerror or str(error)) from None
    _say(reader("Restored: {what}.", what=_counted(reader, found.rows, found.files)))
    _say_missing(reader, found.missing)
    is_kept = keep_secret(settings, found.secret) if found.secret is not None else False
    if not is_kept and fingerprint(settings.secret()) != found.fingerprint:
        _say(
            reader(
                "The secret key here is not the one of the backup: put that one into IMAGIER_SECRET_KEY, or type the "
                "keys of the connections again."
            )
        )
    return 0


@contextmanager
def _target(name: str) -> Iterator[BinaryIO]:
    """A file that is there whole or not at all, for its owner alone."""
    if name == STANDARD:
        yield sys.stdout.buffer
        return
    path = Path(name)
    if path.exists() and not path.is_file():  # a pipe or a device, which must not be replaced by a file
        with path.open("wb") as file:
            yield file
        return
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _source(name: str) -> Iterator[BinaryIO]:
    """It is read three times, so what comes by a pipe is kept on the disk meanwhile."""
    with nullcontext(sys.stdin.buffer) if name == STANDARD else Path(name).open("rb") as file:
        if name != STANDARD and file.seekable():
            yield file
            return
        with tempfile.TemporaryFile() as kept:
            shutil.copyfileobj(file, kept)
            yield kept


def _record(database: Database, options: Namespace, made: Summary) -> None:
    with database.write() as session:
        after = {"with_secret_key": options.with_secret_key, "files": made.files, "missing": len(made.missing)}
        audit.record(session, database.now(session), "backup.made", "", after=after)


def _counted(reader: Reader, rows: dict[str, int], files: int) -> str:
    return reader.listing(
        [
            reader.plural("{count} account", "{count} accounts", rows.get("users", 0)),
            reader.plural("{count} picture", "{count} pictures", rows.get("images", 0)),
            reader.plural("{count} file", "{count} files", files),
        ]
    )


def _say_missing(reader: Reader, keys: tuple[str, ...]) -> None:
    if keys:
        _say(reader.plural("{count} file was missing:", "{count} files were missing:", len(keys)))
        sys.stderr.writelines(f"  {key}\n" for key in keys)


def _say(sentence: str) -> None:
    """Standard output may be the archive."""
    sys.stderr.write(sentence + "\n")
