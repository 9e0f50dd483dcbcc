"""The one HTML page that Streamlit serves, with our name, our mark and our stylesheet in it before its scripts run.

Without it the name and the mark of Streamlit stand in the tab until the first run of a page has come, and the page
stands there undressed for a moment.
"""

import hashlib
import re
from pathlib import Path
from typing import Any

from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.api.door import reader_of
from core.api.share_page import POLICY, missing_page

FIRST = ""
DESK = ("usage", "requests", "people", "connections", "ledger", "settings", "audit")
# Every address at which there is a page for somebody; Streamlit would answer at any other one, too.
PATHS = (FIRST, "create", "gallery", "account", *DESK)
LOOK = "/look"
SHEET, ICON = "style.css", "icon.png"
FOR_A_YEAR = {"cache-control": "public, max-age=31536000, immutable"}
MISSING = {"cache-control": "no-store", "content-security-policy": POLICY, "vary": "accept-language"}
MARKED = b"<title>Streamlit</title>"
UNWANTED = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")  # the page is needed whole
OF_THE_FILE = (b"content-length", b"etag", b"last-modified", b"accept-ranges")
NO_SCRIPT = re.compile("<noscript>.*?</noscript>", re.DOTALL)
WITHOUT_SCRIPTS = '<p>Imagier needs JavaScript.</p><p lang="fr">Imagier a besoin de JavaScript.</p>'
GROUNDS = (("light", "#fbfaf7"), ("dark", "#161513"))  # as in .streamlit/config.toml


class Look:
    """The files in `folder` that every visitor may have; their addresses change when they do."""

    def __init__(self, folder: Path):
        self.sheet, self.icon = ((folder / name).read_bytes() for name in (SHEET, ICON))

    def routes(self) -> list[BaseRoute]:
        def style(_: object) -> Response:
            return Response(self.sheet, media_type="text/css", headers=FOR_A_YEAR)

        def icon(_: object) -> Response:
            return Response(self.icon, media_type="image/png", headers=FOR_A_YEAR)

        return [Route(f"{LOOK}/{SHEET}", style), Route(f"{LOOK}/{ICON}", icon)]

    def middleware(self) -> Middleware:
        return Middleware(FirstPage, look=self)

    def dressed(self, page: bytes) -> bytes:
        icon, sheet = (f"{LOOK}/{name}?{_version(data)}" for name, data in ((ICON, self.icon), (SHEET, self.sheet)))
        grounds = "".join(
            f'<meta name="theme-color" media="(prefers-color-scheme: {scheme})" content="{colour}">'
            f"<style>@media (prefers-color-scheme: {scheme}) {{ html {{ background: {colour} }} }}</style>"
            for scheme, colour in GROUNDS
        )
        text = NO_SCRIPT.sub(f"<noscript>{WITHOUT_SCRIPTS}</noscript>", page.decode())
        text = text.replace(MARKED.decode(), "<title>Imagier</title>")
        text = text.replace('href="./favicon.png"', f'href="{icon}"')
        text = text.replace("</head>", f'<link rel="apple-touch-icon" href="{icon}">{grounds}</head>', 1)
        # At the end: what Streamlit says of the same element comes before it.
        return text.replace("</body>", f'<link rel="stylesheet" href="{sheet}"></body>', 1).encode()


class FirstPage:
    """ASGI middleware: dresses the page of Streamlit's; every other answer passes as it is."""

    def __init__(self, app: ASGIApp, look: Look):
        self.app, self.look = app, look

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Only a browser that goes to an address is given a page; what a page loads is none of ours.
        if scope["type"] != "http" or _header(scope, b"sec-fetch-dest") not in (b"document", b""):
            await self.app(scope, receive, send)
            return
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _is_page(message):
                start = message
            elif not start:
                await send(message)
            else:
                body.extend(message.get("body", b""))
                if not message.get("more_body", False):
                    await self._send(scope, send, start, bytes(body))

        headers = [(name, value) for name, value in scope["headers"] if name not in UNWANTED]
        await self.app({**scope, "headers": headers}, receive, collect)

    async def _send(self, scope: Scope, send: Send, start: Message, body: bytes) -> None:
        if MARKED in body and scope["path"].strip("/") not in PATHS:
            body = missing_page(reader_of(Request(scope))).encode()
            start = {**start, "status": 404, "headers": HTMLResponse(body, headers=MISSING).raw_headers}
        elif MARKED in body:
            body = self.look.dressed(body)
            kept = [(name, value) for name, value in start["headers"] if name not in OF_THE_FILE]
            start = {**start, "headers": [*kept, (b"content-length", str(len(body)).encode())]}
        await send(start)
        await send({"type": "http.response.body", "body": body})


def _header(message: Any, name: bytes) -> bytes:
    return next((value for key, value in message["headers"] if key.lower() == name), b"")


def _is_page(message: Message) -> bool:
    return message["status"] == 200 and _header(message, b"content-type").startswith(b"text/html")


def _version(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:12]
