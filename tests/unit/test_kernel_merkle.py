from __future__ import annotations

import hashlib

import pytest

from dblrandom.errors import RosterError
from dblrandom.kernel.merkle import Tree, inclusion_path, leaf_hash, root_from_path, tree_hash
from dblrandom.kernel.suite import SHA256


def leaves(n: int) -> list[bytes]:
    return [leaf_hash(SHA256, b"%d" % i) for i in range(n)]


def mth(hashes: list[bytes]) -> bytes:
    """RFC 9162 section 2.1.1, as it is defined."""
    if len(hashes) == 1:
        return hashes[0]
    k = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def test_leaf_and_node_have_their_tags() -> None:
    assert leaf_hash(SHA256, b"x") == hashlib.sha256(b"\0x").digest()
    a, b = leaves(2)
    assert tree_hash(SHA256, [a, b]) == hashlib.sha256(b"\1" + a + b).digest()


def test_no_leaves() -> None:
    assert tree_hash(SHA256, []) == Tree(SHA256, []).root == hashlib.sha256(b"").digest()
    assert Tree(SHA256, []).size == 0
    for index in (0, -1, 1):
        with pytest.raises(RosterError):
            Tree(SHA256, []).path(index)


@pytest.mark.parametrize("n", range(1, 40))
def test_every_path_of_every_small_tree(n: int) -> None:
    hashes = leaves(n)
    root = mth(hashes)
    tree = Tree(SHA256, iter(hashes))
    assert tree_hash(SHA256, iter(hashes)) == tree.root == root
    for index, leaf in enumerate(hashes):
        path = inclusion_path(SHA256, hashes, index)
        assert path == tree.path(index)
        assert root_from_path(SHA256, leaf, index, n, path) == root
        for other in range(n):
            if other != index:
                assert refused_or_other(leaf, other, n, path) != root
        for bad in ([*path, leaf], path[:-1] if path else [leaf]):
            with pytest.raises(RosterError, match="than leaf"):
                root_from_path(SHA256, leaf, index, n, bad)
        if path:
            assert root_from_path(SHA256, leaf, index, n, [leaf, *path[1:]]) != root
            with pytest.raises(RosterError, match="31 bytes"):
                root_from_path(SHA256, leaf, index, n, [path[0][:31], *path[1:]])
    for index in (-1, n, n + 1):
        with pytest.raises(RosterError, match="no leaf"):
            tree.path(index)
        with pytest.raises(RosterError, match="no leaf"):
            root_from_path(SHA256, hashes[0], index, n, [])


def refused_or_other(leaf: bytes, index: int, n: int, path: list[bytes]) -> bytes | None:
    try:
        return root_from_path(SHA256, leaf, index, n, path)
    except RosterError:
        return None
