"""Lines, pages and strata of whole batches, against the plain way in which each can be made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dblrandom.kernel.suite import SHA256
from dblrandom.sampling import MemoryFrame

pa = pytest.importorskip("pyarrow")
pytest.importorskip("datafusion")

import pyarrow.parquet as pq  # noqa: E402

from dblrandom.adapters.engines import datafusion  # noqa: E402
from dblrandom.adapters.engines.arrow import ArrowTable  # noqa: E402
from dblrandom.adapters.engines.arrowreading import some_pages  # noqa: E402
from dblrandom.adapters.engines.arrowrules import line_bytes  # noqa: E402
from dblrandom.adapters.engines.roster import EngineRoster  # noqa: E402
from dblrandom.errors import RosterChanged  # noqa: E402

FIELD = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=6)
ROWS = st.integers(1, 5).flatmap(lambda width: st.lists(st.tuples(*[FIELD] * width), min_size=1, max_size=40))


def plain(rows: Sequence[tuple[str, ...]]) -> list[bytes]:
    return ["\t".join(row).encode() + b"\n" for row in rows]


@given(ROWS, st.integers(0, 5))
def test_lines_are_those_that_are_joined_one_by_one(rows: list[tuple[str, ...]], before: int) -> None:
    """Also of a slice, whose columns begin in the middle of what they share."""
    padded = [("x",) * len(rows[0])] * before + rows
    columns = [pa.array(each, pa.string()).slice(before) for each in zip(*padded, strict=True)]
    data, offsets = line_bytes(columns)
    lines = [bytes(data[low:high]) for low, high in zip(list(offsets), list(offsets)[1:], strict=False)]
    assert lines == plain(rows)


@settings(max_examples=60)
@given(st.data(), st.integers(1, 7), st.integers(1, 200), st.integers(0, 3))
def test_some_pages_are_those_of_all(data: Any, page_rows: int, count: int, before: int) -> None:
    rows = [(f"i{n:04d}", "k" * (n % 5)) for n in range(count)]
    batch = pa.RecordBatch.from_arrays([pa.array(each) for each in zip(*rows, strict=True)], ["id", "kind"])
    lines = plain(rows)
    every = {before + n // page_rows: b"".join(lines[n : n + page_rows]) for n in range(0, count, page_rows)}
    wanted = sorted(data.draw(st.sets(st.sampled_from(sorted(every)))))
    assert list(some_pages((before * page_rows, batch), wanted, page_rows)) == [(n, every[n]) for n in wanted]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    rows = [(f"i{n:05d}", f"k{n * 7 % 31}", f"z{n % 3}") for n in range(4000)]
    table = pa.table(dict(zip(("id", "kind", "zone"), zip(*rows, strict=True), strict=True)))
    pq.write_table(table, tmp_path / "a.parquet", row_group_size=700)
    return tmp_path / "a.parquet"


def opened(place: Path) -> EngineRoster:
    return EngineRoster.commit(ArrowTable.open(place, name="targets", id="id"))


@pytest.mark.parametrize("mostly", [True, False])
@pytest.mark.parametrize("keep", [{}, {"zone": ("z0", "z2")}])
@pytest.mark.parametrize("strata", [(), ("kind",), ("kind", "zone")])
@pytest.mark.parametrize("asked", [1, 2, 1000])
def test_strata_are_looked_up_before_or_after_the_hashes(
    place: Path,
    monkeypatch: pytest.MonkeyPatch,
    mostly: bool,
    keep: dict[str, tuple[str, ...]],
    strata: tuple[str, ...],
    asked: int,
) -> None:
    monkeypatch.setattr(datafusion.FusionScan, "_mostly", lambda self, bounds: mostly)
    roster = opened(place)
    lines = [line for page in roster._committed.every() for line in page.split(b"\n")[:-1]]
    frame = roster.frame(keep, strata, where="task")
    oracle = MemoryFrame(SHA256, roster.columns, lines, keep, strata, where="task")
    wanted = {stratum: 3 if n < asked else 0 for n, stratum in enumerate(oracle.sizes())}
    assert frame.sizes() == oracle.sizes()
    assert frame.lowest("ab" * 16, wanted) == oracle.lowest("ab" * 16, wanted)


def test_a_page_that_is_shown_is_the_committed_one(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the fingerprints would let it pass."""
    frame = opened(place).frame({}, (), where="task")
    true = datafusion.some_pages
    monkeypatch.setattr(
        datafusion, "some_pages", lambda *given: ((n, page.replace(b"k", b"K", 1)) for n, page in true(*given))
    )
    with pytest.raises(RosterChanged, match="not the ones committed"):
        frame.lowest("ab" * 16, {(): 3})
