"""Files as rosters: the types and layouts that Arrow has, order, pages, progress, and which engine opens what."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from dblrandom.adapters.engines.opening import ENGINES, Progress, open_roster
from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.errors import FolderError, MissingExtra, RosterError
from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.model import Population
from dblrandom.roster import Roster, verify_presence
from dblrandom.sampling import MemoryFrame

pa = pytest.importorskip("pyarrow")
pytest.importorskip("datafusion")

import pyarrow.compute as pc  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from dblrandom.adapters.engines import arrowfiles, arrowrules, arrowsort, datafusion, opening  # noqa: E402
from dblrandom.adapters.engines.arrow import ArrowTable  # noqa: E402
from dblrandom.adapters.engines.arrowpages import Cutter  # noqa: E402
from dblrandom.adapters.engines.reading import ReadingTable  # noqa: E402
from dblrandom.adapters.engines.table import OutOfOrder  # noqa: E402

KEY = "97b4f6f5bb7bc90b9c00e3126f360eec"


def memory(rows: Sequence[tuple[str, ...]], columns: tuple[str, ...] = ("id", "kind"), suite: Suite = SHA256) -> Roster:
    return Roster.build(suite, Population("targets", columns, tuple(rows)))


def parquet(place: Path, table: Any, **options: Any) -> Path:
    pq.write_table(table, place, **options)
    return place


def write_ipc(table: Any, place: Path) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with pa.OSFile(str(place), "wb") as file, pa.ipc.new_file(file, table.schema, options=options) as writer:
        writer.write_table(table)


def opened(place: Path, **options: Any) -> ArrowTable:
    return ArrowTable.open(place, name="targets", **{"id": "id", **options})


def commit(place: Path, **options: Any) -> EngineRoster:
    return EngineRoster.commit(opened(place, **options))


def test_it_is_a_table_with_a_reading_of_its_own(tmp_path: Path) -> None:
    table = opened(parquet(tmp_path / "a.parquet", pa.table({"id": ["a"]})))
    assert isinstance(table, ReadingTable)


@pytest.mark.parametrize(
    "column",
    [
        pa.array(["x", "", "公"], pa.string()),
        pa.array(["x", "", "公"], pa.large_string()),
        pa.array(["x", "", "公"], pa.string_view()),
        pa.array(["x", None, "公"], pa.string()),
        pa.array(["x", None, "公"]).dictionary_encode(),
        pa.array(["!", "x", "", "公", "!"]).slice(1, 3),
        pa.array(["!", "x", None, "公", "!"], pa.large_string()).slice(1, 3),
    ],
    ids=["string", "large", "view", "null", "dictionary", "slice", "large-slice"],
)
@pytest.mark.parametrize("end", ["parquet", "arrow"])
def test_types_of_text_are_alike(tmp_path: Path, column: Any, end: str) -> None:
    place, table = tmp_path / f"a.{end}", pa.table({"id": pa.array(["a", "b", "c"]), "kind": column})
    pq.write_table(table, place) if end == "parquet" else write_ipc(table, place)
    roster, plain = commit(place), memory([("a", "x"), ("b", ""), ("c", "公")])
    assert roster.manifest == plain.manifest
    frame = roster.frame({"kind": ["", "公"]}, ("kind",), where="test")
    expected = MemoryFrame(SHA256, plain.columns, plain.lines, {"kind": ["", "公"]}, ("kind",), where="test")
    assert frame.lowest(KEY, {("",): 1, ("公",): 1}) == expected.lowest(KEY, {("",): 1, ("公",): 1})


@pytest.mark.parametrize("end", ["parquet", "arrow"])
def test_whole_numbers_are_decimal_also_as_ids(tmp_path: Path, end: str) -> None:
    place = tmp_path / f"a.{end}"
    table = pa.table({"n": pa.array([-7, None, 2**63 - 1], pa.int64()), "u": pa.array([9, 10, 2**64 - 1], pa.uint64())})
    pq.write_table(table, place) if end == "parquet" else write_ipc(table, place)
    roster = commit(place, id="u", columns=["n"])
    rows = [("9", "-7"), ("10", ""), ("18446744073709551615", "9223372036854775807")]
    assert roster.manifest == memory(rows, ("id", "n")).manifest
    assert roster.find(b"10") == b"10\t"
    assert roster.frame({"n": ["-7"]}, ("n",), where="test").sizes() == {("-7",): 1}


def test_parts_are_read_in_the_order_of_their_paths(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    parquet(tmp_path / "a.parquet", pa.table({"id": ["a"], "kind": ["x"]}))
    parquet(tmp_path / "b" / "c.parquet", pa.table({"kind": ["y"], "id": ["b"]}))
    for name in ("_SUCCESS", ".a.parquet.crc"):
        (tmp_path / name).write_bytes(b"")
    roster = commit(tmp_path)
    assert roster.manifest == memory([("a", "x"), ("b", "y")]).manifest
    assert not getattr(roster.table, "sort", None)
    assert len(roster.frame({}, (), where="test").lowest(KEY, {(): 2})[()]) == 2


@pytest.mark.parametrize("name", ['we"ird', "a.b", "A B", "ID", "企业", "x'y", "back\\slash", "", "select", "${a}"])
@pytest.mark.parametrize("end", ["parquet", "arrow", "csv"])
def test_any_name_of_a_source_column(tmp_path: Path, name: str, end: str) -> None:
    """Identifiers are neither folded nor split, and a similar name is another column."""
    place = tmp_path / f"a.{end}"
    table = pa.table([["k1", "k2"], ["v1", "v2"], ["no", "no"], ["no", "no"]], names=["key", name, "a", "id2"])
    if end == "csv":
        quoted = name.replace('"', '""')
        place.write_text(f'key,"{quoted}",a,id2\nk1,v1,no,no\nk2,v2,no,no\n')
    else:
        pq.write_table(table, place) if end == "parquet" else write_ipc(table, place)
    roster = commit(place, id="key", columns=["kind"], rename={name: "kind"})
    assert roster.manifest == memory([("k1", "v1"), ("k2", "v2")]).manifest
    frame = roster.frame({"kind": ["v2"]}, ("kind",), where="test")
    assert [c[32:] for c in frame.lowest(KEY, {("v2",): 1})[("v2",)]] == [b"k2"]
    assert commit(place, id="key", columns=[name], rename={name: "kind"}) == roster


def test_csv_is_read_as_text_with_a_header_in_each_part(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'\xef\xbb\xbfid,kind\n001,"x, ""y"""\n002,\n')
    (tmp_path / "b.csv").write_bytes(b"kind,id\nNULL,003\n1e3,004\n")
    rows = [("001", 'x, "y"'), ("002", ""), ("003", "NULL"), ("004", "1e3")]
    roster, plain = commit(tmp_path), memory(rows)
    assert roster.manifest == plain.manifest
    frame = roster.frame({"kind": ["1e3", 'x, "y"']}, ("kind",), where="test")
    assert frame.lowest(KEY, dict.fromkeys(frame.sizes(), 1)) == MemoryFrame(
        SHA256, plain.columns, plain.lines, {"kind": ["1e3", 'x, "y"']}, ("kind",), where="test"
    ).lowest(KEY, dict.fromkeys(frame.sizes(), 1))


def test_blanks_are_those_that_the_importer_takes_off() -> None:
    every = [chr(code) for code in range(0x21, 0x110000) if not 0xD800 <= code < 0xE000]
    blank = {c for c in every if c.isspace()}
    for column in (pa.array([f"x{c}" for c in every]), pa.array([f"{c}x" for c in every])):
        told = pc.match_substring_regex(column, f"^{arrowrules._BLANK}|{arrowrules._BLANK}$").to_pylist()
        assert {c for c, each in zip(every, told, strict=True) if each} == blank


def test_csv_in_gb18030_and_tsv(tmp_path: Path) -> None:
    plain = memory([("a", "公司"), ("b", '"q')])
    (tmp_path / "a.csv").write_bytes('id,kind\na,公司\nb,"""q"\n'.encode("gb18030"))
    (tmp_path / "b.tsv").write_bytes('id\tkind\na\t公司\nb\t"q\n'.encode())
    assert commit(tmp_path / "a.csv", encoding="gbk").manifest == plain.manifest
    assert commit(tmp_path / "b.tsv").manifest == plain.manifest


def test_sorted_rows_are_not_sorted_again_and_others_are(tmp_path: Path) -> None:
    ids = [f"R{n:05d}" for n in range(2000)]
    plain = memory([(i, i[-1]) for i in ids])
    for number, order in enumerate((ids, ids[::-1], [*ids[1000:], *ids[:1000]])):
        place = parquet(tmp_path / f"{number}.parquet", pa.table({"id": order, "kind": [i[-1] for i in order]}))
        roster = commit(place)
        assert roster.manifest == plain.manifest
        assert getattr(roster.table, "sort", None) is (number > 0)
        verify_presence(SHA256, roster.manifest, roster.prove("R00999"))
        if number:
            with pytest.raises(OutOfOrder):
                list(opened(place).pages(256))


def test_batches_and_pages_do_not_have_to_meet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [f"R{n:05d}" for n in range(1500)]
    plain = memory([(i,) for i in ids], ("id",))
    place = parquet(tmp_path / "a.parquet", pa.table({"id": ids}), row_group_size=70)
    monkeypatch.setattr(arrowfiles, "_CELLS", 2 * 300)
    roster = commit(place)
    assert roster.manifest == plain.manifest
    for step in (1, 7, 255, 256, 257, 1500):
        table = pa.table({"id": ids})
        batches = [table.slice(at, step).to_batches()[0] for at in range(0, 1500, step)]
        cutter = Cutter(columns=("id",), page_rows=256, make=bytes, where="test")
        made = list(cutter.pages(batches))
        assert b"".join(page.made for page in made) == b"".join(line + b"\n" for line in plain.lines)
        assert [page.rows for page in made] == [256] * 5 + [220]
        assert [page.first for page in made] == [ids[at].encode() for at in range(0, 1500, 256)]


def test_thousands_of_strata_of_which_some_are_drawn_whole(tmp_path: Path) -> None:
    rows = [(f"{n:06d}", f"区{n * n % 1999 % 900}") for n in range(12_000)]
    place = parquet(tmp_path / "a.parquet", pa.table(list(map(list, zip(*rows, strict=True))), names=["id", "kind"]))
    roster, plain = commit(place), memory(rows)
    frame = roster.frame({}, ("kind",), where="test")
    expected = MemoryFrame(SHA256, plain.columns, plain.lines, {}, ("kind",), where="test")
    wanted = {s: (0, 1, 3, size)[n % 4] for n, (s, size) in enumerate(expected.sizes().items())}
    assert len(wanted) > 500
    assert frame.lowest(KEY, wanted) == expected.lowest(KEY, wanted)


@pytest.mark.parametrize("skewed", [False, True])
def test_what_does_not_fit_into_memory_is_divided_and_divided_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, skewed: bool
) -> None:
    """With ids that begin alike, of all lengths; and with a sample that says nothing of most of them."""
    count = 5000
    rows = [("i" * (n * 7919 % count % 250) + f"{n * 7919 % count:05d}", f"{n:04d}" * 20) for n in range(count)]
    place = parquet(tmp_path / "a.parquet", pa.table(list(map(list, zip(*rows, strict=True))), names=["id", "kind"]))
    monkeypatch.setattr(arrowsort, "RANGE_BYTES", 20_000)
    monkeypatch.setattr(arrowsort, "_MOST_RANGES", 8)
    divisions: list[int] = []
    divide = arrowsort._Sorter._divided
    monkeypatch.setattr(
        arrowsort._Sorter, "_divided", lambda self, *a: divisions.append(len(a[1]) + 1) or divide(self, *a)
    )
    if skewed:
        survey = arrowsort._surveyed
        monkeypatch.setattr(arrowsort, "_surveyed", lambda rows: (survey(rows)[0], survey(rows)[1][:9]))
    roster = commit(place)
    assert roster.manifest == memory(rows).manifest
    assert len(divisions) > 1
    assert max(divisions) <= 8


def test_sm3_is_hashed_here(tmp_path: Path) -> None:
    rows = [(f"{n:04d}", "ab"[n % 2]) for n in range(700)]
    place = parquet(tmp_path / "a.parquet", pa.table(list(map(list, zip(*rows, strict=True))), names=["id", "kind"]))
    roster, plain = EngineRoster.commit(opened(place), SM3), memory(rows, suite=SM3)
    assert roster.manifest == plain.manifest
    wanted = {("a",): 5, ("b",): 350}
    frame = roster.frame({}, ("kind",), where="test")
    expected = MemoryFrame(SM3, plain.columns, plain.lines, {}, ("kind",), where="test")
    assert frame.lowest(KEY, wanted) == expected.lowest(KEY, wanted)


# -- which engine opens what -------------------------------------------------------------------------------------------


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes every file a large one."""

    def make() -> None:
        monkeypatch.setattr(opening, "SMALL_BYTES", -1)

    return make


def write_kinds(folder: Path) -> dict[str, Path]:
    table = pa.table({"企业": ["b", "a"], "kind": ["y", "x"]})
    places = {end: folder / f"r.{end}" for end in ("csv", "tsv", "parquet", "feather")}
    places["csv"].write_text("企业,kind\nb,y\na,x\n", encoding="utf-8")
    places["tsv"].write_text("企业\tkind\nb\ty\na\tx\n", encoding="utf-8")
    pq.write_table(table, places["parquet"])
    write_ipc(table, places["feather"])
    return places


def test_the_engine_changes_nothing(tmp_path: Path, large: Callable[[], None]) -> None:
    plain = memory([("a", "x"), ("b", "y")])
    for place in write_kinds(tmp_path).values():
        options: dict[str, Any] = {"name": "targets", "id": "企业"}
        assert isinstance(open_roster(place, **options), Roster)
        assert isinstance(open_roster(str(place), **options, engine="datafusion"), EngineRoster)
        for engine in (None, "memory", "datafusion"):
            for chosen in ({}, {"columns": ["kind"]}):
                assert open_roster(place, **options, engine=engine, **chosen).manifest == plain.manifest
        renamed = open_roster(place, name="targets", id="id", columns=["sort"], rename={"企业": "id", "kind": "sort"})
        assert renamed.columns == ("id", "sort")
    large()
    for place in write_kinds(tmp_path).values():
        assert isinstance(open_roster(place, name="targets", id="企业"), EngineRoster)


def test_the_rows_decide_where_the_file_tells_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = parquet(tmp_path / "a.parquet", pa.table({"id": ["a", "b"]}))
    monkeypatch.setattr(opening, "SMALL_ROWS", 1)
    assert isinstance(open_roster(place, name="targets", id="id"), EngineRoster)


def test_a_table_of_a_database(tmp_path: Path) -> None:
    pytest.importorskip("sqlalchemy")
    with sqlite3.connect(tmp_path / "base.db") as base:
        base.execute('create table "fi.rms" (firm text, "Kind" text)')
        base.executemany('insert into "fi.rms" values (?, ?)', [("b", "y"), ("a", None)])
    base.close()
    url = f"sqlite:///{tmp_path}/base.db#fi%2Erms"
    roster = open_roster(url, name="targets", id="id", columns=["kind"], rename={"Kind": "kind", "firm": "id"})
    assert roster.manifest == memory([("a", ""), ("b", "y")]).manifest
    roster.table.close()  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("place", "options", "said"),
    [
        ("postgresql://u:geheim@h/base", {}, "names its table after #"),
        ("s3://bucket/rows.parquet", {}, "is not a file"),
        ("postgresql://u:geheim@h/base#a.b.c", {}, "names its table after #"),
        ("postgresql://u:geheim@h/base#t", {"engine": "memory"}, "is not read by memory"),
        ("a.csv", {"engine": "sql"}, "is not read by sql"),
        ("a.csv", {"engine": "duckdb"}, "'duckdb' is not one of datafusion, memory, spark, sql"),
        (5, {}, "a int is neither a path, a URL nor a Spark DataFrame"),
        (5, {"engine": "memory"}, "is not read by memory"),
        ("a.csv", {"name": "no name"}, "is not a roster's name"),
    ],
)
def test_what_cannot_be_opened(place: Any, options: dict[str, Any], said: str) -> None:
    with pytest.raises(RosterError) as caught:
        open_roster(place, **{"name": "targets", "id": "id", **options})
    assert said in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_a_place_that_is_not_there(tmp_path: Path) -> None:
    for end in ("csv", "parquet", "d"):
        with pytest.raises(FolderError, match="No such file"):
            open_roster(tmp_path / f"none.{end}", name="targets", id="id")


def test_engines_that_are_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = parquet(tmp_path / "a.parquet", pa.table({"id": ["a"]}))

    def missing(module: str, extra: str, what: str) -> None:
        raise MissingExtra(f"{what} needs {module}: {extra}")

    monkeypatch.setattr(opening, "load", missing)
    with pytest.raises(MissingExtra, match="pyarrow: engine"):
        open_roster(place, name="targets", id="id")
    with pytest.raises(MissingExtra, match="sqlalchemy: sql"):
        open_roster("sqlite:///base.db#t", name="targets", id="id")
    frame = type("DataFrame", (), {"__module__": "pyspark.sql.dataframe"})()
    with pytest.raises(MissingExtra, match="pyspark: spark"):
        open_roster(frame, name="targets", id="id")
    assert ENGINES == ("datafusion", "memory", "spark", "sql")


@pytest.mark.parametrize("kind", ["parquet", "arrow"])
@pytest.mark.parametrize("view", ["id", "kind"])
def test_proofs_from_views(tmp_path: Path, kind: str, view: str) -> None:
    """Arrow cannot filter them, in whichever column they are."""
    rows = [(f"R{n:04d}", f"k{n % 3}") for n in range(700)]
    fields = {name: [row[n] for row in rows] for n, name in enumerate(("id", "kind"))}
    columns = {n: pa.array(found, pa.string_view() if n == view else pa.string()) for n, found in fields.items()}
    place = tmp_path / f"a.{kind}"
    found = pa.table(columns)
    if kind == "parquet":
        parquet(place, found)
    else:
        with pa.OSFile(str(place), "wb") as file, pa.ipc.new_file(file, found.schema) as writer:
            writer.write_table(found)
    engine, plain = EngineRoster.commit(ArrowTable.open(place, name="targets", id="id")), memory(rows)
    for unit_id in ("R0000", "R0300", "R0699", "R0300x", "A", "Z"):
        assert engine.prove(unit_id) == plain.prove(unit_id)


def test_many_small_files_are_drawn_from_together(tmp_path: Path) -> None:
    rows = [(f"R{n:02d}", f"k{n % 3}") for n in range(11)]
    for unit, kind in rows:
        (tmp_path / f"{unit}.csv").write_text(f"id,kind\n{unit},{kind}\n")
    table = ArrowTable.open(tmp_path, name="targets", id="id")
    frame = EngineRoster.commit(table).frame({}, ("kind",), where="task")
    plain = MemoryFrame(SHA256, ("id", "kind"), memory(rows).lines, {}, ("kind",), where="task")
    assert frame.sizes() == plain.sizes()
    assert frame.lowest(KEY, frame.sizes()) == plain.lowest(KEY, plain.sizes())


# -- progress ----------------------------------------------------------------------------------------------------------


def test_progress_tells_rows_rate_and_what_remains(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = [f"R{n:05d}" for n in range(1000)]
    place = parquet(tmp_path / "a.parquet", pa.table({"id": ids}))
    clock = iter(range(0, 100_000, 2))
    monkeypatch.setattr(opening.time, "monotonic", lambda: next(clock))
    told: list[Progress] = []
    roster = open_roster(place, name="targets", id="id", engine="datafusion", progress=told.append)
    assert [each.rows for each in told] == [256, 512, 768, 1000, 1000]
    assert told[0] == Progress(rows=256, total=1000, rate=64, remaining=12)
    assert (told[-1].total, told[-1].remaining) == (len(roster), 0)
    (tmp_path / "a.csv").write_text("id\n" + "\n".join(ids) + "\n")
    told.clear()
    open_roster(tmp_path / "a.csv", name="targets", id="id", engine="datafusion", progress=told.append)
    assert (told[0].total, told[0].remaining) == (None, None)
    told.clear()
    open_roster(tmp_path / "a.csv", name="targets", id="id", progress=told.append)
    assert told == [Progress(rows=1000, total=1000, rate=0, remaining=0)]


def parts(place: Path, sizes: tuple[int, ...]) -> Path:
    """Files of so many rows each, with ids in order over all of them."""
    place.mkdir()
    ids = iter(f"R{n:05d}" for n in range(sum(sizes)))
    for number, size in enumerate(sizes):
        rows = {"id": [next(ids) for _ in range(size)], "kind": [f"s{n % 3}" for n in range(size)]}
        parquet(place / f"part{number}.parquet", pa.table(rows))
    return place


def test_a_draw_from_several_files_tells_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datafusion, "_PART", 300)
    monkeypatch.setattr(arrowfiles, "_CELLS", 512)  # 256 rows at a time
    monkeypatch.setattr(opening, "_INTERVAL", 0)
    place = parts(tmp_path / "parts", (200, 200, 50, 100, 400))
    told: list[Progress] = []
    roster = open_roster(place, name="targets", id="id", engine="datafusion", progress=told.append)
    assert isinstance(roster, EngineRoster)
    told.clear()
    frame = roster.frame({"kind": ["s0", "s2"]}, ("kind",), where="task")
    assert [(each.rows, each.total) for each in told] == [(512, 950), (768, 950), (950, 950)]
    memory = open_roster(place, name="targets", id="id", engine="memory")
    assert isinstance(memory, Roster)
    plain = MemoryFrame(memory.suite, memory.columns, memory.lines, {"kind": ["s0", "s2"]}, ("kind",), where="task")
    assert frame.sizes() == plain.sizes()
    told.clear()
    wanted = {("s0",): 7, ("s2",): 90}
    assert frame.lowest("0" * 32, wanted) == plain.lowest("0" * 32, wanted)
    assert [each.rows for each in told] == [512, 768, 950]


@pytest.mark.parametrize(
    "error", [KeyboardInterrupt, RuntimeError, RosterError("enough"), BrokenPipeError(32, "gone"), ValueError]
)
def test_whoever_is_told_can_stop_a_draw(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Any) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    monkeypatch.setattr(datafusion, "_PART", 100)
    monkeypatch.setattr(arrowfiles, "_CELLS", 512)  # 256 rows at a time
    monkeypatch.setattr(opening, "_INTERVAL", 0)
    stopping = False

    def stop(progress: Progress) -> None:
        if stopping and progress.rows == 512:
            raise error

    place = parts(tmp_path / "parts", (200, 200, 200))
    roster = open_roster(place, name="targets", id="id", engine="datafusion", progress=stop)
    assert isinstance(roster, EngineRoster)
    frame = roster.frame({}, (), where="task")
    stopping = True
    with pytest.raises(error if isinstance(error, type) else type(error)):
        frame.lowest("0" * 32, {(): 5})
    with pytest.raises(error if isinstance(error, type) else type(error)):
        roster.frame({}, ("kind",), where="task")
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError, RosterError("enough")])
@pytest.mark.parametrize("ordered", [True, False])
def test_whoever_is_told_can_stop_it_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Any, ordered: bool
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    monkeypatch.setattr(opening, "_INTERVAL", 0)
    monkeypatch.setattr(arrowfiles, "_CELLS", 512)
    seen: list[list[Path]] = []
    ids = [f"R{n:05d}" for n in range(5000)][:: 1 if ordered else -1]

    def stop(progress: Progress) -> None:
        seen.append(list(temporary.iterdir()))
        raise error

    with pytest.raises(error if isinstance(error, type) else type(error)):
        open_roster(
            parquet(tmp_path / "a.parquet", pa.table({"id": ids})),
            name="targets",
            id="id",
            engine="datafusion",
            progress=stop,
        )
    assert [bool(each) for each in seen] == [not ordered]
    assert list(temporary.iterdir()) == []
