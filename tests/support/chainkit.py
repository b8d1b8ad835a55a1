"""A synthetic hash chain, a clock that the test moves, and plain requests to a server."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from attrs import define, frozen

from dblrandom.adapters.hashchains import store as chainstore
from dblrandom.adapters.hashchains.files import ChainInfo
from dblrandom.kernel.entropy import chain_ahead
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.model import Source, time_seconds, time_text

SEED = bytes(range(32))
OPERATOR = "cd" * 32
GENESIS = "2024-01-01T00:00:00Z"
PERIOD = 3600


def at(step: int, seconds: int = 0) -> str:
    """When a step of the chain is due, and so many seconds later."""
    return time_text(time_seconds(GENESIS) + step * PERIOD + seconds)


def make(folder: Path, length: int = 10, suite: Suite = SHA256, **changed: Any) -> ChainInfo:
    """An operator's folder with a new chain of hourly steps."""
    given: dict[str, Any] = {"genesis": GENESIS, "period": PERIOD, "operator_keyid": OPERATOR, "seed32": SEED}
    return chainstore.init(folder, length=length, suite=suite, **(given | changed))


def value_of(info: ChainInfo, step: int, seed: bytes = SEED) -> str:
    """The value of a step, from the seed itself."""
    return chain_ahead(info.suite, seed, info.schedule.length - step).hex()


def source(info: ChainInfo, step: int) -> Source:
    """The declaration of a step."""
    terms: dict[str, str | int] = {"tip": info.tip, "step": step, "operator": info.operator}
    return Source(kind="hashchain", name="notary", not_before=info.schedule.time_of(step), terms=terms)


@define
class Clock:
    """The world's clock and the time that really passes, each moved by hand; lines that were warned of."""

    shown: int
    passed: int = 0

    @classmethod
    def at(cls, text: str) -> Clock:
        return cls(time_seconds(text))

    def now(self) -> str:
        return time_text(self.shown)

    def steady(self) -> int:
        return self.passed

    def go(self, seconds: int) -> None:
        """Time passes, and the clock is right about it."""
        self.shown += seconds
        self.passed += seconds

    def set(self, text: str) -> None:
        """Somebody sets the clock, and no time passes."""
        self.shown = time_seconds(text)


@frozen
class Got:
    status: int
    headers: dict[str, str]
    body: bytes


def ask(url: str, path: str, method: str = "GET", **headers: str) -> Got:
    """One request with exactly this path."""
    connection = http.client.HTTPConnection(urlsplit(url).hostname or "", urlsplit(url).port, timeout=5)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders()
        answer = connection.getresponse()
        return Got(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def connected(url: str) -> socket.socket:
    """An open connection on which nothing has been said."""
    parts = urlsplit(url)
    return socket.create_connection((parts.hostname, parts.port), timeout=5)


def everything(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    found = b""
    try:
        while part := connection.recv(65536):
            found += part
    except ConnectionError:
        pass
    return found


def until(true: Callable[[], bool], seconds: float = 5) -> None:
    """Wait for something that another thread or process does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never happened"
        time.sleep(0.01)
