from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import ceremonies as kit
import pytest

from dblrandom.errors import PlanError
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.kernel.tickets import ticket
from dblrandom.model import Population, Quota, Rounding, Scope, Selection, Task
from dblrandom.roster import Roster
from dblrandom.sampling import (
    BUILT_IN,
    Allocation,
    Frame,
    MemoryFrame,
    QuotaSampler,
    Sampler,
    Stratum,
    sampler_for,
    selection_of,
)

KEY = "5e" * 16


def frame(
    rows: Sequence[tuple[str, ...]],
    columns: Sequence[str] = ("id", "a", "b"),
    *,
    keep: Mapping[str, Sequence[str]] | None = None,
    strata: Sequence[str] = (),
    suite: Suite = SHA256,
) -> MemoryFrame:
    roster = Roster.build(SHA256, Population("r", tuple(columns), tuple(rows)))
    return MemoryFrame(suite, roster.columns, roster.lines, keep or {}, strata, where="task '1'")


ROWS = [("1", "x", "p"), ("2", "x", "q"), ("3", "y", "p"), ("4", "y", ""), ("5", "", "p"), ("6", "x", "p")]


# Frames


def test_without_filter_or_strata_everybody_is_in_the_one_stratum() -> None:
    assert frame(ROWS).sizes() == {(): 6}


@pytest.mark.parametrize(
    ("keep", "ids"),
    [
        ({"a": ["x"]}, "126"),
        ({"a": ["x", "y"]}, "12346"),
        ({"a": ["x"], "b": ["p"]}, "16"),
        ({"a": [""]}, "5"),
        ({"a": ["x", ""]}, "1256"),
        ({"id": ["3", "4"]}, "34"),
    ],
)
def test_a_filter_is_a_conjunction_and_the_empty_field_matches_only_where_listed(
    keep: dict[str, list[str]], ids: str
) -> None:
    made = frame(ROWS, keep=keep)
    found = made.lowest(KEY, {(): 9})[()]
    assert {c[32:].decode() for c in found} == set(ids)


def test_strata_are_ordered_by_bytes_in_the_tasks_order_of_columns() -> None:
    assert list(frame(ROWS, strata=["a", "b"]).sizes().items()) == [
        (("", "p"), 1),
        (("x", "p"), 2),
        (("x", "q"), 1),
        (("y", ""), 1),
        (("y", "p"), 1),
    ]
    assert next(iter(frame(ROWS, strata=["b", "a"]).sizes())) == ("", "y")


def test_the_order_of_strata_is_of_the_joined_bytes_not_of_characters() -> None:
    """U+FF5E is below U+1F600 in UTF-8 and above its surrogates in UTF-16; a short value goes before a TAB."""
    made = frame([("1", "～"), ("2", "\U0001f600"), ("3", "a!"), ("4", "a")], ("id", "a"), strata=["a"])
    assert [s for (s,) in made.sizes()] == ["a", "a!", "～", "\U0001f600"]
    pairs = frame([("1", "a", "z"), ("2", "a b", "a")], strata=["a", "b"])
    assert list(pairs.sizes()) == [("a", "z"), ("a b", "a")]


@pytest.mark.parametrize(
    ("keep", "strata", "problem"),
    [
        ({"z": ["x"]}, (), "no column 'z'; the roster has id, a, b"),
        ({}, ("z",), "no column 'z'"),
        ({"a": ["nobody"]}, (), "no row of the whole roster has a = 'nobody'"),
        ({"a": ["x", "nobody"]}, (), "a = 'nobody'"),
        ({"a": ["y"], "b": ["q"]}, (), "no row of the roster passes"),
    ],
)
def test_a_frame_that_cannot_be_is_refused(keep: Any, strata: tuple[str, ...], problem: str) -> None:
    with pytest.raises(PlanError, match=rf"task '1': .*{problem}"):
        frame(ROWS, keep=keep, strata=strata)


def test_a_filter_value_counts_as_seen_in_rows_that_other_columns_keep_out() -> None:
    assert frame(ROWS, keep={"a": ["x", "y"], "b": ["q"]}).sizes() == {(): 1}


def test_no_rows_are_no_frame() -> None:
    with pytest.raises(PlanError, match="must not be empty"):
        frame([])


def test_the_lowest_are_those_of_sorted_tickets() -> None:
    made = frame(ROWS, strata=["a"])
    found = made.lowest(KEY, {("",): 0, ("x",): 2, ("y",): 9})
    assert found[("",)] == []
    for stratum, ids, n in ((("x",), "126", 2), (("y",), "34", 2)):
        ordered = sorted(ids, key=lambda i: (ticket(SHA256, KEY, i.encode()), i.encode()))
        assert [c[32:].decode() for c in found[stratum]] == ordered[:n]


def test_equal_tickets_fall_to_the_lower_id() -> None:
    """No two SHA-256 tickets were ever equal; a suite that knows one digest only makes them so."""
    same = Suite("same", lambda data: b"\7" * 32)
    found = frame(ROWS, suite=same).lowest(KEY, {(): 3})[()]
    assert [c[32:] for c in found] == [b"1", b"2", b"3"]


def test_one_hash_for_each_row_that_matters() -> None:
    calls = 0

    def counted(data: bytes) -> bytes:
        nonlocal calls
        calls += 1
        return hashlib.sha256(data).digest()

    made = frame(ROWS, strata=["a"], suite=Suite("counted", counted))
    made.lowest(KEY, {("",): 1, ("x",): 1, ("y",): 0})
    assert calls == 4


# Allocation


def allocate(quota: Quota, *sizes: int, strata: bool = True) -> list[tuple[int, int, int]]:
    task = kit.task(quota=quota) if strata else kit.task(quota=quota, strata=(), sampler="percentage")
    names: list[Stratum] = [(f"s{n}",) for n in range(len(sizes))] if strata else [()]
    found = QuotaSampler("stratified").allocate(task, dict(zip(names, sizes, strict=True)))
    return [(a.wanted, a.units, a.shortfall) for a in found.values()]


def quota(ratio: str | None = None, scope: Scope = Scope.STRATUM, **changes: Any) -> Quota:
    return Quota(ratio=Fraction(ratio) if ratio else None, scope=scope, **changes)


def test_each_stratum_by_itself() -> None:
    assert allocate(quota("1/5"), 10, 11, 1) == [(2, 2, 0), (3, 3, 0), (1, 1, 0)]
    assert allocate(quota("1/5", count=3), 10, 20, 1) == [(3, 3, 0), (4, 4, 0), (3, 1, 2)]
    assert allocate(quota("1/2", cap=3), 10, 4) == [(5, 3, 0), (2, 2, 0)]
    assert allocate(quota(count=4, cap=4), 3) == [(4, 3, 1)]
    assert allocate(quota("1/4", rounding=Rounding.HALF_UP), 10, 9, 2) == [(3, 3, 0), (2, 2, 0), (1, 1, 0)]
    assert allocate(quota("3/10", Scope.FRAME), 7, strata=False) == [(3, 3, 0)]


def test_one_total_is_shared_in_proportion() -> None:
    assert allocate(quota("1/5", Scope.TOTAL), 12, 5, 3) == [(2, 2, 0), (1, 1, 0), (1, 1, 0)]
    assert allocate(quota(scope=Scope.TOTAL, count=10), 80, 15, 5) == [(8, 8, 0), (1, 1, 0), (1, 1, 0)]
    assert allocate(quota(scope=Scope.TOTAL, count=10, minimum=2), 80, 15, 1) == [(7, 7, 0), (2, 2, 0), (1, 1, 0)]
    assert allocate(quota(scope=Scope.TOTAL, count=99), 3, 2) == [(3, 3, 0), (2, 2, 0)]


@pytest.mark.parametrize(
    ("given", "sizes", "problem"),
    [
        (quota("1/10", rounding=Rounding.FLOOR), (20, 9), "stratum 's1' would give no unit"),
        (quota(scope=Scope.TOTAL, count=1), (5, 5), "total of 1 is below the 2"),
        (quota(scope=Scope.TOTAL, count=2, minimum=0), (99, 1), "stratum 's1' would give no unit"),
    ],
)
def test_nobody_is_beyond_the_draw_by_accident(given: Quota, sizes: tuple[int, ...], problem: str) -> None:
    with pytest.raises(PlanError, match=rf"task '1': .*{problem}"):
        allocate(given, *sizes)


def test_but_by_a_stated_reason_somebody_may_be() -> None:
    reason = {"allow_zero": "a trial (synthetic)"}
    assert allocate(quota("1/10", rounding=Rounding.FLOOR, **reason), 20, 9) == [(2, 2, 0), (0, 0, 0)]
    assert allocate(quota(scope=Scope.TOTAL, count=2, minimum=0, **reason), 99, 1) == [(2, 2, 0), (0, 0, 0)]
    with pytest.raises(PlanError, match="the frame would give no unit"):
        allocate(quota("1/10", Scope.FRAME, rounding=Rounding.FLOOR), 9, strata=False)


def test_the_built_in_samplers_need_a_quota() -> None:
    task = kit.task(sampler="x-none", quota=None)
    with pytest.raises(PlanError, match="task '1': the sampler stratified needs a quota"):
        QuotaSampler("stratified").allocate(task, {(): 1})


# Selections


def test_selected_first_and_then_at_most_so_many_reserves() -> None:
    made = frame(ROWS, strata=["a"])
    task = kit.task(strata=("a",), reserves=2)
    sizes = made.sizes()
    counts = {s: Allocation(1, 1, 0) for s in sizes}
    found = selection_of(task, KEY, sizes, counts, made)
    assert [(len(s.selected), len(s.reserves)) for s in found.strata] == [(1, 0), (1, 2), (1, 1)]
    for stratum in found.strata:
        units = (*stratum.selected, *stratum.reserves)
        assert [u.rank for u in units] == list(range(1, len(units) + 1))
        assert [u.ticket for u in units] == sorted(u.ticket for u in units)
        assert {u.probability for u in units} == {Fraction(1, stratum.size)}
        assert {u.weight for u in units} == {Fraction(stratum.size)}


def test_asking_for_more_changes_nobody_who_came_before() -> None:
    made = frame([(f"{n}", "x", "p") for n in range(50)])
    sizes = made.sizes()
    few, many = (
        selection_of(kit.task(reserves=0), KEY, sizes, {(): Allocation(n, n, 0)}, made).selected for n in (5, 20)
    )
    assert [u.id for u in many[:5]] == [u.id for u in few]


# Which sampler


class Third:
    name = "x-third"

    def allocate(self, task: Task, sizes: Mapping[Stratum, int]) -> dict[Stratum, Allocation]:
        return {s: Allocation(1, 1, 0) for s in sizes}

    def select(self, task: Task, frame: Frame, key: str) -> Selection:
        sizes = frame.sizes()
        return selection_of(task, key, sizes, self.allocate(task, sizes), frame)


class Impostor(Third):
    name = "stratified"


def test_samplers_are_found_by_name() -> None:
    assert [s.name for s in BUILT_IN] == ["fixed-count", "percentage", "stratified"]
    assert all(isinstance(s, Sampler) for s in (*BUILT_IN, Third()))
    assert sampler_for(kit.task()).name == "stratified"
    third = Third()
    assert sampler_for(kit.task(sampler="x-third", quota=None), (third,)) is third
    with pytest.raises(PlanError, match="task '1': there is no sampler 'x-third'; known are fixed-count, percentage"):
        sampler_for(kit.task(sampler="x-third", quota=None))


def test_nobody_takes_the_place_of_a_built_in_sampler() -> None:
    assert sampler_for(kit.task(), (Impostor(),)) is BUILT_IN[2]
