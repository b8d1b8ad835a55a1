"""UUIDs in files: one text, whatever wrote the file, and the root of the same text anywhere else."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from dblrandom.adapters.engines.indexing import open_indexed, save_index
from dblrandom.adapters.engines.opening import open_roster
from dblrandom.errors import RosterError
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Population
from dblrandom.roster import Roster

pa = pytest.importorskip("pyarrow")
pytest.importorskip("datafusion")

import pyarrow.parquet as pq  # noqa: E402

from dblrandom.adapters.engines.arrowuuid import uuid_text  # noqa: E402

IDS = [UUID(int=n << 64 | n * 0x9E3779B97F4A7C15 % 2**64) for n in range(1, 1201)]
OWNERS = [None if n % 5 == 0 else UUID(int=2**128 - 1 - n % 7) for n in range(len(IDS))]
TEXTS = [(str(unit), "" if owner is None else str(owner)) for unit, owner in zip(IDS, OWNERS, strict=True)]
PLAIN = Roster.build(SHA256, Population("t", ("id", "owner"), tuple(TEXTS)))


def called(values: list[UUID | None]) -> Any:
    """PyArrow's own type of UUIDs."""
    return pa.ExtensionArray.from_storage(pa.uuid(), raw(values))


def raw(values: list[UUID | None]) -> Any:
    return pa.array([None if value is None else value.bytes for value in values], pa.binary(16))


def written(place: Path, kind: str, order: slice = slice(None)) -> Path:
    """The rows as files have them: with Arrow's own schema or, as other programs write them, without."""
    table = pa.table({"id": called(IDS[order]), "owner": called(OWNERS[order])})
    if kind == "arrow":
        with pa.OSFile(str(place / "t.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table, max_chunksize=100)
        return place / "t.arrow"
    options: dict[str, Any] = {"store_schema": kind != "foreign", "use_dictionary": kind != "plain"}
    pq.write_table(table, place / "t.parquet", row_group_size=300, **options)
    leaf = pq.read_metadata(place / "t.parquet").schema.column(0)
    if kind == "foreign" and leaf.logical_type.type != "UUID":
        pytest.skip("this PyArrow does not write the type of UUIDs for others")
    return place / "t.parquet"


@pytest.mark.parametrize("kind", ["parquet", "plain", "foreign", "arrow"])
@pytest.mark.parametrize("engine", ["datafusion", "memory"])
@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["sorted", "unsorted"])
def test_a_file_has_the_root_of_the_text(tmp_path: Path, kind: str, engine: str, order: slice) -> None:
    place = written(tmp_path, kind, order)
    with open_roster(place, name="t", id="id", engine=engine) as roster:
        assert roster.manifest == PLAIN.manifest
        for unit, _ in (TEXTS[0], TEXTS[300], TEXTS[-1], ("00000000-0000-0000-0000-000000000000", "")):
            assert roster.prove(unit) == PLAIN.prove(unit)
        assert roster.known([TEXTS[1][0], TEXTS[2][0].upper(), "x"]) == {TEXTS[1][0]}
        assert roster.values([TEXTS[6][0]], "owner") == {TEXTS[6][0]: TEXTS[6][1]}
        if engine == "datafusion":
            frame = roster.frame({"owner": [TEXTS[1][1], ""]}, ("owner",), where="x")
            assert frame.sizes() == {(value,): sum(owner == value for _, owner in TEXTS) for value in (TEXTS[1][1], "")}
            drawn = frame.lowest("0" * 32, {("",): 3, (TEXTS[1][1],): 0})[("",)]
            assert {candidate[32:].decode() for candidate in drawn} <= {unit for unit, owner in TEXTS if not owner}


def test_single_questions_by_an_index(tmp_path: Path) -> None:
    place = written(tmp_path, "parquet")
    with open_roster(place, name="t", id="id", engine="datafusion") as roster:
        save_index(roster, tmp_path / "t.index")
    with open_indexed(place, tmp_path / "t.index") as indexed:
        assert indexed.prove(TEXTS[700][0]) == PLAIN.prove(TEXTS[700][0])


def test_parts_by_different_programs_and_a_database_have_one_root(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    for part, stored in enumerate((True, False)):
        rows = slice(part * 600, part * 600 + 600)
        table = pa.table({"owner": called(OWNERS[rows]), "id": called(IDS[rows])})
        pq.write_table(table, tmp_path / "parts" / f"{part}.parquet", store_schema=stored)
    if pq.read_metadata(tmp_path / "parts" / "1.parquet").schema.column(0).logical_type.type == "UUID":
        with open_roster(tmp_path / "parts", name="t", id="id") as roster:
            assert roster.manifest == PLAIN.manifest
    pytest.importorskip("sqlalchemy")
    with sqlite3.connect(tmp_path / "base.db") as base:
        base.execute("CREATE TABLE t (id TEXT, owner TEXT)")
        base.executemany("INSERT INTO t VALUES (?, ?)", reversed(TEXTS))
    base.close()
    with open_roster(f"sqlite:///{tmp_path / 'base.db'}#t", name="t", id="id") as roster:
        assert roster.manifest == PLAIN.manifest


def test_bytes_that_nobody_calls_uuids_are_refused(tmp_path: Path) -> None:
    """Sixteen bytes may be a check sum or an address as well."""
    for column in ("id", "owner"):
        table = pa.table({"id": pa.array([str(n) for n in range(2)]), "owner": pa.array(["a", "b"])})
        table = table.set_column(table.schema.get_field_index(column), column, raw(IDS[:2]))
        pq.write_table(table, tmp_path / "t.parquet")
        with pytest.raises(RosterError, match=f"column '{column}' is of type fixed_size_binary.* or as UUIDs if they"):
            open_roster(tmp_path / "t.parquet", name="t", id="id", engine="datafusion")


def test_an_id_that_is_missing_or_there_twice(tmp_path: Path) -> None:
    for units, told in (([IDS[0], None], "column 'id' has a row without a value"), ([IDS[0], IDS[0]], "there twice")):
        pq.write_table(pa.table({"id": called(units)}), tmp_path / "t.parquet")
        with pytest.raises(RosterError, match=told):
            open_roster(tmp_path / "t.parquet", name="t", id="id", engine="datafusion")


@pytest.mark.parametrize("make", [called, raw])
def test_the_text_of_slices_and_of_nothing(make: Any) -> None:
    values = [*OWNERS[:20], None, *IDS[:20]]
    texts = [None if value is None else str(value) for value in values]
    column = make(values)
    for start, length in ((0, 41), (3, 30), (19, 3), (20, 1), (21, 20), (41, 0), (40, 1)):
        assert uuid_text(column.slice(start, length)).to_pylist() == texts[start : start + length]
    assert uuid_text(make([])).to_pylist() == []
    assert uuid_text(make([None, None])).to_pylist() == [None, None]
