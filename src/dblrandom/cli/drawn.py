"""What was drawn for a task, for people and for programs."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from dblrandom.cli.screen import Screen, note, ratio
from dblrandom.drawing import TaskDraw
from dblrandom.errors import DblrandomError
from dblrandom.model import Json
from dblrandom.roster import RosterLike

__all__ = ["names_of", "show_task", "task_json"]


def task_json(drawn: TaskDraw) -> dict[str, Json]:
    """A task's draw: its units with their probabilities and weights, teams, reserves, caps."""
    return {
        "task": drawn.task.id,
        "title": drawn.task.title,
        "size": sum(stratum.size for stratum in drawn.selection.strata),
        "selected": [unit.to_json() for unit in drawn.selected],
        "reserves": [unit.to_json() for unit in drawn.reserves],
        "teams": [team.to_json() for team in drawn.teams],
        "open": [entry.target for entry in drawn.assignment.open],
        "cap": drawn.assignment.cap,
        "smallest_cap": drawn.assignment.smallest_cap,
        "shortfall": drawn.shortfall,
    }


def names_of(roster: RosterLike | None, ids: Collection[str]) -> dict[str, str]:
    """What targets are called, as far as the roster says; where its rows cannot be read, that is told, and no more."""
    if roster is None or "name" not in roster.columns:
        return {}
    try:
        return roster.values(ids, "name")
    except DblrandomError as error:
        note(f"names are left out: {error}")
        return {}


def show_task(screen: Screen, drawn: TaskDraw, roster: RosterLike) -> None:
    """A task's draw as tables: the selected with their teams, then the reserves."""
    task = drawn.task
    size = sum(stratum.size for stratum in drawn.selection.strata)
    screen.line()
    screen.line(f"Task {task.id}: {task.title}" + (f" ({task.title_en})" if task.title_en else ""))
    short = f", {drawn.shortfall} short of what was wanted" if drawn.shortfall else ""
    screen.line(f"  drawn {len(drawn.selected)} of {size}, reserves {len(drawn.reserves)}{short}")
    if task.team.roles:
        cap = drawn.assignment
        screen.line(f"  at most {cap.cap} targets for one inspector ({cap.smallest_cap} would have been enough)")
    roles = [role.name for role in task.team.roles]
    teams: Mapping[str, tuple[str | None, ...]] = drawn.assignment.teams
    names = names_of(roster, [unit.id for unit in (*drawn.selected, *drawn.reserves)])
    rows = []
    for status, units in (("selected", drawn.selected), ("reserve", drawn.reserves)):
        for unit in units:
            team = [member or "(open)" for member in teams[unit.id]] if status == "selected" else ["" for _ in roles]
            stratum = " / ".join(unit.stratum) or "-"
            chance = ratio(unit.probability), ratio(unit.weight)
            rows.append((unit.rank, status, unit.id, names.get(unit.id, ""), stratum, *chance, *team))
    screen.table(("rank", "status", "id", "name", "stratum", "probability", "weight", *roles), rows)
    for entry in drawn.assignment.open:
        screen.line(f"  open: {entry.target!r} has no team; staff it by: dblrandom substitute --open")
        screen.table(
            ("role", "inspector", "why not"),
            [
                (slot.role, p.inspector, f"column {p.column}" if p.column else f"recusal {p.recusal}")
                for slot in entry.slots
                for p in slot.candidates
            ],
        )
