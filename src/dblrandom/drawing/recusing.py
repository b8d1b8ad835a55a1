"""The rows of recusals, held against the rosters of inspectors and targets (docs/spec, section 5)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dblrandom.errors import RosterError
from dblrandom.kernel.rows import check_id
from dblrandom.model import Plan
from dblrandom.model.likeness import check_compared, likeness
from dblrandom.roster import RosterLike

__all__ = ["check_recusals", "inspector_rosters"]


def inspector_rosters(plan: Plan) -> tuple[str, ...]:
    """The rosters from which the plan's tasks take inspectors, by name."""
    return tuple(dict.fromkeys(task.team.roster for task in plan.tasks if task.team.roles))


def check_recusals(plan: Plan, rosters: Mapping[str, RosterLike]) -> None:
    """Check that every recusal names an inspector and a target of the plan, a ground, and somebody else's approval.

    Raises:
        RosterError: naming the recusal.
    """
    if plan.recusals is None:
        return
    inspectors = [rosters[name] for name in inspector_rosters(plan)]
    targets = [rosters[name] for name in dict.fromkeys(t.roster for t in plan.tasks)]
    recusals = list(rosters[plan.recusals].records())
    known_inspectors = _known(inspectors, (row["inspector"] for row in recusals))
    known_targets = _known(targets, (row["target"] for row in recusals))
    for row in recusals:
        where = f"recusal {row['id']!r}"
        if row["inspector"] not in known_inspectors:
            raise RosterError(f"the inspector {row['inspector']!r} is on no roster of inspectors", where=where)
        if row["target"] not in known_targets:
            raise RosterError(f"the target {row['target']!r} is on no roster of targets", where=where)
        if not row["ground"]:
            raise RosterError("it gives no ground", where=where)
        check_id(row["approver"], f"{where}, approver")
        check_compared(row["ground"], f"{where}, ground", error=RosterError)
        if likeness(row["approver"]) == likeness(row["inspector"]):
            raise RosterError("it must be approved by somebody other than the inspector himself", where=where)


def _known(rosters: Iterable[RosterLike], ids: Iterable[str]) -> set[str]:
    """Those of the ids that are on one of the rosters; each roster is asked once."""
    wanted = set(ids)
    found: set[str] = set()
    for roster in rosters:
        found |= roster.known(wanted - found)
    return found
