"""Drawing by threshold: one pass over rows that nobody has to hold (docs/spec, section 4).

An engine is asked for the candidates below a ticket, stratum by stratum, from a file, a database or a cluster. What is
drawn from them is decided here, by the kernel, and is byte for byte what a :class:`.MemoryFrame` gives.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice, pairwise
from typing import Protocol, runtime_checkable

from dblrandom.errors import PlanError, RosterError
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.threshold import wider
from dblrandom.kernel.tickets import ticket
from dblrandom.sampling.frame import Stratum

__all__ = ["Scan", "ThresholdFrame", "merge_lowest"]

_TICKET = 32


@runtime_checkable
class Scan(Protocol):
    """The rows of one task that pass its filter, wherever they are; what an engine has to be able to do."""

    def sizes(self) -> Mapping[Stratum, int]:
        """The number of rows in each stratum, in any order; empty strata do not appear.

        Raises:
            PlanError: a column that is not there, or a filter value that no row of the whole roster has.
        """
        ...

    def below(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterable[tuple[Stratum, bytes]]:
        """Every candidate (ticket and id) of these strata whose ticket is below the stratum's bound, in any order.

        ``None`` asks for all. More than asked for is allowed, less is not, and each row comes once.
        """
        ...


class ThresholdFrame:
    """The frame of a scan; a :class:`~dblrandom.sampling.frame.Frame` of memory proportional to what is drawn.

    Args:
        suite: the ceremony's hash suite.
        scan: the rows.
        where: what to call this frame in errors.

    Raises:
        PlanError: as :meth:`Scan.sizes`, or no rows at all.
    """

    def __init__(self, suite: Suite, scan: Scan, *, where: str) -> None:
        self._suite, self._scan, self._where = suite, scan, where
        sizes = scan.sizes()
        if not sizes:
            raise PlanError("no row of the roster passes the filter; a frame must not be empty", where=where)
        self._sizes = {s: sizes[s] for s in sorted(sizes, key=lambda s: "\t".join(s).encode())}

    def sizes(self) -> dict[Stratum, int]:
        """See :meth:`.Frame.sizes`."""
        return dict(self._sizes)

    def lowest(self, key: str, wanted: Mapping[Stratum, int]) -> dict[Stratum, list[bytes]]:
        """See :meth:`.Frame.lowest`; one scan, and another only for strata in which the first found too few."""
        found: dict[Stratum, list[bytes]] = {stratum: [] for stratum in self._sizes}
        needed = {s: min(wanted[s], size) for s, size in self._sizes.items() if wanted[s] > 0}
        times = 0
        while missing := {s: k for s, k in needed.items() if len(found[s]) < k}:
            bounds = {s: wider(k, self._sizes[s], times) for s, k in missing.items()}
            scanned = _keep_lowest(self._scan.below(key, bounds), missing)
            for stratum, kept in scanned.items():
                if bounds[stratum] is None and len(kept) < missing[stratum]:
                    raise RosterError(
                        f"{len(kept)} rows were found where {self._sizes[stratum]} had been counted: the rows changed "
                        "during the draw; draw from a snapshot",
                        where=self._where,
                    )
                found[stratum] = kept
            times += 1
        for kept in found.values():
            self._check(key, kept)
        return found

    def _check(self, key: str, kept: Sequence[bytes]) -> None:
        """An engine's hashes are not believed where they decide; there are only as many as are drawn."""
        for before, after in pairwise(kept):
            if before == after:
                raise RosterError(f"the id {_shown(after)} came twice; ids are unique", where=self._where)
        for candidate in kept:
            if ticket(self._suite, key, candidate[_TICKET:]) != candidate[:_TICKET]:
                raise RosterError(f"the engine's ticket of {_shown(candidate)} is not the kernel's", where=self._where)


def merge_lowest(
    parts: Iterable[Mapping[Stratum, Sequence[bytes]]], wanted: Mapping[Stratum, int]
) -> dict[Stratum, list[bytes]]:
    """The lowest candidates of a whole, from those of its parts.

    Args:
        parts: for each part of the rows, each stratum's lowest candidates in it, ascending: as many as are wanted of
            the whole, or all that there are.
        wanted: how many are wanted of each stratum.
    """
    gathered: dict[Stratum, list[Sequence[bytes]]] = {stratum: [] for stratum in wanted}
    for part in parts:
        for stratum, candidates in part.items():
            if stratum in gathered:
                gathered[stratum].append(candidates)
    return {stratum: list(islice(merge(*gathered[stratum]), count)) for stratum, count in wanted.items()}


def _keep_lowest(found: Iterable[tuple[Stratum, bytes]], wanted: Mapping[Stratum, int]) -> dict[Stratum, list[bytes]]:
    """The lowest of each stratum, holding at most about twice as many as are wanted."""
    kept: dict[Stratum, list[bytes]] = {stratum: [] for stratum in wanted}
    for stratum, candidate in _named(found, kept):
        held = kept[stratum]
        held.append(candidate)
        if len(held) > 2 * wanted[stratum] + 1024:
            held.sort()
            del held[wanted[stratum] :]
    for stratum, held in kept.items():
        held.sort()
        del held[wanted[stratum] :]
    return kept


def _named(found: Iterable[tuple[Stratum, bytes]], kept: Mapping[Stratum, object]) -> Iterator[tuple[Stratum, bytes]]:
    return ((stratum, candidate) for stratum, candidate in found if stratum in kept)


def _shown(candidate: bytes) -> str:
    return repr(candidate[_TICKET:].decode("utf-8", "replace"))
