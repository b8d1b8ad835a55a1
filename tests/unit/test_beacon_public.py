from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dblrandom.beacons.base import Beacon
from dblrandom.beacons.forms import Form, canonical_value
from dblrandom.beacons.public import PublicBeacon, form_only
from dblrandom.errors import EntropyError
from dblrandom.kernel.entropy import seed_lines
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Json, Source

BEACON = PublicBeacon()
LOTTERY = "numbers 6 of 1-33, 1 of 1-16"
REPORT: dict[str, Json] = {"report": "Synthetic Gazette of 2031-05-02, page 3"}


def source(**changes: Any) -> Source:
    terms = {"event": "synthetic lottery, draw 2031-050", "form": LOTTERY, "outcomes": 17_721_088, "cancelled": "void"}
    given = {name: value for name, value in (terms | changes).items() if value is not None}
    return Source(kind="public", name="lottery", not_before="2031-05-01T12:00:00Z", terms=given)


def accept(of: Source, value: Any, evidence: Json = None) -> None:
    BEACON.check_value(of, value, REPORT if evidence is None else evidence, suite=SHA256, ceremony="tested-2031")


def test_it_is_a_beacon() -> None:
    assert isinstance(BEACON, Beacon)
    assert BEACON.kind == "public"
    assert BEACON.holder(source()) is None
    assert BEACON.public_from(source()) is None
    assert BEACON.outcomes(source(outcomes=1000)) == 1


# Forms


@pytest.mark.parametrize(
    ("form", "count"),
    [
        ("digits 5", 10**5),
        ("dice 10", 6**10),
        ("decimal 2 places", 10**14),
        ("numbers 6 of 1-33", 1_107_568),
        (LOTTERY, 17_721_088),
        ("numbers 6 of 1-33, numbers 1 of 1-16", 17_721_088),
        ("numbers 3 of 1-20 in order", 6840),
        ("numbers 1 of 0-999999999", 10**9),
        ("digits 3, digits 3, dice 1", 6 * 10**6),
        ("text", None),
    ],
)
def test_how_many_outcomes_a_form_can_write(form: str, count: int | None) -> None:
    assert Form.parse(form, "form").count == count


@pytest.mark.parametrize(
    "form",
    [
        "",
        "digits",
        "digits 0",
        "digits 05",
        "digits 5 ",
        " digits 5",
        "Digits 5",
        "digits ５",
        "digits ٥",
        "digits 257",
        "digits 5,digits 5",
        "digits 5, ",
        "digits 5, text",
        "text, text",
        "dice 129",
        "dice 1000",
        "decimal 0 places",
        "decimal 10 places",
        "numbers 6 of 33",
        "numbers 6 of 33-1",
        "numbers 34 of 1-33",
        "numbers 6 of 01-33",
        "numbers 1 of 1-9999999999",
        "6 of 1-33",
        "digits 5, 1 of 1-16",
        "numbers 3 of 1-20 in  order",
        "number 6 of 1-33",
        "digits 5\n",
        "x" * 300,
        "digits 9, " * 20 + "digits 99",
        None,
        7,
        True,
        ["text"],
    ],
)
def test_what_is_no_form(form: Any) -> None:
    with pytest.raises(EntropyError, match="form: "):
        Form.parse(form, "form")


@pytest.mark.parametrize(
    ("form", "writing", "value"),
    [
        ("digits 5", "03190", "03190"),
        ("digits 5", " ０３１９０ ", "03190"),
        ("digits 3, digits 2", "007 / 42", "007 / 42"),
        (LOTTERY, "3 9 17 20 28 31 / 7", "3 9 17 20 28 31 / 7"),
        (LOTTERY, "09,03,17,20,28,31 + 07", "3 9 17 20 28 31 / 7"),
        (LOTTERY, "０９，０３，１７、２０　２８  ３１＋０７", "3 9 17 20 28 31 / 7"),
        (LOTTERY, "31;28;20;17;9;3;7", "3 9 17 20 28 31 / 7"),
        ("numbers 3 of 1-20 in order", "20, 1, 5", "20 1 5"),
        ("numbers 2 of 0-9", "0 0000009", "0 9"),
        ("dice 5", "6,6,1\n3 2", "6 6 1 3 2"),
        ("decimal 2 places", "3251.40", "3251.40"),
        ("decimal 2 places", "3,251.40", "3251.40"),
        ("decimal 2 places", "1,003,251.40", "1003251.40"),
        ("decimal 2 places", "003251.40", "3251.40"),
        ("decimal 2 places", "0.05", "0.05"),
        ("decimal 2 places", "３，２５１．４０", "3251.40"),
        ("decimal 1 places, digits 4", "3.1 0042", "3.1 / 0042"),
        ("text", "St. Mary's, 4-1", "STMARYS41"),
        ("text", "ｓｔ　ｍａｒｙｓ ４１", "STMARYS41"),
    ],
)
def test_one_text_for_each_outcome(form: str, writing: str, value: str) -> None:
    assert canonical_value(form, writing) == value
    assert canonical_value(form, value) == value
    seed_lines("0" * 64, [("public", "lottery", value)])


@pytest.mark.parametrize(
    ("form", "writing", "match"),
    [
        ("digits 5", "3190", "is not 5 digits"),
        ("digits 5", "003190", "is not 5 digits"),
        ("digits 5", "3 1 9 0 5", "has 5 numbers"),
        ("digits 5", "٠٣١٩٠", "is not 5 digits"),
        ("digits 5", "-3190", "is not 5 digits"),
        (LOTTERY, "3 9 17 20 28 31", "has 6 numbers where the form"),
        (LOTTERY, "3 9 17 20 28 31 7 7", "has 8 numbers"),
        (LOTTERY, "3 9 17 20 28 34 7", "'34' is not a number from 1 to 33"),
        (LOTTERY, "3 9 17 20 28 31 0", "'0' is not a number from 1 to 16"),
        (LOTTERY, "3 9 17 20 28 28 7", "28 is there twice"),
        (LOTTERY, "3 9 17 20 28 x 7", "'x' is not a number"),
        (LOTTERY, "3 9 17 20 28 1e1 7", "is not a number"),
        (LOTTERY, "3 9 17 20 28 " + "9" * 1900 + " 7", "is not a number"),
        ("dice 2", "0 7", "is not a number from 1 to 6"),
        ("dice 2", "3-4", "has 1 numbers"),
        ("decimal 2 places", "3251.4", "2 decimal places"),
        ("decimal 2 places", "3251.400", "2 decimal places"),
        ("decimal 2 places", "3251", "2 decimal places"),
        ("decimal 2 places", "3251,40", "has 2 numbers"),
        ("decimal 2 places", ".40", "2 decimal places"),
        ("decimal 2 places", "-1.40", "2 decimal places"),
        ("decimal 2 places", "1234567890123.40", "2 decimal places"),
        ("text", "", "has 0 letters"),
        ("text", "--", "has 0 letters"),
        ("text", "x" * 257, "has 257 letters"),
        ("text", "Zürich", "beyond ASCII"),
        ("text", "\ud800", "beyond ASCII"),
        ("text", "x" * 3000, "not an outcome"),
        ("text", None, "not an outcome"),
        ("digits 1", 7, "not an outcome"),
    ],
)
def test_what_is_not_plain_is_refused(form: str, writing: Any, match: str) -> None:
    with pytest.raises(EntropyError, match=match):
        canonical_value(form, writing)


FORMS = st.sampled_from(["digits 5", "dice 4", LOTTERY, "numbers 3 of 1-20 in order", "decimal 2 places", "text"])
LIKELY = st.text(alphabet="0123456789.,+/ 、０９　-xX|;\t", max_size=40)


@given(FORMS, LIKELY | st.text(max_size=40))
def test_canonical_text_is_canonical(form: str, writing: str) -> None:
    try:
        value = canonical_value(form, writing)
    except EntropyError:
        return
    assert canonical_value(form, value) == value
    seed_lines("0" * 64, [("public", "lottery", value)])


@given(st.text(max_size=60))
def test_any_text_is_a_form_or_refused(text: str) -> None:
    try:
        found = Form.parse(text, "form")
    except EntropyError:
        return
    assert found.text == text


@given(st.integers(1, 6), st.integers(0, 40), st.integers(0, 40), st.booleans(), st.randoms(use_true_random=False))
def test_numbers_in_any_order(words: int, low: int, extra: int, ordered: bool, random: Any) -> None:
    high = low + words + extra
    form = f"numbers {words} of {low}-{high}" + " in order" * ordered
    numbers = random.sample(range(low, high + 1), words)
    value = " ".join(map(str, numbers if ordered else sorted(numbers)))
    assert canonical_value(form, ",".join(f"{n:04d}" for n in numbers)) == value
    fit = high - low + 1
    assert Form.parse(form, "form").count == (math.perm if ordered else math.comb)(fit, words)


# Declarations


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"event": None}, "does not declare 'event'"),
        ({"cancelled": None}, "does not declare 'cancelled'"),
        ({"where": "x"}, "declares 'where'"),
        ({"event": 7}, "event: 7 is not text"),
        ({"event": "x" * 1025}, "at most 1024"),
        ({"form": "lottery"}, "form: 'lottery' is not a form"),
        ({"form": 7}, "form: 7 is not a form"),
        ({"outcomes": 1}, "outcomes: 1 is not a whole number from 2"),
        ({"outcomes": "9"}, "outcomes: '9' is not"),
        ({"outcomes": 17_721_089}, "outcomes: 17721089 is more than the 17721088 outcomes"),
        ({"cancelled": "again"}, "cancelled: 'again' is not one of next, void"),
        ({"cancelled": 0}, "cancelled: 0 is not one of"),
    ],
)
def test_declarations_that_are_refused(changes: dict[str, Any], match: str) -> None:
    with pytest.raises(EntropyError, match=match):
        BEACON.check_source(source(**changes))


def test_fewer_outcomes_than_the_form_are_the_declarers_caution() -> None:
    BEACON.check_source(source(outcomes=1000))
    BEACON.check_source(source(form="text", outcomes=2**53 - 1))


# Values


def test_a_value_with_its_report() -> None:
    accept(source(), "3 9 17 20 28 31 / 7")
    accept(source(form="text", outcomes=2), "HEADS")


def test_the_next_event_where_that_was_declared() -> None:
    moved: dict[str, Json] = REPORT | {"event": "synthetic lottery, draw 2031-051"}
    accept(source(cancelled="next"), "3 9 17 20 28 31 / 7", moved)
    accept(source(cancelled="next"), "3 9 17 20 28 31 / 7")


def test_what_the_report_must_say() -> None:
    line = form_only(source(), REPORT)
    assert "'synthetic lottery, draw 2031-050' was checked in its form only" in line
    assert "Synthetic Gazette" in line
    moved = form_only(source(cancelled="next"), REPORT | {"event": "draw 2031-051"})
    assert "'draw 2031-051', said to have taken the place of 'synthetic lottery, draw 2031-050'" in moved
