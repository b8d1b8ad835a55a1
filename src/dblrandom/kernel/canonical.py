"""Canonical JSON: RFC 8785 without floats, and a strict reader of it (docs/spec, section 1).

One value has one encoding, so that a digest of the bytes is a digest of the value; the reader refuses everything
that it would not itself have written.
"""

from __future__ import annotations

import json
import re
from typing import NoReturn

from dblrandom.errors import CanonicalError
from dblrandom.limits import JSON_BYTES, JSON_DEPTH, JSON_VALUES
from dblrandom.model.json import LARGEST_INTEGER, Json

__all__ = [
    "MAX_BYTES",
    "MAX_DEPTH",
    "MAX_VALUES",
    "check_bounds",
    "check_nesting",
    "decode",
    "decode_any_layout",
    "encode",
]

MAX_BYTES = JSON_BYTES
"""The longest document, in bytes."""
MAX_DEPTH = JSON_DEPTH
"""The deepest nesting; the outermost array or object is 1."""
MAX_VALUES = JSON_VALUES
"""The most values, those inside others counted too. No receipt of 16 MiB has as many: whatever can fill one (slots,
candidates, outcomes) takes more than 8 bytes for each value. Without this, brackets alone would take 50 times their
size in memory."""

# Possessive, and ended by the end of the data as well, so that no input makes it search twice over the same bytes.
_STRING = re.compile(rb'(?s)"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)')
_INNERMOST = re.compile(rb"\[\]|\{\}")
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


def encode(value: Json, where: str = "JSON") -> bytes:
    """The one canonical encoding of ``value``, UTF-8 without a final line break (RFC 8785).

    Raises:
        CanonicalError: a value that has none: a float, a key that is not text, a lone surrogate, an integer beyond
            2^53-1, nesting over 32, more than 16 MiB or 2,097,152 values.
    """
    data = _written(_ordered(value, where, 1), where)
    check_bounds(data, where)
    return data


def decode(data: bytes, where: str = "JSON") -> Json:
    """Read one canonical document; ``encode(decode(data)) == data`` for all data that it takes.

    Raises:
        CanonicalError: anything else, whatever it is.
    """
    left = check_bounds(data, where)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CanonicalError(f"byte {error.start} is not UTF-8", where=where) from error
    value = _parsed(text, where)
    if left:
        raise CanonicalError(f"nested deeper than {MAX_DEPTH}", where=where)
    again = _written(value, where)
    if again != data:
        at = next((i for i, (a, b) in enumerate(zip(again, data, strict=False)) if a != b), min(len(again), len(data)))
        raise CanonicalError(f"not in canonical form (RFC 8785) from byte {at} on; write it canonically", where=where)
    return value


def decode_any_layout(data: bytes, where: str = "JSON") -> Json:
    """Read JSON that somebody else wrote: any layout and order, and nothing that canonical JSON could not carry.

    Raises:
        CanonicalError: not UTF-8 or not JSON, a key twice, ``-0`` or a number that is not whole or beyond 2^53-1, a
            lone surrogate, a byte order mark, or over the bounds of :func:`encode`.
    """
    check_bounds(data, where)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CanonicalError(f"not JSON: byte {error.start} is not UTF-8", where=where) from error
    value = _parsed(text, where)
    encode(value, where)
    return value


def _written(value: Json, where: str) -> bytes:
    """The bytes of a value whose members are in order."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalError("a string has a lone surrogate; it is not text", where=where) from error


def _utf16(key: str) -> bytes:
    """RFC 8785 section 3.2.3 sorts by UTF-16 code units, which is not the order of code points."""
    return key.encode("utf-16-be", "surrogatepass")


def _ordered(value: object, where: str, depth: int) -> Json:
    """Copy ``value`` with its members in canonical order, refusing what has no canonical form."""
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        if not -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
            raise CanonicalError("an integer is beyond 2^53-1; write it as a string", where=where)
        return int(value)
    if not isinstance(value, (list, dict)):
        raise CanonicalError(f"a {type(value).__name__} has no canonical form; use text or integers", where=where)
    if depth > MAX_DEPTH:
        raise CanonicalError(f"nested deeper than {MAX_DEPTH}", where=where)
    if isinstance(value, list):
        return [_ordered(item, where, depth + 1) for item in value]
    if not all(isinstance(key, str) for key in value):
        raise CanonicalError("an object has a key that is not text", where=where)
    return {key: _ordered(value[key], where, depth + 1) for key in sorted(value, key=_utf16)}


def check_bounds(data: bytes, where: str = "JSON") -> bytes:
    """Bound bytes, values and nesting of JSON text, canonical or not, before a parser sees it.

    Returns:
        What :func:`check_nesting` returns.

    Raises:
        CanonicalError: over 16 MiB, over 2,097,152 values, or nested deeper than 32.
    """
    if len(data) > MAX_BYTES:
        raise CanonicalError(f"{len(data)} bytes; at most {MAX_BYTES} are allowed", where=where)
    bare = _STRING.sub(b'"', data)
    # Each value but the first one follows a comma or an opening bracket; empty brackets have none in them.
    opening, empty = bare.count(b"[") + bare.count(b"{"), bare.count(b"[]") + bare.count(b"{}")
    if 1 + bare.count(b",") + opening - empty > MAX_VALUES:
        raise CanonicalError(f"more than {MAX_VALUES} values", where=where)
    return _check_depth(bare, where)


def check_nesting(data: bytes, where: str = "JSON") -> bytes:
    """Bound the nesting of JSON text, canonical or not, before a parser, which recurses, sees it.

    A process whose limit of recursion somebody has raised would not raise an error on it, but end.

    Returns:
        The brackets that are left when 32 levels are taken away from inside: none, unless the nesting is deeper or the
        document is not JSON, which the parser can then tell without harm.

    Raises:
        CanonicalError: nested deeper than 32, and so deep that a parser might come to harm.
    """
    return _check_depth(_STRING.sub(b'"', data), where)


def _check_depth(bare: bytes, where: str) -> bytes:
    left = bare.translate(None, _NO_BRACKET)
    for _ in range(MAX_DEPTH):
        if not left:
            break
        left = _INNERMOST.sub(b"", left)
    if left.count(b"[") + left.count(b"{") > MAX_DEPTH:
        raise CanonicalError(f"nested deeper than {MAX_DEPTH}", where=where)
    return left


def _parsed(text: str, where: str) -> Json:
    def refuse(what: str) -> NoReturn:
        raise CanonicalError(what, where=where)

    def integer(digits: str) -> int:
        # Bounded before int(), whose time grows with the square of the length.
        if digits == "-0" or len(digits) > 17 or abs(int(digits)) > LARGEST_INTEGER:
            refuse("-0 is not allowed" if digits == "-0" else "an integer is beyond 2^53-1; write it as a string")
        return int(digits)

    def members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        found = dict(sorted(pairs, key=lambda member: _utf16(member[0])))
        if len(found) != len(pairs):
            seen: set[str] = set()
            twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
            refuse(f"the key {twice!r} occurs twice")
        return found

    try:
        value: Json = json.loads(
            text,
            object_pairs_hook=members,
            parse_int=integer,
            parse_float=lambda _: refuse("a number has a fraction or an exponent; only integers are allowed"),
            parse_constant=lambda name: refuse(f"{name} is not JSON"),
        )
    except json.JSONDecodeError as error:
        raise CanonicalError(f"not JSON: {error.msg} at character {error.pos}", where=where) from error
    return value
