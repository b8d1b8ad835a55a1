from __future__ import annotations

import ceremonies as kit
import pytest

from dblrandom.errors import DblrandomError, InputError, RosterError, StepError, VerificationError
from dblrandom.evidence.transcript import Transcript

MADE = kit.drawn()
ROSTERS = tuple(MADE.rosters.values())


def test_it_reads_what_the_ceremony_wrote() -> None:
    found = Transcript.read(MADE.envelopes, ROSTERS)
    assert found.name == kit.NAME
    assert found.suite == MADE.suite
    assert found.receipts == MADE.receipts
    assert found.envelopes == MADE.envelopes
    assert found.head == MADE.head == MADE.receipts[-1].digest(MADE.suite)
    assert found.rosters == MADE.rosters
    assert found.commitment == MADE.commitment
    assert found.commitment_digest == MADE.receipts[0].digest(MADE.suite)
    assert found.drawn.to_json() == MADE.drawn.to_json()


@pytest.mark.parametrize(("upto", "stage"), [(1, "committed"), (4, "committed"), (5, "revealed"), (6, "drawn")])
def test_every_beginning_stands_at_its_stage(upto: int, stage: str) -> None:
    assert Transcript.read(MADE.envelopes[:upto]).stage == stage


def test_the_last_of_a_type_is_found() -> None:
    assert MADE.last("witness").sequence == 4  # type: ignore[union-attr]
    assert MADE.last("void") is None


def test_an_empty_transcript_has_nothing() -> None:
    empty = Transcript("c", MADE.suite)
    assert (empty.stage, empty.head, empty.envelopes, empty.rosters) == ("empty", None, (), {})
    for name in ("commitment", "commitment_digest"):
        with pytest.raises(StepError, match="nothing is committed yet"):
            getattr(empty, name)
    with pytest.raises(StepError, match="no draw yet"):
        _ = empty.drawn


def test_before_the_draw_there_is_neither_draw_nor_standing() -> None:
    found = Transcript.read(MADE.envelopes[:5], ROSTERS)
    for name in ("drawn", "standing"):
        with pytest.raises(StepError, match="no draw yet"):
            getattr(found, name)


def test_without_its_rosters_nothing_is_recomputed() -> None:
    with pytest.raises(RosterError, match=r"'targets'.*not given"):
        _ = Transcript.read(MADE.envelopes).drawn


def test_what_is_handed_out_is_a_copy() -> None:
    MADE.rosters.clear()
    assert len(MADE.rosters) == 3


def test_a_name_is_a_name() -> None:
    with pytest.raises(InputError):
        Transcript("Not a name", MADE.suite)


@pytest.mark.parametrize("receipts", [(), (b"",), (b"{}",), MADE.envelopes[1:], MADE.envelopes[:1] * 2])
def test_what_is_no_chain_is_refused(receipts: tuple[bytes, ...]) -> None:
    with pytest.raises(DblrandomError):
        Transcript.read(receipts)


def test_the_receipt_that_is_malformed_is_named() -> None:
    with pytest.raises(InputError, match="receipt 2"):
        Transcript.read(kit.tamper(MADE.envelopes, 1, b"{}"))
    with pytest.raises(VerificationError, match="receipt 3"):
        Transcript.read(kit.tamper(MADE.envelopes, 1, MADE.envelopes[2]))


def test_standing_follows_the_substitutions() -> None:
    made = kit.drawn()
    lost = made.drawn["1"].selected[0].id
    made.substitute("1", "not-found", time=kit.AFTER, keys=kit.keys("organiser"), target=lost)
    found = Transcript.read(made.envelopes, ROSTERS).standing["1"]
    assert lost not in found.teams
    assert lost in found.due
    assert len(found.teams) == 6
