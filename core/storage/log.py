"""SQLite's log of what was committed, brought to the disk for several transactions at once.

SQLite would do it in every commit, while it holds the lock: then all who write wait for the disk, one after the other.
Here a commit only writes, and who must be sure waits afterwards, together with all who committed meanwhile. What SQLite
asks of the disk itself (https://sqlite.org/wal.html, "synchronous=NORMAL") stays: a log is on the disk before anything
in it moves into the database, so at no moment can more be lost than the end of the log.
"""

import os
import threading


class Log:
    def __init__(self, database: str | None):
        """The path of the database; None for one that has no such file."""
        self._path = f"{database}-wal" if database else None
        self._counting = threading.Lock()
        self._turn = threading.Lock()
        self.asked = 0
        self._done = 0

    def keep(self) -> None:
        """Once this returns, a power cut loses nothing that was committed before it was called."""
        with self._counting:
            self.asked += 1
            mine = self.asked
        with self._turn:
            if self._done >= mine:
                return  # whoever had the turn before has taken it along
            with self._counting:
                all_so_far = self.asked
            self._fsync()
            self._done = all_so_far

    def _fsync(self) -> None:
        """Opened each time: it is another file when the last connection has closed the database meanwhile."""
        if self._path is None:
            return
        try:
            log = os.open(self._path, os.O_RDWR)
        except FileNotFoundError:
            return  # closed: all of it is in the database, and on the disk
        try:
            os.fsync(log)
        finally:
            os.close(log)
