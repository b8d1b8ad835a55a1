from __future__ import annotations

import pytest

from dblrandom.errors import RosterError
from dblrandom.kernel.rows import (
    check_columns,
    check_id,
    check_line,
    fields_of,
    header_line,
    id_of,
    is_id,
    line_fault,
    row_line,
)

COLUMNS = ("id", "district")


def test_row() -> None:
    line = row_line(["a b", "五华区"], COLUMNS)
    assert line == "a b\t五华区".encode()
    assert (id_of(line), fields_of(line)) == (b"a b", [b"a b", "五华区".encode()])
    assert id_of(b"alone") == b"alone"
    assert header_line(COLUMNS) == b"id\tdistrict"
    assert line_fault(line, COLUMNS) is None
    check_line(line, COLUMNS)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (["a"], "1 fields"),
        (["a", "b", "c"], "3 fields"),
        ([], "0 fields"),
        (["a", "b\tc"], "'district' has a TAB"),
        (["a\tb", "c"], "'id' has a TAB"),
        (["a\tb"], "1 fields"),
        (["a", "b\n"], r"'district' has the control character U\+000A"),
        (["a", "b\r"], r"'district' .* U\+000D; end lines with LF alone"),
        (["a", "\ud800"], "'district' has a lone surrogate"),
        (["\udfff", "b"], "'id' has a lone surrogate"),
        (["a", "x" * 1025], "'district' has 1025 bytes"),
        (["a", "测" * 342], "'district' has 1026 bytes"),
        (["", "b"], "'id' is empty"),
        (["x" * 256, "b"], "'id' has 256 bytes"),
        (["é" * 128, "b"], "'id' has 256 bytes"),
        ([" a", "b"], "space at an end"),
        (["a ", "b"], "space at an end"),
        ([" ", "b"], "space at an end"),
        (["a\u200d", "b"], r"invisible character U\+200D"),
        (["\ufeffa", "b"], r"invisible character U\+FEFF"),
    ],
)
def test_row_that_is_refused(fields: list[str], message: str) -> None:
    with pytest.raises(RosterError, match=f"^targets, row 7: .*({message})"):
        row_line(fields, COLUMNS, "targets, row 7")


def test_a_field_more_cannot_hide_as_a_column() -> None:
    """``["a<TAB>b"]`` has the bytes of a good row of two fields."""
    with pytest.raises(RosterError):
        row_line(["a\tb"], COLUMNS)


def test_limits() -> None:
    row_line(["x" * 255, "x" * 1024], COLUMNS)
    row_line(["测" * 85, "测" * 341 + "x"], COLUMNS)
    row_line(["a", "\x80\x85\u2028\u2029\ufeff "], COLUMNS)
    row_line(["a\u00a1\u2010\u2027\u2070", ""], COLUMNS)


@pytest.mark.parametrize(
    ("columns", "confidential"),
    [
        ((), False),
        (("name",), False),
        (("name", "id"), False),
        (("id", "id"), False),
        (("id", "x", "x"), False),
        (("id", "X"), False),
        (("id", ""), False),
        (("id", "x" * 65), False),
        (("id", "a b"), False),
        (("id", "区"), False),
        (("id", "x\n"), False),
        (("id", "blind"), False),
        (("id", "blind", "x"), False),
        (("id",), True),
        (("id", "x"), True),
        (("id", "blind", "x"), True),
        (("id", "blind", "blind"), True),
        (("blind",), True),
    ],
)
def test_columns_that_are_refused(columns: tuple[str, ...], confidential: bool) -> None:
    with pytest.raises(RosterError, match=r"^columns: "):
        check_columns(columns, confidential)


def test_columns() -> None:
    check_columns(("id",), False)
    check_columns(("id", "x" * 64, "0", "a-b_c.d", "rank", "status"), False)
    check_columns(("id", "blind"), True)


def test_id() -> None:
    assert check_id("昆明") == "昆明".encode()
    for bad in ("", "a\tb", " a", "\ud800", "a\n", "\x00", "x" * 256, "a\u202e"):
        with pytest.raises(RosterError, match=r"^who: "):
            check_id(bad, "who")


@pytest.mark.parametrize("good", ["a", "昆明", "x" * 255])
def test_what_an_id_may_be(good: str) -> None:
    assert is_id(good)
    assert is_id(good.encode())


@pytest.mark.parametrize("bad", ["", " a", "a\t", "\udfff", "x" * 256, b"", b"\xff", b"\xed\xa0\x80", b"a\n"])
def test_what_no_id_may_be(bad: str | bytes) -> None:
    assert not is_id(bad)
