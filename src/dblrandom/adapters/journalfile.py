"""The list of what a step writes and removes, as it stands in ``.pending/journal``.

A step that was interrupted is ended by what this file says, so that it is believed only to the byte: it carries its
own hash, and every path in it is checked as those of a new step are.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from dblrandom import limits
from dblrandom.adapters.files import os_failure, read_bytes
from dblrandom.errors import CanonicalError, FolderError, FolderUnavailable
from dblrandom.kernel.canonical import check_nesting

__all__ = [
    "LIMIT",
    "MODES",
    "PENDING_NAME",
    "Entry",
    "check_entries",
    "is_directory",
    "journal_bytes",
    "read_journal",
]

PENDING_NAME = ".pending"
"""The directory, at the top of the folder, that exists only while a step is being written."""

MODES = (0o600, 0o644)
"""The modes that a step gives to files."""

LIMIT = limits.JOURNAL_BYTES
"""The longest journal, in bytes."""


_MOST = 1_000_000  # a row of a lawful journal has some 90 bytes; emptier ones would fill the memory when parsed


@frozen
class Entry:
    """One file of a step: its path in the folder, its mode, and the hash of its new content, ``None`` to remove it."""

    target: str
    sha256: str | None
    mode: int


def check_entries(folder: Path, entries: Sequence[Entry], where: str) -> None:
    """Refuse what a step cannot write, alone or together, before anything is touched.

    Raises:
        FolderError: a path that is not lawful or leads behind a link or a file; a file where a directory is needed.
    """
    for entry in entries:
        _check_target(entry.target, where)
    _check_together(entries, where)
    for entry in entries:
        _check_place(folder, entry.target)


def is_directory(path: Path) -> bool:
    """Whether a directory stands there itself, and not a link to one."""
    with os_failure(path, "look at it"):
        return stat.S_ISDIR(os.lstat(path).st_mode)


def journal_bytes(entries: Sequence[Entry]) -> bytes:
    """The journal of a step.

    Raises:
        FolderError: it would be longer than :data:`LIMIT`.
    """
    rows = [[entry.target, entry.sha256, entry.mode] for entry in entries]
    data = _dump({"entries": rows, "sha256": hashlib.sha256(_dump(rows)).hexdigest()})
    if len(data) > LIMIT:
        raise FolderError(f"one step cannot change {len(entries)} files; make it in parts")
    return data


def read_journal(folder: Path, path: Path) -> list[Entry]:
    """Read the journal, which must be to the byte what :func:`journal_bytes` writes.

    Raises:
        FolderError: it is damaged, or its paths are not lawful.
    """
    data = read_bytes(path, LIMIT)
    entries: list[Entry] = []
    try:
        if data.count(b"[") > _MOST or data.count(b",") > 4 * _MOST:
            raise ValueError("more entries than a journal of this length can have")
        check_nesting(data, str(path))
        entries = [_entry(row) for row in json.loads(data.decode("ascii"))["entries"]]
        intact = journal_bytes(entries) == data
    except (CanonicalError, ValueError, KeyError, TypeError):
        intact = False
    if not intact:
        raise FolderUnavailable(f"{path}: is damaged; restore the folder from a copy", code="folder.damaged")
    check_entries(folder, entries, str(path))
    return entries


def _entry(row: Any) -> Entry:
    target, digest, mode = row
    lawful = isinstance(target, str) and type(mode) is int and mode in MODES
    if not lawful or not (digest is None or (isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest))):
        raise ValueError("not an entry")
    return Entry(target, digest, mode)


def _dump(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


def _check_target(target: str, where: str) -> None:
    parts = target.split("/")
    if not target.isprintable() or "\\" in target or any(part in ("", ".", "..") for part in parts):
        raise FolderError(f"{where}: {target!r} is not a relative path with forward slashes inside the folder")
    if parts[0] == PENDING_NAME or ":" in target:
        raise FolderError(f"{where}: {target!r} cannot be written by a step; choose another name")


def _check_together(entries: Sequence[Entry], where: str) -> None:
    """Refuse a file that another change needs as a directory."""
    targets = {entry.target for entry in entries}
    for target in targets:
        above = target
        while "/" in above:
            above = above.rpartition("/")[0]
            if above in targets:
                raise FolderError(f"{where}: {above!r} cannot be both a file and the directory of {target!r}")


def _check_place(folder: Path, target: str) -> None:
    """Refuse a target that lies behind a link or a file, or where something other than a file stands."""
    place = folder
    *above, _ = target.split("/")
    for part in above:
        place = place / part
        if os.path.lexists(place) and not is_directory(place):
            raise FolderError(
                f"{place}: is not a directory, so that {target!r} cannot be written; remove it", code="file.kind"
            )
    place = folder / target
    if os.path.lexists(place):
        with os_failure(place, "look at it"):
            if not stat.S_ISREG(os.lstat(place).st_mode):
                raise FolderError(f"{place}: is not a regular file and is not replaced; remove it", code="file.kind")
