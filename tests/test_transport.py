"""The way over HTTP to a provider: what it says of a call decides whether that may be made again."""

import asyncio
import base64
import json
import socket
import ssl
from pathlib import Path

import pytest

from core.engines.base import Job, Painting, Refused, Unknown
from core.engines.transport import LONGEST_HEADER
from tests.images_api import picture
from tests.images_server import KEY, ImagesServer
from tests.painting import MODEL, Outcome, engine_for, painted
from tests.wire import certificate, one_answer

PNG = picture("64x64", "png", 0, 9000, False)
BODY = json.dumps({"data": [{"b64_json": base64.b64encode(PNG).decode()}]}).encode()


def whole(headers: str = "") -> bytes:
    return f"HTTP/1.1 200 OK\r\n{headers}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY


def paint(base_url: str) -> Outcome:
    async def run() -> Outcome:
        engine = engine_for(ImagesServer(), base_url=base_url)
        try:
            return await painted(engine, Job(MODEL, "a boat"))
        finally:
            await engine.close()

    return asyncio.run(run())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}",
        whole(f"x-long: {'a' * 2 * LONGEST_HEADER}\r\n"),
    ],
)
def test_whatever_happens_after_the_order_went_out_it_may_be_billed(answer: bytes) -> None:
    port, thread = one_answer(answer)
    failure = paint(f"http://127.0.0.1:{port}/v1").failure
    thread.join()
    assert isinstance(failure, Unknown)
    assert failure.code == "connection_lost"


def test_long_headers_of_an_answer_lose_no_picture() -> None:
    port, thread = one_answer(whole(f"x-long: {'a' * (LONGEST_HEADER // 2)}\r\n"))
    painting = paint(f"http://127.0.0.1:{port}/v1").painting
    thread.join()
    assert painting == Painting(PNG)


def test_an_answer_that_comes_in_chunks_or_ends_with_its_connection_is_whole() -> None:
    half = len(BODY) // 2
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (BODY[:half], BODY[half:], b""))
    for answer in (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks,
        b"HTTP/1.0 200 OK\r\n\r\n" + BODY,
        b"HTTP/1.1 100 Continue\r\n\r\n" + whole(),
    ):
        port, thread = one_answer(answer)
        painting = paint(f"http://127.0.0.1:{port}/v1").painting
        thread.join()
        assert painting == Painting(PNG)


def test_a_provider_whose_authority_the_system_trusts_is_trusted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*files)
    with ImagesServer(tls=tls) as server:
        failure = paint(server.base_url).failure
        assert isinstance(failure, Refused)
        assert (failure.code, server.requests) == ("provider_unreachable", [])
        monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
        assert paint(server.base_url).painting
        assert len(server.calls) == 1


def test_an_order_takes_the_way_over_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    received: list[bytes] = []
    port, thread = one_answer(whole(), received=received)
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", ".")
    assert paint("http://provider.invalid/v1").painting == Painting(PNG)
    thread.join()
    assert received[0].startswith(b"POST http://provider.invalid/v1/images/generations HTTP/1.1")


def test_a_proxy_that_is_not_there_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    port, thread = one_answer(b"")
    asyncio.run(_connect(port))
    thread.join()
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", ".")
    assert isinstance(paint("http://provider.invalid/v1").failure, Refused)


async def _connect(port: int) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.close()
    await writer.wait_closed()


def test_a_provider_that_takes_no_connection_in_time_cost_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its queue of connections is full, so that none is ever made."""
    monkeypatch.setattr("core.engines.openai_images._CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        failure = paint(f"http://127.0.0.1:{port}/v1").failure
        for one in waiting:
            one.close()
    assert isinstance(failure, Refused)
    assert failure.code == "provider_unreachable"


def test_what_the_address_says_of_a_name_and_a_password_is_not_sent_twice() -> None:
    received: list[bytes] = []
    port, thread = one_answer(whole(), received=received)
    paint(f"http://ada:secret@127.0.0.1:{port}/v1")
    thread.join()
    assert b"secret" not in received[0]
    assert received[0].lower().count(b"authorization:") == 1


def test_no_header_is_sent_twice() -> None:
    received: list[bytes] = []
    port, thread = one_answer(whole(), received=received)
    paint(f"http://127.0.0.1:{port}/v1")
    thread.join()
    names = [line.partition(b":")[0].lower() for line in received[0].partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]]
    assert len(names) == len(set(names))
    assert f"Bearer {KEY}".encode() in received[0]
