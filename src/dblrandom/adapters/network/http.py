"""Asking over HTTP: bounded in time and size, and telling nothing but what is asked for.

Needs the extra ``net`` (urllib3). Each attempt has its own connection: nothing is remembered from one to the next.
"""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import threading
import time
import traceback
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import Any
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from attrs import frozen

from dblrandom.errors import InputError, NetworkError
from dblrandom.kernel.extras import load
from dblrandom.model.json import show

__all__ = ["LONGEST_PAUSE", "LONGEST_URL", "MOST_REDIRECTS", "Client", "check_url"]

LONGEST_URL = 2048
"""Characters of an address."""

LONGEST_PAUSE = 10
"""Seconds that a server's ``Retry-After`` is followed for; one that asks for more is given up."""

MOST_REDIRECTS = 3

_ADDRESS = re.compile(r"[!-~]+")
# Narrow, so that no two libraries can read two different hosts out of one address.
_HOST = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+")
_PROXY = re.compile(r"(https?://)(?:([!-~]*)@)?([^@]*)")
_SECONDS = re.compile(r"[0-9]{1,9}")
_OURS = frozenset({"localhost", "127.0.0.1", "::1"})


class _Again(NetworkError):
    """A failure that another attempt may mend; ``pause`` is how many seconds the server asks to be left alone."""

    def __init__(self, message: str, *, status: int | None = None, pause: int = 0) -> None:
        self.pause = pause
        super().__init__(message, status=status)


@frozen
class _Answer:
    status: int
    location: str | None
    retry_after: str | None
    body: bytes


def _shown(url: SplitResult) -> str:
    """An address as messages show it: without user, password, query and fragment, which may be private."""
    return f"{url.scheme}://{url.netloc.rpartition('@')[2]}{url.path}"


def check_url(url: str, where: str = "address") -> SplitResult:
    """Take an address apart, where it is one that may be asked.

    Raises:
        InputError: it is not ``http`` or ``https``, has no host, has a user or password, or has other than printable
            ASCII characters.
    """
    if len(url) > LONGEST_URL or not _ADDRESS.fullmatch(url):
        raise InputError(f"is not an address of 1 to {LONGEST_URL} printable ASCII characters", where=where)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InputError("is not an address: its host or port is malformed", where=where) from None
    if parts.scheme not in ("http", "https") or not host or not _HOST.fullmatch(host):
        raise InputError(f"{show(_shown(parts))} is not an address; begin it with https:// and a host", where=where)
    if "@" in parts.netloc:
        raise InputError(f"the address {show(_shown(parts))} carries a user or password; leave them out", where=where)
    return parts


class _Watch(threading.Thread):
    """Breaks a connection off when its time is up.

    A socket's own timeout is for each read, so a server that sends a byte now and then would never meet it.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(daemon=True)
        self._seconds = seconds
        self._done = threading.Event()
        self._connections: list[Any] = []
        self._sockets: list[Any] = []
        self.expired = False

    def watching(self, make: Callable[..., Any]) -> Callable[..., Any]:
        """``make``, whose connections are watched from now on."""

        def watched(*args: Any, **kwargs: Any) -> Any:
            connection = make(*args, **kwargs)
            connect = connection.connect

            def connected() -> None:
                connect()
                # A connection forgets its socket where the answer is the last on it, and yet it is read from.
                self._sockets.append(connection.sock)

            connection.connect = connected
            self._connections.append(connection)
            return connection

        return watched

    def run(self) -> None:
        pause = self._seconds
        while not self._done.wait(pause):
            self.expired = True
            # Again and again, for a connection that is only being made now has no socket to break off yet.
            pause = 0.05
            for found in [*self._sockets, *(connection.sock for connection in self._connections)]:
                with suppress(OSError, TypeError):
                    # The plain socket's method: a TLS socket's own would first drop its state under the reader's feet.
                    plain = getattr(found, "socket", found)  # TLS within a proxy's TLS
                    socket.socket.shutdown(plain, socket.SHUT_RDWR)

    def stop(self) -> None:
        self._done.set()
        self.join()


@frozen(kw_only=True)
class Client:
    """Asks servers that are not trusted; whatever they do, the answer comes in time and in size, or ``NetworkError``.

    Certificates are checked for ``https``. Plain ``http`` is allowed, because every answer is checked by other means
    (a signature, a hash). No cookies, no referrer, no credentials; redirects only within the same host; compressed
    answers are refused. A proxy is taken from the environment (``HTTPS_PROXY``, ``HTTP_PROXY``, ``NO_PROXY``), never
    for the own machine. The time that looking up a host's name takes is the operating system's to bound.

    Attributes:
        timeout: seconds for connecting, and for each wait for data.
        total: seconds for one call with all its attempts, pauses and redirects.
        retries: further attempts after a failed connection, status 429 or 5xx.
        sleep: waits so many seconds.
        monotonic: a clock that only goes forward, in seconds.
        user_agent: what the client calls itself.
    """

    timeout: float = 10
    total: float = 30
    retries: int = 3
    sleep: Callable[[float], object] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    user_agent: str = "dblrandom"

    def get(self, url: str, *, limit: int = 65536, accept: str | None = None, again: Collection[int] = ()) -> bytes:
        """The body of the answer (status 200) to ``GET``.

        Args:
            url: what to ask for.
            limit: the most bytes that the body may have.
            accept: the media type asked for.
            again: further statuses that another attempt may mend, such as 404 where something is about to appear.

        Raises:
            NetworkError: no such answer came; ``status`` is that of the last answer, if any.
            InputError: ``url`` is not an address.
            MissingExtra: urllib3 is not installed.
        """
        headers = {"Accept": accept} if accept else {}
        return self._ask("GET", url, None, headers, limit, again)

    def post(self, url: str, data: bytes, *, content_type: str, limit: int = 65536) -> bytes:
        """The body of the answer (status 200 or 201) to ``POST`` with ``data``; redirects are not followed.

        Raises:
            NetworkError: as for ``get``.
            InputError: as for ``get``.
            MissingExtra: as for ``get``.
        """
        return self._ask("POST", url, data, {"Content-Type": content_type}, limit, ())

    def _ask(
        self, method: str, url: str, data: bytes | None, extra: Mapping[str, str], limit: int, again: Collection[int]
    ) -> bytes:
        parts = check_url(url)
        headers = {"User-Agent": self.user_agent, "Accept-Encoding": "identity", "Connection": "close", **extra}
        deadline = self.monotonic() + self.total
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._follow(method, parts, data, headers, limit, again, deadline)
            except _Again as error:
                pause = max(error.pause, min(2 ** (attempt - 2), 4))
                late = self.monotonic() + pause >= deadline
                if attempt > self.retries or error.pause > LONGEST_PAUSE or late:
                    tried = f"; tried {attempt} times" if attempt > 1 else ""
                    raise NetworkError(f"{error}{tried}", status=error.status) from error
            self.sleep(pause)

    def _follow(
        self,
        method: str,
        url: SplitResult,
        data: bytes | None,
        headers: Mapping[str, str],
        limit: int,
        again: Collection[int],
        deadline: float,
    ) -> bytes:
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._once(method, url, data, headers, limit, deadline)
            status = answer.status
            if status == 200 or (status == 201 and method == "POST"):
                return answer.body
            if status == 429 or 500 <= status <= 599 or status in again:
                pause = answer.retry_after or ""
                seconds = int(pause) if _SECONDS.fullmatch(pause) else 0
                asks = f" and asks to wait {seconds} s" if seconds else ""
                raise _Again(f"{_shown(url)}: answered with status {status}{asks}", status=status, pause=seconds)
            if method != "GET" or status not in (301, 302, 303, 307, 308) or answer.location is None:
                raise NetworkError(f"{_shown(url)}: answered with status {status}", status=status)
            url = _redirected(url, answer.location, status)
        raise NetworkError(f"{_shown(url)}: redirects more than {MOST_REDIRECTS} times; ask another address")

    def _once(
        self,
        method: str,
        url: SplitResult,
        data: bytes | None,
        headers: Mapping[str, str],
        limit: int,
        deadline: float,
    ) -> _Answer:
        library = load("urllib3", "net", "asking over the network")
        left = deadline - self.monotonic()
        late = f"{_shown(url)}: the answer took longer than {self.total:g} s; try again, or ask another address"
        if left <= 0:
            raise NetworkError(late)
        watch = _Watch(left)
        manager = _manager(library, url)
        watch.start()
        try:
            with _translated(library, url, watch, late):
                pool = manager.connection_from_url(url.geturl())
                pool.ConnectionCls = watch.watching(pool.ConnectionCls)
                response = manager.urlopen(
                    method,
                    url._replace(fragment="").geturl(),
                    body=data,
                    headers=dict(headers),
                    timeout=library.Timeout(connect=min(self.timeout, left), read=min(self.timeout, left)),
                    retries=False,
                    redirect=False,
                    preload_content=False,
                    decode_content=False,
                )
                try:
                    answer = _read(response, url, limit)
                finally:
                    response.close()
        finally:
            watch.stop()
            manager.clear()
        if watch.expired:  # a connection that is broken off within the headers looks like the end of them
            raise NetworkError(late)
        return answer


def _read(response: Any, url: SplitResult, limit: int) -> _Answer:
    """The answer with its body, which is read only where it is the one that was asked for."""
    body = bytearray()
    if response.status in (200, 201):
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("", "identity"):
            raise NetworkError(f"{_shown(url)}: the answer is compressed ({show(encoding)}), which was not asked for")
        while len(body) <= limit and (chunk := response.read(limit + 1 - len(body), decode_content=False)):
            body += chunk
        if len(body) > limit:
            raise NetworkError(
                f"{_shown(url)}: the answer is larger than {limit} bytes, which is not what was asked for"
            )
    return _Answer(response.status, response.headers.get("location"), response.headers.get("retry-after"), bytes(body))


def _redirected(url: SplitResult, location: str, status: int) -> SplitResult:
    """Where a redirect leads, if that is the same host by a means that is not weaker."""
    try:
        target = check_url(urljoin(url.geturl(), location))
        same = target.hostname == url.hostname and (
            (target.scheme, target.port) == (url.scheme, url.port)
            or (url.scheme == "http" and target.scheme == "https" and url.port is None and target.port is None)
        )
    except (InputError, ValueError):
        raise NetworkError(f"{_shown(url)}: redirects to what is not an address", status=status) from None
    if not same:
        raise NetworkError(
            f"{_shown(url)}: redirects to another host, {show(_shown(target))}, which was not asked for", status=status
        )
    return target


def _manager(library: ModuleType, url: SplitResult) -> Any:
    """A fresh pool manager, through the environment's proxy where there is one for this address."""
    proxy = urllib.request.getproxies().get(url.scheme)
    host = url.hostname or ""
    if not proxy or host in _OURS or urllib.request.proxy_bypass(host):
        return library.PoolManager(num_pools=1, retries=False)
    named = f"{url.scheme.upper()}_PROXY"
    given = _PROXY.fullmatch(proxy if "://" in proxy else f"http://{proxy}")
    if given is None:
        raise InputError("is not the http or https address of a proxy", where=named)
    scheme, credentials, rest = given.groups()
    netloc = check_url(f"{scheme}{rest}", named).netloc
    basic = library.make_headers(proxy_basic_auth=unquote(credentials, "latin-1")) if credentials else {}
    return library.ProxyManager(f"{scheme}{netloc}", proxy_headers=basic, num_pools=1, retries=False)


@contextmanager
def _translated(library: ModuleType, url: SplitResult, watch: _Watch, late: str) -> Iterator[None]:
    """Turn whatever the HTTP library raises into one of our own errors."""
    known = library.exceptions
    shown = _shown(url)
    try:
        yield
    except (known.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
        causes = list(_causes(error))
        for cause in causes:
            # Drops, and so closes, an answer that the library had begun to read and never handed over.
            traceback.clear_frames(cause.__traceback__)
        if watch.expired:
            raise NetworkError(late) from error
        for cause in causes:
            if isinstance(cause, ssl.SSLCertVerificationError):
                why = cause.verify_message or "it cannot be verified"
                raise NetworkError(f"{shown}: the server's certificate is not trusted: {why}") from error
        if isinstance(error, known.NewConnectionError | known.ProxyError | known.SSLError):
            raise _Again(f"{shown}: cannot connect{_reason(causes)}") from error
        if isinstance(error, known.TimeoutError):
            raise _Again(f"{shown}: no answer in time; check the connection, or ask another address") from error
        if any(isinstance(cause, ConnectionError | http.client.IncompleteRead) for cause in causes):
            raise _Again(f"{shown}: the connection was broken off before the answer was complete") from error
        raise NetworkError(f"{shown}: what came back is not HTTP as it should be{_reason(causes)}") from error


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it was made from."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, BaseException) and id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting += [*found.args, found.__cause__, found.__context__]


def _reason(causes: list[BaseException]) -> str:
    """The operating system's or the HTTP parser's word on it, where there is one."""
    for cause in reversed(causes):
        if isinstance(cause, OSError) and cause.strerror:
            return f" ({cause.strerror[:120]})"
        if type(cause) is http.client.HTTPException:
            return f" ({str(cause)[:120]})"
    return ""
