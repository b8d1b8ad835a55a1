"""Asking over HTTP: bounded in time and size, and telling nothing but what is asked for.

Needs the extra ``net`` (urllib3). Each attempt has its own connection: nothing is remembered from one to the next.
"""

from __future__ import annotations

import http.client
import re
import ssl
import time
import traceback
import urllib.request
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any
from urllib.parse import SplitResult, unquote

from attrs import frozen

from dblrandom import limits
from dblrandom.adapters.network._watch import Watch
from dblrandom.adapters.network.address import check_url, redirected, shown
from dblrandom.errors import InputError, NetworkError
from dblrandom.kernel.extras import load
from dblrandom.model.json import show

__all__ = ["LONGEST_PAUSE", "MOST_REDIRECTS", "Client"]

LONGEST_PAUSE = 10
"""Seconds that a server's ``Retry-After`` is followed for; one that asks for more is given up."""

MOST_REDIRECTS = limits.REDIRECTS

_PROXY = re.compile(r"(https?://)(?:([!-~]*)@)?([^@]*)")
_SECONDS = re.compile(r"[0-9]{1,9}")
_OURS = frozenset({"localhost", "127.0.0.1", "::1"})


class _Again(NetworkError):
    """A failure that another attempt may mend; ``pause`` is how many seconds the server asks to be left alone."""

    def __init__(self, message: str, *, status: int | None = None, pause: int = 0) -> None:
        self.pause = pause
        super().__init__(message, status=status)


@frozen
class _Request:
    method: str
    data: bytes | None
    headers: Mapping[str, str]
    limit: int
    again: Collection[int]
    deadline: float


@frozen
class _Answer:
    status: int
    location: str | None
    retry_after: str | None
    body: bytes


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
        return self._ask(url, self._request("GET", None, headers, limit, again))

    def post(self, url: str, data: bytes, *, content_type: str, limit: int = 65536) -> bytes:
        """The body of the answer (status 200 or 201) to ``POST`` with ``data``; redirects are not followed.

        Raises:
            NetworkError: as for ``get``.
            InputError: as for ``get``.
            MissingExtra: as for ``get``.
        """
        return self._ask(url, self._request("POST", data, {"Content-Type": content_type}, limit, ()))

    def _request(
        self, method: str, data: bytes | None, extra: Mapping[str, str], limit: int, again: Collection[int]
    ) -> _Request:
        headers = {"User-Agent": self.user_agent, "Accept-Encoding": "identity", "Connection": "close", **extra}
        return _Request(method, data, headers, limit, again, self.monotonic() + self.total)

    def _ask(self, url: str, asked: _Request) -> bytes:
        parts = check_url(url)
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._follow(parts, asked)
            except _Again as error:
                pause = max(error.pause, min(2 ** (attempt - 2), 4))
                late = self.monotonic() + pause >= asked.deadline
                if attempt > self.retries or error.pause > LONGEST_PAUSE or late:
                    tried = f"; tried {attempt} times" if attempt > 1 else ""
                    raise NetworkError(f"{error}{tried}", status=error.status) from error
            self.sleep(pause)

    def _follow(self, url: SplitResult, asked: _Request) -> bytes:
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._once(url, asked)
            status = answer.status
            if status == 200 or (status == 201 and asked.method == "POST"):
                return answer.body
            if status == 429 or 500 <= status <= 599 or status in asked.again:
                pause = answer.retry_after or ""
                seconds = int(pause) if _SECONDS.fullmatch(pause) else 0
                asks = f" and asks to wait {seconds} s" if seconds else ""
                raise _Again(f"{shown(url)}: answered with status {status}{asks}", status=status, pause=seconds)
            if asked.method != "GET" or status not in (301, 302, 303, 307, 308) or answer.location is None:
                raise NetworkError(f"{shown(url)}: answered with status {status}", status=status)
            url = redirected(url, answer.location, status)
        raise NetworkError(f"{shown(url)}: redirects more than {MOST_REDIRECTS} times; ask another address")

    def _once(self, url: SplitResult, asked: _Request) -> _Answer:
        library = load("urllib3", "net", "asking over the network")
        left = asked.deadline - self.monotonic()
        late = f"{shown(url)}: the answer took longer than {self.total:g} s; try again, or ask another address"
        if left <= 0:
            raise NetworkError(late)
        watch = Watch(left)
        manager = _manager(library, url)
        watch.start()
        try:
            with _translated(library, url, watch, late):
                pool = manager.connection_from_url(url.geturl())
                pool.ConnectionCls = watch.watching(pool.ConnectionCls)
                response = manager.urlopen(
                    asked.method,
                    url._replace(fragment="").geturl(),
                    body=asked.data,
                    headers=dict(asked.headers),
                    timeout=library.Timeout(connect=min(self.timeout, left), read=min(self.timeout, left)),
                    retries=False,
                    redirect=False,
                    preload_content=False,
                    decode_content=False,
                )
                try:
                    answer = _read(response, url, asked.limit)
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
            raise NetworkError(f"{shown(url)}: the answer is compressed ({show(encoding)}), which was not asked for")
        while len(body) <= limit and (chunk := response.read(limit + 1 - len(body), decode_content=False)):
            body += chunk
        if len(body) > limit:
            raise NetworkError(
                f"{shown(url)}: the answer is larger than {limit} bytes, which is not what was asked for"
            )
    return _Answer(response.status, response.headers.get("location"), response.headers.get("retry-after"), bytes(body))


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
def _translated(library: ModuleType, url: SplitResult, watch: Watch, late: str) -> Iterator[None]:
    """Turn whatever the HTTP library raises into one of our own errors."""
    known = library.exceptions
    at = shown(url)
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
                raise NetworkError(f"{at}: the server's certificate is not trusted: {why}") from error
        if isinstance(error, known.NewConnectionError | known.ProxyError | known.SSLError):
            raise _Again(f"{at}: cannot connect{_reason(causes)}") from error
        if isinstance(error, known.TimeoutError):
            raise _Again(f"{at}: no answer in time; check the connection, or ask another address") from error
        if any(isinstance(cause, ConnectionError | http.client.IncompleteRead) for cause in causes):
            raise _Again(f"{at}: the connection was broken off before the answer was complete") from error
        raise NetworkError(f"{at}: what came back is not HTTP as it should be{_reason(causes)}") from error


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
