"""``dblrandom draw``: draw every task from the committed rosters."""

from __future__ import annotations

from pathlib import Path

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.drawn import show_task, task_json
from dblrandom.cli.options import folder_argument, key_option, signers, time_option
from dblrandom.cli.places import step_answer, take_step
from dblrandom.cli.screen import Screen, working
from dblrandom.drawing import Draw
from dblrandom.roster import RosterLike

__all__ = ["draw"]


@command("draw")
@folder_argument
@key_option
@time_option
def draw(folder: Path, keys: tuple[Path, ...], time: str) -> Answer:
    """Draw every task.

    A target whom nobody may inspect is shown as open, and is no error.
    """
    held = signers(keys)

    def act(_: CeremonyFolder, ceremony: Ceremony, __: dict[str, bytes]) -> tuple[Draw, dict[str, RosterLike]]:
        with working("drawing"):
            return ceremony.draw(time=time, keys=held), ceremony.rosters

    taken = take_step(folder, act)
    drawn, rosters = taken.value

    def show(screen: Screen) -> None:
        for task in drawn.values():
            show_task(screen, task, rosters[task.task.roster])
        screen.line()

    return step_answer(
        folder,
        taken.receipt,
        taken.digest,
        late=taken.late,
        show=show,
        wrote=[str(folder / "results" / f"{name}.tsv") for name in drawn.rosters],
        tasks=[task_json(task) for task in drawn.values()],
    )
