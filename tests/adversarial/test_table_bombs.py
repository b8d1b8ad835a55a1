"""Small files that become large: refused by what their headers say, before anything of them is decompressed.

All files are made here, of letters and numbers that mean nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

pa = pytest.importorskip("pyarrow")
pytest.importorskip("datafusion")

import pyarrow.compute as pc  # noqa: E402
import pyarrow.parquet as pq  # noqa: E402

from dblrandom import limits  # noqa: E402
from dblrandom.adapters.engines import arrowfiles  # noqa: E402
from dblrandom.adapters.engines._thrift import Malformed, Structures  # noqa: E402
from dblrandom.adapters.engines.opening import open_roster  # noqa: E402
from dblrandom.adapters.tables import read_csv  # noqa: E402
from dblrandom.errors import RosterError  # noqa: E402

IDS = [f"{n:04d}" for n in range(1000)]
LONG = "x" * 20_000


def parquet(path: Path, table: Any, **options: Any) -> Path:
    pq.write_table(table, path, compression="zstd", **options)
    return path


def arrow(path: Path, table: Any, compression: str | None = "zstd") -> Path:
    with pa.ipc.new_file(path, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as file:
        file.write_table(table)
    return path


def shared(values: list[str], indices: list[int]) -> Any:
    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int32()), pa.array(values))


def opened(path: Path, engine: str | None = None) -> Any:
    return open_roster(path, name="firms", id="id", engine=engine)


BOMBS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "one page of long values": (
        lambda p: parquet(p / "a.parquet", pa.table({"id": IDS, "n": [LONG] * 1000}), use_dictionary=False),
        "1000 values in a page of 20",
    ),
    "many pages of one long value": (
        lambda p: parquet(
            p / "a.parquet",
            pa.table({"id": IDS, "n": [LONG] * 1000}),
            use_dictionary=False,
            data_page_size=1,
            write_batch_size=1,
        ),
        "1 values in a page of 20",
    ),
    "long values after short ones": (
        lambda p: parquet(
            p / "a.parquet",
            pa.table({"id": IDS, "n": ["y"] * 900 + [LONG] * 100}),
            use_dictionary=False,
            data_page_size=500,
            write_batch_size=100,
        ),
        "100 values in a page of 20",
    ),
    "a long value that a dictionary holds once": (
        lambda p: parquet(p / "a.parquet", pa.table({"id": IDS, "n": shared([LONG], [0] * 1000)})),
        "a value of 20000 bytes in a dictionary",
    ),
    "a long value that no row has": (
        lambda p: arrow(p / "a.arrow", pa.table({"id": IDS, "n": shared(["y", LONG], [0] * 1000)})),
        "a value of 20000 bytes",
    ),
    "a dictionary of an Arrow file": (
        lambda p: arrow(p / "a.arrow", pa.table({"id": IDS, "n": shared([LONG], [0] * 1000)})),
        "a value of 20000 bytes",
    ),
    "views of one long text": (
        lambda p: arrow(
            p / "a.arrow",
            pa.table({"id": IDS, "n": pa.array([LONG] * 1000, pa.string()).cast(pa.string_view())}),
            None,
        ),
        "a value of 20000 bytes|needs pyarrow",
    ),
    "row upon row of one id": (
        lambda p: parquet(p / "a.parquet", pa.table({"id": shared(["F"], [0] * 3_000_000)})),
        "3000000 rows in",
    ),
    "numbers that follow one another": (
        lambda p: parquet(
            p / "a.parquet",
            pa.table({"id": pa.array(range(3_000_000))}),
            use_dictionary=False,
            column_encoding={"id": "DELTA_BINARY_PACKED"},
        ),
        "3000000 rows in",
    ),
    "more columns than a roster has": (
        lambda p: parquet(p / "a.parquet", pa.table({"id": IDS[:2], **{f"c{n}": ["x", "y"] for n in range(1024)}})),
        "1025 columns",
    ),
    "more columns than are read": (
        lambda p: parquet(p / "a.parquet", pa.table({"id": IDS[:1], **{f"c{n}": ["x"] for n in range(16_384)}})),
        "16385 columns",
    ),
    "more columns than are read from an Arrow file": (
        lambda p: arrow(p / "a.arrow", pa.table({"id": IDS[:1], **{f"c{n}": ["x"] for n in range(16_384)}})),
        "more than 16384 columns",
    ),
    "columns inside columns": (lambda p: parquet(p / "a.parquet", nested(70)), "deeper than 64 levels"),
}


def nested(levels: int) -> Any:
    value, kind = "x", pa.string()
    for _ in range(levels):
        value, kind = {"a": value}, pa.struct([("a", kind)])  # type: ignore[assignment]
    return pa.table({"id": pa.array(["1"]), "deep": pa.array([value], kind)})


@pytest.mark.parametrize("name", BOMBS)
@pytest.mark.parametrize("engine", [None, "datafusion"])
def test_a_small_file_that_becomes_large_is_refused(name: str, engine: str | None, tmp_path: Path) -> None:
    make, problem = BOMBS[name]
    with pytest.raises(RosterError, match=problem):
        opened(make(tmp_path), engine)


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_what_comes_out_at_one_time_has_a_budget(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of it is read: the file's reader is never asked for rows."""
    table = pa.table({"id": IDS, **{f"c{n}": [f"{n}" * 900] * 1000 for n in range(4)}})
    monkeypatch.setattr(limits, "TABLE_EXPANDED", 100_000)
    monkeypatch.setattr(arrowfiles.Files, "batches", None)
    path = tmp_path / f"a.{form}"
    made = parquet(path, table, use_dictionary=False) if form == "parquet" else arrow(path, table)
    with pytest.raises(RosterError, match=r"row group 1 holds pages of 3\d+ bytes|record batch of 3\d+ bytes"):
        opened(made, "datafusion")


def test_values_that_repeat_the_one_before_are_read_a_few_at_a_time(tmp_path: Path) -> None:
    names = ["y" * 1000 + f"{n:04d}" for n in range(1000)]
    options: dict[str, Any] = {"use_dictionary": False, "column_encoding": {"n": "DELTA_BYTE_ARRAY", "id": "PLAIN"}}
    path = parquet(tmp_path / "a.parquet", pa.table({"id": IDS, "n": names}), **options)
    files = arrowfiles.Files.open(path, "id", None, {}, "utf-8")
    assert files.row_bytes > 1000
    assert len(opened(path, "datafusion")) == 1000
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "PARQUET_PREFIXED", 500)
        with pytest.raises(RosterError, match="DELTA_BYTE_ARRAY that has"):
            opened(path)


@pytest.mark.parametrize("form", ["parquet", "arrow", "views"])
def test_fields_as_long_as_they_may_be_are_read_in_small_slices(form: str, tmp_path: Path) -> None:
    """An allowed field of 1,024 bytes in every row, stored once: what is worked on at a time stays small."""
    rows = 200_000
    ids = pa.array([f"{n:06d}" for n in range(rows)])
    column = shared(["z" * 1024], [0] * rows)
    table = pa.table({"id": ids, "n": column})
    path = parquet(tmp_path / "a.parquet", table) if form == "parquet" else arrow(tmp_path / "a.arrow", table)
    files = arrowfiles.Files.open(path, "id", None, {}, "utf-8")
    sizes = [len(batch) for batch in files.batches()]
    assert sum(sizes) == rows
    assert max(sizes) * 1024 <= 64 * 1024 * 1024


def test_a_group_of_rows_that_is_large_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    """Some hundred kilobytes with a gigabyte of allowed fields: each row repeats what a dictionary holds once."""
    rows = 25_000
    ids = [f"{n:06d}" for n in range(rows)]
    table = pa.table({"id": ids, **{f"c{n}": shared(["z" * 1024], [0] * rows) for n in range(40)}})
    path = parquet(tmp_path / "a.parquet", table, store_schema=False)
    assert path.stat().st_size < 400_000
    files = arrowfiles.Files.open(path, "id", None, {}, "utf-8")
    assert files.heavy == {str(path)}
    before = pa.total_allocated_bytes()
    seen = most = 0
    for batch in files.batches():
        seen += len(batch)
        most = max(most, pa.total_allocated_bytes() - before)
    assert seen == rows
    assert most < 256 * 1024 * 1024
    found = [text for batch in files.batches(b"000500", b"000503") for text in batch.column(0).to_pylist()]
    assert found == ["000500", "000501", "000502"]


def test_dictionaries_of_ids_are_looked_up_as_texts_are(tmp_path: Path) -> None:
    table = pa.table({"id": shared(IDS, list(range(1000))), "n": IDS})
    for path in (parquet(tmp_path / "a.parquet", table), arrow(tmp_path / "a.arrow", table)):
        files = arrowfiles.Files.open(path, "id", None, {}, "utf-8")
        found = [text for batch in files.batches(b"0005", b"0008") for text in batch.column(0).to_pylist()]
        assert found == ["0005", "0006", "0007"]


# Headers that do not tell the truth, or that no honest writer makes


def plain(path: Path) -> bytearray:
    quiet: dict[str, Any] = {"use_dictionary": False, "write_statistics": False, "store_schema": False}
    pq.write_table(pa.table({"id": IDS}), path, compression="none", **quiet)
    return bytearray(path.read_bytes())


def refooted(data: bytearray, old: bytes, new: bytes) -> bytes:
    size = int.from_bytes(data[-8:-4], "little")
    footer = bytes(data[-8 - size : -8])
    assert old in footer
    footer = footer.replace(old, new)
    return bytes(data[: -8 - size]) + footer + struct.pack("<I", len(footer)) + b"PAR1"


def test_pages_that_hold_other_rows_than_the_footer_says(tmp_path: Path) -> None:
    """Rows beyond those that the footer names would be drawn by one reader and not be committed by another."""
    path = tmp_path / "a.parquet"
    path.write_bytes(refooted(plain(path), b"\x16\xd0\x0f", b"\x16\xce\x0f"))  # 1000 and 999
    with pytest.raises(RosterError, match="whose pages hold 1000 values where its footer says 999"):
        opened(path)


def test_a_footer_that_claims_more_rows_than_its_file_can_hold(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(refooted(plain(path), b"\x16\xd0\x0f", b"\x16\xfe\xff\xff\xff\xff\x0f"))
    with pytest.raises(RosterError, match="rows in"):
        opened(path)


@pytest.mark.parametrize(
    ("footer", "problem"),
    [
        (b"\x19\xfc\xff\xff\xff\xff\x0f", "too many parts"),
        (b"\x19\xfc\x81\x80\x10" + b"\x00" * 262_145, "too many parts"),
        (b"\x1c" * 5_000, "nested too deeply"),
        (b"\x19\x1c" * 5_000, "nested too deeply"),
        (b"\x15\x02\x05\x02\x02\x00", "one field twice"),
        (b"\x18\xff\xff\xff\xff\x0f", "end early"),
        (b"\x16" + b"\xff" * 20, "more than 64 bits"),
        (b"\x1f\x00", "unknown kind"),
        (b"", "end early"),
        (b"\x00", "no schema"),
    ],
)
def test_a_footer_that_no_honest_writer_makes(footer: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1" + footer + struct.pack("<I", len(footer)) + b"PAR1")
    with pytest.raises(RosterError, match=problem):
        opened(path)


def test_structures_are_read_to_their_end() -> None:
    assert Structures(3).read(b"\x15\x04\x19\x25\x02\x04\x18\x01a\x00rest", 0) == ({1: 2, 2: [1, 2], 3: b"a"}, 10)
    with pytest.raises(Malformed):
        Structures(1).read(b"\x19\x25\x02\x04\x00", 0)


def test_an_arrow_file_whose_batches_lie_one_upon_another(tmp_path: Path) -> None:
    """A block of the footer is 24 bytes: many of them may name one large batch."""
    path = tmp_path / "a.arrow"
    table = pa.table({"id": IDS})
    with pa.ipc.new_file(path, table.schema) as file:
        for _ in range(4):
            file.write_table(table)
    data = bytearray(path.read_bytes())
    size = int.from_bytes(data[-10:-6], "little")
    footer = bytes(data[-10 - size : -10])
    block = next(at for at in range(len(footer) - 96) if _are_blocks(footer, at))
    first = footer[block : block + 24]
    data[-10 - size : -10] = footer[:block] + first * 4 + footer[block + 96 :]
    path.write_bytes(data)
    with pytest.raises(RosterError, match="one upon another"):
        opened(path)


def _are_blocks(footer: bytes, at: int) -> bool:
    """Four places of messages that follow one another."""
    found = [struct.unpack_from("<qi4xq", footer, at + 24 * n) for n in range(4)]
    return all(min(block) > 0 and sum(block) == after[0] for block, after in pairwise(found))


@pytest.mark.parametrize("cut", [9, 11, 40, 100, 300])
def test_broken_arrow_files_are_refused_in_one_line(cut: int, tmp_path: Path) -> None:
    path = arrow(tmp_path / "a.arrow", pa.table({"id": IDS}))
    data = bytearray(path.read_bytes())
    for at in range(len(data) - cut, len(data) - 10):
        data[at] = 0xFF
    path.write_bytes(data if cut > 11 else data[:-cut])
    with pytest.raises(RosterError, match=r"cannot be read|footer has|more than|one upon another|rows in"):
        opened(path)


# CSV


def test_a_heading_of_very_many_columns_is_counted_first(tmp_path: Path) -> None:
    """Comparing each of them with each other would take hours."""
    path = tmp_path / "a.csv"
    path.write_text(",".join(f"a{n:x}" for n in range(100_000)) + "\n")
    with pytest.raises(RosterError, match="100000 columns; at most 16384"):
        read_csv(path, id="a0", columns=["a1"])


def test_a_line_without_an_end_is_not_kept_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,a\n1," + "," * 5_000)
    monkeypatch.setattr(limits, "CSV_LINE", 1_000)
    with pytest.raises(RosterError, match="line of over 1000 characters"):
        read_csv(path, id="id")


def test_a_record_of_very_many_lines_is_not_kept_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('id,a\n1,"' + "\n" * 200_000 + '"\n')
    with pytest.raises(RosterError, match="field larger than field limit"):
        read_csv(path, id="id")


def test_binary_length_is_what_the_slices_rest_on() -> None:
    assert pc.max(pc.binary_length(pa.array(["a", "bcd"]))).as_py() == 3
