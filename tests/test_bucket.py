"""A bucket that refuses us, breaks off or is gone; and addresses that cannot be meant."""

import asyncio
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.storage import files as files_module
from core.storage.files import Files
from tests.s3_server import use_endpoint


class _Refusing(BaseHTTPRequestHandler):
    """A bucket whose owner let us in no longer."""

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.do_GET()

    def do_GET(self) -> None:
        body = b"<Error><Code>AccessDenied</Code><Message>Access\n Denied</Message></Error>"
        self.send_response(403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class _BreakingOff(_Refusing):
    """A store that dies in the middle of a file."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Sun, 22 Nov 2026 12:00:00 GMT")
        self.end_headers()
        self.wfile.write(b"x" * 1000)


@contextmanager
def _answering(handler: type[BaseHTTPRequestHandler], monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    monkeypatch.setattr(files_module, "_RETRIES", {"max_retries": 0})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        use_endpoint(monkeypatch, f"http://127.0.0.1:{server.server_port}")
        try:
            yield Files.open("s3://bucket/prefix")
        finally:
            server.shutdown()
            thread.join()


def test_a_bucket_that_refuses_us_is_told_in_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    with _answering(_Refusing, monkeypatch) as files:
        with pytest.raises(PermissionError, match="Access Denied"):
            files.read("one.png")
        with pytest.raises(PermissionError, match="cannot be used: Access Denied") as raised:
            files.check()
    assert "test-secret-key" not in str(raised.value)


def test_a_bucket_without_credentials_is_told_by_the_names_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    with _answering(_Refusing, monkeypatch):
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", os.environ["AWS_ENDPOINT_URL"])
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        with pytest.raises(OSError, match="No credentials; set AWS_ACCESS_KEY_ID"):
            Files.open("s3://bucket").check()


def test_a_store_that_breaks_off_is_an_error_and_not_a_short_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    async def received(files: Files) -> bytes:
        stream = await files.stream("one.png")
        return b"".join([chunk async for chunk in stream.chunks])

    with _answering(_BreakingOff, monkeypatch) as files:
        with pytest.raises(OSError, match=r"one\.png"):
            files.read("one.png")
        with pytest.raises(OSError, match=r"one\.png"):
            asyncio.run(received(files))


def test_a_server_that_is_gone_is_an_error_of_the_system_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with _answering(_Refusing, monkeypatch) as files:
        pass

    def write() -> None:
        files.write("one.png", b"1", "image/png")

    for use in (write, files.check, lambda: files.read("one.png"), lambda: list(files.list())):
        with pytest.raises(OSError, match="error sending request") as raised:
            use()
        assert not isinstance(raised.value, FileNotFoundError)
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    ["", "s3://", "s3:///prefix", "s3://name:hunter2@bucket", "s3://bucket?key=hunter2", "ftp://host/folder",
     "file://host/folder", "https://host/bucket"],
)  # fmt: skip
def test_an_address_that_cannot_be_meant_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ValueError, match="picture store must be") as raised:
        Files.open(url)
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    "endpoint", ["localhost:9000", "http://", "https:///", "nonsense", "http://a b", "http://me:hunter2@host"]
)
def test_an_endpoint_that_is_no_address_is_refused(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    use_endpoint(monkeypatch, endpoint)
    with pytest.raises(ValueError, match="AWS_ENDPOINT_URL") as raised:
        Files.open("s3://bucket")
    assert "hunter2" not in str(raised.value)
