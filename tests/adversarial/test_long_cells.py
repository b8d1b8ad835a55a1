"""Tables whose cells, headings, findings or ids are made to take time, memory or notice away."""

from __future__ import annotations

from pathlib import Path

import pytest

from dblrandom import import_csv
from dblrandom.adapters.tablereport import KEPT_IN_ALL, TableReport
from dblrandom.adapters.tables import TableImport

MARKS = "a" + "\u0301\u0316" * 60_000
TAGS = "<a" * 60_000
TOTAL = "total" + " " * 120_000 + "x"


def given(path: Path, text: str, *accept: str) -> TableImport:
    place = path / "t.csv"
    place.write_text(text, encoding="utf-8")
    return import_csv(place, id="id", name="t", accept=accept)


def kinds(report: TableReport) -> set[str]:
    return {found.kind for found in report.defects}


@pytest.mark.parametrize("cell", [MARKS, TAGS, TOTAL], ids=["marks", "tags", "total"])
@pytest.mark.parametrize("form", ["id,name\n{},x\n", "id,name\nA1,{}\n"], ids=["id", "field"])
def test_of_a_huge_cell_only_its_length_is_told(tmp_path: Path, cell: str, form: str) -> None:
    report = given(tmp_path, form.format(cell)).report
    assert kinds(report) == {"too-long"}
    assert all(len(found.value) < 2000 for found in report.defects)


@pytest.mark.parametrize("cell", [MARKS, TAGS], ids=["marks", "tags"])
def test_a_huge_heading_is_told_and_not_composed(tmp_path: Path, cell: str) -> None:
    report = given(tmp_path, f"id,{cell}\nA1,x\n").report
    assert any("shorten it" in found.remark for found in report.defects)
    assert kinds(given(tmp_path, f"{cell},name\nA1,x\n").report) == {"heading"}


def test_a_table_of_nothing_but_findings_keeps_a_bounded_number(tmp_path: Path) -> None:
    columns = [f"c{n}" for n in range(200)]
    rows = "".join(f"A{n:04d}," + ",".join([" <a>??-"] * 200) + "\n" for n in range(300))
    report = given(tmp_path, "id," + ",".join(columns) + "\n" + rows).report
    listed = len(report.defects) + len(report.notes)
    assert KEPT_IN_ALL <= listed < KEPT_IN_ALL + 2_000
    total = report.total(defects=True) + report.total(defects=False)
    assert total >= 300 * 200 * 2
    assert {found.heading for found in report.notes} >= set(columns)
    assert f"and {total - listed} more" in report.to_text()
    assert report.to_json()["listed"] == listed


@pytest.mark.parametrize("lost", [10, 40, 50, 60, 90])
def test_lost_zeros_are_told_whichever_form_is_the_majority(tmp_path: Path, lost: int) -> None:
    ids = [f"{n:06d}" for n in range(1000, 1100 - lost)] + [str(n) for n in range(1100 - lost, 1100)]
    report = given(tmp_path, "id\n" + "\n".join(ids) + "\n").report
    assert sum(found.kind == "lost-zeros" for found in report.defects) == lost


def test_numbers_without_zeros_before_them_are_as_they_are(tmp_path: Path) -> None:
    report = given(tmp_path, "id\n" + "\n".join(str(n) for n in range(1, 200)) + "\n").report
    assert not report.defects


@pytest.mark.parametrize(
    "order", [("O1", "01", "01"), ("01", "O1", "01"), ("01", "01", "O1"), ("O1", "01", "o1", "01")]
)
def test_look_alikes_that_are_accepted_hide_no_duplicate(tmp_path: Path, order: tuple[str, ...]) -> None:
    rows = "".join(f"{unit},v{n}\n" for n, unit in enumerate(order))
    found = given(tmp_path, "id,name\n" + rows, "lookalike-ids")
    assert found.population is None
    assert kinds(found.report) == {"duplicate-id"}
    line = order.index("01") + 2
    assert f"on line {line}" in found.report.defects[0].remark


def test_a_repeated_row_beside_a_look_alike_is_kept_once(tmp_path: Path) -> None:
    found = given(tmp_path, "id,name\nO1,a\n01,b\n01,b\n", "lookalike-ids", "identical-row")
    assert [row[0] for row in found.taken().rows] == ["O1", "01"]
