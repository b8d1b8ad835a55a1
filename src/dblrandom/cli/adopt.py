"""``dblrandom adopt``: say that a folder is one's own, on this machine."""

from __future__ import annotations

from pathlib import Path

from dblrandom.adapters.rosterplaces import is_known
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import folder_argument
from dblrandom.cli.places import some_folder
from dblrandom.cli.screen import Screen, note

__all__ = ["adopt"]


@command("adopt")
@folder_argument
def adopt(folder: Path) -> Answer:
    """Say that a folder is yours.

    After you copied it to another machine, or moved it. A step that was interrupted in it is finished or undone, and
    what is sealed in its secrets/ is used by later steps. Never for a folder that somebody sent you.
    """
    place = some_folder(folder)
    done = place.adopt()
    known = is_known(folder)
    if not known:
        note("warning: there is no place for notes, so this is not remembered: set HOME or XDG_STATE_HOME")

    def show(screen: Screen) -> None:
        for text in done:
            screen.line(text)
        screen.line(f"{folder} is known as yours on this machine" if known else f"{folder} has no step left to end")

    return Answer(data={"folder": str(folder), "known": known, "recovered": list(done)}, show=show)
