"""What every sampler must do (docs/spec, section 4), as tests to inherit.

A sampler passes where its counts depend on the sizes alone, its selection on nothing but frame and key, and what it
returns is what a draw receipt can carry and another's verifier can check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from fractions import Fraction

from dblrandom.kernel.suite import SHA256
from dblrandom.kernel.tickets import ticket
from dblrandom.model import Population, Selection, Task
from dblrandom.roster import Roster
from dblrandom.sampling import MemoryFrame, Sampler
from dblrandom.testing.expect import expect

__all__ = ["SamplerConformance"]


class SamplerConformance:
    """Subclass this, set ``sampler`` and ``task``, and let pytest collect it.

    Attributes:
        sampler: the sampler to test.
        task: a task that names it, drawn from a roster with the columns ``id`` and ``stratum``.
        sizes: the rows of each stratum in the frame of the tests.
    """

    sampler: Sampler
    task: Task
    sizes: Mapping[str, int] = {"a": 40, "b": 11, "c": 3}

    def rows(self) -> list[tuple[str, str]]:
        """Synthetic rows, some of their ids not in ASCII."""
        return [(f"{name}-{n:03d}{'企' * (n % 3)}", name) for name, size in self.sizes.items() for n in range(size)]

    def frame(self, rows: Sequence[tuple[str, str]] | None = None) -> MemoryFrame:
        """The task's frame over ``rows``."""
        population = Population("targets", ("id", "stratum"), tuple(self.rows() if rows is None else rows))
        roster = Roster.build(SHA256, population)
        return MemoryFrame(
            SHA256, roster.columns, roster.lines, self.task.filter, self.task.strata, where="conformance"
        )

    def keys(self, count: int = 12) -> list[str]:
        """Draw keys that follow from counters."""
        return [hashlib.sha256(b"conformance %d" % n).hexdigest()[:32] for n in range(count)]

    def selection(self, key: str, rows: Sequence[tuple[str, str]] | None = None) -> Selection:
        """What the sampler selects with ``key``."""
        return self.sampler.select(self.task, self.frame(rows), key)

    def test_name(self) -> None:
        """It is called what the task calls it, and is a sampler."""
        expect(isinstance(self.sampler, Sampler), "it lacks a part of the Sampler protocol")
        expect(self.sampler.name == self.task.sampler, "the task must name the sampler that is tested")

    def test_allocation(self) -> None:
        """Every stratum has an allocation that its rows can serve."""
        sizes = self.frame().sizes()
        found = self.sampler.allocate(self.task, sizes)
        expect(set(found) == set(sizes), "allocate must answer for exactly the strata of the frame")
        for stratum, share in found.items():
            expect(0 <= share.units <= sizes[stratum], f"{stratum}: {share.units} units of {sizes[stratum]}")
            expect(share.wanted >= 0 and share.shortfall >= 0, f"{stratum}: nothing in an allocation is below 0")
        expect(self.sampler.allocate(self.task, dict(sizes)) == found, "the same sizes must give the same counts")

    def test_counts_are_those_allocated(self) -> None:
        """No key changes how many are selected: the counts are known when committing."""
        sizes = self.frame().sizes()
        shares = self.sampler.allocate(self.task, sizes)
        for key in self.keys():
            found = self.selection(key)
            expect((found.task, found.key) == (self.task.id, key), "a selection names its task and its key")
            expect([s.stratum for s in found.strata] == list(sizes), "the strata must be those of the frame, in order")
            for stratum in found.strata:
                share, size = shares[stratum.stratum], sizes[stratum.stratum]
                told = (stratum.size, len(stratum.selected), stratum.wanted, stratum.shortfall)
                expect(
                    told == (size, share.units, share.wanted, share.shortfall), f"{stratum.stratum}: not as allocated"
                )
                expect(stratum.probability == Fraction(share.units, size), f"{stratum.stratum}: probability is n/N")
                spare = min(self.task.reserves, size - share.units)
                expect(len(stratum.reserves) == spare, f"{stratum.stratum}: {spare} reserves are asked for")

    def test_units(self) -> None:
        """Units are different, of their stratum, numbered from 1, with their true tickets."""
        home = dict(self.rows())
        for key in self.keys():
            for stratum in self.selection(key).strata:
                units = (*stratum.selected, *stratum.reserves)
                expect(len({u.id for u in units}) == len(units), "a unit stands in a selection once")
                expect([u.rank for u in units] == list(range(1, len(units) + 1)), "ranks count from 1")
                for unit in units:
                    own = (home[unit.id],) if self.task.strata else ()
                    expect(unit.stratum == stratum.stratum == own, f"{unit.id} is of another stratum")
                    true = ticket(SHA256, key, unit.id.encode()).hex()
                    expect(unit.ticket == true, f"{unit.id} has another ticket")

    def test_depends_on_nothing_else(self) -> None:
        """Neither the order of the rows nor an earlier call changes anything; another key does."""
        keys = self.keys()
        found = [self.selection(key) for key in keys]
        expect(found == [self.selection(key, self.rows()[::-1]) for key in keys], "the order of the rows matters")
        expect(found[::-1] == [self.selection(key) for key in keys[::-1]], "an earlier call matters")
        different = {tuple(u.id for u in selection.selected) for selection in found}
        everybody = all(len(s.selected) in (0, s.size) for s in found[0].strata)
        expect(everybody or len(different) > 1, "every key selects the same units")

    def test_json(self) -> None:
        """A selection survives being written and read."""
        found = self.selection(self.keys(1)[0])
        expect(Selection.from_json(found.to_json(), "selection") == found, "it is not what was written")
