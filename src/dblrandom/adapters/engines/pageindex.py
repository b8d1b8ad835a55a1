"""A file beside a roster from which one page is found and proved without reading the others (docs/engines).

It holds the manifest, the tree over the pages, the id of each page's first row and where the page may lie. Nothing in
it is believed: a page that is found with it has to lead to the manifest's root, and the manifest has to be the
committed one. A false index costs a refusal, never a false proof.

The file: :data:`MAGIC`; the length of the header in 4 bytes; the header as canonical JSON; all levels of the tree from
the leaves up, 32 bytes a hash; for each page, where there are hints, the number of its file in 4 bytes and the place in
it in 8; for each page and the end, where its first id begins among the ids, in 8 bytes; the ids. Numbers are unsigned,
their lowest byte first.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from attrs import frozen

from dblrandom.adapters.files import open_regular, os_failure
from dblrandom.errors import RosterError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.merkle import Tree
from dblrandom.kernel.rows import MAX_ID_BYTES
from dblrandom.kernel.suite import Suite, suite_named
from dblrandom.model.closing import Closing
from dblrandom.model.json import Reader
from dblrandom.roster import Manifest

__all__ = ["MAGIC", "Hint", "PageIndex", "index_bytes"]

MAGIC = b"dblrandom page index 1\n"
"""How the file begins."""
_LARGEST_HEADER = 1 << 20
_HINT = struct.Struct("<IQ")
_WORD = struct.Struct("<Q")
_LENGTH = struct.Struct("<I")
_HASH = 32


@frozen
class Hint:
    """Where a page may begin: the number of the file, and the row or byte in it."""

    file: int
    place: int


def index_bytes(
    manifest: Manifest, suite: Suite, tree: Tree, firsts: Sequence[bytes], hints: Sequence[Hint] | None
) -> Iterator[bytes]:
    """The index of a roster, piece by piece."""
    header = encode({"hints": hints is not None, "manifest": manifest.to_json(), "suite": suite.name})
    yield MAGIC + _LENGTH.pack(len(header)) + header
    yield from tree.levels
    for hint in hints or ():
        yield _HINT.pack(hint.file, hint.place)
    at = 0
    for first in firsts:
        yield _WORD.pack(at)
        at += len(first)
    yield _WORD.pack(at)
    yield from firsts


class PageIndex(Closing, Sequence[bytes]):
    """An index that is read where it is asked; as a sequence, the first ids of the pages.

    Args:
        path: the file.

    Raises:
        RosterError: it is no index, or damaged.
        FolderError: the system does not let it be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._where = str(path)
        self._turn = threading.Lock()
        self._file = open_regular(path)
        try:
            self._size = os.fstat(self._file).st_size
            self._read_header()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file, any number of times."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _read_header(self) -> None:
        if self._at(0, len(MAGIC)) != MAGIC:
            raise RosterError(
                "is no index of a roster's pages; make one with: dblrandom roster index", where=self._where
            )
        (length,) = _LENGTH.unpack(self._at(len(MAGIC), _LENGTH.size))
        if length > _LARGEST_HEADER:
            raise self._damaged()
        start = len(MAGIC) + _LENGTH.size
        found = Reader(
            decode(self._at(start, length), self._where), self._where, ("hints", "manifest", "suite"), error=RosterError
        )
        self.manifest = Manifest.from_json(found.value("manifest"), f"{self._where}: manifest")
        self.suite = suite_named(found.text("suite"), self._where)
        self._has_hints = found.flag("hints")
        self._place(start + length)

    def _place(self, start: int) -> None:
        """Where everything is, which the number of pages decides; the file must have exactly that length."""
        pages = self.manifest.pages
        self._levels = [start]
        sizes = list(_level_sizes(pages))
        for size in sizes:
            self._levels.append(self._levels[-1] + size * _HASH)
        self._hints = self._levels[-1]
        self._offsets = self._hints + (_HINT.size * pages if self._has_hints else 0)
        self._ids = self._offsets + _WORD.size * (pages + 1)
        if self._ids > self._size or self._ids + self._offset(pages) != self._size:
            raise self._damaged()
        if sizes and self._at(self._levels[len(sizes) - 1], _HASH).hex() != self.manifest.root:
            raise self._damaged()

    def _at(self, place: int, size: int) -> bytes:
        if self._file < 0:
            raise RosterError("was closed; open it again", where=self._where)
        with os_failure(self._where, "read it"):
            if hasattr(os, "pread"):
                data = os.pread(self._file, size, place)
            else:
                with self._turn:
                    os.lseek(self._file, place, os.SEEK_SET)
                    data = os.read(self._file, size)
        if len(data) != size:
            raise self._damaged()
        return data

    def _offset(self, page: int) -> int:
        found: int = _WORD.unpack(self._at(self._offsets + _WORD.size * page, _WORD.size))[0]
        return found

    def __len__(self) -> int:
        return self.manifest.pages

    @overload
    def __getitem__(self, page: int) -> bytes: ...
    @overload
    def __getitem__(self, page: slice) -> Sequence[bytes]: ...
    def __getitem__(self, page: int | slice) -> bytes | Sequence[bytes]:
        if isinstance(page, slice):
            return [self[number] for number in range(*page.indices(len(self)))]
        if not 0 <= page < len(self):
            raise IndexError(page)
        begin, end = self._offset(page), self._offset(page + 1)
        if not 0 < end - begin <= MAX_ID_BYTES:
            raise self._damaged()
        return self._at(self._ids + begin, end - begin)

    def path(self, page: int) -> list[bytes]:
        """The audit path of a page, which whoever uses it has to hold against the root."""
        found = []
        for start, size in zip(self._levels, _level_sizes(len(self)), strict=False):
            if size > 1 and (page ^ 1) < size:
                found.append(self._at(start + (page ^ 1) * _HASH, _HASH))
            page >>= 1
        return found

    def hint(self, page: int) -> Hint | None:
        """Where a page may begin, if that was noted."""
        if not self._has_hints:
            return None
        return Hint(*_HINT.unpack(self._at(self._hints + _HINT.size * page, _HINT.size)))

    def _damaged(self) -> RosterError:
        return RosterError("is damaged, or is no index of this version; make it again", where=self._where)


def _level_sizes(pages: int) -> Iterable[int]:
    while pages > 1:
        yield pages
        pages = (pages + 1) // 2
    if pages:
        yield 1
