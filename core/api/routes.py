"""/api: the operations, the documents about them, and an answer in the API's own shape for everything else.

What is for the API comes to it at once, past all that only pages need, such as the session of a browser.
"""

import re
from itertools import groupby

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from core.api.documentation import DOCUMENTS
from core.api.door import Path, Threads, nothing_there
from core.api.operations import OPERATIONS
from core.services import Services

SEEN = (  # by a program in a page of such a site: an SDK must see there too when it may not order anew
    "x-request-id",
    "x-should-retry",
    "retry-after",
    "preference-applied",
    "location",
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
)


def api(services: Services) -> Middleware:
    return Middleware(Api, api=Router(_routes(services)))


class Api:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, api: ASGIApp):
        self.app, self.api = app, api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_for_it = scope["type"] == "http" and (scope["path"] == "/api" or scope["path"].startswith("/api/"))
        await (self.api if is_for_it else self.app)(scope, receive, send)


def _routes(services: Services) -> list[BaseRoute]:
    threads = Threads()
    by_path = groupby(sorted((*OPERATIONS, *DOCUMENTS), key=lambda it: it.path), lambda it: it.path)
    routes = [Route(path, Path(services, threads, list(operations))) for path, operations in by_path]
    app: ASGIApp = Router(routes, default=nothing_there, redirect_slashes=False)
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
