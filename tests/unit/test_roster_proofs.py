"""Proofs that must not hold: each test breaks one clause of docs/spec, section 2, "Proofs".

Where a clause is about what a dishonest organiser could have committed to, the roster is dishonest: its root is over
pages that no honest roster has, so that nothing but the clause stands between the proof and acceptance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import pytest

from dblrandom.errors import RosterError
from dblrandom.kernel.merkle import Tree, leaf_hash
from dblrandom.kernel.suite import SHA256, SM3
from dblrandom.model import Population
from dblrandom.roster import Manifest, Proof, ProofPage, Roster, verify_absence, verify_presence


def roster_of(rows: int, confidential: bool = False) -> Roster:
    """Ids are the odd numbers from 1, in five digits."""
    ids = [[f"{2 * i + 1:05d}"] for i in range(rows)]
    population = Population.from_rows("targets", ["id"], ids, confidential=confidential)
    return Roster.build(SHA256, population, [f"{i:064x}" for i in range(rows)] if confidential else None)


def dishonest(pages: Sequence[bytes], rows: int) -> tuple[Manifest, list[ProofPage]]:
    """A manifest whose root is over any pages at all, with a valid path for each of them."""
    tree = Tree(SHA256, [leaf_hash(SHA256, page) for page in pages])
    manifest = Manifest(columns=("id",), name="targets", page_rows=256, root=tree.root.hex(), rows=rows)
    return manifest, [ProofPage(i, page, tuple(h.hex() for h in tree.path(i))) for i, page in enumerate(pages)]


def page_of(ids: Sequence[str]) -> bytes:
    return "".join(f"{i}\n" for i in ids).encode()


def proof(unit: str, *pages: ProofPage) -> Proof:
    return Proof(unit, "targets", pages)


def refused(manifest: Manifest, made: Proof, message: str | None = None) -> None:
    for verify in (verify_presence, verify_absence):
        with pytest.raises(RosterError, match=message):
            verify(SHA256, manifest, made)


@pytest.mark.parametrize("rows", [1, 2, 255, 256, 257, 600])
@pytest.mark.parametrize("confidential", [False, True])
def test_every_id_and_every_gap(rows: int, confidential: bool) -> None:
    roster = roster_of(rows, confidential)
    for number in {0, 1, 2, 3, 509, 510, 511, 512, 513, 514, 2 * rows - 1, 2 * rows, 2 * rows + 1}:
        made = roster.prove(f"{number:05d}")
        if number % 2 and number < 2 * rows:
            assert verify_presence(SHA256, roster.manifest, made)["id"] == f"{number:05d}"
            with pytest.raises(RosterError, match="is on the roster"):
                verify_absence(SHA256, roster.manifest, made)
        else:
            verify_absence(SHA256, roster.manifest, made)
            with pytest.raises(RosterError):
                verify_presence(SHA256, roster.manifest, made)


def test_no_rows() -> None:
    roster = roster_of(0)
    verify_absence(SHA256, roster.manifest, roster.prove("a"))
    with pytest.raises(RosterError):
        verify_presence(SHA256, roster.manifest, roster.prove("a"))
    refused(roster.manifest, proof("a", ProofPage(0, b"a\n", ())))
    refused(roster.manifest, proof("a", ProofPage(0, b"", ())))


def test_no_rows_but_the_root_of_some() -> None:
    lying = attrs.evolve(roster_of(3).manifest, rows=0)
    refused(lying, proof("a"), "not the root of no rows|one page, not 0")
    with pytest.raises(RosterError, match="not the root of no rows"):
        verify_absence(SM3, roster_of(0).manifest, proof("a"))


def test_no_page_shows_nothing_where_there_are_rows() -> None:
    refused(roster_of(3).manifest, proof("a"))


def test_another_roster() -> None:
    roster = roster_of(3)
    for unit in ("00001", "00002"):
        refused(roster.manifest, attrs.evolve(roster.prove(unit), roster="inspectors"), "for the roster 'inspectors'")


def test_another_suite() -> None:
    roster = roster_of(3)
    with pytest.raises(RosterError, match="root"):
        verify_presence(SM3, roster.manifest, roster.prove("00001"))


def test_another_root() -> None:
    roster = roster_of(600)
    lying = attrs.evolve(roster.manifest, root="00" * 32)
    for unit in ("00001", "00002", "00512"):
        refused(lying, roster.prove(unit), "root|one page")


def test_an_id_that_no_roster_can_have() -> None:
    roster = roster_of(3)
    page = roster.prove("00001").pages[0]
    for unit in ("", " 00001", "00001\n", "\ud800", "x" * 256, "a\u200b", "a\tb"):
        refused(roster.manifest, proof(unit, page))


def test_a_field_is_not_a_row() -> None:
    roster = Roster.build(SHA256, Population.from_rows("targets", ["id", "x"], [["a", "b"]]))
    with pytest.raises(RosterError, match="not in the page"):
        verify_presence(SHA256, roster.manifest, proof("b", *roster.prove("a").pages))


def test_index_beyond_the_tree() -> None:
    roster = roster_of(600)
    made = roster.prove("00001")
    for index in (-1, 3, 2**60, True, None, "0", 0.0):
        wrong: Any = attrs.evolve(made.pages[0], index=index)
        refused(roster.manifest, proof("00001", wrong))


def test_index_of_another_page() -> None:
    roster = roster_of(600)
    for unit in ("00001", "00002"):
        refused(roster.manifest, proof(unit, attrs.evolve(roster.prove(unit).pages[0], index=1)), "root")


@pytest.mark.parametrize("rows", [1, 257, 600, 1025])
def test_path_of_another_length(rows: int) -> None:
    roster = roster_of(rows)
    for unit in ("00001", "00002", f"{2 * rows - 1:05d}"):
        for page in roster.prove(unit).pages:
            longer, shorter = (*page.path, "00" * 32), page.path[:-1]
            refused(roster.manifest, proof(unit, attrs.evolve(page, path=longer)), "longer|one page")
            refused(roster.manifest, proof(unit, attrs.evolve(page, path=(*page.path, *page.path, *longer))))
            if page.path:
                refused(roster.manifest, proof(unit, attrs.evolve(page, path=shorter)), "shorter|one page")


def test_path_of_other_hashes() -> None:
    roster = roster_of(600)
    page = roster.prove("00001").pages[0]
    for path in (
        page.path[::-1],
        ("00" * 32, *page.path[1:]),
        ("00" * 31, *page.path[1:]),
        ("zz" * 32, *page.path[1:]),
    ):
        refused(roster.manifest, proof("00001", attrs.evolve(page, path=path)))


def test_two_pages_for_presence() -> None:
    roster = roster_of(600)
    first, second = (roster.prove(unit).pages[0] for unit in ("00001", "00513"))
    with pytest.raises(RosterError, match="one page, not 2"):
        verify_presence(SHA256, roster.manifest, proof("00001", first, second))
    with pytest.raises(RosterError, match="one page, not 2"):
        verify_presence(SHA256, roster.manifest, proof("00001", first, first))


def test_page_of_another_size() -> None:
    """The pages are in the tree; only their number of lines is not what the manifest makes it."""
    ids = [f"{i:05d}" for i in range(700)]
    for sizes in ((255, 256), (257, 256), (256, 43), (256, 45), (300, 0)):
        first, rest = ids[: sizes[0]], ids[sizes[0] : sum(sizes)]
        manifest, pages = dishonest([page_of(first), page_of(rest)], 300)
        if sizes[0] != 256:
            refused(manifest, proof("00000", pages[0]), "rows; it has 256|one page")
        else:
            refused(manifest, proof("00260", pages[1]), "rows; it has 44|one page")


def test_inflated_page_that_hides_a_row() -> None:
    """One page of 300 rows in place of two, with the rows beyond 256 out of sight of whoever counts pages."""
    manifest, pages = dishonest([page_of([f"{i:05d}" for i in range(300)])], 256)
    refused(manifest, proof("00299", pages[0]), "300 rows; it has 256|one page")


def test_nodes_are_not_pages() -> None:
    """Two roots below the root, given as if they were a page: the leaf's tag keeps them apart."""
    roster = roster_of(600)
    page = roster.prove("00001").pages[0]
    fake = bytes.fromhex(page.path[0]) + bytes.fromhex(page.path[1])
    refused(roster.manifest, proof("00001", ProofPage(0, fake, page.path[1:])))


@pytest.mark.parametrize(
    "page",
    [
        b"b\na\nc\n",
        b"a\na\nc\n",
        b"a\nb\nb\n",
        b"a\nb\nc",
        b"a\nb\nc\nd",
        b"a\r\nb\nc\n",
        b"a\nb\tx\nc\n",
        b"a\n\nc\n",
        b"a\n b\nc\n",
        b"a\n\xff\nc\n",
        b"a\nb\x00\nc\n",
        b"a\nb\nc\n\n",
        b"\na\nb\nc\n",
        "a\nb\u200b\nc\n".encode(),
    ],
)
def test_page_that_is_not_canonical(page: bytes) -> None:
    manifest, pages = dishonest([page], 3)
    for unit in ("a", "b", "c", "0", "aa", "d"):
        refused(manifest, proof(unit, pages[0]))


def test_blind_in_a_page() -> None:
    for lines in (b"a\tAB\n", b"a\t" + b"A" * 64 + b"\n", b"a\n"):
        tree = Tree(SHA256, [leaf_hash(SHA256, lines)])
        manifest = Manifest(columns=("id", "blind"), name="targets", page_rows=1, root=tree.root.hex(), rows=1)
        refused(manifest, proof("a", ProofPage(0, lines, ())))


def gap(manifest: Manifest, unit: str, *pages: ProofPage) -> None:
    with pytest.raises(RosterError, match=r"do not enclose|is on the roster"):
        verify_absence(SHA256, manifest, proof(unit, *pages))


def test_pages_that_do_not_enclose_the_gap() -> None:
    roster = roster_of(1000)
    manifest = roster.manifest
    zero, one, two, three = (roster.prove(f"{512 * i + 1:05d}").pages[0] for i in range(4))
    verify_absence(SHA256, manifest, proof("00512", zero, one))
    gap(manifest, "00512", zero)  # after the last of a page that is not the last
    gap(manifest, "00512", one)  # before the first of a page that is not the first
    gap(manifest, "00512", one, zero)
    gap(manifest, "00512", zero, two)
    gap(manifest, "00512", zero, zero)
    gap(manifest, "00512", one, two)
    gap(manifest, "00512", zero, one, two)
    gap(manifest, "00514", zero, two)  # it may be in page 1, which is not shown
    gap(manifest, "00514", two)
    gap(manifest, "00513", zero, one)  # it is there
    gap(manifest, "00002", zero, one)  # inside a page: that page alone is the proof
    gap(manifest, "02500", zero)
    gap(manifest, "00000", three)
    verify_absence(SHA256, manifest, proof("02500", three))
    verify_absence(SHA256, manifest, proof("00000", zero))


def test_neighbours_of_confidential_rows() -> None:
    roster = roster_of(5, confidential=True)
    pages = [roster.prove(f"{2 * i + 1:05d}").pages[0] for i in range(5)]
    verify_absence(SHA256, roster.manifest, proof("00004", pages[1], pages[2]))
    gap(roster.manifest, "00004", pages[1])
    gap(roster.manifest, "00004", pages[1], pages[3])
    gap(roster.manifest, "00004", pages[0], pages[1])
    gap(roster.manifest, "00004", pages[2], pages[1])
    gap(roster.manifest, "00000", pages[1])
    gap(roster.manifest, "00010", pages[3])


def test_pages_out_of_order_with_each_other() -> None:
    """A roster whose second page begins below the end of the first: no gap between them can be shown."""
    first, second = page_of([f"{i:05d}" for i in range(300, 556)]), page_of(["00100"])
    manifest, pages = dishonest([first, second], 257)
    for unit in ("00200", "00400x", "00600"):
        with pytest.raises(RosterError, match="do not enclose"):
            verify_absence(SHA256, manifest, proof(unit, *pages))


JSON: dict[str, Any] = roster_of(600).prove("00512").to_json()


def test_json() -> None:
    assert Proof.from_json(JSON, "p").to_json() == JSON
    assert [*JSON] == ["id", "roster", "pages"]
    assert [*JSON["pages"][0]] == ["index", "rows", "path"]


def changed(page: dict[str, Any]) -> dict[str, Any]:
    return {**JSON, "pages": [{**JSON["pages"][0], **page}]}


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        {},
        {**JSON, "extra": 1},
        {**JSON, "id": 5},
        {**JSON, "roster": None},
        {**JSON, "pages": {}},
        {**JSON, "pages": [None]},
        changed({"index": -1}),
        changed({"index": True}),
        changed({"index": "0"}),
        changed({"rows": "a"}),
        changed({"rows": [1]}),
        changed({"rows": ["a\nb"]}),
        changed({"rows": ["\ud800"]}),
        changed({"path": ["AB" * 32]}),
        changed({"path": ["ab" * 31]}),
        changed({"path": [None]}),
        changed({"more": 1}),
    ],
)
def test_json_that_is_refused(value: Any) -> None:
    with pytest.raises(RosterError, match=r"^proof"):
        Proof.from_json(value, "proof")


def test_a_line_break_of_another_kind_does_not_split_rows() -> None:
    rows = [["a", "x\x85y\u2028z"], ["b", "\x0b"[1:]]]
    roster = Roster.build(SHA256, Population.from_rows("targets", ["id", "x"], rows))
    made = Proof.from_json(roster.prove("a").to_json(), "p")
    assert verify_presence(SHA256, roster.manifest, made) == {"id": "a", "x": "x\x85y\u2028z"}
