"""`python -m core limit …`: what a person, a role or the whole site may make and spend."""

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction

from core.accounts.people import TYPES, People
from core.commands.opening import opened
from core.commands.parsers import add_command
from core.i18n import Reader
from core.ledger.limits import KINDS, ROLE, SITE, USER, Limits, check_kind, shown
from core.settings import Settings

ROLE_PREFIX = "role:"


def add_to(subjects: "_SubParsersAction[ArgumentParser]", reader: Reader) -> None:
    summary = reader("Show or set a limit: of the site, of a role (role:user, role:admin), of a person.")
    command = add_command(
        subjects,
        "limit",
        summary,
        reader,
        "limit alice",
        "limit alice pictures-per-day 3",
        "limit alice pictures-per-day none",
        "limit role:user dollars-per-month 2.50",
        "limit site dollars-per-month 50",
    )
    command.set_defaults(run=_limit)
    command.add_argument(
        "subject", metavar=reader("WHOM"), help=reader("“site”, “role:user”, “role:admin” or a sign-in name.")
    )
    command.add_argument("kind", nargs="?", metavar=reader("KIND"), help=", ".join(KINDS))
    command.add_argument("value", nargs="?", metavar=reader("VALUE"), help=reader("The limit, or “none” for no limit."))


def _limit(options: Namespace, _reader: Reader) -> int:
    settings = Settings.load()
    with opened(settings) as database:
        limits = Limits(database)
        scope, subject = _whom(People(database, settings), options.subject)
        if options.kind is not None:
            check_kind(options.kind)
        if options.value is not None:
            limits.set(scope, subject, {options.kind: options.value})
            return 0
        found = limits.of(scope, subject)
        for kind in KINDS:
            if options.kind in (None, kind):
                sys.stdout.write(f"{kind}\t{shown(kind, found.get(kind))}\n")
    return 0


def _whom(people: People, subject: str) -> tuple[str, str]:
    if subject == SITE:
        return SITE, ""
    role = subject.removeprefix(ROLE_PREFIX)
    if role != subject and role in TYPES:
        return ROLE, role
    return USER, str(people.existing(subject).id)
