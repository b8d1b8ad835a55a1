"""How far a long piece of work has come, told to whoever asked to be told; whoever is told can end it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

import attrs

__all__ = ["Progress", "asked", "report", "reporting", "tracked"]

T = TypeVar("T")

_EVERY = 4096


@attrs.frozen(kw_only=True)
class Progress:
    """How far a piece of work has come.

    Attributes:
        rows: rows, receipts or tasks done so far.
        total: how many there are, where that is known before.
        rate: rows a second so far, rounded down; 0 where no clock is at hand.
        remaining: seconds left at that rate, rounded up, where the total is known.
        doing: what is being done, in a few words.
    """

    rows: int
    total: int | None = None
    rate: int = 0
    remaining: int | None = None
    doing: str = "reading"


_told: ContextVar[Callable[[Progress], object] | None] = ContextVar("dblrandom progress", default=None)


@contextmanager
def reporting(callback: Callable[[Progress], object]) -> Iterator[None]:
    """Within this, long work of this thread or task tells ``callback`` how far it is.

    An exception from the callback ends the work where it is and comes out as it was raised. Nothing is half written
    then: a step is written to a folder only when all of it is worked out. Raise a type of your own, since errors of
    the library are taken for what was found.
    """
    token = _told.set(callback)
    try:
        yield
    finally:
        _told.reset(token)


def asked() -> Callable[[Progress], object] | None:
    """Whoever asked to be told, for work that knows more of its progress than a number of rows."""
    return _told.get()


def report(doing: str, rows: int, total: int | None = None) -> None:
    """Tell whoever asked that ``rows`` of ``total`` are done."""
    callback = _told.get()
    if callback is not None:
        callback(Progress(rows=rows, total=total, doing=doing))


def tracked(items: Iterable[T], doing: str, total: int | None = None) -> Iterable[T]:
    """The items as they are; where somebody asked to be told, every few thousand of them is."""
    return items if _told.get() is None else _telling(items, doing, total)


def _telling(items: Iterable[T], doing: str, total: int | None) -> Iterator[T]:
    done = 0
    for item in items:
        if done % _EVERY == 0:
            report(doing, done, total)
        done += 1
        yield item
    report(doing, done, total)
