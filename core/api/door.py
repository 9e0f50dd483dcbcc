"""The door for programs: who calls, in which language, how often; and whatever goes wrong in OpenAI's shape.

Each operation is described once. The routes and the document at /api/openapi.json are both made of the descriptions.
"""

import asyncio
import contextvars
import logging
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from core.accounts.tokens import Caller, Pace
from core.acting import Actor, acting
from core.api import bodies
from core.api.errors import JSON, NOT_AGAIN, dumped, refused
from core.api.parameters import check_bounds
from core.errors import Problem
from core.i18n import LANGUAGES, Reader, choose_language
from core.logs import about
from core.services import Services

log = logging.getLogger(__name__)

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
THREADS = 16
LONGEST_HEADER = 512


class Threads:
    """For what blocks: apart from asyncio's own few threads and from Starlette's, which the pages need."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(THREADS, "imagier-api")

    async def run(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **named: Arguments.kwargs
    ) -> Result:
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, lambda: context.run(function, *args, **named)
        )


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation, of somebody who may make it."""

    request: Request
    services: Services
    threads: Threads
    caller: Caller
    reader: Reader


Handler = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Query:
    """A parameter in the address: a text, or a number between two others."""

    name: str
    text: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """`scope` is what the token must be allowed; "" for what needs no token. `answers` are schemas by status."""

    method: str
    path: str
    name: str
    text: str
    handler: Handler
    scope: str
    answers: Mapping[int, Any]
    query: tuple[Query, ...] = ()
    body: Any = None
    headers: tuple[str, ...] = ()
    media_type: str = JSON
    fails: tuple[int, ...] = field(default=())
    takes_any_query: bool = False

    @property
    def address(self) -> str:
        """As it is shown: without what tells the router that a name may have strokes in it."""
        return "/api" + self.path.replace(":path}", "}")


class Path:
    """ASGI: all operations of one path."""

    def __init__(self, services: Services, threads: Threads, operations: Sequence[Operation]):
        self.services = services
        self.threads = threads
        self.operations = {operation.method: operation for operation in operations}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        reader, is_no_token = reader_of(request), False
        try:
            response = await self._answer(request, reader)
        except Problem as problem:
            is_no_token = problem.code == "token_refused"
            response = refused(reader, problem, await _closing(request))
        except ClientDisconnect:
            return
        except Exception:
            log.exception("a call broke off")
            response = refused(reader, Problem("internal"), NOT_AGAIN)
        await response(scope, receive, send)
        if is_no_token:  # afterwards: all that are none must be refused in the same time
            with acting(Actor(address=_address(request), door="api")):
                await self.threads.run(self.services.refused_tokens.note, bearer(request))

    async def _answer(self, request: Request, reader: Reader) -> Response:
        operation = self.operations.get("GET" if request.method == "HEAD" else request.method)
        if operation is None:
            allowed = sorted({*self.operations, *(("HEAD",) if "GET" in self.operations else ())})
            raise Problem(
                "method_not_allowed", method=request.method, path=request.url.path[:80], allowed=", ".join(allowed)
            )
        caller, pace = await self.threads.run(self._enter, request, operation)
        with acting(Actor(caller.user_id, caller.login, _address(request), "api")), about(user_id=caller.user_id):
            try:
                if operation.scope and operation.scope not in caller.scopes:
                    raise Problem("token_scope", scope=operation.scope)
                check_query(request, operation)
                response = await operation.handler(Call(request, self.services, self.threads, caller, reader))
            except Problem as problem:
                response = refused(reader, problem, await _closing(request))
        if pace is not None:
            response.headers.update(_pace_headers(pace))
        return response

    def _enter(self, request: Request, operation: Operation) -> tuple[Caller, Pace | None]:
        if not operation.scope:
            return NOBODY, None
        tokens = self.services.tokens
        caller = tokens.caller(bearer(request))
        return caller, tokens.count(caller.token_id)


NOBODY = Caller(0, 0, "", "", None, frozenset())


async def nothing_there(scope: Scope, receive: Receive, send: Send) -> None:
    """ASGI: what is said at every address that is none."""
    request = Request(scope, receive)
    problem = Problem("no_such_route", method=request.method[:20], path=request.url.path[:80])
    await refused(reader_of(request), problem)(scope, receive, send)


def answer(content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return Response(dumped(content), status, {"Cache-Control": "no-store", **(headers or {})}, JSON)


def reader_of(request: Request, otherwise: str | None = None, timezone: str | None = None) -> Reader:
    """In the language that the caller prefers, of those we speak."""
    wishes: list[tuple[float, int, str]] = []
    for part in request.headers.get("accept-language", "")[:LONGEST_HEADER].split(","):
        language, _, weight = part.partition(";")
        try:
            rank = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            rank = 0.0
        wishes.append((-rank, len(wishes), language.strip()))
    spoken = [wish for _, _, wish in sorted(wishes) if wish.split("-")[0].lower() in LANGUAGES]
    return Reader(choose_language(*spoken, otherwise), spoken[0] if spoken else None, timezone)


def check_query(request: Request, operation: Operation) -> None:
    if operation.takes_any_query:
        return
    known, given = {query.name for query in operation.query}, set[str]()
    for name, _ in request.query_params.multi_items():
        if name not in known:
            raise Problem("parameter_unknown", param=name[:80])
        if name in given:
            raise Problem("parameter_twice", param=name)
        given.add(name)


def number(request: Request, name: str, default: int, least: int, most: int) -> int:
    """A whole number in the address."""
    typed = request.query_params.get(name)
    if typed is None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,400}", typed):
        raise Problem("parameter_type", param=name, expected="integer", found="string")
    value = int(typed)
    check_bounds(name, value, least, most)
    return value


def bearer(request: Request) -> str:
    kind, _, token = request.headers.get("authorization", "")[:LONGEST_HEADER].partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


async def _closing(request: Request) -> dict[str, str]:
    """For a refusal before the body was read: what is still coming would be taken for the next call."""
    if request.method in ("GET", "HEAD") or getattr(request, "_stream_consumed", False):
        return {}
    return {} if await bodies.drain(request) else {"Connection": "close"}


def _pace_headers(pace: Pace) -> dict[str, str]:
    return {
        "x-ratelimit-limit-requests": str(pace.limit),
        "x-ratelimit-remaining-requests": str(pace.remaining),
        "x-ratelimit-reset-requests": f"{max(0, round(pace.reset.total_seconds() * 1000))}ms",
    }
