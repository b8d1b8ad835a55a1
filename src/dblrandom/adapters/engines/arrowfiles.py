"""Parquet, CSV, TSV and Arrow files as Arrow reads them: which files, which columns, unchanged or not."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.dataset as ds
import pyarrow.fs as pa_fs
import pyarrow.parquet as pq

from dblrandom.adapters.engines._arrowcolumns import check_alike, is_text, layout, types
from dblrandom.adapters.engines.arrowrules import text_column
from dblrandom.adapters.engines.arrowslices import in_slices
from dblrandom.adapters.engines.arrowuuid import is_uuid, with_uuids
from dblrandom.adapters.engines.ipcbudget import check_messages
from dblrandom.adapters.engines.parquetbudget import check_footer, cost_of
from dblrandom.adapters.engines.parts import check_columns_of_format, file_kind, found_parts
from dblrandom.adapters.files import os_failure
from dblrandom.adapters.tables import check_csv
from dblrandom.adapters.textfiles import check_text, codec_of, undecodable
from dblrandom.errors import DblrandomError, RosterChanged, RosterError

__all__ = ["Files", "check_cost", "failing", "rows_of"]

_CELLS = 262_144  # of one batch; a field has at most 1,024 bytes, so a batch never comes near Arrow's limit of 2 GiB
_BATCH_BYTES = 16 * 1024 * 1024
_GROUP_BYTES = 512 * 1024 * 1024  # of a group of rows, decoded; larger ones are read a few rows at a time
_FULL = re.compile("no space left|disk quota|file too large|max_temp_directory_size", re.IGNORECASE)


@attrs.frozen(kw_only=True)
class Files:
    """Files of one kind, whose rows are one table.

    Attributes:
        kind: as :func:`~dblrandom.adapters.engines.parts.file_kind`.
        paths: the files, in the order of their paths below the folder.
        sources: the files' own names for the roster's columns, ``id`` first.
        columns: the roster's columns.
        types: for each file and column its Arrow type.
        encoding: the encoding of CSV and TSV.
        row_bytes: about how long a row of Parquet is at most; 0 for other kinds.
        heavy: the files of Parquet of which no whole group of rows is to be in memory.
        passed: the names in the folder that were passed over, since they hold no rows.
    """

    kind: str
    paths: tuple[str, ...]
    sources: tuple[str, ...]
    columns: tuple[str, ...]
    types: tuple[tuple[Any, ...], ...]
    encoding: str
    row_bytes: int
    heavy: frozenset[str]
    passed: tuple[str, ...]
    _stamps: tuple[tuple[int, ...], ...]

    @classmethod
    def open(
        cls,
        place: str | os.PathLike[str],
        unit_id: str,
        columns: Sequence[str] | None,
        rename: Mapping[str, str],
        encoding: str,
    ) -> Files:
        """Find the files and their columns; no row is read.

        Raises:
            RosterError: files of several kinds, or a column that is missing or of another type in one of them.
            FolderError: the system does not let one be read.
        """
        kind, paths, passed = found_parts(Path(place))
        stamps = tuple(_stamp(path) for path in paths)
        schema = _schema(paths[0], kind, encoding)
        check_columns_of_format(schema.names, paths[0])
        sources, names = layout(list(schema.names), unit_id, columns, dict(rename), paths[0])
        found = [types(schema, sources, paths[0])]
        for path in paths[1:]:
            other = _schema(path, kind, encoding)
            check_columns_of_format(other.names, path)
            found.append(types(other, sources, path))
            check_alike(found[0], found[-1], sources, path)
        row_bytes, heavy = _costs(paths, sources) if kind == "parquet" else (0, frozenset())
        return cls(
            kind=kind,
            paths=paths,
            sources=sources,
            columns=names,
            types=tuple(found),
            encoding=encoding,
            row_bytes=row_bytes,
            heavy=heavy,
            passed=passed,
            stamps=stamps,
        )

    @property
    def batch_rows(self) -> int:
        """How many rows are worked on at a time."""
        widths = _BATCH_BYTES // max(1, self.row_bytes)
        return max(64, min(_CELLS // max(2, len(self.columns)), widths))

    def check_unchanged(self) -> None:
        """Refuse a file that is not as it was found, by its size, its time and its number on the disk.

        Raises:
            RosterError: naming the file.
        """
        for path, stamp in zip(self.paths, self._stamps, strict=True):
            if _stamp(path) != stamp:
                raise RosterChanged("was changed since the roster was read; commit again", where=path)

    def check_quotes(self) -> None:
        """Refuse CSV whose quotes are not as they should be, which Arrow would read as something or other.

        Raises:
            RosterError: naming the file and the line.
        """
        if self.kind == "csv":
            for path in self.paths:
                check_csv(path, self.encoding)

    def rows(self) -> int | None:
        """How many rows the files say they have, or ``None`` where only reading would tell."""
        if self.kind not in ("parquet", "ipc"):
            return None
        return sum(map(_rows_of, self.paths))

    def dataset(self, place: int) -> Any:
        """The file at ``place`` as an Arrow data set."""
        schema = pa.schema([(s, pa.string()) for s in self.sources]) if self.kind in ("csv", "tsv") else None
        with failing(self.paths[place]):
            return _dataset(self.paths[place], self.kind, self.encoding, schema)

    @contextmanager
    def _reading(self, path: str) -> Iterator[None]:
        """As :func:`failing`; of text in another encoding, the line and the advice that small files get as well."""
        try:
            with failing(path):
                yield
        except RosterError as error:
            if self.kind in ("csv", "tsv") and re.search("utf-?8|codec", str(error), re.IGNORECASE):
                raise _not_text(path, self.encoding) or error from error
            raise

    def batches(
        self, first: bytes | None = None, after: bytes | None = None, *, wanted: Sequence[str] | None = None
    ) -> Iterator[pa.RecordBatch]:
        """The rows, file by file, with the roster's columns; with ``first``, ids from it on and below ``after``.

        Args:
            first: the lowest id, where not all rows are meant.
            after: the lowest id that is not meant any more.
            wanted: of the roster's columns those to be read, where all rows are.
        """
        there = dict(zip(self.columns, self.sources, strict=True))
        columns = {name: ds.field(there[name]) for name in (self.columns if wanted is None else wanted)}
        for place, path in enumerate(self.paths):
            dataset = self.dataset(place)
            kind = dataset.schema.field(self.sources[0]).type
            streamed = path in self.heavy
            views = (
                streamed
                or is_uuid(self.types[place][0])
                or any(_is_shared(dataset.schema.field(source).type) for source in self.sources)
            )
            with self._reading(path):
                scanner = dataset.scanner(
                    columns=columns,
                    filter=None if first is None or views else _between(ds.field(self.sources[0]), kind, first, after),
                    batch_size=self.batch_rows,
                    batch_readahead=2,
                    fragment_readahead=1,
                )
                for batch in self._streamed(path, list(columns)) if streamed else scanner.to_batches():
                    if self.kind == "ipc":
                        _check_sound(batch)
                    for part in in_slices(batch, path) if views else (batch,):
                        found = _within(part, first, after, path) if views and first is not None else part
                        if len(found):
                            yield found

    def _streamed(self, path: str, names: list[str]) -> Iterator[pa.RecordBatch]:
        """The rows of a Parquet file, some at a time: a data set's reader takes a whole group of rows at once."""
        there = dict(zip(self.columns, self.sources, strict=True))
        sources = [there[name] for name in names]
        with pq.ParquetFile(path, pre_buffer=False) as file:
            for batch in file.iter_batches(batch_size=self.batch_rows, columns=sources, use_threads=False):
                columns = [batch.column(batch.schema.get_field_index(source)) for source in sources]
                yield pa.RecordBatch.from_arrays(columns, names)


def _not_text(path: str, encoding: str) -> RosterError | None:
    """What is wrong with the first line of a file that is not text in this encoding."""
    with os_failure(path, "read it"), open(path, "rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode(codec_of(encoding))
            except UnicodeDecodeError:
                return undecodable(line, encoding, path, number)
    return None


def _check_sound(batch: pa.RecordBatch) -> None:
    """Refuse offsets and indices that lead elsewhere, which would be followed; what is not UTF-8 is told later."""
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid as error:
        if "Invalid UTF8" not in str(error):
            raise


def _within(batch: pa.RecordBatch, first: bytes, after: bytes | None, where: str) -> pa.RecordBatch:
    """The rows with ids from ``first`` on and below ``after``, for types that Arrow itself does not filter well."""
    texts = [text_column(batch.column(n), name, where) for n, name in enumerate(batch.schema.names)]
    ids = texts[0].cast(pa.binary())
    mask = pc.greater_equal(ids, first)
    if after is not None:
        mask = pc.and_(mask, pc.less(ids, after))
    return pa.RecordBatch.from_arrays(texts, batch.schema.names).filter(mask)


def _is_shared(kind: Any) -> bool:
    """Whether rows of this type may share one text, which takes more memory when each has its own."""
    return bool(pa.types.is_string_view(kind) or pa.types.is_dictionary(kind))


def check_cost(path: str, kind: str | None) -> None:
    """Refuse a Parquet or Arrow file that would cost too much, before Arrow looks at it.

    Raises:
        RosterError: naming the file and the budget (see :mod:`dblrandom.limits`).
    """
    with failing(path):
        if kind == "parquet":
            check_footer(path)
        elif kind == "ipc":
            check_messages(path)


def rows_of(path: Path) -> int:
    """How many rows a Parquet or Arrow file says it has; errors as :func:`failing` and :func:`check_cost`."""
    check_cost(str(path), file_kind(path))
    return _rows_of(str(path))


def _rows_of(path: str) -> int:
    with failing(path):
        return int(_dataset(path, str(file_kind(Path(path))), "").count_rows())


def _costs(paths: Sequence[str], sources: tuple[str, ...]) -> tuple[int, frozenset[str]]:
    """About how long a row is at most, and the files with groups of rows that are too large to be in memory."""
    row, heavy = 0, set()
    for path in paths:
        with failing(path):
            cost = cost_of(path, sources)
        row = max(row, cost.row)
        if cost.group > _GROUP_BYTES:
            heavy.add(path)
    return row, frozenset(heavy)


@contextmanager
def failing(where: str) -> Iterator[None]:
    """Turn what Arrow or DataFusion raises into one line of the library's own.

    Raises:
        RosterError: with the first line of what was said, and what to do about a full disk.
    """
    try:
        yield
    except DblrandomError:
        raise
    except (pa.ArrowException, OSError, ValueError, SystemError) as error:
        raise _refused(error, where) from error
    except BaseException as error:
        # The engine's binding raises a plain Exception for whatever happens in it, and its panics are BaseExceptions.
        if type(error) is not Exception and type(error).__name__ != "PanicException":
            raise
        raise _refused(error, where) from error


def _refused(error: BaseException, where: str) -> RosterError:
    said = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    if _FULL.search(str(error)):
        said = f"the disk for temporary files is full; free it, or set TMPDIR to a larger one ({said[:200]})"
    elif "Resources exhausted" in said:
        said = f"its rows do not fit into the memory allowed for sorting; sort them by id before ({said[:200]})"
    return RosterError(f"cannot be read: {said[:400]}", where=where)


def _stamp(path: str) -> tuple[int, ...]:
    with os_failure(path, "read it"):
        found = os.stat(path)
        if not os.access(path, os.R_OK):
            raise PermissionError(13, "Permission denied")
    return found.st_size, found.st_mtime_ns, found.st_ino


def _dataset(path: str, kind: str, encoding: str, schema: pa.Schema | None = None) -> Any:
    form: Any = kind
    if kind in ("csv", "tsv"):
        form = ds.CsvFileFormat(
            parse_options=pa_csv.ParseOptions(
                delimiter="," if kind == "csv" else "\t",
                quote_char='"' if kind == "csv" else False,
                newlines_in_values=kind == "csv",
                ignore_empty_lines=False,
            ),
            read_options=pa_csv.ReadOptions(encoding=codec_of(encoding) if encoding.startswith("gb") else "utf8"),
            convert_options=pa_csv.ConvertOptions(strings_can_be_null=False, quoted_strings_can_be_null=False),
        )
    return ds.dataset([path], format=form, schema=schema, filesystem=pa_fs.LocalFileSystem())


def _schema(path: str, kind: str, encoding: str) -> pa.Schema:
    if kind in ("csv", "tsv"):
        check_text(path, encoding)
    check_cost(path, kind)
    try:
        with failing(path):
            schema = _dataset(path, kind, encoding).schema
            schema.names  # noqa: B018 - a name is decoded when it is asked for
            schema = with_uuids(schema, path) if kind == "parquet" else schema
    except RosterError as error:
        if not isinstance(error.__cause__, UnicodeDecodeError):
            raise
        told = "the name of a column is not UTF-8; give it another name where the file was written"
        raise RosterError(told, where=path) from error
    # What Arrow guesses from the first rows of a CSV file is of no interest: all its columns are text.
    return pa.schema([(name, pa.string()) for name in schema.names]) if kind in ("csv", "tsv") else schema


def _between(field: Any, kind: Any, first: bytes, after: bytes | None) -> Any:
    """Ids of a range; not cast where they are text, so that Parquet's statistics can tell what need not be read."""
    if not is_text(kind) or pa.types.is_dictionary(kind):
        field, kind = field.cast(pa.string()), pa.string()
    keep = field >= pa.scalar(first.decode(), kind)
    return keep if after is None else keep & (field < pa.scalar(after.decode(), kind))
