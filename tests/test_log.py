"""What was committed lasts, and those who wait for the disk wait together."""

import os
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from core.storage import schema
from core.storage.database import Database
from core.storage.log import Log
from core.storage.tables import Setting
from tests.conftest import SettableClock
from tests.patience import SECONDS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "imagier.db"


def names(path: Path, clock: SettableClock) -> list[str]:
    database = Database(f"sqlite:///{path}", clock)
    with database.read() as session:
        found = list(session.scalars(select(Setting.name).order_by(Setting.name)))
    database.close()
    return found


def fsync_then(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        real(descriptor)
        act()

    monkeypatch.setattr(os, "fsync", fsync)


def test_a_power_cut_at_the_moment_when_a_lasting_transaction_returns_loses_nothing_before_it(
    path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what had been brought to the disk is left."""
    left = path.parent / "left"
    left.mkdir()

    def cut() -> None:
        for file in path.parent.glob("imagier.db*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, left)

    schema.upgrade(database := Database(f"sqlite:///{path}", clock))
    fsync_then(monkeypatch, cut)
    for name, lasting in (("a", False), ("b", True), ("c", False)):
        with database.write(lasting=lasting) as session:
            session.add(Setting(name=name, value=1, changed_at=clock()))
    assert names(left / "imagier.db", clock) == ["a", "b"]
    assert names(path, clock) == ["a", "b", "c"]
    database.close()


def test_nobody_who_writes_waits_for_the_disk_of_somebody_else(
    path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema.upgrade(database := Database(f"sqlite:///{path}", clock))
    reached, goes_on = threading.Event(), threading.Event()

    def slow() -> None:
        reached.set()
        assert goes_on.wait(SECONDS)

    def write(name: str, lasting: bool) -> None:
        with database.write(lasting=lasting) as session:
            session.add(Setting(name=name, value=1, changed_at=clock()))

    fsync_then(monkeypatch, slow)
    alice = threading.Thread(target=write, args=("alice", True))
    alice.start()
    assert reached.wait(SECONDS)
    write("bob", False)
    assert names(path, clock) == ["alice", "bob"]
    assert alice.is_alive()
    goes_on.set()
    alice.join()
    database.close()


def test_those_who_wait_meanwhile_go_to_the_disk_together(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, times = Log(str(path)), []
    path.with_name("imagier.db-wal").touch()
    all_wait = threading.Event()

    def slow() -> None:
        times.append(1)
        assert all_wait.wait(SECONDS)

    fsync_then(monkeypatch, slow)
    threads = [threading.Thread(target=log.keep) for _ in range(6)]
    for thread in threads:
        thread.start()
    while log.asked < 6:
        threads[0].join(0.001)
    all_wait.set()
    for thread in threads:
        thread.join()
    assert len(times) == 2


def test_a_disk_that_fails_is_told_to_everybody_who_relied_on_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(str(path))
    path.with_name("imagier.db-wal").touch()

    def fail() -> None:
        raise OSError(5, "Input/output error")

    fsync_then(monkeypatch, fail)
    for _ in range(2):
        with pytest.raises(OSError, match="Input/output"):
            log.keep()


def test_a_log_that_is_not_there_has_nothing_to_keep(path: Path) -> None:
    Log(str(path)).keep()
    Log(None).keep()
