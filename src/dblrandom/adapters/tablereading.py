"""The reading of a table, block by block: headings, rows, fields, and at the end all ids together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import chain, islice
from typing import Any

import attrs

from dblrandom.adapters.tablecells import Cell, suspects, suspects_in_ids, tidy, tidy_id
from dblrandom.adapters.tableids import Seen, check_ids, pair
from dblrandom.adapters.tablekinds import KINDS
from dblrandom.adapters.tablelayout import Layout, Wanted, divided_by, layout_of
from dblrandom.adapters.tablereport import Collector
from dblrandom.adapters.tablerows import may_be_no_data, no_data, wrong_width
from dblrandom.errors import RosterError

__all__ = ["NotCsv", "Record", "TableReading"]

Record = tuple[int, int, list[str]]
"""The number of a row as a spreadsheet counts, the line on which it begins, and its fields."""

_BLOCK = 4096
_TITLES = 20
_VARIED = 48
_DIVISIONS = {";": "';'", "\t": "TAB", "|": "'|'"}


class NotCsv(RosterError):
    """The file is no CSV, or no text, from a line on."""

    def __init__(self, message: str, *, where: str, kind: str, row: int, line: int) -> None:
        super().__init__(message, where=f"{where}: line {line}" if kind == "not-csv" else where)
        self.finding: dict[str, Any] = {"remark": message, "row": row, "line": line if kind == "not-csv" else 0}
        self.kind = kind


@attrs.define(kw_only=True)
class TableReading:
    """A table as it is read.

    Attributes:
        collector: has all that is noticed.
        wanted: what the caller asked for.
        layout: the headings, as soon as they are known.
        rows: the rows that are taken, tidied.
    """

    collector: Collector
    wanted: Wanted
    layout: Layout | None = None
    rows: list[tuple[str, ...]] = attrs.field(factory=list)
    _places: list[tuple[int, int]] = attrs.field(factory=list)
    _seen: Seen = attrs.field(factory=Seen)
    _repeated: set[int] = attrs.field(factory=set)

    def read(self, records: Iterator[Record], faults: list[NotCsv]) -> None:
        """Read all records, and the faults that ended them early; whatever they hold, only the collector knows."""
        records = self._headings(records)
        if self.layout is not None:
            while block := list(islice(records, _BLOCK)):
                self._take(self._of_width(block, self.layout), self.layout)
        for fault in faults:
            self.collector.add(fault.kind, **fault.finding)
        if self.layout is None:
            return
        check_ids(self._seen.ids, self._id_place, self.collector)
        if not self.rows and not self.collector.refused:
            self.collector.add("no-rows", "has headings and no row; give the whole table", row=0, line=0)
        if self._repeated:
            self.rows = [row for at, row in enumerate(self.rows) if at not in self._repeated]

    def _headings(self, records: Iterator[Record]) -> Iterator[Record]:
        """Find the headings, which a title may stand above; give the records that follow."""
        ahead = list(islice(records, 1))
        if not ahead:
            # Where a fault comes first, it says why.
            self.collector.add("heading", "is empty; its first line must name the columns", row=0, line=0)
            return records
        if not self.wanted.is_there(ahead[0][2]):
            ahead += islice(records, _TITLES)
        at = next((at for at, (_, _, record) in enumerate(ahead) if self.wanted.is_there(record)), 0)
        if not at and not self.wanted.is_there(ahead[0][2]) and self._is_divided(ahead):
            return records
        if at:
            _, last, _ = ahead[at]
            remark = f"the headings are on line {last}; remove what stands above them"
            self.collector.add("title-row", remark, row=1, line=1, value=",".join(ahead[0][2]))
        row, line, record = ahead[at]
        self.layout = layout_of(record, self.wanted, line, row, self.collector)
        return chain(ahead[at + 1 :], records)

    def _is_divided(self, ahead: Iterable[Record]) -> bool:
        """Whether the columns are divided by something else than commas."""
        for row, line, record in ahead:
            if mark := divided_by(record):
                remark = f"the columns are divided by {_DIVISIONS[mark]}, not by commas; save it as CSV with commas"
                self.collector.add("delimiter", remark, row=row, line=line)
                return True
        return False

    def _of_width(self, block: list[Record], layout: Layout) -> list[Record]:
        """The records that have as many fields as there are headings."""
        width = layout.width
        if all(len(record) == width for _, _, record in block):
            return block
        found: list[Record] = []
        before: int | None = None
        for row, line, record in block:
            if len(record) == width:
                before = None
                found.append((row, line, record))
                continue
            kind, remark = no_data(record, layout) or wrong_width(record, layout, before)
            self.collector.add(kind, remark, row=row, line=line, value=",".join(record))
            before = len(record) if len(record) < width else None
        return found

    def _take(self, block: list[Record], layout: Layout) -> None:
        if not block:
            return
        key = layout.places[0]
        fields = list(zip(*[record for _, _, record in block], strict=True))
        odd = set(suspects_in_ids(fields[key]))
        if odd or may_be_no_data(fields[0]):
            kept = [found for found in block if self._is_data(found, odd, layout)]
            if len(kept) < len(block):
                self._take(kept, layout)
                return
        places = [(row, line) for row, line, _ in block]
        ids = self._column(fields[key], places, layout, 0, {text: tidy_id(text) for text in odd})
        columns = [ids]
        for at, place in enumerate(layout.places[1:], 1):
            texts: Collection[str] = fields[place]
            # Where values repeat, each is looked at once.
            texts = set(texts) if len(set(fields[place][:64])) < _VARIED else texts
            columns.append(
                self._column(fields[place], places, layout, at, {text: tidy(text) for text in suspects(texts)})
            )
        self.rows += zip(*columns, strict=True)
        self._places += places
        for first, second in self._seen.add(ids):
            self._pair(first, second)

    def _is_data(self, found: Record, odd: set[str], layout: Layout) -> bool:
        row, line, record = found
        if record[layout.places[0]] not in odd and not may_be_no_data((record[0],)):
            return True
        what = no_data(record, layout)
        if what is None:
            return True
        kind, remark = what
        self.collector.add(kind, remark, row=row, line=line, value=",".join(record))
        return False

    def _column(
        self,
        texts: tuple[str, ...],
        places: list[tuple[int, int]],
        layout: Layout,
        at: int,
        cells: Mapping[str, Cell],
    ) -> tuple[str, ...]:
        """The column as it will stand in the roster; what was noticed goes to the collector."""
        changed = {text: cell for text, cell in cells.items() if cell.noticed or cell.text != text}
        if not changed:
            return texts
        heading, column = layout.headings[layout.places[at]], layout.columns[at]
        found = list(texts)
        for number, text in enumerate(texts):
            if text not in changed:
                continue
            cell = changed[text]
            found[number] = cell.text
            row, line = places[number]
            for noticed in cell.noticed:
                known = KINDS[noticed.kind]
                severity = noticed.severity or (known.elsewhere if at else known.in_id)
                self.collector.add(
                    noticed.kind,
                    noticed.remark,
                    severity=severity,
                    row=row,
                    line=line,
                    heading=heading,
                    column=column,
                    value=text,
                )
        return tuple(found)

    def _pair(self, first: int, second: int) -> None:
        ids = self._seen.ids
        if not ids[first] or not ids[second]:
            return
        kind, remark = pair(ids, self.rows, first, second, self._places[first][1])
        self.collector.add(kind, remark, **self._id_place(second))
        if kind == "identical-row":
            self._repeated.add(second)

    def _id_place(self, at: int) -> dict[str, Any]:
        row, line = self._places[at]
        heading = "" if self.layout is None else self.layout.headings[self.layout.places[0]]
        return {"row": row, "line": line, "heading": heading, "column": "id", "value": self._seen.ids[at]}
