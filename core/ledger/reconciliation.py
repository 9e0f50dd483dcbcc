"""Reconciliation: does the sum of the ledger equal the sum of the bill?

The provider's days are days of UTC, and so are the ledger's here: a picture belongs to the day in which it was
finished, when it was billed. (Everywhere else its money belongs to the moment when it was ordered.) What was finished
at midnight can fall on one side here and on the other there; such drifts cancel each other out.

Compared is what image models cost, and the text models that were asked from here. What somebody else draws with the
same account shows as a drift; a project of its own for Imagier (OPENAI_PROJECT_ID) keeps that away. The provider's last
days may still grow.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from core.accounts import audit
from core.engines.connections import OPENAI
from core.engines.openai_costs import Spending, spending
from core.errors import Problem
from core.ledger.export import period
from core.settings import Settings
from core.storage.database import Database
from core.storage.tables import UNDER_WAY, Image, Improvement

COMPARED = "bill.compared"  # the act of the record that says how far the last comparison was off


@dataclass(frozen=True, slots=True)
class DayDrift:
    """One day of UTC, in micro-dollars. `at_risk_micros` may have been billed and is not in the ledger's sum.

    `holds_everything`: the provider did not say what the money was for, so its sum is of all models.
    """

    day: date
    ledger_micros: int
    provider_micros: int
    at_risk_micros: int
    holds_everything: bool = False

    @property
    def drift_micros(self) -> int:
        """What the provider billed beyond what the ledger knows; negative: the ledger counted too much."""
        return self.provider_micros - self.ledger_micros


def reconcile(database: Database, settings: Settings, start_day: date, end_day: date) -> list[DayDrift]:
    """Every day from the first to the last, both included. Asks the provider, so it blocks; raises a Problem."""
    if settings.openai_admin_key is None:
        raise Problem("costs_key_missing")
    key = settings.openai_admin_key.get_secret_value()
    with database.read() as session:
        texts = _text_models(session, start_day, end_day)
    bill = spending(settings.openai_base_url, key, settings.openai_project, start_day, end_day, texts)
    with database.read() as session:
        booked = _booked(session, start_day, end_day)
    number = (end_day - start_day).days + 1
    days = [start_day + timedelta(days=offset) for offset in range(number)]
    drifts = [_drift(day, booked.get(day, (0, 0)), bill.get(day, Spending())) for day in days]
    with database.write() as session:
        found = {"from": str(start_day), "to": str(end_day), "drift_micros": sum(day.drift_micros for day in drifts)}
        audit.record(session, database.now(session), COMPARED, after=found)
    return drifts


def _drift(day: date, booked: tuple[int, int], billed: Spending) -> DayDrift:
    cost, at_risk = booked
    return DayDrift(day, cost, _micros(billed.images + billed.unnamed), at_risk, billed.unnamed != 0)


def _booked(session: Session, first: date, last: date) -> dict[date, tuple[int, int]]:
    """By day: the cost and what is at risk."""
    start, end = period(first, last, UTC)
    is_sqlite = session.get_bind().dialect.name == "sqlite"
    found: dict[date, tuple[int, int]] = {}
    for table in (Image, Improvement):
        moment = table.finished_at
        day = func.date(moment if is_sqlite else func.timezone(literal_column("'UTC'"), moment)).label("day")
        held = func.sum(table.reserved_micros).filter(table.state.not_in(UNDER_WAY))
        rows = session.execute(
            select(day, func.sum(table.cost_micros), held)
            .where(table.connection == OPENAI, moment >= start, moment < end)
            .group_by(day)
        )
        for named, cost, risk in rows:
            before = found.get(date.fromisoformat(str(named)), (0, 0))
            found[date.fromisoformat(str(named))] = (before[0] + int(cost or 0), before[1] + int(risk or 0))
    return found


def _text_models(session: Session, first: date, last: date) -> Sequence[str]:
    """The models that wrote texts in these days; what they cost stands on the bill under their names."""
    start, end = period(first, last, UTC)
    asked = (Improvement.connection == OPENAI, Improvement.created_at >= start, Improvement.created_at < end)
    return session.scalars(select(Improvement.model).where(*asked).distinct()).all()


def _micros(dollars: Decimal) -> int:
    """Rounded once, after a day's lines were added up."""
    return int((dollars * 1_000_000).to_integral_value(ROUND_HALF_UP))
