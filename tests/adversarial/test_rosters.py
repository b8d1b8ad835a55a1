"""Rosters that are not the committed ones, or that are committed with a lie, and proofs that prove nothing.

The file attacks go through ``verify``, which must blame the roster and name it. The proofs are tried exhaustively: all
pages of a roster that its owner could show for an id, alone and in pairs, in every order and under every index.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from itertools import product
from pathlib import Path
from typing import Any

import attrs
import pytest
from kit import attacked, committed_rosters, forge, honest, judge, policy, refused, steps

from dblrandom import evidence
from dblrandom.adapters.tables import read_csv
from dblrandom.errors import DblrandomError, InputError, RosterError, VerificationError
from dblrandom.evidence import Status
from dblrandom.kernel.merkle import Tree, leaf_hash
from dblrandom.kernel.suite import SHA256, SM3
from dblrandom.model import Population
from dblrandom.roster import Manifest, Proof, ProofPage, Roster, verify_absence, verify_presence

TARGETS = committed_rosters()["targets"].to_file()


def given(data: bytes, name: str = "targets") -> dict[str, Any]:
    return {**honest().rosters, name: data}


# Files


def swapped_columns(data: bytes, one: int, other: int, *, header_only: bool = False) -> bytes:
    lines = [line.split(b"\t") for line in data.splitlines()]
    for fields in lines[:1] if header_only else lines:
        fields[one], fields[other] = fields[other], fields[one]
    return b"".join(b"\t".join(fields) + b"\n" for fields in lines)


FIRST = b"F000\tGuandu\tnormal\n"

FILES = {
    "crlf": (TARGETS.replace(b"\n", b"\r\n"), "CR|control|not a name|U\\+000D"),
    "crlf-in-one-row": (TARGETS.replace(FIRST, FIRST[:-1] + b"\r\n"), "U\\+000D"),
    "old-mac": (TARGETS.replace(b"\n", b"\r"), "not ended by LF"),
    "last-lf-missing": (TARGETS[:-1], "not ended by LF"),
    "second-last-lf": (TARGETS + b"\n", "row 41"),
    "blank-row": (TARGETS.replace(FIRST, FIRST + b"\n"), "row 2"),
    "nothing": (b"", "not ended by LF"),
    "one-lf": (b"\n", "first column must be id"),
    "bom": (b"\xef\xbb\xbf" + TARGETS, "first column must be id"),
    "utf-16": (TARGETS.decode().encode("utf-16"), "not"),
    "not-utf-8": (TARGETS.replace(b"Guandu", b"Gu\xff\xfedu", 1), "is not UTF-8 at byte"),
    "overlong-utf-8": (TARGETS.replace(b"Guandu", b"Gu\xc0\xaedu", 1), "is not UTF-8 at byte"),
    "surrogate-in-utf-8": (TARGETS.replace(b"Guandu", b"Gu\xed\xa0\x80du", 1), "is not UTF-8 at byte"),
    "nul": (TARGETS.replace(b"Guandu", b"Gu\x00ndu", 1), "U\\+0000"),
    "delete": (TARGETS.replace(b"Guandu", b"Gu\x7fndu", 1), "U\\+007F"),
    "tab-more": (TARGETS.replace(FIRST, FIRST[:-1] + b"\t\n"), "4 fields.*3 columns"),
    "tab-less": (TARGETS.replace(FIRST, b"F000\tGuandu\n"), "2 fields.*3 columns"),
    "unsorted": (b"".join(sorted(TARGETS.splitlines(True), reverse=True)), "first column|order"),
    "two-rows-swapped": (
        TARGETS.replace(b"F000", b"F\xff").replace(b"F001", b"F000").replace(b"F\xff", b"F001"),
        "order",
    ),
    "row-twice": (TARGETS.replace(FIRST, FIRST * 2), "the id is there twice"),
    "id-twice-with-other-fields": (TARGETS.replace(FIRST, FIRST + b"F000\tWuhua\tnormal\n"), "the id is there twice"),
    "header-missing": (TARGETS.split(b"\n", 1)[1], "first column must be id"),
    "header-twice": (TARGETS.split(b"\n", 1)[0] + b"\n" + TARGETS, "order"),
    "header-only": (TARGETS.split(b"\n", 1)[0] + b"\n", "not the ones committed"),
    "header-of-inspectors": (b"id\tpost\tcertificate\n" + TARGETS.split(b"\n", 1)[1], "not the ones committed"),
    "header-swapped": (swapped_columns(TARGETS, 1, 2, header_only=True), "not the ones committed"),
    "columns-swapped": (swapped_columns(TARGETS, 1, 2), "not the ones committed"),
    "column-renamed": (TARGETS.replace(b"risk", b"risk2", 1), "not the ones committed"),
    "column-upper-case": (TARGETS.replace(b"risk", b"Risk", 1), "not a name"),
    "column-blind": (TARGETS.replace(b"risk", b"blind", 1), "64 lower-case hex"),
    "column-twice": (TARGETS.replace(b"risk", b"district", 1), "there twice"),
    "row-removed": (TARGETS.replace(FIRST, b""), "not the ones committed"),
    "row-added": (TARGETS + b"F999\tWuhua\tnormal\n", "not the ones committed"),
    "row-relabelled": (TARGETS.replace(FIRST, b"F000\tWuhua\tnormal\n"), "not the ones committed"),
    "id-with-a-space": (TARGETS.replace(FIRST, b" F000\tGuandu\tnormal\n"), "space at an end|order"),
    "id-empty": (TARGETS.replace(FIRST, b"\tGuandu\tnormal\n"), "empty|twice"),
    "id-too-long": (TARGETS + b"G" * 256 + b"\tWuhua\tnormal\n", "at most 255"),
    "id-with-zero-width-space": (TARGETS + "F999\u200b\tWuhua\tnormal\n".encode(), "U\\+200B"),
    "id-with-line-separator": (TARGETS + "F999\u2028\tWuhua\tnormal\n".encode(), "U\\+2028"),
    "id-with-next-line": (TARGETS + "F999\u0085\tWuhua\tnormal\n".encode(), "U\\+0085"),
    "id-with-no-break-space": (TARGETS + "F999\u00a0\tWuhua\tnormal\n".encode(), "U\\+00A0"),
    "id-with-bom": (TARGETS + "F999\ufeff\tWuhua\tnormal\n".encode(), "U\\+FEFF"),
    "field-too-long": (TARGETS.replace(b"Guandu", b"G" * 1025, 1), "at most 1024"),
    "another-roster": (committed_rosters()["inspectors"].to_file(), "not the ones committed"),
    "html": (b"<!DOCTYPE html><html></html>\n", "first column must be id"),
}


@pytest.mark.parametrize("attack", FILES)
def test_a_roster_file_that_is_not_the_committed_one(attack: str) -> None:
    data, message = FILES[attack]
    assert data != TARGETS, "an attack that changes nothing shows nothing"
    refused(honest(), check="roster", match=message, place="targets", rosters=given(data))


@pytest.mark.parametrize("name", ["inspectors", "recusals", "A1.selected", "A1.teams", "B2.selected", "B2.teams"])
@pytest.mark.parametrize("attack", ["row-removed", "field-changed", "column-renamed", "other-suite"])
def test_every_other_roster_is_bound_too(name: str, attack: str) -> None:
    roster = honest().rosters[name]
    lines = roster.to_file().splitlines(True)
    if attack == "row-removed":
        del lines[1]
    elif attack == "field-changed":
        lines[-1] = lines[-1][:-1] + b"x\n"
    elif attack == "column-renamed":
        lines[0] = lines[0][:-1] + b"x\n"
    data: Any = b"".join(lines)
    if attack == "other-suite":
        data = Roster.from_file(SM3, name, roster.to_file())
    check = "roster" if name in committed_rosters() else "draw"
    refused(honest(), check=check, match="its rows are not", place=name, rosters={**honest().rosters, name: data})


def test_utf_16_order_is_not_the_order_of_bytes() -> None:
    """U+FF21 sorts before U+1F600 by bytes, and after it by UTF-16 code units, as some languages sort."""
    good = "id\nＡ\n😀\n".encode()
    assert Roster.from_file(SHA256, "x", good).manifest.rows == 2
    with pytest.raises(RosterError, match="order"):
        Roster.from_file(SHA256, "x", "id\n😀\nＡ\n".encode())


# Commitments that lie about their rosters


def _manifest(chain: Any, name: str = "targets") -> dict[str, Any]:
    return next(m for m in chain[0].body["rosters"] if m["name"] == name)


MANIFESTS = {
    "one-row-more": lambda m: m.update(rows=41),
    "one-row-less": lambda m: m.update(rows=39),
    "no-rows": lambda m: m.update(rows=0),
    "very-many-rows": lambda m: m.update(rows=2**53 - 1),
    "another-root": lambda m: m.update(root="ab" * 32),
    "the-root-of-nothing": lambda m: m.update(root=SHA256.hexhash(b"")),
    "columns-swapped": lambda m: m.update(columns=["id", "risk", "district"]),
    "a-column-more": lambda m: m["columns"].append("extra"),
}


@pytest.mark.parametrize("attack", MANIFESTS)
@pytest.mark.parametrize("name", ["targets", "inspectors", "recusals"])
def test_a_false_manifest_with_a_ceremony_that_fits_it(attack: str, name: str) -> None:
    """The seed, the draw and all that follows are sound under the false commitment; only the rows do not fit."""
    chain = steps()
    _manifest(chain, name).update({"columns": list(committed_rosters()[name].columns)})
    MANIFESTS[attack](_manifest(chain, name))
    check = "commitment" if name == "recusals" and "column" in attack else "roster"
    if name != "targets" and attack == "columns-swapped":
        columns = committed_rosters()[name].columns
        _manifest(chain, name)["columns"] = [columns[0], columns[2], columns[1], *columns[3:]]
    refused(forge(chain, recompute=True), check=check, match="not the ones committed|must have the columns", place=name)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(page_rows=1), "blind"),
        (lambda m: m.update(page_rows=255), "neither 256 nor 1"),
        (lambda m: m.update(page_rows=256.0), "fraction|canonical|whole"),
        (lambda m: m.update(columns=["id", "district", "risk", "blind"]), "blind"),
        (lambda m: m.update(columns=["district", "id", "risk"]), "first column must be id"),
        (lambda m: m.update(columns=["id", "risk", "risk"]), "twice"),
        (lambda m: m.update(columns=[]), "at least 1|first column"),
        (lambda m: m.update(name="recusals"), "recusals"),
        (lambda m: m.update(name="Recusals"), "ecusals"),
        (lambda m: m.update(rows=-1), "whole number"),
        (lambda m: m.update(rows=True), "whole number"),
        (lambda m: m.update(root="AB" * 32), "lower-case hex|digest"),
        (lambda m: m.update(note="x"), "no member 'note'"),
        (lambda m: m.pop("rows"), "'rows' is missing"),
    ],
)
def test_a_manifest_that_no_roster_has(change: Any, message: str) -> None:
    with pytest.raises(DblrandomError, match=message):
        judge(attacked(lambda chain: change(_manifest(chain)), recompute=False))


def test_a_roster_committed_twice_under_one_name() -> None:
    refused(
        attacked(lambda c: c[0].body["rosters"].append(dict(_manifest(c)))),
        check="commitment",
        match="targets.*twice|twice.*targets|same name|targets",
    )


def test_a_roster_whose_name_is_that_of_a_result() -> None:
    """A committed ``A1.selected`` would let one file answer for two manifests; committing it must not be possible."""
    chain = steps()
    shadow = Roster.build(SHA256, Population("A1.selected", ("id",), (("x",),)))
    chain[0].body["rosters"].append(shadow.manifest.to_json())
    forged = forge(chain, recompute=True)
    for chosen in (shadow, forged.rosters["A1.selected"]):
        with pytest.raises(VerificationError, match=r"A1\.selected"):
            judge(forged, rosters={**forged.rosters, "A1.selected": chosen})


# Ids that look alike


def test_the_kernel_compares_bytes_and_never_normalises() -> None:
    """NFC and NFD, full-width and plain, Cyrillic and Latin are different ids; nobody may take one for the other."""
    twins = ["F1", "Ｆ１", "\u0416", "\u0416\u0306", "\u04c1", "А1", "A1", "f1"]
    roster = Roster.build(SHA256, Population("targets", ("id",), tuple((t,) for t in twins)))
    for unit in twins:
        assert verify_presence(SHA256, roster.manifest, roster.prove(unit)) == {"id": unit}
    for absent in ("Ｆ1", "F１", "a1"):
        verify_absence(SHA256, roster.manifest, roster.prove(absent))


@pytest.mark.parametrize(
    "twin", ["Ｆ１", "f1", "F1\u200b", "F1\u00ad", "F1\ufeff", "F\u20601", "F1\ufe0f", "①", "\u202eF1"]
)
def test_the_importer_refuses_a_twin_that_a_reader_cannot_tell_apart(tmp_path: Path, twin: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text(f"id,x\n{'1' if twin == '①' else 'F1'},a\n{twin},b\n", encoding="utf-8")
    with pytest.raises(RosterError, match=r"line 3: .*(looks like|on line 2 too|U\+)|line 3.*U\+"):
        read_csv(table, id="id")


INVISIBLE = {
    "hangul-filler": "\u3164",
    "half-width-hangul-filler": "\uffa0",
    "tag-space": "\U000e0020",
    "variation-selector-17": "\U000e0100",
    "braille-blank": "\u2800",
    "musical-begin-beam": "\U0001d173",
    "interlinear-anchor": "\ufff9",
}


@pytest.mark.parametrize("attack", INVISIBLE)
def test_the_importer_refuses_a_twin_with_an_invisible_character(tmp_path: Path, attack: str) -> None:
    """Two rows that print as ``F1``: one firm with two tickets, or a firm that is told that it is not on the list."""
    table = tmp_path / "t.csv"
    table.write_text(f"id,x\nF1,a\nF1{INVISIBLE[attack]},b\n", encoding="utf-8")
    with pytest.raises(RosterError, match="line 3"):
        read_csv(table, id="id")


# Proofs


SIZES = (0, 1, 255, 256, 257, 512, 513)


@cache
def roster_of(rows: int) -> Roster:
    """Odd numbers from 1, in five digits."""
    return Roster.build(SHA256, Population("targets", ("id",), tuple((f"{2 * i + 1:05d}",) for i in range(rows))))


def edges(rows: int) -> Iterator[int]:
    """Numbers at every edge: odd ones below ``2 * rows`` are on the roster, all others are not."""
    near = {0, 1, 2, 2 * rows - 2, 2 * rows - 1, 2 * rows, 2 * rows + 1}
    for page in range(-(-rows // 256) + 1):
        near |= set(range(512 * page - 3, 512 * page + 4))
    return (n for n in sorted(near) if n >= 0)


def shown(suite: Any, manifest: Manifest, proof: Proof) -> str:
    """What a proof shows: ``present``, ``absent`` or ``nothing``; never two things."""
    found = []
    for verdict, check in (("present", verify_presence), ("absent", verify_absence)):
        try:
            check(suite, manifest, proof)
        except RosterError as error:
            assert str(error).isprintable()  # noqa: PT017 -- acceptance is lawful here too
            continue
        found.append(verdict)
    assert len(found) < 2
    return found[0] if found else "nothing"


def all_pages(roster: Roster) -> list[ProofPage]:
    found = {p.index: p for line in roster.lines[::256] for p in roster.prove(line.decode()).pages}
    return [found[i] for i in sorted(found)]


@pytest.mark.parametrize("rows", SIZES)
def test_no_choice_of_genuine_pages_shows_what_is_not_so(rows: int) -> None:
    """Whoever holds the roster may pick pages: none, one, or two, in any order. None of it may turn the truth."""
    roster = roster_of(rows)
    pages = all_pages(roster)
    choices: list[tuple[ProofPage, ...]] = [(), *((p,) for p in pages), *product(pages, repeat=2)]
    for number in edges(rows):
        unit = f"{number:05d}"
        truth = "present" if number % 2 and number < 2 * rows else "absent"
        results = {shown(SHA256, roster.manifest, Proof(unit, "targets", choice)) for choice in choices}
        assert results <= {truth, "nothing"}
        assert truth in results
        assert shown(SHA256, roster.manifest, roster.prove(unit)) == truth


@pytest.mark.parametrize("rows", [1, 256, 257, 513])
def test_a_page_under_another_index_or_path_shows_nothing(rows: int) -> None:
    roster = roster_of(rows)
    pages = all_pages(roster)
    for page, index, path in product(pages, range(-1, len(pages) + 2), [p.path for p in pages] + [(), ("ab" * 32,)]):
        if (index, path) in {(p.index, p.path) for p in pages if p.lines == page.lines}:
            continue
        for number in (0, 1, 2, 512, 2 * rows):
            proof = Proof(f"{number:05d}", "targets", (ProofPage(index, page.lines, path),))
            assert shown(SHA256, roster.manifest, proof) == "nothing"


def cut(lines: Sequence[bytes], sizes: Sequence[int]) -> tuple[Manifest, list[ProofPage]]:
    """A commitment to rows cut into pages of any sizes, with a valid path for each."""
    pages, start = [], 0
    for size in sizes:
        pages.append(b"".join(line + b"\n" for line in lines[start : start + size]))
        start += size
    tree = Tree(SHA256, [leaf_hash(SHA256, page) for page in pages])
    manifest = Manifest(columns=("id",), name="targets", page_rows=256, root=tree.root.hex(), rows=len(lines))
    return manifest, [ProofPage(i, p, tuple(h.hex() for h in tree.path(i))) for i, p in enumerate(pages)]


@pytest.mark.parametrize("sizes", [(255, 257), (257, 255), (512,), (256, 255, 1), (1, 256, 255), (256, 256, 0)])
def test_wrongly_cut_pages_show_nothing_that_the_rule_would_not_show(sizes: Sequence[int]) -> None:
    """Only a page of the lawful size at its lawful place counts; with other cuts a row could fall between two pages."""
    manifest, pages = cut(roster_of(512).lines, sizes)
    lawful = [p for p in pages if p.index < 2 and p.lines.count(b"\n") == 256 and len(pages) == 2]
    for choice in [*((p,) for p in pages), *product(pages, repeat=2)]:
        for number in (0, 1, 2, 509, 510, 511, 512, 513, 514, 1023, 1024):
            if set(choice) <= set(lawful):
                continue
            assert shown(SHA256, manifest, Proof(f"{number:05d}", "targets", choice)) == "nothing"


@pytest.mark.parametrize("claimed", [0, 1, 255, 256, 257, 511, 513, 768, 2**53 - 1])
def test_a_false_number_of_rows_shows_nothing_new(claimed: int) -> None:
    """The root does not bind ``rows`` (the specification says so), yet a false number may not turn the truth here."""
    roster = roster_of(512)
    lying = attrs.evolve(roster.manifest, rows=claimed)
    pages = all_pages(roster)
    for number in edges(512):
        truth = "present" if number % 2 and number < 1024 else "absent"
        for choice in [(), *((p,) for p in pages), *product(pages, repeat=2)]:
            assert shown(SHA256, lying, Proof(f"{number:05d}", "targets", choice)) in (truth, "nothing")


def test_a_false_number_of_rows_that_a_proof_cannot_see_is_seen_with_the_roster() -> None:
    """512 rows claimed of a tree with 513: the last row is hidden from every proof, but not from a full check."""
    roster = roster_of(513)
    top = all_pages(roster)[0]
    grown = attrs.evolve(roster.manifest, rows=768)
    assert shown(SHA256, grown, Proof("00001", "targets", (top,))) == "present"
    assert Roster.from_file(SHA256, "targets", roster.to_file()).manifest != grown


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {"id": "F000", "roster": "targets"},
        {"id": "F000", "roster": "targets", "pages": None},
        {"id": "F000", "roster": "targets", "pages": [None]},
        {"id": "F000", "roster": "targets", "pages": [{"index": True, "rows": [], "path": []}]},
        {"id": "F000", "roster": "targets", "pages": [{"index": -1, "rows": ["a"], "path": []}]},
        {"id": "F000", "roster": "targets", "pages": [{"index": 0, "rows": ["a\nb"], "path": []}]},
        {"id": "F000", "roster": "targets", "pages": [{"index": 0, "rows": ["\ud800"], "path": []}]},
        {"id": "F000", "roster": "targets", "pages": [{"index": 0, "rows": [1], "path": []}]},
        {"id": "F000", "roster": "targets", "pages": [{"index": 0, "rows": [], "path": ["AB" * 32]}]},
        {"id": "F000", "roster": "targets", "pages": [{"index": 0, "rows": [], "path": ["ab" * 31]}]},
        {"id": "F000", "roster": "targets", "pages": [], "more": 1},
        {"id": 7, "roster": "targets", "pages": []},
        {"id": "\ud800", "roster": "\ud800", "pages": []},
    ],
)
def test_a_proof_file_from_a_stranger(value: Any) -> None:
    roster = committed_rosters()["targets"]
    for check in (verify_presence, verify_absence):
        with pytest.raises(RosterError) as caught:
            check(SHA256, roster.manifest, Proof.from_json(value, "proof"))
        assert str(caught.value).isprintable()


# One target, one inspector

check_target = partial(evidence.check_target, trust=policy())
check_inspector = partial(evidence.check_inspector, trust=policy())


def test_single_checks_do_not_take_a_proof_of_something_else() -> None:
    chain, roster = honest().receipts, committed_rosters()["targets"]
    inspectors = committed_rosters()["inspectors"]
    for proof in (roster.prove("F001"), inspectors.prove("F000"), inspectors.prove("I00")):
        with pytest.raises(VerificationError):
            check_target(chain, "A1", "F000", proof)
        with pytest.raises(VerificationError):
            check_inspector(chain, "inspectors", "F001", proof)
    with pytest.raises(VerificationError, match="there is no task"):
        check_target(chain, "C3", "F000", roster.prove("F000"))
    with pytest.raises(VerificationError, match="no roster"):
        check_inspector(chain, "people", "I00", inspectors.prove("I00"))


@pytest.mark.parametrize(
    "unit",
    ["\ud800", "F\ud800", ""],
)
def test_single_checks_of_an_id_that_is_no_text(unit: str) -> None:
    """A proof file is a stranger's: what it holds leaves as an error of the library."""
    proof = Proof(unit, "targets", ())
    with pytest.raises(DblrandomError):
        check_target(honest().receipts, "A1", unit, proof)
    with pytest.raises(DblrandomError):
        check_inspector(honest().receipts, "inspectors", unit, attrs.evolve(proof, roster="inspectors"))


def test_a_single_check_where_the_draw_leaves_the_task_out() -> None:
    """The receipts are a sound chain as far as ``check_target`` looks, and the task is not in the draw."""

    def leave_out(chain: Any) -> None:
        del chain[5].body["tasks"][0]

    proof = committed_rosters()["targets"].prove("F000")
    with pytest.raises(DblrandomError):
        check_target(attacked(leave_out).receipts, "A1", "F000", proof)


@pytest.mark.parametrize("where", ["filter", "strata", "role"])
def test_a_single_check_where_the_plan_names_a_column_that_is_not_there(where: str) -> None:
    def change(chain: Any) -> None:
        task = chain[0].body["tasks"][0]
        if where == "filter":
            task["filter"] = {"colour": ["red"]}
        elif where == "strata":
            task["strata"] = ["colour"]
        else:
            task["team"]["roles"][0]["filter"] = {"colour": ["red"]}

    forged = attacked(change)
    rosters = committed_rosters()
    with pytest.raises(DblrandomError):  # noqa: PT012
        if where == "role":
            check_inspector(forged.receipts, "inspectors", "I00", rosters["inspectors"].prove("I00"))
        else:
            check_target(forged.receipts, "A1", "F000", rosters["targets"].prove("F000"))


# Recusals and inspectors that committing must refuse


def with_rows(name: str, rows: Sequence[Sequence[str]]) -> dict[str, Roster]:
    columns = committed_rosters()[name].columns
    return {**committed_rosters(), name: Roster.build(SHA256, Population.from_rows(name, columns, rows))}


def recommitted(name: str, rows: Sequence[Sequence[str]]) -> Any:
    """The ceremony over other rows of one roster, sound in everything else."""
    rosters = with_rows(name, rows)
    chain = steps()
    chain[0].body["rosters"] = [r.manifest.to_json() for r in rosters.values()]
    return forge(chain, recompute=True, rosters=rosters)


def recusals(*rows: tuple[str, ...]) -> Any:
    own = [tuple(r.values()) for r in committed_rosters()["recusals"].records()]
    return recommitted("recusals", [*own, *rows])


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (("X", "I01", "F001", "other-tie:declared", "I01"), "other than the inspector"),
        (("X", "I01", "F001", "other-tie:declared", ""), "approve"),
        (("X", "I01", "F001", "", "I02"), "no ground"),
        (("X", "I99", "F001", "other-tie:declared", "I02"), "'I99' is on no roster of inspectors"),
        (("X", "F001", "F001", "other-tie:declared", "I02"), "'F001' is on no roster of inspectors"),
        (("X", "I01", "F999", "other-tie:declared", "I02"), "'F999' is on no roster of targets"),
        (("X", "i01", "F001", "other-tie:declared", "I02"), "'i01' is on no roster of inspectors"),
        (("X", "I01", "F001 ", "other-tie:declared", "I02"), "'F001 ' is on no roster of targets"),
        (("X", "", "", "other-tie:declared", "I02"), "on no roster"),
    ],
)
def test_a_recusal_that_must_not_be_committed(row: tuple[str, ...], message: str) -> None:
    refused(recusals(row), check="commitment", match=message, place="'X'")


@pytest.mark.parametrize("approver", ["I01 ", " I01", "I01\u200b", "\u202eI01"])
def test_a_self_approved_recusal_in_disguise(approver: str) -> None:
    """The approver is a person, and no id may have a space at an end or a character that nobody sees."""
    refused(recusals(("X", "I01", "F001", "other-tie:declared", approver)), check="commitment", match="'X'")


def test_an_expired_certificate_must_be_a_column_that_the_role_asks_for() -> None:
    """I08's certificate has expired: he passes no role of the task that asks for a valid one."""
    teams = [r for n in ("A1.teams", "B2.teams") for r in honest().rosters[n].records()]
    assert all(r["member"] != "I08" and r["lead"] != "I08" for r in teams)


def test_recusing_all_but_one_is_a_finding() -> None:
    """The lead of F013 is down to one person: nobody's ticket decides any more, and the report must say so."""
    leaders = ["I00", "I03", "I06", "I09"]
    forged = recusals(*((f"X{i}", i, "F013", "other-tie:declared", "approver-1") for i in leaders[1:]))
    report = judge(forged)
    told = [detail for finding, detail in report.findings if finding.value == "predictable assignment"]
    assert any("'F013'" in detail and "lead" in detail for detail in told)
    assert not any("'F038'" in detail for detail in told)


def test_rosters_left_out_are_reported_and_not_passed() -> None:
    """No subset of the rosters may lead to a passed check that needs one which is not there."""
    everything = honest().rosters
    base = set(committed_rosters())
    for bits in range(2 ** len(everything)):
        names = {n for i, n in enumerate(sorted(everything)) if bits >> i & 1}
        report = judge(honest(), rosters={n: everything[n] for n in names})
        passed = {(c.name, c.subject) for c in report.passed}
        skipped = {(c.name, c.subject) for c in report.not_checked}
        assert not passed & skipped
        for name in everything:
            check = ("roster" if name in base else "result roster", name)
            assert (check in passed, check in skipped) == (name in names, name not in names)
        whole = base <= names
        recomputed = {c.name for c in report.checks if c.status is Status.PASSED} & {"draw", "substitution", "result"}
        assert bool(recomputed) == whole
        assert (("draw", "receipt 6 (draw)") in skipped) == (not whole)
        assert (("deadlines", "results") in skipped) == (not whole)
        assert any(c.name == "commitment" for c in report.passed) == whole


def test_a_roster_under_a_name_that_is_not_committed_is_not_passed() -> None:
    extra = {**honest().rosters, "targets2": honest().rosters["targets"]}
    try:
        report = judge(honest(), rosters=extra)
    except InputError:
        return
    assert not any(c.subject == "targets2" for c in report.passed)
