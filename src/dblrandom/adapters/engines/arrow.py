"""Rosters in Parquet, CSV, TSV and Arrow files, read by Arrow and drawn from by DataFusion (docs/engines/files)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence

import attrs
import pyarrow as pa

from dblrandom.adapters.engines.arrowfiles import Files, failing
from dblrandom.adapters.engines.arrowpages import Cutter
from dblrandom.adapters.engines.arrowreading import ArrowReading, Watch
from dblrandom.adapters.engines.arrowrules import line_bytes, text_column
from dblrandom.adapters.engines.arrowsort import in_order
from dblrandom.adapters.engines.reading import ReadingTable
from dblrandom.adapters.engines.table import Page, check_asked
from dblrandom.adapters.textfiles import check_encoding
from dblrandom.errors import RosterError
from dblrandom.kernel.suite import Suite
from dblrandom.model.json import show
from dblrandom.model.names import check_roster_name
from dblrandom.model.portable import Bound

__all__ = ["ArrowTable"]


@attrs.frozen(eq=False, kw_only=True)
class ArrowTable(Bound, ReadingTable):
    """A file, or a folder of files of one kind with the same columns.

    Attributes:
        name: the roster's name.
        files: the files, and which of their columns are the roster's.
        sort: whether the rows have to be sorted.
        watch: called as each pass of a draw over the rows begins; what it returns is told how many were passed so far,
            and may end the pass by an exception.
    """

    _instead = "open the roster again in the other process"

    name: str
    files: Files
    sort: bool = False
    watch: Watch = lambda: lambda rows: None

    @classmethod
    def open(
        cls,
        place: str | os.PathLike[str],
        *,
        name: str,
        id: str,  # noqa: A002  # as everywhere in the library
        columns: Sequence[str] | None = None,
        rename: Mapping[str, str] | None = None,
        encoding: str = "utf-8-sig",
    ) -> ArrowTable:
        """Open files as a roster; nothing of their rows is read yet.

        Args:
            place: a file, or a folder with files of one kind.
            name: the roster's name.
            id: the column that becomes ``id``, as in the files or after ``rename``.
            columns: the other columns to commit to, after ``rename``; by default all, in the files' order.
            rename: names of the files' columns, to the roster's.
            encoding: of CSV and TSV, see ``dblrandom.adapters.tables.ENCODINGS``.

        Raises:
            RosterError: more than one kind of files, or a column that is missing or of another type in one of them.
            FolderError: the system does not let a file be read.
        """
        check_encoding(encoding, "encoding")
        check_roster_name(name, "roster", error=RosterError)
        check_asked(id, columns, rename, f"roster {name}")
        return cls(name=name, files=Files.open(place, id, columns, rename or {}, encoding))

    @property
    def columns(self) -> tuple[str, ...]:
        """See :attr:`~dblrandom.adapters.engines.table.Table.columns`."""
        return self.files.columns

    @property
    def notes(self) -> tuple[str, ...]:
        """What the reader should be told: names in the folder that were passed over, since they hold no rows."""
        passed = self.files.passed
        if not passed:
            return ()
        shown = ", ".join(map(show, passed[:3])) + (", ..." if len(passed) > 3 else "")
        return (f"{len(passed)} names in the folder hold no rows and were passed over: {shown}",)

    def in_order(self) -> ArrowTable:
        """See :meth:`~dblrandom.adapters.engines.table.Table.in_order`."""
        return attrs.evolve(self, sort=True)

    def check_unchanged(self) -> None:
        """Refuse files whose sizes, times or numbers on the disk are not those of their opening; a RosterError."""
        self.files.check_unchanged()

    def pages(self, page_rows: int) -> Iterator[Page]:
        """See :meth:`~dblrandom.adapters.engines.table.Table.pages`; memory is that of a few batches."""
        self.check_unchanged()
        self.files.check_quotes()
        cutter = Cutter(
            columns=self.columns,
            page_rows=page_rows,
            make=_as_it_is,
            where=self._where,
            imported=self.files.kind == "csv",
        )
        with failing(self._where):
            for page in cutter.pages(self._batches()):
                yield Page(page.made, page.first)
        self.check_unchanged()

    def reading(self, suite: Suite, page_rows: int) -> ArrowReading:
        """See :meth:`~dblrandom.adapters.engines.reading.ReadingTable.reading`; pages are hashed on several threads."""
        return ArrowReading(
            files=self.files, sort=self.sort, suite=suite, page_rows=page_rows, where=self._where, watch=self.watch
        )

    def lines(self, first: bytes, after: bytes | None) -> list[bytes]:
        """See :meth:`~dblrandom.adapters.engines.table.Table.lines`; sorted Parquet is read only about the place."""
        self.check_unchanged()
        found: list[bytes] = []
        for batch in self.files.batches(first, after):
            columns = [text_column(batch.column(n), name, self._where) for n, name in enumerate(self.columns)]
            found += bytes(line_bytes(columns)[0]).split(b"\n")[:-1]
        return sorted(found)

    @property
    def _where(self) -> str:
        return f"roster {self.name}"

    def _batches(self) -> Iterator[pa.RecordBatch]:
        files = self.files
        return in_order(files.batches, files.columns, files.batch_rows, self._where) if self.sort else files.batches()


def _as_it_is(page: bytes | memoryview) -> bytes | memoryview:
    return page
