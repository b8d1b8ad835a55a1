"""Files that are broken, that lie, or that change: each is refused in one line, and nothing is left behind."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dblrandom.adapters.engines.opening import open_roster
from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.errors import DblrandomError, FolderError, PlanError, RosterError
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Population
from dblrandom.roster import Roster
from dblrandom.sampling import MemoryFrame

pa = pytest.importorskip("pyarrow")
pytest.importorskip("datafusion")

import pyarrow.parquet as pq  # noqa: E402

from dblrandom.adapters.engines import arrowfiles, arrowseals, arrowsort, datafusion, parts  # noqa: E402
from dblrandom.adapters.engines.arrow import ArrowTable  # noqa: E402

KEY = "97b4f6f5bb7bc90b9c00e3126f360eec"
ROWS = [(f"R{n:05d}", "ab"[n % 2]) for n in range(2000)]


def table(rows: list[tuple[str, ...]] = ROWS, names: tuple[str, ...] = ("id", "kind")) -> Any:
    return pa.table(list(map(list, zip(*rows, strict=True))), names=list(names))


def write_ipc(found: Any, place: Path) -> None:
    with pa.OSFile(str(place), "wb") as file, pa.ipc.new_file(file, found.schema) as writer:
        writer.write_table(found)


def commit(place: Path, **options: Any) -> EngineRoster:
    return EngineRoster.commit(ArrowTable.open(place, name="targets", **{"id": "id", **options}))


def refused(act: Callable[[], object], *parts: str, error: type[DblrandomError] = RosterError) -> None:
    with pytest.raises(error) as caught:
        act()
    said = str(caught.value)
    assert said.isprintable(), "one line"
    assert len(said) < 1500
    for part in parts:
        assert part in said


# -- parts that do not fit together ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (pa.table({"id": ["S1"]}), "the column 'kind' is missing"),
        (pa.table({"id": ["S1"], "kind": pa.array([1], pa.int64())}), "of type int64, in other parts string"),
        (pa.table({"id": ["S1"], "kind": [1.5]}), "of type double; write it as text"),
        (pa.table({"id": pa.array([b"S1"]), "kind": ["a"]}), "of type binary; write it as text"),
        (pa.table([["S1"], ["a"], ["b"]], names=["id", "kind", "kind"]), "duplicate field names"),
        (pa.table({"id": ["R00007"], "kind": ["a"]}), "the id 'R00007' is there twice"),
        (pa.table({"id": ["R01999"], "kind": ["a"]}), "the id 'R01999' is there twice"),
        (pa.table({"id": pa.array([None], pa.string()), "kind": ["a"]}), "column 'id' has a row without a value"),
    ],
    ids=["missing", "integer", "float", "binary", "column-twice", "id-twice", "id-twice-at-the-seam", "null-id"],
)
def test_a_part_that_is_not_like_the_others(tmp_path: Path, second: Any, said: str) -> None:
    pq.write_table(table(), tmp_path / "1.parquet")
    pq.write_table(second, tmp_path / "2.parquet")
    refused(lambda: commit(tmp_path), said)


def test_a_folder_of_partitions_is_not_taken_for_less_columns(tmp_path: Path) -> None:
    (tmp_path / "kind=a").mkdir()
    pq.write_table(table(), tmp_path / "kind=a" / "1.parquet")
    refused(lambda: commit(tmp_path), "kind=a", "is a partition of which the folder's name is a column")
    assert len(commit(tmp_path / "kind=a")) == len(ROWS)


def test_a_folder_with_something_else_in_it(tmp_path: Path) -> None:
    refused(lambda: commit(tmp_path), "has no files of a known kind")
    pq.write_table(table(), tmp_path / "1.parquet")
    (tmp_path / "notes.txt").write_text("synthetic")
    refused(lambda: commit(tmp_path), "more than one kind", "notes.txt")
    (tmp_path / "notes.txt").unlink()
    (tmp_path / "2.parquet").symlink_to(tmp_path / "1.parquet")
    refused(lambda: commit(tmp_path), "2.parquet", "is a link or a device")
    refused(lambda: commit(tmp_path / "2.parquet"), "is a symbolic link")
    (tmp_path / "2.parquet").unlink()
    os.mkfifo(tmp_path / "2.parquet")
    refused(lambda: commit(tmp_path), "is a link or a device")


def test_more_files_than_anyone_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST_FILES", 2)
    for n in range(3):
        pq.write_table(table([(f"R{n}", "a")]), tmp_path / f"{n}.parquet")
    refused(lambda: commit(tmp_path), "has more than 2 files")


# -- broken files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("keep", [0, 3, 100, -9, -1])
@pytest.mark.parametrize("end", ["parquet", "arrow"])
def test_a_truncated_file(tmp_path: Path, keep: int, end: str) -> None:
    place = tmp_path / f"a.{end}"
    if end == "parquet":
        pq.write_table(table(), place)
    else:
        write_ipc(table(), place)
    place.write_bytes(place.read_bytes()[:keep])
    refused(lambda: commit(place), "cannot be read")
    refused(lambda: open_roster(place, name="targets", id="id"), "cannot be read")


def test_a_file_whose_pages_are_garbage(tmp_path: Path) -> None:
    place = tmp_path / "a.parquet"
    pq.write_table(table(), place, compression="none")
    data = bytearray(place.read_bytes())
    data[4:600] = b"\xff" * 596
    place.write_bytes(data)
    refused(lambda: commit(place), "cannot be read")


def text_array(values: list[bytes]) -> Any:
    """A text column of any bytes, as a faulty program may have written it."""
    binary = pa.array(values, pa.binary())
    return pa.Array.from_buffers(pa.string(), len(values), binary.buffers())


@pytest.mark.parametrize(("column", "row"), [("id", (b"R\xff", b"x")), ("kind", (b"R2", b"\xed\xa0\x80"))])
def test_text_that_is_not_utf_8(tmp_path: Path, column: str, row: tuple[bytes, bytes]) -> None:
    found = pa.table([text_array([b"R1", row[0]]), text_array([b"x", row[1]])], names=["id", "kind"])
    write_ipc(found, tmp_path / "a.arrow")
    refused(lambda: commit(tmp_path / "a.arrow"), f"column {column!r} is not UTF-8", "row 2 as read")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,kind\nR1,a\nR2\n", "Expected 2 columns, got 1"),
        ("id,kind\nR1,a\n\nR2,b\n", "row 2 as read (id ''): column 'id' is empty"),
        ("id,kind\nR1,a,b\n", "Expected 2 columns, got 3"),
        ('id,kind\nR1,"a\nb"\n', "control character U+000A"),
        ('id,kind\nR1,"a\tb"\n', "has a TAB"),
        ("id,kind\nR1, a\n", "has, in one of the 1 rows from row 1 on, blanks at an end"),
        ("id,kind\nR1,a\u0308\n", "NFC"),
        ("id,kind\n\uff21\uff11,a\n", "full-width letters in an id"),
        ("id,kind\nR1,a\u0085b\n", "characters that nobody sees"),
        ("id,kind\nR1,a\u2028b\n", "characters that nobody sees"),
        ("id,kind\nR\u00ad1,a\n", "the invisible character U+00AD"),
        ("id,kind\nR\u20661,a\n", "the invisible character U+2066"),
        ("id,id\nR1,a\n", "multiple columns named id"),
        ("kind\na\n", "there is no column 'id'"),
        ("", "cannot be read"),
    ],
)
def test_csv_that_is_not_as_it_should_be(tmp_path: Path, text: str, said: str) -> None:
    """What an importer would tidy is refused, so that the engine never decides what is committed."""
    place = tmp_path / "a.csv"
    place.write_text(text, encoding="utf-8")
    refused(lambda: open_roster(place, name="targets", id="id", engine="datafusion"), said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('id,kind\nA1,x\nA2,"nor', "line 3: is not CSV: unexpected end of data"),
        ('id,kind\nA1,"x"y\n', "line 2: is not CSV"),
        ('id,kind\nA1,"a\\"b"\n', "line 2: is not CSV"),
        ('id,kind\nA1,x\n"A2', "CSV"),
    ],
)
def test_csv_with_quotes_that_arrow_would_read_somehow(tmp_path: Path, text: str, said: str) -> None:
    """Whether a file is cut off is decided as for small files, so that its size decides nothing."""
    (tmp_path / "a.csv").write_text(text)
    refused(lambda: commit(tmp_path / "a.csv"), said)
    refused(lambda: open_roster(tmp_path / "a.csv", name="targets", id="id", engine="memory"), said)


def test_csv_with_quotes_as_they_should_be(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('id,"kind"\nA1,"x, y"\n"A2","say ""x"""\n')
    assert [row["kind"] for row in commit(tmp_path / "a.csv").records()] == ["x, y", 'say "x"']


@pytest.mark.parametrize("offset", [2_000_000_000, 9_000, -4, 2])
def test_an_arrow_file_whose_offsets_lead_elsewhere(tmp_path: Path, offset: int) -> None:
    """Followed, they end the process, or show bytes that are no row's."""
    place = tmp_path / "a.arrow"
    write_ipc(table([(f"{n:04d}", "x") for n in range(400)]), place)
    data = place.read_bytes()
    at = data.index(struct.pack("<ii", 1596, 1600)) + 4
    place.write_bytes(data[:at] + struct.pack("<i", offset) + data[at + 4 :])
    code = f"from dblrandom.adapters.engines.opening import open_roster as o; o({str(place)!r}, name='t', id='id')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines()[-1].startswith("dblrandom.errors.RosterError: ")


def test_types_that_arrow_cannot_cast_are_refused_at_once(tmp_path: Path) -> None:
    kinds = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int32()), pa.array(["x", "y"], pa.string_view()))
    write_ipc(pa.table({"id": ["a", "b"], "kind": kinds}), tmp_path / "a.arrow")
    refused(lambda: commit(tmp_path / "a.arrow"), "'kind' is of type dictionary")


def test_a_dictionary_that_has_not_all_its_values(tmp_path: Path) -> None:
    kinds = pa.DictionaryArray.from_arrays(pa.array([0, 7], pa.int32()), pa.array(["x", "y"]), safe=False)
    write_ipc(pa.table({"id": ["a", "b"], "kind": kinds}), tmp_path / "a.arrow")
    refused(lambda: commit(tmp_path / "a.arrow"), "cannot be read")


def test_csv_in_another_encoding(tmp_path: Path) -> None:
    place = tmp_path / "a.csv"
    place.write_bytes("id,kind\nR1,公司\n".encode("gb18030"))
    refused(lambda: commit(place), "is not UTF-8 near line 2", "--encoding gb18030")
    refused(lambda: commit(place, encoding="latin-1"), "'latin-1' is not one of")


# -- files that lie ----------------------------------------------------------------------------------------------------


def test_false_statistics_hide_no_row_from_the_draw(tmp_path: Path) -> None:
    """Whoever writes the file could else have a filter skip those whom he wants to spare."""
    place = tmp_path / "a.parquet"
    rows = [(f"R{n:05d}", "mid" if n < 1000 else "zzz") for n in range(2000)]
    pq.write_table(table(rows), place, row_group_size=1000, use_dictionary=False, compression="none")
    data = place.read_bytes()
    size = struct.unpack("<i", data[-8:-4])[0]
    footer = data[-8 - size : -8]
    # The first rows' least and greatest kind now claim to be beyond what is asked for.
    false = footer.replace(b"\x03mid", b"\x03zzz")
    assert footer.count(b"\x03mid") >= 2
    place.write_bytes(data[: -8 - size] + false + data[-8:])
    group = pq.read_metadata(place).row_group(0).column(1).statistics
    assert (group.min, group.max) == ("zzz", "zzz")
    roster = commit(place)
    plain = Roster.build(SHA256, Population("targets", ("id", "kind"), tuple(rows)))
    assert roster.manifest == plain.manifest
    frame = roster.frame({"kind": ["mid"]}, (), where="test")
    expected = MemoryFrame(SHA256, plain.columns, plain.lines, {"kind": ["mid"]}, (), where="test")
    assert frame.sizes() == {(): 1000}
    assert frame.lowest(KEY, {(): 30}) == expected.lowest(KEY, {(): 30})


def test_a_file_that_claims_to_be_sorted(tmp_path: Path) -> None:
    place = tmp_path / "a.parquet"
    pq.write_table(table(ROWS[::-1]), place, sorting_columns=[pq.SortingColumn(0)])
    assert commit(place).manifest == Roster.build(SHA256, Population("targets", ("id", "kind"), tuple(ROWS))).manifest


def test_an_engine_that_counts_other_rows_than_were_committed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "a.parquet"
    pq.write_table(table(), place)
    roster = commit(place)
    monkeypatch.setattr(datafusion.FusionScan, "sizes", lambda self: {("a",): 1000, ("b",): 999})
    refused(lambda: roster.frame({}, ("kind",), where="task 1"), "task 1: 1999 rows were counted where 2000")


# -- files that change -------------------------------------------------------------------------------------------------


def test_a_file_changed_between_commitment_and_draw(tmp_path: Path) -> None:
    place = tmp_path / "a.parquet"
    pq.write_table(table(), place)
    roster = commit(place)
    pq.write_table(table([*ROWS[:-1], ("S", "a")]), place)
    for act in (
        lambda: roster.frame({}, (), where="test"),
        lambda: roster.prove("R00001"),
        lambda: list(roster.records()),
        lambda: roster.write(lambda data: None),
    ):
        refused(act, "was changed since the roster was read")
    place.unlink()
    refused(lambda: roster.frame({}, (), where="test"), "No such file", error=FolderError)


def test_a_file_changed_unseen(tmp_path: Path) -> None:
    """Of the same size, with its old time, in the same place on the disk: rows are shown only as committed."""
    place = tmp_path / "a.parquet"
    pq.write_table(table(), place, compression="none", use_dictionary=False)
    before = os.stat(place)
    roster = commit(place)
    data = place.read_bytes().replace(b"R01000", b"R0100X")
    with place.open("r+b") as file:
        file.write(data)
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    roster.table.check_unchanged()
    for act in (lambda: roster.prove("R01001"), lambda: list(roster.records()), lambda: roster.find(b"R01001")):
        refused(act, "its rows are not the ones committed: the table was changed")
    assert roster.find(b"R00001") == b"R00001\tb"


def test_a_file_changed_while_it_is_read(tmp_path: Path) -> None:
    place = tmp_path / "a.parquet"
    pq.write_table(table(), place)
    found = ArrowTable.open(place, name="targets", id="id")
    pages = found.pages(256)
    next(pages)
    os.utime(place, ns=(0, 0))
    refused(lambda: list(pages), "was changed since the roster was read")


@pytest.mark.parametrize("moment", ["before", "during"])
def test_a_file_changed_between_counting_and_drawing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    place = tmp_path / "a.parquet"
    pq.write_table(table(), place)
    frame = commit(place).frame({}, (), where="task")

    def change() -> None:
        pq.write_table(table([(f"X{n:05d}", "a") for n in range(2000)]), place)

    if moment == "before":
        change()
    else:
        same = arrowseals.Seals.same

        def changing(self: Any, number: int, group: Any) -> bool:
            change()
            return same(self, number, group)

        monkeypatch.setattr(arrowseals.Seals, "same", changing)
    refused(lambda: frame.lowest(KEY, {(): 3}), "was changed since the roster was read")


def test_a_part_that_vanishes_during_the_draw(tmp_path: Path) -> None:
    for n in range(2):
        pq.write_table(table(ROWS[n * 1000 : n * 1000 + 1000]), tmp_path / f"{n}.parquet")
    roster = commit(tmp_path)
    frame = roster.frame({}, (), where="task 1")
    (tmp_path / "1.parquet").unlink()
    refused(lambda: frame.lowest(KEY, {(): 1900}), "1.parquet", error=FolderError)


# -- a disk that is full, a file that may not be read -----------------------------------------------------------------


def test_a_full_disk_while_sorting(tmp_path: Path) -> None:
    """The limit on the size of files stands for the end of the disk."""
    place, temporary = tmp_path / "a.parquet", tmp_path / "temporary"
    temporary.mkdir()
    pq.write_table(table(ROWS[::-1]), place)
    code = f"""
import resource, signal
from dblrandom.adapters.engines import arrowsort
from dblrandom.adapters.engines.opening import open_roster
from dblrandom.errors import RosterError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
arrowsort.RANGE_BYTES = 10_000
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
try:
    open_roster({str(place)!r}, name="targets", id="id", engine="datafusion")
except RosterError as error:
    print(error)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, "TMPDIR": str(temporary)}
    )
    assert "roster targets: cannot be read: the disk for temporary files is full" in run.stdout, run.stderr
    assert list(temporary.iterdir()) == []


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "a.parquet"
    pq.write_table(table(), place)
    monkeypatch.setattr(os, "access", lambda *a: False)
    refused(lambda: commit(place), "cannot read it: Permission denied", error=FolderError)
    for odd in ("a\0b.parquet", "a\ud800.parquet"):
        refused(lambda o=odd: commit(tmp_path / o), "cannot read it", error=FolderError)  # type: ignore[misc]


# -- a plan that asks for odd things -----------------------------------------------------------------------------------


def test_values_are_never_code(tmp_path: Path) -> None:
    rows = [("a", "' or 1=1 --"), ("b", '"; drop table t; --'), ("c", "%"), ("d", "x")]
    place = tmp_path / "a.parquet"
    pq.write_table(table(rows), place)
    roster = commit(place)
    for unit, value in rows:
        frame = roster.frame({"kind": [value]}, ("kind",), where="test")
        assert [c[32:].decode() for c in frame.lowest(KEY, {(value,): 1})[(value,)]] == [unit]
    refused(lambda: roster.frame({"kind": ["' or 'x'='x"]}, (), where="test"), "no row of the whole", error=PlanError)
    refused(lambda: roster.frame({"KIND": ["x"]}, (), where="test"), "there is no column 'KIND'", error=PlanError)


def test_memory_of_a_sort_is_bounded_whatever_the_width_of_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every row has fields of the greatest length; no table that is sorted is much larger than its limit."""
    rows = [(f"{n * 7919 % 3000:05d}", "公" * 341) for n in range(3000)]
    pq.write_table(table(rows), tmp_path / "a.parquet")
    monkeypatch.setattr(arrowsort, "RANGE_BYTES", 100_000)
    monkeypatch.setattr(arrowfiles, "_BATCH_BYTES", 100_000)
    sizes: list[int] = []
    plain = arrowsort._Sorter._sorted
    monkeypatch.setattr(
        arrowsort._Sorter, "_sorted", lambda self, given: sizes.append((t := plain(self, given)).nbytes) or t
    )
    assert len(commit(tmp_path / "a.parquet")) == 3000
    assert max(sizes) <= 2 * 100_000 + 2000
