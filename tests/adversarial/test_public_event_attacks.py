"""Attacks on public events: one outcome in two writings, a second event to choose from, false chances."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from dblrandom.beacons import public
from dblrandom.errors import EntropyError
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Json, Source

BEACON = public.PublicBeacon()
EVENT = "synthetic lottery, draw 2031-050"
REPORT: dict[str, Json] = {"report": "Synthetic Gazette of 2031-05-02, page 3"}
LOTTERY = "numbers 6 of 1-33, 1 of 1-16"
VALUE = "3 9 17 20 28 31 / 7"


def source(form: str = LOTTERY, outcomes: int = 2, cancelled: str = "void") -> Source:
    terms: dict[str, str | int] = {"event": EVENT, "form": form, "outcomes": outcomes, "cancelled": cancelled}
    return Source(kind="public", name="lottery", not_before="2031-05-01T12:00:00Z", terms=terms)


def refused(of: Source, value: Any, match: str, evidence: Json = REPORT) -> None:
    with pytest.raises(EntropyError, match=match):
        BEACON.check_value(of, value, evidence, suite=SHA256, ceremony="tested-2031")


# One outcome, several texts: each would give another seed, and the organiser would choose


@pytest.mark.parametrize(
    "value",
    [
        "03 9 17 20 28 31 / 7",
        "9 3 17 20 28 31 / 7",
        "3 9 17 20 28 31 + 7",
        "3 9 17 20 28 31 7",
        "3,9,17,20,28,31/7",
        "3  9 17 20 28 31 / 7",
        " 3 9 17 20 28 31 / 7",
        "3 9 17 20 28 31 / 7 ",
        "3 9 17 20 28 31 / 7\n",
        "３ 9 17 20 28 31 / 7",
    ],
)
def test_another_writing_of_the_outcome(value: str) -> None:
    refused(source(), value, f"must be written '{VALUE}'")


def test_every_other_order_of_the_numbers() -> None:
    accepted = 0
    for order in permutations(("3", "9", "17")):
        try:
            BEACON.check_value(source("numbers 3 of 1-33"), " ".join(order), REPORT, suite=SHA256, ceremony="x")
            accepted += 1
        except EntropyError:
            pass
    assert accepted == 1


@pytest.mark.parametrize("value", ["li ming", "LI MING", "Liming", "LI-MING", "LIMING.", "ＬＩＭＩＮＧ"])
def test_another_spelling_of_a_text(value: str) -> None:
    refused(source("text"), value, "must be written 'LIMING'")


@pytest.mark.parametrize("value", ["3,251.40", "03251.40", "3251.40 "])
def test_another_writing_of_a_price(value: str) -> None:
    refused(source("decimal 2 places"), value, "must be written '3251.40'")


@pytest.mark.parametrize(
    "value",
    ["", " ", "\x00", "\ud800", "中" * 9, "0" * 9999, "3 9 17 20 28 31 / 7\n3 9 17 20 28 31 / 8", None, 7, True, b"7"],
)
def test_what_is_no_outcome(value: Any) -> None:
    refused(source(), value, "source 'lottery'")


# Claims about chance


def test_more_outcomes_than_the_form_has() -> None:
    """The claim would hide that the draw can be ground through."""
    for form, count in (("digits 5", 10**5), ("dice 10", 6**10), (LOTTERY, 17_721_088)):
        BEACON.check_source(source(form, count))
        with pytest.raises(EntropyError, match=f"{count + 1} is more than the {count} outcomes"):
            BEACON.check_source(source(form, count + 1))


def test_no_event_alone_reaches_what_a_seed_needs() -> None:
    """A term is at most 2^53-1, so a single event never reaches 2^64, whatever is claimed."""
    with pytest.raises(EntropyError):
        source("text", 2**64)
    assert BEACON.outcomes(source("text", 2**53 - 1)) < 2**64


# A second event to choose from


def test_a_cancelled_event_where_the_draw_is_to_be_void() -> None:
    refused(source(), VALUE, "the draw is void if this one is cancelled", REPORT | {"event": "draw 2031-051"})


def test_a_cancellation_that_is_none() -> None:
    refused(source(cancelled="next"), VALUE, "is the declared event; leave it out", REPORT | {"event": EVENT})


@pytest.mark.parametrize(
    ("evidence", "match"),
    [
        ({}, "evidence.report: is missing"),
        ({"event": "draw 2031-051"}, "evidence.report: is missing"),
        ({"report": ""}, "evidence.report: is empty"),
        ({"report": "x" * 1025}, "at most 1024"),
        ({"report": "a\nb"}, r"has the character U\+000A"),
        ({"report": 7}, "7 is not text"),
        ({"report": None}, "null is not text"),
        ({"report": "x", "event": None}, "null is not text"),
        ({"report": "x", "event": "y", "again": "z"}, "unknown member 'again'"),
        (None, "is not a table"),
        ("report", "is not a table"),
        ([], "is not a table"),
    ],
)
def test_evidence_that_says_too_little_or_too_much(evidence: Json, match: str) -> None:
    """There is one next event and no other: a list of events to choose from has no place."""
    refused(source(cancelled="next"), VALUE, match, evidence)


def test_a_report_never_calls_the_value_true() -> None:
    """The rules cannot look the outcome up, and must not read as if they had."""
    line = public.form_only(source(), REPORT)
    assert "in its form only" in line
    assert "verified" not in line
