"""Rosters from files, as several commands take them: canonical files, and tables of an office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from dblrandom import limits
from dblrandom.adapters.files import read_bytes
from dblrandom.adapters.rosterplaces import noted_places
from dblrandom.adapters.tables import import_csv
from dblrandom.adapters.textfiles import foreign
from dblrandom.cli.outside import is_outside, open_outside, shown
from dblrandom.cli.places import existing
from dblrandom.cli.tableoptions import tell_notes
from dblrandom.errors import DblrandomError, RosterError, VerificationError
from dblrandom.evidence import Transcript
from dblrandom.kernel.suite import Suite
from dblrandom.roster import Manifest, Roster, RosterLike

__all__ = ["LARGEST", "check_committed", "named_rosters", "outside_places", "read_roster", "rosters_of"]

LARGEST = limits.ROSTER_BYTES
"""The most bytes that are read of a roster."""


def read_roster(suite: Suite, name: str, path: Path) -> Roster:
    """A canonical roster file.

    Raises:
        RosterError: it is not canonical.
        FolderError: it cannot be read.
    """
    data = read_bytes(path, LARGEST)
    if said := foreign(data):
        raise RosterError(said, where=f"roster {name}: {path}")
    return Roster.from_file(suite, name, data)


def named_rosters(suite: Suite, given: Mapping[str, str], ids: Sequence[str], encoding: str) -> list[RosterLike]:
    """The rosters of ``NAME=FILE`` options; a table is imported or stays where it is, any other must be canonical."""
    columns = dict(_id_column(text) for text in ids)
    outside = outside_places(given, ids)
    found: list[RosterLike] = []
    if encoding not in ("utf-8", "utf-8-sig") and all(Path(place).suffix.lower() != ".csv" for place in given.values()):
        raise click.UsageError(f"--encoding {encoding} is of .csv files, and there is none; convert others to UTF-8")
    for name, place in given.items():
        path = Path(place)
        if name in outside:
            found.append(open_outside(name, *outside[name], suite))
            continue
        if path.suffix.lower() != ".csv":
            found.append(read_roster(suite, name, path))
            continue
        column = columns.get(name, columns.get(""))
        if column is None:
            raise click.UsageError(f"--roster {name}: a CSV file needs its id column, --id {name}=COLUMN")
        table = import_csv(path, id=column, name=name, encoding=encoding)
        population = table.taken()
        tell_notes(table.report)
        found.append(Roster.build(suite, population))
    return found


def outside_places(given: Mapping[str, str], ids: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Of ``NAME=PLACE`` options those that stay where they are, each with its id column."""
    columns = dict(_id_column(text) for text in ids)
    found = {}
    for name, place in given.items():
        if is_outside(place):
            column = columns.get(name, columns.get(""))
            if column is None:
                raise click.UsageError(f"--roster {name}: a table needs its id column, --id {name}=COLUMN")
            found[name] = (place, column)
    return found


def rosters_of(folder: Path, given: Mapping[str, str], ids: Sequence[str], encoding: str) -> list[RosterLike]:
    """The committed rosters whose rows are not in a ceremony's folder: those given, and those that this user noted.

    All are opened at once, so that what cannot be read is told for what it is, and not as evidence that does not hold.

    Raises:
        UsageError: a name that is no roster's, or one whose rows the folder has.
        VerificationError: the rows are not the ones committed, or the folder was changed.
        RosterError, FolderError: they cannot be read.
    """
    contents = existing(folder).contents()
    try:
        ceremony = Transcript.read(contents.receipts)
        committed = ceremony.commitment.rosters
    except DblrandomError:
        return []  # to verify says what is wrong with it
    for name in given:
        if name in contents.rosters:
            raise click.UsageError(f"--roster {name}: its rows are in the folder; leave this out")
        if name not in committed:
            raise click.UsageError(f"--roster {name}: there is no such roster; there are {', '.join(committed)}")
    opened = named_rosters(ceremony.suite, given, ids, encoding)
    found = {roster.name: (given[roster.name], roster) for roster in opened}
    for name, (place, column) in noted_places(folder, ceremony.commitment_digest).items():
        if name in contents.outside and name not in found:
            found[name] = (place, open_outside(name, place, column, ceremony.suite))
    for name, (place, roster) in found.items():
        check_committed(committed[name], roster, place)
    return [roster for _, roster in found.values()]


def check_committed(committed: Manifest, roster: RosterLike, place: str) -> None:
    """Check that the rows at a place are the ones committed.

    Raises:
        VerificationError: they are not; it says in what they differ.
    """
    there = roster.manifest
    if there == committed:
        return
    why = "a row, or more, is another"
    if there.columns != committed.columns:
        why = f"the columns are {', '.join(there.columns)}, not {', '.join(committed.columns)}"
    elif there.rows != committed.rows:
        why = f"there are {there.rows} rows, not {committed.rows}"
    subject = f"roster {committed.name!r} at {shown(place)}"
    raise VerificationError("roster", f"its rows are not the ones committed: {why}", where=subject)


def _id_column(text: str) -> tuple[str, str]:
    name, separator, column = text.partition("=")
    return (name, column) if separator else ("", text)
