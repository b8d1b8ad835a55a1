"""A hash chain over HTTP: a small server that reads nothing but its own pulses, and reveals them when they are due.

A connection serves one ``GET`` or ``HEAD``: its head is read within a few seconds and a few kilobytes, and then it is
closed. Where too many are open, the one that has been open longest makes room. The standard library's parser sees only
a head that is there as a whole; what is said to it, :mod:`dblrandom.adapters.hashchains.answers` decides.
"""

from __future__ import annotations

import hashlib
import io
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import TCPServer, ThreadingMixIn
from types import TracebackType
from typing import Any

from dblrandom import limits
from dblrandom.adapters import clock
from dblrandom.adapters.hashchains.answers import Reply, answer, problem
from dblrandom.adapters.hashchains.revealer import Revealer, steady_seconds
from dblrandom.adapters.hashchains.store import SECRETS_NAME
from dblrandom.adapters.lock import FolderLock
from dblrandom.errors import DblrandomError, FolderError, NetworkError

__all__ = ["HEAD_LIMIT", "HEAD_SECONDS", "MOST_CONNECTIONS", "ChainServer"]

HEAD_LIMIT = limits.REQUEST_HEAD
"""The most bytes of a request's head."""

HEAD_SECONDS = 5
"""How long a client may take to send its head, and again to take the answer."""

MOST_CONNECTIONS = limits.CONNECTIONS
"""How many connections are served at a time."""

_BEAT = 0.2
_MOST_TOLD = 100


class _Handler(BaseHTTPRequestHandler):
    """One connection, one request."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        self.command, self.requestline = "", ""
        self.close_connection = True
        status, head = self._head()
        if status is not None:
            self.send_error(status)
            if status != 408:
                self._drain()
            return
        # The parser gets what has been read, and so cannot be made to wait, nor to read more.
        self.rfile = io.BytesIO(head)
        self.raw_requestline = self.rfile.readline()
        if head and self.parse_request():
            self._answer()

    def _head(self) -> tuple[int | None, bytes]:
        """What came up to the empty line, or the status of what is wrong; no bytes where the client went away."""
        head, deadline = b"", time.monotonic() + HEAD_SECONDS
        while b"\r\n\r\n" not in head and b"\n\n" not in head:
            if len(head) > HEAD_LIMIT:
                return (414 if b"\n" not in head else 431), b""
            left = deadline - time.monotonic()
            try:
                if left <= 0:
                    return 408, b""
                self.connection.settimeout(left)
                received = self.connection.recv(2048)
            except TimeoutError:
                return 408, b""
            if not received:
                return None, b""
            head += received
        return None, head

    def _answer(self) -> None:
        if self.command not in ("GET", "HEAD"):
            self._send(problem(405, "only GET and HEAD are served here"), ("Allow", "GET, HEAD"))
            return
        try:
            reply = answer(self.path, self.server.revealer)
        except DblrandomError as error:
            self.server.tell(f"warning: {error}")
            reply = problem(503, "the chain's files cannot be read; tell its operator", wait=60)
        self._send(reply)

    def _send(self, reply: Reply, *more: tuple[str, str]) -> None:
        tag = f'"{hashlib.sha256(reply.body).hexdigest()[:32]}"'
        known = self.headers.get("If-None-Match", "") if hasattr(self, "headers") else ""
        unchanged = reply.status == 200 and tag in (part.strip().removeprefix("W/") for part in known.split(","))
        self.connection.settimeout(HEAD_SECONDS)
        self.send_response(304 if unchanged else reply.status)
        for name, value in (
            ("Cache-Control", reply.cache),
            ("Access-Control-Allow-Origin", "*"),
            ("X-Content-Type-Options", "nosniff"),
            ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
            ("Connection", "close"),
            *more,
        ):
            self.send_header(name, value)
        if reply.status == 200:
            self.send_header("ETag", tag)
        if reply.wait is not None:
            self.send_header("Retry-After", str(reply.wait))
        if not unchanged:
            self.send_header("Content-Type", reply.media)
            self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        if not unchanged and self.command != "HEAD":
            self.wfile.write(reply.body)

    def _drain(self) -> None:
        """Take a little of what is still coming: closing at once would take the answer from the client's hands."""
        deadline = time.monotonic() + 1
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR)
            self.connection.settimeout(0.2)
            while time.monotonic() < deadline and self.connection.recv(65536):
                pass

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        self.request_version = self.protocol_version  # Until a version is read, an answer would have no head.
        self._send(problem(code, HTTPStatus(code).phrase.lower()))

    def version_string(self) -> str:
        return "dblrandom"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if self.server.log is not None:
            status = code.value if isinstance(code, HTTPStatus) else code
            self.server.log(f"{self.client_address[0]} {status} {self.requestline[:200]!a}")

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Nothing else is logged."""


class _Server(ThreadingMixIn, TCPServer):
    """Threads for connections, of which there are never many more than ``MOST_CONNECTIONS``."""

    allow_reuse_address = sys.platform != "win32"
    request_queue_size = 128
    daemon_threads = False

    def __init__(
        self, host: str, port: int, revealer: Revealer, warn: Callable[[str], None], log: Callable[[str], None] | None
    ) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.revealer, self.warn, self.log = revealer, warn, log
        self._open: dict[int, socket.socket] = {}
        self._told: set[str] = set()
        self._lock = threading.Lock()
        super().__init__((host, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            if len(self._open) >= MOST_CONNECTIONS:
                # Honest clients are done in a moment, so whoever has been here longest is slow on purpose.
                self._break_off(self._open.pop(next(iter(self._open))))
            self._open[id(request)] = request
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.pop(id(request), None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away, or takes too long, is no event; anything else is a mistake of ours."""
        error = sys.exception()
        if not isinstance(error, OSError):
            self.tell(f"warning: internal: {type(error).__name__}: {error}; please report")

    def tell(self, text: str) -> None:
        """Warn of a request that failed, but not again and again: requests are as many as strangers like."""
        if text not in self._told and len(self._told) < _MOST_TOLD:
            self._told.add(text)
            self.warn(text)

    def break_off_all(self) -> None:
        """Make every connection end now."""
        with self._lock:
            for request in self._open.values():
                self._break_off(request)

    @staticmethod
    def _break_off(request: socket.socket) -> None:
        with suppress(OSError):
            request.shutdown(socket.SHUT_RDWR)


class ChainServer:
    """Publishes a chain over HTTP and reveals its steps when they are due, while the ``with`` block lasts.

    Two threads do the work. Ending the block, even by a crash, leaves a lawful state that the next start continues:
    what fell due meanwhile is then revealed at once, with the same values, for they are fixed by the tip.

    Args:
        folder: the operator's folder.
        host: the address to listen at; only this machine by default.
        port: the port, 0 for any that is free.
        site: a folder in which the same tree is kept as static files, if any.
        now: the clock.
        steady: seconds that only ever pass.
        warn: where a line goes when something is wrong.
        log: where a line goes for each request; nowhere by default.

    Attributes:
        url: inside the block, where the chain is published, ending with a slash.
        revealer: inside the block, what is revealed and what is wrong.

    Raises:
        FolderError: the folder is not an operator's; or, on entry, another server is at work in it, it cannot be
            read, or the site lies wrong.
        InputError: on entry, where a file of the chain is malformed.
        NetworkError: on entry, where the address cannot be listened at.
    """

    url: str
    revealer: Revealer

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        site: Path | None = None,
        now: Callable[[], str] = clock.now,
        steady: Callable[[], int] = steady_seconds,
        warn: Callable[[str], None] = lambda _: None,
        log: Callable[[str], None] | None = None,
        clock_checked: bool = False,
    ) -> None:
        if not (folder / SECRETS_NAME).is_dir():
            raise FolderError(
                f"{folder}: has no secrets, and only the operator can reveal; publish a copy as static files: "
                "dblrandom beacon site"
            )
        self._folder, self._site = folder, site
        self._host, self._port = host, port
        self._now, self._steady, self._warn, self._log = now, steady, warn, log
        self._clock_checked = clock_checked
        self._ended = ExitStack()
        self._stop = threading.Event()

    def __enter__(self) -> ChainServer:
        self._stop.clear()
        with ExitStack() as stack:
            stack.enter_context(FolderLock(self._folder / SECRETS_NAME))
            self.revealer = Revealer(
                folder=self._folder,
                now=self._now,
                steady=self._steady,
                warn=self._warn,
                site=self._site,
                clock_checked=self._clock_checked,
            )
            server = self._listening()
            stack.callback(server.server_close)
            host, port = (str(part) for part in server.server_address[:2])
            self.url = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
            for thread in (
                threading.Thread(target=server.serve_forever, args=(0.1,), name="chain server"),
                threading.Thread(target=self._reveal, name="chain revealer"),
            ):
                thread.start()
                stack.callback(thread.join)
            stack.callback(server.break_off_all)
            stack.callback(server.shutdown)
            stack.callback(self._stop.set)
            self._ended = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._ended.close()

    def _listening(self) -> _Server:
        try:
            return _Server(self._host, self._port, self.revealer, self._warn, self._log)
        except (OSError, OverflowError, TypeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "this is not a possible address"
            raise NetworkError(f"{self._host!r}, port {self._port}: cannot listen there: {reason}") from error

    def _reveal(self) -> None:
        while not self._stop.is_set():
            if not self.revealer.beat():
                self._stop.wait(_BEAT)
