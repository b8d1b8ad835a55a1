"""Rosters whose rows stay outside of the ceremony's folder: in large files, or in a database.

Where they are is noted outside of the folder, by the user who commits; whoever verifies says where they are there.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from dblrandom.adapters.engines.addresses import divided, is_address, passwords_in, shown_place
from dblrandom.adapters.engines.lazy import LazyRoster
from dblrandom.adapters.engines.opening import Progress, open_roster
from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.rosterplaces import noted_places
from dblrandom.cli.screen import note, told_once
from dblrandom.kernel.suite import Suite
from dblrandom.roster import Manifest, Roster, RosterLike

__all__ = ["absolute", "holds_password", "is_outside", "open_outside", "opener", "shown"]

_SQLITE = re.compile(r"sqlite(\+\w+)?:///")
_KINDS = (".parquet", ".arrow", ".feather", ".ipc")


def shown(place: str) -> str:
    """A place as messages name it: of a database's address the kind and the table, since it may hold a password."""
    return shown_place(place)


def holds_password(place: str) -> bool:
    """Whether a database's address has a password in it, before the host or as a parameter."""
    return bool(passwords_in(place))


def absolute(place: str) -> str:
    """The place as it is found from any other folder too, which is how it is noted."""
    if (found := _SQLITE.match(place)) is not None:
        address, table = divided(place)
        return f"{found[0]}{Path(address.removeprefix(found[0])).resolve()}" + (f"#{table}" if table else "")
    return place if is_address(place) else str(Path(place).resolve())


def is_outside(place: str) -> bool:
    """Whether a roster's place is a URL, a folder, or a file of a kind that an engine reads."""
    return is_address(place) or Path(place).suffix.lower() in _KINDS or Path(place).is_dir()


def open_outside(
    name: str, place: str, column: str, suite: Suite, engine: str | None = None, encoding: str | None = None
) -> Roster | EngineRoster:
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

    opened = open_roster(place, name=name, id=column, suite=suite, engine=engine, encoding=encoding, progress=tell)
    for remark in getattr(opened, "notes", ()):
        note(f"{name}: {remark}")
    # A connection to a database is not kept longer than the command that opened it.
    if (context := click.get_current_context(silent=True)) is not None:
        context.call_on_close(opened.close)
    return opened


def opener(folder: Path) -> Callable[[Manifest, Suite, str], RosterLike | None]:
    """What opens the rosters outside of a ceremony's folder, where this user has noted that they are.

    Nothing that stands in the folder itself says what is opened: whoever sent it would choose.
    """

    def opened(manifest: Manifest, suite: Suite, digest: str) -> RosterLike | None:
        places = noted_places(folder, digest)
        if manifest.name not in places:
            told_once(_unnoted(folder, manifest.name))
            return None
        return LazyRoster(manifest, suite, partial(open_outside, manifest.name, *places[manifest.name], suite))

    return opened


def _unnoted(folder: Path, name: str) -> str:
    move = f"dblrandom roster move {shlex.quote(str(folder))} --roster {shlex.quote(name)}=PLACE --id COLUMN"
    return (
        f"the rows of {name} are not in the folder, and you have noted no place for them here: verify and witness take "
        f"--roster {name}=PLACE; to note it (what an earlier version noted in secrets/ is not read): {move}"
    )
