"""Frames: the rows of one task that can be drawn, stratum by stratum (docs/spec, section 4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from dblrandom.errors import PlanError
from dblrandom.kernel.rows import fields_of, id_of
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.tickets import lowest
from dblrandom.model.progress import tracked

__all__ = ["Frame", "MemoryFrame", "Stratum"]

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
    ) -> None:
        self._suite = suite
        for name in (*keep, *strata):
            if name not in columns:
                raise PlanError(f"there is no column {name!r}; the roster has {', '.join(columns)}", where=where)
        groups = _grouped(columns, lines, keep, strata, where)
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


def _grouped(
    columns: Sequence[str],
    lines: Iterable[bytes],
    keep: Mapping[str, Sequence[str]],
    strata: Sequence[str],
    where: str,
) -> dict[tuple[bytes, ...], list[bytes]]:
    """The ids that pass the filter, by the bytes of their stratum."""
    if not keep and not strata:
        ids = [id_of(line) for line in lines]
        return {(): ids} if ids else {}
    tests = [(columns.index(name), frozenset(v.encode() for v in values)) for name, values in keep.items()]
    places = [columns.index(name) for name in strata]
    unseen = {index: set(values) for index, values in tests}
    groups: dict[tuple[bytes, ...], list[bytes]] = {}
    for fields in _noting(lines, unseen):
        if all(fields[index] in values for index, values in tests):
            groups.setdefault(tuple(fields[p] for p in places), []).append(fields[0])
    for index, values in unseen.items():
        if values:
            value = min(values).decode()
            raise PlanError(
                f"no row of the whole roster has {columns[index]} = {value!r}; mend the filter or the roster",
                where=where,
            )
    return groups


def _noting(lines: Iterable[bytes], unseen: Mapping[int, set[bytes]]) -> Iterator[list[bytes]]:
    """Split every line, striking from ``unseen`` the filter values that occur, whether or not the row passes."""
    for line in tracked(lines, "reading the frame"):
        fields = fields_of(line)
        for index, values in unseen.items():
            if values:
                values.discard(fields[index])
        yield fields
