"""What an import of a table found: one report with all of it, as text, JSON and CSV."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import attrs

from dblrandom.adapters.tablekinds import DEFECT, KINDS, NOTE
from dblrandom.errors import RosterError
from dblrandom.model.json import Json, show

__all__ = ["KEPT", "Collector", "Finding", "TableReport"]

KEPT = 1_000
"""How many findings of one kind in one column are kept; all are counted."""

KEPT_IN_ALL = 20_000
"""How many findings of a file are kept besides the first of each kind in each column; all are counted."""

_GROUPS_KEPT = 10_000
_VALUE = 1_024

_HEADINGS = ("row", "line", "column", "kind", "severity", "value", "remark")
_SHOWN_ROWS = 5
_GROUPS = 40
# Of several findings about one row, what it has to do with another row comes first.
_BETWEEN_ROWS = ("duplicate-id", "identical-row", "lookalike-ids")


@attrs.frozen(kw_only=True)
class Finding:
    """One thing that was noticed.

    Attributes:
        row: the row as a spreadsheet counts, the headings' own included; 0 for the file as a whole.
        line: the line of the file on which the row begins; 0 for the file as a whole.
        heading: the column as the file names it; empty for a row or the file as a whole.
        column: the column as the roster names it; empty where the roster has it not.
        kind: a name of :data:`~dblrandom.adapters.tablekinds.KINDS`.
        defect: whether the table is refused for it; else it is a note.
        value: the field as it stands in the file.
        remark: what is wrong and what to do, or what was done.
    """

    row: int
    line: int
    heading: str = ""
    column: str = ""
    kind: str
    defect: bool
    value: str = ""
    remark: str

    def to_json(self) -> dict[str, Json]:
        """The finding with these members; the value cut to 200 characters."""
        found = attrs.asdict(self)
        del found["defect"]
        return found | {"severity": DEFECT if self.defect else NOTE, "value": self.value[:200]}

    def error(self, where: str) -> RosterError:
        """The finding as an error of one line."""
        place = f"{where}: line {self.line}" if self.line else where
        return RosterError(self.remark, where=f"{place}: {self.column}" if self.column else place)


@attrs.frozen(kw_only=True)
class TableReport:
    """All that an import noticed in a file.

    Attributes:
        file: the file's name.
        rows: how many rows were taken.
        defects: why the table is refused, in the order of the rows; at most :data:`KEPT` of a kind in a column,
            and about ``KEPT_IN_ALL`` in all.
        notes: what was noticed or changed, likewise.
        counts: how many there are in all, by kind and heading, those that were not kept included.
        listed: how many of them are listed in ``defects`` and ``notes``.
    """

    file: str
    rows: int
    defects: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    counts: Mapping[tuple[str, str, bool], int]
    listed: Mapping[tuple[str, str, bool], int] = attrs.field(factory=dict)

    @property
    def refused(self) -> bool:
        """Whether the table is refused."""
        return bool(self.defects)

    def total(self, *, defects: bool) -> int:
        """How many defects or notes there are, those that were not kept included."""
        return sum(count for (_, _, defect), count in self.counts.items() if defect is defects)

    def error(self) -> RosterError:
        """The first defect as an error, which says how many more there are; only of a report that has one."""
        return self._first("; and {} more defects, which dblrandom roster build --report FILE lists")

    def told(self) -> RosterError:
        """As :meth:`error`, where the report itself is shown or written."""
        return self._first("; and {} more defects")

    def _first(self, others: str) -> RosterError:
        first, more = self.defects[0], self.total(defects=True) - 1
        if not more:
            return first.error(self.file)
        found = first.error(self.file)
        said = str(found).removeprefix(f"{found.where}: ")
        return RosterError(said + others.format(more), where=found.where)

    def to_json(self) -> dict[str, Json]:
        """``{"file", "rows", "listed", "defects", "notes", "counts"}``; ``counts`` has also what is not listed."""
        return {
            "file": self.file,
            "rows": self.rows,
            "listed": len(self.defects) + len(self.notes),
            "defects": [finding.to_json() for finding in self.defects],
            "notes": [finding.to_json() for finding in self.notes],
            "counts": [
                {"kind": kind, "heading": heading, "severity": DEFECT if defect else NOTE, "count": count}
                for (kind, heading, defect), count in sorted(self.counts.items())
            ],
        }

    def to_csv(self) -> bytes:
        """A table that goes back to whoever keeps the list, in UTF-8 with a byte order mark, as spreadsheets want it.

        No cell of it begins as a formula does, whatever the file held.
        """
        text = io.StringIO(newline="")
        writer = csv.writer(text)
        writer.writerow(_HEADINGS)
        for found in sorted((*self.defects, *self.notes), key=lambda finding: (finding.row, not finding.defect)):
            severity = DEFECT if found.defect else NOTE
            value = _shown(found.value) if found.value else ""
            cells = (found.row, found.line, found.heading, found.kind, severity, value, found.remark)
            writer.writerow([_safe(cell) if isinstance(cell, str) else cell for cell in cells])
        for (kind, heading, defect), count in sorted(self.counts.items()):
            listed = self.listed.get((kind, heading, defect), 0)
            if count > listed:
                severity = DEFECT if defect else NOTE
                writer.writerow(["", "", _safe(heading), kind, severity, "", f"{count} in all; {listed} are listed"])
        return text.getvalue().encode("utf-8-sig", "backslashreplace")

    def lines(self, *, defects: bool) -> list[str]:
        """Text for people: each kind and column once, with the number of findings, the first rows and what to do."""
        groups: dict[tuple[str, str], list[Finding]] = {}
        for finding in self.defects if defects else self.notes:
            groups.setdefault((finding.kind, finding.heading), []).append(finding)
        found = []
        for (kind, heading), findings in list(groups.items())[:_GROUPS]:
            count = self.counts[kind, heading, defects]
            lines = [finding.line for finding in findings[:_SHOWN_ROWS] if finding.line]
            place = f" in {show(heading)}" if heading else ""
            at = f" (line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines))}{_more(count, lines)})"
            found.append(f"{kind}{place}: {count}{at if lines else ''}: {findings[0].remark}")
        if len(groups) > _GROUPS:
            found.append(f"and {len(groups) - _GROUPS} more kinds and columns")
        return found

    def to_text(self) -> str:
        """Defects, then notes, each group in a line; then every finding that was kept in a line of its own."""
        totals = f"{self.total(defects=True)} defects, {self.total(defects=False)} notes, {self.rows} rows"
        lines = [f"{self.file}: {totals}"]
        for name, defects in (("defects", True), ("notes", False)):
            if found := self.lines(defects=defects):
                lines += ["", f"{name}:", *(f"- {text}" for text in found)]
        lines += ["", "by rows:"]
        for finding in sorted((*self.defects, *self.notes), key=lambda finding: (finding.row, not finding.defect)):
            place = f"row {finding.row} (line {finding.line})" if finding.line else "file"
            column = f", {show(finding.heading)}" if finding.heading else ""
            severity = DEFECT if finding.defect else NOTE
            lines.append(f"{place}{column}: {severity} {finding.kind}: {_shown(finding.value)}: {finding.remark}")
        if more := sum(self.counts.values()) - len(self.defects) - len(self.notes):
            lines.append(f"and {more} more, which are counted and not listed")
        return "".join(f"{_plain(line)}\n" for line in lines)


@attrs.define
class Collector:
    """Gathers findings while a table is read; a kind that the user accepted is a note."""

    accepted: frozenset[str]
    _kept: list[Finding] = attrs.field(factory=list)
    _counts: Counter[tuple[str, str, bool]] = attrs.field(factory=Counter)
    _listed: Counter[tuple[str, str, bool]] = attrs.field(factory=Counter)

    def add(self, kind: str, remark: str, *, severity: str | None = None, **place: Any) -> bool:
        """Take a finding; whether it is a defect."""
        known = KINDS[kind]
        if severity is None:
            severity = known.in_id
        defect = severity == DEFECT and kind not in self.accepted
        key = (kind, place.get("heading", ""), defect)
        self._counts[key] += 1
        # The first of each group is kept in any case, so that every kind is told.
        first = self._counts[key] == 1 and len(self._counts) <= _GROUPS_KEPT
        if not first and (self._counts[key] > KEPT or len(self._kept) >= KEPT_IN_ALL):
            return defect
        if severity == DEFECT and not defect:
            remark = f"{remark.split(';')[0]}; accepted: {known.accepted}"
        place["value"] = place.get("value", "")[:_VALUE]
        self._kept.append(Finding(kind=kind, defect=defect, remark=remark, **place))
        self._listed[key] += 1
        return defect

    @property
    def refused(self) -> bool:
        """Whether there is a defect."""
        return any(defect for _, _, defect in self._counts)

    def report(self, file: str, rows: int) -> TableReport:
        """The report on what was taken."""
        ordered = sorted(self._kept, key=lambda finding: (finding.row, finding.kind not in _BETWEEN_ROWS))
        return TableReport(
            file=file,
            rows=rows,
            defects=tuple(finding for finding in ordered if finding.defect),
            notes=tuple(finding for finding in ordered if not finding.defect),
            counts=dict(self._counts),
            listed=dict(self._listed),
        )


def _more(count: int, lines: Iterable[int]) -> str:
    left = count - len(list(lines))
    return f" and {left} more" if left else ""


def _shown(value: str) -> str:
    """A value that cannot move a cursor, turn the direction of writing or become a number."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in show(value))


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def _safe(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    cell = _plain(cell)
    return f" {cell}" if cell[:1] in tuple("=+-@|%") else cell
