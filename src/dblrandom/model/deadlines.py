"""How far away a deadline may lie (docs/spec, section 6)."""

from __future__ import annotations

from dblrandom.model.names import time_seconds

__all__ = ["LONGEST_DAYS", "is_distant"]

LONGEST_DAYS = {"reveal": 366, "draw": 366, "result": 1830}
"""By how many days after its commitment a deadline may lie: a year, and five years for the results."""

_DAY = 86_400


def is_distant(stage: str, deadline: str, committed: str) -> bool:
    """Whether a deadline lies so far after its commitment that it hides whether the draw was given up."""
    return time_seconds(deadline) > time_seconds(committed) + LONGEST_DAYS[stage] * _DAY
