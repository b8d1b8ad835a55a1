"""Commitments that passed every check and could never be drawn, or only if a certain firm did not come up."""

from __future__ import annotations

from typing import Any

import ceremonies as office
import pytest
from kit import attacked, judge, refused

from dblrandom.drawing import Declared, make_draw
from dblrandom.drawing import largest as rules
from dblrandom.drawing.sizes import Size
from dblrandom.errors import EntropyError, PlanError
from dblrandom.kernel.canonical import encode
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Plan, Population, Quota, Role, Scope, Source, TeamRule
from dblrandom.roster import Roster

BIGGEST = 2**53 - 1


def roster(population: Population) -> Roster:
    return Roster.build(SHA256, population)


def committed(plan: Plan, *populations: Population, **changes: Any) -> Any:
    made = office.opened(plan, [roster(p) for p in populations])
    office.commit(made, **changes)
    return made


def team(count: int) -> TeamRule:
    return TeamRule(roster="inspectors", roles=tuple(Role(f"role{n}") for n in range(count)))


def test_a_shortfall_beyond_every_integer_is_refused_at_commit() -> None:
    plan = office.plan(office.task(quota=Quota(count=BIGGEST, scope=Scope.STRATUM)))
    with pytest.raises(PlanError, match=r"task '1': the shortfall could be \d+, over 9007199254740991"):
        committed(plan, office.targets(), office.inspectors(), office.recusals())


def test_a_slack_at_the_limit_is_refused_at_commit() -> None:
    rule = TeamRule(roster="inspectors", roles=(office.LEAD, office.MEMBER), slack=BIGGEST)
    with pytest.raises(PlanError, match="the cap could be"):
        committed(office.plan(office.task(team=rule)), office.targets(), office.inspectors(), office.recusals())


def veto(length: int = 230) -> tuple[Plan, tuple[Population, ...]]:
    """Ten firms of which five are drawn; 2,000 inspectors in 14 roles are all recused from F00."""
    people = tuple((f"inspector-{n:06d}-" + "z" * length,) for n in range(2000))
    recusals = tuple(
        (f"R{n}-" + "r" * 240, p, "F00", "near-relative:requested", "boss") for n, (p,) in enumerate(people)
    )
    plan = office.plan(
        office.task(
            sampler="fixed-count", strata=(), quota=Quota(count=5, scope=Scope.FRAME), reserves=0, team=team(14)
        )
    )
    return plan, (
        Population("targets", ("id",), tuple((f"F{n:02d}",) for n in range(10))),
        Population("inspectors", ("id",), people),
        Population("recusals", ("id", "inspector", "target", "ground", "approver"), recusals),
    )


def test_a_hidden_veto_against_one_firm_is_refused_at_commit() -> None:
    plan, populations = veto()
    with pytest.raises(PlanError, match=r"plan: the draw could take \d+ bytes under some seed.*could not be written"):
        committed(plan, *populations)


def test_the_same_recusals_with_short_ids_are_no_veto() -> None:
    plan, (targets, people, recusals) = veto()
    short = {p: f"I{n}" for n, (p,) in enumerate(people.rows)}
    committed(
        plan,
        targets,
        Population("inspectors", ("id",), tuple((i,) for i in short.values())),
        Population(
            "recusals", recusals.columns, tuple((f"R{n}", short[r[1]], *r[2:]) for n, r in enumerate(recusals.rows))
        ),
    )


def test_a_draw_that_is_too_large_under_every_seed_is_refused_at_commit() -> None:
    many = Population("targets", ("id",), tuple((f"9153{n:0251d}",) for n in range(22_000)))
    rule = TeamRule(roster="inspectors", roles=(Role("lead"), Role("member")))
    task = office.task(
        sampler="fixed-count", strata=(), quota=Quota(count=22_000, scope=Scope.FRAME), reserves=0, team=rule
    )
    with pytest.raises(PlanError, match="the draw could take"):
        committed(office.plan(task), many, office.inspectors(60), office.recusals())


def narrowed(monkeypatch: pytest.MonkeyPatch, room: int) -> None:
    """Let a receipt have less room, so that small plans come to the limit."""
    monkeypatch.setattr(rules, "limits", lambda commitment: Size(room, 10**6))
    monkeypatch.setattr(rules, "MAX_BYTES", room)
    monkeypatch.setattr("dblrandom.drawing.commitment.check_reveal_fits", lambda commitment: None)


@pytest.mark.parametrize("what", ["open", "shut"])
def test_the_limit_is_where_the_worst_draw_just_fits(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Every leader is recused from one firm of thirty; whether it comes up, no commitment may depend on."""
    named = [(f"I{n:02d}", "F000") for n in range(4)] if what == "open" else []
    populations = (office.targets(), office.inspectors(), office.recusals(*named))
    made = committed(office.plan(), *populations)
    seeds = [SHA256.hexhash(bytes([n])) for n in range(60)]
    sizes = [len(encode(make_draw(made.commitment, seed, made.rosters).to_json())) for seed in seeds]
    assert (max(sizes) > min(sizes)) == (what == "open")
    narrowed(monkeypatch, max(sizes) - 1)
    with pytest.raises(PlanError, match="the draw could take"):
        committed(office.plan(), *populations)
    narrowed(monkeypatch, max(sizes) + 1000)
    committed(office.plan(), *populations)


def test_a_substitution_that_could_not_be_written_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    person = TeamRule(roster="inspectors", roles=(Role("r"),), reason="synthetic reason", slack=30)
    people = Population("inspectors", ("id",), (("i" * 255,),))
    task = office.task(quota=Quota(count=10, scope=Scope.STRATUM), team=person)
    narrowed(monkeypatch, 10_000)
    with pytest.raises(PlanError, match="a substitution could take"):
        committed(office.plan(task), office.targets(), people, office.recusals())


def test_a_reveal_that_could_not_be_written_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    terms = {"event": "synthetic", "form": "digits 9", "outcomes": 1000, "cancelled": "void"}
    many = [Source(kind="public", name=f"e{n}", not_before=office.PUBLIC, terms=terms) for n in range(64)]
    monkeypatch.setattr(rules, "limits", lambda commitment: Size(30_000, 10**6))
    with pytest.raises(EntropyError, match="the reveal could take"):
        committed(office.plan(), *map(_population, office.rosters()), entropy=many)


def _population(given: Roster) -> Population:
    return Population.from_dicts(given.name, given.columns, list(given.records()))


def test_a_verifier_refuses_the_veto_even_where_the_seed_spared_the_firm(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = attacked(lambda _: None)
    narrowed(monkeypatch, 3000)
    refused(sound, check="commitment", match="the draw could take")


def test_without_rosters_it_is_not_known_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = attacked(lambda _: None)
    narrowed(monkeypatch, 3000)
    report = judge(sound, rosters={})
    told = [c.detail for c in report.not_checked if c.name == "commitment"]
    assert told
    assert "whether a draw can be written for every seed is not known" in told[0]


def test_an_organiser_without_a_key_that_can_sign_alone_is_refused() -> None:
    signers = [s for s in office.declared() if s.role != "organiser"]
    signers.append(Declared(role="organiser", public_key="ab" * 1312, algorithm="ml-dsa-44", name="organiser"))
    with pytest.raises(PlanError, match="no organiser has an Ed25519 key"):
        committed(office.plan(), *map(_population, office.rosters()), signers=signers)


def test_two_witnesses_that_are_one_key_are_refused() -> None:
    with pytest.raises(PlanError, match=r"3 witnesses are declared, but only 2 differ"):
        committed(
            office.plan(),
            *map(_population, office.rosters()),
            signers=[
                *office.declared(),
                Declared(role="witness", public_key=office.key("notary").public_key.hex(), name="b"),
            ],
        )


def test_an_organiser_who_is_also_a_witness_by_name_is_refused() -> None:
    with pytest.raises(PlanError, match="no trust policy can hold all of them"):
        committed(
            office.plan(),
            *map(_population, office.rosters()),
            signers=[
                *office.declared(),
                Declared(role="witness", public_key=office.key("archive").public_key.hex(), name="organiser"),
            ],
        )
