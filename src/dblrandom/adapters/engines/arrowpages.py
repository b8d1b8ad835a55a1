"""From batches of columns to pages of the canonical file, on several threads and in order (docs/spec, section 2)."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, NamedTuple, TypeVar

import attrs
import pyarrow as pa

from dblrandom.adapters.engines.arrowrules import check_batch, check_follows, check_order, line_bytes, text_column

__all__ = ["THREADS", "Cutter", "PageOf", "in_turn"]

A = TypeVar("A")
B = TypeVar("B")
T = TypeVar("T")

THREADS = max(1, min(4, os.cpu_count() or 1))
"""Threads that render and hash; Arrow and the hash let go of the interpreter's lock while they work."""


class PageOf(NamedTuple, Generic[T]):
    """What was made of one page, the id of its first row, and how many rows it has."""

    made: T
    first: bytes
    rows: int


def in_turn(act: Callable[[A], B], given: Iterable[A], threads: int = THREADS) -> Iterator[B]:
    """``map(act, given)`` on several threads: in order, and never far ahead of whoever takes the results."""
    waiting: deque[Future[B]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for each in given:
                waiting.append(pool.submit(act, each))
                if len(waiting) > threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for left in waiting:
                left.cancel()


@attrs.frozen(kw_only=True)
class _Piece(Generic[T]):
    """One batch: the end of a page begun before, whole pages, and the beginning of one that is not complete."""

    ids: tuple[bytes, bytes]
    head: bytes
    head_rows: int
    pages: list[PageOf[T]]
    tail: bytes
    tail_first: bytes
    tail_rows: int


@attrs.frozen(kw_only=True)
class Cutter(Generic[T]):
    """Checks batches, renders their lines and cuts them into pages.

    Attributes:
        columns: the roster's columns.
        page_rows: the rows of a page.
        make: what to make of a page's bytes; it runs on several threads.
        where: the roster, for messages.
        imported: whether fields have to be as an importer leaves them.
    """

    columns: Sequence[str]
    page_rows: int
    make: Callable[[bytes | memoryview], T]
    where: str
    imported: bool = False

    def pages(self, batches: Iterable[pa.RecordBatch]) -> Iterator[PageOf[T]]:
        """What is made of each page, in order; memory is that of a few batches.

        Raises:
            RosterError: naming row and column.
            OutOfOrder: the ids do not ascend.
        """
        held, rows, first = b"", 0, b""
        before: bytes | None = None
        for piece in in_turn(self._piece, _placed(batches)):
            check_follows(before, piece.ids[0], self.where)
            before = piece.ids[1]
            if piece.head_rows:
                held, rows = held + piece.head, rows + piece.head_rows
                if rows == self.page_rows:
                    yield PageOf(self.make(held), first, rows)
                    held, rows = b"", 0
            yield from piece.pages
            if piece.tail_rows:
                held, rows, first = piece.tail, piece.tail_rows, piece.tail_first
        if rows:
            yield PageOf(self.make(held), first, rows)

    def _piece(self, placed: tuple[pa.RecordBatch, int]) -> _Piece[T]:
        batch, start = placed
        columns = [text_column(batch.column(n), name, self.where) for n, name in enumerate(self.columns)]
        check_batch(columns, self.columns, start + 1, self.where, imported=self.imported)
        check_order(columns[0], self.where)
        data, offsets = line_bytes(columns)
        count, size = len(batch), self.page_rows
        begin = min(-start % size, count)
        end = begin + (count - begin) // size * size
        places = pa.array([0, count - 1, *range(begin, count, size)], pa.int64())
        low, high, *firsts = columns[0].take(places).cast(pa.binary()).to_pylist()
        pages = [
            PageOf(self.make(data[offsets[at] : offsets[at + size]]), first, size)
            for at, first in zip(range(begin, end, size), firsts, strict=False)
        ]
        return _Piece(
            ids=(low, high),
            head=bytes(data[: offsets[begin]]),
            head_rows=begin,
            pages=pages,
            tail=bytes(data[offsets[end] :]),
            tail_first=firsts[-1] if end < count else b"",
            tail_rows=count - end,
        )


def _placed(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, int]]:
    """Each batch with the number of rows before it."""
    start = 0
    for batch in batches:
        yield batch, start
        start += len(batch)
