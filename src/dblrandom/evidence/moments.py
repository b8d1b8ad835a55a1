"""Moments that cannot be meant: deadlines so far away that they hide what was given up, and clocks that are ahead.

The limits are those of docs/spec, section 6. Whoever writes a receipt keeps to them; a verifier reports them.
"""

from __future__ import annotations

from dblrandom.drawing.commitment import Commitment
from dblrandom.evidence.receipt import Receipt
from dblrandom.model import time_seconds
from dblrandom.model.deadlines import LONGEST_DAYS, is_distant

__all__ = ["ahead", "distant", "late", "long_over"]

_DAY = 86_400


def distant(commitment: Commitment, time: str) -> list[str]:
    """The deadlines that lie too far after a commitment of that time, each in words; nothing where none does."""
    found = []
    for stage, days in LONGEST_DAYS.items():
        deadline = commitment.deadlines[stage]
        if is_distant(stage, deadline, time):
            found.append(
                f"the {stage} is due by {deadline}, over {days} days after the commitment of {time}: until then "
                "nobody could say that it was given up"
            )
    return found


def late(commitment: Commitment, kind: str, time: str) -> str | None:
    """Say of a step at that time that its deadline is over, or ``None``."""
    deadline = commitment.deadlines.get(kind)
    return None if deadline is None or time <= deadline else f"the {kind} was due by {deadline}, and it is {time}"


def long_over(commitment: Commitment, time: str) -> str | None:
    """Say that a step at that time is a year or more after everything was due, or ``None``: a clock is wrong."""
    last = commitment.deadlines["result"]
    if time_seconds(time) <= time_seconds(last) + 366 * _DAY:
        return None
    return f"it is {time}, over a year after the last deadline, {last}: set the clock right"


def ahead(receipt: Receipt, as_of: str) -> bool:
    """Whether a receipt states a time that is more than a day after the verifier's own."""
    return time_seconds(receipt.time) > time_seconds(as_of) + _DAY
