from __future__ import annotations

from itertools import product

import attrs
import ceremonies as kit
import pytest

from dblrandom.errors import ReceiptError, VerificationError
from dblrandom.evidence.chain import GRAMMAR, check_chain, stage_after, suite_of
from dblrandom.evidence.receipt import Receipt

MADE = kit.drawn().receipts

KINDS = ("commitment", "void", "reveal", "draw", "sealed", "substitution", "result")
LETTERS = dict(zip("cvrdsux", KINDS, strict=True))


def walk(word: str) -> str:
    stage = "empty"
    for letter in word:
        stage = stage_after(stage, LETTERS[letter])
    return stage


def lawful(word: str) -> bool:
    """The sentence of the specification, read again with other means: is this a beginning of one that it allows?"""
    while word.startswith("cv"):
        word = word[2:]
        if word == "":
            return True
    if word in ("", "c"):
        return True
    if word[0] != "c":
        return False
    rest = word[1:].lstrip("sx")
    if rest in ("", "r"):
        return True
    return rest.startswith("rd") and rest[2:].strip("usx") == ""


@pytest.mark.parametrize("length", range(6))
def test_every_short_sequence_is_lawful_exactly_where_the_specification_says_so(length: int) -> None:
    for letters in product(LETTERS, repeat=length):
        word = "".join(letters)
        try:
            walk(word)
            found = True
        except ReceiptError:
            found = False
        assert found == lawful(word), word


def test_a_witness_stands_anywhere_but_first() -> None:
    with pytest.raises(ReceiptError, match="begins with a commitment"):
        stage_after("empty", "witness")
    for stage in GRAMMAR:
        if stage != "empty":
            assert stage_after(stage, "witness") == stage


@pytest.mark.parametrize(
    ("word", "kind"),
    [("cr", "void"), ("crd", "commitment"), ("crd", "draw"), ("crd", "reveal"), ("cs", "void"), ("c", "commitment")],
)
def test_a_second_chance_is_called_so(word: str, kind: str) -> None:
    with pytest.raises(ReceiptError, match=r"redraw after entropy.*lawful next: "):
        stage_after(walk(word), kind)


def test_a_sound_chain_gives_its_digests() -> None:
    suite, digests = check_chain(MADE)
    assert suite.name == "sha256"
    assert digests == tuple(r.digest(suite) for r in MADE)
    assert check_chain(MADE[:1])[1] == digests[:1]


def broken(position: int, **changes: object) -> list[Receipt]:
    return [attrs.evolve(r, **changes) if i == position else r for i, r in enumerate(MADE)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("receipts", "problem"),
    [
        ([], "there is no receipt"),
        (MADE[1:], "begins with a commitment"),
        ([MADE[0], *MADE[2:]], "sequence 2 was expected"),
        ([MADE[0], MADE[0]], "two receipts for one sequence number"),
        ([MADE[0], MADE[2], MADE[1]], "sequence 2 was expected"),
        (broken(0, previous="0" * 64), "its previous digest is 0000"),
        (broken(2, previous="0" * 64), "its previous digest is 0000"),
        (broken(2, previous=None), "its previous digest is None"),
        (broken(2, ceremony="other"), "of the ceremony 'other', not 'tested-2024'"),
        (broken(3, time="2024-02-29T00:00:00Z"), "is before"),
        (broken(1, sequence=1), "two receipts for one sequence number"),
        (broken(0, sequence=2), "sequence 1 was expected"),
    ],
)
def test_a_broken_chain_is_refused(receipts: list[Receipt], problem: str) -> None:
    with pytest.raises(VerificationError, match=rf"^chain: .*{problem}") as caught:
        check_chain(receipts)
    assert caught.value.check == "chain"


def test_a_type_out_of_place_is_refused_by_its_receipt() -> None:
    cut = kit.committed()
    draw = attrs.evolve(MADE[-1], sequence=4, previous=cut.head)
    with pytest.raises(VerificationError, match=r"receipt 4 \(draw\): redraw after entropy"):
        check_chain([*cut.receipts, draw])


def test_the_suite_cannot_change() -> None:
    first = MADE[0]
    second = attrs.evolve(first, sequence=2, body=dict(first.body) | {"suite": "sm3"})
    with pytest.raises(VerificationError, match="from sha256 to sm3 in mid-chain"):
        suite_of([first, second])
