"""Which files of a folder are a roster's parts, and which folders no engine here may read (docs/engines/files.md).

The folders of table formats (Delta Lake, Hudi, Iceberg and others) hold files whose rows were deleted or replaced; only
the format's own log says which. To read all files would bring such rows back, so these folders are refused, and so
is every hidden name that is not known to hold no rows.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from dblrandom.adapters.files import os_failure
from dblrandom.errors import RosterError

__all__ = ["KINDS", "MOST_FILES", "check_columns_of_format", "check_no_format", "file_kind", "found_parts"]

KINDS: Mapping[str, str] = MappingProxyType(
    {".parquet": "parquet", ".csv": "csv", ".tsv": "tsv", ".arrow": "ipc", ".feather": "ipc", ".ipc": "ipc"}
)
"""Kinds of files by the ends of their names."""
MOST_FILES = 100_000
"""The most files that one folder may have."""

_PARTITION = re.compile(r"[^=]+=")
# Names in the folder of a table, and whose they are. The last two are of a format that has its log in folders beside.
_MARKS: Mapping[str, str] = MappingProxyType(
    {
        "_delta_log": "a Delta Lake table",
        "_delta_index": "a Delta Lake table",
        "_change_data": "a Delta Lake table",
        ".hoodie": "a Hudi table",
        ".hoodie_partition_metadata": "a Hudi table",
        "_spark_metadata": "what a Spark stream writes",
        "_temporary": "what a Spark or Hadoop job has not finished",
        "_impala_insert_staging": "what an Impala job has not finished",
        "_versions": "a Lance table",
        "_latest.manifest": "a Lance table",
        "_transactions": "a Lance table",
        "_deletions": "a Lance table",
    }
)
_MARK_STARTS: Mapping[str, str] = MappingProxyType(
    {
        "_started_": "what a Databricks job wrote, with a log of its own",
        "_committed_": "what a Databricks job wrote, with a log of its own",
        ".spark-staging": "what a Spark job has not finished",
        ".hive-staging": "what a Hive job has not finished",
        "ducklake-": "a DuckLake table",
    }
)
# A folder beside the data, and what the names in it begin with or contain.
_LOGS: Sequence[tuple[str, re.Pattern[str], str]] = (
    ("metadata", re.compile(r"\.metadata\.json|^version-hint\.text$|^snap-.*\.avro$"), "an Iceberg table"),
    ("snapshot", re.compile(r"^(LATEST|EARLIEST|snapshot-\d+)$"), "a Paimon table"),
    ("schema", re.compile(r"^schema-\d+$"), "a Paimon table"),
    ("Metadata", re.compile(r"^(schema|tablestatus(_.*)?|segments)$"), "a CarbonData table"),
)
_ACID = re.compile(r"(delta|delete_delta)_\d+_\d+(_\d+)?|base_\d+(_v\d+)?")
_OF_FORMATS: Mapping[str, str] = MappingProxyType(
    {
        "_hoodie_commit_time": "a Hudi table",
        "_hoodie_record_key": "a Hudi table",
        "_hoodie_is_deleted": "a Hudi table",
        "_change_type": "the changes of a Delta Lake table",
        "_VALUE_KIND": "a Paimon table",
        "_SEQUENCE_NUMBER": "a Paimon table",
    }
)
_NO_ROWS = frozenset({"_success", "_metadata", "_common_metadata", ".ds_store", "thumbs.db", "desktop.ini"})
_APPLE_DOUBLE = b"\x00\x05\x16\x07"
_SHOWN = 300


def file_kind(path: Path) -> str | None:
    """``parquet``, ``csv``, ``tsv`` or ``ipc`` by the end of a file's name; ``None`` for anything else."""
    return KINDS.get(path.suffix.lower())


def check_no_format(place: str | os.PathLike[str]) -> None:
    """Refuse a file or folder in a folder of a table format: its log, and not the files, says which rows there are.

    The folders above it count as well, since a partition of such a table is below the log.

    Raises:
        RosterError: naming the format.
        FolderError: the system does not let the place be read.
    """
    path = Path(place)
    with os_failure(path, "read it"):
        whole = path.resolve()
        start = whole if whole.is_dir() else whole.parent
        for folder in (start, *start.parents):
            if _ACID.fullmatch(folder.name):
                raise _refused(folder, "a Hive table with transactions")
            found = _format_above(folder)
            if found is not None:
                raise _refused(folder, found)


def check_columns_of_format(names: Collection[str], where: str) -> None:
    """Refuse a file with a column that only a table format writes, also where it was copied out of its table.

    Raises:
        RosterError: naming the column.
    """
    for name, what in _OF_FORMATS.items():
        if name in names:
            raise RosterError(
                f"has the column {name!r}, so it is a file of {what}, whose log says which rows there are; open the "
                "table with Spark, or export it to plain files",
                where=where,
            )


def found_parts(place: Path) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """The kind of a file or of all files of a folder, their paths, and the names passed over since they hold no rows.

    Raises:
        RosterError: files of several kinds or of none, a folder of a table format, a hidden name, a link.
        FolderError: the system does not let it be read.
    """
    check_no_format(place)
    with os_failure(place, "read it"):
        if place.is_symlink():
            raise RosterError("is a symbolic link; name the file or folder itself", where=str(place))
        if not place.is_dir():
            os.stat(place)
            kind = file_kind(place)
            if kind is None:
                raise RosterError(f"is not a file of a known kind ({', '.join(KINDS)})", where=str(place))
            return kind, (str(place),), ()
        passed: list[str] = []
        parts = sorted(_walk(place, passed))
    if not parts:
        raise RosterError(f"has no files of a known kind ({', '.join(KINDS)})", where=str(place))
    kinds = {file_kind(Path(part)) for part in parts}
    if None in kinds or len(kinds) > 1:
        odd = next(part for part in parts if file_kind(Path(part)) != (file_kind(Path(parts[0])) or "parquet"))
        raise RosterError(f"has files of more than one kind, such as {odd!r}; keep only the parts", where=str(place))
    return str(kinds.pop()), tuple(str(place / part) for part in parts), tuple(sorted(passed))


def _walk(folder: Path, passed: list[str]) -> Iterator[str]:
    """The paths of all files below a folder, relative to it, in any order; those that hold no rows go to ``passed``."""
    pending = [""]
    while pending:
        below = pending.pop()
        with os.scandir(folder / below) as entries:
            found = list(islice(entries, MOST_FILES + 1))
        if len(found) > MOST_FILES:
            raise RosterError(f"has more than {MOST_FILES} files; join them to larger ones", where=str(folder / below))
        names = {entry.name for entry in found}
        if (what := _format_of(folder / below, names)) is not None:
            raise _refused(folder / below, what)
        for entry in found:
            path = f"{below}{entry.name}"
            if entry.is_symlink() or not (entry.is_dir() or entry.is_file()):
                raise RosterError("is a link or a device; put the files themselves there", where=str(folder / path))
            if entry.is_file() and _holds_no_rows(entry, names):
                passed.append(path)
                continue
            _check_name(entry.name, folder / path, is_folder=entry.is_dir())
            if entry.is_dir():
                pending.append(f"{path}/")
            else:
                yield path


def _check_name(name: str, path: Path, *, is_folder: bool) -> None:
    if name.startswith((".", "_")) and not (is_folder and name == "__MACOSX"):
        raise RosterError(
            "has a hidden name, so nobody can tell whether its rows belong to the roster; move it out of the folder, "
            "or give it another name",
            where=str(path),
        )
    if is_folder and _ACID.fullmatch(name):
        raise _refused(path, "a Hive table with transactions")
    if is_folder and _PARTITION.match(name):
        raise RosterError(
            "is a partition of which the folder's name is a column; write that column into the files, or open one "
            "partition by itself",
            where=str(path),
        )


def _holds_no_rows(entry: os.DirEntry[str], names: Collection[str]) -> bool:
    """Whether a file is known to hold no rows: marks of a job's end, summaries, checksums, droppings of a desktop."""
    name = entry.name
    if name.lower() in _NO_ROWS:
        return True
    if name.startswith(".") and name.endswith(".crc"):
        return name[1:-4] in names  # a checksum without its file tells that the file was lost
    if name.startswith("._"):
        with open(entry.path, "rb") as file:
            return file.read(4) == _APPLE_DOUBLE
    return False


def _format_above(folder: Path) -> str | None:
    """The format whose table a folder is, by a few names that are looked up, for it may be a large folder."""
    for name, what in _MARKS.items():
        if os.path.lexists(folder / name):
            return what
    return _format_by_log(folder)


def _format_of(folder: Path, names: Collection[str]) -> str | None:
    """The format whose table a folder is, by all names in it."""
    for name in sorted(names):
        if name.lower() in _MARKS:
            return _MARKS[name.lower()]
        if (start := next((start for start in _MARK_STARTS if name.startswith(start)), None)) is not None:
            return _MARK_STARTS[start]
    return _format_by_log(folder)


def _format_by_log(folder: Path) -> str | None:
    for name, pattern, what in _LOGS:
        if not (folder / name).is_dir():
            continue
        with os.scandir(folder / name) as entries:
            if any(pattern.search(entry.name) for entry in islice(entries, MOST_FILES)):
                return what
    return None


def _refused(folder: Path, what: str) -> RosterError:
    said = (
        f"is {what}: its files also hold rows that were deleted or never finished, and its log says which; open it "
        "with Spark, or export it to plain files"
    )
    if "not finished" in what or "writes" in what:
        said = f"holds {what}, so its files are not all rows, or too many; open it with Spark, or export it"
    return RosterError(said, where=str(folder)[-_SHOWN:])
