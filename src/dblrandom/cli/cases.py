"""What is shown of one target or inspector, as people and programs get it."""

from __future__ import annotations

from dblrandom.cli.screen import Screen
from dblrandom.evidence import InspectorCase, TargetCase

__all__ = ["case_json", "show_case", "verdict_of"]


def case_json(case: TargetCase | InspectorCase) -> dict[str, object]:
    """A case as programs get it."""
    found: dict[str, object] = {"id": case.id, "on_roster": case.on_roster}
    found["row"] = None if case.row is None else dict(case.row)
    if isinstance(case, InspectorCase):
        return found | {"roles": [{"task": t, "role": r, "passes": ok} for (t, r), ok in case.roles.items()]}
    return found | {
        "task": case.task,
        "in_frame": case.in_frame,
        "stratum": list(case.stratum),
        "ticket": case.ticket,
        "last_ticket": case.last_ticket,
        "drawn": case.drawn,
        "recomputed": case.recomputed,
        "listed": case.listed,
    }


def verdict_of(case: TargetCase) -> str:
    """What the ticket shows: that it was drawn only where the draw, or the list of those drawn, was compared."""
    if case.drawn is None:
        return "its sampler decides otherwise than by the lowest tickets"
    if case.recomputed or case.listed:
        return f"so it was {'' if case.drawn else 'not '}drawn for task {case.task}"
    lies = "at or below" if case.drawn else "above"
    return (
        f"its ticket lies {lies} the last one that the draw's receipt names; whether it is among the drawn of task "
        f"{case.task} was not compared: results/{case.task}.selected.tsv is not here"
    )


def show_case(screen: Screen, case: TargetCase | InspectorCase) -> None:
    """A case as people read it."""
    screen.line(f"{case.id!r} is {'' if case.on_roster else 'not '}on the roster")
    screen.table(("column", "value"), (case.row or {}).items())
    if isinstance(case, InspectorCase):
        rows = [(t, r, "passes the filter" if ok else "does not pass") for (t, r), ok in case.roles.items()]
        screen.table(("task", "role", ""), rows)
    elif case.on_roster and not case.in_frame:
        screen.line(f"it does not pass the filter of task {case.task}, so it was not in the frame")
    elif case.ticket is not None:
        screen.line(f"its ticket             {case.ticket}")
        screen.line(f"last ticket selected   {case.last_ticket or 'none'}")
        screen.line(verdict_of(case))
    elif case.in_frame:
        screen.line(f"it is in the frame of task {case.task}, for which there is no draw yet")
