"""Parquet's footer taken apart and put together again: Thrift's compact protocol, as far as a footer needs it.

So that tests can make files whose metadata say something else than their pages.
"""

from __future__ import annotations

from typing import Any

Field = list[Any]  # number, type, value
Struct = list[Field]


def read(data: bytes) -> tuple[Struct, bytes]:
    """The footer of a file, and all that comes before it."""
    start = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    return _struct(data, start)[0], data[:start]


def write(footer: Struct, before: bytes) -> bytes:
    """A file with this footer."""
    made = _written(12, footer)
    return before + made + len(made).to_bytes(4, "little") + b"PAR1"


def get(struct: Struct, number: int) -> Field:
    """The field of this number."""
    return next(field for field in struct if field[0] == number)


def put(struct: Struct, number: int, kind: int, value: Any) -> None:
    """Set the field of this number."""
    struct[:] = sorted([*(field for field in struct if field[0] != number), [number, kind, value]], key=lambda f: f[0])


def groups(footer: Struct) -> list[Struct]:
    """The row groups."""
    found: list[Struct] = get(footer, 4)[2][1]
    return found


def column(group: Struct, place: int) -> Struct:
    """The metadata of a row group's column."""
    found: Struct = get(get(group, 1)[2][1][place], 3)[2]
    return found


def _number(data: bytes, at: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        byte = data[at]
        at += 1
        found |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return found, at


def _value(data: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (1, 2):
        return kind == 1, at
    if kind == 3:
        return data[at], at + 1
    if kind in (4, 5, 6):
        found, at = _number(data, at)
        return (found >> 1) ^ -(found & 1), at
    if kind == 7:
        return data[at : at + 8], at + 8
    if kind == 8:
        size, at = _number(data, at)
        return data[at : at + size], at + size
    return _list(data, at) if kind in (9, 10) else _struct(data, at)


def _list(data: bytes, at: int) -> tuple[Any, int]:
    size, kind = data[at] >> 4, data[at] & 15
    at += 1
    if size == 15:
        size, at = _number(data, at)
    found = []
    for _ in range(size):
        if kind in (1, 2):
            each, at = data[at] == 1, at + 1
        else:
            each, at = _value(data, at, kind)
        found.append(each)
    return (kind, found), at


def _struct(data: bytes, at: int) -> tuple[Struct, int]:
    found: Struct = []
    number = 0
    while data[at]:
        step, kind = data[at] >> 4, data[at] & 15
        at += 1
        if step:
            number += step
        else:
            zigzag, at = _number(data, at)
            number = (zigzag >> 1) ^ -(zigzag & 1)
        value, at = _value(data, at, kind)
        found.append([number, kind, value])
    return found, at + 1


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 127:
        made.append(number & 127 | 128)
        number >>= 7
    return bytes([*made, number])


def _zigzag(number: int) -> bytes:
    return _varint((number << 1) ^ (number >> 63))


def _written(kind: int, value: Any) -> bytes:
    if kind in (1, 2):
        return b""
    if kind == 3:
        return bytes([value])
    if kind in (4, 5, 6):
        return _zigzag(value)
    if kind == 7:
        return bytes(value)
    if kind == 8:
        return _varint(len(value)) + value
    if kind in (9, 10):
        inner, each = value
        head = bytes([len(each) << 4 | inner]) if len(each) < 15 else bytes([0xF0 | inner]) + _varint(len(each))
        return head + b"".join(bytes([1 if e else 2]) if inner in (1, 2) else _written(inner, e) for e in each)
    made, last = b"", 0
    for number, of, inner in value:
        actual = (1 if inner else 2) if of in (1, 2) else of
        step = number - last
        made += bytes([step << 4 | actual]) if 0 < step < 16 else bytes([actual]) + _zigzag(number)
        made, last = made + _written(actual, inner), number
    return made + b"\0"
