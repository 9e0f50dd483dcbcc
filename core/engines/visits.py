"""One exchange with a server, or a few: bound to an origin that is trusted, and ended by a clock whatever it is doing.

An address may be a stranger's: it may lead into our own network, change its mind between a check and the connection,
redirect, trickle, or never end. So each connection is made to an address that was resolved and checked just before.
"""

import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util.connection import create_connection

from core.engines.addresses import is_public, origin_of

_CONNECT_SECONDS = 20.0  # for each address of a name
_CHUNK = 64 * 1024


class RefusedAddressError(Exception):
    """The address leads where nothing is asked for."""


class BrokenAnswerError(Exception):
    """The address is acceptable and did not give the whole answer."""


class TooLargeError(BrokenAnswerError):
    pass


# All that a visit may end with, beside an answer. Their texts repeat what was sent, except for the last two.
ERRORS = (requests.RequestException, HTTPError, OSError, ValueError, RefusedAddressError, BrokenAnswerError)


class Visit:
    """Used as a context. Addresses that are not public are refused, except on the origin of `url` itself."""

    def __init__(self, url: str, seconds: float):
        self._own = origin_of(url)
        self._seconds = seconds
        self._is_over = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()
        self._timer.join()
        for connection in self._sockets:
            connection.close()

    @contextmanager
    def answer(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        parameters: Mapping[str, Any] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> Iterator[requests.Response]:
        """Its content is not read yet. Redirects are not followed: they would carry a key to where nobody chose."""
        with requests.Session() as session:
            session.trust_env = False  # no password from a .netrc in the place of the key; the proxies are read below
            adapter = _Adapter(self)  # which reads all that the system trusts: one is enough
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            with session.request(
                method,
                url,
                params=parameters,
                json=body,
                headers={"User-Agent": "Imagier", "Accept-Encoding": "identity", **headers},
                timeout=(min(_CONNECT_SECONDS, self._seconds), self._seconds),
                stream=True,
                allow_redirects=False,
                proxies=get_environ_proxies(url),
            ) as answer:
                yield answer

    def content(self, answer: requests.Response, most_bytes: int) -> bytes:
        """All of it; raises a BrokenAnswerError for an answer that is too large, or less than it said."""
        said = int(answer.headers.get("content-length", "-1"))
        content = bytearray()
        while max(said, len(content)) <= most_bytes and (chunk := answer.raw.read1(_CHUNK)):
            content += chunk
            if self._is_over:
                break
        if max(said, len(content)) > most_bytes:
            raise TooLargeError("too large")
        if self._is_over or 0 <= said != len(content):
            raise BrokenAnswerError("cut off")
        return bytes(content)

    def watch(self, connection: socket.socket) -> None:
        """Keep a second handle: TLS takes the first one over, and a read that hangs ends only by a shutdown."""
        with self._lock:
            if self._is_over:
                raise BrokenAnswerError("too slow")
            self._sockets.append(connection.dup())

    def is_own(self, origin: tuple[str, str, int | None]) -> bool:
        return origin == self._own

    @property
    def is_over(self) -> bool:
        """Whether the clock has ended it."""
        return self._is_over

    @property
    def has_connected(self) -> bool:
        """Whether anything can have been sent."""
        return bool(self._sockets)

    def _end(self) -> None:
        with self._lock:
            self._is_over = True
            for connection in self._sockets:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue


class _Watched:
    """A connection that belongs to a visit; `guarded` ones go to public addresses only."""

    host: str
    port: int
    timeout: Any

    def __init__(self, *args: Any, visit: Visit, guarded: bool, **options: Any):
        self._visit = visit
        self._guarded = guarded
        super().__init__(*args, **options)

    def _new_conn(self) -> socket.socket:
        """Resolve once, check, and connect to the very address that was checked."""
        found = socket.getaddrinfo(self.host.strip("[]"), self.port, type=socket.SOCK_STREAM)
        addresses = [str(one[4][0]) for one in found]
        if self._guarded and not all(is_public(one) for one in addresses):
            raise RefusedAddressError("not a public address")
        connection = _first_that_answers(addresses, self.port, self.timeout)
        try:
            self._visit.watch(connection)
        except BrokenAnswerError:
            connection.close()
            raise
        return connection


class _Plain(_Watched, HTTPConnection):
    pass


class _Secure(_Watched, HTTPSConnection):
    pass


class _Adapter(HTTPAdapter):
    """Makes watched connections. Behind a proxy the proxy connects, so there only the address itself is checked."""

    def __init__(self, visit: Visit):
        self._visit = visit
        super().__init__()

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Trust what the system trusts (SSL_CERT_FILE too), as the connection to the provider does."""
        super().init_poolmanager(*args, ssl_context=ssl.create_default_context(), **options)

    def get_connection_with_tls_context(
        self, request: requests.PreparedRequest, verify: Any, proxies: Any = None, cert: Any = None
    ) -> ConnectionPool:
        pool = super().get_connection_with_tls_context(request, verify, proxies, cert)
        url = request.url or ""
        if select_proxy(url, proxies):
            if not self._visit.is_own(origin_of(url)):
                _check_before_proxy(origin_of(url)[1])
            return pool
        if not isinstance(pool, HTTPConnectionPool):
            raise BrokenAnswerError("neither http nor https")
        secure = isinstance(pool, HTTPSConnectionPool)
        origin = ("https" if secure else "http", pool.host, pool.port)  # of the connection itself, however `url` reads
        pool.ConnectionCls = _Secure if secure else _Plain
        pool.conn_kw |= {"visit": self._visit, "guarded": not self._visit.is_own(origin)}
        return pool


def is_through_proxy(url: str) -> bool:
    """Whether a proxy, and no visit, makes the connection."""
    return bool(select_proxy(url, get_environ_proxies(url)))


def introduction(key: str | None, organisation: str = "", project: str = "") -> dict[str, str]:
    """The headers by which a provider knows who asks, and for JSON."""
    headers = {"Accept": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    if organisation:
        headers["OpenAI-Organization"] = organisation
    if project:
        headers["OpenAI-Project"] = project
    return headers


def _first_that_answers(addresses: list[str], port: int, timeout: Any) -> socket.socket:
    problem = OSError("the name has no address")
    for address in addresses:
        try:
            return create_connection((address, port), timeout)
        except OSError as error:
            problem = error
    raise problem


def _check_before_proxy(host: str) -> None:
    """A name that only the proxy can resolve is the proxy's to judge."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return
    if not all(is_public(str(one[4][0])) for one in found):
        raise RefusedAddressError("not a public address")
