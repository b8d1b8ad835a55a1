"""``SHA256SUMS``: every file of a folder with its hash, as ``sha256sum -c`` reads it (docs/spec, section 8).

The list is a convenience for people: it tells at a glance that a folder has arrived whole. It proves nothing about
the draw, since whoever changes a file can change the list as well; the receipts do that.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from dblrandom import limits
from dblrandom.adapters.droppings import is_dropping
from dblrandom.adapters.files import file_hash, os_failure, read_bytes
from dblrandom.errors import FolderConflict, FolderError, VerificationError

__all__ = ["INDEX_NAME", "UNLISTED", "check", "parse", "render", "scan"]

INDEX_NAME = "SHA256SUMS"
"""The list's own file name, at the top of the folder."""

UNLISTED = ("lock", "secrets/")
"""What no list covers: names at the top of the folder, a directory written with a slash at its end."""

_NO_FILE = "is a link or a device, not a regular file; get the folder again"
_PENDING = ".pending"
_LIMIT = limits.SUMS_BYTES
_LINE = re.compile(r"([0-9a-f]{64})  (.+)", re.DOTALL)


def _bad(message: str, where: str) -> VerificationError:
    return VerificationError("folder", message, where=where)


def _path_fault(path: str) -> str | None:
    """Say what is wrong with a listed path, or None: relative, forward slashes, no way out of the folder."""
    if not path.isprintable() or "\\" in path:
        return "a path must have no backslash and no unprintable character"
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return "a path must be relative and without empty, '.' or '..' parts"
    return None


def render(files: Mapping[str, str]) -> bytes:
    """Return the list of these files (path to SHA-256 in lower-case hex), sorted by the bytes of the paths.

    Raises:
        FolderError: for a path that the list's format cannot hold without escaping, and for a hash that is none.
    """
    lines = []
    for path, digest in files.items():
        fault = _path_fault(path)
        if fault is not None:
            raise FolderError(f"{path}: {fault}; rename the file")
        if not re.fullmatch("[0-9a-f]{64}", digest):
            raise FolderError(f"{path}: {digest!r} is not a SHA-256 in lower-case hex")
        lines.append((path.encode("utf-8"), digest.encode("ascii")))
    return b"".join(digest + b"  " + path + b"\n" for path, digest in sorted(lines))


def parse(data: bytes) -> dict[str, str]:
    """Read a list back, strictly: :func:`render` of the answer gives exactly ``data`` again.

    Raises:
        VerificationError: naming the line that is malformed, out of order or there twice.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _bad("is not UTF-8; get the folder again from its publisher", INDEX_NAME) from error
    if text and not text.endswith("\n"):
        raise _bad("is cut off: its last line has no end", INDEX_NAME)
    files: dict[str, str] = {}
    before = b""
    for number, line in enumerate(text.split("\n")[:-1], start=1):
        where = f"{INDEX_NAME} line {number}"
        match = _LINE.fullmatch(line)
        if match is None:
            raise _bad("is not a SHA-256 in lower-case hex, two spaces and a path", where)
        digest, path = match.groups()
        fault = _path_fault(path)
        if fault is not None:
            raise _bad(fault, where)
        key = path.encode("utf-8")
        if key <= before:
            raise _bad("is there twice or out of order; lines are sorted by the bytes of their paths", where)
        before = key
        files[path] = digest
    return files


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os_failure(folder, "list it"), os.scandir(folder) as found:
        return sorted(found, key=lambda entry: os.fsencode(entry.name))


def _ignored(entry: os.DirEntry[str], ignore: Collection[str]) -> bool:
    with os_failure(entry.path, "look at it"):
        if entry.is_dir(follow_symlinks=False):
            return entry.name + "/" in ignore
        return entry.is_file(follow_symlinks=False) and entry.name in ignore


def _passed_over(entry: os.DirEntry[str], path: str, listed: Collection[str]) -> bool:
    """Whether a desktop or a file server left this here; not where the list names it, or something in it."""
    with os_failure(entry.path, "look at it"):
        folder = entry.is_dir(follow_symlinks=False)
        if not folder and not entry.is_file(follow_symlinks=False):
            return False
    if not is_dropping(entry.name, folder=folder):
        return False
    return not any(name.startswith(path + "/") for name in listed) if folder else path not in listed


def _walk(
    folder: Path, prefix: str, ignore: Collection[str], listed: Collection[str], passed: list[str]
) -> Iterator[tuple[str, Path]]:
    """Give the listed path and the place of every file below, refusing all that a list cannot cover."""
    # A stack of names, not recursion: a folder of very many levels must not end in a RecursionError.
    stack = [(folder, prefix)]
    while stack:
        place, above = stack.pop()
        entries = []
        for entry in _entries(place):
            left = _passed_over(entry, above + entry.name, listed)
            (passed.append(above + entry.name) if left else entries.append(entry))
        if above and not entries:
            raise _bad("is an empty directory, which no list can cover; remove it", above)
        for entry in entries:
            path = above + entry.name
            if not above and (entry.name == INDEX_NAME or _ignored(entry, ignore)):
                continue
            fault = _path_fault(path)
            if fault is not None:
                raise _bad(f"{fault}; rename the file", repr(os.fsencode(path)))
            with os_failure(entry.path, "look at it"):
                mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISDIR(mode):
                stack.append((Path(entry.path), path + "/"))
            elif stat.S_ISREG(mode):
                yield path, Path(entry.path)
            else:
                raise _bad(_NO_FILE, path)


def scan(
    root: str | os.PathLike[str],
    ignore: Collection[str] = UNLISTED,
    *,
    listed: Collection[str] = (),
    passed: list[str] | None = None,
) -> dict[str, str]:
    """Hash every regular file below ``root`` but the list itself; the answer is sorted by the bytes of the paths.

    Args:
        root: the folder.
        ignore: what is left out at the top of the folder, a directory with a slash at its end.
        listed: paths that are never passed over, whatever their names are.
        passed: gets the path of all that a desktop or a file server left there, which is neither read nor hashed.

    Raises:
        VerificationError: for what no list can cover: a link or device, an empty directory, a name that is not UTF-8
            or not printable.
        FolderError: for a step that was interrupted, and for what cannot be read.
    """
    folder = Path(root)
    if os.path.lexists(folder / _PENDING):
        told = (
            f"{folder}: a step is being written here, or was interrupted; whoever writes here runs the last command "
            "again to finish or undo it"
        )
        raise FolderConflict(told, code="folder.interrupted")
    left: list[str] = [] if passed is None else passed
    found = {path: file_hash(place) for path, place in _walk(folder, "", ignore, listed, left)}
    return dict(sorted(found.items(), key=lambda item: item[0].encode("utf-8")))


def check(
    root: str | os.PathLike[str], ignore: Collection[str] = UNLISTED, *, passed: list[str] | None = None
) -> dict[str, str]:
    """Hold the folder against its list and return path to hash; every file is listed and every listed file is there.

    ``passed`` gets the path of all that was passed over, as in :func:`scan`.

    Raises:
        VerificationError: as :func:`scan`, and naming the first file, by its path, that is changed, missing or not
            listed, or the list itself where it is malformed.
        FolderError: as :func:`scan`, and where there is no list to read.
    """
    folder = Path(root)
    with os_failure(folder / INDEX_NAME, "read it"):
        if not stat.S_ISREG(os.lstat(folder / INDEX_NAME).st_mode):
            raise _bad(_NO_FILE, INDEX_NAME)
    listed = parse(read_bytes(folder / INDEX_NAME, _LIMIT))
    found = scan(folder, ignore, listed=listed.keys(), passed=passed)
    faults = []
    for path in sorted(listed.keys() | found.keys(), key=lambda name: name.encode("utf-8")):
        if path not in found:
            faults.append((path, f"is listed in {INDEX_NAME} and is missing; get the folder again"))
        elif path not in listed:
            faults.append((path, f"is not listed in {INDEX_NAME}; it does not belong to this folder"))
        elif listed[path] != found[path]:
            faults.append((path, f"was changed: its hash is not the one in {INDEX_NAME}; get the folder again"))
    if faults:
        path, message = faults[0]
        others = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
        raise _bad(message + others, path)
    return found
