"""`python -m core demo`: a believable past in a fresh installation, to look around in, or to measure with."""

import sys
from argparse import ArgumentParser, ArgumentTypeError, Namespace, _SubParsersAction
from collections.abc import Callable

from core.accounts.people import TYPES, People
from core.commands.opening import opened
from core.commands.parsers import add_command
from core.i18n import Reader
from core.settings import Settings
from core.site import Sites
from core.storage.files import Files

FEW_PICTURES, FEW_PEOPLE, FEW_DAYS = 1_200, 12, 30  # of a team and a month
MANY_PICTURES, MANY_PEOPLE, MANY_DAYS = 10_000, 200, 365  # from so many pictures on: of a company and a year
MOST_PICTURES, MOST_PEOPLE, MOST_DAYS = 10_000_000, 10_000, 3_650


def add_to(subjects: "_SubParsersAction[ArgumentParser]", reader: Reader) -> None:
    summary = reader("Fill a fresh installation with invented people, orders and pictures, to look around in.")
    command = add_command(
        subjects,
        "demo",
        summary,
        reader,
        "demo",
        "demo --pictures 1000000",
        "demo --pictures 5000 --people 40 --days 90",
    )
    command.set_defaults(run=_demo)
    for option, most, text in (
        ("--pictures", MOST_PICTURES, reader("How many pictures; 1200 by default.")),
        ("--people", MOST_PEOPLE, reader("How many people; 12 by default, 200 from 10,000 pictures on.")),
        ("--days", MOST_DAYS, reader("Over how many days up to today; 30 by default, 365 from 10,000 pictures on.")),
    ):
        command.add_argument(option, type=_number(reader, most), metavar=reader("NUMBER"), help=text)


def _demo(options: Namespace, reader: Reader) -> int:
    from core.demo.fill import fill  # the painter and its libraries, which no other command needs
    from core.ledger.prices import Prices
    from core.ledger.usage.service import Usage

    pictures = options.pictures or FEW_PICTURES
    is_many = pictures >= MANY_PICTURES
    people = options.people or (MANY_PEOPLE if is_many else FEW_PEOPLE)
    days = options.days or (MANY_DAYS if is_many else FEW_DAYS)
    settings = Settings.load()
    with opened(settings) as database:
        Prices(database).load_catalogue()
        sites = Sites(database, settings)
        site = sites.now()
        made = fill(database, Files.open(settings.files), pictures, people, days, site.zone, site.language)
        Usage(database, sites).tidy()
        has_administrator = any(
            user.type == TYPES[0] and user.disabled_at is None for user in People(database, settings).all()
        )
    sentences = [
        reader(
            "Made: {pictures} pictures of {requests} requests by {people} people over {days} days, for {cost}.",
            pictures=reader.number(made.pictures),
            requests=reader.number(made.requests),
            people=reader.number(made.people),
            days=reader.number(days),
            cost=reader.money(made.cost_micros),
        ),
        reader("All of it is invented; nobody can sign in as one of these people, and nothing was billed."),
    ]
    if made.budget_micros is not None:
        sentences.append(
            reader(
                "The site's budget is {budget} a month; “limit site” changes it.",
                budget=reader.money(made.budget_micros),
            )
        )
    if not has_administrator:
        sentences.append(
            reader("To look at it, make yourself an administrator: “user add ada --name Ada --type admin”.")
        )
    sys.stdout.writelines(f"{sentence}\n" for sentence in sentences)
    return 0


def _number(reader: Reader, most: int) -> Callable[[str], int]:
    def number(typed: str) -> int:
        value = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= 9 else 0
        if not 1 <= value <= most:
            raise ArgumentTypeError(
                reader("“{typed}” is not a number from 1 to {most}", typed=typed[:40], most=reader.number(most))
            )
        return value

    return number
