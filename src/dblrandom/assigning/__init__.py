"""Who inspects what: eligibility, the assignment of inspectors, and replacements (docs/spec, sections 5 and 6)."""

from __future__ import annotations

from dblrandom.assigning.assign import Solution, assign, solve
from dblrandom.assigning.eligibility import Eligibility
from dblrandom.assigning.preferences import slot_order
from dblrandom.assigning.replace import Refill, fill
from dblrandom.assigning.slots import Assignment, CountedSlot, Filled, Ineligible, OpenSlot, OpenTarget, Slot

__all__ = [
    "Assignment",
    "CountedSlot",
    "Eligibility",
    "Filled",
    "Ineligible",
    "OpenSlot",
    "OpenTarget",
    "Refill",
    "Slot",
    "Solution",
    "assign",
    "fill",
    "slot_order",
    "solve",
]
