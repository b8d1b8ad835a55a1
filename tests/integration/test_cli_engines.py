"""The command line on rosters that stay outside of the folder: Parquet files and a SQLite database."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from commandline import run, said
from offices import DRAWN, VALUE, Offices, prepared

from dblrandom.cli.outside import holds_password
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
    assert {"roster", "draw"} <= unchecked(said("verify", tmp_path / "public", "--as-of", DRAWN, code=3)["report"])
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


@pytest.fixture(scope="module")
def finished(offices: Offices, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ceremony whose targets are in a folder of Parquet files, and what was published of it."""
    root = tmp_path_factory.mktemp("finished")
    folder = drawn(offices, root, as_parquet(offices, root / "firms"))
    told = run("publish", folder, "--out", root / "public").stdout
    assert "the rows of targets are elsewhere and not in it" in told
    return root


def lone(offices: Offices, place: Path, kind: str) -> tuple[Path, str]:
    """The targets in one file of a kind, and its id column."""
    roster = targets(offices)
    file = place / f"rows.{kind}"
    if kind == "tsv":
        file.write_bytes(roster.to_file())
        return file, "id"
    if kind == "csv":
        lines = [",".join(row.values()) for row in roster.records()]
        file.write_text("\n".join([",".join(roster.columns), *lines]) + "\n", encoding="utf-8")
        return file, "id"
    parquet.write_table(pa.Table.from_pylist(list(roster.records())), file)
    return file, "id"


@pytest.mark.parametrize("kind", ["tsv", "parquet"])
def test_an_outsider_may_have_the_rows_in_any_file(offices: Offices, finished: Path, tmp_path: Path, kind: str) -> None:
    """Also in one so small that it is read into memory."""
    file, column = lone(offices, tmp_path, kind)
    given = ("--roster", f"targets={file}", "--id", f"targets={column}")
    report = said("verify", finished / "public", "--as-of", DRAWN, *given)["report"]
    assert not {"roster", "draw"} & unchecked(report)


def test_rows_that_are_others_are_told_with_their_place(offices: Offices, finished: Path, tmp_path: Path) -> None:
    file, column = lone(offices, tmp_path, "tsv")
    text = file.read_bytes()
    at = text.rindex(b"\t") + 1
    for data, why in (
        (text[:at] + b"another name\n", "a row, or more, is another"),
        (text[: text.rindex(b"\n", 0, -1) + 1], "rows, not"),
    ):
        file.write_bytes(data)
        given = ("--roster", f"targets={file}", "--id", f"targets={column}")
        refused = run("verify", finished / "public", "--as-of", DRAWN, *given, code=1).stderr
        assert "not the ones committed" in refused
        assert str(file) in refused
        assert why in refused


@pytest.mark.parametrize(
    ("roster", "why"),
    [
        ("firms=x.parquet", "there is no such roster; there are"),
        ("inspectors=x.tsv", "its rows are in the folder"),
        ("targets=missing.tsv", "missing.tsv"),
        ("targets=missing.parquet", "missing.parquet"),
        ("targets=sqlite:///missing.db#firms", "missing.db"),
    ],
)
def test_a_place_that_is_none_is_no_evidence(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, roster: str, why: str
) -> None:
    monkeypatch.chdir(tmp_path)
    given = ("--roster", roster, "--id", "id")
    assert why in run("verify", finished / "public", "--as-of", DRAWN, *given, code=2).stderr
    assert not list(tmp_path.iterdir()), "SQLite makes files that are missing"


def test_a_roster_that_was_moved(
    offices: Offices, finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "office"
    shutil.copytree(finished, root)
    (root / "firms").rename(root / "register")
    shutil.rmtree(finished / "firms")
    try:
        assert "firms" in run("verify", finished / "ceremony", "--as-of", DRAWN, code=2).stderr
        # The place was noted for the folder where it was committed; a copy elsewhere brings no note of its own.
        elsewhere = run("verify", root / "ceremony", "--as-of", DRAWN, code=3)
        assert "not checked: roster: targets" in elsewhere.stdout
        assert "dblrandom roster move" in elsewhere.stderr
        monkeypatch.chdir(root)
        moved = said("roster", "move", "ceremony", "--roster", "targets=register", "--id", "targets=uscc")
        assert moved["moved"] == {"targets": "register"}
        monkeypatch.chdir(tmp_path)
        assert not {"roster", "draw"} & unchecked(said("verify", root / "ceremony", "--as-of", DRAWN)["report"])
        parquet.write_table(pa.table({"uscc": ["x"]}), tmp_path / "other.parquet")
        other = ("--roster", "targets=other.parquet", "--id", "uscc")
        assert (
            "not the ones committed: the columns are id, not"
            in run("roster", "move", root / "ceremony", *other, code=1).stderr
        )
        inside = ("--roster", "inspectors=other.parquet", "--id", "uscc")
        assert (
            "no such roster whose rows are elsewhere"
            in run("roster", "move", root / "ceremony", *inside, code=2).stderr
        )
        assert not {"roster", "draw"} & unchecked(said("verify", root / "ceremony", "--as-of", DRAWN)["report"])
    finally:
        shutil.copytree(root / "register", finished / "firms")


def test_names_are_shown_wherever_they_are(offices: Offices, finished: Path) -> None:
    names = {row["id"]: row["name"] for row in targets(offices).records()}
    shown = said("show", finished / "ceremony")
    due = [target for task in shown["tasks"] for target in task["targets"]]
    assert due
    assert all(target["name"] == names[target["id"]] for target in due)


def test_a_proof_from_where_the_rows_are(offices: Offices, finished: Path) -> None:
    unit = next(targets(offices).records())["id"]
    given = (finished / "firms", "--column", "uscc", "--name", "targets", "--id", unit)
    assert said("roster", "prove", *given)["proof"] == targets(offices).prove(unit).to_json()
    assert "--column" in run("roster", "prove", finished / "firms", "--id", unit, code=2).stderr


def test_a_password_is_not_shown(tmp_path: Path) -> None:
    url = "postgresql://insp:geheim@127.0.0.1:1/register#reg.firms"
    for command in (
        ("roster", "build", url, "--id", "uscc", "--name", "targets", "--out", tmp_path / "x.tsv"),
        ("roster", "prove", url, "--id", "A1"),
        ("roster", "prove", url, "--id", "A1", "--name", "targets", "--column", "uscc"),
    ):
        assert "geheim" not in run(*command, code=2).stderr


@pytest.mark.parametrize(
    ("place", "held"),
    [
        ("postgresql://insp:geheim@db.example/register#reg.firms", True),
        ("postgresql://insp@db.example:5432/register#reg.firms", False),
        ("sqlite:////register.db#firms", False),
        ("firms/a:b@c", False),
    ],
)
def test_a_password_in_a_place_is_noticed(place: str, held: bool) -> None:
    assert holds_password(place) is held
