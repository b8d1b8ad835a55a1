"""A friend's target alone in a stratum whose share is rounded to nothing, and a foe's in one that is rounded up."""

from __future__ import annotations

from fractions import Fraction

import attrs
import pytest
from tests.adversarial import kit

from dblrandom.ceremony import Ceremony
from dblrandom.evidence import verify
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Plan, Population, Quota, Rounding, Scope
from dblrandom.roster import Roster

NAMES = {7: "friend", 8: "foe"}
TARGETS = Population("targets", ("id", "d"), tuple((f"F{n:03d}", NAMES.get(n, "north")) for n in range(200)))
PEOPLE = Population("inspectors", ("id",), tuple((f"I{n}",) for n in range(6)))


@pytest.mark.parametrize(("rounding", "chance"), [(Rounding.HALF_UP, "0"), (Rounding.CEILING, "1")])
def test_strata_that_are_rounded_to_nobody_or_to_everybody(rounding: Rounding, chance: str) -> None:
    quota = Quota(ratio=Fraction(1, 20), rounding=rounding, scope=Scope.STRATUM, allow_zero="rounding")
    first = kit.plan().tasks[0]
    team = attrs.evolve(first.team, roles=tuple(attrs.evolve(r, filter=type(r.filter)({})) for r in first.team.roles))
    task = attrs.evolve(first, strata=("d",), quota=quota, team=team, reserves=0)
    plan = Plan(name="p", title="t", authority="a", period="2024", grounds=("ill",), tasks=(task,))
    rosters = [Roster.build(SHA256, one) for one in (TARGETS, PEOPLE)]
    made = Ceremony.open(kit.NAME, plan, rosters)
    signers = [d for d in kit.declared() if d.role != "party"]
    keys = [kit.signer("organiser"), kit.signer("operator")]
    made.commit(entropy=[kit.chain_source()], signers=signers, deadlines=kit.DEADLINES, time=kit.COMMITTED, keys=keys)
    report = verify([r.envelope for r in made.receipts], trust=kit.policy(), rosters={r.name: r for r in rosters})
    told = [detail for finding, detail in report.findings if finding.value == "nothing left to chance"]
    assert len(told) == 1
    assert (
        f"chance {chance}: 2 rows in 2 strata: 'foe' (1), 'friend' (1); by ratio 1/20 rounded by {rounding}" in told[0]
    )
