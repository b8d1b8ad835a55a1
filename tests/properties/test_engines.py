"""The embedded engine against memory: every rule of the conformance suite, in each form in which files hold text."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from dblrandom.adapters.engines.table import Table
from dblrandom.testing import EngineConformance

pa = pytest.importorskip("pyarrow")
pytest.importorskip("datafusion")

import pyarrow.parquet as pq  # noqa: E402

from dblrandom.adapters.engines import arrowfiles  # noqa: E402
from dblrandom.adapters.engines.arrow import ArrowTable  # noqa: E402

Rows = Sequence[tuple[str, ...]]


class Files(EngineConformance):
    """Rows in two parts of uneven length."""

    examples = 12
    page_counts = (1, 256, 513)
    kind: Any = None

    @pytest.fixture(autouse=True)
    def folders(self, tmp_path: Path) -> None:
        self.places = (tmp_path / f"{n} [a]?*%41 \u4f01" for n in count())

    def make_table(self, rows: Rows, columns: Sequence[str]) -> Table:
        place = next(self.places)
        place.mkdir()
        self.fill(place, rows, columns)
        return ArrowTable.open(place, name=self.name, id="id")

    def change_rows(self, table: Any, rows: Rows, columns: Sequence[str]) -> bool:
        """Other files of the same names; that they changed is not seen by size, time or number on the disk."""
        paths = [Path(path) for path in table.files.paths]
        self.fill(paths[0].parent, rows, columns)
        stamps = tuple(arrowfiles._stamp(str(path)) for path in paths)
        object.__setattr__(table.files, "_stamps", stamps)
        return True

    def fill(self, place: Path, rows: Rows, columns: Sequence[str]) -> None:
        values = list(zip(*rows, strict=True)) or [()] * len(columns)
        whole = pa.table([pa.array(each, pa.string()) for each in values], names=list(columns))
        cut = len(rows) // 3
        for number, part in enumerate((whole.slice(0, cut), whole.slice(cut))):
            self.write(part, place, number)

    def write(self, part: Any, place: Path, number: int) -> None:
        raise NotImplementedError


class TestParquet(Files):
    def write(self, part: Any, place: Path, number: int) -> None:
        pq.write_table(part, place / f"part-{number}.parquet", row_group_size=200)


class TestArrow(Files):
    """In chunks, one part with large texts and the other with a dictionary."""

    examples = 6
    large = 1500

    def write(self, part: Any, place: Path, number: int) -> None:
        kind = pa.large_string() if number else pa.dictionary(pa.int32(), pa.string())
        cast = pa.table([column.cast(kind) for column in part.columns], names=part.column_names)
        with pa.OSFile(str(place / f"{number}.arrow"), "wb") as file, pa.ipc.new_file(file, cast.schema) as writer:
            writer.write_table(cast, max_chunksize=100)
