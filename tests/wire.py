"""Servers of a single answer, byte for byte, and certificates."""

import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path


def one_answer(
    answer: bytes,
    wrap: Callable[[socket.socket], socket.socket] = lambda plain: plain,
    received: list[bytes] | None = None,
) -> tuple[int, threading.Thread]:
    """A server of a single answer; its port, and its thread. What comes first is appended to `received`."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as plain, wrap(plain) as connection:
            request = connection.recv(65536)
            if received is not None:
                received.append(request)
            connection.sendall(answer)

    thread = threading.Thread(target=serve)
    thread.start()
    return listener.getsockname()[1], thread


def certificate(folder: Path) -> tuple[Path, Path]:
    """Files of a certificate that nobody vouches for, and of its key."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, key
