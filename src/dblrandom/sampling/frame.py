"""Frames: the rows of one task that can be drawn, stratum by stratum (docs/spec, section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from dblrandom.errors import PlanError
from dblrandom.kernel.rows import fields_of, id_of
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.tickets import lowest
from dblrandom.model.progress import tracked

__all__ = ["Frame", "MemoryFrame", "Sieve", "Stratum", "check_occur"]

Stratum = tuple[str, ...]
"""The values of a task's stratum columns, in the task's order; ``()`` where the task has none."""


class Frame(Protocol):
    """What a sampler sees of a task's frame; every engine gives the same answers, byte for byte."""

    def sizes(self) -> Mapping[Stratum, int]:
        """The number of rows in each stratum, in the order of the strata; empty strata do not appear."""
        ...

    def lowest(self, key: str, wanted: Mapping[Stratum, int]) -> Mapping[Stratum, Sequence[bytes]]:
        """The ``wanted`` lowest candidates of each stratum, ascending.

        A candidate is its 32-byte ticket followed by the bytes of its id, so comparing candidates is comparing
        (ticket, id).
        """
        ...


class MemoryFrame:
    """The frame of a roster held in memory, in one pass over its lines.

    Args:
        suite: the ceremony's hash suite.
        columns: the roster's columns, ``id`` first.
        lines: its canonical row lines, without LF.
        keep: the task's filter, column to the values that pass; all columns must agree.
        strata: the stratum columns, in the task's order.
        where: what to call this frame in errors.
        ids: those that other frames of the same roster hold already, so that each is in memory once.

    Raises:
        PlanError: a column that is not there, a value that no row of the whole roster has, or no rows left.
    """

    def __init__(
        self,
        suite: Suite,
        columns: Sequence[str],
        lines: Iterable[bytes],
        keep: Mapping[str, Sequence[str]],
        strata: Sequence[str],
        *,
        where: str,
        ids: dict[bytes, bytes] | None = None,
    ) -> None:
        self._suite = suite
        sieve = Sieve(columns, keep, strata, where=where)
        groups: dict[tuple[bytes, ...], list[bytes]] = {}
        for stratum, unit_id in sieve.passed(tracked(lines, "reading the frame") if keep or strata else lines):
            groups.setdefault(stratum, []).append(unit_id if ids is None else ids.setdefault(unit_id, unit_id))
        sieve.check_seen()
        if not groups:
            raise PlanError("no row of the roster passes the filter; a frame must not be empty", where=where)
        ordered = sorted(groups, key=b"\t".join)
        self._groups = {tuple(value.decode() for value in stratum): groups[stratum] for stratum in ordered}

    def sizes(self) -> dict[Stratum, int]:
        """See :meth:`Frame.sizes`."""
        return {stratum: len(ids) for stratum, ids in self._groups.items()}

    def ids(self) -> Mapping[Stratum, Sequence[bytes]]:
        """The ids of each stratum, in the roster's order; read only."""
        return self._groups

    def lowest(self, key: str, wanted: Mapping[Stratum, int]) -> dict[Stratum, list[bytes]]:
        """See :meth:`Frame.lowest`; one hash for each row of a stratum of which anything is wanted."""
        return {s: lowest(self._suite, key, ids, wanted[s]) if wanted[s] else [] for s, ids in self._groups.items()}


class Sieve:
    """Which rows a task is about, and in which stratum each of them is.

    Args:
        columns: the roster's columns, ``id`` first.
        keep: the task's filter, column to the values that pass; all columns must agree.
        strata: the stratum columns, in the task's order.
        where: what to call the frame in errors.

    Raises:
        PlanError: a column that is not there.
    """

    def __init__(
        self, columns: Sequence[str], keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str
    ) -> None:
        for name in (*keep, *strata):
            if name not in columns:
                raise PlanError(f"there is no column {name!r}; the roster has {', '.join(columns)}", where=where)
        self._where = where
        # A value that is no text at all is one that no row has, and is told as such.
        named = {name: {v.encode("utf-8", "surrogatepass"): v for v in values} for name, values in keep.items()}
        self._tests = [(columns.index(name), frozenset(values)) for name, values in named.items()]
        self._places = [columns.index(name) for name in strata]
        self._unseen = named

    def stratum(self, fields: Sequence[bytes]) -> tuple[bytes, ...] | None:
        """The stratum of a row, or ``None`` where the row does not pass the filter."""
        if all(fields[index] in values for index, values in self._tests):
            return tuple(fields[place] for place in self._places)
        return None

    def passed(self, lines: Iterable[bytes]) -> Iterator[tuple[tuple[bytes, ...], bytes]]:
        """Stratum and id of each row that passes, of canonical lines without LF; filter values that occur are noted."""
        if not self._tests and not self._places:
            yield from (((), id_of(line)) for line in lines)
            return
        tests, places = self._tests, self._places
        waiting = [(index, unseen) for (index, _), unseen in zip(tests, self._unseen.values(), strict=True) if unseen]
        for line in lines:
            fields = fields_of(line)
            for index, unseen in waiting:
                if unseen.pop(fields[index], None) is not None and not unseen:
                    waiting = [entry for entry in waiting if entry[1]]
            for index, values in tests:
                if fields[index] not in values:
                    break
            else:
                yield tuple([fields[place] for place in places]), fields[0]

    def check_seen(self) -> None:
        """Check that every value of the filter occurred, whether or not its rows passed.

        Raises:
            PlanError: naming the first that did not.
        """
        for name, unseen in self._unseen.items():
            check_occur(name, unseen.values(), where=self._where)


def check_occur(column: str, unseen: Iterable[str], *, where: str) -> None:
    """Refuse a filter of which some values occur in no row of the whole roster.

    Raises:
        PlanError: naming the first of them, by the order of their bytes.
    """
    found = min(unseen, key=lambda value: value.encode("utf-8", "surrogatepass"), default=None)
    if found is not None:
        raise PlanError(
            f"no row of the whole roster has {column} = {found!r}; correct the filter or the roster", where=where
        )
