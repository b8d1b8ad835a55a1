"""Where this user has rosters whose rows a ceremony's folder does not hold: a note outside of the folder.

A folder travels: it is copied, published and sent, and whoever sends it has written every file of it, those below
``secrets/`` too. So where rows are is noted with the user's own state on this machine, never in the folder, and only
when this user commits or says so. The note goes by the folder's real path and the commitment's digest: rows noted for
one commitment are not looked for under another.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import cast

from dblrandom.adapters.files import read_bytes
from dblrandom.adapters.usernotes import is_written, note_path, state_directory, write_note
from dblrandom.errors import FolderError, InputError
from dblrandom.kernel.canonical import decode
from dblrandom.model import Json

__all__ = ["Places", "forget_places", "is_known", "note_known", "note_places", "noted_places", "state_directory"]

_KIND = "rosters"

Places = Mapping[str, tuple[str, str]]
"""A roster's place and id column, by the roster's name."""


def is_known(folder: str | os.PathLike[str]) -> bool:
    """Whether this user began the ceremony in the folder, or said that it is the user's own, on this machine."""
    path = note_path(_KIND, folder)
    return path is not None and is_written(path)


def note_known(folder: str | os.PathLike[str]) -> bool:
    """Note that the folder is this user's own, on this machine; what is noted of it already is kept.

    Returns:
        Whether that is noted now: not where the user has no place for notes.
    """
    if not is_known(folder):
        with suppress(FolderError):
            note_places(folder, "", {})
    return is_known(folder)


def noted_places(folder: str | os.PathLike[str], digest: str) -> dict[str, tuple[str, str]]:
    """What this user noted for the commitment of that digest in the folder; empty where there is no note.

    Raises:
        InputError: the note is damaged.
        FolderError: it cannot be read, or others than its owner may read it.
    """
    path = note_path(_KIND, folder)
    if path is None or not is_written(path):
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
    path = note_path(_KIND, folder)
    if path is None:
        raise FolderError("there is no place for notes: set HOME or XDG_STATE_HOME")
    entries: Json = {name: {"place": place, "id": column} for name, (place, column) in places.items()}
    note: Json = {"folder": os.path.realpath(folder), "commitments": {digest: entries}}
    write_note(path, note)
    return path


def forget_places(folder: str | os.PathLike[str]) -> None:
    """Forget where rosters of the folder's commitment are, as after a void; that this user commits there is kept.

    Raises:
        FolderError: the note cannot be written.
    """
    if is_known(folder):
        note_places(folder, "", {})
