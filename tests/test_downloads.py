"""Fetching from an address that a stranger chose."""

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
from urllib3.util import connection as urllib3_connection

from core.engines import visits
from core.engines.addresses import is_public
from core.engines.downloads import DownloadFailedError, DownloadRefusedError, fetch
from tests.images_api import picture
from tests.images_server import ImagesServer
from tests.wire import certificate, one_answer

PICTURE = picture("64x64", "png", 1, 0, False)


@pytest.fixture
def server() -> Iterator[ImagesServer]:
    with ImagesServer() as server:
        yield server


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """A name service of our own: what it is asked for, it answers with the next of the addresses."""
    known: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def getaddrinfo(host: str, *args: object, **options: object) -> object:
        addresses = known.get(host)
        if addresses:
            host = addresses.pop(0) if len(addresses) > 1 else addresses[0]
        return real(host, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    return known


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0"),
        *(
            "100.64.0.1",
            "192.0.0.192",
            "168.63.129.16",
            "198.18.0.1",
            "224.0.0.1",
            "239.255.255.250",
            "240.0.0.1",
            "255.255.255.255",
        ),
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::1"),
        *("2002:a00:1::", "100::1"),
    ],
)
def test_an_address_of_some_network_of_its_own_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("address", ["/picture.png", "picture.png", "?x", "#y", "//HOST/picture.png"])
def test_a_relative_address_belongs_to_the_connections_origin(server: ImagesServer, address: str) -> None:
    address = address.replace("HOST", f"127.0.0.1:{server.port}")
    base_url = server.origin + "/picture.png"
    assert fetch(address, base_url, 10) == PICTURE


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/picture.png",
        "http://localhost:{port}/picture.png",
        "HTTP://2130706433:{port}/picture.png",
        "http://0x7f.1:{port}/picture.png",
        "http://[::1]:{port}/picture.png",
        "http://[::ffff:127.0.0.1]:{port}/picture.png",
        "http://user:password@127.0.0.1:{port}/picture.png",
        "http://public.example@127.0.0.1:{port}/picture.png",
    ],
)
def test_our_own_network_is_refused_before_a_byte_is_sent(server: ImagesServer, address: str) -> None:
    with pytest.raises(DownloadRefusedError):
        fetch(address.format(port=server.port), "https://api.openai.com/v1", 10)
    assert server.fetches == []


@pytest.mark.parametrize(
    "address", ["file:///etc/passwd", "ftp://1.1.1.1/x", "gopher://1.1.1.1", "javascript:1", "blob:x"]
)
def test_only_http_and_https_are_fetched(address: str) -> None:
    with pytest.raises(DownloadRefusedError):
        fetch(address, "https://api.openai.com/v1", 10)


def test_another_port_of_the_same_machine_is_another_origin(server: ImagesServer) -> None:
    with ImagesServer() as other, pytest.raises(DownloadRefusedError):
        fetch(f"{other.origin}/picture.png", server.base_url, 10)


def test_a_name_that_says_own_origin_and_leads_elsewhere_is_refused(server: ImagesServer) -> None:
    for tail in ("@localhost", "\\@localhost", "%40localhost"):
        with ImagesServer() as other, pytest.raises((DownloadRefusedError, DownloadFailedError)):
            fetch(f"http://127.0.0.1:{server.port}{tail}:{other.port}/picture.png", server.base_url, 5)
        assert other.fetches == []


def test_a_name_that_changes_its_mind_after_the_check_leads_nowhere(
    server: ImagesServer, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: public when checked, ours when connected to. It is resolved once, so there is no second time."""
    names["rebinding.example"] = ["192.0.2.1", "127.0.0.1"]
    monkeypatch.setattr(visits, "is_public", lambda address: address == "192.0.2.1")
    connected: list[str] = []

    def create_connection(address: tuple[str, int], timeout: object) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(visits, "create_connection", create_connection)
    with pytest.raises(DownloadFailedError):
        fetch(f"http://rebinding.example:{server.port}/picture.png", "https://api.openai.com/v1", 10)
    assert connected == ["192.0.2.1"]


def test_a_name_with_one_bad_address_among_good_ones_is_refused(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, server.port)) for address in ("1.1.1.1", "127.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: found)
    with pytest.raises(DownloadRefusedError):
        fetch(f"http://two.example:{server.port}/picture.png", "https://api.openai.com/v1", 10)
    assert server.fetches == []


def test_a_public_address_is_fetched(
    server: ImagesServer, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    names["pictures.example"] = ["127.0.0.1"]
    monkeypatch.setattr(visits, "is_public", lambda address: True)
    assert fetch(f"http://pictures.example:{server.port}/picture.png", "https://api.openai.com/v1", 10) == PICTURE
    assert server.fetches[0][1]["host"] == f"pictures.example:{server.port}"


def test_a_redirect_is_followed_and_checked_anew(server: ImagesServer) -> None:
    assert fetch("/redirect/3", server.base_url, 10) == PICTURE
    with pytest.raises(DownloadFailedError, match="redirects"):
        fetch("/redirect/4", server.base_url, 10)
    with ImagesServer() as other:
        with pytest.raises(DownloadRefusedError):
            fetch(f"/redirect-to?{other.origin}/picture.png", server.base_url, 10)
        assert other.fetches == []


def test_passwords_of_this_machine_are_not_sent(
    server: ImagesServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login alice password canary\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    assert fetch("/picture.png", server.base_url, 10) == PICTURE
    assert "authorization" not in server.fetches[0][1]


@pytest.mark.parametrize("path", ["/slow", "/slow-head"])
def test_what_trickles_is_ended_by_the_clock(server: ImagesServer, path: str) -> None:
    begun = monotonic()
    with pytest.raises(DownloadFailedError, match=r"too slow|cut off"):
        fetch(path, server.base_url, 0.5)
    assert monotonic() - begun < 5


def test_a_connection_that_is_made_too_late_is_closed_at_once(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = urllib3_connection.create_connection

    def create_connection(address: tuple[str, int], timeout: float) -> socket.socket:
        for clock in [thread for thread in threading.enumerate() if isinstance(thread, threading.Timer)]:
            clock.join()
        return real(address, timeout)

    monkeypatch.setattr(visits, "create_connection", create_connection)
    with pytest.raises(DownloadFailedError, match="too slow"):
        fetch("/picture.png", server.base_url, 0.01)
    assert server.fetches == []


def test_what_never_ends_is_cut_at_the_limit(server: ImagesServer) -> None:
    with pytest.raises(DownloadFailedError, match="too large"):
        fetch("/huge", server.base_url, 60)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\nabc", "too large"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", "ProtocolError|cut off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nabc", "."),
        (b"HTTP/1.1 206 Partial\r\nContent-Length: 3\r\n\r\nabc", "206"),
        (b"HTTP/1.1 304 Not Modified\r\n\r\n", "304"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc", "."),
        (b"nonsense", "."),
        (b"", "."),
        (b"HTTP/1.1 302 Found\r\nLocation: http://[\r\n\r\n", "."),
        (b"HTTP/1.1 302 Found\r\nLocation: \r\n\r\n", "."),
    ],
)
def test_an_answer_that_is_not_a_whole_file_has_failed(answer: bytes, reason: str) -> None:
    port, thread = one_answer(answer)
    with pytest.raises(DownloadFailedError, match=reason):
        fetch("/", f"http://127.0.0.1:{port}/v1", 5)
    thread.join()


def test_an_answer_in_chunks_arrives_whole() -> None:
    port, thread = one_answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    assert fetch("/", f"http://127.0.0.1:{port}/v1", 5) == b"abcde"
    thread.join()


def test_an_authority_that_the_system_trusts_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*files)
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    port, thread = one_answer(
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", lambda plain: context.wrap_socket(plain, server_side=True)
    )
    assert fetch("/", f"https://127.0.0.1:{port}/v1", 5) == b"abc"
    thread.join()


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate(tmp_path))

    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as plain, pytest.raises(OSError):  # noqa: PT011
            context.wrap_socket(plain, server_side=True)

    thread = threading.Thread(target=serve)
    thread.start()
    with pytest.raises(DownloadFailedError, match="SSLError"):
        fetch("/", f"https://127.0.0.1:{listener.getsockname()[1]}/v1", 5)
    thread.join()


def test_a_proxy_is_used_and_does_not_open_our_own_network(
    server: ImagesServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, thread = one_answer(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", ".")
    with pytest.raises(DownloadRefusedError):
        fetch(f"{server.origin}/picture.png", "https://api.openai.com/v1", 5)
    assert fetch("http://1.1.1.1/picture.png", "https://api.openai.com/v1", 5) == b"abc"
    thread.join()
    assert server.fetches == []


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def test_nothing_stays_open(server: ImagesServer) -> None:
    before = open_files()
    for path in ("/picture.png", "/redirect/2", "/missing"):
        try:
            fetch(path, server.base_url, 10)
        except DownloadFailedError:
            continue
    threads = [thread.name for thread in threading.enumerate() if isinstance(thread, threading.Timer)]
    assert threads == []
    server.wait_until(lambda: open_files() <= before + 4)
