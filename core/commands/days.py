"""The period that a command is about: `--from` and `--to`, two days that both belong to it."""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from datetime import date

from core.i18n import Reader

FIRST_YEAR, LAST_YEAR = 2000, 9000


def takes_days(command: ArgumentParser, reader: Reader) -> None:
    for option, name, text in (
        ("--from", "first", reader("The first day, such as 2026-11-01.")),
        ("--to", "last", reader("The last day, such as 2026-11-30.")),
    ):
        command.add_argument(option, dest=name, required=True, type=a_day(reader), metavar=reader("DAY"), help=text)
    command.set_defaults(refuse=command.error)


def check_days(options: Namespace, reader: Reader) -> None:
    if options.first > options.last:
        options.refuse(reader("the day of --to is before the day of --from"))


def a_day(reader: Reader) -> Callable[[str], date]:
    def day(typed: str) -> date:
        try:
            found = date.fromisoformat(typed)
        except ValueError:
            found = date.min
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise ArgumentTypeError(reader("“{typed}” is not a day; write it like 2026-11-30", typed=typed[:40]))
        return found

    return day
