"""HTTP for the SDK, by aiohttp: an answer of megabytes takes half the processor time that httpx2's own way takes.

The SDK can do that too, but it says of a connection which broke off after the order had gone out that it was never
made: the order would be sent, and billed, once more. Here `httpx2.ConnectError` and `httpx2.ConnectTimeout` mean that
nothing was sent, and everything else that something may have been.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import aiohttp
import httpx2

from core.engines.visits import is_through_proxy

READ_AT_ONCE = 256 * 1024  # bytes, as many as asyncio takes from a socket
IDLE_SECONDS = 3.0  # that a connection is kept: less than servers keep it, who may close it just as it is used again
LONGEST_HEADER = 64 * 1024  # bytes; an answer is paid for, whatever its headers are
_OWN_HEADERS = ("Accept", "Accept-Encoding", "Content-Type", "User-Agent")  # that aiohttp would add


def transport(base_url: str) -> httpx2.AsyncBaseTransport | None:
    """None where a proxy makes the connection: httpx2 knows all kinds of them. Reads certificates: not on a loop."""
    if is_through_proxy(base_url):
        return None
    return Transport(httpx2.create_ssl_context() if base_url.lower().startswith("https:") else None)


class Transport(httpx2.AsyncBaseTransport):
    """Without proxies, redirects and a deadline for reading: whoever asks has one for all of it. On one event loop."""

    def __init__(self, context: ssl.SSLContext | None):
        self._context = context
        self._session: aiohttp.ClientSession | None = None

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        timeout = aiohttp.ClientTimeout(connect=request.extensions["timeout"]["connect"])
        for _ in range(2):  # what came meanwhile is read first: also that the other side has closed an idle connection
            await asyncio.sleep(0)
        with _translated():
            answer = await self._opened().request(
                request.method,
                _address(request.url),
                headers=request.headers.multi_items(),
                data=_content(request),
                allow_redirects=False,
                timeout=timeout,
            )
        return httpx2.Response(answer.status, headers=answer.raw_headers, stream=_Body(answer), request=request)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=IDLE_SECONDS, ssl=self._context or True),
                cookie_jar=aiohttp.DummyCookieJar(),
                skip_auto_headers=_OWN_HEADERS,
                auto_decompress=False,
                read_bufsize=READ_AT_ONCE,
                max_line_size=LONGEST_HEADER,
                max_field_size=LONGEST_HEADER,
            )
        return self._session


class _Body(httpx2.AsyncByteStream):
    def __init__(self, answer: aiohttp.ClientResponse):
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _translated():
            async for piece in self._answer.content.iter_any():
                yield piece

    async def aclose(self) -> None:
        """A connection whose answer was not read to its end is closed with it."""
        self._answer.release()


def _address(url: httpx2.URL) -> str:
    """Without a name and a password, which are in a header already."""
    return str(url.copy_with(username=None, password=None) if url.userinfo else url)


def _content(request: httpx2.Request) -> bytes | AsyncIterator[bytes] | None:
    try:
        return request.content or None
    except httpx2.RequestNotRead:  # files, which are read as they are sent
        stream = request.stream
        return aiter(stream) if isinstance(stream, httpx2.AsyncByteStream) else None


@contextmanager
def _translated() -> Iterator[None]:
    """Into the errors that the SDK knows. What is raised here may repeat the address, but nothing of what was sent."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx2.ConnectTimeout(str(error)) from error
    except (aiohttp.ClientConnectorError, aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError) as error:
        raise httpx2.ConnectError(str(error)) from error
    except aiohttp.ClientError as error:
        raise httpx2.ReadError(str(error) or type(error).__name__) from error
