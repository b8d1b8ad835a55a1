"""The tables of characters are those of the specification, and what they say of every edition of Unicode."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from dblrandom.model.characters import SPACES, UNASSIGNED, UNICODE, UNSEEN, first_unassigned, first_unseen, in_class

PAGE = Path(__file__).parents[2] / "docs" / "spec" / "characters.md"


def points(ranges: str) -> set[int]:
    found: set[int] = set()
    for entry in ranges.split():
        first, _, last = entry.partition("-")
        found.update(range(int(first, 16), int(last or first, 16) + 1))
    return found


def test_the_specification_has_the_same_tables() -> None:
    blocks = re.findall(r"^```text\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert [block.split() for block in blocks] == [UNSEEN.split(), UNASSIGNED.split()]
    assert UNICODE == "14.0"


def test_every_control_and_format_character_that_has_no_shape_is_unseen() -> None:
    seen_marks = points("600-605 6DD 70F 890-891 8E2 110BD 110CD")  # signs of numbers and years, which are drawn
    unseen = points(UNSEEN)
    for point in range(0x110000):
        if unicodedata.category(chr(point)) in ("Cc", "Zl", "Zp", "Cs"):
            assert point in unseen, hex(point)
        if unicodedata.category(chr(point)) == "Cf" and point not in points(UNASSIGNED):
            assert (point in unseen) != (point in seen_marks), hex(point)


@pytest.mark.skipif(unicodedata.unidata_version != "14.0.0", reason="this Python has another edition of Unicode")
def test_unassigned_are_those_of_this_edition() -> None:
    unseen = points(UNSEEN)
    found = {p for p in range(0x110000) if unicodedata.category(chr(p)) == "Cn" and p not in unseen}
    assert found == points(UNASSIGNED)


def test_what_this_python_does_not_assign_is_in_a_table() -> None:
    known = points(UNASSIGNED) | points(UNSEEN)
    assert all(p in known for p in range(0x110000) if unicodedata.category(chr(p)) == "Cn")


def test_spaces_are_those_of_unicode() -> None:
    assert points(SPACES) == {p for p in range(0x110000) if unicodedata.category(chr(p)) == "Zs"}


@pytest.mark.parametrize("point", [0x00, 0x1B, 0x9B, 0xAD, 0x200B, 0x2060, 0x3164, 0xFE0F, 0x2800, 0xE0041, 0x10FFFF])
def test_the_first_unseen_one_is_found(point: int) -> None:
    found = first_unseen(f"ab{chr(point)}c")
    assert found is not None
    assert found.start() == 2
    assert first_unseen("ab \u00e9 \u6606\u660e\uff08\uff11\uff09 \U0001f600") is None


def test_an_unassigned_one_is_found() -> None:
    assert first_unassigned("2024\U0001ccf0") is not None
    assert first_unassigned("昆明市") is None


def test_a_class_can_leave_ascii_out() -> None:
    assert re.search(f"[{in_class(UNSEEN, least=0x80)}]", "\x1f") is None
    assert re.search(f"[{in_class(UNSEEN)}]", "\x1f") is not None
