"""Tables as spreadsheets and systems leave them: nothing mangled becomes an id unnoticed. Synthetic."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from commandline import run

from dblrandom import import_csv, open_roster, read_csv
from dblrandom.adapters.tablekinds import KINDS, render
from dblrandom.adapters.tablereport import KEPT
from dblrandom.adapters.tables import TableImport
from dblrandom.errors import RosterError
from dblrandom.model.creditcode import check_character
from dblrandom.model.planfile import parse_ratio

TREE = Path(__file__).parents[2]
CODES = [
    code + check_character(code) for code in (f"9199010{n % 7}MA{n:04d}{(n * 7) % 1000:03d}" for n in range(1, 60))
]


def table(path: Path, text: str, **options: object) -> TableImport:
    path.write_text(text, encoding="utf-8", newline="")
    return import_csv(path, **{"id": "uscc", "name": "t", **options})  # type: ignore[arg-type]


def kinds(found: TableImport) -> set[str]:
    return {finding.kind for finding in found.defects}


def noted(found: TableImport) -> set[str]:
    return {finding.kind for finding in found.notes}


IDS = {
    "scientific-notation": [
        "9.15301E+17",
        "9.15301e+17",
        '"9,153E+17"',
        "9.15301 E+17",
        "９．１５３０１Ｅ＋１７",
        "9E+17",
        "9.1530102E17",
        "9.15301×10^17",
        "9.15E-05",
        "-9.15E+17",
    ],
    "rounded-number": ["530102199001011000", "6222020200001230000", "9153010200000000"],
    "decimal-ending": ["530102.0", "915301020000000.00"],
    "thousands-separator": ['"915,301,020"', "915'301'020", '"1,234.5"'],
    "formula": ['"=""91530102000000037C"""', "=A1&B1", "+A1", "-2+3", "@SUM(A1)", "＝A1", "=1"],
    "leading-apostrophe": ["'91530102000000037C", "\u2019123", "`123"],
    "spreadsheet-date": [
        "3月5日",
        "2024/3/5",
        "2024-03-05",
        "May-03",
        "3-May",
        "5-Mar-24",
        "2024年3月",
        "2024年3月5日",
        "5/3/2024",
        "12:30:00",
        "2024-03-05 00:00:00",
    ],
    "boolean": ["TRUE", "false", "FALSE"],
    "spreadsheet-error": ["#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "########", "#NUM!", "#WERT!", "Err:502"],
    "placeholder": [
        "#N/A",
        "NULL",
        "null",
        "(null)",
        "NaN",
        "None",
        "\\N",
        "无",
        "-",
        "—",
        "/",
        "暂无",
        "000000",
        "不详",
    ],
    "replacement-character": ["91\ufffd530", "锟斤拷", "Ã\u00a9x1"],
    "private-use": ["a\ue000b1", "\U000f0000"],
    "question-marks": ["9153??02", "甲?"],
    "markup": ["9153&nbsp;02", "<b>9153</b>", "&#20234;1"],
    "invisible": ["91\u200b53", "a\u00ad1", "\u31641"],
    "unusual-blank": ["91\u00a053", "91\u200353"],
    "tab-at-end": ["91530102\t", "\t91530102"],
    "control-character": ["91\t53", '"91\n53"', "91\0"],
    "lower-case-code": [CODES[0][:8].lower() + "ma" + CODES[0][10:17]],
}


def an_id(kind: str, text: str) -> str:
    if kind != "lower-case-code":
        return text
    first = text.upper()
    return (first + check_character(first)).lower()


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in IDS.items() for text in texts])
def test_a_mangled_id_is_refused_by_its_kind(tmp_path: Path, kind: str, text: str) -> None:
    found = table(tmp_path / "firms.csv", f"uscc,name\nA7-1,x\n{an_id(kind, text)},y\nB7-2,z\n")
    assert kind in kinds(found), [*found.report.lines(defects=True), *found.report.lines(defects=False)]
    assert found.population is None
    defect = next(defect for defect in found.defects if defect.kind == kind)
    assert (defect.row, defect.line, defect.heading) == (3, 3, "uscc")
    assert "remove the row" not in defect.remark
    assert "keep one" not in defect.remark


@pytest.mark.parametrize("text", ["91530102HC000001Y1", "A7-1", "530102199001011234", "12E34", "甲1", "B-2024-17", "x"])
def test_an_ordinary_id_is_taken(tmp_path: Path, text: str) -> None:
    assert table(tmp_path / "firms.csv", f"uscc,name\n{text},y\nZZ9,z\n").defects == ()


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS.values() if kind.accepted and kind.name in IDS])
def test_what_may_be_right_can_be_accepted_and_is_noted(tmp_path: Path, kind: str) -> None:
    text = an_id(kind, IDS[kind][0])
    found = table(tmp_path / "firms.csv", f"uscc,name\nA7-1,x\n{text},y\n", accept=[kind])
    assert found.defects == ()
    assert kind in noted(found)
    assert found.population is not None
    note = next(note for note in found.notes if note.kind == kind)
    assert "accepted" in note.remark


def test_repairs_that_are_accepted_are_made(tmp_path: Path) -> None:
    path = tmp_path / "firms.csv"
    text = 'uscc,n\n"=""9153A""",x\n\'9154B,y\n9155C\t,z\n91\u200b56D,w\n'
    accept = ["formula", "leading-apostrophe", "tab-at-end", "invisible"]
    taken = table(path, text, accept=accept).taken()
    assert [row[0] for row in taken.rows] == ["9153A", "9154B", "9155C", "9156D"]
    spaced = f"{CODES[3][:2]} {CODES[3][2:8]} {CODES[3][8:]}"
    lower = an_id("lower-case-code", IDS["lower-case-code"][0])
    found = table(path, f"uscc\n{spaced}\n{lower}\n", accept=["spaced-code", "lower-case-code"])
    assert [row[0] for row in found.taken().rows] == [CODES[3], lower.upper()]
    with pytest.raises(RosterError, match="'duplicate-id' cannot be accepted"):
        table(path, text, accept=["duplicate-id"])
    with pytest.raises(RosterError, match="'nonsense' is no kind"):
        table(path, text, accept=["nonsense"])


@pytest.mark.parametrize("unit_id", ["9.15301E+17", "915301020000001000"])
def test_a_clash_that_comes_of_rounding_never_costs_a_firm(tmp_path: Path, unit_id: str) -> None:
    found = table(tmp_path / "firms.csv", f"uscc,name\n{unit_id},a\n{unit_id},b\n", accept=["scientific-notation"])
    clash = next(defect for defect in found.defects if defect.kind == "duplicate-id")
    assert "a spreadsheet rounded both; keep both rows" in clash.remark


def test_rows_with_one_id_are_never_to_be_dropped(tmp_path: Path) -> None:
    found = table(tmp_path / "firms.csv", "uscc,name\nA1,a\nA1,b\n")
    assert kinds(found) == {"duplicate-id"}
    assert "find out the right id of each row" in found.defects[0].remark
    same = table(tmp_path / "firms.csv", "uscc,name\nA1,a\nB1,b\nA1,a\n", accept=["identical-row"])
    assert same.taken().rows == (("A1", "a"), ("B1", "b"))
    assert noted(same) == {"identical-row"}


def test_genuine_numbers_that_end_in_zeros_are_taken_where_they_are_as_many_as_chance_gives(
    tmp_path: Path,
) -> None:
    def person(number: int) -> str:
        text = f"53010219900101{number:03d}"
        weighed = sum(int(digit) * pow(2, 17 - place, 11) for place, digit in enumerate(text))
        return text + "10X98765432"[weighed % 11]

    people = [f"{530000 + n}{person(m)[6:17]}" for n in range(3) for m in range(700)]
    plain = "".join(f"{text}{'10X98765432'[n % 10]}\n" for n, text in enumerate(people))
    lines = [line for line in plain.splitlines() if not line.endswith("000")]
    genuine = next(person(n) for n in range(1000) if person(n).endswith("000"))
    found = table(tmp_path / "people.csv", "uscc\n" + "\n".join([*lines, genuine]) + "\n")
    assert "rounded-number" not in kinds(found)
    many = [f"5301021990{n:05d}000" for n in range(10, 40)]
    found = table(tmp_path / "people.csv", "uscc\n" + "\n".join([*lines, *many]) + "\n")
    assert found.report.counts["rounded-number", "uscc", True] == 30


def test_numbers_of_programs_that_keep_seventeen_digits(tmp_path: Path) -> None:
    """JavaScript, pandas and others leave numbers that a double can hold."""
    ids = [str(int(float(530102199001011234 + 9_999_999 * n))) for n in range(40)]
    assert "rounded-number" in kinds(table(tmp_path / "people.csv", "uscc\n" + "\n".join(ids) + "\n"))


def test_zeros_that_were_lost(tmp_path: Path) -> None:
    ids = [f"{n:06d}" for n in range(1, 60)]
    ids[7] = "275"
    found = table(tmp_path / "people.csv", "uscc\n" + "\n".join(ids) + "\n")
    assert [defect.value for defect in found.defects if defect.kind == "lost-zeros"] == ["275"]
    plain = table(tmp_path / "people.csv", "uscc\n" + "\n".join(str(n) for n in range(1, 1200)) + "\n")
    assert plain.defects == ()


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        ("合计,2,", "total-row"),
        ("总计：,2,", "total-row"),
        ("合 计,,", "total-row"),
        ("小计,1,", "total-row"),
        ("共计2户,,", "total-row"),
        ("Total,2,", "total-row"),
        (",合计,2", "total-row"),
        ("备注：以上为合成数据,,", "note-row"),
        ("填表人：甲,,", "note-row"),
        ("审核人,乙,", "note-row"),
        ("注：合成,,", "note-row"),
        ("uscc,name,risk", "repeated-heading"),
        (",,", "blank-row"),
        ("", "blank-row"),
        ("合计,2", "total-row"),
        ("X9,a,b,c", "extra-fields"),
        ("X9,a", "missing-fields"),
    ],
)
def test_rows_that_are_no_units(tmp_path: Path, row: str, kind: str) -> None:
    text = "uscc,name,risk\nA1X,a,h\nB2X,b,l\n{}\nC3X,c,h\n"
    found = table(tmp_path / "firms.csv", text.format(row))
    assert [(defect.kind, defect.row) for defect in found.defects] == [(kind, 4)]
    if KINDS[kind].accepted:
        taken = table(tmp_path / "firms.csv", text.format(row), accept=[kind]).taken()
        assert [fields[0] for fields in taken.rows] == ["A1X", "B2X", "C3X"]


def test_a_total_beside_the_column_of_ids(tmp_path: Path) -> None:
    found = table(tmp_path / "firms.csv", "no,uscc,name\n1,A1X,a\n2,B2X,b\n合计,2户,\n")
    assert kinds(found) == {"total-row"}


def test_a_title_above_the_headings(tmp_path: Path) -> None:
    text = "合成名录,,\n导出时间：2025-01-06,,\nuscc,name,risk\n9.15E+17,a,h\n"
    found = table(tmp_path / "firms.csv", text)
    assert kinds(found) == {"title-row", "scientific-notation"}
    assert "headings are on line 3" in found.defects[0].remark
    assert kinds(table(tmp_path / "firms.csv", text, accept=["title-row"])) == {"scientific-notation"}


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_columns_that_are_divided_otherwise(tmp_path: Path, mark: str) -> None:
    found = table(tmp_path / "firms.csv", "uscc,name\nA1,a\n".replace(",", mark))
    assert kinds(found) == {"delimiter"}


def test_a_line_break_without_quotes_is_told_as_such(tmp_path: Path) -> None:
    found = table(tmp_path / "firms.csv", "uscc,name,risk\nA1,north\nroad,h\nB1,b,l\n")
    assert "line break in quotes" in found.defects[-1].remark


def test_all_headings_that_do_not_fit_are_told_at_once(tmp_path: Path) -> None:
    found = table(tmp_path / "firms.csv", "uscc,行政区,风险,blind\n9.15E+17,a,b,c\n")
    assert sum(defect.kind == "heading" for defect in found.defects) == 3
    assert "scientific-notation" in kinds(found)


def test_an_empty_table_is_told(tmp_path: Path) -> None:
    assert kinds(table(tmp_path / "firms.csv", "uscc,name\n")) == {"no-rows"}
    assert table(tmp_path / "firms.csv", "uscc,name\n", accept=["no-rows"]).taken().rows == ()


def test_what_other_columns_hold_is_refused_or_noted(tmp_path: Path) -> None:
    cells = {
        "#REF!": "spreadsheet-error",
        '"=""high"""': "formula",
        "a\ufffd": "replacement-character",
        "a\u200bb": "invisible",
    }
    for text, kind in cells.items():
        assert kind in kinds(table(tmp_path / "f.csv", f"uscc,risk\nA1,{text}\n")), text
    cells = {
        "9.15E+17": "scientific-notation",
        '"12,680.00"': "thousands-separator",
        "530102.0": "decimal-ending",
        "3月5日": "spreadsheet-date",
        "May-03": "spreadsheet-date",
        "无": "placeholder",
        "-": "placeholder",
        "NULL": "placeholder",
        "#N/A": "placeholder",
        "a\ue000": "private-use",
        "甲??": "question-marks",
        "a&nbsp;b": "markup",
        "a\u00a0b": "unusual-blank",
        " a": "trimmed",
        "e\u0301": "composed",
        "'a": "leading-apostrophe",
    }
    for text, kind in cells.items():
        found = table(tmp_path / "f.csv", f"uscc,risk\nA1,{text}\nB2,high\n")
        assert found.defects == (), text
        assert noted(found) == {kind}, text
    plain = ["high", "五华区", "2024-03-05", "12680", "3.5", "+86 871 1234", "-5", "a, b", "（有限合伙）", "A&B"]
    for text in plain:
        assert table(tmp_path / "f.csv", f'uscc,risk\nA1,"{text}"\n').notes == (), text


def test_every_silent_change_is_a_note(tmp_path: Path) -> None:
    found = table(tmp_path / "f.csv", "uscc,n\n９１５３Ａ,x\n B7 ,\u3000y\nCe\u0301,z\n")
    assert [row[0] for row in found.taken().rows] == ["9153A", "B7", "C\u00e9"]
    assert {(note.row, note.kind) for note in found.notes} >= {(2, "full-width"), (3, "trimmed"), (4, "composed")}


def test_check_characters_warn_and_never_refuse(tmp_path: Path) -> None:
    wrong = CODES[5][:17] + ("0" if CODES[5][17] != "0" else "1")
    found = table(tmp_path / "f.csv", "uscc\n" + "\n".join([*CODES[10:], wrong]) + "\n")
    assert found.defects == ()
    assert [note.value for note in found.notes if note.kind == "credit-code-check"] == [wrong]


def test_the_report_lists_all_and_can_go_back(tmp_path: Path) -> None:
    text = "uscc,x,=name\n9.15E+17,a,b\n,c,d\nA1,\u202eevil,y\nC1,=cmd(),z\nA1,e\n合计,2,\nB1, 无,f\n"
    path = tmp_path / "firms.csv"
    path.write_text(text, encoding="utf-8")
    arguments = ["roster", "build", path, "--id", "uscc", "--name", "t", "--columns", "x"]
    for ending in ("txt", "json", "csv"):
        report = tmp_path / f"r.{ending}"
        done = run(*arguments, "--out", tmp_path / "o.tsv", "--report", report, "--json", code=2)
        assert report.exists()
        found = json.loads(done.stdout)
        assert found["error"]["type"] == "RosterError"
        told = {defect["kind"] for defect in found["report"]["defects"]}
        expected = {"scientific-notation", "empty", "formula", "missing-fields", "total-row", "invisible"}
        assert told == expected
    assert not (tmp_path / "o.tsv").exists()
    data = (tmp_path / "r.csv").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert rows[0] == ["row", "line", "column", "kind", "severity", "value", "remark"]
    assert all(not cell.startswith(tuple("=+-@\t\r")) for row in rows for cell in row)
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["file"] == "firms.csv"
    shown = (tmp_path / "r.txt").read_text(encoding="utf-8")
    assert "\u202e" not in shown + data.decode("utf-8-sig")
    assert "row 2 (line 2), 'uscc': defect scientific-notation" in shown


def test_notes_are_told_and_the_roster_is_made(tmp_path: Path) -> None:
    path = tmp_path / "firms.csv"
    path.write_text("uscc,n\nＡ１,无\n", encoding="utf-8")
    done = run("roster", "build", path, "--id", "uscc", "--name", "t", "--out", tmp_path / "o.tsv")
    assert "note: full-width in 'uscc': 1 (line 2)" in done.stderr
    assert "note: placeholder in 'n'" in done.stderr
    assert (tmp_path / "o.tsv").read_text(encoding="utf-8") == "id\tn\nA1\t无\n"


def test_how_much_is_kept_is_bounded_and_all_is_counted(tmp_path: Path) -> None:
    found = table(tmp_path / "f.csv", "uscc\n" + "".join(f"{n}.5E+17\n" for n in range(1, KEPT + 300)))
    assert len(found.defects) <= 2 * KEPT
    assert found.report.counts["scientific-notation", "uscc", True] == KEPT + 299
    assert b"in all; 1000 are listed" in found.report.to_csv()


def test_one_error_says_how_many_more(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text("uscc\n9.1E+17\n9.2E+17\n", encoding="utf-8")
    with pytest.raises(RosterError, match=r"line 2: uscc|line 2: id: .*; and 1 more defects"):
        read_csv(path, id="uscc")


def test_the_page_on_tables_has_every_kind() -> None:
    assert render() in (TREE / "docs" / "tables.md").read_text(encoding="utf-8")


def test_a_proof_of_absence_says_what_looks_alike(tmp_path: Path) -> None:
    path, out = tmp_path / "firms.csv", tmp_path / "o.tsv"
    path.write_text(f"uscc,name\n{CODES[0]},a\n00123,b\n木合塔尔·艾山,c\n", encoding="utf-8")
    run("roster", "build", path, "--id", "uscc", "--name", "o", "--out", out)
    manifest = tmp_path / "m.json"
    manifest.write_text(json.dumps(json.loads(run("roster", "check", out, "--json").stdout)["manifest"]))
    asked = {CODES[0].lower(): CODES[0], "123": "00123", "木合塔尔・艾山": "木合塔尔·艾山", "ＯＯ１２３": "00123"}
    for unit_id, there in asked.items():
        proof = tmp_path / "p.json"
        proof.unlink(missing_ok=True)
        done = run("roster", "prove", out, "--id", unit_id, "--out", proof)
        assert f"{there!r} is, and looks alike" in done.stderr
        assert set(json.loads(proof.read_text(encoding="utf-8"))) == {"id", "roster", "pages"}
        checked = run("roster", "check", "--proof", proof, "--manifest", manifest).stdout
        assert checked.startswith("verified: ")
        assert f"{there!r} is, and looks alike" in checked
    assert "looks alike" not in run("roster", "prove", out, "--id", "other").stderr
    assert "looks alike" not in run("roster", "prove", out, "--id", "00123").stderr


@pytest.mark.parametrize(
    ("kind", "unit_id"),
    [
        ("scientific-notation", "9.15301E+17"),
        ("scientific-notation", "9.15301e17"),
        ("formula", '"=""9153"""'),
        ("formula", "'9153"),
        ("spreadsheet-error", "#REF!"),
        ("placeholder", "NULL"),
        ("placeholder", "—"),
        ("replacement-character", "91\ufffd"),
        ("decimal-ending", "530102.0"),
        ("thousands-separator", '"915,301"'),
        ("total-row", "合计"),
    ],
)
def test_large_files_refuse_the_plain_forms_too(tmp_path: Path, kind: str, unit_id: str) -> None:
    pytest.importorskip("datafusion")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "a.csv").write_text(f"id,n\nA1,x\n{unit_id},y\n", encoding="utf-8")
    with pytest.raises(RosterError, match=f"row [12] as read: .*roster build --accept {kind}"):
        open_roster(tmp_path / "parts", name="t", id="id")


def test_large_files_refuse_rounded_numbers_and_take_others(tmp_path: Path) -> None:
    pytest.importorskip("datafusion")
    (tmp_path / "parts").mkdir()
    part = tmp_path / "parts" / "a.csv"
    part.write_text("id\n" + "".join(f"5301021990{n:05d}000\n" for n in range(9)), encoding="utf-8")
    with pytest.raises(RosterError, match="'530102199000000000' and 8 more have zeros after 15 digits"):
        open_roster(tmp_path / "parts", name="t", id="id")
    part.write_text("id\n" + "".join(f"5301021990{n:05d}{n:03d}\n" for n in range(900)), encoding="utf-8")
    assert open_roster(tmp_path / "parts", name="t", id="id").manifest.rows == 900


def test_large_files_in_other_encodings_are_refused_or_read_as_small_ones(tmp_path: Path) -> None:
    pytest.importorskip("datafusion")
    part = tmp_path / "parts" / "a.csv"
    part.parent.mkdir()
    text = "统一社会信用代码,名称\n甲1,合成企业\n"
    part.write_bytes(text.encode("gbk"))
    given = {"name": "t", "id": "统一社会信用代码", "rename": {"名称": "name"}}
    with pytest.raises(RosterError, match=r"a\.csv: is not UTF-8 .*--encoding gb18030"):
        open_roster(part.parent, **given)
    rare = text.encode("gbk") + b"\xfe\x59\x80,x\n"
    part.write_bytes(rare)
    (tmp_path / "small.csv").write_bytes(rare)
    large = open_roster(part.parent, encoding="gb18030", **given)
    small = open_roster(tmp_path / "small.csv", encoding="gbk", **given)
    assert large.manifest == small.manifest
    assert large.row("\u9fb4\u20ac") == {"id": "\u9fb4\u20ac", "name": "x"}
    part.write_bytes(text.encode("utf-16"))
    with pytest.raises(RosterError, match="is UTF-16"):
        open_roster(part.parent, **given)


def test_of_a_large_roster_the_usual_spellings_are_asked_for(tmp_path: Path) -> None:
    pytest.importorskip("datafusion")
    part = tmp_path / "parts" / "a.csv"
    part.parent.mkdir()
    part.write_text(f"id,n\n{CODES[0]},a\n000123,b\n", encoding="utf-8")
    proofs = ("roster", "prove", part.parent, "--column", "id", "--name", "t", "--id")
    assert "'000123' is, and looks alike (leading zeros)" in run(*proofs, "123").stderr
    assert f"{CODES[0]!r} is, and looks alike" in run(*proofs, CODES[0].lower()).stderr


def test_a_canonical_file_that_is_none_is_named_for_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "targets.tsv"
    for data, what in (
        (b"\xef\xbb\xbfid\tn\nA\tx\n", "begins with a byte order mark; save it as UTF-8 without one"),
        ("id\tn\nA\tx\n".encode("utf-16"), "is UTF-16"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "is an Excel workbook of the older form"),
    ):
        path.write_bytes(data)
        assert what in run("roster", "check", path, code=1).stderr
        assert what in run("roster", "prove", path, "--id", "A", code=2).stderr


def test_a_full_width_per_cent_sign_is_one() -> None:
    assert parse_ratio("30\uff05", "quota") == parse_ratio("30%", "quota")


@pytest.mark.parametrize("text", ["gb18030", "utf-16"])
def test_a_file_in_another_encoding_has_a_report_that_says_so(tmp_path: Path, text: str) -> None:
    place, out = tmp_path / "t.csv", tmp_path / "report.json"
    place.write_bytes("编号,名称\nA1,合成企业\n".encode(text))
    run("roster", "build", place, "--id", "编号", "--name", "t", "--out", tmp_path / "t.tsv", "--report", out, code=2)
    (defect,) = json.loads(out.read_text(encoding="utf-8"))["defects"]
    assert defect["kind"] == "encoding"
    assert not (tmp_path / "t.tsv").exists()
