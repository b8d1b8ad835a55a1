"""Tables as offices keep them (CSV) into populations: the importer's duties of docs/spec, section 2.

What the core compares to the byte is tidied here, once and before anything is committed: text is brought to Unicode's
NFC and trimmed, full-width letters and digits of ids become plain ones. Each such change is a note. What cannot be
tidied without guessing is a defect: no roster is made, and the report has all of them (docs/tables.md).
"""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from attrs import frozen

from dblrandom.adapters.csvbudget import check_width, counted_lines
from dblrandom.adapters.files import open_regular, os_failure
from dblrandom.adapters.tablekinds import accepted_of
from dblrandom.adapters.tablelayout import Wanted
from dblrandom.adapters.tablereading import NotCsv, Record, TableReading
from dblrandom.adapters.tablereport import Collector, Finding, TableReport
from dblrandom.adapters.textfiles import ENCODINGS, check_encoding, open_text, undecodable
from dblrandom.errors import RosterError
from dblrandom.model import Population
from dblrandom.model.json import show
from dblrandom.model.lookalike import INVISIBLE
from dblrandom.model.names import ROSTER_NAME
from dblrandom.model.progress import tracked

__all__ = ["ENCODINGS", "INVISIBLE", "TableImport", "check_csv", "import_csv", "read_csv"]

_READ = 1 << 20


@frozen(kw_only=True)
class TableImport:
    """What came of a table.

    Attributes:
        population: the rows; ``None`` where the table is refused.
        report: all that was noticed.
    """

    population: Population | None
    report: TableReport

    @property
    def defects(self) -> tuple[Finding, ...]:
        """Why the table is refused; empty where it is not."""
        return self.report.defects

    @property
    def notes(self) -> tuple[Finding, ...]:
        """What was noticed, changed or accepted."""
        return self.report.notes

    def taken(self) -> Population:
        """The rows.

        Raises:
            RosterError: the table is refused: the first defect, and how many more there are.
        """
        if self.population is None:
            raise self.report.error()
        return self.population


def read_csv(
    path: str | os.PathLike[str],
    *,
    id: str,  # noqa: A002 -- the word that the field and the specification use
    name: str | None = None,
    columns: Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
    confidential: bool = False,
    encoding: str = "utf-8-sig",
    accept: Iterable[str] = (),
) -> Population:
    """Read a CSV file as :func:`import_csv` does, where the notes are of no interest.

    Raises:
        RosterError: the first defect, naming the line of the file and the column, and how many more there are.
        FolderError: the file cannot be read.
    """
    return import_csv(
        path,
        id=id,
        name=name,
        columns=columns,
        rename=rename,
        confidential=confidential,
        encoding=encoding,
        accept=accept,
    ).taken()


def import_csv(
    path: str | os.PathLike[str],
    *,
    id: str,  # noqa: A002 -- as above
    name: str | None = None,
    columns: Sequence[str] | None = None,
    rename: Mapping[str, str] | None = None,
    confidential: bool = False,
    encoding: str = "utf-8-sig",
    accept: Iterable[str] = (),
) -> TableImport:
    """Read a CSV file (RFC 4180, first line the header) and say all that was noticed.

    Args:
        path: the file.
        id: the header of the column that identifies a row, as in the file or after ``rename``; it becomes ``id``.
        name: the roster's name; the file's name without its ending where it is not given.
        columns: which columns to take, after ``rename`` and besides the id, in this order; all in the file's order
            where it is not given.
        rename: headers that are not names of the protocol, to names that are: ``{"行政区": "district"}``.
        confidential: whether the roster must not disclose rows.
        encoding: one of ``ENCODINGS``.
        accept: kinds of defects that are as they should be in this table, each then a note; see
            :data:`~dblrandom.adapters.tablekinds.KINDS`.

    Raises:
        RosterError: an argument that cannot be.
        FolderError: the file cannot be read.
    """
    source = Path(path)
    where = source.name
    check_encoding(encoding, f"{where}: encoding")
    roster = source.stem if name is None else name
    if not ROSTER_NAME.fullmatch(roster):
        raise RosterError(f"{show(roster)} is no name for a roster (A-Z a-z 0-9 . _ -); give one as name", where="name")
    table = TableReading(
        collector=Collector(accepted_of(accept)), wanted=Wanted(id=id, columns=columns, rename=dict(rename or {}))
    )
    with os_failure(source, "read it"), open(open_regular(source), "rb") as file:
        try:
            text = open_text(file, encoding, where)
        except RosterError as error:
            told = str(error).removeprefix(f"{where}: ")
            table.collector.add("encoding", told, row=0, line=0)
            return TableImport(population=None, report=table.collector.report(where, 0))
        with text:
            faults: list[NotCsv] = []
            table.read(iter(tracked(_records(text, encoding, where, faults), "reading the table")), faults)
    report = table.collector.report(where, len(table.rows))
    if report.refused or table.layout is None:
        return TableImport(population=None, report=report)
    return TableImport(
        population=Population(roster, table.layout.columns, tuple(table.rows), confidential), report=report
    )


def check_csv(path: str | os.PathLike[str], encoding: str) -> None:
    """Check that a file is CSV (RFC 4180) as far as quotes go; one without any is.

    Raises:
        RosterError: it is not, naming the line.
        FolderError: the system does not let it be read.
    """
    where = str(path)
    with os_failure(path, "read it"), open(open_regular(path), "rb") as file:
        if not any(b'"' in block for block in iter(partial(file.read, _READ), b"")):
            return
        file.seek(0)
        with open_text(file, encoding, where) as text:
            faults: list[NotCsv] = []
            for _ in _records(text, encoding, where, faults):
                pass
    if faults:
        raise faults[0]


def _records(text: io.TextIOWrapper, encoding: str, where: str, faults: list[NotCsv]) -> Iterator[Record]:
    """Give each record with its number and the line of the file on which it begins; what ends them early is a fault."""
    reader = csv.reader(counted_lines(text, where), strict=True)
    row = line = 1
    try:
        for record in reader:
            check_width(record, f"{where}: line {line}")
            yield row, line, record
            row += 1
            line = reader.line_num + 1
    except UnicodeDecodeError as error:
        said = str(undecodable(error.object[max(0, error.start - _READ) :], encoding, "", line))
        faults.append(NotCsv(said.removeprefix(": "), where=where, kind="encoding", row=row, line=line))
    except csv.Error as error:
        message = f"is not CSV: {error}; save it as CSV again"
        faults.append(NotCsv(message, where=where, kind="not-csv", row=row, line=line))
