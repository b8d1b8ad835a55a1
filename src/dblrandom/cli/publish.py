"""``dblrandom publish``: a copy of a ceremony for everyone."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from dblrandom.cli.answer import Answer, command
from dblrandom.cli.checked import show_checked
from dblrandom.cli.options import FILE, folder_argument, trust_option
from dblrandom.cli.places import existing, read_trust
from dblrandom.cli.screen import Screen, working

__all__ = ["publish"]


@command("publish")
@folder_argument
@click.option("--out", metavar="DIR", type=FILE, required=True, help="A new folder for the copy.")
@trust_option
def publish(folder: Path, out: Path, trust: Path | None) -> Answer:
    """Copy what is public.

    That is all but secrets/, lock, and the rows of rosters that are confidential or elsewhere. Everything is verified
    before; what does not hold is not copied.
    """
    place = existing(folder)
    with working("verifying and copying"):
        report = place.publish(out, trust=read_trust(trust))
    elsewhere = sorted(place.contents().outside)
    following = f"put {shlex.quote(str(out))} where everyone can get it; anyone can run: dblrandom verify on it"

    def show(screen: Screen) -> None:
        show_checked(screen, report)
        screen.line(f"wrote {out}")
        if elsewhere:
            names = ", ".join(elsewhere)
            screen.line(f"the rows of {names} are elsewhere and not in it: publish them too, as a file or a table;")
            screen.line("who verifies says where he has them: dblrandom verify --roster NAME=PLACE")
        screen.line(f"next: {following}")

    return Answer(
        data={"wrote": [str(out)], "elsewhere": elsewhere, "report": report.to_json(), "next": following}, show=show
    )
