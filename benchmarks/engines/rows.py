"""Synthetic firms in Parquet: an id of 18 characters and a district."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

PART = 2_500_000


def unit(number: int) -> str:
    """The id of the firm of this number, from 0 on."""
    return str(10**17 + 97 * number)


def write(folder: Path, rows: int, *, districts: int = 500, sorted_: bool = True) -> None:
    """Write files that together have ``rows`` firms, in the order of their ids or in none."""
    folder.mkdir(parents=True)
    names = pa.array([f"D{n:06d}" for n in range(districts)])
    for part, start in enumerate(range(0, rows, PART)):
        numbers = np.arange(start, min(start + PART, rows), dtype=np.int64)
        if not sorted_:
            numbers = (numbers * 7919 + 13) % rows
        ids = pa.array(10**17 + 97 * numbers).cast(pa.string())
        of = pa.array((numbers * 7919 % 1_000_003 % districts).astype(np.int32))
        table = pa.table({"id": ids, "district": pa.DictionaryArray.from_arrays(of, names).cast(pa.string())})
        pq.write_table(table, folder / f"part-{part:04d}.parquet", row_group_size=262_144)
