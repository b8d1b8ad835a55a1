"""Sources combined into a seed: one honest source among dishonest ones is enough; none is not.

The seeds are counted over many ceremonies: each of their 256 bits, each value of a byte, and the chi-square of the
bytes. The bounds on bits and bytes are exact (``frequencies``). That on chi-square is the bound of Laurent and Massart
on the tail of the distribution with 255 degrees of freedom, which 512 expected in each cell come close enough to. A
planted adversary who is the last to choose, and has but two values to choose from, must be caught by the same count.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from frequencies import beyond
from hypothesis import given, settings
from hypothesis import strategies as st

from dblrandom.drawing import Value
from dblrandom.drawing.revealing import make_reveal
from dblrandom.errors import EntropyError
from dblrandom.kernel.entropy import seed
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Source

CEREMONIES = 4096
BYTES = 32 * CEREMONIES
CHANCE = 1e-9
"""That a uniform seed would be beyond the bound on chi-square."""

Values = list[tuple[str, str, str]]


def digest(*parts: object) -> str:
    """A hash that stands for chance: of a counter, and of what it is for."""
    return hashlib.sha512(b"combination " + repr(parts).encode()).hexdigest()[:64]


def commitment(number: int) -> str:
    return digest("commitment", number)


# What a dishonest source says, knowing the commitment and the other dishonest values, not the honest one

Adversary = Callable[[int, Values], str]


def constant(number: int, others: Values) -> str:
    return "00" * 32


def alternating(number: int, others: Values) -> str:
    return ("00" if number % 2 else "ff") * 32


def the_commitment_itself(number: int, others: Values) -> str:
    return commitment(number)


def hash_of_the_commitment(number: int, others: Values) -> str:
    return hashlib.sha256(bytes.fromhex(commitment(number))).hexdigest()


def copy_of_a_neighbour(number: int, others: Values) -> str:
    return others[-1][2] if others else commitment(number)


def guess(number: int, others: Values) -> str:
    """The best of eight values, if the honest one were all zeros: as good as one can do without knowing it."""
    tries = [digest("try", number, i) for i in range(8)]
    return min(tries, key=lambda v: seed(SHA256, commitment(number), [*others, ("drand", "own", v), HONEST_ZERO]))


HONEST_ZERO = ("drand", "honest", "00" * 32)
ADVERSARIES: tuple[Adversary, ...] = (
    constant,
    alternating,
    the_commitment_itself,
    hash_of_the_commitment,
    copy_of_a_neighbour,
    guess,
)


def values(number: int, adversaries: Sequence[Adversary], honest: int | None) -> Values:
    """All values of a ceremony in the declared order, with an honest one at the place ``honest``."""
    found: Values = []
    dishonest: Values = []
    for place, adversary in enumerate(adversaries):
        entry = ("drand", f"s{place}", adversary(number, dishonest))
        dishonest.append(entry)
        found.append(entry)
    if honest is not None:
        found.insert(honest, ("drand", "honest", digest("honest", number)))
    return found


def seeds(adversaries: Sequence[Adversary], honest: int | None) -> list[str]:
    return [seed(SHA256, commitment(n), values(n, adversaries, honest)) for n in range(CEREMONIES)]


# How uniform they are


def chi_square(made: Sequence[str]) -> float:
    """Of the values of all bytes of all seeds."""
    counts = Counter(b"".join(bytes.fromhex(s) for s in made))
    expected = BYTES / 256
    return sum((counts[value] - expected) ** 2 / expected for value in range(256))


def chi_square_bound(degrees: int = 255) -> float:
    """P(X >= k + 2 sqrt(k x) + 2 x) <= exp(-x)."""
    x = -math.log(CHANCE)
    return degrees + 2 * math.sqrt(degrees * x) + 2 * x


def problems(made: Sequence[str]) -> list[str]:
    """Bits, bytes or the whole beyond their bounds, in words."""
    numbers = [int(s, 16) for s in made]
    bits = {("bit", str(b)): sum(n >> b & 1 for n in numbers) for b in range(256)}
    counts = Counter(b"".join(bytes.fromhex(s) for s in made))
    each = {("byte", str(value)): counts[value] for value in range(256)}
    found = beyond(CEREMONIES, bits, dict.fromkeys(bits, 0.5)) + beyond(BYTES, each, dict.fromkeys(each, 1 / 256))
    if (measured := chi_square(made)) >= chi_square_bound():
        found.append(f"chi-square {measured:.0f}")
    return found


@pytest.mark.parametrize("place", [0, 1, 2])
def test_one_honest_source_among_two_who_do_their_best(place: int) -> None:
    assert problems(seeds((guess, copy_of_a_neighbour), place)) == []


@settings(max_examples=5, deadline=None)
@given(st.lists(st.sampled_from(ADVERSARIES[:-1]), max_size=4), st.data())
def test_one_honest_source_among_any_others(adversaries: list[Adversary], data: st.DataObject) -> None:
    honest = data.draw(st.integers(0, len(adversaries)))
    assert problems(seeds(adversaries, honest)) == []


def test_no_honest_source_and_one_commitment() -> None:
    """Planted: nothing varies at all."""
    made = [seed(SHA256, commitment(0), values(0, (constant, copy_of_a_neighbour), None))] * CEREMONIES
    assert len(problems(made)) > 256


def test_a_last_revealer_with_two_values_is_caught() -> None:
    """Planted: who sees all other values, the honest one too, and may choose between two of his own, bends one bit."""

    def last(number: int) -> str:
        others = values(number, (constant,), 0)
        made = [seed(SHA256, commitment(number), [*others, ("secret", "last", v)]) for v in (digest(number), "ab" * 32)]
        return next((s for s in made if int(s, 16) & 1 == 0), made[0])

    found = problems([last(number) for number in range(CEREMONIES)])
    assert len(found) == 1
    assert found[0].startswith("bit 0: ")


def test_the_bound_is_neither_empty_nor_out_of_reach() -> None:
    made = seeds((), 0)
    assert chi_square(made) < chi_square_bound() < 500
    bent = [s[:-2] + "00" if i % 4 == 0 else s for i, s in enumerate(made)]
    assert "byte 0" in " ".join(problems(bent))


# Order and completeness

HEX = st.binary(min_size=32, max_size=32).map(bytes.hex)


@given(st.lists(HEX, min_size=2, max_size=6, unique=True), st.data())
def test_the_order_of_sources_matters(given_values: list[str], data: st.DataObject) -> None:
    lines = [("drand", f"s{i}", value) for i, value in enumerate(given_values)]
    other = data.draw(st.permutations(lines))
    same = other == lines
    assert (seed(SHA256, commitment(0), lines) == seed(SHA256, commitment(0), other)) is same
    moved = [(kind, name, v) for (kind, name, _), (_, _, v) in zip(lines, other, strict=True)]
    assert (seed(SHA256, commitment(0), lines) == seed(SHA256, commitment(0), moved)) is same


@given(st.lists(HEX, min_size=1, max_size=6), st.data())
def test_every_source_counts(given_values: list[str], data: st.DataObject) -> None:
    """Leaving one out, or adding one, is another seed."""
    lines = [("drand", f"s{i}", value) for i, value in enumerate(given_values)]
    place = data.draw(st.integers(0, len(lines) - 1))
    whole = seed(SHA256, commitment(0), lines)
    assert seed(SHA256, commitment(0), lines[:place] + lines[place + 1 :]) != whole
    assert seed(SHA256, commitment(0), [*lines, ("drand", "more", "00" * 32)]) != whole


class Anything:
    """A test kind that takes every value: what is missing is not its to notice."""

    kind = "x-anything"

    def check_value(self, source: Source, value: str, evidence: Any, *, suite: Any, ceremony: str) -> None:
        return


@given(st.integers(1, 6), st.data())
def test_a_missing_source_is_never_skipped(count: int, data: st.DataObject) -> None:
    sources = tuple(Source(kind="x-anything", name=f"s{i}", not_before="2031-05-01T09:00:00Z") for i in range(count))
    committed: Any = SimpleNamespace(sources=sources, suite=SHA256)
    kinds: Any = {"x-anything": Anything()}
    every = {source.name: Value(digest(source.name)) for source in sources}
    lines = [(source.kind, source.name, every[source.name].value) for source in sources]
    body = make_reveal(committed, commitment(0), "tested-2031", every, kinds)
    assert body["seed"] == seed(SHA256, commitment(0), lines)
    missing = data.draw(st.sampled_from(sources)).name
    rest = {name: value for name, value in every.items() if name != missing}
    with pytest.raises(EntropyError, match=f"source '{missing}': its value is missing, and no source is ever skipped"):
        make_reveal(committed, commitment(0), "tested-2031", rest, kinds)
