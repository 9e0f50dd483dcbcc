"""`python -m core token …`: personal tokens for the API."""

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from core.accounts.people import People
from core.accounts.tokens import GENERATE, SCOPES, Tokens
from core.commands.days import a_day
from core.commands.opening import opened
from core.commands.parsers import add_command
from core.i18n import Reader
from core.ledger.limits import dollars
from core.ledger.windows import midnight
from core.settings import Settings
from core.site import Sites

_ADD = "token add ada --name laptop"
_ADD_BOUNDED = "token add ada --name 'night job' --scope read --ends 2026-12-31 --dollars 5"
_LIST = "token list ada"
_REVOKE = "token revoke ada 3"


def add_to(subjects: "_SubParsersAction[ArgumentParser]", reader: Reader) -> None:
    summary = reader("Manage the tokens by which programs come in.")
    subject = add_command(subjects, "token", summary, reader, _ADD, _ADD_BOUNDED, _LIST, _REVOKE)
    commands = subject.add_subparsers(metavar=reader("COMMAND"), required=True)

    summary = reader("Make a token and print it; nobody can see it again.")
    command = add_command(commands, "add", summary, reader, _ADD, _ADD_BOUNDED)
    command.set_defaults(run=_add)
    _takes_login(command, reader)
    command.add_argument("--name", required=True, metavar=reader("NAME"), help=reader("What it is for."))
    command.add_argument(
        "--scope",
        choices=SCOPES,
        default=GENERATE,
        help=reader("What it may do: read alone, or generate, which reads too; without this, generate."),
    )
    command.add_argument(
        "--ends", type=a_day(reader), metavar=reader("DAY"), help=reader("The last day; without this, it has no end.")
    )
    command.add_argument(
        "--dollars", metavar=reader("DOLLARS"), help=reader("What may be spent with it in all; without this, no limit.")
    )

    summary = reader("List the tokens of an account, or of all.")
    command = add_command(commands, "list", summary, reader, _LIST)
    command.set_defaults(run=_list)
    command.add_argument("login", nargs="?", metavar="LOGIN", help=reader("The sign-in name."))

    summary = reader("Revoke a token, at once and everywhere.")
    command = add_command(commands, "revoke", summary, reader, _REVOKE)
    command.set_defaults(run=_revoke)
    _takes_login(command, reader)
    command.add_argument("id", type=int, metavar="ID", help=reader("The number of the token in the list."))


def _add(options: Namespace, _reader: Reader) -> int:
    micros = dollars(options.dollars) if options.dollars is not None else None
    with _opened() as (people, tokens, sites):
        user = people.existing(options.login)
        ends = midnight(options.ends + timedelta(days=1), sites.now().zone) if isinstance(options.ends, date) else None
        token = tokens.make(user.id, options.name, (options.scope,), ends, micros)
    sys.stdout.write(f"{token}\n")
    return 0


def _list(options: Namespace, _reader: Reader) -> int:
    with _opened() as (people, tokens, _):
        users = [people.existing(options.login)] if options.login else people.all()
        for user in users:
            for token in tokens.of(user.id):
                ends = token.ends_at.isoformat(timespec="seconds") if token.ends_at else "-"
                used = token.last_used_at.isoformat(timespec="minutes") if token.last_used_at else "-"
                sys.stdout.write("\t".join((str(token.id), user.login, token.scopes, ends, used, token.name)) + "\n")
    return 0


def _revoke(options: Namespace, _reader: Reader) -> int:
    with _opened() as (people, tokens, _):
        tokens.revoke(people.existing(options.login).id, options.id)
    return 0


@contextmanager
def _opened() -> Iterator[tuple[People, Tokens, Sites]]:
    settings = Settings.load()
    with opened(settings) as database:
        yield People(database, settings), Tokens(database, settings.api_calls_per_minute), Sites(database, settings)


def _takes_login(command: ArgumentParser, reader: Reader) -> None:
    command.add_argument("login", metavar="LOGIN", help=reader("The sign-in name."))
