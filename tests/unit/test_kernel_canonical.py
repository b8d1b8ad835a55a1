from __future__ import annotations

import time
from typing import Any

import pytest

from dblrandom.errors import CanonicalError
from dblrandom.kernel.canonical import MAX_BYTES, MAX_VALUES, decode, encode
from dblrandom.model import Scope


def test_members_are_sorted_by_utf16_units() -> None:
    value = {"\uffff": 1, "\U00010000": 2, "a": 3, "\r": 4, "ö": 5}
    expected = '{"\\r":4,"a":3,"ö":5,"\U00010000":2,"\uffff":1}'
    assert encode(value) == expected.encode()


def test_text_of_an_enumeration_is_text() -> None:
    assert encode({Scope.FRAME: Scope.TOTAL}) == b'{"frame":"total"}'


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        float("nan"),
        2**53,
        -(2**53),
        10**400,
        b"bytes",
        (1, 2),
        {1: 2},
        {None: 1},
        {"a": {1, 2}},
        "\ud800",
        {"\udc00": 1},
        {"a": ["\ud83d\ude00"]},
        object(),
    ],
)
def test_no_canonical_form(value: Any) -> None:
    with pytest.raises(CanonicalError, match=r"^body: "):
        encode(value, "body")


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth - 1):
        value = [value]
    return value


def test_depth_of_values() -> None:
    assert decode(encode(nested(32))) == nested(32)
    with pytest.raises(CanonicalError, match="deeper than 32"):
        encode(nested(33))
    with pytest.raises(CanonicalError, match="deeper than 32"):
        encode(nested(5000))


def test_a_value_inside_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(CanonicalError, match="deeper than 32"):
        encode(value)  # type: ignore[arg-type]


def test_size() -> None:
    fits = b'"' + b"x" * (MAX_BYTES - 2) + b'"'
    assert len(encode(decode(fits))) == MAX_BYTES
    with pytest.raises(CanonicalError, match="at most 16777216"):
        decode(fits + b" ")
    with pytest.raises(CanonicalError, match="at most 16777216"):
        encode("x" * (MAX_BYTES - 1))


def test_values_are_bounded_whoever_writes_them() -> None:
    """Brackets alone would take fifty times their size in memory, and what cannot be read back is not written."""
    for fits, one in (
        (b"[" + b"0," * (MAX_VALUES - 2) + b"0]", b"0"),
        (b"[" + b"[]," * (MAX_VALUES - 2) + b"{}]", b""),
    ):
        assert len(encode(decode(fits))) == len(fits)
        with pytest.raises(CanonicalError, match="body: more than 2097152 values"):
            decode(fits[:-1] + b"," + (one or b"[]") + b"]", "body")
    with pytest.raises(CanonicalError, match="more than 2097152 values"):
        encode([0] * MAX_VALUES)
    start = time.process_time()
    with pytest.raises(CanonicalError, match="values"):
        decode(b"[" + b"[]," * 5_000_000 + b"[]]")
    assert time.process_time() - start < 10


def test_characters_in_strings_are_no_values() -> None:
    assert decode(b'"' + b"[,{" * 1_000_000 + b'"') == "[,{" * 1_000_000


def test_the_largest_lawful_receipts_are_read() -> None:
    """A draw of 100,000 teams of two among 1,000,000, and results for 400,000 targets, each with the shortest entry."""
    slot = {"eligible": 400, "recused": 0, "role": "member", "target": "915301020000000000"}
    assert decode(encode({"slots": [slot] * 200_000})) == {"slots": [slot] * 200_000}
    outcome = {"codes": ["closed"], "id": "123456"}
    assert decode(encode([outcome] * 400_000)) == [outcome] * 400_000


@pytest.mark.parametrize(
    "data",
    [
        b'"' + b'\\"' * 1_000_000,
        b'"' * 999_999,
        b'"' + b"\\" * 1_000_000,
        b"[" * 1_000_000,
        b"[" + b'"[",' * 250_000 + b'"[]]]"',
        b"9" * 1_000_000,
        b"-" + b"9" * 1_000_000,
        b'{"a":' * 200_000,
        b"[" * 16 + b"[" * 16 + b"]" * 15 + b"}" * 1_000_000,
        b"[" + (b"[" * 32 + b"]" * 32 + b",") * 30_000 + b"[]]",
    ],
)
def test_hostile_megabytes_are_refused_soon(data: bytes) -> None:
    """Each would take minutes where the scan could start again at every quote, or where int() saw the digits."""
    start = time.process_time()
    with pytest.raises(CanonicalError):
        decode(data)
    assert time.process_time() - start < 20


def test_message_says_where_the_form_is_left() -> None:
    with pytest.raises(CanonicalError, match="from byte 3 on"):
        decode(b"[1, 2]")
    with pytest.raises(CanonicalError, match="key 'a' occurs twice"):
        decode(b'{"a":1,"a":1}')
    with pytest.raises(CanonicalError, match="-0"):
        decode(b"[-0]")
