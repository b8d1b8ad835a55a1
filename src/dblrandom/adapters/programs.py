"""External programs, found where the machine's owner put them and never where a received file could lie."""

from __future__ import annotations

import ntpath
import os
import posixpath

__all__ = ["find_program"]

# Batch files are left out: how Windows takes their arguments apart cannot be made safe.
_ENDINGS = (".exe", ".com")


def find_program(command: str) -> str | None:
    """The absolute path of a program, or ``None`` where there is none.

    Only absolute entries of ``PATH`` count. ``shutil.which`` also looks into the current folder on Windows, and into
    whatever a relative or empty entry means, so a folder that somebody sent could bring its own ``openssl``.

    Args:
        command: a name without a directory, or an absolute path. Any other path is not found.
    """
    return _found(command, os.environ.get("PATH") or os.defpath, os.name == "nt")


def _found(command: str, searched: str, windows: bool) -> str | None:
    paths = ntpath if windows else posixpath
    if not command or "\0" in command:
        return None
    # On Windows "C:name" has no separator and still means the current folder of a drive.
    if paths.dirname(command) or paths.splitdrive(command)[0]:
        return _runnable(command, windows) if _absolute(command, windows) else None
    for folder in searched.split(paths.pathsep):
        folder = folder.strip('"') if windows else folder
        if _absolute(folder, windows) and (found := _runnable(paths.join(folder, command), windows)):
            return found
    return None


def _absolute(path: str, windows: bool) -> bool:
    r"""Whether a path means the same wherever the process is; ``\name`` on Windows means the current drive."""
    if not windows:
        return posixpath.isabs(path)
    drive, rest = ntpath.splitdrive(path)
    return drive[:2] in ("\\\\", "//") or (bool(drive) and rest[:1] in ("\\", "/"))


def _runnable(path: str, windows: bool) -> str | None:
    candidates = [path]
    if windows and not path.lower().endswith(_ENDINGS):
        candidates = [path + ending for ending in _ENDINGS]
    return next((each for each in candidates if os.path.isfile(each) and os.access(each, os.X_OK)), None)
