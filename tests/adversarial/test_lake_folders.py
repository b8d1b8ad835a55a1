"""Folders of table formats and names that nobody sees: a deleted row must not come back, nor a part be left out unseen.

The folders are made here by hand, with the names that the formats' specifications give to their logs.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from dblrandom.adapters.engines.opening import open_roster
from dblrandom.errors import DblrandomError, RosterError

pa = pytest.importorskip("pyarrow")
pytest.importorskip("datafusion")

import pyarrow.parquet as pq  # noqa: E402

from dblrandom.adapters.engines.roster import EngineRoster  # noqa: E402

LIVE = [(f"F{n:03d}", "north") for n in range(20)]
GONE = [("F900", "north")]


def write(place: Path, rows: list[tuple[str, str]] = LIVE, names: tuple[str, str] = ("id", "district")) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table([list(column) for column in zip(*rows, strict=True)], names=list(names)), place)
    return place


def touch(place: Path, data: bytes = b"{}") -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(data)


def opened(place: Path) -> object:
    return open_roster(place, name="targets", id="id")


FORMATS: dict[str, tuple[str, str]] = {
    "delta": ("_delta_log/00000000000000000000.json", "Delta Lake"),
    "delta-checkpoint-only": ("_delta_log/_last_checkpoint", "Delta Lake"),
    "delta-changes": ("_change_data/cdc-0.parquet", "Delta Lake"),
    "hudi": (".hoodie/hoodie.properties", "Hudi"),
    "hudi-partition": (".hoodie_partition_metadata", "Hudi"),
    "iceberg-hadoop": ("metadata/v1.metadata.json", "Iceberg"),
    "iceberg-catalog": ("metadata/00000-5f3a.metadata.json", "Iceberg"),
    "iceberg-gz": ("metadata/v3.gz.metadata.json", "Iceberg"),
    "iceberg-gz-after": ("metadata/00000-5f3a.metadata.json.gz", "Iceberg"),
    "iceberg-hint": ("metadata/version-hint.text", "Iceberg"),
    "paimon": ("snapshot/snapshot-1", "Paimon"),
    "paimon-schema": ("schema/schema-0", "Paimon"),
    "carbondata": ("Metadata/schema", "CarbonData"),
    "lance": ("_versions/1.manifest", "Lance"),
    "lance-latest": ("_latest.manifest", "Lance"),
    "spark-stream": ("_spark_metadata/0", "Spark stream"),
    "databricks": ("_committed_1234", "Databricks"),
    "databricks-begun": ("_started_1234", "Databricks"),
    "spark-unfinished": ("_temporary/0/task_1/part-1.parquet", "not finished"),
    "spark-staging": (".spark-staging-ab/part-1.parquet", "not finished"),
    "hive-staging": (".hive-staging_hive_1/part-1.parquet", "not finished"),
    "impala-staging": ("_impala_insert_staging/x.parquet", "not finished"),
    "hive-acid": ("delta_0000001_0000001_0000/more.parquet", "Hive"),
    "hive-acid-base": ("base_0000005/more.parquet", "Hive"),
    "ducklake": ("ducklake-0190.parquet", "DuckLake"),
}


@pytest.mark.parametrize("below", ["", "lake/firms", "lake/firms/2024"])
@pytest.mark.parametrize(("log", "said"), FORMATS.values(), ids=FORMATS)
def test_a_folder_of_a_table_format_is_refused(tmp_path: Path, log: str, said: str, below: str) -> None:
    """Its files hold deleted rows; at the top, or in a folder below the one that is opened."""
    write(tmp_path / below / "part-0.parquet")
    write(tmp_path / below / "part-1.parquet", GONE)
    assert isinstance(opened(tmp_path), EngineRoster), "plain files are read"
    touch(tmp_path / below / log)
    with pytest.raises(RosterError, match=said) as caught:
        opened(tmp_path)
    assert "open it with Spark, or export it" in str(caught.value)
    assert str(caught.value).isprintable()


# What begins with no hidden name is looked up in the folders above by the names that a format has in every table.
ABOVE = {key: FORMATS[key] for key in FORMATS if not key.startswith(("databricks", "spark-st", "hive", "ducklake"))}


@pytest.mark.parametrize("single", [False, True], ids=["folder", "file"])
@pytest.mark.parametrize(("log", "said"), ABOVE.values(), ids=ABOVE)
def test_one_partition_of_a_table_format_is_refused(tmp_path: Path, log: str, said: str, single: bool) -> None:
    """The log is in a folder above: opening one partition, or one file, leads around it otherwise."""
    part = write(tmp_path / "year=2024" / "district=north" / "part-0.parquet", GONE)
    place = part if single else part.parent
    opened(place)
    touch(tmp_path / log)
    with pytest.raises(RosterError, match=said):
        opened(place)


@pytest.mark.parametrize("end", ["csv", "tsv"])
def test_text_files_that_a_stream_wrote(tmp_path: Path, end: str) -> None:
    touch(tmp_path / f"part-0.{end}", b"id\nF001\n")
    opened(tmp_path / f"part-0.{end}")
    touch(tmp_path / "_spark_metadata" / "0")
    for place in (tmp_path, tmp_path / f"part-0.{end}"):
        with pytest.raises(RosterError, match="Spark stream"):
            opened(place)


@pytest.mark.parametrize("name", ["_hoodie_commit_time", "_VALUE_KIND", "_SEQUENCE_NUMBER", "_change_type"])
@pytest.mark.parametrize("second", [False, True])
def test_files_copied_out_of_their_table(tmp_path: Path, name: str, second: bool) -> None:
    """Without the log the columns that only a format writes tell."""
    if second:
        write(tmp_path / "a.parquet")
    found = pa.table({"id": ["F1"], "district": ["north"], name: ["x"]})
    pq.write_table(found, tmp_path / "b.parquet")
    for place in (tmp_path, tmp_path / "b.parquet"):
        with pytest.raises(RosterError, match=f"has the column '{name}'"):
            open_roster(place, name="targets", id="id", columns=["district"])


# -- hidden names ------------------------------------------------------------------------------------------------------

HIDDEN: dict[str, Callable[[Path], object]] = {
    "a-dot": lambda at: write(at / ".part-1.parquet", GONE),
    "an-underscore": lambda at: write(at / "_part-1.parquet", GONE),
    "a-folder": lambda at: write(at / ".cache" / "part-1.parquet", GONE),
    "a-folder-below": lambda at: write(at / "a" / "_b" / "part-1.parquet", GONE),
    "checkpoints": lambda at: touch(at / ".ipynb_checkpoints" / "firms-checkpoint.csv", b"id\n"),
    "flink": lambda at: touch(at / ".part-0-0.inprogress.5f3a"),
    "office-lock": lambda at: touch(at / ".~lock.firms.csv#", b""),
    "no-apple-double": lambda at: write(at / "._part-1.parquet", GONE),
    "checksum-of-a-lost-file": lambda at: touch(at / ".part-7.parquet.crc", b"crc\0"),
    "success-folder": lambda at: write(at / "_SUCCESS" / "part-1.parquet", GONE),
    "mac-folder": lambda at: write(at / "__MACOSX" / "_part-1.parquet", GONE),
    "link": lambda at: os.symlink(at / "part-0.parquet", at / "_SUCCESS"),
    "pipe": lambda at: os.mkfifo(at / ".DS_Store"),
    "copying": lambda at: touch(at / "part-1.parquet._COPYING_"),
    "temporary": lambda at: touch(at / "part-1.parquet.tmp"),
    "no-ending": lambda at: touch(at / "part-1"),
    "packed": lambda at: touch(at / "part-1.csv.gz"),
    "empty-parquet": lambda at: touch(at / "part-1.parquet", b""),
}


@pytest.mark.parametrize("make", HIDDEN.values(), ids=HIDDEN)
def test_nothing_in_a_folder_is_left_out_unseen(tmp_path: Path, make: Callable[[Path], object]) -> None:
    write(tmp_path / "part-0.parquet")
    make(tmp_path)
    with pytest.raises(DblrandomError) as caught:
        opened(tmp_path)
    assert str(caught.value).isprintable()


def test_an_empty_text_file_among_the_parts(tmp_path: Path) -> None:
    touch(tmp_path / "part-0.csv", b"id\nF001\n")
    touch(tmp_path / "part-1.csv", b"")
    with pytest.raises(RosterError, match=r"part-1\.csv"):
        opened(tmp_path)


def test_names_that_hold_no_rows_are_passed_over_and_told(tmp_path: Path) -> None:
    write(tmp_path / "part-0.parquet")
    write(tmp_path / "a" / "part-1.parquet", GONE)
    for name in ("_SUCCESS", "._SUCCESS.crc", ".part-0.parquet.crc", ".DS_Store", "desktop.ini", "Thumbs.db"):
        touch(tmp_path / name, b"")
    touch(tmp_path / "__MACOSX" / "._part-0.parquet", b"\x00\x05\x16\x07rest")
    pq.write_metadata(pq.read_schema(tmp_path / "part-0.parquet"), tmp_path / "_common_metadata")
    roster = opened(tmp_path)
    assert isinstance(roster, EngineRoster)
    assert len(roster) == len(LIVE) + len(GONE)
    (told,) = roster.notes
    assert told.startswith("8 names in the folder hold no rows and were passed over")
