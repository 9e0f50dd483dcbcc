"""Usage: everything that the administrator's first page shows of a period, beside the period before."""

from datetime import date

from sqlalchemy.orm import Session

from core.accounts import audit
from core.acting import Actor
from core.ledger.export import one_moment
from core.ledger.usage import beginnings, rollup
from core.ledger.usage.beginnings import Beginnings
from core.ledger.usage.figures import Leading, Report
from core.ledger.usage.kept import kept
from core.ledger.usage.periods import KINDS, Period
from core.ledger.usage.report import Seen, make_report
from core.ledger.usage.rollup import Rollup
from core.site import Sites
from core.storage.database import Database


class Usage:
    def __init__(self, database: Database, sites: Sites):
        self._database = database
        self._sites = sites
        self.rollup = Rollup(database, sites)
        self._beginnings = Beginnings(database, sites)

    def tidy(self) -> None:
        """Add up what is over, and what days have so far, so that whoever looks at them need not wait."""
        self.rollup.refresh()
        with self._database.read() as session:
            seen = self._seen(session)
        days = {day: until for kind in KINDS for day, until in seen.beginnings(seen.period(kind, None, None))}
        self._beginnings.keep(days)
        self._beginnings.forget_others(days)

    def today(self) -> date:
        with self._database.read() as session:
            return self._database.now(session).astimezone(self._sites.within(session).zone).date()

    def report(
        self, kind: str, first: date | None = None, last: date | None = None, leading: Leading | None = None
    ) -> Report:
        """Of a kind of `periods.KINDS`; all numbers are of one moment. `leading`: also who is first, day by day."""
        with one_moment(self._database) as session:
            seen = self._seen(session)
            asked = seen.period(kind, first, last)
            if not _is_behind(session, seen, asked):
                return make_report(session, seen, asked, leading)
        self.rollup.refresh()
        self._beginnings.keep(dict(seen.beginnings(asked)))
        with one_moment(self._database) as session:
            seen = self._seen(session)
            return make_report(session, seen, seen.period(kind, first, last), leading)

    def note_export(self, file: str, who: Actor) -> None:
        """Record that somebody takes a table of the page with them."""
        with self._database.write() as session:
            audit.record(session, self._database.now(session), "usage.exported", file, who=who)

    def _seen(self, session: Session) -> Seen:
        return Seen(self._database.now(session), self._sites.within(session).zone, kept(session))


def _is_behind(session: Session, seen: Seen, asked: Period) -> bool:
    return rollup.is_due(session, seen.kept, seen.zone, seen.today) or any(
        beginnings.is_due(session, seen.kept, seen.zone, day, until) for day, until in seen.beginnings(asked)
    )
