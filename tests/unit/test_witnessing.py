"""What a witness remembers: two histories, or two open commitments of one period, are not attested."""

from __future__ import annotations

from typing import Any

import ceremonies as kit
import pytest

from dblrandom.ceremony import Ceremony
from dblrandom.errors import DblrandomError, InputError, StepError
from dblrandom.evidence import WitnessMemory
from dblrandom.evidence.witnessing import Seen
from dblrandom.kernel.canonical import decode, encode

EMPTY = WitnessMemory()


def started(ceremony: str = "first", previous: str | None = None, **plan: Any) -> Ceremony:
    made = kit.opened(kit.plan(**plan), name=ceremony)
    kit.commit(made, previous_ceremony=previous)
    return made


def cut(made: Ceremony, upto: int) -> Ceremony:
    return Ceremony.read(made.envelopes[:upto], made.rosters.values())


def voided(made: Ceremony) -> Ceremony:
    made.void("x", time=kit.DATED, keys=kit.keys("organiser"))
    return made


def test_the_first_ceremony_is_remembered_under_its_organiser() -> None:
    made = started()
    memory = EMPTY.check_and_remember(made)
    assert memory.organisers == {
        kit.key("organiser").keyid: (
            Seen(
                ceremony="first",
                sequence=1,
                digest=str(made.head),
                authority=made.commitment.plan.authority,
                plan="tested",
                period="2024",
                open=True,
            ),
        )
    }
    assert EMPTY.organisers == {}, "the memory before is as it was"


def test_the_same_chain_may_be_seen_again_and_grow() -> None:
    made = started()
    memory = EMPTY.check_and_remember(made)
    assert memory.check_and_remember(made) == memory
    made.witness(time=kit.DATED, keys=kit.keys("notary"))
    grown = memory.check_and_remember(made)
    assert [s.sequence for s in grown.organisers[kit.key("organiser").keyid]] == [2]


def test_a_shorter_chain_and_a_fork_are_refused() -> None:
    made = kit.committed()
    memory = EMPTY.check_and_remember(made)
    with pytest.raises(StepError, match="had 3 receipts before, and now has 1"):
        memory.check_and_remember(cut(made, 1))
    fork = cut(made, 2)
    fork.witness(time=kit.AFTER, keys=kit.keys("discipline"))
    with pytest.raises(StepError, match=r"receipt 3 of 'tested-2024' is not the one that was seen before: a fork"):
        memory.check_and_remember(fork)


def test_a_second_ceremony_names_the_end_of_the_first() -> None:
    first = voided(started())
    memory = EMPTY.check_and_remember(first)
    for previous in (None, "0" * 64, first.receipts[0].digest(first.suite)):
        with pytest.raises(StepError, match="the last seen of this organiser is"):
            memory.check_and_remember(started("second", previous))
    both = memory.check_and_remember(started("second", first.head))
    assert [s.ceremony for s in both.organisers[kit.key("organiser").keyid]] == ["first", "second"]


@pytest.mark.parametrize(("plan", "refused"), [({}, True), ({"name": "renamed"}, True), ({"period": "2025"}, False)])
def test_one_open_commitment_for_a_period(plan: dict[str, str], refused: bool) -> None:
    """Another name for the plan does not make it another draw."""
    first = started()
    memory = EMPTY.check_and_remember(first)
    second = started("second", first.head, **plan)
    if refused:
        with pytest.raises(StepError, match=r"'first' .* is still open: it must be drawn or voided"):
            memory.check_and_remember(second)
    else:
        memory.check_and_remember(second)


@pytest.mark.parametrize("make", [lambda: voided(started()), lambda: kit.drawn(name="first")])
def test_what_was_voided_or_drawn_is_open_no_more(make: Any) -> None:
    first = make()
    memory = EMPTY.check_and_remember(first)
    memory.check_and_remember(started("second", first.head))


def test_each_of_several_organisers_is_remembered() -> None:
    made = kit.opened()
    kit.commit(made, signers=kit.declared(("organiser", "second")), keys=kit.keys(*kit.SIGNERS, "second"))
    memory = EMPTY.check_and_remember(made)
    assert set(memory.organisers) == {kit.key("organiser").keyid, kit.key("second").keyid}


def test_nothing_to_remember_before_a_commitment() -> None:
    with pytest.raises(StepError, match="nothing is committed"):
        EMPTY.check_and_remember(kit.opened())


# The file


def full() -> WitnessMemory:
    first = voided(started())
    return EMPTY.check_and_remember(first).check_and_remember(started("second", first.head))


@pytest.mark.parametrize("memory", [EMPTY, full()])
def test_the_file_is_read_back(memory: WitnessMemory) -> None:
    data = memory.to_bytes()
    assert encode(decode(data)) == data
    assert WitnessMemory.from_bytes(data) == memory


def with_seen(**changes: Any) -> bytes:
    value: Any = decode(full().to_bytes())
    (own,) = value["organisers"]
    value["organisers"][own][0].update(changes)
    return encode(value)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "witness memory"),
        (b"[]", "not an object"),
        (b"{}", "is missing"),
        (full().to_bytes() + b"\n", "witness memory"),
        (with_seen(open=1), "open"),
        (with_seen(sequence=0), "sequence"),
        (with_seen(digest="x"), "digest"),
        (with_seen(ceremony="Not a name"), "ceremony"),
        (with_seen(period=""), "period"),
        (with_seen(more=1), "no member 'more'"),
        (with_seen(ceremony="second"), "a ceremony is remembered twice"),
        (encode({"organisers": {"x": []}, "specification": "dblrandom/v1"}), "organisers"),
        (
            encode(
                {
                    "organisers": {"x": [full().organisers[kit.key("organiser").keyid][0].to_json()]},
                    "specification": "dblrandom/v1",
                }
            ),
            "organisers",
        ),
        (encode({"organisers": {}, "specification": "dblrandom/v2"}), "specification"),
    ],
)
def test_a_malformed_memory_is_refused_by_name(data: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        WitnessMemory.from_bytes(data)


def test_errors_are_one_line() -> None:
    with pytest.raises(DblrandomError) as caught:
        WitnessMemory.from_bytes(with_seen(period="a\nb" * 2000))
    assert str(caught.value).isprintable()
