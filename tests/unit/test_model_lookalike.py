"""Texts that a reader could take for one another."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dblrandom.model.lookalike import alike_among, difference, looks, looks_of_plain, spellings

PAIRS = [
    ("00123", "123", "leading zeros"),
    ("ab", "AB", "capital or small letters"),
    ("91530102hc000001y1", "91530102HC000001Y1", "capital or small letters"),
    ("９１５３", "9153", "width"),
    ("a\u00b7b", "a\u30fbb", "kind of dot"),
    ("a\u2022b", "a\u2027b", "kind of dot"),
    ("a-b", "a\u2013b", "kind of dot, hyphen"),
    ("a\u2014b", "a\u2212b", "kind of dot, hyphen"),
    ("91 53", "9153", "blanks"),
    ("9153O1", "915301", "letters that look alike"),
    ("1I", "11", "letters that look alike"),
    ("1l", "11", "letters that look alike"),
    ("\u0410B", "AB", "letters that look alike"),
    ("\u0391B", "AB", "letters that look alike"),
    ("12", "1\u200b2", "nobody sees"),
    ("91990104BK992OF39T", "91990104BK9920F39T", "letters that look alike"),
    ("9199010ZBK992SF39T", "91990102BK9925F39T", "letters that look alike"),
]


@pytest.mark.parametrize(("one", "other", "how"), PAIRS)
def test_pairs_look_alike_both_ways(one: str, other: str, how: str) -> None:
    assert not looks(one).isdisjoint(looks(other))
    assert how in difference(one, other)
    assert alike_among(one, ["x", one, other]) == (other,)
    assert alike_among(other, [one]) == (one,)


@pytest.mark.parametrize(("one", "other"), [("A1", "A2"), ("1-11", "11-1"), ("L1", "11"), ("B8", "88"), ("10", "1")])
def test_others_do_not(one: str, other: str) -> None:
    assert looks(one).isdisjoint(looks(other))


@pytest.mark.parametrize(
    ("given_id", "there"),
    [
        ("91530102hc000001y1", "91530102HC000001Y1"),
        ("９１５３", "9153"),
        ("123", "000123"),
        ("0123", "123"),
        ("91 53", "9153"),
        ("9153O1", "915301"),
        ("\u0410B", "AB"),
        ("a\u30fbb", "a\u00b7b"),
    ],
)
def test_spellings_hold_the_usual_ones(given_id: str, there: str) -> None:
    assert there in spellings(given_id)


@given(st.text(min_size=1, max_size=20))
def test_spellings_look_alike_and_are_few(text: str) -> None:
    found = spellings(text)
    assert len(found) <= 64
    assert text not in found
    assert looks(text)


@given(st.lists(st.text("0123456789ABCDEFGHIJKLMNOPQRTUWXYabcm._-", min_size=1, max_size=20), min_size=1))
def test_the_quick_way_finds_the_same(texts: list[str]) -> None:
    quick = looks_of_plain(texts)
    if quick is not None:
        assert [frozenset({key}) for key in quick] == [looks(text) for text in texts]
