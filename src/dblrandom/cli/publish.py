"""``dblrandom publish``: a copy of a ceremony for everyone."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from dblrandom.adapters.clock import now
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.checked import show_checked
from dblrandom.cli.options import FILE, folder_argument, trust_option
from dblrandom.cli.places import existing, read_trust
from dblrandom.cli.screen import Screen, working
from dblrandom.errors import VerificationError
from dblrandom.evidence import TrustPolicy

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
        overdue = _overdue(place, read_trust(trust))
    elsewhere = sorted(place.contents().outside)
    following = f"put {shlex.quote(str(out))} where everyone can get it; anyone can run: dblrandom verify on it"

    def show(screen: Screen) -> None:
        show_checked(screen, report)
        if overdue is not None:
            screen.line(f"overdue: {overdue}; who verifies is told so")
        screen.line(f"wrote {out}")
        if elsewhere:
            names = ", ".join(elsewhere)
            screen.line(f"the rows of {names} are elsewhere and not in it: publish them too, as a file or a table;")
            screen.line("who verifies says where they are: dblrandom verify --roster NAME=PLACE")
        screen.line(f"next: {following}")

    told = {"elsewhere": elsewhere, "overdue": overdue, "next": following}
    return Answer(data={"wrote": [str(out)], "report": report.to_json(), **told}, show=show)


def _overdue(place: CeremonyFolder, trust: TrustPolicy | None) -> str | None:
    """What should be there by now and is not; to publish it all the same is right."""
    moment = now()
    if all(moment <= deadline for deadline in place.load().commitment.deadlines.values()):
        return None
    try:
        place.verify(trust, as_of=moment)
    except VerificationError as error:
        if error.check != "deadlines":
            raise
        return str(error)
    return None
