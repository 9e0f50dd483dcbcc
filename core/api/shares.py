"""/s/TOKEN: what anybody sees who has a link, outside the sign-in. A picture, a question for a password, or nothing.

Whatever is the reason that a link shows nothing (it never was, has ended, was revoked; its picture is hidden or gone;
sharing is turned off), the answer is the same, after the same work.
"""

import asyncio
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Callable
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import Receive, Scope, Send

from core.acting import Actor, acting
from core.api.door import reader_of
from core.api.pictures import LOCKED_UP
from core.api.share_page import POLICY, nothing_page, password_page, picture_page
from core.errors import Problem, explain
from core.i18n import Reader
from core.services import Services
from core.storage.formats import EXTENSIONS, media_type_of
from core.storage.tables import Share
from core.studio.pictures import UNKNOWN
from core.studio.shares import BARE

COOKIE = "imagier_share"
OPEN_FOR = 3_600  # seconds after which the password is asked for again
MOST_BYTES = 4_096
AT_ONCE = 2  # copies that are made
PAGE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "Vary": "Accept-Language, Cookie",
}
FILE = {
    "Cache-Control": "private, no-cache",  # kept, and asked about each time: a link that was revoked shows nothing more
    "Content-Security-Policy": LOCKED_UP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}


def share_routes(services: Services) -> list[BaseRoute]:
    rooms = Rooms(services)
    routes = [
        Route("/{token}", rooms.page, methods=["GET", "POST"]),
        Route("/{token}/picture", rooms.picture),
        Route("/{token}/preview.jpg", rooms.preview),
    ]
    return [Mount("/s", Router(routes, default=rooms.nothing, redirect_slashes=False))]


class Rooms:
    def __init__(self, services: Services):
        self.services = services
        self.places = asyncio.Semaphore(AT_ONCE)

    async def nothing(self, scope: Scope, receive: Receive, send: Send) -> None:
        await (await self._nothing(Request(scope, receive)))(scope, receive, send)

    async def page(self, request: Request) -> Response:
        share = await self._share(request)
        if share is None:
            return await self._nothing(request)
        if request.method == "POST":
            return await self._unlock(request, share)
        if not self._may_see(request, share):
            return HTMLResponse(password_page(await self._language(request)), headers=PAGE)
        address = f"{request.url.scheme}://{request.url.netloc}/s/{request.path_params['token']}"
        return HTMLResponse(picture_page(await self._language(request), share, address), headers=PAGE)

    async def picture(self, request: Request) -> Response:
        """The picture as large as it is."""
        share = await self._share(request)
        if share is None:
            return await self._nothing(request)
        if not self._may_see(request, share):
            return self._to_the_page(request)
        return await self._file(request, share, self.services.visitors.picture)

    async def preview(self, request: Request) -> Response:
        share = await self._share(request)
        if share is None or share.password is not None:
            return await self._nothing(request)
        return await self._file(request, share, self.services.visitors.preview)

    async def _file(self, request: Request, share: Share, copy: Callable[[Share], str | None]) -> Response:
        async with self.places:
            key = await asyncio.to_thread(copy, share)
        if key is None:
            return await self._nothing(request)
        etag = f'"{key}"'
        if etag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers={**FILE, "ETag": etag})
        try:
            file = await self.services.files.stream(key)
        except FileNotFoundError:
            return await self._nothing(request)
        first = await anext(file.chunks, b"")
        media_type = media_type_of(first) or UNKNOWN
        name = f"imagier-{share.token_hash[:8]}.{EXTENSIONS.get(media_type, 'bin')}"
        is_shown = media_type in BARE and "download" not in request.query_params
        headers = {
            **FILE,
            "ETag": etag,
            "Content-Length": str(file.size),
            "Content-Disposition": f'{"inline" if is_shown else "attachment"}; filename="{name}"',
        }
        return StreamingResponse(_from(first, file.chunks), headers=headers, media_type=media_type)

    async def _unlock(self, request: Request, share: Share) -> Response:
        if share.password is None:
            return self._to_the_page(request)
        typed = await _password(request)
        client = request.client.host if request.client else ""
        try:
            with acting(Actor(address=client, door="pages")):
                await asyncio.to_thread(self.services.visitors.unlock, share, typed, client)
        except Problem as problem:
            text = await self._language(request)
            headers = dict(PAGE)
            if problem.code == "too_many_attempts":
                headers["Retry-After"] = str(max(1, round(problem.params["wait"])))
            status = 429 if problem.code == "too_many_attempts" else 403
            said = explain(text, problem.code, problem.params)
            return HTMLResponse(password_page(text, said), status, headers)
        answer = self._to_the_page(request)
        ends = int(time.time()) + OPEN_FOR
        answer.set_cookie(
            COOKIE,
            f"{ends}.{self._pass(share, ends)}",
            max_age=OPEN_FOR,
            path=f"/s/{request.path_params['token']}",
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer

    def _may_see(self, request: Request, share: Share) -> bool:
        if share.password is None:
            return True
        ends, _, given = request.cookies.get(COOKIE, "").partition(".")
        if not (ends.isascii() and ends.isdigit() and len(ends) <= 12) or int(ends) <= time.time():
            return False
        return hmac.compare_digest(self._pass(share, int(ends)).encode(), given.encode("utf-8", "replace"))

    def _pass(self, share: Share, ends: int) -> str:
        """What only this server can make, for this link and its password."""
        message = f"share {share.id} {share.token_hash} {share.password} until {ends}".encode()
        return hmac.new(self.services.settings.secret(), message, hashlib.sha256).hexdigest()

    async def _share(self, request: Request) -> Share | None:
        return await asyncio.to_thread(self.services.visitors.opened, request.path_params["token"])

    async def _language(self, request: Request) -> Reader:
        site = await asyncio.to_thread(self.services.site.now)
        return reader_of(request, site.language, site.time_zone)

    async def _nothing(self, request: Request) -> Response:
        return HTMLResponse(nothing_page(await self._language(request)), 404, PAGE)

    def _to_the_page(self, request: Request) -> Response:
        return RedirectResponse(f"/s/{request.path_params['token']}", 303, PAGE)


async def _from(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in rest:
        yield chunk


async def _password(request: Request) -> str:
    """What stands in the form; "" if it is none of ours."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return ""
    try:
        return parse_qs(body.decode(), max_num_fields=8).get("password", [""])[0]
    except ValueError:
        return ""
