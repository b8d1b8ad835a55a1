from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from dblrandom.errors import CanonicalError
from dblrandom.kernel.canonical import decode, encode

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


def shuffled(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: shuffled(value[key]) for key in reversed(value)}
    return [shuffled(item) for item in value] if isinstance(value, list) else value


def in_utf16_order(value: Any) -> bool:
    if isinstance(value, dict):
        keys = [key.encode("utf-16-be") for key in value]
        return keys == sorted(keys) and all(map(in_utf16_order, value.values()))
    return all(map(in_utf16_order, value)) if isinstance(value, list) else True


def one_line(error: Exception) -> None:
    assert str(error).isprintable()


@given(VALUES)
def test_round_trip(value: Any) -> None:
    data = encode(value)
    assert decode(data) == value
    assert encode(shuffled(value)) == data
    assert in_utf16_order(json.loads(data))


@given(VALUES, st.data())
def test_any_other_bytes_of_the_same_value_are_refused(value: Any, data: st.DataObject) -> None:
    """JSON has many spellings of a value; whatever the standard library writes, at most one of them is taken."""
    ascii_only, indent = data.draw(st.booleans()), data.draw(st.none() | st.integers(0, 2))
    other = json.dumps(shuffled(value), ensure_ascii=ascii_only, indent=indent).encode()
    if other != encode(value):
        try:
            decode(other)
        except CanonicalError:
            return
        raise AssertionError(other)


@given(st.binary(max_size=40) | st.text(alphabet='[]{}":,\\u0123456789abcdefntrl-+.eE \n\ud800', max_size=40))
@example(b'{"a":1,"a":1}')
@example("[" * 40)
def test_any_bytes_are_taken_as_they_are_or_refused(data: bytes | str) -> None:
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    try:
        value = decode(raw)
    except CanonicalError as error:
        one_line(error)
    else:
        assert encode(value) == raw


@given(VALUES, st.data())
def test_a_changed_byte_is_another_value_or_refused(value: Any, data: st.DataObject) -> None:
    raw = bytearray(encode(value))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(CanonicalError):
        assert decode(bytes(raw)) != value
