"""One writer at a time in a folder: a lock that the operating system gives up when its process ends."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from types import TracebackType

from dblrandom.adapters.files import os_failure
from dblrandom.errors import FolderBusy, FolderError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

__all__ = ["LOCK_NAME", "FolderLock"]

LOCK_NAME = "lock"
"""The name of the lock file inside a folder; ``SHA256SUMS`` does not cover it."""

_FLAGS = (
    os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
)
# Windows locks a range of bytes against reading too: it is taken far behind the number of the process.
_RANGE_AT = 1 << 20


def _take(descriptor: int) -> None:
    if sys.platform == "win32":
        os.lseek(descriptor, _RANGE_AT, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _give_up(descriptor: int) -> None:
    if sys.platform == "win32":
        os.lseek(descriptor, _RANGE_AT, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
    else:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _holder(descriptor: int) -> str:
    """Say who holds the lock, as far as the file tells."""
    try:
        os.lseek(descriptor, 0, os.SEEK_SET)
        text = os.read(descriptor, 32).strip()
    except OSError:
        text = b""
    return f"process {int(text)}" if text.isdigit() else "another process"


class FolderLock:
    """The right to change a folder, for as long as the ``with`` block lasts.

    The lock file stays when the lock is given up: removing it would let two writers lock two different files.

    Raises:
        FolderError: on entry, where another process (or another lock in this one) holds it, naming its number.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self._path = Path(folder) / LOCK_NAME
        self._descriptor: int | None = None

    def __enter__(self) -> FolderLock:
        if self._descriptor is not None:
            raise FolderBusy(f"{self._path}: this lock is held already; it cannot be taken twice")
        with os_failure(self._path, "open the lock"):
            descriptor = os.open(self._path, _FLAGS, 0o644)
        try:
            self._lock(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor
        return self

    def _lock(self, descriptor: int) -> None:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FolderError(f"{self._path}: is not a regular file; remove it and try again", code="file.kind")
        try:
            _take(descriptor)
        except OSError as error:
            raise FolderBusy(
                f"{self._path}: {_holder(descriptor)} is changing this folder; wait for it to end and try again"
            ) from error
        with os_failure(self._path, "write the lock"):
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        try:
            with os_failure(self._path, "give up the lock"):
                os.ftruncate(descriptor, 0)
                _give_up(descriptor)
        finally:
            os.close(descriptor)
