"""Rosters in Parquet, CSV and Arrow files, read by Arrow and drawn from by DataFusion (docs/engines.md)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.dataset as ds

from dblrandom.adapters.engines.arrowrules import check_batch, render, text_column
from dblrandom.adapters.engines.datafusion import FusionScan, failing, session, view
from dblrandom.adapters.engines.table import OutOfOrder, Page
from dblrandom.adapters.files import os_failure
from dblrandom.errors import RosterError
from dblrandom.kernel.suite import Suite
from dblrandom.sampling import Scan

__all__ = ["ArrowTable", "file_kind"]

_KINDS = {".parquet": "parquet", ".csv": "csv", ".arrow": "ipc", ".feather": "ipc", ".ipc": "ipc"}
_BATCH = 131_072


def file_kind(path: Path) -> str | None:
    """``parquet``, ``csv`` or ``ipc`` by a file's name, or by those in a folder; ``None`` for anything else."""
    if path.is_dir():
        kinds = {file_kind(each) for each in path.rglob("*") if each.is_file() and not each.name.startswith(("_", "."))}
        return kinds.pop() if len(kinds) == 1 else None
    return _KINDS.get(path.suffix.lower())


@attrs.frozen(eq=False, kw_only=True)
class ArrowTable:
    """A file, or a folder of files of one kind with the same columns.

    Attributes:
        name: the roster's name.
        columns: the roster's columns, ``id`` first.
        files: the files, in the order of their names.
        kind: ``parquet``, ``csv`` or ``ipc``.
        sources: the files' own column for each of the roster's.
        sort: whether the rows have to be sorted.
    """

    name: str
    columns: tuple[str, ...]
    files: tuple[str, ...]
    kind: str
    sources: tuple[str, ...]
    sort: bool = False
    _stamp: tuple[tuple[int, int], ...]

    @classmethod
    def open(
        cls,
        place: str | os.PathLike[str],
        *,
        name: str,
        id: str,  # noqa: A002  # as everywhere in the library
        columns: Sequence[str] | None = None,
        rename: Mapping[str, str] | None = None,
    ) -> ArrowTable:
        """Open files as a roster; nothing of their rows is read yet.

        Args:
            place: a file, or a folder with files of one kind.
            name: the roster's name.
            id: the files' column that becomes ``id``.
            columns: the other columns to commit to; by default all.
            rename: names of the files' columns, to the roster's.

        Raises:
            RosterError: no such file, more than one kind of files, or a column that is missing in one of them.
        """
        path = Path(place)
        kind = file_kind(path)
        if kind is None:
            raise RosterError("is not a Parquet, CSV or Arrow file, nor a folder of files of one kind", where=str(path))
        found = (
            sorted(p for p in path.rglob("*") if p.is_file() and _KINDS.get(p.suffix.lower()))
            if path.is_dir()
            else [path]
        )
        files = tuple(str(p) for p in found)
        others = (
            [c for c in _schema(files[0], kind).names if c != id]
            if columns is None
            else [c for c in columns if c != id]
        )
        new = dict(rename or {})
        opened = cls(
            name=name,
            columns=("id", *(new.get(column, column) for column in others)),
            files=files,
            kind=kind,
            sources=(id, *others),
            stamp=_stamp(files),
        )
        for file in files:
            missing = [c for c in opened.sources if c not in _schema(file, kind).names]
            if missing:
                raise RosterError(f"has no column {missing[0]!r}, which the roster takes from every part", where=file)
        return opened

    def in_order(self) -> ArrowTable:
        """See :meth:`Table.in_order`."""
        return attrs.evolve(self, sort=True)

    def check_unchanged(self) -> None:
        """See :meth:`Table.check_unchanged`; told by the files' sizes and times."""
        if _stamp(self.files) != self._stamp:
            raise RosterError("its files were changed since it was committed to", where=f"roster {self.name}")

    def pages(self, page_rows: int) -> Iterator[Page]:
        """See :meth:`Table.pages`; with readahead on all cores, and without holding more than a few batches."""
        where = f"roster {self.name}"
        carried = b""
        first, held, before, start = b"", 0, None, 1
        with failing(where):
            for batch in self._sorted() if self.sort else self._batches():
                columns = [text_column(batch.column(n), name, where) for n, name in enumerate(self.columns)]
                lines = render(columns)
                data, offsets = _buffers(lines)
                check_batch(columns, self.columns, data, start, where)
                before = self._check_order(columns[0], before, where)
                yield from ()
                at = 0
                if held:
                    at = min(page_rows - held, len(lines))
                    carried += data[: offsets[at]]
                    held += at
                    if held == page_rows:
                        yield Page(carried, first)
                        carried, held = b"", 0
                whole = at + (len(lines) - at) // page_rows * page_rows
                view_of = memoryview(data)
                for place in range(at, whole, page_rows):
                    yield Page(view_of[offsets[place] : offsets[place + page_rows]], _bytes(columns[0], place))
                if whole < len(lines) and not held:
                    carried, held, first = data[offsets[whole] :], len(lines) - whole, _bytes(columns[0], whole)
                start += len(lines)
        if held:
            yield Page(carried, first)

    def lines(self, first: bytes, after: bytes | None) -> list[bytes]:
        """See :meth:`Table.lines`; Parquet's own statistics keep this from reading everything."""
        self.check_unchanged()
        where = f"roster {self.name}"
        field = pc.field(self.sources[0]).cast(pa.string())
        keep = field >= first.decode()
        if after is not None:
            keep &= field < after.decode()
        found: list[bytes] = []
        with failing(where):
            for batch in self._batches(keep):
                if len(batch):
                    columns = [text_column(batch.column(n), name, where) for n, name in enumerate(self.columns)]
                    found += _buffers(render(columns))[0].split(b"\n")[:-1]
        return sorted(found)

    def scan(self, suite: Suite, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str) -> Scan:
        """See :meth:`Table.scan`."""
        return FusionScan(self.dataset(), self.kind, self.files, self._named(), suite, keep, tuple(strata), where)

    def dataset(self) -> Any:
        """The files as an Arrow data set."""
        return _dataset(self.files, self.kind)

    def _named(self) -> dict[str, str]:
        return dict(zip(self.columns, self.sources, strict=True))

    def _batches(self, keep: Any = None) -> Iterator[pa.RecordBatch]:
        scanner = self.dataset().scanner(columns=list(self.sources), filter=keep, batch_size=_BATCH, batch_readahead=4)
        yield from (batch for batch in scanner.to_batches() if len(batch))

    def _sorted(self) -> Iterator[pa.RecordBatch]:
        context = session()
        frame = view(context, self.dataset(), self.kind, self.files, self._named())
        for batch in frame.sort(*_ascending()).execute_stream():
            found = batch.to_pyarrow()
            if len(found):
                yield found

    def _check_order(self, ids: pa.Array, before: str | None, where: str) -> str:
        """Check that ids ascend, within the batch and from the one before; returns the last."""
        head, last = ids[0].as_py(), str(ids[-1].as_py())
        if len(ids) > 1 and not pc.all(pc.less(ids.slice(0, len(ids) - 1), ids.slice(1))).as_py():
            same = pc.equal(ids.slice(0, len(ids) - 1), ids.slice(1))
            if pc.any(same).as_py():
                twice = ids.filter(pa.concat_arrays([same, pa.array([False])]))[0].as_py()
                raise RosterError(f"the id {twice!r} is there twice; ids are unique", where=where)
            raise OutOfOrder("its rows are not in the order of the ids' bytes; sort them", where=where)
        if before is not None and before.encode() >= head.encode():
            if before == head:
                raise RosterError(f"the id {head!r} is there twice; ids are unique", where=where)
            raise OutOfOrder("its rows are not in the order of the ids' bytes; sort them", where=where)
        return last


def _ascending() -> list[Any]:
    from datafusion import col  # beside the rest of the engine, which needs it too

    return [col("id").sort(ascending=True)]


def _bytes(ids: pa.Array, place: int) -> bytes:
    return str(ids[place].as_py()).encode()


def _buffers(lines: pa.Array) -> tuple[bytes, memoryview]:
    """The bytes of rendered lines, and where in them each begins."""
    _, offsets, data = lines.buffers()
    places = memoryview(offsets).cast("i")[lines.offset : lines.offset + len(lines) + 1]
    begin, end = places[0], places[-1]
    if begin:
        return bytes(memoryview(data)[begin:end]), memoryview(b"").cast("b")
    return bytes(memoryview(data)[:end]) if data is not None else b"", places


def _stamp(files: Sequence[str]) -> tuple[tuple[int, int], ...]:
    stamps = []
    for file in files:
        with os_failure(file, "read it"):
            found = os.stat(file)
        stamps.append((found.st_size, found.st_mtime_ns))
    return tuple(stamps)


def _format(kind: str) -> Any:
    if kind == "csv":
        return ds.CsvFileFormat(
            convert_options=pa_csv.ConvertOptions(strings_can_be_null=False, quoted_strings_can_be_null=False)
        )
    return kind


def _dataset(files: Sequence[str], kind: str) -> Any:
    with failing(files[0]):
        if kind == "csv":
            names = _schema(files[0], kind).names
            return ds.dataset(
                list(files), format=_format(kind), schema=pa.schema([(name, pa.string()) for name in names])
            )
        return ds.dataset(list(files), format=_format(kind))


def _schema(file: str, kind: str) -> pa.Schema:
    with failing(file), os_failure(file, "read it"):
        return ds.dataset(file, format=_format(kind)).schema
