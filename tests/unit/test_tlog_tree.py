"""Consistency proofs and tiles, against public known answers and the examples of the specifications."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dblrandom.errors import InputError, VerificationError
from dblrandom.kernel.merkle import inclusion_path, leaf_hash
from dblrandom.kernel.suite import SHA256
from dblrandom.tlog.tiles import bundle_path, files, read_bundle, read_tile, spans, tile_path
from dblrandom.tlog.tree import check_consistency, consistency_path, root_of

KNOWN: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors/tlog_tree.json").read_text("utf-8"))
LEAVES = [leaf_hash(SHA256, bytes.fromhex(leaf)) for leaf in KNOWN["leaves"]]
ROOTS = [root_of(())] + [bytes.fromhex(root) for root in KNOWN["roots"]]


def test_known_roots() -> None:
    assert [root_of(LEAVES[:n]) for n in range(len(LEAVES) + 1)] == ROOTS


@pytest.mark.parametrize("known", KNOWN["consistency"], ids=lambda k: f"{k['old']}-{k['new']}")
def test_known_consistency_proofs(known: dict[str, Any]) -> None:
    old, new = known["old"], known["new"]
    path = consistency_path(LEAVES[:new], old)
    assert [step.hex() for step in path] == known["path"]
    check_consistency(old, new, ROOTS[old], ROOTS[new], path)


@pytest.mark.parametrize("known", KNOWN["inclusion"], ids=lambda k: f"{k['index']}-{k['size']}")
def test_known_inclusion_proofs(known: dict[str, Any]) -> None:
    path = inclusion_path(SHA256, LEAVES[: known["size"]], known["index"])
    assert [step.hex() for step in path] == known["path"]


def test_every_small_pair_of_sizes_is_proved_and_nothing_else_is() -> None:
    for new in range(len(LEAVES) + 1):
        for old in range(new + 1):
            path = consistency_path(LEAVES[:new], old)
            check_consistency(old, new, ROOTS[old], ROOTS[new], path)
            wrong = [(ROOTS[old], bytes(32), path), (ROOTS[old], ROOTS[new], [*path, bytes(32)])]
            wrong += [(bytes(32), ROOTS[new], path), (ROOTS[old], ROOTS[new], path[:-1])] if path else []
            wrong += [(ROOTS[old], ROOTS[new], [bytes(32), *path[1:]])] if path else []
            for before, after, steps in wrong if old else wrong[1:]:
                with pytest.raises(VerificationError):
                    check_consistency(old, new, before, after, steps)


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        (5, 4, [], "shrinks, from 5 entries to 4"),
        (3, 5, [b"short"], "hashes of 32 bytes"),
        (3, 5, [bytes(32)] * 64, "at most 63"),
        (0, 5, [bytes(32)], "need no consistency proof"),
        (3, 5, [], "empty"),
    ],
)
def test_consistency_proofs_that_are_refused(old: int, new: int, path: list[bytes], says: str) -> None:
    with pytest.raises(VerificationError, match=says):
        check_consistency(old, new, ROOTS[old], ROOTS[new], path)


def test_a_tree_has_no_larger_beginning() -> None:
    for old in (-1, 9):
        with pytest.raises(InputError, match="no beginning"):
            consistency_path(LEAVES, old)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (tile_path(0, 0), "tile/0/000"),
        (tile_path(1, 1234067), "tile/1/x001/x234/067"),
        (tile_path(0, 999, 5), "tile/0/999.p/5"),
        (tile_path(2, 1000, 255), "tile/2/x001/000.p/255"),
        (bundle_path(273, 112), "tile/entries/273.p/112"),
    ],
)
def test_paths_are_those_of_the_specification(path: str, expected: str) -> None:
    assert path == expected


def test_the_specifications_own_example_of_a_log() -> None:
    """70,000 leaves: 273 full tiles and one of 112, then one full and one of 17, then one of 1."""
    leaf = bytes(32)
    found = [path for path, _ in files([], [leaf] * 70_000)]
    by_level = [[p for p in found if p.startswith(f"tile/{level}/")] for level in range(4)]
    assert [len(paths) for paths in by_level] == [274, 2, 1, 0]
    assert [paths[-1] for paths in by_level[:3]] == ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]
    assert {p for p, _ in files([], [leaf] * 256)} == {"tile/0/000", "tile/1/000.p/1"}


def test_spans() -> None:
    assert [list(spans(n)) for n in (0, 1, 256, 257)] == [[], [(0, 1)], [(0, 256)], [(0, 256), (1, 1)]]


def test_bundles_and_tiles_are_read_as_they_are_written() -> None:
    entries = [b"", b"a", b"bc" * 700]
    data = dict(files(entries, [leaf_hash(SHA256, e) for e in entries]))
    assert read_bundle(data["tile/entries/000.p/3"], 3, "bundle") == entries
    assert read_tile(data["tile/0/000.p/3"], 3, "tile") == [leaf_hash(SHA256, e) for e in entries]


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x00\x02a", b"\x00\x01ab", b"\x00\x01a\x00", b"\x00\x01a\x00\x00"])
def test_bundles_of_one_entry_that_are_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        read_bundle(data, 1, "bundle")


def test_an_entry_that_no_length_can_say_is_not_written() -> None:
    with pytest.raises(InputError, match="65536 bytes"):
        list(files([bytes(65536)], [bytes(32)]))
