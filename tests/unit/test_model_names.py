from __future__ import annotations

import copy
import pickle

import pytest

from dblrandom.errors import PlanError, ReceiptError
from dblrandom.model import (
    ReadOnly,
    check_date,
    check_field,
    check_hex,
    check_id,
    check_name,
    check_names_distinct,
    check_task_id,
    check_text,
    check_time,
    time_seconds,
    time_text,
)
from dblrandom.model.json import Reader, freeze, show, thaw


@pytest.mark.parametrize("name", ["a", "x-1", "a.b_c-9", "a" * 64])
def test_names_accepted(name: str) -> None:
    assert check_name(name, "n") == name


@pytest.mark.parametrize("name", ["", "A", "a" * 65, "a b", "é", "a\n", "１", None, 3, b"a"])
def test_names_refused(name: object) -> None:
    with pytest.raises(PlanError, match=r"^place: "):
        check_name(name, "place")


def test_the_error_type_is_the_callers() -> None:
    with pytest.raises(ReceiptError):
        check_name("A", "n", error=ReceiptError)


def test_a_task_id_leaves_room_for_the_names_of_its_result_rosters() -> None:
    """``<id>.selected`` must be a roster name too, or the draw would fail after the entropy is known."""
    longest = "A" * 55
    check_task_id(longest, "id")
    assert len(f"{longest}.selected") == 64
    with pytest.raises(PlanError):
        check_task_id(longest + "A", "id")


def test_names_that_differ_only_in_case_are_refused() -> None:
    check_names_distinct(["a", "b"], "n")
    with pytest.raises(PlanError, match="only in case"):
        check_names_distinct(["a", "A"], "n")
    with pytest.raises(PlanError, match="twice"):
        check_names_distinct(["a", "b", "a"], "n")


@pytest.mark.parametrize("text", ["2024-02-29T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_times_accepted(text: str) -> None:
    assert check_time(text, "t") == text
    assert time_text(time_seconds(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-29T00:00:00Z",
        "2024-02-29T24:00:00Z",
        "2016-12-31T23:59:60Z",
        "2024-02-29T00:00:00",
        "2024-02-29T00:00:00+00:00",
        "2024-02-29t00:00:00z",
        "2024-02-29 00:00:00Z",
        "2024-02-29T00:00:00.0Z",
        "0000-01-01T00:00:00Z",
        "２024-02-29T00:00:00Z",
        "2024-02-29T00:00:00Z\n",
        None,
        0,
    ],
)
def test_times_refused(text: object) -> None:
    with pytest.raises(PlanError):
        check_time(text, "t")


def test_seconds_count_from_1970() -> None:
    assert time_seconds("1970-01-01T00:00:00Z") == 0
    assert time_seconds("2024-02-01T02:00:00Z") == 1706752800
    assert time_seconds("1969-12-31T23:59:59Z") == -1
    for seconds in (10**30, -(10**12), "x"):
        with pytest.raises(PlanError):
            time_text(seconds)  # type: ignore[arg-type]


def test_hex_is_lower_case_and_of_the_length() -> None:
    assert check_hex("00ff", 4, "h") == "00ff"
    for bad in ("00FF", "00f", "00fff", "00fg", 1, None):
        with pytest.raises(PlanError):
            check_hex(bad, 4, "h")


@pytest.mark.parametrize(
    "text", ["", "a\nb", "a\tb", "\x7f", "\x85", "\u2028", "\u202e", "\u2066", "\ufeff", "\ud800", "a" * 4097, None, 1]
)
def test_texts_refused(text: object) -> None:
    with pytest.raises(PlanError):
        check_text(text, "t")


def test_texts_accepted() -> None:
    for text in ("双随机、一公开", "a b\u3000c", "\U0001f600", "a" * 4096):
        assert check_text(text, "t") == text


def test_fields_and_ids_follow_the_roster() -> None:
    assert check_field("", "f") == ""
    assert check_field("\u3000\xa0", "f")
    assert check_id("KM-0001", "i")
    check_field("é" * 512, "f")
    check_id("é" * 127, "i")
    for field in ("\t", "\x7f", "é" * 513, "\udfff", None):
        with pytest.raises(PlanError):
            check_field(field, "f")
    for row_id in ("", " a", "a ", "a\xa0b", "a\u200bb", "a\u2060", "é" * 128, "\ud800", 3):
        with pytest.raises(PlanError):
            check_id(row_id, "i")


def test_dates() -> None:
    assert check_date("2024-02-29", "d") == "2024-02-29"
    for bad in ("2023-02-29", "20240229", "2024-W09-4", "2024-2-9", None):
        with pytest.raises(PlanError):
            check_date(bad, "d")


def test_read_only_mappings_cannot_be_changed_and_copy() -> None:
    given = {"a": 1}
    mapping = ReadOnly(given)
    given["a"] = 2
    assert mapping == {"a": 1}
    assert hash(mapping) == hash(ReadOnly({"a": 1}))
    assert pickle.loads(pickle.dumps(mapping)) == copy.deepcopy(mapping) == mapping
    with pytest.raises(TypeError):
        mapping["a"] = 3  # type: ignore[index]
    with pytest.raises(AttributeError):
        mapping._members = {}


def test_freezing_is_deep_and_strict() -> None:
    given = {"a": [1, {"b": True}], "c": "x"}
    frozen = freeze(given, "p")
    given["a"].append(2)  # type: ignore[attr-defined]
    assert thaw(frozen) == {"a": [1, {"b": True}], "c": "x"}
    hash(frozen)
    deep: object = 1
    for _ in range(5000):
        deep = [deep]
    for bad in (1.5, None, {"a": None}, {1: 2}, 2**53, -(2**53), "\ud800", {"\ud800": 1}, {1, 2}, b"", deep):
        with pytest.raises(PlanError):
            freeze(bad, "p")


def test_messages_stay_short_whatever_the_value() -> None:
    """A number of 5,000 digits cannot even be printed by Python, and must not break the error that refuses it."""
    for value in (10**5000, "x" * 10**6, [1] * 10**6, {"a": 1}, None, 1.5, object()):
        assert len(show(value)) < 80


def test_a_reader_knows_its_members() -> None:
    with pytest.raises(PlanError, match="did you mean 'scope'"):
        Reader({"scop": 1}, "p", ("scope", "count"))
    with pytest.raises(PlanError, match="known are count, scope"):
        Reader({1: 1}, "p", ("scope", "count"))
    reader = Reader({"a": True, "b": "x", "c": None, "d": [1]}, "p", ("a", "b", "c", "d", "e"))
    for call in (
        lambda: reader.whole("a"),
        lambda: reader.whole("b"),
        lambda: reader.flag("b"),
        lambda: reader.text("a"),
        lambda: reader.text_or_none("c"),
        lambda: reader.whole_or_none("c"),
        lambda: reader.texts("d"),
        lambda: reader.texts("b"),
        lambda: reader.value("e"),
    ):
        with pytest.raises(PlanError, match=r"^p\."):
            call()  # type: ignore[no-untyped-call]
    assert reader.text_or_none("e") is None
