"""The same of a small and of a large database, on SQLite and on PostgreSQL."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from benchmarks.processes import temporary_folder
from tests import postgresql

Course = TypeVar("Course")
DATABASES = ("sqlite", "postgresql")


def measure_both(
    course: Callable[[str, int, Path], Course],
    measure: Callable[[str, Course, Course], None],
    sizes: tuple[int, int],
    only: str | None = None,
) -> None:
    """`course` fills the database of an address with so many pictures, and may keep files in a folder."""
    with temporary_folder() as folder:
        if only != "postgresql":
            few, many = (course(f"sqlite:///{folder / str(size)}.db", size, folder) for size in sizes)
            measure("SQLite", few, many)
        if only == "sqlite":
            return
        if postgresql.programs() is None:
            print("PostgreSQL is not installed: its figures are left out.", file=sys.stderr)
            return
        with postgresql.server() as address:
            urls = [postgresql.create_database(address, name) for name in ("few", "many")]
            psycopg = [url.replace("postgresql:", "postgresql+psycopg:") for url in urls]
            few, many = (course(url, size, folder) for url, size in zip(psycopg, sizes, strict=True))
            measure("PostgreSQL", few, many)
