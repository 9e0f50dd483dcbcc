"""A site with a past to look around in; DESK_PICTURES says how large, for the command that fills one in.

DESK_PICTURES=1000000 python -m pytest tests/browser/test_requests_page.py
"""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest.mock import patch

from core.demo import fill
from core.ledger.prices import Prices
from core.ledger.usage.service import Usage
from core.site import Sites
from tests.browser.application import ROOT
from tests.browser.cast import Cast

FEW, PEOPLE, DAYS = 1_500, 12, 30
PICTURES = int(os.environ.get("DESK_PICTURES", FEW))
LONGEST = 300 if PICTURES <= 100_000 else 7_200  # seconds of one test, with the filling


def fill_in(cast: Cast, folder: Path) -> None:
    if PICTURES > FEW:
        environment = {**os.environ, "IMAGIER_DATA_DIR": str(folder / "data")}
        command = (sys.executable, "-m", "core", "demo", "--pictures", str(PICTURES))
        subprocess.run(command, cwd=ROOT, env=environment, check=True)
        return
    Prices(cast.database).load_catalogue()
    sites = Sites(cast.database, cast.settings)
    with patch.object(fill, "PICTURES_FOR_A_DRAWING", FEW):  # three are enough, and drawing is what takes long
        painted = (cast.database, cast.files, FEW, PEOPLE, DAYS, sites.now().zone)
        ThreadPoolExecutor(1).submit(fill.fill, *painted).result()  # Playwright's loop runs on this thread
    Usage(cast.database, sites).tidy()
