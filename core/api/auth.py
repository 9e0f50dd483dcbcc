"""The cookie that keeps a person signed in: `POST /auth/session` sets it, `POST /auth/logout` takes it away.

Both are called by a script of our own pages and by nobody else: they want JSON, which no form of another site can
send, and refuse an Origin that is not this server. The database is asked in asyncio's own threads, because those of
Starlette's limiter are few and Streamlit needs them.
"""

import asyncio
import json
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.accounts.sessions import Person, Sessions
from core.acting import Actor, acting

COOKIE = "imagier_session"
_MOST_BYTES = 4_096


def auth_routes(sessions: Sessions) -> list[Route]:
    async def start(request: Request) -> Response:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        body = await _body(request)
        if body is None:
            # Else the server would take in what is still coming, however long that is.
            return _answer(413, {"Connection": "close"})
        ticket = _ticket(body)
        if ticket is None:
            return _answer(400)
        with acting(_visitor(request)):
            token = await asyncio.to_thread(sessions.exchange, ticket)
            if token is None:
                return _answer(401)
            # Whoever was signed in here before is so no longer.
            await asyncio.to_thread(sessions.end, request.cookies.get(COOKIE))
        response = _answer(204)
        response.set_cookie(
            COOKIE, token, max_age=sessions.seconds, httponly=True, samesite="lax", secure=_is_https(request)
        )
        return response

    async def end(request: Request) -> Response:
        refusal = _refusal(request)
        if refusal is not None:
            return refusal
        with acting(_visitor(request)):
            await asyncio.to_thread(sessions.end, request.cookies.get(COOKIE))
        response = _answer(204)
        response.delete_cookie(COOKIE, httponly=True, samesite="lax", secure=_is_https(request))
        return response

    return [
        Route("/auth/session", start, methods=["POST"]),
        Route("/auth/logout", end, methods=["POST"]),
    ]


async def person_of(request: Request, sessions: Sessions) -> Person | None:
    """Who sends this request, by its cookie."""
    return await asyncio.to_thread(sessions.person, request.cookies.get(COOKIE))


def _visitor(request: Request) -> Actor:
    return Actor(address=request.client.host if request.client else "", door="pages")


def _refusal(request: Request) -> Response | None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return _answer(415)
    return _answer(403) if is_from_elsewhere(request) else None


def is_from_elsewhere(request: Request) -> bool:
    """Another site's page has sent it, with our cookie."""
    origin = request.headers.get("origin")
    return origin is not None and _host(origin) != request.headers.get("host", "").lower()


def _host(origin: str) -> str | None:
    """The host and port of an Origin header; None for "null" and for what is no address."""
    try:
        return urlsplit(origin).netloc.lower() or None
    except ValueError:
        return None


async def _body(request: Request) -> bytes | None:
    """None as soon as it is longer than any that our page sends."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_BYTES:
            return None
    return body


def _ticket(body: bytes) -> str | None:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return None
    ticket = content.get("ticket") if isinstance(content, dict) else None
    return ticket if isinstance(ticket, str) else None


def _is_https(request: Request) -> bool:
    return request.url.scheme == "https"


def _answer(status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(status_code=status, headers={"Cache-Control": "no-store", **(headers or {})})
