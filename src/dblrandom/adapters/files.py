"""Reading and writing single files, so that nothing surprising is read and nothing half-written is left.

Reading never follows a symbolic link and never blocks on a device; writing replaces a file in one step. Every
failure of the operating system leaves as :class:`~dblrandom.errors.FolderError` of one line.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from dblrandom import limits
from dblrandom.adapters.randomness import random_bytes
from dblrandom.errors import FolderConflict, FolderError, FolderMissing, FolderUnavailable

__all__ = [
    "DEFAULT_LIMIT",
    "create",
    "exposed",
    "file_hash",
    "make_directory",
    "open_regular",
    "os_error",
    "os_failure",
    "read_bytes",
    "sync_directory",
    "sync_file",
    "write_atomic",
    "write_new",
]

DEFAULT_LIMIT = limits.FILE_BYTES
"""The most bytes that are read unless a caller says otherwise (docs/spec, section 1)."""

_READ_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_CREATE_FLAGS = (
    os.O_WRONLY
    | os.O_CREAT
    | os.O_EXCL
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)
_CHUNK = 1024 * 1024
_MISSING = (errno.ENOENT, errno.ENOTDIR)
_WRONG_KIND = (errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL, errno.ENXIO)
_NO_LINKS = (errno.EPERM, errno.EACCES, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK, errno.EINVAL)
_REFUSALS = {
    errno.EACCES: "folder.denied",
    errno.EPERM: "folder.denied",
    errno.EROFS: "folder.read-only",
    errno.ENOSPC: "disk.full",
    errno.EDQUOT: "disk.full",
}


@contextmanager
def os_failure(path: str | os.PathLike[str], doing: str) -> Iterator[None]:
    """Turn what the operating system refuses into one line: ``<path>: cannot <doing>: <reason>``.

    Raises:
        FolderError: for any ``OSError``, and for a path that no file can have (an embedded NUL, a lone surrogate).
    """
    try:
        yield
    except OSError as error:
        raise os_error(error, f"{os.fspath(path)}: cannot {doing}: {error.strerror or type(error).__name__}") from error
    except ValueError as error:
        raise FolderError(f"{os.fspath(path)}: cannot {doing}: this is not a possible path") from error


def os_error(error: OSError, message: str) -> FolderError:
    """The library's own error for what the operating system refused, of the type and code that tell why."""
    if error.errno in _MISSING:
        return FolderMissing(message)
    if error.errno in _WRONG_KIND:
        return FolderError(message, code="file.kind")
    if error.errno == errno.EEXIST:
        return FolderConflict(message, code="file.exists")
    return FolderUnavailable(message, code=_REFUSALS.get(error.errno or 0, "folder.unavailable"))


def open_regular(path: str | os.PathLike[str], *, private: bool = False) -> int:
    """Open an existing regular file for reading and return its descriptor; the caller closes it.

    With ``private``, a file that its group or others may read or write is refused (POSIX only: elsewhere the mode
    bits say nothing).

    Raises:
        FolderError: where there is no such file, or it is a directory, a symbolic link, a device, a pipe.
    """
    with os_failure(path, "read it"):
        # Windows has no O_NOFOLLOW, so a link is looked for by name as well.
        if os.path.islink(path):
            raise FolderError(f"{os.fspath(path)}: is a symbolic link; put the file itself there", code="file.kind")
        if os.path.isdir(path):
            raise FolderError(f"{os.fspath(path)}: is a directory, not a file", code="file.kind")
        descriptor = os.open(path, _READ_FLAGS)
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            raise FolderError(f"{os.fspath(path)}: is not a regular file", code="file.kind")
        if private and sys.platform != "win32" and mode & 0o077:
            told = f"{os.fspath(path)}: others can read this secret; run: chmod 600 {os.fspath(path)}"
            raise FolderError(told, code="file.exposed")
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def read_bytes(path: str | os.PathLike[str], limit: int = DEFAULT_LIMIT, *, private: bool = False) -> bytes:
    """Return the whole content of a regular file of at most ``limit`` bytes.

    Raises:
        FolderError: as :func:`open_regular`, and for a file over the limit.
    """
    descriptor = open_regular(path, private=private)
    try:
        chunks: list[bytes] = []
        room = limit + 1
        with os_failure(path, "read it"):
            while room > 0 and (chunk := os.read(descriptor, min(room, _CHUNK))):
                chunks.append(chunk)
                room -= len(chunk)
    finally:
        os.close(descriptor)
    if room <= 0:
        raise FolderError(f"{os.fspath(path)}: is larger than the {limit} bytes allowed here", code="file.too-large")
    return b"".join(chunks)


def file_hash(path: str | os.PathLike[str]) -> str:
    """Return the SHA-256 of a regular file of any size, in lower-case hex.

    Raises:
        FolderError: where it cannot be read, or is not a regular file.
    """
    state = hashlib.sha256()
    descriptor = open_regular(path)
    try:
        with os_failure(path, "read it"):
            while chunk := os.read(descriptor, _CHUNK):
                state.update(chunk)
    finally:
        os.close(descriptor)
    return state.hexdigest()


def exposed(path: str | os.PathLike[str]) -> bool:
    """Whether others than its owner may read or write a file that is there (POSIX only)."""
    if sys.platform == "win32":
        return False
    try:
        return bool(os.lstat(path).st_mode & 0o077)
    except OSError:
        return False


def create(path: str | os.PathLike[str], data: bytes, mode: int) -> None:
    """Make a new file with exactly these bytes and this mode; raises ``OSError``, also where it exists.

    The mode is set whatever the umask says: a receipt must be readable by those who check it, a secret by nobody.
    """
    descriptor = os.open(path, _CREATE_FLAGS, mode)
    try:
        if sys.platform != "win32":
            os.fchmod(descriptor, mode)
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]
    except BaseException:
        with suppress(OSError):
            os.unlink(path)
        raise
    finally:
        os.close(descriptor)


def make_directory(path: str | os.PathLike[str], mode: int = 0o755) -> None:
    """Make a directory and those above it that are missing, with at most this mode, whatever the umask says.

    Raises:
        FolderError: it cannot be made, or something else stands there.
    """
    place = Path(path)
    with os_failure(place, "make it"):
        for one in (*reversed(place.parents), place):
            try:
                os.mkdir(one, mode)
            except OSError:
                # What is there may say so in many ways: a drive refuses otherwise than a directory that exists.
                if not os.path.isdir(one):
                    raise


def sync_file(path: str | os.PathLike[str]) -> None:
    """Have the file's content on the disk before returning; raises ``OSError``."""
    # Windows flushes only what was opened for writing; elsewhere a read-only file can be flushed as well.
    flags = os.O_RDWR if sys.platform == "win32" else os.O_RDONLY
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(path: str | os.PathLike[str]) -> None:
    """Have the directory's entries on the disk before returning; raises ``OSError``.

    Windows cannot open a directory for this and orders its own metadata: nothing is done there.
    """
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_atomic(path: str | os.PathLike[str], data: bytes, mode: int = 0o644) -> None:
    """Put these bytes at ``path``, replacing what is there, so that no reader ever sees a part of them.

    A power cut leaves either the old file or the new one. A symbolic link is itself replaced, never followed.

    Raises:
        FolderError: where the place cannot be written; what was there is then untouched.
    """
    target = Path(path)
    if not target.name:
        raise FolderError(f"{target}: is a directory, not a file", code="file.kind")
    beside = target.with_name(f".{target.name}.{random_bytes(6).hex()}")
    with os_failure(path, "write it"):
        create(beside, data, mode)
        try:
            sync_file(beside)
            os.replace(beside, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(beside)
            raise
        sync_directory(target.parent)


def write_new(path: str | os.PathLike[str], data: bytes, mode: int) -> None:
    """Put these bytes into a file that must not exist yet; what exists is never overwritten.

    The name is there only once the whole file is on the disk: a process that is killed while it writes leaves nothing
    under it, at most a hidden ``.dblrandom-*.part`` beside, which may be removed.

    Raises:
        FolderError: where something is there already, or the place cannot be written.
    """
    target = Path(path)
    # Of a killed process this is left: hidden, of a name that tells whose it is, and read by nothing.
    beside = target.parent / f".dblrandom-{random_bytes(8).hex()}.part"
    with os_failure(path, "write it"):
        try:
            if os.path.lexists(target):
                raise FileExistsError(errno.EEXIST, "exists")
            create(beside, data, mode)
            try:
                sync_file(beside)
                _take_name(beside, target)
            finally:
                with suppress(OSError):
                    os.unlink(beside)
        except FileExistsError as error:
            told = f"{target}: exists already and is not overwritten; choose another name"
            raise FolderConflict(told, code="file.exists") from error
        sync_directory(target.parent)


def _take_name(beside: Path, target: Path) -> None:
    """Give a whole file its name, which nothing may have yet; raises ``OSError``.

    A hard link or, on Windows, a rename does both in one step. A file system without hard links (FAT, some shares)
    is asked for the name first, with an empty file that the whole one then replaces: who is killed between the two
    leaves an empty file, which no reader takes for a roster, a proof or a key; never a part of one.
    """
    if sys.platform == "win32":
        os.rename(beside, target)
        return
    try:
        os.link(beside, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(target, _CREATE_FLAGS, 0o600))
        try:
            os.replace(beside, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(target)
            raise
