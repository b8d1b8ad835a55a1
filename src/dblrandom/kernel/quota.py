"""How many units a stratum gives, in exact integer arithmetic (docs/spec, section 4, point 3)."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from dblrandom.errors import PlanError
from dblrandom.model import Quota, Rounding

__all__ = ["apportion", "units", "units_wanted"]


def units_wanted(quota: Quota, size: int) -> int:
    """What the quota asks of ``size`` rows, before the cap and before looking whether there are so many.

    The greater of the rounded ratio and the count; a term that is not given is left out.
    """
    terms = [] if quota.count is None else [quota.count]
    if quota.ratio is not None:
        terms.append(_rounded(quota.ratio * size, quota.rounding))
    if not terms:
        raise PlanError("a quota needs a ratio or a count", where="quota")
    return max(terms)


def units(quota: Quota, size: int) -> tuple[int, int]:
    """The units that ``size`` rows give, and the shortfall: those that were asked for and are not there."""
    asked = units_wanted(quota, size)
    if quota.cap is not None:
        asked = min(asked, quota.cap)
    return min(size, asked), max(0, asked - size)


def apportion(total: int, sizes: Sequence[int], minimum: int) -> list[int]:
    """Share ``total`` units among strata in proportion to their sizes.

    Strata whose exact share is below ``min(minimum, size)`` get that many, and the others share the rest, again and
    again until none is below; then by largest remainder, equal remainders to the stratum that comes first.

    Args:
        total: the units to share, 0 to the sum of the sizes.
        sizes: the number of rows of each stratum, in the order of the strata.
        minimum: at least this many for each stratum that has so many.

    Returns:
        The units of each stratum, in the same order; they sum to ``total`` and none exceeds its size.

    Raises:
        PlanError: the total is below what the minimum takes, or above the number of rows.
    """
    floors = [min(minimum, size) for size in sizes]
    if total < sum(floors):
        raise PlanError(
            f"a total of {total} is below the {sum(floors)} that a minimum of {minimum} takes in {len(sizes)} strata; "
            "raise the total or lower the minimum",
            where="quota",
        )
    if total > sum(sizes) or minimum < 0 or min(sizes, default=0) < 0:
        raise PlanError(f"{total} units cannot be shared among {sum(sizes)} rows", where="quota")
    shares = list(floors)
    free, rest = list(range(len(sizes))), total
    while True:
        rows = sum(sizes[i] for i in free)
        low = [i for i in free if rest * sizes[i] < floors[i] * rows]
        if not low:
            break
        rest -= sum(floors[i] for i in low)
        raised = set(low)
        free = [i for i in free if i not in raised]
    if rows:
        _share_out(rest, rows, free, sizes, shares)
    return shares


def _share_out(rest: int, rows: int, free: list[int], sizes: Sequence[int], shares: list[int]) -> None:
    """Largest remainder (Hamilton) over the strata ``free``, written into ``shares``."""
    for i in free:
        shares[i] = rest * sizes[i] // rows
    left = rest - sum(shares[i] for i in free)
    # sorted() is stable, so equal remainders stay in the order of the strata.
    for i in sorted(free, key=lambda i: -(rest * sizes[i] % rows))[:left]:
        shares[i] += 1


def _rounded(value: Fraction, rounding: Rounding) -> int:
    numerator, denominator = value.numerator, value.denominator
    if rounding is Rounding.CEILING:
        return -(-numerator // denominator)
    if rounding is Rounding.FLOOR:
        return numerator // denominator
    return (2 * numerator + denominator) // (2 * denominator)
