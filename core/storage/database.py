"""Transactions on SQLite and PostgreSQL, with the same meaning on both.

A writing transaction is alone: on SQLite by BEGIN IMMEDIATE, on PostgreSQL by an advisory lock. What it has read stays
true until it commits, so a check and the act that follows from it are one. Readers never wait.

What was committed survives the death of the process. A power cut it survives too if it is `lasting`, as nearly all is;
the others last from the next lasting one on, for they are all in one log. Others may see it a moment before it lasts;
what they write lasts no sooner.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection, Engine, create_engine, event, func, make_url, select
from sqlalchemy.exc import InvalidatePoolError, OperationalError
from sqlalchemy.orm import Session

from core.storage.log import Log

WRITE_LOCK = 0x494D4147  # any number that nobody else uses in this database
LOCKING = select(func.clock_timestamp()).select_from(func.pg_advisory_xact_lock(WRITE_LOCK))
LOCKING_BRIEFLY = LOCKING.add_columns(func.set_config("synchronous_commit", "off", True))
MOMENT = "moment"  # of a session: when it got the lock
# A frozen process that holds the lock would stop everybody: the server ends its transaction after a minute. A line that
# is cut without a word is noticed after one as well.
PATIENCE = {
    "options": "-c idle_in_transaction_session_timeout=60000",
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}


class Clock(Protocol):
    def __call__(self) -> datetime: ...


class Database:
    def __init__(self, url: str, clock: Clock | None = None):
        """`clock` replaces the time in tests; without it PostgreSQL's own clock counts, which all machines share."""
        self.url = make_url(url)
        self.is_postgresql = self.url.get_backend_name() == "postgresql"
        self._clock = clock
        # In one process writers take turns here, which is fairer and faster than SQLite's own wait with sleeps.
        self._turn: AbstractContextManager[Any] = nullcontext() if self.is_postgresql else threading.Lock()
        self._log = Log(None if self.is_postgresql or self.url.database == ":memory:" else self.url.database)
        self.engine = _postgresql(url) if self.is_postgresql else _sqlite(url)

    @contextmanager
    def read(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as session:
            if not self.is_postgresql:
                session.connection().exec_driver_sql("BEGIN")
            yield session

    @contextmanager
    def ask(self) -> Iterator[Connection]:
        """For a single question whose answer is rows: half of what `read` costs, and two would not be of one moment."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self, *, lasting: bool = True) -> Iterator[Session]:
        """One transaction, alone: committed at the end, undone by an exception.

        Not `lasting`: what a power cut may undo. It does not wait for the disk.
        """
        with self._turn, Session(self.engine, expire_on_commit=False) as session, session.begin():
            session.info[MOMENT] = self._begin_alone(session.connection(), lasting)
            yield session
        if lasting:
            self._log.keep()

    @contextmanager
    def change(self, *, lasting: bool = True) -> Iterator[tuple[Connection, datetime]]:
        """The same for rows alone, and its time: a session costs as much as two statements."""
        with self._turn, self.engine.begin() as connection:
            moment = self._begin_alone(connection, lasting)
            yield connection, self._clock() if self._clock is not None else moment
        if lasting:
            self._log.keep()

    def _begin_alone(self, connection: Connection, lasting: bool) -> datetime:
        """Since when it is alone."""
        if self.is_postgresql:
            # The time comes with the lock, of the moment when it was got: one question less for everybody behind.
            moment: datetime = connection.execute(LOCKING if lasting else LOCKING_BRIEFLY).one()[0]
            return moment.astimezone(UTC)
        begin = "BEGIN IMMEDIATE"
        try:
            connection.connection.execute(begin)  # by SQLAlchemy it would take as long as any other statement
        except connection.dialect.loaded_dbapi.Error as error:
            raise OperationalError(begin, None, error) from error
        return datetime.now(UTC)

    def now(self, session: Session | Connection) -> datetime:
        """The time; in a writing transaction on PostgreSQL, that of its beginning."""
        if self._clock is not None:
            return self._clock()
        if self.is_postgresql:
            moment: datetime = session.info.get(MOMENT) or session.execute(select(func.clock_timestamp())).scalar_one()
            return moment.astimezone(UTC)
        return datetime.now(UTC)

    def in_seconds(self, session: Session, seconds: float) -> datetime:
        return self.now(session) + timedelta(seconds=seconds)

    def check(self) -> None:
        """Raises if the database does not answer."""
        with self.read() as session:
            session.execute(select(1))

    def close(self) -> None:
        self.engine.dispose()


def _postgresql(url: str) -> Engine:
    engine = create_engine(url, pool_size=10, max_overflow=20, connect_args=PATIENCE)
    error = engine.dialect.loaded_dbapi.Error

    @event.listens_for(engine, "checkout")
    def _is_there(connection: Any, _record: Any, _proxy: Any) -> None:
        """A server that has gone is seen without asking it: its farewell is read first, the end of the line then."""
        try:
            for _ in range(2):
                connection.pgconn.consume_input()
        except error:
            raise InvalidatePoolError from None  # the pool connects anew, and checks none of the others again

    return engine


def _sqlite(url: str) -> Engine:
    """Transactions are begun by `Database`. A listener would do it too, and make every statement a tenth slower."""
    # The connection that was used last has read and prepared what the next one needs, too.
    options = {"pool_size": 10, "max_overflow": 40, "pool_use_lifo": True}
    engine = create_engine(url, connect_args={"timeout": 30, "check_same_thread": False}, **options)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the driver would begin transactions by itself, and too late
        cursor = connection.cursor()
        has_log = cursor.execute("PRAGMA journal_mode=WAL").fetchone() == ("wal",)
        cursor.execute(f"PRAGMA synchronous={'NORMAL' if has_log else 'FULL'}")  # with a log, see `core.storage.log`
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine
