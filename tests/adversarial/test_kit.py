"""The kit itself: the ceremony that every attack begins with is sound, so that a refusal is the attack's doing."""

from __future__ import annotations

import pytest
from kit import findings, forge, honest, judge, steps

from dblrandom.evidence import Finding
from dblrandom.kernel.suite import SHA256, SM3, Suite


@pytest.mark.parametrize("suite", [SHA256, SM3], ids=lambda s: s.name)
def test_the_sound_ceremony_is_accepted(suite: Suite) -> None:
    report = judge(honest(suite))
    assert report.stage == "drawn"
    assert {c.name for c in report.not_checked} == {"hash chain", "previous ceremony"}
    assert findings(report) <= {Finding.PREDICTABLE}


@pytest.mark.parametrize("suite", [SHA256, SM3], ids=lambda s: s.name)
def test_taking_apart_and_forging_give_the_same_bytes(suite: Suite) -> None:
    assert forge(steps(suite)).receipts == honest(suite).receipts


def test_a_recomputed_ceremony_is_accepted() -> None:
    chain = steps()
    chain[0].body["plan"]["title"] = "another title"
    forged = forge(chain, recompute=True)
    assert forged.receipts != honest().receipts
    assert judge(forged).stage == "drawn"
