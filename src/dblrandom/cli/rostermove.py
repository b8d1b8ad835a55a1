"""``dblrandom roster move``: note where a roster is now whose rows the folder has not."""

from __future__ import annotations

from pathlib import Path

import click

from dblrandom.adapters.rosterplaces import note_places, noted_places
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import folder_argument, pairs, rosters_option
from dblrandom.cli.outside import absolute, open_outside, shown
from dblrandom.cli.places import existing
from dblrandom.cli.rosters import check_committed, outside_places
from dblrandom.cli.screen import Screen
from dblrandom.roster import Roster

__all__ = ["move"]


@command("move")
@folder_argument
@rosters_option
def move(folder: Path, roster: tuple[tuple[str, str], ...], ids: tuple[str, ...]) -> Answer:
    """Note where rosters are now.

    For a database with another address or password, or files in another folder. The rows must be the ones committed.
    The note is yours, on this machine; the folder does not carry it.
    """
    given = pairs(roster, "--roster")
    if not given:
        raise click.UsageError("say where it is now: --roster NAME=PLACE")
    places = outside_places(given, ids)
    if inside := [name for name in given if name not in places]:
        raise click.UsageError(f"--roster {inside[0]}: give a table that an engine reads, not one file of text")

    ceremony = existing(folder).load()
    committed = ceremony.commitment.rosters
    for name, (place, column) in places.items():
        if name not in committed or isinstance(ceremony.rosters.get(name), Roster):
            raise click.UsageError(f"--roster {name}: there is no such roster whose rows are elsewhere")
        check_committed(committed[name], open_outside(name, place, column, ceremony.suite), place)
    found = {name: (absolute(place), column) for name, (place, column) in places.items()}
    before = noted_places(folder, ceremony.commitment_digest)
    noted = note_places(folder, ceremony.commitment_digest, {**before, **found})
    moved = {name: shown(place) for name, (place, _) in places.items()}

    def show(screen: Screen) -> None:
        for name, place in moved.items():
            screen.line(f"{name} is at {place}, with the rows that were committed")
        screen.line(f"noted in {noted}")

    return Answer(data={"moved": moved, "noted": str(noted)}, show=show)
