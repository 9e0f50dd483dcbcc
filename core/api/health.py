"""Is it alive, is it ready? Answered without a session, saying nothing that a stranger could use."""

import asyncio
import logging
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from core.services import Services

log = logging.getLogger(__name__)

FRESH = {"Cache-Control": "no-store"}
PATIENCE = 5.0  # seconds that a part has to answer in


def health_routes(services: Services) -> list[Route]:
    async def alive(_request: Request) -> JSONResponse:
        return JSONResponse({"status": "ok"}, headers=FRESH)

    async def ready(_request: Request) -> JSONResponse:
        names = ("database", "files", "worker")
        checks = (services.database.check, services.files.check, lambda: _check_worker(services))
        answers = await asyncio.gather(*(_answers(name, check) for name, check in zip(names, checks, strict=True)))
        parts = dict(zip(names, answers, strict=True))
        is_ready = all(parts.values())
        body = {
            "status": "ok" if is_ready else "unavailable",
            **{name: "ok" if fine else "unavailable" for name, fine in parts.items()},
        }
        return JSONResponse(body, 200 if is_ready else 503, FRESH)

    return [Route("/healthz", alive), Route("/readyz", ready)]


async def _answers(name: str, check: Callable[[], None]) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.to_thread(check)
    except Exception as error:
        log.warning("not ready: %s (%s)", name, type(error).__name__)
        return False
    return True


def _check_worker(services: Services) -> None:
    if not services.worker.is_alive:
        raise RuntimeError("the worker has stopped")
