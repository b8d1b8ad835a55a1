from __future__ import annotations

from fractions import Fraction

import pytest

from dblrandom.errors import PlanError
from dblrandom.kernel.quota import apportion, units, units_wanted
from dblrandom.model import Quota, Rounding, Scope


def quota(ratio: Fraction | None = None, **terms: int) -> Quota:
    return Quota(ratio=ratio, scope=Scope.FRAME, **terms)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [
        (Rounding.CEILING, [0, 1, 1, 1, 1, 2]),
        (Rounding.FLOOR, [0, 0, 0, 0, 1, 1]),
        (Rounding.HALF_UP, [0, 0, 1, 1, 1, 1]),
    ],
)
def test_rounding(rounding: Rounding, expected: list[int]) -> None:
    asked = Quota(ratio=Fraction(1, 4), scope=Scope.FRAME, rounding=rounding)
    assert [units_wanted(asked, n) for n in range(6)] == expected


def test_half_goes_up_even_where_a_float_would_not() -> None:
    asked = Quota(ratio=Fraction(1, 2), scope=Scope.FRAME, rounding=Rounding.HALF_UP)
    assert units_wanted(asked, 2**53 + 1) == 2**52 + 1


def test_count_alone_and_published_rule_of_30_percent_or_3() -> None:
    assert units(quota(count=3), 2) == (2, 1)
    assert units(quota(Fraction(3, 10), count=3), 9) == (3, 0)
    assert units(quota(Fraction(3, 10), count=3, cap=5), 100) == (5, 0)
    assert units(quota(Fraction(1, 1), cap=5), 3) == (3, 0)


@pytest.mark.parametrize(
    ("total", "sizes", "minimum"),
    [(2, [5, 5, 5], 1), (0, [1], 1), (5, [10, 10], 3), (16, [10, 5], 0), (-1, [5], 0), (1, [], 0), (3, [5], -1)],
)
def test_totals_that_cannot_be_shared(total: int, sizes: list[int], minimum: int) -> None:
    with pytest.raises(PlanError, match=r"^quota: "):
        apportion(total, sizes, minimum)


def test_sharing() -> None:
    assert apportion(0, [], 1) == []
    assert apportion(2, [5, 0, 5], 1) == [1, 0, 1]
    assert apportion(0, [0, 0], 1) == [0, 0]
    assert apportion(3, [1, 1, 1, 1], 0) == [1, 1, 1, 0]
    assert apportion(3, [1, 2, 300], 1) == [1, 1, 1]


def test_raising_one_stratum_can_push_another_below() -> None:
    """10 of 100 rows: the 5 are raised to 3, and then the 31, whose share was 3.1, have one of only 2.28."""
    assert apportion(10, [5, 31, 64], 3) == [3, 3, 4]
