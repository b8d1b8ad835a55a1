"""Reading an office's CSV files: what is tidied, what is refused, and that a refusal names its place."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dblrandom.adapters.tables import ENCODINGS, read_csv
from dblrandom.errors import DblrandomError, FolderError, RosterError
from dblrandom.kernel.rows import row_line
from dblrandom.model import Population


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "firms.csv"


def read(path: Path, text: str | bytes, **options: object) -> Population:
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return read_csv(path, **{"id": "uscc", **options})  # type: ignore[arg-type]


def refusal(path: Path, text: str | bytes, **options: object) -> str:
    with pytest.raises(RosterError) as caught:
        read(path, text, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_id_comes_first_and_the_file_names_the_roster(table: Path) -> None:
    found = read(table, "name,uscc,risk\r\nA,1,low\r\nB,2,\r\n")
    assert found == Population("firms", ("id", "name", "risk"), (("1", "A", "low"), ("2", "B", "")))
    assert not found.confidential


def test_chinese_headers_are_renamed(table: Path) -> None:
    text = "统一社会信用代码,行政区\n1,五华区\n"
    rename = {"统一社会信用代码": "uscc", "行政区": "district"}
    expected = Population("targets", ("id", "district"), (("1", "五华区"),), True)
    assert read(table, text, rename=rename, name="targets", confidential=True) == expected
    assert read(table, text, rename=rename, id="统一社会信用代码", name="targets", confidential=True) == expected
    assert read(table, text, rename={"行政区": "district"}, id="统一社会信用代码").columns == ("id", "district")


def test_columns_are_chosen_and_ordered(table: Path) -> None:
    text = "a,uscc,b,备注\n1,x,2,never mind\n"
    assert read(table, text, columns=["b", "a"]).rows == (("x", "2", "1"),)
    assert read(table, text, columns=["uscc", "b"]).columns == ("id", "b")
    assert read(table, text, columns=["b", "id"]).columns == ("id", "b")
    assert read(table, text, columns=[]).rows == (("x",),)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_encodings(table: Path, encoding: str) -> None:
    data = "uscc,区\n1,五华区\n".encode(encoding)
    assert read(table, data, rename={"区": "d"}, encoding=encoding).rows == (("1", "五华区"),)
    assert read(table, b"\xef\xbb\xbfuscc\n1\n").rows == (("1",),)


def test_wrong_encodings_say_what_to_do(table: Path) -> None:
    assert "(--encoding gb18030)" in refusal(table, "uscc,区\n1,五华区\n".encode("gb18030"))
    assert "UTF-8" in refusal(table, b"\xef\xbb\xbfuscc\n1\n", encoding="gb18030")
    assert "not GB18030" in refusal(table, b"uscc\n\xff\xff\n", encoding="gb18030")
    assert "is UTF-16" in refusal(table, "uscc\n1\n".encode("utf-16"))
    assert "not GB2312 near line 2; save it as CSV UTF-8" in refusal(table, b"uscc\n\xff\xff\n", encoding="gb2312")
    assert "is UTF-8, not GBK" in refusal(table, b"\xef\xbb\xbfuscc\n1\n", encoding="gbk")
    assert "'latin-1' is not one of utf-8, utf-8-sig, gb18030, gbk, gb2312" in refusal(table, "", encoding="latin-1")


def test_cells_are_composed_and_trimmed_and_ids_are_folded(table: Path) -> None:
    text = f"uscc,n\n\u3000９１５３Ａ－１\u3000, {unicodedata.normalize('NFD', 'é')}１ \nＥ\u0301x,\u3000空 格\u3000\n"
    assert read(table, text).rows == (("9153A-1", "é１"), ("Éx", "空 格"))


def test_quoting_is_understood(table: Path) -> None:
    assert read(table, 'uscc,n\n"1","a, ""b"""\n').rows == (("1", 'a, "b"'),)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["is empty"]),
        ("\n", ["no column 'uscc'"]),
        ("name,risk\n", ["no column 'uscc'", "'name', 'risk'"]),
        ("uscc,,b\n", ["line 1", "column 2 has no name"]),
        ("uscc,b,b\n", ["line 1", "'b' is there twice"]),
        ("uscc,b, b\n", ["line 1", "'b' is there twice"]),
        ("uscc,B\n", ["line 1", "'B' is no name"]),
        ("uscc,备注\n", ["'备注' is no name", "roster build --rename OLD=NEW"]),
        ("uscc,blind\n", ["'blind'"]),
        ("uscc,id\n", ["two columns would be called 'id'"]),
        ('uscc,"b\tc"\n', ["line 1", "column 2 has a TAB"]),
        ("uscc,b\n1,x\n2\n", ["line 3", "has 1 fields, the header 2"]),
        ("uscc,b\n1,x,\n", ["line 2", "has 3 fields, the header 2"]),
        ("uscc,b\n1,x\n\n", ["line 3", "is blank"]),
        ("uscc,b\n,x\n", ["line 2: id", "is empty"]),
        ("uscc,b\n \u3000,x\n", ["line 2: id", "is empty"]),
        ("uscc,b\n1,x\n2,y\n1,z\n", ["line 4", "'1' is on line 2 too"]),
        ("uscc,b\n1,x\n１,y\n", ["line 3", "'1' is on line 2 too"]),
        ('uscc,b\n"1","x\ny"\n', ["line 2: b", "a line break"]),
        ('uscc,b\n1,"x\n"\n', ["line 2: b", "a line break"]),
        ('uscc,b\n1,"x\r"\n', ["line 2: b", "a line break"]),
        ('uscc,b\n1,"x\n"\n', ["line 2: b"]),
        ('uscc,b\n1,"a\nb"\n2,\t\n', ["line 2: b"]),
        ("uscc,b\n1,x\n2,y\t\n", ["line 3: b", "a TAB"]),
        ("uscc,b\n1,x\0y\n", ["line 2: b", "NUL"]),
        ("uscc,b\n1,x\x7f\n", ["line 2: b", "U+007F"]),
        ("uscc,b\n1,x\u0085\n", ["line 2: b", "U+0085"]),
        ("uscc,b\n1,x\u2028\n", ["line 2: b", "U+2028"]),
        ('uscc,b\n1,"x\n', ["line 2", "not CSV"]),
        ('uscc,b\n1,"x"y\n', ["line 2", "not CSV"]),
        ("uscc,b\n" + "x" * 256 + ",1\n", ["line 2: id", "255 bytes"]),
        ("uscc,b\n1," + "汉" * 342 + "\n", ["line 2: b", "1024 bytes"]),
        ("uscc,b\n1," + "x" * 200_000 + "\n", ["line 2"]),
    ],
)
def test_what_is_refused_names_its_place(table: Path, text: str, parts: list[str]) -> None:
    message = refusal(table, text)
    assert all(part in message for part in ["firms.csv", *parts]), message


def test_lines_are_counted_as_an_editor_counts_them(table: Path) -> None:
    """A quoted line break makes records and lines differ; the message must lead to the line."""
    assert "line 4: id" in refusal(table, 'uscc,"b",c\n1,x,"y"\n"2",z,w\n"",x,y\n')
    assert "line 2: c" in refusal(table, 'uscc,b,c\n1,x,"multi\nline"\n,x,y\n')


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("ab", "AB"),
        ("straße", "STRASSE"),
        ("\u212bx", "\u00e5x"),
        ("K1", "\u212a1"),
        ("12", "1\u200b2"),
        ("12", "12\ufeff"),
        ("12", "1\u00ad2"),
        ("\u2460", "1"),
    ],
)
def test_ids_that_look_alike_are_refused_naming_both_rows(table: Path, first: str, second: str) -> None:
    message = refusal(table, f"uscc\n{first}\nother\n{second}\n")
    assert "line 4" in message
    assert "on line 2" in message
    assert message.isascii()


def test_an_id_with_an_invisible_character_is_refused_alone_too(table: Path) -> None:
    assert "U+200B" in refusal(table, "uscc\n1\u200b2\n")


@pytest.mark.parametrize("length", [255, 256])
def test_the_limits_are_those_of_the_roster(table: Path, length: int) -> None:
    if length == 255:
        assert read(table, f"uscc,b\n{'x' * 255},{'y' * 1024}\n").rows == (("x" * 255, "y" * 1024),)
    else:
        assert "255" in refusal(table, f"uscc,b\n{'x' * 256},\n")
        assert "1024" in refusal(table, f"uscc,b\n1,{'y' * 1025}\n")


def test_what_the_engines_take_is_taken_of_small_files_too(table: Path) -> None:
    """A column that nobody wants may be called id; a name may be a result roster's."""
    table.write_text("id,uscc,b\n9,1,x\n", encoding="utf-8")
    found = read_csv(table, id="uscc", name="T1.selected", columns=["b"])
    assert (found.name, found.columns, found.rows) == ("T1.selected", ("id", "b"), (("1", "x"),))
    for columns in (None, ["id", "b"]):
        with pytest.raises(RosterError, match="two columns would be called 'id'"):
            read_csv(table, id="uscc", columns=columns)


def test_options_that_do_not_fit_the_file(table: Path) -> None:
    text = "uscc,b\n1,x\n"
    assert "no column 'c'; there are 'uscc', 'b'" in refusal(table, text, columns=["c"])
    assert "'c' to rename" in refusal(table, text, rename={"c": "d"})
    assert "two columns would be called 'b'" in refusal(table, text, columns=["b", "b"])
    assert "two columns would be called 'id'" in refusal(table, text, rename={"b": "id"})
    assert "no name for a roster" in refusal(table, text, name="all firms")
    (table.parent / "企业.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RosterError, match="give one as name"):
        read_csv(table.parent / "企业.csv", id="uscc")


def test_unreadable_files_are_folder_errors(table: Path) -> None:
    with pytest.raises(FolderError, match="No such file"):
        read_csv(table, id="uscc")
    (table.parent / "link.csv").symlink_to(table)
    with pytest.raises(FolderError, match="symbolic link"):
        read_csv(table.parent / "link.csv", id="uscc")


@given(st.text() | st.lists(st.lists(st.text(max_size=6), max_size=3)).map(lambda r: "\n".join(map(",".join, r))))
def test_whatever_the_file_holds_only_our_errors_leave(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile.csv"
    data = ("uscc,b\n" + text).encode("utf-8", "surrogatepass")
    try:
        found = read(path, data)
    except DblrandomError:
        return
    for row in found.rows:
        row_line(row, found.columns)


@given(st.binary())
def test_whatever_the_bytes_only_our_errors_leave(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "hostile.csv"
    for encoding in ("utf-8", "gb18030"):
        try:
            found = read(path, b"uscc,b\n" + data, encoding=encoding)
        except DblrandomError:
            continue
        for row in found.rows:
            row_line(row, found.columns)


@given(st.lists(st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=8), unique=True))
def test_reading_twice_is_reading_once(tmp_path_factory: pytest.TempPathFactory, ids: list[str]) -> None:
    """What the importer has tidied is tidy: importing it again changes nothing."""
    path = tmp_path_factory.getbasetemp() / "tidy.csv"
    quoted = "".join('"' + text.replace('"', '""') + '"\n' for text in ids)
    try:
        once = read(path, "uscc\n" + quoted)
    except RosterError:
        return
    again = "".join('"' + row[0].replace('"', '""') + '"\n' for row in once.rows)
    assert read(path, "uscc\n" + again) == once
