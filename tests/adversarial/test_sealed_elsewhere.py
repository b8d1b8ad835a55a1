"""Attacks, or mishaps, where an office goes on with a ceremony whose sealed bodies lie in another office."""

from __future__ import annotations

from typing import Any

import ceremonies as office
import pytest

from dblrandom.ceremony import Ceremony
from dblrandom.errors import StepError

LATER: dict[str, Any] = {"time": office.AFTER, "keys": office.keys("organiser")}
BLINDS = ("b1" * 32, "c1" * 32)


def elsewhere(made: Ceremony) -> Ceremony:
    """The ceremony as an office reads it that has the receipts and no sealed bodies."""
    return Ceremony.read(made.envelopes, made.rosters.values())


def test_an_open_result_beside_a_seal_that_is_not_known() -> None:
    """It may be the second result of one target, after which the seal can never be opened."""
    made = office.drawn()
    first, *rest = (unit.id for unit in made.drawn["1"].selected)
    kept = made.seal("result", made.compute_result("1", {first: ["closed"]}), blind=BLINDS[0], **LATER)
    other = elsewhere(made)
    for target in (first, rest[0]):
        with pytest.raises(StepError, match=r"\(sealed\) seals a result that is not known here.*must unseal it first"):
            other.result("1", {target: ["closed"]}, **LATER)
    assert other.receipts == made.receipts
    made.result("1", {rest[0]: ["closed"]}, **LATER)
    other = elsewhere(made)
    other.unseal("result", kept, **LATER)
    other.result("1", {rest[1]: ["closed"]}, **LATER)
    assert office.report_on(other, as_of="2024-04-01T00:00:00Z").stage == "drawn"


def test_an_open_substitution_beside_a_sealed_result_that_is_not_known() -> None:
    """The target that it replaces may be the one of which the sealed result tells."""
    made = office.drawn()
    target = made.drawn["1"].selected[0].id
    made.seal("result", made.compute_result("1", {target: ["closed"]}), blind=BLINDS[0], **LATER)
    with pytest.raises(StepError, match="seals a result that is not known here"):
        elsewhere(made).substitute("1", "not-found", target=target, **LATER)


def test_an_open_result_beside_a_sealed_substitution_that_is_not_known() -> None:
    """Its target may be the one that is replaced."""
    made = office.drawn()
    target = made.drawn["1"].selected[0].id
    body = made.compute_substitution("1", "not-found", target=target)
    made.seal("substitution", body, blind=BLINDS[0], **LATER)
    with pytest.raises(StepError, match="seals a substitution that is not known here"):
        elsewhere(made).result("1", {target: ["closed"]}, **LATER)


def test_two_offices_open_what_each_has_sealed() -> None:
    """Opening is never refused for what somebody else has sealed: nobody could begin."""
    made = office.drawn()
    targets = [unit.id for unit in made.drawn["1"].selected[:2]]
    kept = [
        made.seal("result", made.compute_result("1", {target: ["closed"]}), blind=blind, **LATER)
        for target, blind in zip(targets, BLINDS, strict=True)
    ]
    for body in reversed(kept):
        made = elsewhere(made)
        made.unseal("result", body, **LATER)
    assert office.report_on(made, as_of="2024-04-01T00:00:00Z").stage == "drawn"
