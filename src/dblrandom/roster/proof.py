"""Proofs that an id is on a roster or is not, against its manifest alone (docs/spec, section 2, "Proofs").

They presume that the whole roster is in order and that its number of rows is true; a report says that only a proof
was checked. Each function returns what was shown or raises, and never answers yes or no.
"""

from __future__ import annotations

from typing import Self

import attrs

from dblrandom.errors import RosterError
from dblrandom.kernel.merkle import leaf_hash, root_from_path
from dblrandom.kernel.rows import check_id, fields_of, id_of, line_fault
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.text import is_hex
from dblrandom.model.json import Json, Reader, show
from dblrandom.roster.manifest import Manifest

__all__ = ["Proof", "ProofPage", "verify_absence", "verify_presence"]


@attrs.frozen
class ProofPage:
    """One page of a roster with its audit path.

    Attributes:
        index: its place among the pages, from 0.
        lines: its bytes, every line ended by LF.
        path: the audit path, each hash in 64 hex characters.
    """

    index: int
    lines: bytes = attrs.field(repr=False)
    path: tuple[str, ...] = attrs.field(repr=False)

    def to_json(self) -> dict[str, Json]:
        """``{"index", "rows", "path"}``, with the text of each line, without its line break."""
        return {"index": self.index, "rows": self._texts(), "path": [*self.path]}

    def _texts(self) -> list[Json]:
        return [line.decode("utf-8") for line in self.lines.split(b"\n")[:-1]]

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a page strictly; whether it is one of the roster is for the verification to say.

        Raises:
            RosterError: naming the path.
        """
        reader = Reader(value, where, ("index", "rows", "path"), error=RosterError)
        index, rows, path = reader.whole("index"), reader.texts("rows"), reader.texts("path")
        for at, row in enumerate(rows):
            if "\n" in row:
                raise RosterError("has a line break; a row is one line", where=f"{reader.at('rows')}[{at}]")
        for at, step in enumerate(path):
            if not is_hex(step, 64):
                place = f"{reader.at('path')}[{at}]"
                raise RosterError(f"{show(step)} is not 64 lower-case hex characters", where=place)
        try:
            data = "".join(f"{row}\n" for row in rows).encode("utf-8")
        except UnicodeEncodeError as error:
            raise RosterError("has a lone surrogate; it is not text", where=reader.at("rows")) from error
        return cls(index, data, path)


@attrs.frozen
class Proof:
    """The pages that show whether ``id`` is on the roster named ``roster``: one page, two for a gap, or none."""

    id: str
    roster: str
    pages: tuple[ProofPage, ...]

    def to_json(self) -> dict[str, Json]:
        """``{"id", "roster", "pages"}``."""
        return {"id": self.id, "roster": self.roster, "pages": [page.to_json() for page in self.pages]}

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a proof strictly; whether it holds is for the verification to say.

        Raises:
            RosterError: naming the path.
        """
        reader = Reader(value, where, ("id", "roster", "pages"), error=RosterError)
        unit_id, roster = reader.text("id"), reader.text("roster")
        return cls(unit_id, roster, tuple(ProofPage.from_json(page, place) for page, place in reader.items("pages")))


def verify_presence(suite: Suite, manifest: Manifest, proof: Proof) -> dict[str, str]:
    """Check that the proof's id is on the roster, and return its row.

    Returns:
        Each column's field, the id and the blind too.

    Raises:
        RosterError: it is not shown.
    """
    where, unit_id = _checked_subject(manifest, proof)
    if len(proof.pages) != 1:
        raise RosterError(f"presence is shown by one page, not {len(proof.pages)}", where=where)
    for line in _verified_page(suite, manifest, proof.pages[0], where):
        if id_of(line) == unit_id:
            fields = (field.decode("utf-8") for field in fields_of(line))
            return dict(zip(manifest.columns, fields, strict=True))
    raise RosterError(f"{proof.id!r} is not in the page, so its presence is not shown", where=where)


def verify_absence(suite: Suite, manifest: Manifest, proof: Proof) -> None:
    """Check that the proof's id is not on the roster; returns nothing.

    Raises:
        RosterError: it is not shown.
    """
    where, unit_id = _checked_subject(manifest, proof)
    if manifest.rows == 0:
        if manifest.root != suite.hexhash(b""):
            raise RosterError("the manifest has no rows, but not the root of no rows", where=where)
        if proof.pages:
            raise RosterError("the roster has no rows, so absence is shown without a page", where=where)
        return
    spans = []
    for page in proof.pages:
        ids = [id_of(line) for line in _verified_page(suite, manifest, page, where)]
        if unit_id in ids:
            raise RosterError(f"{proof.id!r} is on the roster", where=where)
        spans.append((page.index, ids[0], ids[-1]))
    if not _shows_gap(unit_id, spans, manifest.pages):
        raise RosterError(f"the pages do not enclose {proof.id!r}, so its absence is not shown", where=where)


def _shows_gap(unit_id: bytes, spans: list[tuple[int, bytes, bytes]], pages: int) -> bool:
    """Whether pages, each as (index, first id, last id) and none with ``id`` in it, leave no place for ``id``."""
    if len(spans) == 1:
        index, first, last = spans[0]
        return first < unit_id < last or (index == 0 and unit_id < first) or (index == pages - 1 and last < unit_id)
    if len(spans) == 2:
        (left, _, last), (right, first, _) = spans
        return right == left + 1 and last < unit_id < first
    return False


def _checked_subject(manifest: Manifest, proof: Proof) -> tuple[str, bytes]:
    where = f"proof for {proof.id!r} on roster {manifest.name}"
    if proof.roster != manifest.name:
        raise RosterError(f"it is for the roster {proof.roster!r}", where=where)
    return where, check_id(proof.id, where)


def _verified_page(suite: Suite, manifest: Manifest, page: ProofPage, where: str) -> list[bytes]:
    """The canonical lines of a page that is in the tree at its index, and has the size that this index asks for."""
    if type(page.index) is not int or not 0 <= page.index < manifest.pages:
        raise RosterError(f"there is no page {show(page.index)} among {manifest.pages}", where=where)
    where = f"{where}, page {page.index}"
    lines = page.lines.split(b"\n")
    if lines.pop() != b"":
        raise RosterError("the last line is not ended by LF", where=where)
    if len(lines) != manifest.page_size(page.index):
        raise RosterError(f"{len(lines)} rows; it has {manifest.page_size(page.index)}", where=where)
    before = b""
    for number, line in enumerate(lines, 1):
        fault = line_fault(line, manifest.columns)
        if fault is not None:
            raise RosterError(fault, where=f"{where}, row {number}")
        if id_of(line) <= before:
            raise RosterError("its id does not come after the id before it", where=f"{where}, row {number}")
        before = id_of(line)
    if not all(is_hex(step, 64) for step in page.path):
        raise RosterError("a hash of the audit path is not 64 lower-case hex characters", where=where)
    path = [bytes.fromhex(step) for step in page.path]
    root = root_from_path(suite, leaf_hash(suite, page.lines), page.index, manifest.pages, path)
    if root.hex() != manifest.root:
        raise RosterError("the page and its path do not lead to the manifest's root", where=where)
    return lines
