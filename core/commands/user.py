"""`python -m core user …`: accounts, without a browser."""

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getpass

from core.accounts.people import TYPES, People
from core.commands import links
from core.commands.opening import opened
from core.commands.parsers import add_command
from core.errors import Problem
from core.i18n import Reader
from core.members.members import Members
from core.settings import Settings

_ADD = "user add ada --name 'Ada Lovelace' --type admin"
_ADD_FROM_FILE = "user add bob --name Bob --type user --password-stdin < password.txt"
_PASSWORD = "user password ada"  # noqa: S105 - an example of the command
_DISABLE = "user disable bob"
_LONGEST_LINE = 4_096


def add_to(subjects: "_SubParsersAction[ArgumentParser]", reader: Reader) -> None:
    summary = reader("Manage the accounts.")
    subject = add_command(subjects, "user", summary, reader, _ADD, _PASSWORD, _DISABLE)
    commands = subject.add_subparsers(metavar=reader("COMMAND"), required=True)

    summary = reader("Make an account and print its id.")
    command = add_command(commands, "add", summary, reader, _ADD, _ADD_FROM_FILE)
    command.set_defaults(run=_add)
    _takes_login(command, reader)
    command.add_argument("--name", required=True, metavar=reader("NAME"), help=reader("The name that the others see."))
    command.add_argument("--type", required=True, choices=TYPES, help=reader("The role."))
    _takes_password(command, reader)

    summary = reader("Set a new password; all sessions of the account end.")
    command = add_command(commands, "password", summary, reader, _PASSWORD)
    command.set_defaults(run=_password)
    _takes_login(command, reader)
    _takes_password(command, reader)

    summary = reader("Let nobody sign in with an account any more; its pictures stay.")
    command = add_command(commands, "disable", summary, reader, _DISABLE)
    command.set_defaults(run=_disable)
    _takes_login(command, reader)

    summary = reader("Open a disabled account again.")
    command = add_command(commands, "enable", summary, reader, "user enable bob")
    command.set_defaults(run=_enable)
    _takes_login(command, reader)

    links.add_to(commands, reader)

    summary = reader("Print id, sign-in name, type, state and name of each account, with tabs between them.")
    add_command(commands, "list", summary, reader, "user list").set_defaults(run=_list)


def _add(options: Namespace, reader: Reader) -> int:
    _refuse_without_a_way_to_type(options, reader)
    with _people() as people:
        user_id = people.add(options.login, options.name, options.type, _typed_password(options, reader))
    sys.stdout.write(f"{user_id}\n")
    return 0


def _password(options: Namespace, reader: Reader) -> int:
    _refuse_without_a_way_to_type(options, reader)
    with _people() as people:
        user = people.existing(options.login)
        people.set_password(user.id, _typed_password(options, reader))
    return 0


def _disable(options: Namespace, _reader: Reader) -> int:
    with _people() as people:
        Members(people.database).disable(options.login)
    return 0


def _enable(options: Namespace, _reader: Reader) -> int:
    with _people() as people:
        Members(people.database).enable(options.login)
    return 0


def _list(_options: Namespace, _reader: Reader) -> int:
    with _people() as people:
        for user in people.all():
            state = "active" if user.disabled_at is None else "disabled"
            sys.stdout.write("\t".join((str(user.id), user.login, user.type, state, user.name)) + "\n")
    return 0


@contextmanager
def _people() -> Iterator[People]:
    settings = Settings.load()
    with opened(settings) as database:
        yield People(database, settings)


def _refuse_without_a_way_to_type(options: Namespace, reader: Reader) -> None:
    if not options.password_stdin and not sys.stdin.isatty():
        options.refuse(reader("add --password-stdin to read the password from standard input"))


def _typed_password(options: Namespace, reader: Reader) -> str:
    if options.password_stdin:
        return _line()
    while True:
        password = getpass(reader("Password: "))
        if getpass(reader("The same again: ")) == password:
            return password
        sys.stderr.write(reader("These were two different ones. Once more:") + "\n")


def _line() -> str:
    try:
        return sys.stdin.buffer.readline(_LONGEST_LINE).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Problem("password_unprintable") from None


def _takes_login(command: ArgumentParser, reader: Reader) -> None:
    command.add_argument("login", metavar="LOGIN", help=reader("The sign-in name."))


def _takes_password(command: ArgumentParser, reader: Reader) -> None:
    command.add_argument(
        "--password-stdin",
        action="store_true",
        help=reader("Read the password from the first line of standard input instead of asking for it."),
    )
    command.set_defaults(refuse=command.error)
