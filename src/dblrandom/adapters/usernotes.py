"""What a user's programs note for their user on this machine, outside of every folder that they work in.

A folder travels: whoever sends it has written every file of it. So what decides whether a folder, or something in it,
is this user's own is noted here, by the folder's real path. A home that was lent by another user counts for nothing.
"""

from __future__ import annotations

import hashlib
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import cast

from dblrandom.adapters.files import make_directory, os_failure, read_bytes, write_atomic
from dblrandom.errors import DblrandomError, FolderError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.model import Json

__all__ = ["forget_step", "is_written", "note_path", "note_step", "noted_step", "state_directory", "write_note"]

_STEPS = "steps"


def state_directory() -> Path | None:
    """Where this user's programs keep their state on this machine; ``None`` where the user has no such place.

    On Windows ``%LOCALAPPDATA%``; elsewhere ``XDG_STATE_HOME`` or ``~/.local/state`` (XDG base directory
    specification 0.8, which says that a relative path there is to be ignored).
    """
    given = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_STATE_HOME", "")
    if os.path.isabs(given):
        return Path(given) / "dblrandom"
    try:
        home = Path.home()
    except RuntimeError:
        return None
    return home / ("AppData/Local" if sys.platform == "win32" else ".local/state") / "dblrandom"


def note_path(kind: str, folder: str | os.PathLike[str]) -> Path | None:
    """Where a note of that kind on a folder is; ``None`` where the user has no place for notes."""
    state = state_directory()
    if state is None:
        return None
    with os_failure(folder, "find it"):
        real = os.path.realpath(folder)
    return state / kind / f"{hashlib.sha256(os.fsencode(real)).hexdigest()}.json"


def is_written(path: Path) -> bool:
    """Whether there is a note that this user wrote."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return False
    return sys.platform == "win32" or found.st_uid == os.geteuid()


def write_note(path: Path, note: Json) -> None:
    """Write a note that its user alone may read.

    Raises:
        FolderError: it cannot be written.
    """
    make_directory(path.parent, 0o700)
    write_atomic(path, encode(note), 0o600)


def note_step(folder: str | os.PathLike[str], digest: str) -> None:
    """Note, before anything of a step is written, that this user writes it: so that it can be ended if interrupted.

    Where the user has no place for notes, nothing is noted; the step is taken, and only its recovery asks the user.

    Args:
        folder: the folder.
        digest: the SHA-256 of the step's journal, which says what the step writes to the byte.
    """
    with suppress(FolderError):
        path = note_path(_STEPS, folder)
        if path is not None:
            write_note(path, {"folder": os.fsencode(os.path.realpath(folder)).hex(), "journal": digest})


def noted_step(folder: str | os.PathLike[str]) -> str | None:
    """The SHA-256 of the journal of the step that this user began in a folder; ``None`` where none is noted."""
    path = note_path(_STEPS, folder)
    if path is None or not is_written(path):
        return None
    try:
        return str(cast("dict[str, Json]", decode(read_bytes(path, private=True), str(path)))["journal"])
    except (DblrandomError, KeyError, TypeError):
        return None


def forget_step(folder: str | os.PathLike[str]) -> None:
    """Forget the step that was noted for a folder: it is finished or undone."""
    with suppress(FolderError, OSError):
        path = note_path(_STEPS, folder)
        if path is not None:
            path.unlink(missing_ok=True)
