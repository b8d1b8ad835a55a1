"""Single pages of rosters in Parquet files, of which only the groups of rows about the place are read."""

from __future__ import annotations

from collections.abc import Iterator

import attrs
import pyarrow as pa
import pyarrow.dataset as ds

from dblrandom.adapters.engines.arrowfiles import Files, failing
from dblrandom.adapters.engines.arrowrules import line_bytes, text_column
from dblrandom.adapters.engines.pageindex import Hint
from dblrandom.errors import RosterChanged

__all__ = ["ParquetPages"]

_ROWS = 16_384
"""The rows that are decoded at a time."""


@attrs.frozen
class ParquetPages:
    """See :data:`dblrandom.adapters.engines.indexed.PageReader`."""

    _files: Files

    def __call__(self, first: bytes, after: bytes | None, hint: Hint | None, rows: int) -> bytes:
        """The canonical lines of a page that may begin at a hint.

        Raises:
            RosterError: there is nothing like it.
        """
        files = self._files
        if hint is None or hint.file >= len(files.paths):
            raise RosterChanged("has not the rows that the index was made of; make it again", where=files.paths[0])
        files.check_unchanged()
        found, missing = b"", rows
        for number in range(hint.file, len(files.paths)):
            with failing(files.paths[number]):
                for batch in self._from(number, hint.place if number == hint.file else 0):
                    part = batch.slice(0, missing)
                    columns = [text_column(part.column(n), name, "roster") for n, name in enumerate(files.columns)]
                    found += bytes(line_bytes(columns)[0])
                    missing -= len(part)
                    if not missing:
                        return found
        return found

    def _from(self, number: int, row: int) -> Iterator[pa.RecordBatch]:
        """The rows of a file from one on; groups of rows before it are not read."""
        dataset = self._files.dataset(number)
        columns = {n: ds.field(s) for n, s in zip(self._files.columns, self._files.sources, strict=True)}
        (fragment,) = dataset.get_fragments()
        for group in fragment.row_groups:
            if row >= group.num_rows:
                row -= group.num_rows
                continue
            part = fragment.subset(row_group_ids=[group.id])
            scanner = part.scanner(
                schema=dataset.schema, columns=columns, batch_size=_ROWS, batch_readahead=1, fragment_readahead=1
            )
            for batch in scanner.to_batches():
                if row < len(batch):
                    yield batch.slice(row)
                row = max(0, row - len(batch))
