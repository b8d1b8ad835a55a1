"""One reading of files for a commitment, and later ones of some columns that are tied to it (docs/engines/files)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import attrs
import pyarrow as pa

from dblrandom.adapters.engines.arrowfiles import Files, failing
from dblrandom.adapters.engines.arrowpages import Cutter
from dblrandom.adapters.engines.arrowrules import line_bytes
from dblrandom.adapters.engines.arrowseals import Seals, in_groups
from dblrandom.adapters.engines.arrowsort import in_order
from dblrandom.adapters.engines.committed import CommittedPages
from dblrandom.adapters.engines.reading import Reading
from dblrandom.adapters.engines.table import Leaf
from dblrandom.errors import RosterChanged, RosterError
from dblrandom.kernel.suite import Suite
from dblrandom.sampling import Scan

__all__ = ["ArrowReading", "Group", "Watch", "some_pages"]

Watch = Callable[[], Callable[[int], object]]
"""What watches passes over the rows."""
Group = tuple[int, pa.RecordBatch]
"""The number of rows before a group, and the group."""
_AT_ONCE = 16
"""So many pages are made at a time where a group is not made whole."""


@attrs.define(eq=False, kw_only=True)
class ArrowReading(Reading):
    """One reader decodes the files, for the pages and for every draw.

    Attributes:
        files: the files.
        sort: whether the rows have to be sorted for the pages.
        suite: the suite of the pages' hashes.
        page_rows: the rows of a page.
        where: the roster, for messages.
        watch: as :class:`~dblrandom.adapters.engines.arrow.ArrowTable` has it.
    """

    files: Files
    sort: bool
    suite: Suite
    page_rows: int
    where: str
    watch: Watch
    _seals: Seals | None = None

    @property
    def shows(self) -> bool:  # type: ignore[override]
        """Where rows are in the order of the ids, a draw makes the pages of its candidates from the same batches."""
        return not self.sort

    @property
    def group_rows(self) -> int:
        """The rows of a group: as many whole pages as are worked on at a time."""
        return max(1, self.files.batch_rows // self.page_rows) * self.page_rows

    @property
    def rows(self) -> int:
        """The rows that were read."""
        return self._sealed().rows

    def leaves(self) -> Iterator[Leaf]:
        """See :meth:`.Reading.leaves`."""
        files = self.files
        files.check_unchanged()
        files.check_quotes()
        cutter = Cutter(
            columns=files.columns,
            page_rows=self.page_rows,
            make=partial(_leaf, self.suite),
            where=self.where,
            imported=files.kind == "csv",
        )
        with failing(self.where):
            batches = self._kept()
            if self.sort:
                batches = in_order(self._kept, files.columns, files.batch_rows, self.where)
            for page in cutter.pages(batches):
                yield Leaf(*page)
        files.check_unchanged()

    def scan(
        self, pages: CommittedPages, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str
    ) -> Scan:
        """See :meth:`.Reading.scan`."""
        from dblrandom.adapters.engines.datafusion import FusionScan  # its library takes a while to load

        return FusionScan(self, pages, keep, tuple(strata), where=where)

    def pages_at(self, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]] | None:
        """See :meth:`.Reading.pages_at`; where the rows are sorted, by their places in the files."""
        return None if self.sort else self._pages_at(wanted)

    def groups(self, columns: Sequence[str]) -> Iterator[Group]:
        """All rows again, of some columns and at least one, each group held against the reading of the pages.

        Raises:
            RosterError: they are not the rows that were read for the pages.
        """
        seals, number, start = self._sealed(), 0, 0
        for start, batch in self._grouped(columns):
            if not seals.same(number, batch):
                raise self._changed()
            yield start, batch
            number += 1
        if number != seals.groups:
            raise self._changed()

    def _kept(self) -> Iterator[pa.RecordBatch]:
        """All rows, with new seals: of several readings for a sort the last one is that which makes the pages."""
        files = self.files
        self._seals = Seals(files.columns)
        return self._seals.keep(in_groups(files.batches(), files.columns, self.group_rows, self.where))

    def _sealed(self) -> Seals:
        if self._seals is None:
            raise RosterError("was not read yet; commit to it first", where=self.where)
        return self._seals

    def _grouped(self, columns: Sequence[str]) -> Iterator[Group]:
        files, start = self.files, 0
        files.check_unchanged()
        with failing(self.where):
            for batch in in_groups(files.batches(wanted=columns), columns, self.group_rows, self.where):
                yield start, batch
                start += len(batch)
        files.check_unchanged()

    def _pages_at(self, wanted: Sequence[int]) -> Iterator[tuple[int, bytes]]:
        left = sorted(wanted, reverse=True)
        for start, batch in self._grouped(self.files.columns):
            here = []
            while left and left[-1] * self.page_rows < start + len(batch):
                here.append(left.pop())
            yield from some_pages((start, batch), here, self.page_rows)

    def _changed(self) -> RosterChanged:
        return RosterChanged(
            "its rows are not the ones committed: the files were changed, or tell others at each reading",
            where=self.where,
        )


def some_pages(group: Group, wanted: Sequence[int], page_rows: int) -> Iterator[tuple[int, bytes]]:
    """Some of the pages whose rows a group has: groups are as long as some number of whole pages.

    Args:
        group: the rows, with all of the roster's columns.
        wanted: the numbers of the pages.
        page_rows: the rows of a page.
    """
    start, batch = group
    if len(wanted) * page_rows * 4 > len(batch) * 3:
        yield from _cut(batch, [(index, index * page_rows - start) for index in wanted], page_rows)
        return
    for n in range(0, len(wanted), _AT_ONCE):
        some = wanted[n : n + _AT_ONCE]
        slices = [batch.slice(index * page_rows - start, page_rows) for index in some]
        columns = [pa.concat_arrays([each.column(place) for each in slices]) for place in range(batch.num_columns)]
        joined = pa.RecordBatch.from_arrays(columns, schema=batch.schema)
        # Only the roster's last page is shorter, and it comes last.
        yield from _cut(joined, [(index, place * page_rows) for place, index in enumerate(some)], page_rows)


def _cut(batch: pa.RecordBatch, places: Sequence[tuple[int, int]], page_rows: int) -> Iterator[tuple[int, bytes]]:
    """The pages that begin at these places of a batch, with their numbers."""
    data, offsets = line_bytes(batch.columns)
    for index, at in places:
        yield index, bytes(data[offsets[at] : offsets[min(at + page_rows, len(batch))]])


def _leaf(suite: Suite, page: bytes | memoryview) -> bytes:
    # As the kernel has it; a joined copy is what both suites hash.
    return suite.hash(b"".join((b"\x00", page)))
