from __future__ import annotations

from typing import Any

import attrs
import pytest

from dblrandom.errors import RosterError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.suite import SHA256, SM3
from dblrandom.model import Population
from dblrandom.roster import Manifest, Roster

ROWS = [["b", "2"], ["a", "1"], ["é", "4"], ["a!", "3"], ["B", "0"]]


def population(**changes: Any) -> Population:
    return Population.from_rows("targets", ["id", "x"], ROWS, **changes)


def blinds(n: int) -> list[str]:
    return [f"{i:064x}" for i in range(n)]


def test_build_sorts_by_bytes() -> None:
    roster = Roster.build(SHA256, population())
    assert roster.to_file() == "id\tx\nB\t0\na\t1\na!\t3\nb\t2\né\t4\n".encode()
    assert [*roster.ids()] == [b"B", b"a", b"a!", b"b", "é".encode()]
    assert [*roster.column("x")] == [b"0", b"1", b"3", b"2", b"4"]
    assert (roster.name, roster.columns, roster.page_rows, len(roster)) == ("targets", ("id", "x"), 256, 5)
    assert Roster.build(SM3, population()).manifest.root != roster.manifest.root


def test_looking_up() -> None:
    roster = Roster.build(SHA256, population())
    assert roster.find(b"a!") == b"a!\t3"
    assert roster.row("é") == {"id": "é", "x": "4"}
    for absent in (b"", b"a!\t3", b"A", b"a\t", b"zz", "ê".encode(), b"\xff"):
        assert roster.find(absent) is None
    assert roster.row("A") is None
    assert (roster.column_index("id"), roster.column_index("x")) == (0, 1)
    with pytest.raises(RosterError, match="no column 'y'; there are id, x"):
        roster.column_index("y")
    with pytest.raises(RosterError):
        roster.row("a\tb")
    alone = Roster.build(SHA256, Population.from_rows("targets", ["id"], [["a"], ["a!"]]))
    assert (alone.find(b"a"), alone.find(b"a!"), alone.find(b"a\t")) == (b"a", b"a!", None)


def test_confidential() -> None:
    roster = Roster.build(SHA256, population(confidential=True), blinds(5))
    assert roster.columns == ("id", "x", "blind")
    assert roster.page_rows == 1
    assert roster.row("b") == {"id": "b", "x": "2", "blind": "0" * 64}
    assert Roster.from_file(SHA256, "targets", roster.to_file()) == roster
    assert {len(page.lines.splitlines()) for page in roster.prove("b").pages} == {1}


@pytest.mark.parametrize(
    ("confidential", "given"),
    [
        (True, None),
        (False, blinds(5)),
        (True, blinds(4)),
        (True, blinds(6)),
        (True, []),
        (True, [*blinds(4), "0" * 63]),
        (True, [*blinds(4), "G" * 64]),
        (True, [*blinds(4), "A" * 64]),
        (True, [*blinds(4), "0" * 64]),
        (True, [*blinds(4), None]),
    ],
)
def test_blinds_that_are_refused(confidential: bool, given: Any) -> None:
    with pytest.raises(RosterError, match=r"^roster targets, blinds: "):
        Roster.build(SHA256, population(confidential=confidential), given)


def test_a_message_names_the_row_as_it_was_given() -> None:
    for row, message in (
        (["c ", "1"], "roster targets, row 6 as given: column 'id' has a space at an end"),
        (["c", "1\x7f"], r"roster targets, row 6 as given: column 'x' has the control character U\+007F"),
        (["a!", "9"], "roster targets: rows 4 and 6 as given have the same id 'a!'"),
        (["a!", "3"], "roster targets: rows 4 and 6 as given have the same id 'a!'"),
    ):
        with pytest.raises(RosterError, match=message):
            Roster.build(SHA256, Population.from_rows("targets", ["id", "x"], [*ROWS, row]))


def test_a_message_names_the_row_of_the_file() -> None:
    for data, message in (
        (b"id\tx\na\t1\nb\t\r\n", r"roster targets, row 2 \(id 'b'\): column 'x' .* U\+000D"),
        (b"id\na\na\n", r"row 2 \(id 'a'\): the id is there twice"),
        (b"id\nb\na\n", r"row 2 \(id 'a'\): not in the order"),
        (b"id\n\xff\n", r"row 1 \(id '.*'\): column 'id' is not UTF-8"),
        (b"id", "not ended by LF"),
        (b"id\xff\n", "header: not UTF-8"),
        (b"ID\n", "header: the first column must be id"),
    ):
        with pytest.raises(RosterError, match=message):
            Roster.from_file(SHA256, "targets", data)


def test_header_and_name_that_are_expected() -> None:
    data = b"id\tx\na\t1\n"
    assert len(Roster.from_file(SHA256, "3.A.selected", data, ("id", "x"))) == 1
    with pytest.raises(RosterError, match="header: it is"):
        Roster.from_file(SHA256, "targets", data, ["id", "y"])
    for name in ("", "a b", "x" * 65, "a/b", "一"):
        with pytest.raises(RosterError, match="not a roster's name"):
            Roster.from_file(SHA256, name, data)


def test_equality_is_the_manifests() -> None:
    one, other = Roster.build(SHA256, population()), Roster.build(SHA256, population())
    assert one == other
    assert hash(one) == hash(other)
    assert one != Roster.from_file(SHA256, "others", one.to_file())
    assert one != "targets"
    assert "a!" not in repr(one)


MANIFEST: dict[str, Any] = {"columns": ["id", "x"], "name": "targets", "page_rows": 256, "root": "ab" * 32, "rows": 600}


def test_manifest() -> None:
    manifest = Manifest.from_json(MANIFEST, "m")
    assert decode(encode(manifest.to_json())) == MANIFEST
    assert (manifest.pages, [manifest.page_size(i) for i in range(3)]) == (3, [256, 256, 88])
    assert not manifest.confidential
    assert [attrs.evolve(manifest, rows=n).pages for n in (0, 1, 256, 257, 512)] == [0, 1, 1, 2, 2]
    columns = ["id"]
    frozen = Manifest(columns=columns, name="A.selected", page_rows=256, root="ab" * 32, rows=0)  # type: ignore[arg-type]
    columns.append("x")
    assert frozen.columns == ("id",)


@pytest.mark.parametrize(
    "change",
    [
        {"columns": ["x", "id"]},
        {"columns": []},
        {"columns": "id"},
        {"columns": [1]},
        {"columns": ["id", "id"]},
        {"columns": ["id", "blind"]},
        {"columns": ["id", "blind", "x"], "page_rows": 1},
        {"columns": ["id", "x"], "page_rows": 1},
        {"page_rows": 255},
        {"page_rows": 0},
        {"page_rows": True},
        {"page_rows": "256"},
        {"name": ""},
        {"name": "a b"},
        {"name": None},
        {"name": "x" * 65},
        {"root": "AB" * 32},
        {"root": "ab" * 31},
        {"root": None},
        {"rows": -1},
        {"rows": 2**53},
        {"rows": True},
        {"rows": "1"},
        {"rows": 1.0},
        {"extra": 1},
    ],
)
def test_manifest_that_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(RosterError, match=r"^commitment.rosters\[2\]"):
        Manifest.from_json({**MANIFEST, **change}, "commitment.rosters[2]")


@pytest.mark.parametrize("missing", sorted(MANIFEST))
def test_manifest_has_every_member(missing: str) -> None:
    with pytest.raises(RosterError, match=f"m.{missing}: is missing"):
        Manifest.from_json({name: value for name, value in MANIFEST.items() if name != missing}, "m")
