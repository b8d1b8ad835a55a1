"""How many pairs of a slot and an inspector a ceremony may make a verifier hash (docs/spec, sections 5 and 6)."""

from __future__ import annotations

from collections.abc import Iterable

from dblrandom.assigning import Eligibility
from dblrandom.errors import PlanError, StepError
from dblrandom.limits import ASSIGNED_PAIRS, REFILLED_PAIRS

__all__ = ["RefillBudget", "check_pairs"]


def check_pairs(tasks: Iterable[tuple[int, Eligibility]]) -> None:
    """Refuse tasks whose slots have more inspectors to choose from, added up, than anybody has to hash.

    Args:
        tasks: how many targets each task draws, and who may take its roles.

    Raises:
        PlanError: they are more than 268,435,456; known before a seed is, and before anything is drawn.
    """
    found = sum(units * sum(map(eligibility.passing, eligibility.roles)) for units, eligibility in tasks)
    if found > ASSIGNED_PAIRS:
        raise PlanError(
            f"its slots have {found} inspectors to choose from, added up, and {ASSIGNED_PAIRS} are the most that a "
            "verifier is asked to hash; draw fewer targets in one ceremony, or give the roles narrower filters",
            where="plan",
        )


class RefillBudget:
    """The same for the substitutions of a ceremony, over all of its tasks; spent before a slot is filled."""

    def __init__(self) -> None:
        self._spent = 0

    def spend(self, roles: Iterable[str], eligibility: Eligibility) -> None:
        """Spend what the slots of these roles need.

        Raises:
            StepError: with the substitutions before, it is more than 33,554,432.
        """
        wanted = self._spent + sum(map(eligibility.passing, roles))
        if wanted > REFILLED_PAIRS:
            raise StepError(
                f"the slots that substitutions fill would have {wanted} inspectors to choose from, added up, and "
                f"{REFILLED_PAIRS} are the most that a verifier is asked to hash"
            )
        self._spent = wanted
