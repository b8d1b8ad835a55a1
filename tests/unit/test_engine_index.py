"""Single questions answered from an index of a roster's pages: right, without reading the rows, and never misled."""

from __future__ import annotations

import os
import pickle
import sqlite3
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dblrandom.adapters.engines import pageindex
from dblrandom.adapters.engines.indexed import IndexedRoster
from dblrandom.adapters.engines.indexing import open_indexed, save_index
from dblrandom.adapters.engines.lazy import LazyRoster
from dblrandom.adapters.engines.opening import open_roster
from dblrandom.adapters.engines.pageindex import Hint, PageIndex, index_bytes
from dblrandom.errors import DblrandomError, FolderError, RosterError
from dblrandom.kernel.merkle import Tree, leaf_hash
from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.model import Population
from dblrandom.roster import Proof, Roster, verify_absence, verify_presence

SIZES = (0, 1, 255, 256, 257, 512, 1000, 256 * 9 + 1)
KINDS = ("tsv", "csv", "parquet", "parquet-small-groups", "arrow", "folder", "folder-csv", "sqlite")


def rows(count: int) -> list[tuple[str, str]]:
    return [(f"R{n * 2:06d}", f'k "{n % 7}"\u516c, x') for n in range(count)]


def memory(count: int, suite: Suite = SHA256) -> Roster:
    return Roster.build(suite, Population("targets", ("id", "kind"), tuple(rows(count))))


def asked(count: int) -> Iterator[str]:
    """Ids that are there and ids between, before and after them, at the ends of pages above all."""
    yield from ("A", "R", "Z", f"R{max(count * 2 - 2, 0):06d}x")
    for n in {0, 1, 100, 254, 255, 256, 257, 511, 512, 513, count - 1}:
        if 0 <= n < count:
            yield from (f"R{n * 2:06d}", f"R{n * 2 + 1:06d}")


def stored(kind: str, count: int, place: Path) -> Any:
    """The rows somewhere, and how to open them."""
    if kind == "tsv":
        (place / "targets.tsv").write_bytes(memory(count).to_file())
        return place / "targets.tsv"
    if kind == "sqlite":
        with sqlite3.connect(place / "base.db") as base:
            base.execute("CREATE TABLE t (id TEXT PRIMARY KEY, kind TEXT)")
            base.executemany("INSERT INTO t VALUES (?, ?)", rows(count))
        base.close()
        return f"sqlite:///{place / 'base.db'}#t"
    if kind in ("csv", "folder-csv"):
        lines = ["kind,id\r\n" if kind == "csv" else "kind,id\n"]
        lines += ['"{}",{}\n'.format(text.replace('"', '""'), unit) for unit, text in rows(count)]
        if kind == "csv":
            (place / "targets.csv").write_bytes("".join(lines).encode())
            return place / "targets.csv"
        (place / "parts").mkdir()
        for part in range(0, max(count, 1), 300):
            chosen = lines[:1] + lines[1 + part : 301 + part]
            (place / "parts" / f"{part:06d}.csv").write_bytes("".join(chosen).encode())
        return place / "parts"
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = [list(column) for column in zip(*rows(count), strict=True)] or [[], []]
    table = pa.table([pa.array(c, pa.string()) for c in (columns[1], columns[0])], names=["kind", "id"])
    if kind == "arrow":
        with pa.OSFile(str(place / "t.arrow"), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table, max_chunksize=100)
        return place / "t.arrow"
    if kind == "folder":
        (place / "parts").mkdir()
        for part in range(0, max(count, 1), 300):
            parquet.write_table(table.slice(part, 300), place / "parts" / f"{part:06d}.parquet", row_group_size=70)
        return place / "parts"
    parquet.write_table(table, place / "t.parquet", row_group_size=70 if "small" in kind else 1_000_000)
    return place / "t.parquet"


def committed(place: Any, suite: Suite = SHA256) -> Any:
    engine = None if isinstance(place, str) else "datafusion"
    return open_roster(place, name="targets", id="id", columns=["kind"], engine=engine, suite=suite)


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("kind", KINDS)
def test_the_answers_are_those_of_the_whole_roster(kind: str, count: int, tmp_path: Path) -> None:
    pytest.importorskip("datafusion")
    place, plain = stored(kind, count, tmp_path), memory(count)
    with committed(place) as whole:
        assert whole.manifest == plain.manifest
        whole.save_index(tmp_path / "x.index")
    with open_indexed(place, tmp_path / "x.index") as roster:
        assert roster.manifest == plain.manifest
        assert len(roster) == count
        for unit_id in asked(count):
            proof = roster.prove(unit_id)
            assert proof == plain.prove(unit_id)
            assert roster.find(unit_id.encode()) == plain.find(unit_id.encode())
            assert roster.row(unit_id) == plain.row(unit_id)
        ids = list(asked(count))
        assert roster.known([*ids, " x", ""]) == plain.known(ids)
        assert roster.values(ids, "kind") == plain.values(ids, "kind")


@pytest.mark.parametrize("suite", [SHA256, SM3], ids=lambda suite: suite.name)
@pytest.mark.parametrize("count", SIZES)
def test_a_roster_in_memory_is_indexed_for_its_canonical_file(count: int, suite: Suite, tmp_path: Path) -> None:
    plain = memory(count, suite)
    (tmp_path / "targets.tsv").write_bytes(plain.to_file())
    save_index(plain, tmp_path / "x.index")
    with open_indexed(tmp_path / "targets.tsv", tmp_path / "x.index") as roster:
        for unit_id in asked(count):
            assert roster.prove(unit_id) == plain.prove(unit_id)


def test_the_index_of_a_confidential_roster_is_private(tmp_path: Path) -> None:
    population = Population("targets", ("id", "kind"), tuple(rows(9)), confidential=True)
    plain = Roster.build(SHA256, population, [f"{n:064x}" for n in range(9)])
    (tmp_path / "targets.tsv").write_bytes(plain.to_file())
    save_index(plain, tmp_path / "x.index")
    assert os.stat(tmp_path / "x.index").st_mode & 0o777 == 0o600
    with open_indexed(tmp_path / "targets.tsv", tmp_path / "x.index") as roster:
        for unit_id in asked(9):
            assert roster.prove(unit_id) == plain.prove(unit_id)


def test_few_bytes_are_read_whatever_the_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: the index and the rows are read at a few places only."""
    count = 100_000
    plain = memory(count)
    place = tmp_path / "targets.tsv"
    place.write_bytes(plain.to_file())
    save_index(plain, tmp_path / "x.index")
    read = [0]
    true = os.pread

    def counted(*given: Any) -> bytes:
        read[0] += given[1]
        return true(*given)

    monkeypatch.setattr(pageindex.os, "pread", counted)
    with open_indexed(place, tmp_path / "x.index") as roster:
        assert roster.prove("R100000") == plain.prove("R100000")
    assert read[0] < 4000


def test_renamed_columns_and_another_encoding(tmp_path: Path) -> None:
    pytest.importorskip("datafusion")
    text = "企业,区\n" + "".join(f"F{n:04d},昆明{n % 3}\n" for n in range(700))
    (tmp_path / "f.csv").write_bytes(text.encode("gb18030"))
    options: dict[str, Any] = {"id": "企业", "rename": {"区": "kind"}, "encoding": "gb18030"}
    with open_roster(tmp_path / "f.csv", name="targets", engine="datafusion", **options) as whole:
        whole.save_index(tmp_path / "x.index")
        with open_indexed(tmp_path / "f.csv", tmp_path / "x.index", **options) as roster:
            assert roster.prove("F0300") == whole.prove("F0300")


def test_rows_in_another_order_have_no_index(tmp_path: Path) -> None:
    pytest.importorskip("datafusion")
    (tmp_path / "f.csv").write_text("id,kind\nb,x\na,y\n")
    with committed(tmp_path / "f.csv") as whole, pytest.raises(RosterError, match="in another order"):
        whole.save_index(tmp_path / "x.index")
    assert not (tmp_path / "x.index").exists()


def test_only_single_questions_are_answered(tmp_path: Path) -> None:
    plain = memory(300)
    (tmp_path / "targets.tsv").write_bytes(plain.to_file())
    save_index(plain, tmp_path / "x.index")
    roster = open_indexed(tmp_path / "targets.tsv", tmp_path / "x.index")
    for act in (lambda: roster.records(), lambda: roster.frame({}, (), where="x")):
        with pytest.raises(RosterError, match="for single questions"):
            act()
    with pytest.raises(RosterError, match="there is no column 'none'"):
        roster.values(["R000000"], "none")
    roster.close()
    roster.close()
    with pytest.raises(RosterError, match="was closed"):
        roster.prove("R000000")
    with pytest.raises(FolderError, match="exists already"):
        save_index(plain, tmp_path / "x.index")


def test_threads_share_it(tmp_path: Path) -> None:
    plain = memory(3000)
    (tmp_path / "targets.tsv").write_bytes(plain.to_file())
    save_index(plain, tmp_path / "x.index")
    begin = threading.Barrier(8)
    with open_indexed(tmp_path / "targets.tsv", tmp_path / "x.index") as roster, ThreadPoolExecutor(8) as pool:

        def ask(number: int) -> bool:
            begin.wait()
            return all(roster.prove(i) == plain.prove(i) for i in (f"R{number * 131 + n:06d}" for n in range(30)))

        assert all(pool.map(ask, range(8)))


# -- an index that lies ------------------------------------------------------------------------------------------------


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Roster, Path, Path]:
    plain = memory(1500)
    (tmp_path / "targets.tsv").write_bytes(plain.to_file())
    save_index(plain, tmp_path / "x.index")
    return plain, tmp_path / "targets.tsv", tmp_path / "x.index"


def check_no_false_proof(plain: Roster, place: Path, index: Path) -> int:
    """Whatever the index says, an answer is right against the committed manifest, or an error of the library."""
    given = 0
    try:
        roster = open_indexed(place, index)
    except DblrandomError:
        return 0
    with roster:
        for unit_id in "A R000000 R000001 R000510 R000511 R000512 R001500 R001501 R002998 Z".split():
            try:
                proof = roster.prove(unit_id)
                found = roster.find(unit_id.encode())
            except DblrandomError:
                continue
            if roster.manifest != plain.manifest:
                continue  # whoever asks compares it with the commitment; a LazyRoster refuses
            given += 1
            assert found == plain.find(unit_id.encode())
            if found is None:
                verify_absence(SHA256, plain.manifest, proof)
            else:
                verify_presence(SHA256, plain.manifest, proof)
    return given


def test_every_byte_of_an_index_may_be_false(kept: tuple[Roster, Path, Path]) -> None:
    plain, place, index = kept
    good = index.read_bytes()
    assert check_no_false_proof(plain, place, index) == 10
    for at in range(0, len(good), 3):
        index.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        check_no_false_proof(plain, place, index)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_an_index_that_is_cut_or_changed_anyhow(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("index")
    plain = memory(600)
    (folder / "targets.tsv").write_bytes(plain.to_file())
    save_index(plain, folder / "good.index")
    good = bytearray((folder / "good.index").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(good) - 1))
        width = data.draw(st.integers(0, 40))
        good[at : at + width] = data.draw(st.binary(max_size=40))
        if not good:
            break
    (folder / "x.index").write_bytes(good)
    check_no_false_proof(plain, folder / "targets.tsv", folder / "x.index")


def test_first_ids_that_lead_to_another_page_show_no_absence(kept: tuple[Roster, Path, Path]) -> None:
    """The forger's aim: that a firm on the roster gets a proof that it is not."""
    plain, place, index = kept
    pages = [plain.lines[start : start + 256] for start in range(0, len(plain), 256)]
    tree = Tree(SHA256, (leaf_hash(SHA256, b"\n".join(page) + b"\n") for page in pages))
    true = [page[0].partition(b"\t")[0] for page in pages]
    with PageIndex(index) as read:
        hints = [read.hint(n) or Hint(0, 0) for n in range(len(pages))]
    index.unlink()
    for firsts in ([*true[1:], b"Z"], [b"A", *true[:-1]], true[::-1], [b"Z"] * len(true), [b"A"] * len(true)):
        for moved in (hints, hints[::-1], hints[1:] + hints[:1], [Hint(7, 0)] * len(hints), [Hint(0, 1 << 63)] * 6):
            index.write_bytes(b"".join(index_bytes(plain.manifest, SHA256, tree, firsts, moved)))
            check_no_false_proof(plain, place, index)


def test_an_index_of_other_rows_is_not_the_committed_roster(kept: tuple[Roster, Path, Path], tmp_path: Path) -> None:
    plain, _, _ = kept
    other = Roster.build(SHA256, Population("targets", ("id", "kind"), tuple(rows(1500)[1:])))
    (tmp_path / "other.tsv").write_bytes(other.to_file())
    save_index(other, tmp_path / "other.index")
    lazy = LazyRoster(plain.manifest, SHA256, lambda: open_indexed(tmp_path / "other.tsv", tmp_path / "other.index"))
    with lazy, pytest.raises(RosterError, match="not the ones committed"):
        lazy.prove("R000000")


def test_rows_that_were_changed_since(kept: tuple[Roster, Path, Path]) -> None:
    plain, place, index = kept
    place.write_bytes(place.read_bytes().replace(b"R000512\t", b"R000513\t"))
    with open_indexed(place, index) as roster:
        for unit_id in ("R000512", "R000513"):
            with pytest.raises(RosterError, match="not those of the index"):
                roster.prove(unit_id)
        assert roster.prove("R000000") == plain.prove("R000000")


def test_a_page_without_end(kept: tuple[Roster, Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    _, place, index = kept
    monkeypatch.setattr("dblrandom.adapters.engines.pagefiles._PAGE_BYTES", 1000)
    with open_indexed(place, index) as roster, pytest.raises(RosterError, match="has not the rows"):
        roster.prove("R000000")


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"x" * 100),
        lambda path: path.write_bytes(pageindex.MAGIC),
        lambda path: path.write_bytes(pageindex.MAGIC + struct.pack("<I", 1 << 31)),
        lambda path: path.write_bytes(pageindex.MAGIC + struct.pack("<I", 2) + b"{}"),
        lambda path: path.mkdir(),
        lambda path: os.mkfifo(path),
        lambda path: path.symlink_to("/dev/zero"),
        lambda path: None,
    ],
    ids=["empty", "else", "begin", "long-header", "no-header", "folder", "pipe", "link", "none"],
)
def test_a_file_that_is_no_index(make: Callable[[Path], object], tmp_path: Path) -> None:
    make(tmp_path / "x.index")
    (tmp_path / "targets.tsv").write_bytes(memory(3).to_file())
    with pytest.raises(DblrandomError) as caught:
        open_indexed(tmp_path / "targets.tsv", tmp_path / "x.index")
    assert str(caught.value).isprintable()


def test_a_manifest_of_more_rows_than_there_are_is_refused_at_once(kept: tuple[Roster, Path, Path]) -> None:
    """The number of rows decides how long the file must be; nothing is made for it before."""
    _, place, index = kept
    data = index.read_bytes()
    head = len(pageindex.MAGIC)
    (length,) = struct.unpack("<I", data[head : head + 4])
    header = data[head + 4 : head + 4 + length].replace(b'"rows":1500', b'"rows":9007199254740991')
    index.write_bytes(data[:head] + struct.pack("<I", len(header)) + header + data[head + 4 + length :])
    with pytest.raises(RosterError, match="is damaged"):
        open_indexed(place, index)


def test_the_types_say_what_they_are(kept: tuple[Roster, Path, Path]) -> None:
    _, place, index = kept
    with open_indexed(place, index) as roster:
        assert isinstance(roster, IndexedRoster)
        assert isinstance(roster.prove("A"), Proof)
        assert roster == memory(1500)
        assert hash(roster) == hash(memory(1500).manifest)


def test_it_stays_in_its_process(kept: tuple[Roster, Path, Path]) -> None:
    _, place, index = kept
    with (
        open_indexed(place, index) as roster,
        pytest.raises(DblrandomError, match="open it again in the other process"),
    ):
        pickle.dumps(roster)
