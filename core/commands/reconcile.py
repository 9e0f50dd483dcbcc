"""`python -m core reconcile`: the ledger beside the provider's bill, day by day."""

import sys
from argparse import ArgumentParser, Namespace, _SubParsersAction
from decimal import Decimal

from core.commands.days import check_days, takes_days
from core.commands.opening import opened
from core.commands.parsers import add_command
from core.i18n import Reader
from core.settings import Settings

COLUMNS = ("day", "ledger", "provider", "drift", "at_risk")


def add_to(subjects: "_SubParsersAction[ArgumentParser]", reader: Reader) -> None:
    summary = reader(
        "Compare the ledger with the provider's bill and print dollars for each day of UTC, with tabs between them."
    )
    command = add_command(subjects, "reconcile", summary, reader, "reconcile --from 2026-11-01 --to 2026-11-30")
    command.set_defaults(run=_reconcile)
    takes_days(command, reader)


def _reconcile(options: Namespace, reader: Reader) -> int:
    from core.ledger.reconciliation import reconcile  # the libraries for HTTP, which no other command needs

    check_days(options, reader)
    settings = Settings.load()
    with opened(settings) as database:
        days = reconcile(database, settings, options.first, options.last)
    rows = [
        (str(day.day), day.ledger_micros, day.provider_micros, day.drift_micros, day.at_risk_micros) for day in days
    ]
    _, *money = zip(*rows, strict=True)
    rows.append(("total", *(sum(column) for column in money)))
    sys.stdout.write("\t".join(COLUMNS) + "\n")
    sys.stdout.writelines("\t".join((name, *map(_dollars, micros))) + "\n" for name, *micros in rows)
    if any(day.holds_everything for day in days):
        sys.stderr.write(
            reader("The provider did not say what for: its numbers are of all models, not of those for pictures.")
            + "\n"
        )
    return 0


def _dollars(micros: int) -> str:
    return f"{Decimal(micros).scaleb(-6):.6f}"
