from __future__ import annotations

import time
from typing import Any

import pytest

from dblrandom.errors import CanonicalError
from dblrandom.kernel.canonical import MAX_BYTES, decode, encode
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
    ],
)
def test_hostile_megabytes_are_refused_soon(data: bytes) -> None:
    """Each would take minutes where the scan could start again at every quote, or where int() saw the digits."""
    start = time.perf_counter()
    with pytest.raises(CanonicalError):
        decode(data)
    assert time.perf_counter() - start < 5


def test_message_says_where_the_form_is_left() -> None:
    with pytest.raises(CanonicalError, match="from byte 3 on"):
        decode(b"[1, 2]")
    with pytest.raises(CanonicalError, match="key 'a' occurs twice"):
        decode(b'{"a":1,"a":1}')
    with pytest.raises(CanonicalError, match="-0"):
        decode(b"[-0]")
