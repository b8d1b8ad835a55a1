"""Keys that stay elsewhere: hardware tokens, key services and other offices, through plug-ins.

A plug-in opens a key by an address such as ``pkcs11:token=office;object=organiser``. What it gives is put behind a
guard: the guard checks the key and every signature, bounds the time, and turns whatever a token raises into a
:class:`~dblrandom.errors.SignerError`.
"""

from __future__ import annotations

import logging
import os
import queue
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import attrs

from dblrandom.adapters.keyfiles import read_signer
from dblrandom.adapters.plugins import SIGNER_GROUP, load
from dblrandom.adapters.sm2 import Sm2
from dblrandom.errors import DblrandomError, KeyFileError, SignerError
from dblrandom.kernel.pem import Passphrase
from dblrandom.kernel.schemes import SCHEMES, check_key
from dblrandom.kernel.signing import Signer, keyid
from dblrandom.model.portable import Bound

__all__ = ["GuardedSigner", "SignerPlugin", "is_address", "open_signer"]

T = TypeVar("T")

_log = logging.getLogger(__name__)
# One letter is a drive on Windows.
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]{1,31}):")
_SECONDS = 60.0


class SignerPlugin(Protocol):
    """What the object of an entry point in ``dblrandom.signers`` must be."""

    def __call__(self, address: str, *, passphrase: Callable[[], str | None]) -> Signer:
        """Open the key at an address.

        Args:
            address: the whole text, scheme included.
            passphrase: asks for the PIN or passphrase; call it only where it is needed. ``None``: there is none.

        Raises:
            SignerError: the key cannot be used; ``signer.refused`` for a wrong PIN.
            KeyFileError: the address is malformed, or there is no such key.
        """
        ...


def is_address(place: str | os.PathLike[str]) -> bool:
    """Whether a text is an address for a plug-in (``pkcs11:...``) and not the path of a file; a path is ``./a:b``."""
    return isinstance(place, str) and _ADDRESS.match(place) is not None


def open_signer(place: str | os.PathLike[str], *, passphrase: Passphrase = None, seconds: float = _SECONDS) -> Signer:
    """What signs with a key, wherever it is.

    Args:
        place: the path of a key file, or an address ``SCHEME:...`` for the plug-in of that scheme.
        passphrase: of the file or the token, or a function that asks for it.
        seconds: how long a token may take for one answer.

    Raises:
        InputError: no plug-in of this scheme is installed (``plugin.unknown``).
        PluginError: the plug-in cannot be loaded, or there are two.
        SignerError: the token cannot be reached, refuses, takes too long, or gives no good signature.
        KeyFileError, FolderError, MissingExtra: as :func:`~dblrandom.adapters.keyfiles.read_signer`.
    """
    match = _ADDRESS.match(place) if isinstance(place, str) else None
    if match is None or not isinstance(place, str):
        return read_signer(place, passphrase=passphrase)
    made: SignerPlugin = load(SIGNER_GROUP, match.group(1))
    worker = _Worker(match.group(1), seconds)

    def ask() -> str | None:
        with worker.asking():
            given = passphrase() if callable(passphrase) else passphrase
        if given is None:
            return None
        text = given.decode("utf-8", "surrogateescape") if isinstance(given, bytes) else given
        worker.secrets.append(text)
        return text

    return _guarded(lambda: made(place, passphrase=ask), worker)


def _guarded(make: Callable[[], Signer], worker: _Worker) -> Signer:
    """The guard around a foreign signer, which ``make`` opens."""
    where = worker.where

    def opened() -> tuple[Signer, Any, Any, Any]:
        made = make()
        return made, made.algorithm, made.public_key, made.keyid

    inner, algorithm, public_key, named = worker.run(opened, "open the key")
    if not isinstance(algorithm, str) or not isinstance(public_key, bytes):
        raise SignerError("is not a signer; it lacks a part of the interface", where=where)
    check_key(algorithm, public_key, where)
    if named != keyid(public_key):
        raise SignerError(f"calls its key {named!r}, which is not the key's id", where=where)
    _log.info("opened the %s key %s of %s", algorithm, named, where)
    return GuardedSigner(algorithm=algorithm, public_key=public_key, keyid=named, inner=inner, worker=worker)


@attrs.frozen
class GuardedSigner(Bound):
    """A foreign signer behind its guard; its representation shows the key id only."""

    _instead = "open the key again in the other process"

    algorithm: str
    public_key: bytes = attrs.field(repr=False)
    keyid: str
    _inner: Signer = attrs.field(repr=False, eq=False)
    _worker: _Worker = attrs.field(repr=False, eq=False)

    def sign(self, message: bytes) -> bytes:
        """The signature of ``message``, checked before it is handed out.

        Raises:
            SignerError: the token does not answer in time, refuses, was removed, or gives no good signature.
        """
        given = self._worker.run(lambda: self._inner.sign(message), "sign")
        if not isinstance(given, bytes):
            raise SignerError(f"gave a {type(given).__name__} for a signature", where=self._worker.where)
        scheme = Sm2() if self.algorithm == "sm2" else SCHEMES[self.algorithm]
        try:
            scheme.verify(self.public_key, given, message)
        except KeyFileError as error:
            raise SignerError(f"gave a signature that does not hold: {error}", where=self._worker.where) from error
        return given


class _Worker:
    """One thread in which a foreign library works, since it may hang, and may ask for always the same thread."""

    def __init__(self, where: str, seconds: float) -> None:
        self.where, self._seconds = where, seconds
        self.secrets: list[str] = []
        self._asking = 0
        self._jobs: queue.SimpleQueue[tuple[Callable[[], Any], queue.SimpleQueue[tuple[bool, Any]]]]
        self._jobs = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._hangs = False
        # A daemon: a token that never answers must not keep the process from ending.
        threading.Thread(target=_work, args=(self._jobs,), name=f"signer {where}", daemon=True).start()

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Within this a person is asked, whose time is not the token's."""
        self._asking += 1
        try:
            yield
        finally:
            self._asking -= 1

    def run(self, job: Callable[[], T], doing: str) -> T:
        """What ``job`` returns.

        Raises:
            SignerError: it took too long or raised anything; an error of the library passes as it is.
        """
        with self._lock:
            if self._hangs:
                raise SignerError("has not answered before; open the key again", where=self.where)
            answer: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()
            self._jobs.put((job, answer))
            done, value = self._answer(answer, doing)
        if done:
            result: T = value
            return result
        if isinstance(value, DblrandomError):
            raise value
        raise SignerError(f"cannot {doing}: {self._told(value)}", where=self.where, code=_code(value)) from None

    def _answer(self, answer: queue.SimpleQueue[tuple[bool, Any]], doing: str) -> tuple[bool, Any]:
        while True:
            try:
                return answer.get(timeout=self._seconds)
            except queue.Empty:
                if self._asking:
                    continue
                self._hangs = True
                told = f"cannot {doing}: no answer within {self._seconds:g} s; look at the token or the service"
                raise SignerError(told, where=self.where) from None

    def _told(self, error: BaseException) -> str:
        """What a foreign library says, without the PIN; its own traceback may hold it and is left out."""
        said = " ".join(str(error).split())[:200]
        for secret in self.secrets:
            said = said.replace(secret, "***")
        return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _work(jobs: queue.SimpleQueue[tuple[Callable[[], Any], queue.SimpleQueue[tuple[bool, Any]]]]) -> None:
    while True:
        job, answer = jobs.get()
        try:
            answer.put((True, job()))
        except BaseException as error:  # a foreign library may raise anything, and the waiting thread must hear of it
            answer.put((False, error))


def _code(error: BaseException) -> str:
    """A wrong PIN is told apart by the names that libraries of PKCS #11 give to it."""
    name = type(error).__name__.lower()
    refused = isinstance(error, PermissionError) or name.startswith(("pin", "usernotloggedin", "userpin"))
    return "signer.refused" if refused else "signer.unavailable"
