"""Consistency proofs: that a tree only grew (RFC 9162 section 2.1.4).

Everything else about trees is :mod:`dblrandom.kernel.merkle`; a log's hash is SHA-256, whatever the ceremonies' suites.
"""

from __future__ import annotations

from collections.abc import Sequence

from dblrandom import limits
from dblrandom.errors import InputError, VerificationError
from dblrandom.kernel.merkle import tree_hash
from dblrandom.kernel.suite import SHA256
from dblrandom.tlog.texts import HASH_SIZE

__all__ = ["MAX_PATH", "check_consistency", "consistency_path", "root_of"]

MAX_PATH = limits.TREE_PATH
"""The most hashes of a proof, as C2SP tlog-witness bounds them."""


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; of none, the hash of nothing."""
    return tree_hash(SHA256, leaves)


def consistency_path(leaves: Sequence[bytes], old: int) -> list[bytes]:
    """The proof that the tree over the first ``old`` of these leaf hashes is a beginning of the tree over all.

    It is empty for ``old`` equal to 0 or to the number of leaves.

    Raises:
        InputError: there are fewer leaves than ``old``.
    """
    if not 0 <= old <= len(leaves):
        raise InputError(f"a tree of {len(leaves)} has no beginning of {old}", where="consistency proof")
    found: list[bytes] = []
    low, high, own = 0, len(leaves), True
    while 0 < old != high:
        # Walks from the root to the edge of the old tree: on the left way the old root itself stays provable.
        split = low + (1 << (high - low - 1).bit_length() - 1)
        if old <= split:
            found.append(root_of(leaves[split:high]))
            high = split
        else:
            found.append(root_of(leaves[low:split]))
            low, own = split, False
    if not own:
        found.append(root_of(leaves[low:high]))
    return found[::-1]


def check_consistency(old: int, new: int, old_root: bytes, new_root: bytes, path: Sequence[bytes]) -> None:
    """Check that the tree of size ``new`` begins with the tree of size ``old`` (RFC 9162 section 2.1.4.2).

    Raises:
        VerificationError: the tree shrank, forks, was rewritten, or the proof is not the one for these sizes.
    """
    if new < old:
        raise _fails(f"the log shrinks, from {old} entries to {new}")
    if any(len(step) != HASH_SIZE for step in path) or len(path) > MAX_PATH:
        raise _fails(f"a consistency proof is at most {MAX_PATH} hashes of {HASH_SIZE} bytes")
    if old in (0, new):
        if path:
            raise _fails(f"sizes {old} and {new} need no consistency proof, and this one has {len(path)} hashes")
        if old == new and old_root != new_root:
            raise _fails(f"the log forks: two roots for {old} entries")
        if old == 0 and old_root != root_of(()):
            raise _fails("the root of no entries is not the hash of nothing")
        return
    first, second = _roots(old, new, old_root, path)
    if first != old_root or second != new_root:
        raise _fails(f"the first {old} of {new} entries are not those that were there: the log was rewritten")


def _roots(old: int, new: int, old_root: bytes, path: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The old and the new root that the proof leads to."""
    # A full old tree is itself a node of the new one, and its root is left out of the proof.
    steps = [old_root, *path] if old & (old - 1) == 0 else [*path]
    place, last = old - 1, new - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    if not steps:
        raise _fails("the consistency proof is empty")
    first = second = steps[0]
    for step in steps[1:]:
        if last == 0:
            raise _fails(f"the consistency proof is longer than sizes {old} and {new} need")
        if place & 1 or place == last:
            first, second = root_of((step, first)), root_of((step, second))
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            second = root_of((second, step))
        place, last = place >> 1, last >> 1
    if last:
        raise _fails(f"the consistency proof is shorter than sizes {old} and {new} need")
    return first, second


def _fails(message: str) -> VerificationError:
    return VerificationError("log", message)
