"""Where this user has rosters whose rows a ceremony's folder does not hold: a note outside of the folder.

A folder travels: it is copied, published and sent, and whoever sends it has written every file of it, those below
``secrets/`` too. So where rows are is noted with the user's own state on this machine, never in the folder, and only
when this user commits or says so. The note goes by the folder's real path and the commitment's digest: rows noted for
one commitment are not looked for under another.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from dblrandom.adapters.files import make_directory, os_failure, read_bytes, write_atomic
from dblrandom.errors import FolderError, InputError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.model import Json

__all__ = ["Places", "forget_places", "is_known", "note_places", "noted_places", "state_directory"]

Places = Mapping[str, tuple[str, str]]
"""A roster's place and id column, by the roster's name."""


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


def is_known(folder: str | os.PathLike[str]) -> bool:
    """Whether this user has committed in the folder, or noted places for it, on this machine."""
    path = _path(folder)
    return path is not None and _readable(path)


def noted_places(folder: str | os.PathLike[str], digest: str) -> dict[str, tuple[str, str]]:
    """What this user noted for the commitment of that digest in the folder; empty where there is no note.

    Raises:
        InputError: the note is damaged.
        FolderError: it cannot be read, or others than its owner may read it.
    """
    path = _path(folder)
    if path is None or not _readable(path):
        return {}
    found = decode(read_bytes(path, private=True), str(path))
    try:
        note = cast("dict[str, dict[str, dict[str, dict[str, str]]]]", found)
        entries = note["commitments"].get(digest, {}).items()
        return {str(name): (str(entry["place"]), str(entry["id"])) for name, entry in entries}
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError("does not say where rosters are; remove it and note them again", where=str(path)) from error


def note_places(folder: str | os.PathLike[str], digest: str, places: Places) -> Path:
    """Note where the rosters of a commitment are; what was noted for an earlier commitment of the folder goes.

    Returns:
        The note's path: a file that its owner alone may read, since a database's address may hold a password.

    Raises:
        FolderError: it cannot be written.
    """
    path = _path(folder)
    if path is None:
        raise FolderError("there is no place for notes: set HOME or XDG_STATE_HOME")
    make_directory(path.parent, 0o700)
    entries: Json = {name: {"place": place, "id": column} for name, (place, column) in places.items()}
    note: Json = {"folder": os.path.realpath(folder), "commitments": {digest: entries}}
    write_atomic(path, encode(note), 0o600)
    return path


def forget_places(folder: str | os.PathLike[str]) -> None:
    """Forget where rosters of the folder's commitment are, as after a void; that this user commits there is kept.

    Raises:
        FolderError: the note cannot be written.
    """
    if is_known(folder):
        note_places(folder, "", {})


def _path(folder: str | os.PathLike[str]) -> Path | None:
    state = state_directory()
    if state is None:
        return None
    with os_failure(folder, "find it"):
        real = os.path.realpath(folder)
    return state / "rosters" / f"{hashlib.sha256(os.fsencode(real)).hexdigest()}.json"


def _readable(path: Path) -> bool:
    """Whether there is a note that this user wrote: a home that was lent by another user counts for nothing."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return False
    return sys.platform == "win32" or found.st_uid == os.geteuid()
