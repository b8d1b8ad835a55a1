"""A command that is refused leaves none of its files behind, whichever of them could not be written."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import run, said

from dblrandom.cli.outputs import together


def test_no_report_is_left_of_a_roster_that_was_not_made(tmp_path: Path) -> None:
    table, out, report = tmp_path / "t.csv", tmp_path / "t.tsv", tmp_path / "r.txt"
    table.write_text("id\nA1\n", encoding="utf-8")
    out.write_text("mine", encoding="utf-8")
    given = ("roster", "build", table, "--id", "id", "--name", "t", "--out", out)
    assert "exists already" in run(*given, "--report", report, code=2).stderr
    assert not report.exists()
    out.unlink()
    report.write_text("mine", encoding="utf-8")
    assert "exists already" in run(*given, "--report", report, code=2).stderr
    assert not out.exists()


@pytest.mark.parametrize("second", ["nowhere/pub.pem", "there"])
def test_no_private_key_is_left_where_the_public_one_cannot_be_written(tmp_path: Path, second: str) -> None:
    (tmp_path / "there").mkdir()
    run("keygen", "--out", tmp_path / "k.pem", "--public", tmp_path / second, code=2)
    assert not (tmp_path / "k.pem").exists()


def test_no_secret_is_left_where_its_declaration_cannot_be_written(tmp_path: Path) -> None:
    key = tmp_path / "k.pem"
    run("keygen", "--out", key)
    given = ("--ceremony", "c", "--name", "p", "--key", key, "--at", "2099-01-01T00:00:00Z")
    out, declared = tmp_path / "s", tmp_path / "nowhere" / "d.json"
    assert "no folder" in run("secret", "new", *given, "--out", out, "--declaration", declared, code=2).stderr
    assert not out.exists()


def test_what_was_written_goes_where_a_later_file_fails(tmp_path: Path) -> None:
    def write() -> None:
        with together() as wrote:
            (tmp_path / "a").write_text("", encoding="utf-8")
            wrote.append(str(tmp_path / "a"))
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        write()
    assert not (tmp_path / "a").exists()


def test_the_report_of_a_refused_table_stays_and_nobody_is_sent_for_it(tmp_path: Path) -> None:
    table, report = tmp_path / "t.csv", tmp_path / "r.txt"
    table.write_text("id\nA1\nA1\nNULL\nTRUE\n", encoding="utf-8")
    given = ("roster", "build", table, "--id", "id", "--name", "t", "--out", tmp_path / "t.tsv")
    told = run(*given, "--report", report, code=2).stderr
    assert report.exists()
    assert "more defects" in told
    assert "--report" not in told
    assert "--report" not in said(*given, code=2)["error"]["message"]
