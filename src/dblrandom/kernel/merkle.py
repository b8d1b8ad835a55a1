"""Merkle trees and audit paths of RFC 9162 section 2.1, over any suite (docs/spec, section 2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dblrandom.errors import RosterError
from dblrandom.kernel.suite import Suite

__all__ = ["Tree", "inclusion_path", "leaf_hash", "root_from_path", "tree_hash"]

_SIZE = 32


def leaf_hash(suite: Suite, data: bytes) -> bytes:
    """The hash of a leaf: of a zero byte and its data."""
    return suite.hash(b"\x00" + data)


def _node(suite: Suite, left: bytes, right: bytes) -> bytes:
    return suite.hash(b"\x01" + left + right)


def tree_hash(suite: Suite, leaves: Iterable[bytes]) -> bytes:
    """The root over leaf hashes, holding only one hash for each level at a time.

    No leaves: the hash of nothing.
    """
    stack: list[tuple[int, bytes]] = []
    for leaf in leaves:
        height, top = 0, leaf
        while stack and stack[-1][0] == height:
            top = _node(suite, stack.pop()[1], top)
            height += 1
        stack.append((height, top))
    if not stack:
        return suite.hash(b"")
    root = stack.pop()[1]
    while stack:
        root = _node(suite, stack.pop()[1], root)
    return root


class Tree:
    """All levels of a tree, from which each audit path is read without hashing; 64 bytes for a leaf.

    Args:
        suite: the suite of the hashes.
        leaves: the leaf hashes, 32 bytes each, in order.
    """

    def __init__(self, suite: Suite, leaves: Iterable[bytes]) -> None:
        level = _joined(leaves)
        self.size = len(level) // _SIZE
        """The number of leaves."""
        self._levels = [level]
        while len(level) > _SIZE:
            level = _level_above(suite, level)
            self._levels.append(level)
        self.root = level or suite.hash(b"")
        """The root, 32 bytes."""

    @property
    def levels(self) -> tuple[bytes, ...]:
        """The hashes of each level, joined, from the leaves to the root; none where there are no leaves."""
        return tuple(self._levels) if self.size else ()

    def leaf(self, index: int) -> bytes:
        """The hash of a leaf.

        Raises:
            RosterError: there is no such leaf.
        """
        _check_index(index, self.size)
        return self._levels[0][index * _SIZE : (index + 1) * _SIZE]

    def path(self, index: int) -> list[bytes]:
        """The audit path of a leaf, from the leaf to the root (RFC 9162 section 2.1.3.1).

        Raises:
            RosterError: there is no such leaf.
        """
        _check_index(index, self.size)
        found = []
        for level in self._levels[:-1]:
            start = (index ^ 1) * _SIZE
            if start < len(level):
                found.append(level[start : start + _SIZE])
            index >>= 1
        return found


def _level_above(suite: Suite, level: bytes) -> bytes:
    """The hashes of the pairs of a level; one that is left over goes up as it is."""
    pair = 2 * _SIZE
    whole = len(level) - len(level) % pair
    digest = suite.hash
    return _joined(digest(b"\x01" + level[at : at + pair]) for at in range(0, whole, pair)) + level[whole:]


def _joined(hashes: Iterable[bytes]) -> bytes:
    # join() would first make a list, which for a million leaves holds twice the memory of the hashes themselves.
    joined = bytearray()
    for each in hashes:
        joined += each
    return bytes(joined)


def inclusion_path(suite: Suite, leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of one leaf among ``leaf_hashes``; for many paths of one tree use :class:`Tree`.

    Raises:
        RosterError: there is no such leaf.
    """
    return Tree(suite, leaf_hashes).path(index)


def root_from_path(suite: Suite, leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """The root that a leaf hash and its audit path lead to (RFC 9162 section 2.1.3.2).

    Raises:
        RosterError: the index is not below the size, the path has not the length that they ask for, or a hash has not
            32 bytes.
    """
    _check_index(index, size)
    if len(leaf) != _SIZE:
        raise RosterError(f"a leaf hash of {len(leaf)} bytes; it has {_SIZE}", where="audit path")
    place, last, root = index, size - 1, leaf
    for step in path:
        if len(step) != _SIZE:
            raise RosterError(f"a hash of {len(step)} bytes; each has {_SIZE}", where="audit path")
        if last == 0:
            raise RosterError(f"longer than leaf {index} of {size} needs", where="audit path")
        if place & 1 or place == last:
            root = _node(suite, step, root)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            root = _node(suite, root, step)
        place, last = place >> 1, last >> 1
    if last != 0:
        raise RosterError(f"shorter than leaf {index} of {size} needs", where="audit path")
    return root


def _check_index(index: int, size: int) -> None:
    if not 0 <= index < size:
        raise RosterError(f"there is no leaf {index} in a tree of {size}", where="audit path")
