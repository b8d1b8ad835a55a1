"""Draws from the committed pages themselves, whatever the table is: slow, and believing nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from dblrandom.adapters.engines.committed import CommittedPages
from dblrandom.kernel.tickets import candidates
from dblrandom.sampling import Sieve, Stratum

__all__ = ["PageScan"]


class PageScan:
    """The rows of one task; see :class:`~dblrandom.sampling.threshold.Scan`.

    A plug-in, a database or a view can answer as it likes: every page is hashed and held against its leaf of the tree
    before a row of it counts.

    Args:
        pages: the committed pages.
        keep: the task's filter.
        strata: its stratum columns.
        where: what to call the task in errors.

    Raises:
        PlanError: a column that is not there.
    """

    def __init__(
        self,
        pages: CommittedPages,
        keep: Mapping[str, Sequence[str]],
        strata: Sequence[str],
        *,
        where: str,
    ) -> None:
        self._pages, self._all = pages, not keep and not strata
        self._sieve = Sieve(pages.columns, keep, strata, where=where)

    def sizes(self) -> dict[Stratum, int]:
        """See :meth:`~dblrandom.sampling.threshold.Scan.sizes`; one reading of the pages, unless all rows are meant."""
        if self._all:
            return {(): self._pages.rows} if self._pages.rows else {}
        counts: Counter[tuple[bytes, ...]] = Counter()
        for page in self._pages.every():
            counts.update(stratum for stratum, _ in self._sieve.passed(page.split(b"\n")[:-1]))
        self._sieve.check_seen()
        return {_texts(stratum): count for stratum, count in counts.items()}

    def below(self, key: str, bounds: Mapping[Stratum, bytes | None]) -> Iterator[tuple[Stratum, bytes]]:
        """See :meth:`~dblrandom.sampling.threshold.Scan.below`; one reading of the pages."""
        wanted = {tuple(value.encode() for value in stratum): (stratum, bound) for stratum, bound in bounds.items()}
        for page in self._pages.every():
            passed = [row for row in self._sieve.passed(page.split(b"\n")[:-1]) if row[0] in wanted]
            found = candidates(self._pages.suite, key, [unit_id for _, unit_id in passed])
            for (place, _), candidate in zip(passed, found, strict=True):
                stratum, bound = wanted[place]
                if bound is None or candidate[:32] < bound:
                    yield stratum, candidate


def _texts(stratum: tuple[bytes, ...]) -> Stratum:
    return tuple(value.decode("utf-8") for value in stratum)
