"""Hashing in bulk gives each slot the ticket order that hashing one after another gives (docs/spec, section 5)."""

from __future__ import annotations

import random
from array import array
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dblrandom.assigning import Eligibility, Slot, assign, preferences
from dblrandom.assigning.preferences import Preferences
from dblrandom.kernel import manytickets
from dblrandom.kernel.manytickets import ManyTickets, in_bulk
from dblrandom.kernel.suite import SHA256, SM3
from dblrandom.kernel.tickets import ticket
from dblrandom.model import Filter, Role

IDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
KEY = "00112233445566778899aabbccddeeff"


@settings(max_examples=30, deadline=None)
@given(
    people=st.lists(IDS, min_size=17, max_size=60, unique=True),
    targets=st.lists(IDS, min_size=1, max_size=6, unique=True),
    rng=st.randoms(use_true_random=False),
)
def test_the_order_is_that_of_hashing_one_by_one_whoever_drops_out_meanwhile(
    people: list[str], targets: list[str], rng: random.Random
) -> None:
    people.sort(key=str.encode)
    slots = [Slot(target, role) for target in targets for role in ("lead", "member")]
    left = [rng.getrandbits(len(people)) | 1 for _ in slots]
    plain = Preferences(SHA256, KEY, slots, people, left.__getitem__, bulk=False)
    bulk = Preferences(SHA256, KEY, slots, people, left.__getitem__, bulk=True)
    for number in range(len(slots)):
        assert list(bulk.of(number)) == list(plain.of(number))
        gone = rng.getrandbits(len(people)) & rng.getrandbits(len(people))
        left[:] = [mask & ~gone for mask in left]


@pytest.mark.parametrize("ahead", [1, 100, 100_000])
def test_an_assignment_does_not_depend_on_how_it_was_hashed(monkeypatch: pytest.MonkeyPatch, ahead: int) -> None:
    people = [f"i{n:03}" for n in range(120)]
    rng = random.Random(ahead)
    targets = [f"t{n:03}" for n in range(200)]
    recusals = [(f"r{n}", rng.choice(people), rng.choice(targets)) for n in range(2_000)]
    roles = [Role("lead", Filter()), Role("member", Filter())]
    eligibility = Eligibility.build(("id",), [(one,) for one in people], roles, recusals)
    for slack in (0, 1):
        plain = assign(SHA256, KEY, targets, roles, eligibility, slack=slack)
        with monkeypatch.context() as changed:
            changed.setattr(preferences, "BULK", 0)
            changed.setattr(preferences, "_AHEAD", ahead)
            changed.setattr(preferences, "ManyTickets", Counted)
            Counted.tickets = 0
            assert assign(SHA256, KEY, targets, roles, eligibility, slack=slack) == plain
            assert Counted.tickets > 10_000


class Counted(ManyTickets):
    tickets = 0

    def below(
        self, beginnings: Sequence[str], bounds: Sequence[bytes], wanted: Sequence[array[int]]
    ) -> list[list[tuple[bytes, int]]]:
        Counted.tickets += sum(map(len, wanted))
        return super().below(beginnings, bounds, wanted)


def test_all_that_is_below_its_bound_is_found_and_nothing_else() -> None:
    ends = [f"{n}é" for n in range(3_000)]
    beginnings = [f"{KEY}:t{n}\trole\t" for n in range(5)]
    bounds = [bytes(32), b"\x10" + bytes(31), b"\x80" + bytes(31), b"\xff" * 32, b"\x01" + bytes(31)]
    wanted = [array("i", range(n, 3_000, n + 1)) for n in range(5)]
    found = ManyTickets(ends).below(beginnings, bounds, wanted)
    for n, each in enumerate(found):
        tickets = [(ticket(SHA256, KEY, f"t{n}\trole\t{ends[i]}".encode()), i) for i in wanted[n]]
        assert each == sorted(pair for pair in tickets if pair[0] < bounds[n])
    assert ManyTickets(ends).below([], [], []) == []


def test_what_the_engine_names_wrongly_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = [f"e{n}" for n in range(50)]
    bound = b"\x20" + bytes(31)
    honest = ManyTickets(ends).below([f"{KEY}:t\tr\t"], [bound], [array("i", range(50))])
    monkeypatch.setattr(ManyTickets, "_named", lambda *_: [(0, n) for n in range(50)])
    assert ManyTickets(ends).below([f"{KEY}:t\tr\t"], [bound], [array("i", range(50))]) == honest


@pytest.mark.parametrize("error", [ImportError("no such symbol"), AttributeError("create_dataframe"), MemoryError()])
def test_an_engine_that_fails_costs_time_and_nothing_else(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    people = [f"i{n:03}" for n in range(60)]
    slots = [Slot(f"t{n}", "lead") for n in range(40)]
    calls = 0

    def fails(self: ManyTickets, *words: object) -> list[tuple[int, int]]:
        nonlocal calls
        calls += 1
        raise error

    monkeypatch.setattr(ManyTickets, "_named", fails)
    everybody = (1 << 60) - 1
    plain = Preferences(SHA256, KEY, slots, people, lambda number: everybody, bulk=False)
    bulk = Preferences(SHA256, KEY, slots, people, lambda number: everybody, bulk=True)
    for number in range(len(slots)):
        assert list(bulk.of(number)) == list(plain.of(number))
    assert calls == 1


def test_without_the_engine_or_with_another_suite_tickets_are_hashed_one_by_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert in_bulk(SHA256)
    assert not in_bulk(SM3)
    monkeypatch.setattr(manytickets, "installed", lambda *modules: False)
    assert not in_bulk(SHA256)
