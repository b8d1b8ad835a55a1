"""Tickets: the one number for each unit by which a draw is decided (docs/spec, section 4).

A *candidate* is a ticket's 32 bytes followed by the bytes of its id, so that comparing candidates as bytes is
comparing (ticket, id), which is the order of the draw.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sized

from dblrandom.errors import InputError
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.text import is_hex

__all__ = ["candidates", "lowest", "ticket"]


def ticket(suite: Suite, key: str, unit_id: bytes) -> bytes:
    """The ticket of one unit: the hash of the key, a colon and the id's UTF-8 bytes; 32 bytes.

    Raises:
        InputError: the key is not 32 lower-case hex characters.
    """
    return suite.hash(_prefix(key) + unit_id)


def candidates(suite: Suite, key: str, ids: Iterable[bytes]) -> Iterator[bytes]:
    """The candidate of each id, in the order given; lazily, with one hash for each.

    Raises:
        InputError: the key is not 32 lower-case hex characters (at once, before the first candidate).
    """
    prefix = _prefix(key)
    digest = suite.hash
    return (digest(prefix + unit_id) + unit_id for unit_id in ids)


def lowest(suite: Suite, key: str, ids: Iterable[bytes], k: int) -> list[bytes]:
    """The ``k`` lowest candidates, ascending (all of them where there are fewer); holds no more than it must.

    Raises:
        InputError: the key is not 32 lower-case hex characters.
    """
    found = candidates(suite, key, ids)
    if k <= 0:
        return []
    if isinstance(ids, Sized) and 20 * k >= len(ids):
        # A heap of a good part of everything costs more time and memory than one sort.
        return sorted(found)[:k]
    return heapq.nsmallest(k, found)


def _prefix(key: str) -> bytes:
    if not is_hex(key, 32):
        raise InputError(f"{key!r} is not a draw key; 32 lower-case hex characters are", where="ticket")
    return f"{key}:".encode("ascii")
