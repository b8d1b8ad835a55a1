"""Drawing by threshold against drawing from memory: whatever the rows, the strata and the parts, the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dblrandom.errors import PlanError, RosterError
from dblrandom.kernel.suite import SHA256, SM3
from dblrandom.kernel.threshold import threshold, wider
from dblrandom.kernel.tickets import candidates
from dblrandom.sampling import MemoryFrame, Scan, Stratum, ThresholdFrame, merge_lowest

KEY = "0123456789abcdef0123456789abcdef"
ROWS = st.dictionaries(
    st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=8),
    st.sampled_from(["a", "b", "", "\u00e4", "\u516c"]),
    min_size=1,
    max_size=300,
)


class ListScan:
    """A scan of rows in a list; with ``lazy`` it hands out far too few at first, as a very unlucky draw would."""

    def __init__(self, rows: Mapping[str, str], *, suite: object = SHA256) -> None:
        self.rows, self.suite, self.scans = rows, suite, 0

    def sizes(self) -> dict[Stratum, int]:
        found: dict[Stratum, int] = {}
        for value in self.rows.values():
            found[(value,)] = found.get((value,), 0) + 1
        return found

    def below(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
        self.scans += 1
        for row_id, value in self.rows.items():
            if (value,) in bounds:
                (candidate,) = candidates(self.suite, key, [row_id.encode()])  # type: ignore[arg-type]
                bound = bounds[(value,)]
                if bound is None or candidate[:32] < bound:
                    yield (value,), candidate


def memory(rows: Mapping[str, str], suite: object = SHA256) -> MemoryFrame:
    lines = sorted(f"{row_id}\t{value}".encode() for row_id, value in rows.items())
    return MemoryFrame(suite, ("id", "kind"), lines, {}, ("kind",), where="test")  # type: ignore[arg-type]


@given(rows=ROWS, share=st.integers(0, 100), suite=st.sampled_from([SHA256, SM3]))
def test_the_same_as_from_memory(rows: Mapping[str, str], share: int, suite: object) -> None:
    plain = memory(rows, suite)
    scan = ListScan(rows, suite=suite)
    assert isinstance(scan, Scan)
    frame = ThresholdFrame(suite, scan, where="test")  # type: ignore[arg-type]
    assert list(frame.sizes().items()) == list(plain.sizes().items())
    wanted = {stratum: size * share // 100 for stratum, size in plain.sizes().items()}
    assert frame.lowest(KEY, wanted) == plain.lowest(KEY, wanted)


@given(rows=ROWS, cuts=st.lists(st.integers(0, 300), max_size=4), wanted=st.integers(0, 40))
def test_parts_merge_to_the_whole(rows: Mapping[str, str], cuts: Sequence[int], wanted: int) -> None:
    """However the rows are cut into parts, and whatever the order of the parts."""
    whole = memory(rows)
    counts = dict.fromkeys(whole.sizes(), wanted)
    entries = list(rows.items())
    places = [0, *sorted(min(c, len(entries)) for c in cuts), len(entries)]
    parts = [dict(entries[a:b]) for a, b in pairwise(places) if b > a]
    found = [memory(part).lowest(KEY, dict.fromkeys(memory(part).sizes(), wanted)) for part in reversed(parts)]
    assert merge_lowest(found, counts) == whole.lowest(KEY, counts)


def test_too_few_at_first_are_scanned_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dblrandom.sampling.threshold.wider", lambda k, n, times: bytes([times]) + bytes(31))
    rows = {f"R{n:05d}": "a" for n in range(3000)}
    scan = ListScan(rows)
    assert ThresholdFrame(SHA256, scan, where="test").lowest(KEY, {("a",): 40}) == memory(rows).lowest(
        KEY, {("a",): 40}
    )
    assert scan.scans > 1


@given(wanted=st.integers(0, 10**6), size=st.integers(1, 10**9), times=st.integers(0, 20))
def test_the_threshold_is_the_stated_fraction_and_grows(wanted: int, size: int, times: int) -> None:
    bound = threshold(wanted, size)
    if bound is not None:
        fraction = int.from_bytes(bound, "big") / 2**256
        assert wanted / size < fraction < 1
        assert fraction < (wanted + 8 * wanted**0.5 + 50) / size
    first, later = wider(wanted, size, times), wider(wanted, size, times + 1)
    assert later is None or (first is not None and first <= later)
    assert wider(max(wanted, 1), size, 40) is None


def test_rows_that_change_between_counting_and_drawing() -> None:
    rows = {f"R{n}": "a" for n in range(100)}
    scan = ListScan(rows)
    frame = ThresholdFrame(SHA256, scan, where="task '1'")
    scan.rows = dict.fromkeys(list(rows)[:50], "a")
    with pytest.raises(RosterError, match="task '1': 50 rows were found where 100 had been counted"):
        frame.lowest(KEY, {("a",): 60})


def test_a_row_that_comes_twice() -> None:
    class Twice(ListScan):
        def below(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
            for found in super().below(key, bounds):
                yield from (found, found)

    frame = ThresholdFrame(SHA256, Twice({f"R{n}": "a" for n in range(10)}), where="test")
    with pytest.raises(RosterError, match="came twice"):
        frame.lowest(KEY, {("a",): 4})


def test_an_engine_that_hashes_something_else() -> None:
    class Wrong(ListScan):
        def below(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
            for stratum, candidate in super().below(key, bounds):
                yield stratum, bytes(32) + candidate[32:]

    frame = ThresholdFrame(SHA256, Wrong({f"R{n}": "a" for n in range(10)}), where="test")
    with pytest.raises(RosterError, match="not the kernel's"):
        frame.lowest(KEY, {("a",): 4})


def test_an_empty_frame() -> None:
    with pytest.raises(PlanError, match="must not be empty"):
        ThresholdFrame(SHA256, ListScan({}), where="test")
