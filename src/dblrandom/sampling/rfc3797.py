"""The random selection of RFC 3797, for comparison and for old draws; no task can name it.

The IETF has chosen its nominating committees with it since 2004, and its section 4 is the model for our public
events. What it lacks beside this project's draw: its hash is MD5; a selection depends on the order of the pool,
and leaving one person out moves others; there are no strata, no reserves and no commitment.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import attrs

from dblrandom.errors import EntropyError, PlanError
from dblrandom.model.json import listed, show, whole

__all__ = ["Pick", "key_string", "select"]

LARGEST_POOL = 65535
"""The most that the two bytes around the key can count."""

_KEY = re.compile(r"(?:(?:[0-9]+\.)+/)+")
_LONGEST_KEY = 4096


@attrs.frozen
class Pick:
    """One step of a selection, a line of the table in section 6 of the RFC.

    Attributes:
        index: from 0, the number that stands in two bytes before and after the key.
        digest: MD5 of these, 32 lower-case hex characters.
        divisor: how many of the pool are left.
        selected: who was selected: the position in the pool, from 1.
    """

    index: int
    digest: str
    divisor: int
    selected: int


def key_string(sources: Sequence[Sequence[int]]) -> str:
    """The key of whole numbers from each source, in the published order of sources (section 4).

    Within a source the numbers are sorted, so that the order in which they fell does not matter. Each is written
    without leading zeros and followed by a full stop; each source ends in a stroke.

    Raises:
        EntropyError: no source, a source without numbers, what is not a whole number, or a key of over 4096 characters.
    """
    parts = []
    for place, numbers in enumerate(listed(sources, "sources", error=EntropyError)):
        where = f"source {place + 1}"
        found = sorted(whole(n, where, error=EntropyError) for n in listed(numbers, where, error=EntropyError))
        parts.append("".join(f"{number}." for number in found) + "/")
    key = "".join(parts)
    _check_key(key)
    return key


def select(key: str, pool: int, count: int) -> tuple[Pick, ...]:
    """Select ``count`` of a published list of ``pool``, in order (section 4).

    For each index, MD5 over the index in two bytes, the key, and the index again is a number; its remainder by those
    who are left says which of them, in the order of the list, is next.

    Raises:
        EntropyError: a key of another form.
        PlanError: a pool over 65535, or more to select than there are.
    """
    _check_key(key)
    left = list(range(1, _within(pool, LARGEST_POOL, "pool") + 1))
    picks = []
    for index in range(_within(count, pool, "count")):
        edge = index.to_bytes(2, "big")
        digest = hashlib.md5(edge + key.encode("ascii") + edge, usedforsecurity=False).digest()
        divisor = len(left)
        chosen = left.pop(int.from_bytes(digest, "big") % divisor)
        picks.append(Pick(index, digest.hex(), divisor, chosen))
    return tuple(picks)


def _check_key(key: object) -> None:
    if not isinstance(key, str) or len(key) > _LONGEST_KEY or _KEY.fullmatch(key) is None:
        raise EntropyError(f"{show(key)} is not a key such as '9319./2.5.12./'", where="key")


def _within(value: object, most: int, where: str) -> int:
    number = whole(value, where, minimum=1)
    if number > most:
        raise PlanError(f"{number} is over {most}", where=where)
    return number
