"""Columns and texts that are not what they must be: each is told by the library, with the file and what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dblrandom.adapters.engines.opening import open_roster
from dblrandom.adapters.engines.sql import SqlTable
from dblrandom.adapters.tables import read_csv
from dblrandom.errors import RosterError
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Population
from dblrandom.roster import Roster

pa = pytest.importorskip("pyarrow")
pytest.importorskip("datafusion")

import pyarrow.parquet as pq  # noqa: E402

from dblrandom.adapters.engines.arrow import ArrowTable  # noqa: E402

CHINESE = "id,\u540d\u79f0\nSYN001,\u5408\u6210\u4f01\u4e1a\nSYN002,\u6606\u660e\n"
LATE = "id,name\n" + "".join(f"S{n:07d},x\n" for n in range(200_000)) + "T,\u6606\u660e\n"


def refused(act: Callable[[], object]) -> str:
    with pytest.raises(RosterError) as caught:
        act()
    said = str(caught.value)
    assert said.isprintable()
    return said


# -- names of columns that are not UTF-8 -------------------------------------------------------------------------------


def spoiled(place: Path, kind: str, name: bytes) -> Path:
    """A file in which a column's name was made these bytes, wherever it stands."""
    table = pa.table({"id": ["a", "b"], "zzqq": ["x", "y"]})
    if kind == "parquet":
        pq.write_table(table, place, store_schema=False)
    elif kind == "arrow":
        with pa.OSFile(str(place), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
    else:
        place.write_bytes(b"id,zzqq\na,x\nb,y\n".replace(b",", b"\t" if kind == "tsv" else b","))
    data = place.read_bytes()
    assert b"zzqq" in data
    place.write_bytes(data.replace(b"zzqq", name))
    return place


@pytest.mark.parametrize("name", [b"\xff\xfe\xfd\xfc", b"\xc3\xfb\xb3\xc6", b"zz\xed\xa0", b"\xf8\x88\x80\x80"])
@pytest.mark.parametrize("kind", ["parquet", "arrow", "csv", "tsv"])
@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
@pytest.mark.parametrize("columns", [None, []], ids=["all", "none-of-it"])
def test_the_name_of_a_column_is_not_utf_8(
    tmp_path: Path, kind: str, name: bytes, folder: bool, columns: list[str] | None
) -> None:
    place = spoiled(tmp_path / f"1.{kind}", kind, name)
    for engine in ("datafusion",) if folder else ("datafusion", "memory"):
        at = tmp_path if folder else place
        said = refused(lambda at=at, engine=engine: open_roster(at, name="t", id="id", columns=columns, engine=engine))
        assert f"1.{kind}" in said
        assert "UTF-8" in said or "UTF-16" in said


def test_the_name_of_a_column_of_a_second_part_is_not_utf_8(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["c"]}), tmp_path / "0.parquet")
    spoiled(tmp_path / "1.parquet", "parquet", b"\xff\xfe\xfd\xfc")
    assert "1.parquet" in refused(lambda: open_roster(tmp_path, name="t", id="id"))


# -- texts in another encoding -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("codec", ["gbk", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("text", [CHINESE, CHINESE.replace("\u540d\u79f0", "name")], ids=["heading", "content"])
@pytest.mark.parametrize("end", ["csv", "tsv"])
def test_the_engine_says_what_the_importer_of_small_files_says(tmp_path: Path, codec: str, text: str, end: str) -> None:
    data = (text if end == "csv" else text.replace(",", "\t")).encode(codec)
    (tmp_path / "parts").mkdir()
    part = tmp_path / "parts" / f"part-0.{end}"
    part.write_bytes(data)
    small = tmp_path / "part-0.csv"
    small.write_bytes(text.encode(codec))
    told = refused(lambda: read_csv(small, id="id", name="t")).removeprefix("part-0.csv: ")
    for place in (tmp_path / "parts", part):
        said = refused(lambda place=place: open_roster(place, name="t", id="id", engine="datafusion"))
        assert said.removeprefix(f"{part}: ") == told
    assert ("save it as CSV UTF-8" in told) if codec.startswith("utf") else ("--encoding gb18030" in told)


@pytest.mark.parametrize("end", ["csv", "tsv"])
def test_a_line_deep_in_a_large_file_is_in_another_encoding(tmp_path: Path, end: str) -> None:
    """What a look at the beginning cannot see is told with its line when it is read."""
    place = tmp_path / f"part-0.{end}"
    place.write_bytes((LATE if end == "csv" else LATE.replace(",", "\t")).encode("gbk"))
    said = refused(lambda: open_roster(place, name="t", id="id", engine="datafusion"))
    assert said == f"{place}: is not UTF-8 near line 200002; convert it, or name its encoding (--encoding gb18030)"
    with open_roster(place, name="t", id="id", engine="datafusion", encoding="gb18030") as roster:
        assert roster.row("T") == {"id": "T", "name": "\u6606\u660e"}


# -- ids of several columns, and other things that are no names --------------------------------------------------------


class Frame:
    """Not a path; what is asked is looked at before."""


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"id": ["a", "b"]}, "an id is one column; join several in a view"),
        ({"id": ("a", "b")}, "an id is one column; join several in a view"),
        ({"id": ["a"]}, "the id is named by the text of one column, and this is a list"),
        ({"id": None}, "this is a NoneType"),
        ({"id": 3}, "this is a int"),
        ({"id": {"a": "b"}}, "this is a dict"),
        ({"id": "a", "columns": "kind"}, "columns are given as a list of names"),
        ({"id": "a", "columns": [["x"]]}, "columns are given as a list of names"),
        ({"id": "a", "columns": 7}, "columns are given as a list of names"),
        ({"id": "a", "rename": ["x"]}, "new names are given by the names"),
        ({"id": "a", "rename": {"x": 1}}, "new names are given by the names"),
        ({"id": "a", "rename": {1: "x"}}, "new names are given by the names"),
    ],
)
def test_what_is_no_name_of_a_column(tmp_path: Path, options: dict[str, Any], told: str) -> None:
    (tmp_path / "t.csv").write_text("a,b,kind\n1,2,3\n")
    pq.write_table(pa.table({"a": ["1"], "b": ["2"], "kind": ["3"]}), tmp_path / "t.parquet")
    with sqlite3.connect(tmp_path / "base.db") as base:
        base.execute("CREATE TABLE t (a TEXT, b TEXT, kind TEXT)")
    base.close()
    address = f"sqlite:///{tmp_path / 'base.db'}"
    for act in (
        lambda: open_roster(tmp_path / "t.csv", name="t", **options),
        lambda: open_roster(tmp_path / "t.parquet", name="t", **options),
        lambda: open_roster(f"{address}#t", name="t", **options),
        lambda: open_roster(Frame(), name="t", **options),
        lambda: ArrowTable.open(tmp_path / "t.parquet", name="t", **options),
        lambda: SqlTable(address, "t", name="t", **options),
    ):
        assert told in refused(act)


# -- UUIDs -------------------------------------------------------------------------------------------------------------

UUIDS = [f"{n:08x}-0000-4000-8000-{n * 7919:012x}" for n in range(600)]
PLAIN = Roster.build(SHA256, Population("t", ("id", "owner"), tuple((u, u[::-1].replace("-", "")) for u in UUIDS)))


@pytest.mark.parametrize("server", ["postgresql", "mariadb"])
def test_uuids_of_a_database_are_their_one_text(server: str) -> None:
    databases = pytest.importorskip("databases")
    with getattr(databases, server)() as engine:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TABLE firms (id uuid PRIMARY KEY, owner varchar(40))")
            for unit_id, owner in (line.decode().split("\t") for line in PLAIN.lines):
                connection.exec_driver_sql(f"INSERT INTO firms VALUES ('{unit_id.upper()}', '{owner}')")
        address = f"{engine.url.render_as_string(hide_password=False)}#firms"
        with open_roster(address, name="t", id="id") as roster:
            assert roster.manifest == PLAIN.manifest
            assert roster.prove(UUIDS[300]) == PLAIN.prove(UUIDS[300])
            assert roster.known([UUIDS[1], UUIDS[2].upper()]) == {UUIDS[1]}
            drawn = roster.frame({"id": UUIDS[:9]}, (), where="x").lowest("0" * 32, {(): 3})
            assert {candidate[32:].decode() for candidate in drawn[()]} <= set(UUIDS[:9])


def test_uuids_of_a_file_are_those_of_a_database(tmp_path: Path) -> None:
    units = pa.array([bytes.fromhex(u.replace("-", "")) for u in UUIDS], pa.binary(16))
    owners = pa.array([u[::-1].replace("-", "") for u in UUIDS])
    table = pa.table({"id": pa.ExtensionArray.from_storage(pa.uuid(), units), "owner": owners})
    pq.write_table(table, tmp_path / "t.parquet")
    with open_roster(tmp_path / "t.parquet", name="t", id="id", engine="datafusion") as roster:
        assert roster.manifest == PLAIN.manifest
        assert roster.prove(UUIDS[300]) == PLAIN.prove(UUIDS[300])
