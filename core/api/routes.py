"""/api: the operations, the documents about them, and an answer in the API's own shape for everything else."""

import re
from itertools import groupby

from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from core.api.documentation import DOCUMENTS
from core.api.door import Path, Threads, reader_of
from core.api.errors import refused
from core.api.operations import OPERATIONS
from core.errors import Problem
from core.services import Services

SEEN = (
    "x-request-id",
    "retry-after",
    "location",
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
)


def api_routes(services: Services) -> list[BaseRoute]:
    threads = Threads()
    by_path = groupby(sorted((*OPERATIONS, *DOCUMENTS), key=lambda it: it.path), lambda it: it.path)
    routes = [Route(path, Path(services, threads, list(operations))) for path, operations in by_path]
    app: ASGIApp = Router(routes, default=_nothing, redirect_slashes=False)
    if services.settings.cors:
        app = CORSMiddleware(
            app,
            allow_origins=services.settings.cors,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["*"],
            expose_headers=SEEN,
            max_age=3600,
        )
    everything = Mount("/api", app)
    everything.path_regex = re.compile(everything.path_regex.pattern, re.DOTALL)  # also with a line end in it
    return [everything, Route("/api", app)]


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    request = Request(scope, receive)
    problem = Problem("no_such_route", method=request.method[:20], path=request.url.path[:80])
    await refused(reader_of(request), problem)(scope, receive, send)
