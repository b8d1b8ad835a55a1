"""Rosters whose rows stay outside of the ceremony's folder: in large files, or in a database.

Where they are is kept in the folder's ``secrets/``, since a database's address may hold a password; who verifies says
for himself where he has them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import cast

from dblrandom.adapters.engines.lazy import LazyRoster
from dblrandom.adapters.engines.opening import Progress, open_roster
from dblrandom.adapters.files import read_bytes
from dblrandom.cli.screen import note
from dblrandom.errors import InputError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.suite import Suite
from dblrandom.roster import Manifest, RosterLike

__all__ = ["PLACES", "holds_password", "is_outside", "kept_places", "noted_places", "open_outside", "opener", "shown"]

PLACES = "rosters.json"
"""The file below ``secrets/`` that says where they are."""
_KINDS = (".parquet", ".arrow", ".feather", ".ipc")


def shown(place: str) -> str:
    """A place as messages name it: of a database's address the kind and the table, since it may hold a password."""
    kind, separator, rest = place.partition("://")
    return f"{kind}://...#{rest.partition('#')[2]}" if separator else place


def holds_password(place: str) -> bool:
    """Whether a database's address has a password in it."""
    user = place.partition("://")[2].partition("/")[0].rpartition("@")[0]
    return ":" in user


def absolute(place: str) -> str:
    """The place as it is found from any other folder too."""
    if place.startswith("sqlite:///"):
        path, mark, table = place.removeprefix("sqlite:///").partition("#")
        return f"sqlite:///{Path(path).resolve()}{mark}{table}"
    return place if "://" in place else str(Path(place).resolve())


def is_outside(place: str) -> bool:
    """Whether a roster's place is a URL, a folder, or a file of a kind that an engine reads."""
    return "://" in place or Path(place).suffix.lower() in _KINDS or Path(place).is_dir()


def open_outside(name: str, place: str, column: str, suite: Suite) -> RosterLike:
    """Open a roster where it is, telling on stderr how far the reading is, every two seconds."""
    told = [0]

    def tell(progress: Progress) -> None:
        seconds = progress.rows // progress.rate if progress.rate else 0
        if seconds < told[0]:
            told[0] = 0  # another pass over the rows
        if seconds >= told[0] + 2:
            told[0] = seconds
            left = f", {progress.remaining} s left" if progress.remaining is not None else ""
            note(f"{name}: {progress.rows} rows, {progress.rate} a second{left}")

    opened = open_roster(place, name=name, id=column, suite=suite, progress=tell)
    for told_once in getattr(opened, "notes", ()):
        note(f"{name}: {told_once}")
    return opened


def kept_places(places: Mapping[str, tuple[str, str]]) -> bytes:
    """The file that keeps each roster's place and id column, by the roster's name."""
    return encode({name: {"place": absolute(place), "id": column} for name, (place, column) in places.items()})


def opener(folder: Path) -> Callable[[Manifest, Suite], RosterLike | None]:
    """What opens the rosters outside of a ceremony's folder, where the folder's own note says they are."""

    def opened(manifest: Manifest, suite: Suite) -> RosterLike | None:
        places = noted_places(folder)
        if manifest.name not in places:
            return None
        return LazyRoster(manifest, suite, partial(open_outside, manifest.name, *places[manifest.name], suite))

    return opened


def noted_places(folder: Path) -> dict[str, tuple[str, str]]:
    """Where each of them is, with its id column, as the folder's own note says.

    Raises:
        InputError: the note is damaged.
    """
    path = folder / "secrets" / PLACES
    if not path.exists():
        return {}
    found = decode(read_bytes(path, private=True), str(path))
    try:
        entries = cast("dict[str, dict[str, str]]", found).items()
        return {name: (entry["place"], entry["id"]) for name, entry in entries}
    except (AttributeError, KeyError, TypeError) as error:
        raise InputError("does not say where the rosters are; restore it", where=str(path)) from error
