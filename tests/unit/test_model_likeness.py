"""Texts that readers take for the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dblrandom.errors import PlanError, RosterError
from dblrandom.model.characters import UNSEEN
from dblrandom.model.likeness import alike_pair, check_compared, likeness, likenesses


@pytest.mark.parametrize(
    "other",
    [
        "2025 ",
        " 2025",
        "２０２５",
        "2025\u200b",
        "20\u00ad25",
        "2025\ufe0f",
        "2\u200a025",
        "𝟐𝟎𝟐𝟓",
        "2025\u3164",
        "2 025",
    ],
)
def test_periods_that_look_the_same_are_alike(other: str) -> None:
    assert likeness(other) == likeness("2025")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("North", "ｎｏｒｔｈ"),
        ("north", "no\u200drth"),
        ("2024-2025", "2024\u20132025"),
        ("2024-2025", "2024\u22122025"),
        ("Straße", "STRASSE"),
        ("\u212b", "A\u030a"),
        ("é", "e\u200d\u0301"),
        ("昆明市（局）", "昆明市(局)"),
        ("⼭东", "山东"),
    ],
)
def test_width_case_form_and_dashes_do_not_tell_apart(one: str, other: str) -> None:
    assert likeness(one) == likeness(other)


@pytest.mark.parametrize(
    ("one", "other"), [("2024", "2025"), ("昆明市", "昆明县"), ("north", "n0rth"), ("a", "\u0430"), ("2024-1", "20241")]
)
def test_what_is_seen_apart_stays_apart(one: str, other: str) -> None:
    assert likeness(one) != likeness(other)


def test_unassigned_characters_stay_and_divide() -> None:
    # An outlined digit of Unicode 16.0, which that edition's normal form turns into a plain one.
    assert likeness("A\U0001ccf0B") == "a\U0001ccf0b"
    assert likeness("e\U0001ccf0\u0301") == "e\U0001ccf0\u0301"


@given(st.text(st.characters(codec="utf-8"), max_size=12), st.integers(0, 12))
def test_unseen_characters_change_nothing(text: str, at: int) -> None:
    for entry in UNSEEN.split():
        point = int(entry.split("-")[0], 16)
        if not 0xD800 <= point <= 0xDFFF:
            assert likeness(text[:at] + chr(point) + text[at:]) == likeness(text)


def test_a_pair_is_found_and_equal_texts_are_none() -> None:
    assert alike_pair(["a", "b", "a"]) is None
    assert alike_pair(["Notary", "b", "notary "]) == ("Notary", "notary ")


def test_a_compared_text_is_seen_and_assigned() -> None:
    assert check_compared("昆明市 2025", "x") == "昆明市 2025"
    with pytest.raises(PlanError, match=r"x: .*U\+200B at position 5; remove what cannot be seen"):
        check_compared("2025\u200b", "x")
    with pytest.raises(RosterError, match=r"U\+1CCF0, which Unicode 14\.0 does not assign"):
        check_compared("\U0001ccf0", "x", error=RosterError)


@pytest.mark.parametrize(
    "texts",
    [
        (),
        ("",),
        ("", ""),
        ("I07", "\uff2907", "i07", "I\uff107", "I 07", "I\u201207"),
        ("\u0378x", "X", "a\nb", "a\n", "ab"),
        ("A\u200b", "\u0130x", "stra\u00dfe", "\ufb01rm", "e", "\u0301e", "\u1100", "\u1161"),
        ("\u0130", "\u0345", "\u03b1\u0345", "\u3000", "\ud800"),
    ],
)
def test_many_at_once_are_as_each_alone(texts: tuple[str, ...]) -> None:
    assert likenesses(texts) == [likeness(text) for text in texts]
