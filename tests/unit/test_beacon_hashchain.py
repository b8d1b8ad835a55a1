from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dblrandom.beacons.base import Beacon
from dblrandom.beacons.hashchain import ChainSchedule, HashChainBeacon
from dblrandom.errors import EntropyError
from dblrandom.kernel.suite import SHA256, SM3
from dblrandom.model import Json, Source

BEACON = HashChainBeacon()
VALUE = "a7" * 32
GENESIS = "2024-01-01T00:00:00Z"


def ahead(value: str, steps: int) -> str:
    """The chain written out by hand, independent of the kernel."""
    for _ in range(steps):
        value = hashlib.sha256(f"dblrandom/v1/hashchain\n{value}\n".encode()).hexdigest()
    return value


def source(kind: str = "hashchain", **terms: Any) -> Source:
    terms = {"tip": ahead(VALUE, 5), "step": 5, "operator": "cd" * 32} | terms
    given = {key: value for key, value in terms.items() if value is not None}
    return Source(kind=kind, name="notary", not_before="2024-02-01T02:00:00Z", terms=given)


def accept(of: Source, value: Any, evidence: Json = None) -> None:
    BEACON.check_value(of, value, evidence, suite=SHA256, ceremony="kunming")


def test_it_is_a_beacon() -> None:
    assert isinstance(BEACON, Beacon)
    assert BEACON.kind == "hashchain"
    assert BEACON.outcomes(source()) == 2**256


def test_the_value_that_leads_to_the_tip_is_accepted() -> None:
    BEACON.check_source(source())
    accept(source(), VALUE)
    accept(source(tip=ahead(VALUE, 1), step=1), VALUE)


@pytest.mark.parametrize("steps", [1, 4, 5, 6])
def test_a_value_of_another_step_is_refused(steps: int) -> None:
    """A later value is public already and an earlier one not yet: neither may stand for the declared one."""
    with pytest.raises(EntropyError, match="does not lead"):
        accept(source(tip=ahead(VALUE, steps + 1), step=steps), VALUE)
    with pytest.raises(EntropyError, match="does not lead"):
        accept(source(), ahead(VALUE, steps))


@pytest.mark.parametrize("value", ["", VALUE.upper(), VALUE[:-2], VALUE + "\n", None, 7, b"x"])
def test_malformed_values_are_refused(value: Any) -> None:
    with pytest.raises(EntropyError, match="source 'notary'"):
        accept(source(), value)


def test_another_suite_is_another_chain() -> None:
    with pytest.raises(EntropyError, match="does not lead"):
        BEACON.check_value(source(), VALUE, None, suite=SM3, ceremony="kunming")


def test_evidence_that_nobody_checks_is_refused() -> None:
    with pytest.raises(EntropyError, match="no evidence"):
        accept(source(), VALUE, {"step": 5})


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"tip": None}, "'tip'"),
        ({"step": None}, "'step'"),
        ({"operator": None}, "'operator'"),
        ({"url": "x"}, "'url'"),
        ({"tip": "AB" * 32}, "tip"),
        ({"operator": "ab"}, "operator"),
        ({"step": 0}, "step"),
        ({"step": -1}, "step"),
        ({"step": 10**6 + 1}, "step"),
        ({"step": "5"}, "step"),
    ],
)
def test_other_terms_are_refused_by_name(terms: dict[str, Any], message: str) -> None:
    with pytest.raises(EntropyError, match=message):
        BEACON.check_source(source(**terms))


def test_the_longest_chain_may_be_declared() -> None:
    BEACON.check_source(source(step=10**6))


def test_another_kind_is_refused() -> None:
    with pytest.raises(EntropyError, match="kind 'secret'"):
        BEACON.check_source(source("secret"))


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2023-12-31T23:59:59Z", 0),
        (GENESIS, 0),
        ("2024-01-01T00:59:59Z", 0),
        ("2024-01-01T01:00:00Z", 1),
        ("2024-01-01T02:59:59Z", 2),
        ("2024-01-01T10:00:00Z", 10),
        ("2024-01-01T11:00:00Z", 10),
        ("9999-12-31T23:59:59Z", 10),
        ("0001-01-01T00:00:00Z", 0),
    ],
)
def test_a_step_is_due_from_its_time_on(now: str, due: int) -> None:
    assert ChainSchedule(GENESIS, 3600, 10).due(now) == due


@given(st.integers(1, 10**6), st.integers(1, 10**5), st.data())
def test_due_and_time_of_agree(length: int, period: int, data: st.DataObject) -> None:
    schedule = ChainSchedule(GENESIS, period, length)
    step = data.draw(st.integers(1, length))
    before = ChainSchedule(GENESIS, 1, 10**6)
    assert schedule.due(schedule.time_of(step)) == step
    seconds = step * period - 1
    if seconds <= 10**6:
        assert schedule.due(before.time_of(seconds)) == step - 1


@pytest.mark.parametrize("given", [("2024-01-01", 1, 1), (GENESIS, 0, 1), (GENESIS, 1, 0), (GENESIS, 1, 10**6 + 1)])
def test_impossible_schedules_are_refused(given: tuple[str, int, int]) -> None:
    with pytest.raises(EntropyError, match=r"chain\."):
        ChainSchedule(*given)


def test_a_schedule_ends_before_the_calendar_does() -> None:
    with pytest.raises(EntropyError, match="9999"):
        ChainSchedule(GENESIS, 10**9, 10**6)
    with pytest.raises(EntropyError, match="9999"):
        ChainSchedule(GENESIS, 2**53 - 1, 10**6)


@pytest.mark.parametrize("step", [-1, 11, True, "1", 10**30])
def test_there_is_no_such_step(step: Any) -> None:
    with pytest.raises(EntropyError):
        ChainSchedule(GENESIS, 3600, 10).time_of(step)


def test_now_must_be_a_time() -> None:
    with pytest.raises(EntropyError, match="now"):
        ChainSchedule(GENESIS, 3600, 10).due("tomorrow")
