"""A strict reader of DER (X.690): one encoding for each value, definite lengths, nothing left over.

It knows only what a time-stamp token needs (docs/spec/timestamps.md). Nothing recurses, so no depth can exhaust it.
"""

from __future__ import annotations

from attrs import frozen

from dblrandom import limits
from dblrandom.errors import KeyFileError

__all__ = [
    "BIT_STRING",
    "BOOLEAN",
    "GENERAL_TIME",
    "INTEGER",
    "NULL",
    "OCTETS",
    "OID",
    "SEQUENCE",
    "SET",
    "Fields",
    "Node",
    "context",
    "encode",
    "encode_integer",
    "node",
]

BOOLEAN, INTEGER, BIT_STRING, OCTETS, NULL, OID = 1, 2, 3, 4, 5, 6
GENERAL_TIME, SEQUENCE, SET = 0x18, 0x30, 0x31

_MOST_PARTS = limits.DER_PARTS


def context(number: int, *, constructed: bool = True) -> int:
    """The tag ``[number]``."""
    return (0xA0 if constructed else 0x80) | number


@frozen
class Node:
    """One encoded value: its tag, its content, and the whole of its bytes."""

    tag: int
    content: bytes
    whole: bytes
    where: str

    def fail(self, what: str) -> KeyFileError:
        """The error for a value that is not what it must be."""
        return KeyFileError(what, where=self.where)

    def expect(self, tag: int, what: str) -> Node:
        """This value, if it has that tag."""
        if self.tag != tag:
            raise self.fail(f"{what} is not where it must be (tag {self.tag:#04x}, not {tag:#04x})")
        return self

    def parts(self) -> tuple[Node, ...]:
        """The values one after another in the content."""
        found: list[Node] = []
        rest = self.content
        while rest:
            if len(found) == _MOST_PARTS:
                raise self.fail(f"a value has more than {_MOST_PARTS} parts")
            first = _first(rest, self.where)
            found.append(first)
            rest = rest[len(first.whole) :]
        return tuple(found)

    def fields(self, what: str, tag: int = SEQUENCE) -> Fields:
        """The parts of a sequence, to be taken in order."""
        return Fields(self.expect(tag, what).parts(), what, self.where)

    def integer(self, what: str) -> int:
        """The value of an INTEGER of at most 64 bytes in its shortest form."""
        content = self.expect(INTEGER, what).content
        padded = len(content) > 1 and content[0] in (0, 0xFF) and content[0] >> 7 == content[1] >> 7
        if not 1 <= len(content) <= 64 or padded:
            raise self.fail(f"{what} is not an integer of 1 to 64 bytes in its shortest form")
        return int.from_bytes(content, "big", signed=True)

    def oid(self, what: str) -> str:
        """The value of an OBJECT IDENTIFIER in dotted form."""
        content = self.expect(OID, what).content
        if not 1 <= len(content) <= 64 or content[-1] & 0x80:
            raise self.fail(f"{what} is not an object identifier")
        arcs, arc = [], 0
        for octet in content:
            if arc == 0 and octet == 0x80:
                raise self.fail(f"{what} is not an object identifier in its shortest form")
            arc = arc << 7 | octet & 0x7F
            if not octet & 0x80:
                arcs.append(arc)
                arc = 0
        top = min(arcs[0] // 40, 2)
        return ".".join(str(number) for number in (top, arcs[0] - 40 * top, *arcs[1:]))


class Fields:
    """The parts of a sequence, taken from the front; :meth:`end` refuses what nobody asked for."""

    def __init__(self, parts: tuple[Node, ...], what: str, where: str) -> None:
        self._parts = list(parts)
        self._what = what
        self._where = where

    def take(self, tag: int, what: str) -> Node:
        """The next part, which must be there and have that tag."""
        if not self._parts:
            raise KeyFileError(f"{self._what} ends before {what}", where=self._where)
        return self._parts.pop(0).expect(tag, what)

    def optional(self, tag: int) -> Node | None:
        """The next part where it has that tag."""
        return self._parts.pop(0) if self._parts and self._parts[0].tag == tag else None

    def end(self) -> None:
        """Refuse further parts."""
        if self._parts:
            raise self._parts[0].fail(f"{self._what} has a part that does not belong there")


def node(data: bytes, where: str) -> Node:
    """The one value that the bytes encode.

    Raises:
        KeyFileError: they are not one DER value from the first byte to the last.
    """
    found = _first(data, where)
    if len(found.whole) != len(data):
        raise found.fail(f"{len(data) - len(found.whole)} bytes follow its end")
    return found


def _first(data: bytes, where: str) -> Node:
    """The value at the beginning of the bytes."""
    if len(data) < 2:
        raise KeyFileError("is cut short", where=where)
    tag, length, start = data[0], data[1], 2
    if tag & 0x1F == 0x1F:
        raise KeyFileError("has a tag of several bytes, which nothing here has", where=where)
    if length & 0x80:
        count = length & 0x7F
        start += count
        if not 1 <= count <= 4 or len(data) < start:
            raise KeyFileError("has a length that is not definite, or is cut short", where=where)
        length = int.from_bytes(data[2:start], "big")
        if length < 0x80 or data[2] == 0:
            raise KeyFileError("has a length that is not in its shortest form", where=where)
    if len(data) < start + length:
        raise KeyFileError("is cut short", where=where)
    return Node(tag, data[start : start + length], data[: start + length], where)


def encode(tag: int, *contents: bytes) -> bytes:
    """The encoding of a value of less than 16 MiB."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def encode_integer(value: int) -> bytes:
    """The encoding of an INTEGER that is not negative."""
    return encode(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))
