"""The tree and the entries as static files (C2SP tlog-tiles).

A tile is 256 hashes of one level in a row, a bundle is the 256 entries below a tile of level 0; the last ones of a
level may be partial, and then their width is in their name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dblrandom.errors import InputError
from dblrandom.tlog.entry import MAX_ENTRY
from dblrandom.tlog.texts import HASH_SIZE
from dblrandom.tlog.tree import root_of

__all__ = ["WIDTH", "bundle_path", "files", "read_bundle", "read_tile", "spans", "tile_path"]

WIDTH = 256
"""Hashes of a full tile, and entries of a full bundle."""


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """The path of a tile below the log's folder, such as ``tile/0/x001/067.p/5``."""
    return _path(str(level), index, width)


def bundle_path(index: int, width: int = WIDTH) -> str:
    """The path of a bundle of entries, such as ``tile/entries/000``."""
    return _path("entries", index, width)


def _path(kind: str, index: int, width: int) -> str:
    parts = [f"{index % 1000:03d}"]
    while index := index // 1000:
        parts.append(f"x{index % 1000:03d}")
    return f"tile/{kind}/{'/'.join(reversed(parts))}{'' if width == WIDTH else f'.p/{width}'}"


def spans(count: int) -> Iterator[tuple[int, int]]:
    """Index and width of each tile that holds a row of ``count`` hashes; lazily, as a count may be anybody's claim."""
    for index in range(count // WIDTH):
        yield index, WIDTH
    if count % WIDTH:
        yield count // WIDTH, count % WIDTH


def files(entries: Sequence[bytes], leaves: Sequence[bytes], *, since: int = 0) -> Iterator[tuple[str, bytes]]:
    """Path and content of every tile and bundle that a log has, or that it did not have at the size ``since``.

    Args:
        entries: the entries' bytes.
        leaves: their leaf hashes.
        since: the size whose files are there already.
    """
    for index, width in _changed(len(entries), since):
        yield bundle_path(index, width), b"".join(map(_prefixed, entries[index * WIDTH : index * WIDTH + width]))
    level, row, before = 0, leaves, since
    while row:
        for index, width in _changed(len(row), before):
            yield tile_path(level, index, width), b"".join(row[index * WIDTH : index * WIDTH + width])
        full = len(row) // WIDTH
        level, row, before = (
            level + 1,
            [root_of(row[n * WIDTH : (n + 1) * WIDTH]) for n in range(full)],
            before // WIDTH,
        )


def _changed(count: int, since: int) -> Iterator[tuple[int, int]]:
    return ((index, width) for index, width in spans(count) if index * WIDTH + width > since)


def _prefixed(entry: bytes) -> bytes:
    if len(entry) > MAX_ENTRY:
        raise InputError(f"an entry of {len(entry)} bytes; at most {MAX_ENTRY} are allowed", where="bundle")
    return len(entry).to_bytes(2, "big") + entry


def read_tile(data: bytes, width: int, where: str) -> list[bytes]:
    """The hashes of a tile, which must be exactly ``width``.

    Raises:
        InputError: the tile is shorter or longer.
    """
    if len(data) != width * HASH_SIZE:
        raise InputError(f"has {len(data)} bytes; a tile of {width} hashes has {width * HASH_SIZE}", where=where)
    return [data[at : at + HASH_SIZE] for at in range(0, len(data), HASH_SIZE)]


def read_bundle(data: bytes, width: int, where: str) -> list[bytes]:
    """The entries of a bundle, which must be exactly ``width``, each after its length in two bytes.

    Raises:
        InputError: a length points beyond the end, or there are fewer or more.
    """
    found = []
    at = 0
    for number in range(width):
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if start > len(data) or at > len(data):
            raise InputError(f"entry {number} of {width} is cut off: the lengths do not fit the file", where=where)
        found.append(data[start:at])
    if at != len(data):
        raise InputError(f"has {len(data) - at} bytes after its {width} entries", where=where)
    return found
