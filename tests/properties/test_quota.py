from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dblrandom.errors import PlanError
from dblrandom.kernel.quota import apportion, units, units_wanted
from dblrandom.model import Quota, Rounding, Scope

SIZES = st.integers(0, 10**6)


@st.composite
def quotas(draw: st.DrawFn) -> Quota:
    ratio = draw(st.none() | st.fractions(Fraction(1, 1000), 1, max_denominator=1000))
    count = draw(st.integers(1, 1000) if ratio is None else st.none() | st.integers(1, 1000))
    cap = draw(st.none() | st.integers(count or 1, 2000))
    return Quota(ratio=ratio, count=count, cap=cap, rounding=draw(st.sampled_from(Rounding)), scope=Scope.FRAME)


@given(quotas(), SIZES)
def test_units(quota: Quota, size: int) -> None:
    n, shortfall = units(quota, size)
    wanted = units_wanted(quota, size)
    assert 0 <= n <= size
    assert n + shortfall == (wanted if quota.cap is None else min(wanted, quota.cap))
    assert shortfall == 0 or n == size
    assert quota.count is None or wanted >= quota.count
    if quota.ratio is not None and quota.count is None:
        exact = quota.ratio * size
        rounded = {
            Rounding.CEILING: ceil(exact),
            Rounding.FLOOR: floor(exact),
            Rounding.HALF_UP: floor(exact + Fraction(1, 2)),
        }
        assert wanted == rounded[quota.rounding]
        assert quota.rounding is not Rounding.CEILING or size == 0 or n > 0


@given(quotas(), SIZES)
def test_a_greater_stratum_never_gives_less(quota: Quota, size: int) -> None:
    assert units(quota, size)[0] <= units(quota, size + 1)[0]


@st.composite
def sharings(draw: st.DrawFn) -> tuple[int, list[int], int]:
    sizes = draw(st.lists(st.integers(1, 500) | st.integers(1, 3), min_size=1, max_size=8))
    minimum = draw(st.integers(0, 5))
    least = sum(min(minimum, size) for size in sizes)
    return draw(st.integers(least, sum(sizes))), sizes, minimum


@given(sharings())
def test_sharing(case: tuple[int, list[int], int]) -> None:
    total, sizes, minimum = case
    shares = apportion(total, sizes, minimum)
    assert sum(shares) == total
    assert all(min(minimum, size) <= share <= size for share, size in zip(shares, sizes, strict=True))


@given(sharings())
def test_strata_above_the_minimum_get_their_quota_within_one(case: tuple[int, list[int], int]) -> None:
    """Hamilton's method stays within one unit of the exact share of what the raised strata leave."""
    total, sizes, minimum = case
    shares = apportion(total, sizes, minimum)
    raised = one_at_a_time(total, sizes, minimum)
    rest = total - sum(min(minimum, sizes[i]) for i in raised)
    rows = sum(size for i, size in enumerate(sizes) if i not in raised)
    for i, (share, size) in enumerate(zip(shares, sizes, strict=True)):
        if i in raised:
            assert share == min(minimum, size)
        else:
            assert abs(share - Fraction(rest * size, rows)) < 1


def one_at_a_time(total: int, sizes: list[int], minimum: int) -> set[int]:
    """Raise strata one by one, the last first: the set that ends up raised must not depend on how it is found."""
    raised: set[int] = set()
    while True:
        rest = total - sum(min(minimum, sizes[i]) for i in raised)
        free = [i for i in range(len(sizes)) if i not in raised]
        rows = sum(sizes[i] for i in free)
        low = [i for i in free if Fraction(rest * sizes[i], rows) < min(minimum, sizes[i])]
        if not low:
            return raised
        raised.add(low[-1])


@given(sharings(), st.integers(1, 10))
def test_a_total_below_the_minimum_is_refused(case: tuple[int, list[int], int], less: int) -> None:
    _, sizes, minimum = case
    least = sum(min(minimum, size) for size in sizes)
    with pytest.raises(PlanError):
        apportion(least - less, sizes, minimum)


@given(st.lists(st.integers(1, 300), min_size=1, max_size=6), st.integers(0, 300))
def test_equal_strata_differ_by_one_at_most_and_the_first_have_more(sizes: list[int], total: int) -> None:
    same = [sizes[0]] * len(sizes)
    shares = apportion(min(total, sum(same)), same, 0)
    assert shares == sorted(shares, reverse=True)
    assert shares[0] - shares[-1] <= 1
