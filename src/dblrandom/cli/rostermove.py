"""``dblrandom roster move``: note where a roster is now whose rows the folder has not."""

from __future__ import annotations

from pathlib import Path

import click

from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import folder_argument, pairs, rosters_option
from dblrandom.cli.outside import PLACES, kept_places, noted_places, open_outside, shown
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
    """
    given = pairs(roster, "--roster")
    if not given:
        raise click.UsageError("say where it is now: --roster NAME=PLACE")
    places = outside_places(given, ids)
    if inside := [name for name in given if name not in places]:
        raise click.UsageError(f"--roster {inside[0]}: give a table that an engine reads, not one file of text")

    def act(ceremony: Ceremony, private: dict[str, bytes]) -> None:
        committed = ceremony.commitment.rosters
        for name, (place, column) in places.items():
            if name not in committed or isinstance(ceremony.rosters.get(name), Roster):
                raise click.UsageError(f"--roster {name}: there is no such roster whose rows are elsewhere")
            check_committed(committed[name], open_outside(name, place, column, ceremony.suite), place)
        private[PLACES] = kept_places({**noted_places(folder), **places})

    existing(folder).update(act)
    moved = {name: shown(place) for name, (place, _) in places.items()}

    def show(screen: Screen) -> None:
        for name, place in moved.items():
            screen.line(f"{name} is at {place}, with the rows that were committed")

    return Answer(data={"moved": moved}, show=show)
