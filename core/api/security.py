"""Headers that every answer carries, and what every answer is logged under."""

import logging
import re
import secrets
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose

from core.api.door import nothing_there
from core.logs import about

log = logging.getLogger(__name__)

# Streamlit's components are loaded as blobs and its styles are inline; everything else comes from this server.
CONTENT_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)
HEADERS = {
    b"content-security-policy": CONTENT_POLICY.encode(),
    b"x-content-type-options": b"nosniff",
    b"x-frame-options": b"DENY",
    b"referrer-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"permissions-policy": b"camera=(), microphone=(), geolocation=(), payment=()",
}
# Base64 and pictures: a server that compresses them works for nothing. No web socket is at home there.
PACKED = ("/api/", "/pictures/", "/s/")
LINKS = "/s/"  # what follows is the secret of a link
# Where no file may be sought; Streamlit would answer in its own shape.
ODD = re.compile(r"^(/api/(.*(\x00|\\)|(.*/)?\.\.(/|$))|/{2,}api(/|$))", re.DOTALL)
QUIET = ("/_stcore/", "/static/", "/healthz", "/readyz")


class Security:
    """ASGI middleware: the headers, a request id for the logs, one log line for each request of ours."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            is_ours = scope["type"] == "websocket" and scope["path"].startswith(PACKED)
            await (WebSocketClose() if is_ours else self.app)(scope, receive, send)
            return
        if scope["path"].startswith(PACKED):
            scope["headers"] = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        http_id = secrets.token_hex(8)

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(message, http_id)
                if not scope["path"].startswith(QUIET):
                    path = f"{LINKS}…" if scope["path"].startswith(LINKS) else scope["path"]
                    log.info("%s %s -> %s", scope["method"], path, message["status"])
            await send(message)

        app = nothing_there if ODD.search(scope["path"]) else self.app
        with about(http_id=http_id):
            await app(scope, receive, with_headers)


def _add_headers(message: MutableMapping[str, Any], http_id: str) -> None:
    """A route may set a stricter policy of its own; it is kept."""
    headers = list(message.get("headers", []))
    present = {name.lower() for name, _ in headers}
    headers += [(name, value) for name, value in HEADERS.items() if name not in present]
    headers.append((b"x-request-id", http_id.encode()))
    message["headers"] = headers
