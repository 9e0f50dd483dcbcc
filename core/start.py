"""How a process starts and stops. What cannot work ends here, with one sentence that says what to do."""

import gc
import logging
import os
import signal
import socket
import stat
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.routing import BaseRoute

from core import logs, memory
from core import services as parts
from core.api.auth import auth_routes
from core.api.exports import export_routes
from core.api.health import health_routes
from core.api.ledger import ledger_routes
from core.api.lists import list_routes
from core.api.metrics import metrics_routes
from core.api.pictures import picture_routes
from core.api.routes import api
from core.api.security import Security
from core.api.shares import share_routes
from core.services import Services
from core.settings import LOOPBACK, Settings, SettingsError, unknown_names
from core.studio import repeats

log = logging.getLogger("imagier")

GRACE = 5.0  # seconds that drawings have to end when the server is asked to stop
MINUTE = 60.0  # seconds; the collection of memory after every run is turned off in .streamlit/config.toml


def prepare(is_main: bool, streamlit_address: str | None) -> tuple[Settings, Services]:
    """Settings and services, or the end of the process.

    `is_main`: we are `python app.py` and listen where the settings say; otherwise somebody else has chosen the
    address already, and Streamlit knows it (None means everywhere).
    """
    if is_main:
        memory.keep()
        _end_in_order()
    try:
        settings = Settings.load()
        secrets = [settings.openai_api_key, settings.openai_admin_key, settings.secret_key, settings.secret_key_old]
        secrets.append(settings.metrics_token)
        logs.set_up(settings.log_level, tuple(secret.get_secret_value() for secret in secrets if secret))
        if is_main:
            _check_port(settings)
        beyond = settings.listens_beyond_this_machine if is_main else streamlit_address not in LOOPBACK
        services = parts.build(settings, listens_beyond_this_machine=beyond)
    except SettingsError as error:
        sys.exit(f"Imagier cannot start. {error}")
    for sentence in unknown_names():
        log.warning(sentence)
    parts.use(services)
    if services.setup_code and not services.people.any():
        log.warning("set-up code: %s", services.setup_code)
    if is_main:
        _announce(settings)
    return settings, services


def lifespan(services: Services) -> Callable[[Any], AbstractAsyncContextManager[None]]:
    """The worker lives as long as the server; Streamlit enters this once per process."""

    @asynccontextmanager
    async def live(_app: Any) -> AsyncIterator[None]:
        _answer_at_once()
        for lane in services.lanes():
            services.worker.line.resume(lane.name)  # a restart is how a new key is put in
        services.worker.start()
        gc.freeze()  # what the program is made of stays: looking through it for what does not takes all threads' time
        ended = threading.Event()
        threading.Thread(target=_tidy_up, args=(services, ended), name="imagier-tidying", daemon=True).start()
        try:
            yield
        finally:
            ended.set()
            services.worker.stop(GRACE)
            services.database.close()
            log.info("stopped")

    return live


def routes(services: Services) -> list[BaseRoute]:
    return [
        *health_routes(services),
        *metrics_routes(services),
        *auth_routes(services.sessions),
        *picture_routes(services),
        *share_routes(services),
        *export_routes(services),
        *list_routes(services),
        *ledger_routes(services),
    ]


def middleware(services: Services) -> list[Middleware]:
    return [Middleware(Security), api(services)]


def _answer_at_once() -> None:
    """Whoever calls again over the same connection would wait 40 ms for the second piece of each answer, until the
    first is acknowledged. asyncio sees to that by itself, but not for a socket that was made without saying TCP, as
    Streamlit makes it. What comes in has the option of the socket that listens."""
    open_files = Path("/dev/fd")
    for number in [int(one.name) for one in open_files.iterdir()] if open_files.is_dir() else ():
        with suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as one:
                if one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _end_in_order() -> None:
    """To be asked to stop is no failure. The server raises the signal once more when it has stopped; without a
    handler of ours it would then kill the process, or print a traceback for Ctrl+C."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(0))


def _check_port(settings: Settings) -> None:
    family = socket.AF_INET6 if ":" in settings.address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.address, settings.port))
        except PermissionError:
            raise SettingsError(
                f"IMAGIER_PORT: port {settings.port} is reserved for the administrator of this machine;"
                " set one above 1023."
            ) from None
        except socket.gaierror:
            raise SettingsError(f"IMAGIER_ADDRESS: {settings.address} is no address of this machine.") from None
        except OSError as error:
            raise SettingsError(
                f"IMAGIER_PORT: {settings.address}:{settings.port} cannot be used ({error.strerror});"
                " stop the program that has it, or set another port."
            ) from None


def _announce(settings: Settings) -> None:
    host = "localhost" if settings.address in LOOPBACK else settings.address
    address = f"http://{host}:{settings.port}"
    log.info("Imagier listens on %s", address)
    if sys.stdout.isatty():
        sys.stdout.write(f"\n  Imagier is at {address} (Ctrl+C stops it)\n\n")
        sys.stdout.flush()


def _tidy_up(services: Services, ended: threading.Event) -> None:
    """Once a minute the memory, the days that are over and what was left behind, once an hour what has expired."""
    for minute in count():
        _guarded(services.usage.tidy)
        _guarded(services.improvements.tidy)
        if ended.wait(MINUTE):
            return
        gc.collect()
        if minute % 60 == 59:
            _guarded(services.sessions.sweep)
            _guarded(services.throttle.sweep)
            _guarded(partial(repeats.sweep, services.database))
            _guarded(services.links.sweep)
            _guarded(services.changes.sweep)
            _guarded(services.collections.sweep)
            _guarded(services.retention.sweep)
            _guarded(services.shares.sweep)


def _guarded(function: Callable[[], object]) -> None:
    try:
        function()
    except Exception:
        log.exception("tidying up met a fault; it is tried again")
