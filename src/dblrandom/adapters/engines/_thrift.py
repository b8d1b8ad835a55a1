"""Structures of Thrift's compact protocol, as Parquet has them, read with a budget and without leniency.

A Parquet file's own reader makes a kilobyte of memory out of three bytes of its footer, and takes what is there twice
by its last occurrence. Here each part is counted, and what an honest writer never does is refused.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Malformed", "Structures"]

_DEEPEST = 16
_BOOLEANS = (1, 2)
_INTEGERS = (4, 5, 6)
_LISTS = (9, 10)
_STRUCT = 12


class Malformed(ValueError):
    """Bytes that no honest writer makes, or more parts than are allowed."""


class Structures:
    """Reads structures one after another, as dictionaries from the number of a field to its value.

    Args:
        parts: how many members of lists there may be in all.
    """

    def __init__(self, parts: int) -> None:
        self._left = parts

    def read(self, data: bytes, place: int, depth: int = 1) -> tuple[dict[int, Any], int]:
        """The structure at ``place``, and where it ends.

        Raises:
            IndexError: the data end before it does.
            Malformed: as the class says.
        """
        if depth > _DEEPEST:
            raise Malformed("its metadata are nested too deeply")
        found: dict[int, Any] = {}
        number = 0
        while True:
            head = data[place]
            place += 1
            if not head:
                return found, place
            if head >> 4:
                number += head >> 4
            else:
                number, place = _zigzag(data, place)
            if number in found:
                raise Malformed("its metadata have one field twice")
            found[number], place = self._value(data, place, head & 15, depth)

    def _value(self, data: bytes, place: int, kind: int, depth: int) -> tuple[Any, int]:
        if kind in _INTEGERS:
            return _zigzag(data, place)
        if kind == 8:
            size, place = _varint(data, place)
            if place + size > len(data):
                raise IndexError
            return data[place : place + size], place + size
        if kind == _STRUCT:
            return self.read(data, place, depth + 1)
        if kind in _BOOLEANS:
            return kind == 1, place
        if kind in _LISTS:
            return self._list(data, place, depth)
        if kind in (3, 7):
            end = place + (1 if kind == 3 else 8)
            if end > len(data):
                raise IndexError
            return data[place:end], end
        raise Malformed(f"its metadata have a value of the unknown kind {kind}")

    def _list(self, data: bytes, place: int, depth: int) -> tuple[list[Any], int]:
        head = data[place]
        size, kind, place = head >> 4, head & 15, place + 1
        if size == 15:
            size, place = _varint(data, place)
        self._left -= size
        if self._left < 0:
            raise Malformed("its metadata have too many parts; write it in fewer and larger row groups and pages")
        found = []
        for _ in range(size):
            if kind in _BOOLEANS:
                value, place = data[place] == 1, place + 1
            else:
                value, place = self._value(data, place, kind, depth)
            found.append(value)
        return found, place


def _varint(data: bytes, place: int) -> tuple[int, int]:
    found = shift = 0
    while True:
        byte = data[place]
        place += 1
        found |= (byte & 127) << shift
        if byte < 128:
            return found, place
        shift += 7
        if shift > 63:
            raise Malformed("its metadata have a number of more than 64 bits")


def _zigzag(data: bytes, place: int) -> tuple[int, int]:
    found, place = _varint(data, place)
    return (found >> 1) ^ -(found & 1), place
