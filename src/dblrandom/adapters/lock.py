"""One writer at a time in a folder: a lock that the operating system gives up when its process ends."""

from __future__ import annotations

import errno
import logging
import os
import stat
import sys
import time
from pathlib import Path
from types import TracebackType

from dblrandom.adapters.files import os_failure
from dblrandom.errors import FolderBusy, FolderError, FolderUnavailable, InputError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl
    import pwd

__all__ = ["LOCK_NAME", "MAX_TIMEOUT", "FolderLock"]

LOCK_NAME = "lock"
"""The name of the lock file inside a folder; ``SHA256SUMS`` does not cover it."""

MAX_TIMEOUT = 86_400
"""The longest that anybody waits for a lock, in seconds."""

_log = logging.getLogger(__name__)

_FLAGS = (
    os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
)
# Windows locks a range of bytes against reading too: it is taken far behind the number of the process.
_RANGE_AT = 1 << 20
_MODE = 0o600
_PAUSE = 0.05
# Windows gives these where the range is locked; elsewhere they would mean something else.
_BUSY = (errno.EACCES, errno.EDEADLK) if sys.platform == "win32" else (errno.EAGAIN, errno.EWOULDBLOCK)
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EINVAL)


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
    """Say who holds the lock, as far as the system or the file tells."""
    number = _locking(descriptor)
    if number is None:
        try:
            os.lseek(descriptor, 0, os.SEEK_SET)
            text = os.read(descriptor, 32).strip()
        except OSError:
            text = b""
        number = int(text) if text.isdigit() else None
    if number is None:
        return "another process"
    try:
        owner = os.stat(f"/proc/{number}").st_uid
    except OSError:
        return f"process {number}"
    return f"process {number}" if owner == _own_user() else f"process {number} of {_user(owner)}"


def _locking(descriptor: int) -> int | None:
    """The process that holds the lock, where Linux tells: the file's own word is that of the last who could write."""
    try:
        there = os.fstat(descriptor)
        with open("/proc/locks", encoding="ascii", errors="replace") as file:
            lines = file.readlines(1 << 20)
    except OSError:
        return None
    wanted = f"{os.major(there.st_dev):02x}:{os.minor(there.st_dev):02x}:{there.st_ino}"
    for fields in (line.split() for line in lines):
        if len(fields) > 5 and fields[1] == "FLOCK" and fields[5] == wanted and fields[4].isdigit():
            return int(fields[4]) or None
    return None


def _own_user() -> int:
    return -1 if sys.platform == "win32" else os.geteuid()


def _user(number: int) -> str:
    """A user as people know them."""
    if sys.platform != "win32":
        try:
            return f"user {pwd.getpwuid(number).pw_name}"
        except KeyError:
            pass
    return f"user {number}"


def _no_lock(path: Path, error: OSError) -> FolderUnavailable:
    reason = error.strerror or type(error).__name__
    if error.errno in _NO_LOCKS:
        advice = "this file system (NFS, SMB or FUSE, perhaps) has no working locks; keep the folder on a local disk"
        return FolderUnavailable(f"{path}: cannot be locked: {reason}; {advice}", code="lock.unsupported")
    return FolderUnavailable(
        f"{path}: cannot be locked: {reason}; look at the disk or the server that holds the folder"
    )


class FolderLock:
    """The right to change a folder, for as long as the ``with`` block lasts.

    The lock file stays when the lock is given up: removing it would let two writers lock two different files. Only its
    owner can open it, so that nobody else can hold the lock and block a step that has a deadline.

    Args:
        folder: the folder.
        timeout: how many seconds to wait for whoever holds the lock; 0 to refuse at once.

    Raises:
        FolderBusy: on entry, where another process (or another lock in this one) holds it, naming its number.
        FolderUnavailable: on entry, where the file system has no working locks, or the file belongs to somebody else.
    """

    def __init__(self, folder: str | os.PathLike[str], *, timeout: float = 0) -> None:
        if not 0 <= timeout <= MAX_TIMEOUT:
            raise InputError(f"is from 0 to {MAX_TIMEOUT} seconds, not {timeout}", where="timeout of the lock")
        self._path = Path(folder) / LOCK_NAME
        self._timeout = timeout
        self._descriptor: int | None = None

    def __enter__(self) -> FolderLock:
        if self._descriptor is not None:
            raise FolderBusy(f"{self._path}: this lock is held already; it cannot be taken twice")
        with os_failure(self._path, "open the lock"):
            descriptor = self._open()
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
        if sys.platform != "win32":
            with os_failure(self._path, "keep others from the lock"):
                os.fchmod(descriptor, _MODE)
        self._wait(descriptor)
        with os_failure(self._path, "write the lock"):
            os.ftruncate(descriptor, 0)
            os.lseek(descriptor, 0, os.SEEK_SET)
            os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))

    def _open(self) -> int:
        try:
            return os.open(self._path, _FLAGS, _MODE)
        except PermissionError as error:
            try:
                owner = os.lstat(self._path).st_uid
            except OSError:
                owner = _own_user()
            if owner == _own_user():
                raise
            raise FolderUnavailable(
                f"{self._path}: belongs to {_user(owner)}, who alone can change this folder; work as that user, or "
                "remove the file while nobody changes the folder",
                code="folder.denied",
            ) from error

    def _wait(self, descriptor: int) -> None:
        began = time.monotonic()
        waited = False
        while True:
            try:
                _take(descriptor)
            except OSError as error:
                if error.errno not in _BUSY:
                    raise _no_lock(self._path, error) from error
                if time.monotonic() - began >= self._timeout:
                    told = f"waited {self._timeout:g} s; " if self._timeout else ""
                    raise FolderBusy(
                        f"{self._path}: {_holder(descriptor)} is changing this folder; {told}"
                        "wait for it to end and try again"
                    ) from error
            else:
                if waited:
                    _log.info("lock of %s taken after %.1f s", self._path, time.monotonic() - began)
                return
            if not waited:
                _log.info("waiting for %s, which holds the lock of %s", _holder(descriptor), self._path)
            waited = True
            time.sleep(min(_PAUSE, self._timeout))

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
