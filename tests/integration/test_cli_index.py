"""An index from the command line: made once, and asked for single rows."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from commandline import run, said

from dblrandom.kernel.suite import SHA256
from dblrandom.model import Population
from dblrandom.roster import Manifest, Proof, Roster, verify_absence, verify_presence

ROWS = [(f"F{n:05d}", f"d{n % 5}") for n in range(2000)]
PLAIN = Roster.build(SHA256, Population("firms", ("id", "district"), tuple(ROWS)))


def place(kind: str, folder: Path) -> tuple[str, list[str]]:
    """Where the rows are, and what commands are told of it."""
    if kind == "canonical":
        (folder / "firms.tsv").write_bytes(PLAIN.to_file())
        return str(folder / "firms.tsv"), []
    if kind == "csv":
        (folder / "firms.csv").write_text("id,district\n" + "".join(f"{a},{b}\n" for a, b in ROWS))
        return str(folder / "firms.csv"), ["--column", "id"]
    if kind == "parquet":
        pa = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        columns = [list(column) for column in zip(*ROWS, strict=True)]
        parquet.write_table(pa.table(columns, names=["id", "district"]), folder / "firms.parquet")
        return str(folder / "firms.parquet"), ["--column", "id"]
    with sqlite3.connect(folder / "base.db") as base:
        base.execute("CREATE TABLE firms (id TEXT PRIMARY KEY, district TEXT)")
        base.executemany("INSERT INTO firms VALUES (?, ?)", ROWS)
    base.close()
    return f"sqlite:///{folder / 'base.db'}#firms", ["--column", "id"]


@pytest.mark.parametrize("kind", ["canonical", "csv", "parquet", "database"])
def test_an_index_is_made_once_and_asked(kind: str, tmp_path: Path) -> None:
    pytest.importorskip("datafusion")
    rows, told = place(kind, tmp_path)
    name = ["--name", "firms"] if kind == "database" else []
    index = str(tmp_path / "firms.index")
    made = said("roster", "index", rows, *told, *name, "--out", index)
    manifest = Manifest.from_json(made["manifest"], "test")
    assert manifest == PLAIN.manifest
    for unit_id in ("F00777", "F00777x", "A", "Z"):
        given = said("roster", "prove", rows, *told, "--index", index, "--id", unit_id)
        proof = Proof.from_json(given["proof"], "test")
        assert proof == PLAIN.prove(unit_id)
        if PLAIN.find(unit_id.encode()) is None:
            verify_absence(SHA256, manifest, proof)
        else:
            verify_presence(SHA256, manifest, proof)


def test_an_index_of_another_roster_is_told(tmp_path: Path) -> None:
    rows, _ = place("canonical", tmp_path)
    index = str(tmp_path / "firms.index")
    said("roster", "index", rows, "--out", index)
    again = run("roster", "index", rows, "--out", index, code=2)
    assert "exists already" in again.stderr
    Path(rows).write_bytes(PLAIN.to_file().replace(b"F00777\td2", b"F00777\td3"))
    changed = run("roster", "prove", rows, "--index", index, "--id", "F00777", code=2)
    assert "its rows are not those of the index" in changed.stderr
    other = run("roster", "prove", rows, "--index", index, "--id", "F00001", "--name", "other", code=2)
    assert "the index is of a roster named 'firms'" in other.stderr
