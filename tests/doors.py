"""The HTTP routes with everything behind them, but without Streamlit, called in the same process."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.testclient import TestClient

from core import start
from core.engines.connections import Lane
from core.services import Services, build
from core.settings import Settings
from tests.studio import FakeEngine


@contextmanager
def open_doors(settings: Settings, template: Path) -> Iterator[tuple[Services, TestClient]]:
    """`template` is a database with today's tables. The worker runs, on an engine of the tests."""
    settings.make_data_dir()
    shutil.copy(template, settings.data_dir / "imagier.db")
    lane = Lane("painter", ("painter",), FakeEngine, at_once=2)
    services = build(settings, [lane])
    app = Starlette(
        routes=start.routes(services), middleware=start.middleware(services), lifespan=start.lifespan(services)
    )
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        yield services, client
