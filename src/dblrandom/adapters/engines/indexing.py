"""Making an index of a roster's pages, and opening a roster with one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dblrandom.adapters.engines.addresses import is_address, placed
from dblrandom.adapters.engines.indexed import IndexedRoster, PageReader
from dblrandom.adapters.engines.pagefiles import TextPages, sources_of, text_hints
from dblrandom.adapters.engines.pageindex import Hint, PageIndex, index_bytes
from dblrandom.adapters.engines.parts import found_parts
from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.files import write_new
from dblrandom.adapters.textfiles import codec_of
from dblrandom.errors import RosterChanged, RosterError
from dblrandom.kernel.merkle import Tree, leaf_hash
from dblrandom.kernel.rows import header_line, id_of
from dblrandom.roster import Roster
from dblrandom.roster.manifest import PAGE_ROWS

if TYPE_CHECKING:
    from dblrandom.adapters.engines.arrow import ArrowTable

__all__ = ["open_indexed", "save_index"]


def save_index(roster: Roster | EngineRoster, path: str | os.PathLike[str]) -> None:
    """Write the index of a roster, with which :func:`open_indexed` answers single questions in milliseconds.

    The index of a roster in memory is for its canonical file (``to_file()``), that of any other for where its rows are.

    Args:
        roster: the roster.
        path: a new file; of a confidential roster nobody else may read it, since it names all ids.

    Raises:
        RosterError: rows in files that are not in the order of their ids.
        FolderError: the file is there, or cannot be written.
    """
    data = b"".join(index_bytes(roster.manifest, roster.suite, *_made(roster)))
    write_new(path, data, 0o600 if roster.manifest.confidential else 0o644)


def open_indexed(
    place: str | os.PathLike[str],
    index: str | os.PathLike[str],
    *,
    id: str = "id",  # noqa: A002  # as everywhere in the library
    rename: Mapping[str, str] | None = None,
    encoding: str | None = None,
    from_file: bool | str | os.PathLike[str] = False,
) -> IndexedRoster:
    """Open a roster by its index, without reading its rows.

    Args:
        place: where the rows are, as for :func:`~dblrandom.adapters.engines.opening.open_roster`; for a roster that was
            in memory, its canonical file.
        index: the file that :func:`save_index` wrote.
        id: the column that became ``id``, as it is called there or after ``rename``.
        rename: names of columns as they are called there, to the roster's.
        encoding: of CSV and TSV files.
        from_file: as for ``open_roster``.

    Raises:
        RosterError: the index is damaged, or the place cannot be read.
        FolderError: the system does not let a file be read.
    """
    opened = PageIndex(index)
    try:
        read, end = _reader(opened, place, id, rename or {}, encoding or "utf-8-sig", from_file=from_file)
    except BaseException:
        opened.close()
        raise
    return IndexedRoster(opened, read, end)


def _made(roster: Roster | EngineRoster) -> tuple[Tree, Sequence[bytes], Sequence[Hint] | None]:
    """The tree, the first ids, and where the pages lie."""
    if isinstance(roster, EngineRoster):
        return *roster.committed_pages(), _hints(roster)
    size = roster.page_rows
    pages = [roster.lines[start : start + size] for start in range(0, len(roster), size)]
    hints, place = [], len(header_line(roster.columns)) + 1
    for page in pages:
        hints.append(Hint(0, place))
        place += sum(map(len, page)) + len(page)
    leaves = (leaf_hash(roster.suite, b"\n".join(page) + b"\n") for page in pages)
    return Tree(roster.suite, leaves), [id_of(page[0]) for page in pages], hints


def _hints(roster: EngineRoster) -> list[Hint] | None:
    """Where the pages lie in files; a database looks for an id by itself, and so do Spark and Arrow."""
    files = getattr(roster.table, "files", None)
    if files is None:
        return None
    if getattr(roster.table, "sort", False):
        raise RosterError(
            "its rows are in another order than that of the ids' bytes, so that a page lies in many places; sort them, "
            "or write the canonical file and index that",
            where=f"roster {roster.name}",
        )
    if files.kind in ("csv", "tsv"):
        return text_hints(files.paths, files.kind == "csv", len(roster), f"roster {roster.name}")
    return _row_hints(files.paths, len(roster)) if files.kind == "parquet" else None


def _row_hints(paths: Sequence[str], rows: int) -> list[Hint]:
    from dblrandom.adapters.engines.arrowfiles import rows_of

    found: list[Hint] = []
    start = 0
    for number, path in enumerate(paths):
        end = start + rows_of(Path(path))
        found += [Hint(number, row - start) for row in range(-(-start // PAGE_ROWS) * PAGE_ROWS, end, PAGE_ROWS)]
        start = end
    if start != rows:
        raise RosterChanged("the files were changed since they were read", where=str(Path(paths[0]).parent))
    return found


def _reader(
    index: PageIndex,
    place: str | os.PathLike[str],
    unit_id: str,
    rename: Mapping[str, str],
    encoding: str,
    *,
    from_file: bool | str | os.PathLike[str],
) -> tuple[PageReader, Any]:
    name, columns = index.manifest.name, index.manifest.columns
    sources = sources_of(columns, unit_id, rename)
    if isinstance(place, str) and is_address(place):
        from dblrandom.adapters.engines.opening import sql_table

        stored = {"id": sources[0], "columns": sources[1:], "rename": rename, "from_file": from_file is not False}
        table = sql_table(place, name, stored)
        return _by_ids(table), table.close
    path = placed(place, from_file, str(place))
    kind, paths, _ = found_parts(path)
    if kind in ("csv", "tsv"):
        codec = codec_of(encoding)
        pages = TextPages(paths=paths, quoted=kind == "csv", codec=codec, columns=columns, sources=sources)
        return pages, _nothing
    from dblrandom.adapters.engines.opening import arrow_table
    from dblrandom.adapters.engines.parquetpages import ParquetPages

    found: ArrowTable = arrow_table().open(
        path, name=name, id=sources[0], columns=sources[1:], rename=dict(rename), encoding=encoding
    )
    return (ParquetPages(found.files) if kind == "parquet" else _by_ids(found)), _nothing


def _by_ids(table: Any) -> PageReader:
    """Pages of what looks for ids by itself."""

    def read(first: bytes, after: bytes | None, hint: Hint | None, rows: int) -> bytes:
        return b"".join(line + b"\n" for line in table.lines(first, after))

    return read


def _nothing() -> None:
    """What a file needs to be closed."""
