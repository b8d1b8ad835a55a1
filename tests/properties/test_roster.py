from __future__ import annotations

import re
import subprocess
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dblrandom.errors import RosterError
from dblrandom.kernel.suite import SHA256, SM3
from dblrandom.model import Population
from dblrandom.roster import Roster

# Few letters, so that prefixes and duplicates are common; U+FFFF and U+10000 are where UTF-16 order goes wrong.
IDS = st.text("aAb!: ~éﬀ昆\ufffd\U00010000", min_size=1, max_size=4).filter(lambda text: text == text.strip(" "))
FIELDS = st.text(st.characters(exclude_categories=("Cs",)), max_size=6).map(lambda t: re.sub("[\0-\x1f\x7f]", "", t))


@st.composite
def populations(draw: st.DrawFn) -> Population:
    ids = draw(st.lists(IDS, unique=True, max_size=30))
    return Population.from_rows("targets", ["id", "x", "y"], [[i, draw(FIELDS), draw(FIELDS)] for i in ids])


def one_line(error: Exception) -> None:
    assert str(error).isprintable()


@given(populations(), st.randoms(use_true_random=False))
def test_order_given_does_not_matter(population: Population, random: Any) -> None:
    rows = list(population.rows)
    random.shuffle(rows)
    roster = Roster.build(SHA256, population)
    assert Roster.build(SHA256, Population.from_rows("targets", population.columns, rows)) == roster
    assert [*roster.ids()] == sorted(row[0].encode() for row in rows)
    assert Roster.from_file(SHA256, "targets", roster.to_file()) == roster
    for row in rows:
        assert roster.row(row[0]) == dict(zip(population.columns, row, strict=True))


@given(populations(), st.data())
def test_another_field_is_another_root(population: Population, data: st.DataObject) -> None:
    if not population.rows:
        return
    rows = [list(row) for row in population.rows]
    rows[data.draw(st.integers(0, len(rows) - 1))][data.draw(st.integers(1, 2))] += "!"
    other = Population.from_rows("targets", population.columns, rows)
    for suite in (SHA256, SM3):
        assert Roster.build(suite, population).manifest.root != Roster.build(suite, other).manifest.root


@given(populations(), st.data())
def test_a_changed_byte_is_refused_or_changes_the_manifest(population: Population, data: st.DataObject) -> None:
    roster = Roster.build(SHA256, population)
    raw = bytearray(roster.to_file())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    try:
        assert Roster.from_file(SHA256, "targets", bytes(raw)).manifest != roster.manifest
    except RosterError as error:
        one_line(error)


@given(st.binary(max_size=60).map(lambda data: b"id\tx\n" + data) | st.binary(max_size=20))
def test_any_bytes_are_a_roster_of_those_bytes_or_refused(data: bytes) -> None:
    try:
        assert Roster.from_file(SHA256, "targets", data).to_file() == data
    except RosterError as error:
        one_line(error)


@given(st.lists(st.lists(st.text(max_size=3), min_size=2, max_size=2), max_size=5))
def test_any_text_is_a_roster_or_refused(rows: list[list[str]]) -> None:
    try:
        roster = Roster.build(SHA256, Population.from_rows("targets", ["id", "x"], rows))
    except RosterError as error:
        one_line(error)
    else:
        assert Roster.from_file(SHA256, "targets", roster.to_file()).lines == roster.lines


def test_sort_agrees() -> None:
    """The specification says ``LC_ALL=C sort``; one id that is a prefix of another is where it could differ."""
    ids = ["a", "a!", "a ~", "aa", "A", "b", "é", "ﬀ", "\ufffd", "\U00010000", "a\ufffd", "昆", "昆明", "0", "00", "~"]
    roster = Roster.build(SHA256, Population.from_rows("targets", ["id", "x"], [[i, "x"] for i in reversed(ids)]))
    body = b"".join(line + b"\n" for line in roster.lines)
    given_order = b"".join(f"{i}\tx\n".encode() for i in ids)
    run = subprocess.run(
        ["sort"], input=given_order, capture_output=True, check=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    )
    assert run.stdout == body
