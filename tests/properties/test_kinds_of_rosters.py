"""Every kind of roster gives the same answers and the same proofs about the same rows, wherever its rows are."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dblrandom.adapters.engines.indexing import open_indexed, save_index
from dblrandom.adapters.engines.lazy import LazyRoster
from dblrandom.adapters.engines.opening import open_roster
from dblrandom.errors import DblrandomError
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Population
from dblrandom.roster import Roster, RosterLike

pytest.importorskip("sqlalchemy")
pytest.importorskip("datafusion")

SIZES = st.sampled_from([0, 1, 2, 255, 256, 257, 511, 512, 513, 770])
ASKED = (
    st.integers(0, 1600).map("{:04d}".format)
    | st.sampled_from(["", " ", "!", "~", "\u6606\u660e", "0001\t", "0001\n", "\x00", "x" * 255, "x" * 256, "\ud800"])
    | st.text(max_size=5)
)


@contextmanager
def kinds(count: int, step: int) -> Iterator[dict[str, RosterLike]]:
    """The same rows in memory, in a file, in a database, and by an index of each."""
    rows = tuple((f"{step * n:04d}", f"k{n % 3}") for n in range(count))
    memory = Roster.build(SHA256, Population("targets", ("id", "kind"), rows))
    with TemporaryDirectory() as folder, ExitStack() as opened:
        place = Path(folder)
        (place / "targets.tsv").write_bytes(memory.to_file())
        with sqlite3.connect(place / "base.db") as base:
            base.execute("CREATE TABLE t (id TEXT PRIMARY KEY, kind TEXT)")
            base.executemany("INSERT INTO t VALUES (?, ?)", rows)
        base.close()
        address = f"sqlite:///{place / 'base.db'}#t"
        found: dict[str, RosterLike] = {"memory": memory}
        for name, where, engine in (("file", place / "targets.tsv", "datafusion"), ("database", address, None)):
            options = {} if engine is None else {"engine": engine}
            roster = opened.enter_context(open_roster(where, name="targets", id="id", **options))
            save_index(roster, place / f"{name}.index")
            found[name] = roster
            found[f"{name} by index"] = opened.enter_context(open_indexed(where, place / f"{name}.index"))
        found["lazy"] = LazyRoster(memory.manifest, SHA256, lambda: found["file"])
        yield found


def told(act: object, *given: object) -> object:
    """What is answered, or the kind of the refusal."""
    try:
        return act(*given)  # type: ignore[operator]
    except DblrandomError as error:
        said = str(error)
        assert said.isprintable()
        return type(error)


@settings(max_examples=25, deadline=None)
@given(SIZES, st.integers(1, 2), st.lists(ASKED, min_size=1, max_size=24), st.binary(max_size=6))
def test_every_kind_answers_alike(count: int, step: int, asked: list[str], raw: bytes) -> None:
    with kinds(count, step) as rosters:
        memory = rosters["memory"]
        for name, roster in rosters.items():
            assert roster == memory, name
            assert hash(roster) == hash(memory), name
            assert (roster.name, roster.columns) == (memory.name, memory.columns), name
            for unit in asked:
                assert told(roster.prove, unit) == told(memory.prove, unit), (name, unit)
                assert told(roster.row, unit) == told(memory.row, unit), (name, unit)
                sought = unit.encode("utf-8", "surrogatepass")
                assert told(roster.find, sought) == told(memory.find, sought), (name, unit)
            assert told(roster.find, raw) == told(memory.find, raw), (name, raw)
            assert told(roster.known, asked) == told(memory.known, asked), name
            assert told(roster.values, asked, "kind") == told(memory.values, asked, "kind"), name
            assert told(roster.values, asked, "none") == told(memory.values, asked, "none"), name
