"""Fetching a picture from an address that a provider named, and from nowhere that is none of its business.

The address is a stranger's: it may lead into our own network, change its mind between a check and the connection,
redirect, trickle, or never end. So each connection is made to an address that was resolved and checked just before,
and a clock ends it whatever it is doing. No key is ever sent.
"""

import ipaddress
import socket
import ssl
import threading
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.utils import get_environ_proxies, select_proxy
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import ConnectionPool, HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError
from urllib3.util import parse_url
from urllib3.util.connection import create_connection

MOST_BYTES = 64 * 1024 * 1024
MOST_REDIRECTS = 3
_READ_SECONDS = 20.0
_CHUNK = 64 * 1024
_PORTS = {"http": 80, "https": 443}
# By their numbers public, and by their use not: where Oracle's and Azure's machines ask who they are.
_OF_CLOUDS = (ipaddress.ip_network("192.0.0.0/24"), ipaddress.ip_network("168.63.129.16/32"))

Origin = tuple[str, str, int]


class DownloadRefusedError(Exception):
    """The address leads where no picture is fetched from."""


class DownloadFailedError(Exception):
    """The address is acceptable and did not give the whole file."""


def fetch(address: str, base_url: str, seconds: float) -> bytes:
    """The file at `address`, which may be relative to the origin of `base_url`, within `seconds` in all.

    Addresses that are not public are refused, at every redirect, except on the origin of `base_url` itself: that
    one the administrator chose. Blocks; raises DownloadRefusedError and DownloadFailedError.
    """
    visit = Visit(origin_of(base_url), seconds)
    with visit:
        try:
            return _follow(urljoin(base_url, address), visit)
        except (requests.RequestException, HTTPError, OSError, ValueError) as error:
            reason = "too slow" if visit.over else type(error).__name__
            raise DownloadFailedError(reason) from None


class Visit:
    """One download: the origin that is trusted, and the clock that ends its connections."""

    def __init__(self, own: Origin, seconds: float):
        self.own = own
        self.over = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *exception: object) -> None:
        self._timer.cancel()
        self._timer.join()
        for connection in self._sockets:
            connection.close()

    def watch(self, connection: socket.socket) -> None:
        """Keep a second handle: TLS takes the first one over, and a read that hangs ends only by a shutdown."""
        with self._lock:
            if self.over:
                raise DownloadFailedError("too slow")
            self._sockets.append(connection.dup())

    @property
    def has_connected(self) -> bool:
        """Whether anything can have been sent."""
        return bool(self._sockets)

    def _end(self) -> None:
        with self._lock:
            self.over = True
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
            raise DownloadRefusedError("not a public address")
        connection = _first_that_answers(addresses, self.port, self.timeout)
        try:
            self._visit.watch(connection)
        except DownloadFailedError:
            connection.close()
            raise
        return connection


class _Plain(_Watched, HTTPConnection):
    pass


class _Secure(_Watched, HTTPSConnection):
    pass


class WatchedAdapter(HTTPAdapter):
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
            if origin_of(url) != self._visit.own:
                _check_before_proxy(origin_of(url)[1])
            return pool
        if not isinstance(pool, HTTPConnectionPool):
            raise DownloadFailedError("neither http nor https")
        secure = isinstance(pool, HTTPSConnectionPool)
        origin = ("https" if secure else "http", pool.host, pool.port)
        pool.ConnectionCls = _Secure if secure else _Plain
        pool.conn_kw |= {"visit": self._visit, "guarded": origin != self._visit.own}
        return pool


def is_public(address: str) -> bool:
    """Whether an IP address lies in the public internet; for an IPv4 address inside IPv6, whether that one does."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
        if inner:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    if any(ip in network for network in _OF_CLOUDS):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _follow(url: str, visit: Visit) -> bytes:
    for _ in range(MOST_REDIRECTS + 1):
        if urlsplit(url).scheme.lower() not in _PORTS:
            raise DownloadRefusedError("neither http nor https")
        with requests.Session() as session:
            session.trust_env = False  # no password from a .netrc; the proxies are read below
            session.mount("http://", WatchedAdapter(visit))
            session.mount("https://", WatchedAdapter(visit))
            answer = session.get(
                url,
                headers={"User-Agent": "Imagier", "Accept": "image/*", "Accept-Encoding": "identity"},
                timeout=_READ_SECONDS,
                stream=True,
                allow_redirects=False,
                proxies=get_environ_proxies(url),
            )
            with answer:
                if not answer.is_redirect:
                    return _content(answer, visit)
                url = urljoin(url, answer.headers["location"])
    raise DownloadFailedError("too many redirects")


def _content(answer: requests.Response, visit: Visit) -> bytes:
    if answer.status_code != 200:
        raise DownloadFailedError(f"HTTP {answer.status_code}")
    length = int(answer.headers.get("content-length", "-1"))
    content = bytearray()
    while length <= MOST_BYTES and (chunk := answer.raw.read1(_CHUNK)):
        content += chunk
        if len(content) > MOST_BYTES:
            length = len(content)
        if visit.over:
            break
    if length > MOST_BYTES:
        raise DownloadFailedError("too large")
    if visit.over or 0 <= length != len(content):
        raise DownloadFailedError("cut off")
    return bytes(content)


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
        raise DownloadRefusedError("not a public address")


def origin_of(url: str) -> Origin:
    parts = parse_url(url)
    scheme = (parts.scheme or "").lower()
    return scheme, (parts.host or "").strip("[]").lower(), parts.port or _PORTS.get(scheme, 0)
