"""The command line on rosters that stay outside of the folder: Parquet files and a SQLite database."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from commandline import run, said
from offices import DRAWN, VALUE, Offices, prepared

from dblrandom.kernel.suite import SHA256
from dblrandom.roster import Roster

parquet = pytest.importorskip("pyarrow.parquet")
pa = pytest.importorskip("pyarrow")
pytest.importorskip("datafusion")
pytest.importorskip("sqlalchemy")


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> Offices:
    return prepared(tmp_path_factory.mktemp("offices"))


def targets(offices: Offices) -> Roster:
    file = offices.root / "organiser" / "targets.tsv"
    return Roster.from_file(SHA256, "targets", file.read_bytes())


def as_parquet(offices: Offices, place: Path) -> str:
    roster = targets(offices)
    rows = list(roster.records())[::-1]
    columns = {("uscc" if name == "id" else name): [row[name] for row in rows] for name in roster.columns}
    place.mkdir()
    parquet.write_table(pa.table(columns), place / "part.parquet")
    return str(place)


def as_table(offices: Offices, place: Path) -> str:
    roster = targets(offices)
    names = ", ".join(f'"{"uscc" if name == "id" else name}" TEXT' for name in roster.columns)
    with sqlite3.connect(place) as connection:
        connection.execute(f"CREATE TABLE firms ({names})")
        marks = ", ".join("?" for _ in roster.columns)
        connection.executemany(f"INSERT INTO firms VALUES ({marks})", [tuple(r.values()) for r in roster.records()])
    connection.close()
    return f"sqlite:///{place}#firms"


def unchecked(report: dict[str, Any]) -> set[str]:
    return {check["check"] for check in report["checks"] if check["status"] == "not checked"}


def drawn(offices: Offices, tmp_path: Path, place: str) -> Path:
    """A whole ceremony in a folder of its own, with the targets at ``place``."""
    folder = tmp_path / "ceremony"
    chain = tmp_path / "chain"
    shutil.copytree(offices.chain, chain)
    terms = ["--roster=targets=" + place if text.startswith("targets=") else text for text in offices.terms()]
    terms = [
        text for at, text in enumerate(terms) if not (text == "--roster" and terms[at + 1].startswith("--roster="))
    ]
    keys = [text for office in ("organiser", "notary", "discipline") for text in ("--key", offices.key(office))]
    run("commit", folder, *terms, "--id", "targets=uscc", *keys)
    for office in ("notary", "discipline"):
        run("witness", folder, "--key", offices.key(office), "--time", "2024-01-30T02:05:00Z")
    run("beacon", "tick", chain, "--time", VALUE)
    secret = offices.root / "discipline" / "discipline.secret"
    own = ("--key", offices.key("organiser"), "--time", DRAWN)
    run("reveal", folder, "--chain", f"notary={chain}", "--secret", f"discipline={secret}", *own)
    run("draw", folder, *own)
    return folder


@pytest.mark.parametrize("make", [as_parquet, as_table])
def test_a_ceremony_on_a_roster_that_stays_where_it_is(offices: Offices, tmp_path: Path, make: object) -> None:
    place = make(offices, tmp_path / "firms")  # type: ignore[operator]
    folder = drawn(offices, tmp_path, place)
    assert not (folder / "rosters" / "targets.tsv").exists()
    assert not {"roster", "draw"} & unchecked(said("verify", folder, "--as-of", DRAWN)["report"])
    run("publish", folder, "--out", tmp_path / "public")
    assert {"roster", "draw"} <= unchecked(said("verify", tmp_path / "public", "--as-of", DRAWN)["report"])
    given = ("--roster", f"targets={place}", "--id", "targets=uscc")
    assert not {"roster", "draw"} & unchecked(said("verify", tmp_path / "public", "--as-of", DRAWN, *given)["report"])


def test_the_same_draw_as_from_memory(offices: Offices, tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    outside = drawn(offices, tmp_path / "one", as_parquet(offices, tmp_path / "firms"))
    inside = drawn(offices, tmp_path / "two", str(offices.root / "organiser" / "targets.tsv"))
    for file in sorted((inside / "receipts").iterdir()):
        assert (outside / "receipts" / file.name).read_bytes() == file.read_bytes(), file.name


def test_a_table_that_lost_a_row_before_the_draw_is_verified(offices: Offices, tmp_path: Path) -> None:
    place = as_parquet(offices, tmp_path / "firms")
    folder = drawn(offices, tmp_path, place)
    part = Path(place) / "part.parquet"
    parquet.write_table(parquet.read_table(part).slice(1), part)
    refused = run("verify", folder, "--as-of", DRAWN, code=1)
    assert "not the ones committed" in refused.stderr


def test_a_table_without_an_id_column_named(offices: Offices, tmp_path: Path) -> None:
    place = as_parquet(offices, tmp_path / "firms")
    plan = ("--plan", offices.root / "organiser" / "plan.toml", "--ceremony", "x", "--key", offices.key("organiser"))
    refused = run("commit", tmp_path / "c", *plan, "--roster", f"targets={place}", code=2)
    assert "--id targets=COLUMN" in refused.stderr


@pytest.mark.parametrize("file", ["receipts/0001-commitment.json", "rosters/targets.manifest.json"])
def test_a_changed_byte_beside_a_roster_that_stays_outside(offices: Offices, tmp_path: Path, file: str) -> None:
    """Nothing may be read from the folder to find the roster before the folder itself has been held to its sums."""
    folder = drawn(offices, tmp_path, as_table(offices, tmp_path / "firms"))
    data = (folder / file).read_bytes()
    (folder / file).write_bytes(data.replace(b"{", b"[", 1))
    refused = run("verify", folder, "--as-of", DRAWN, code=1)
    assert file in refused.stderr
