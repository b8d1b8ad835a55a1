"""Lines, decimals and hashes as the formats of C2SP write them, each in its one form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from dblrandom.errors import InputError, VerificationError
from dblrandom.kernel.dsse import b64decode, b64encode
from dblrandom.model.json import LARGEST_INTEGER, show

__all__ = ["HASH_SIZE", "checked", "hashes_and_note", "lines_of", "read_decimal", "read_hash", "read_hashes_and_note"]

HASH_SIZE = 32
"""Bytes of SHA-256, which every hash of a log is, whatever the suites of its ceremonies."""

_DECIMAL = re.compile("0|[1-9][0-9]*")
# Tested by hand rather than by splitlines(), which knows many more line breaks than these formats do.
_UNLAWFUL = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")


@contextmanager
def checked() -> Iterator[None]:
    """Make what is malformed a check that failed: evidence of the wrong form proves nothing.

    Raises:
        VerificationError: with the check ``log``, for every :class:`~dblrandom.errors.InputError` of the block.
    """
    try:
        yield
    except InputError as error:
        raise VerificationError("log", str(error)) from error


def lines_of(text: object, most: int, where: str) -> list[str]:
    """The lines of a text, every one of which ends in a line feed, the last one too.

    Raises:
        InputError: not text, longer than ``most`` characters, a control character or half a surrogate pair in it, or
            an end that is cut off.
    """
    if not isinstance(text, str):
        raise InputError(f"{show(text)} is not text", where=where)
    if len(text) > most:
        raise InputError(f"has {len(text)} characters; at most {most} are allowed", where=where)
    if found := _UNLAWFUL.search(text):
        raise InputError(f"has the character U+{ord(found[0]):04X}, which may not stand there", where=where)
    if not text.endswith("\n"):
        raise InputError("does not end in a line break; it is cut off", where=where)
    return text.split("\n")[:-1]


def read_decimal(text: str, what: str, where: str) -> int:
    """A whole number up to 2^53-1 in decimal, without sign and leading zeros.

    Raises:
        InputError: anything else.
    """
    if not _DECIMAL.fullmatch(text):
        raise InputError(f"{show(text)} is not a {what} in decimal without leading zeros", where=where)
    # Bounded before int(), whose time grows with the square of the length.
    if len(text) > 16 or int(text) > LARGEST_INTEGER:
        raise InputError(f"{show(text)} is over {LARGEST_INTEGER}, the greatest {what}", where=where)
    return int(text)


def read_hash(text: str, what: str, where: str) -> bytes:
    """A hash of 32 bytes in standard padded base64.

    Raises:
        InputError: anything else.
    """
    data = b64decode(text, f"{where}: {what}")
    if len(data) != HASH_SIZE:
        raise InputError(f"the {what} has {len(data)} bytes, not {HASH_SIZE}", where=where)
    return data


def hashes_and_note(hashes: Iterable[bytes], note: str) -> str:
    """Hashes, a line each, an empty line, and a signed note: the end of a proof and of a request."""
    lines = "".join(f"{b64encode(each)}\n" for each in hashes)
    return f"{lines}\n{note}"


def read_hashes_and_note(lines: Sequence[str], most: int, what: str, where: str) -> tuple[tuple[bytes, ...], str]:
    """Read what :func:`hashes_and_note` writes; the note is verbatim, and nothing in it is checked.

    Raises:
        InputError: no empty line after at most ``most`` hashes, or one that is malformed.
    """
    if "" not in lines[: most + 1]:
        raise InputError(f"has no empty line after at most {most} hashes", where=where)
    end = lines.index("")
    hashes = tuple(read_hash(line, f"hash {n} of the {what}", where) for n, line in enumerate(lines[:end], 1))
    return hashes, "".join(f"{line}\n" for line in lines[end + 1 :])
