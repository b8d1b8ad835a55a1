"""How many rows the tasks of one commitment may make a verifier go through (docs/spec, sections 4 and 6)."""

from __future__ import annotations

from collections.abc import Mapping

from dblrandom.errors import PlanError
from dblrandom.limits import TASK_ROWS, TASK_ROWS_PER_ROW
from dblrandom.model import Plan, Task
from dblrandom.roster import Manifest

__all__ = ["check_rows"]


def check_rows(plan: Plan, rosters: Mapping[str, Manifest]) -> None:
    """Refuse tasks that go through more rows together than anybody has to; the manifests tell, before a row is read.

    Raises:
        PlanError: they are more than 67,108,864 and more than 16 times the rows of all rosters.
    """
    found = sum(_gone_through(task, plan.recusals, rosters) for task in plan.tasks)
    committed = sum(manifest.rows for manifest in rosters.values())
    most = max(TASK_ROWS, TASK_ROWS_PER_ROW * committed)
    if found > most:
        raise PlanError(
            f"its {len(plan.tasks)} tasks go through {found} rows together, and {most} are the most that a verifier is "
            f"asked to, with {committed} rows committed; divide the tasks over several ceremonies, or give them "
            "rosters with their own rows alone",
            where="plan",
        )


def _gone_through(task: Task, recusals: str | None, rosters: Mapping[str, Manifest]) -> int:
    rows = rosters[task.roster].rows
    if task.team.roles:
        rows += len(task.team.roles) * rosters[task.team.roster].rows
        rows += 0 if recusals is None else rosters[recusals].rows
    return rows
