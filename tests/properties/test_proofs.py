from __future__ import annotations

import attrs
from hypothesis import assume, given
from hypothesis import strategies as st

from dblrandom.errors import RosterError
from dblrandom.kernel.merkle import Tree, leaf_hash, root_from_path, tree_hash
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Population
from dblrandom.roster import Manifest, Proof, Roster, verify_absence, verify_presence

NUMBERS = st.integers(0, 1400)


@st.composite
def rosters(draw: st.DrawFn) -> Roster:
    """Rosters of 0 to 3 pages, or of up to 40 confidential rows, with gaps of 0 to 2 ids."""
    count = draw(st.sampled_from([0, 1, 2, 255, 256, 257, 511, 512, 513]) | st.integers(0, 40))
    step = draw(st.integers(1, 3))
    confidential = draw(st.booleans()) and count < 50
    population = Population.from_rows(
        "targets", ["id"], [[f"{step * i:04d}"] for i in range(count)], confidential=confidential
    )
    return Roster.build(SHA256, population, [f"{i:064x}" for i in range(count)] if confidential else None)


def one_line(error: Exception) -> None:
    assert str(error).isprintable()


def shows(manifest: Manifest, proof: Proof) -> set[str]:
    found = set()
    for name, verify in (("presence", verify_presence), ("absence", verify_absence)):
        try:
            verify(SHA256, manifest, proof)
            found.add(name)
        except RosterError as error:
            one_line(error)
    return found


@given(rosters(), NUMBERS)
def test_a_proof_shows_what_is_so(roster: Roster, number: int) -> None:
    unit = f"{number:04d}"
    proof = Proof.from_json(roster.prove(unit).to_json(), "proof")
    assert shows(roster.manifest, proof) == {"presence" if roster.find(unit.encode()) else "absence"}


@given(rosters(), NUMBERS, NUMBERS, st.data())
def test_pages_of_one_proof_never_show_something_false(
    roster: Roster, first: int, second: int, data: st.DataObject
) -> None:
    """Any pages of the roster, in any number and order, given as the proof of anything."""
    pages = [*roster.prove(f"{first:04d}").pages, *roster.prove(f"{second:04d}").pages]
    chosen = data.draw(st.lists(st.sampled_from(pages), max_size=3)) if pages else []
    unit = f"{data.draw(st.sampled_from([first, second]) | NUMBERS):04d}"
    truth = {"presence" if roster.find(unit.encode()) else "absence"}
    assert shows(roster.manifest, Proof(unit, "targets", tuple(chosen))) <= truth


@given(rosters(), NUMBERS, st.data())
def test_a_changed_byte_shows_nothing(roster: Roster, number: int, data: st.DataObject) -> None:
    proof = roster.prove(f"{number:04d}")
    assume(proof.pages)
    at = data.draw(st.integers(0, len(proof.pages) - 1))
    lines = bytearray(proof.pages[at].lines)
    lines[data.draw(st.integers(0, len(lines) - 1))] ^= data.draw(st.integers(1, 255))
    pages = list(proof.pages)
    pages[at] = attrs.evolve(pages[at], lines=bytes(lines))
    assert shows(roster.manifest, attrs.evolve(proof, pages=tuple(pages))) == set()


@given(rosters(), NUMBERS, st.integers(-2, 2).filter(bool))
def test_another_number_of_rows_that_moves_the_pages_shows_nothing(roster: Roster, number: int, pages: int) -> None:
    rows = len(roster) + pages * roster.page_rows
    assume(rows >= 0)
    proof = roster.prove(f"{number:04d}")
    lying = attrs.evolve(roster.manifest, rows=rows)
    if roster.find(proof.id.encode()) is None:
        assert "presence" not in shows(lying, proof)
    else:
        assert "absence" not in shows(lying, proof)


@given(st.lists(st.binary(max_size=4), min_size=1, max_size=70), st.data())
def test_paths_lead_to_the_root(pages: list[bytes], data: st.DataObject) -> None:
    leaves = [leaf_hash(SHA256, page) for page in pages]
    tree = Tree(SHA256, leaves)
    index = data.draw(st.integers(0, len(leaves) - 1))
    assert tree.root == tree_hash(SHA256, leaves)
    path = tree.path(index)
    assert root_from_path(SHA256, leaves[index], index, len(leaves), path) == tree.root
    if path:
        step = data.draw(st.integers(0, len(path) - 1))
        path[step] = bytes([path[step][0] ^ 1]) + path[step][1:]
        assert root_from_path(SHA256, leaves[index], index, len(leaves), path) != tree.root
