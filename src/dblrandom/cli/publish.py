"""``dblrandom publish``: a copy of a ceremony for everyone."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import FILE, folder_argument
from dblrandom.cli.places import existing
from dblrandom.cli.screen import Screen, working

__all__ = ["publish"]


@command("publish")
@folder_argument
@click.option("--out", metavar="DIR", type=FILE, required=True, help="A new folder for the copy.")
def publish(folder: Path, out: Path) -> Answer:
    """Copy what is public.

    That is all but secrets/, lock and the rows of confidential rosters.
    """
    with working("copying"):
        existing(folder).publish(out)
    following = f"put {shlex.quote(str(out))} where everyone can get it; anyone can run: dblrandom verify on it"

    def show(screen: Screen) -> None:
        screen.line(f"wrote {out}")
        screen.line(f"next: {following}")

    return Answer(data={"wrote": [str(out)], "next": following}, show=show)
