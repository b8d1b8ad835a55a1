from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dblrandom.errors import EntropyError, PlanError
from dblrandom.sampling.rfc3797 import key_string, select
from dblrandom.sampling.samplers import BUILT_IN

SOURCES = [[9319], [2, 5, 12, 8, 10], [9, 18, 26, 34, 41, 45]]
KEY = "9319./2.5.8.10.12./9.18.26.34.41.45./"

# Section 6 of the RFC: MD5, how many are left, who is selected.
TABLE = """
990DD0A5692A029A98B5E01AA28F3459 25 17
3691E55CB63FCC37914430B2F70B5EC6 24 7
FE814EDF564C190AC1D25753979990FA 23 2
1863CCACEB568C31D7DDBDF1D4E91387 22 16
F4AB33DF4889F0AF29C513905BE1D758 21 25
13EAEB529F61ACFB9A29D0BA3A60DE4A 20 23
992DB77C382CA2BDB9727001F3CDCCD9 19 8
63AB4258ECA922976811C7F55C383CE7 18 24
DFBC5AC97CED01B3A6E348E3CC63F40D 17 19
31CB111C4A4EBE9287CEAE16FE51B909 16 13
07FA46C122F164C215BBC72793B189A3 15 22
AC52F8D75CCBE2E61AFEB3387637D501 14 5
53306F73E14FC0B2FBF434218D25948E 13 18
B5D1403501A81F9A47318BE7893B347C 12 9
85B10B356AA06663EF1B1B407765100A 11 1
3269E6CE559ABD57E2BA6AAB495EB9BD 10 4
"""


def test_the_worked_example_of_the_rfc() -> None:
    assert key_string(SOURCES) == KEY
    picks = select(KEY, 25, 16)
    shown = [f"{p.digest.upper()} {p.divisor} {p.selected}" for p in picks]
    assert shown == TABLE.split("\n")[1:-1]
    assert [p.index for p in picks] == list(range(16))


def test_asking_for_more_changes_nothing_before() -> None:
    assert select(KEY, 25, 25)[:10] == select(KEY, 25, 10)


def test_an_index_of_two_bytes() -> None:
    """From 256 on, the high byte counts too."""
    edge = b"\x01\x02"
    assert select(KEY, 1000, 300)[258].digest == hashlib.md5(edge + KEY.encode() + edge).hexdigest()


@given(st.integers(1, 40), st.integers(1, 40))
def test_nobody_is_selected_twice(pool: int, count: int) -> None:
    picks = select(KEY, max(pool, count), count)
    assert len({p.selected for p in picks}) == count
    assert all(1 <= p.selected <= max(pool, count) for p in picks)


@given(st.lists(st.lists(st.integers(0, 10**6), min_size=1, max_size=9), min_size=1, max_size=4))
def test_the_order_within_a_source_does_not_matter(sources: list[list[int]]) -> None:
    assert key_string(sources) == key_string([numbers[::-1] for numbers in sources])
    assert select(key_string(sources), 7, 3)


def test_the_order_of_sources_matters() -> None:
    assert key_string(SOURCES[::-1]) != KEY


@pytest.mark.parametrize(
    "sources", [[], [[]], ["12"], [[1], "x"], [[-1]], [[True]], [[1.5]], [["1"]], [[10**400]], [5], None, [[1] * 5000]]
)
def test_sources_that_are_refused(sources: Any) -> None:
    with pytest.raises(EntropyError):
        key_string(sources)


@pytest.mark.parametrize(
    "key", ["", "/", "9319/", "9319.", "9319./x", "9319./\n", "９./", "1./" * 2000, None, 7, b"1./"]
)
def test_keys_that_are_refused(key: Any) -> None:
    with pytest.raises(EntropyError, match="is not a key"):
        select(key, 25, 1)


@pytest.mark.parametrize(
    ("pool", "count", "match"),
    [
        (0, 1, "pool: 0"),
        (65536, 1, "pool: 65536 is over 65535"),
        (25, 26, "count: 26 is over 25"),
        (25, 0, "count: 0"),
        (True, 1, "pool: true"),
        (25, "9", "count: '9'"),
    ],
)
def test_pools_that_are_refused(pool: Any, count: Any, match: str) -> None:
    with pytest.raises(PlanError, match=match):
        select(KEY, pool, count)


def test_no_task_can_name_it() -> None:
    assert not any("3797" in sampler.name for sampler in BUILT_IN)
