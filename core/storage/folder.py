"""Writing to a folder so that nothing is half written and a power cut loses nothing.

It is what a store of objects does by itself (a second name, then a rename), and what obstore's folder lacks: files for
their owner alone, and fsync. A disk takes hardly longer for several fsyncs at once than for one, so they go together as
far as their order does not matter.
"""

import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from itertools import takewhile
from pathlib import Path
from typing import BinaryIO

THREADS = 16
MOST_KNOWN = 1000  # folders
LARGE = 1 << 20  # bytes


class Folder:
    def __init__(self, path: Path):
        """It is made if it is missing."""
        self.path = path
        self._known: set[Path] = set()  # the folders in it whose own names are on the disk
        self._threads = ThreadPoolExecutor(THREADS, "imagier-fsync")
        with ExitStack() as opened:
            for made in _make(path):
                _fsync(_opened(made.parent, opened))

    def write(self, key: str, data: bytes, lasting: bool) -> None:
        """Once this returns, a power cut does not lose it, if it is to be `lasting`."""
        with ExitStack() as opened:
            self._write(self.path / key, data, lasting, [], [], opened)

    def write_pair(self, first_key: str, first: bytes, second_key: str, second: bytes) -> None:
        """Both to last; the second has its name only when the first is on the disk."""
        path = self.path / first_key
        unsure = self._unsure(path)
        with ExitStack() as opened:
            with _named(path) as file:
                file.write(first)
            beside = [_opened(path, opened), _opened(path.parent, opened)]
            self._write(self.path / second_key, second, True, beside, unsure, opened)

    def _write(
        self, path: Path, data: bytes, lasting: bool, beside: list[int], unsure: list[Path], opened: ExitStack
    ) -> None:
        """`beside`: what is open and has to be on the disk before; `unsure`: the folders whose names have to be."""
        unsure = [*unsure, *self._unsure(path)]
        with _named(path) as file:
            file.write(data)
            if lasting:
                file.flush()
                above = {folder.parent for folder in unsure}
                self._fsync_all([file.fileno(), *beside, *(_opened(folder, opened) for folder in above)])
                if len(data) >= LARGE:
                    _let_go(file.fileno())
        if lasting:
            _fsync(_opened(path.parent, opened))
            self._know(unsure)

    def _unsure(self, path: Path) -> list[Path]:
        """The folders down to a file whose own names may not be on the disk: also those that another thread has made,
        for only what was seen there by this object counts as known."""
        self._known.difference_update(_make(path.parent))
        return list(takewhile(lambda folder: folder != self.path and folder not in self._known, path.parents))

    def _know(self, folders: Iterable[Path]) -> None:
        if len(self._known) > MOST_KNOWN:
            self._known.clear()
        self._known.update(folders)

    def _fsync_all(self, descriptors: list[int]) -> None:
        first, *others = descriptors
        begun = [self._threads.submit(_fsync, descriptor) for descriptor in others]
        try:
            _fsync(first)
        finally:
            wait(begun)  # they are closed next
        for one in begun:
            one.result()


@contextmanager
def _named(path: Path) -> Iterator[BinaryIO]:
    """A file that gets its name at the end of the block, or is removed."""
    unfinished = path.with_name(f"{path.name}.{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", 0) as file:
            yield file
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _make(path: Path) -> list[Path]:
    """With its parents, each for its owner alone; two at once are fine. Returns those that were missing."""
    if path.is_dir():
        return []
    made = [*_make(path.parent), path]
    path.mkdir(mode=0o700, exist_ok=True)
    return made


def _opened(path: Path, opened: ExitStack) -> int:
    descriptor = os.open(path, os.O_RDONLY)
    opened.callback(os.close, descriptor)
    return descriptor


def _let_go(descriptor: int) -> None:
    """Once it is on the disk, a large picture need not stay in memory: the next one is written to the same pages, which
    takes a quarter of the time of fetching new ones from the system, and nobody else's files are pushed out."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _fsync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot do it for folders, and need not.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP) or not stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise
