"""Rosters from files, as several commands take them: canonical files, and tables of an office."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from dblrandom.adapters.files import read_bytes
from dblrandom.adapters.tables import read_csv
from dblrandom.cli.outside import is_outside, open_outside
from dblrandom.kernel.suite import Suite
from dblrandom.roster import Roster, RosterLike

__all__ = ["LARGEST", "named_rosters", "outside_places", "read_roster"]

LARGEST = 1 << 36
"""The most bytes that are read of a roster."""


def read_roster(suite: Suite, name: str, path: Path) -> Roster:
    """A canonical roster file.

    Raises:
        RosterError: it is not canonical.
        FolderError: it cannot be read.
    """
    return Roster.from_file(suite, name, read_bytes(path, LARGEST))


def named_rosters(suite: Suite, given: Mapping[str, str], ids: Sequence[str], encoding: str) -> list[RosterLike]:
    """The rosters of ``NAME=FILE`` options; a table is imported or stays where it is, any other must be canonical."""
    columns = dict(_id_column(text) for text in ids)
    outside = outside_places(given, ids)
    found: list[RosterLike] = []
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
        found.append(Roster.build(suite, read_csv(path, id=column, name=name, encoding=encoding)))
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


def _id_column(text: str) -> tuple[str, str]:
    name, separator, column = text.partition("=")
    return (name, column) if separator else ("", text)
