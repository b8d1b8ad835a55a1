"""Who may speak into a connection: one thread at a time, and no process that was forked from its owner."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakSet

from dblrandom.errors import RosterBusy, RosterError

__all__ = ["WAIT", "OneProcess", "Turn", "check_process", "left_to_the_parent"]

WAIT = 60.0
"""Seconds that a thread waits for another one that is in the middle of reading rows from the same connection."""

_OWNED: WeakSet[object] = WeakSet()
_LEFT: list[object] = []


class Turn:
    """Lets threads share one connection, one statement at a time.

    Where a connection can do nothing else while it hands out rows, a whole reading is one turn. Other threads wait for
    its end, but not for ever, since a reading that was given up halfway has none. The thread that reads is told at once
    when it asks for something else, because nothing would end its wait.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._free = threading.Condition(threading.RLock())
        self._reading: object | None = None
        self._reader = 0

    @contextmanager
    def taken(self, reading: object | None = None) -> Iterator[None]:
        """Nobody else speaks meanwhile; ``reading`` is what :meth:`begin` gave, for the next rows of that reading.

        Raises:
            RosterBusy: rows are being read, by this thread or for long by another one.
        """
        with self._free:
            if self._reading is not reading and self._reading is not None:
                if self._reader == threading.get_ident():
                    told = "its rows are being read, and this connection does one thing at a time"
                    raise RosterBusy(told, where=self._where)
                if not self._free.wait_for(lambda: self._reading is None, WAIT):
                    told = "its rows are being read in another thread; wait for its end, or open the roster once more"
                    raise RosterBusy(told, where=self._where)
            if reading is not None:
                self._reader = threading.get_ident()
            yield

    def begin(self) -> object:
        """Begin a reading that leaves the connection no room for anything else; errors as for :meth:`taken`."""
        with self.taken():
            self._reading, self._reader = object(), threading.get_ident()
            return self._reading

    def end(self, reading: object) -> None:
        """End that reading."""
        with self._free:
            if self._reading is reading:
                self._reading = None
                self._free.notify_all()

    @contextmanager
    def last(self) -> Iterator[None]:
        """The last turn, also in the middle of a reading, which then ends with an error."""
        with self._free:
            yield
            self._reading = None
            self._free.notify_all()


def check_process(owner: int, where: str) -> None:
    """Refuse to use in a forked process what its parent opened.

    Raises:
        RosterError: this is another process than the owner's.
    """
    if os.getpid() != owner:
        raise RosterError("was opened before this process was forked; open it again in each process", where=where)


class OneProcess:
    """A library with threads of its own, which a forked process does not have: it would wait there for ever."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._owner = 0

    def enter(self, where: str) -> None:
        """Note that this process uses it, or refuse where its parent did.

        Raises:
            RosterError: this process was forked from one that had used it.
        """
        self._owner = self._owner or os.getpid()
        if self._owner != os.getpid():
            raise RosterError(
                f"{self._name} was used before this process was forked and does not work here; start processes by "
                "the method 'spawn' or 'forkserver'",
                where=where,
            )


def left_to_the_parent(owned: object) -> None:
    """Keep alive in forked processes what this one owns: its end there would speak into the parent's connection."""
    _OWNED.add(owned)


def _keep() -> None:
    _LEFT.extend(_OWNED)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_keep)
