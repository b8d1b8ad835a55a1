"""A real HTTP server on the own machine that answers as a test tells it to, also where no server should."""

from __future__ import annotations

import gzip
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Any

from attrs import field, frozen, mutable

Answer = Callable[[socket.socket], None]
"""Writes an answer, or whatever it likes, into the connection."""


@frozen
class Request:
    """What a client asked: its first line's parts, its headers with their names in lower case, and the body."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def plain(body: bytes, status: int = 200, *headers: str) -> Answer:
    """An answer as it should be."""
    lines = [f"HTTP/1.1 {status} Whatever", f"Content-Length: {len(body)}", "Connection: close", *headers]
    data = "\r\n".join([*lines, "", ""]).encode("latin-1") + body
    return lambda connection: connection.sendall(data)


def page(value: object) -> Answer:
    """A JSON answer as it should be."""
    return plain(json.dumps(value).encode("utf-8"))


def status(code: int, *headers: str) -> Answer:
    """An answer without a body worth reading."""
    return plain(b"{}", code, *headers)


def redirect(location: str, code: int = 302) -> Answer:
    return status(code, f"Location: {location}")


def raw(data: bytes) -> Answer:
    """Exactly these bytes, and the end of the connection."""
    return lambda connection: connection.sendall(data)


def truncated(body: bytes, missing: int = 10) -> Answer:
    """An answer that ends earlier than it said."""
    return raw(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:-missing])


def bomb(size: int) -> Answer:
    """A few bytes that unpack to ``size``."""
    return plain(gzip.compress(bytes(size)), 200, "Content-Encoding: gzip")


def dripping(start: bytes, drop: bytes, pause: float) -> Answer:
    """``start``, and then ``drop`` every ``pause`` seconds until the client has had enough."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(start)
        while True:  # until the client closes the connection, which sendall then says
            time.sleep(pause)
            connection.sendall(drop)

    return answer


def silent(connection: socket.socket) -> None:
    """No answer at all, and the connection kept open until the client closes it."""
    connection.settimeout(5)
    connection.recv(1)


def in_turn(*answers: Answer) -> Answer:
    """Each of these once, and the last one from then on."""
    waiting = list(answers)
    return lambda connection: (waiting.pop(0) if len(waiting) > 1 else waiting[0])(connection)


@mutable
class Relay:
    """A server; ``pages`` has its answers by target, ``asked`` what it has been asked. Use it as a context manager.

    An answer under ``*`` is that for all other targets; without one they are not found.
    """

    pages: dict[str, Answer] = field(factory=dict)
    tls: Path | None = None
    asked: list[Request] = field(factory=list)
    _server: Any = None

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Relay:
        relay = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError):
                    relay._serve(self.request)

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(5)
        if self.tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.tls)
            with context.wrap_socket(connection, server_side=True) as secured:
                self._answer(secured)
        else:
            self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        request = _request(connection)
        if request is not None:
            self.asked.append(request)
            answer = self.pages.get(request.target) or self.pages.get("*") or status(404)
            answer(connection)


def _request(connection: socket.socket) -> Request | None:
    with connection.makefile("rb") as stream:
        first = stream.readline().decode("latin-1").split()
        if len(first) != 3:
            return None
        headers: dict[str, str] = {}
        while line := stream.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Request(first[0], first[1], headers, stream.read(int(headers.get("content-length", 0))))


@contextmanager
def relays(count: int) -> Iterator[list[Relay]]:
    """So many servers."""
    servers = [Relay() for _ in range(count)]
    try:
        yield [server.__enter__() for server in servers]
    finally:
        for server in servers:
            server.__exit__(None, None, None)


def closed_address() -> str:
    """An address at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def self_signed(path: Path) -> Path:
    """A new key and a certificate for 127.0.0.1 that nobody vouches for, in one PEM file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "synthetic relay of a test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@mutable
class FakeTime:
    """A clock that moves only while somebody sleeps."""

    seconds: float = 0.0
    slept: list[float] = field(factory=list)

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds
