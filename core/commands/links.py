"""`python -m core user invite` and `user reset`: links, printed alone."""

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction

from core.accounts.people import TYPES, People
from core.commands.opening import opened
from core.commands.parsers import add_command
from core.errors import Problem
from core.i18n import Reader
from core.ledger.limits import KINDS
from core.members.invitations import Invitations
from core.members.links import PasswordLinks
from core.members.members import Members
from core.settings import Settings

_INVITE = "user invite --type user --uses 30 --days 7 --limit pictures-per-day=5"


def add_to(commands: "_SubParsersAction[ArgumentParser]", reader: Reader) -> None:
    summary = reader("Make a link with which people make accounts of their own, and print it.")
    command = add_command(commands, "invite", summary, reader, _INVITE)
    command.set_defaults(run=_invite)
    command.add_argument("--type", default="user", choices=TYPES, help=reader("The role."))
    command.add_argument("--uses", type=int, default=1, metavar=reader("NUMBER"), help=reader("How many accounts."))
    command.add_argument("--days", type=int, default=7, metavar=reader("NUMBER"), help=reader("When it ends."))
    command.add_argument("--note", default="", metavar=reader("TEXT"), help=reader("Whom it is for."))
    command.add_argument(
        "--limit",
        action="append",
        default=[],
        metavar="KIND=VALUE",
        help=reader("A limit of each account; may be given several times."),
    )

    summary = reader("Make a link with which somebody chooses a new password, once, and print it.")
    command = add_command(commands, "reset", summary, reader, "user reset bob")
    command.set_defaults(run=_reset)
    command.add_argument("login", metavar="LOGIN", help=reader("The sign-in name."))

    summary = reader("Give an account another role.")
    command = add_command(commands, "role", summary, reader, "user role bob admin")
    command.set_defaults(run=_role)
    command.add_argument("login", metavar="LOGIN", help=reader("The sign-in name."))
    command.add_argument("type", choices=TYPES, help=reader("The role."))


def _invite(options: Namespace, _reader: Reader) -> int:
    settings = Settings.load()
    limits = dict(_limit(text) for text in options.limit)
    with opened(settings) as database:
        invitations = Invitations(database, settings.password_length)
        token = invitations.create(options.note, options.type, limits, options.uses, options.days)
    sys.stdout.write(f"{settings.base_url}/?invite={token}\n")
    return 0


def _reset(options: Namespace, _reader: Reader) -> int:
    settings = Settings.load()
    with opened(settings) as database:
        user = People(database, settings).existing(options.login)
        token = PasswordLinks(database, settings.password_length).make(user.id)
    sys.stdout.write(f"{settings.base_url}/?reset={token}\n")
    return 0


def _role(options: Namespace, _reader: Reader) -> int:
    settings = Settings.load()
    with opened(settings) as database:
        user = People(database, settings).existing(options.login)
        Members(database).change(user.id, type=options.type)
    return 0


def _limit(text: str) -> tuple[str, str]:
    kind, sign, value = text.partition("=")
    if not sign:
        raise Problem("limit_unknown", kind=text[:40], allowed=", ".join(KINDS))
    return kind, value
