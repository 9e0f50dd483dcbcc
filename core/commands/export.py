"""`python -m core export`: every picture of a period with its cost, as CSV or Parquet."""

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import BinaryIO

from core.accounts.people import People
from core.commands.days import check_days, takes_days
from core.commands.opening import opened
from core.commands.parsers import add_command
from core.errors import Problem
from core.i18n import Reader
from core.ledger.export import export, note_export, period
from core.ledger.formats import FORMATS
from core.settings import Settings
from core.site import Sites


def add_to(subjects: "_SubParsersAction[ArgumentParser]", reader: Reader) -> None:
    summary = reader("Write down every picture of a period with its cost, for a spreadsheet or a program.")
    command = add_command(
        subjects,
        "export",
        summary,
        reader,
        "export --from 2026-11-01 --to 2026-11-30 > november.csv",
        "export --from 2026-11-01 --to 2026-11-30 --login alice",
        "export --from 2026-01-01 --to 2026-12-31 --format parquet --output 2026.parquet",
    )
    command.set_defaults(run=_export)
    takes_days(command, reader)
    command.add_argument("--login", metavar="LOGIN", help=reader("Only the pictures of one person."))
    command.add_argument("--format", choices=FORMATS, default="csv", help=reader("The format; csv by default."))
    command.add_argument(
        "--output", metavar=reader("FILE"), help=reader("The file to write; standard output by default.")
    )


def _export(options: Namespace, reader: Reader) -> int:
    check_days(options, reader)
    if options.format == "parquet" and options.output is None and sys.stdout.isatty():
        options.refuse(reader("Parquet is not for a terminal; add --output"))
    settings = Settings.load()
    with opened(settings) as database:
        person = People(database, settings).existing(options.login).id if options.login else None
        start, end = period(options.first, options.last, Sites(database, settings).now().zone)
        note_export(database, options.first, options.last, options.format, options.login)
        try:
            with _output(options.output) as file, closing(export(database, start, end, person)) as entries:
                for piece in FORMATS[options.format](entries):
                    file.write(piece)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise Problem("not_written", path=options.output or "-", reason=error.strerror or str(error)) from None
    return 0


@contextmanager
def _output(path: str | None) -> Iterator[BinaryIO]:
    if path is not None:
        with open(path, "wb") as file:  # noqa: PTH123 - what the person typed, a device too
            yield file
        return
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()
