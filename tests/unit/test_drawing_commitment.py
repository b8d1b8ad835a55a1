from __future__ import annotations

from fractions import Fraction
from typing import Any

import attrs
import ceremonies as kit
import pytest

from dblrandom.drawing.commitment import Commitment, Declared, eligibility_for, frame_for
from dblrandom.errors import EntropyError, InputError, PlanError, RosterError
from dblrandom.kernel.suite import SHA256, SM3
from dblrandom.model import Population, Quota, Role, Scope, Source, TeamRule
from dblrandom.roster import Roster


def given(*populations: Population) -> dict[str, Roster]:
    """The ordinary rosters, with these in place of those of their names."""
    built = {r.name: r for r in kit.rosters()}
    return built | {p.name: Roster.build(SHA256, p) for p in populations}


def commitment(rosters: dict[str, Roster] | None = None, **changes: Any) -> Commitment:
    rosters = rosters or given()
    basic: dict[str, Any] = {
        "suite": SHA256,
        "plan": kit.plan(),
        "rosters": {name: roster.manifest for name, roster in rosters.items()},
        "sources": (kit.chain(), kit.held()),
        "signers": tuple(kit.declared()),
        "deadlines": kit.DEADLINES,
    }
    return Commitment(**basic | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"suite": SM3},
        {"previous_ceremony": "0" * 64, "replaces": "1" * 64},
        {"deadlines": kit.DEADLINES},
    ],
)
def test_it_is_read_back_from_its_body(changes: dict[str, Any]) -> None:
    made = commitment(**changes)
    assert Commitment.from_json(made.to_json()) == made
    made.check()


def test_what_it_holds_is_not_the_callers_own() -> None:
    deadlines = dict(kit.DEADLINES)
    made = commitment(deadlines=deadlines)
    deadlines["reveal"] = "1999-01-01T00:00:00Z"
    assert made.deadlines == kit.DEADLINES
    with pytest.raises(TypeError):
        made.deadlines["reveal"] = "x"  # type: ignore[index]
    with pytest.raises(TypeError):
        made.rosters["targets"] = None  # type: ignore[index]


def test_a_declared_signer_has_a_name_only_where_it_is_given() -> None:
    bare = Declared(role="witness", public_key="0" * 64)
    assert bare.to_json() == {"role": "witness", "algorithm": "ed25519", "public_key": "0" * 64}
    assert attrs.evolve(bare, name="n").to_json()["name"] == "n"


def twin(source: Source, name: str, **terms: str | int) -> Source:
    return attrs.evolve(source, name=name, terms=dict(source.terms) | terms)


@pytest.mark.parametrize(
    ("changes", "error", "problem"),
    [
        ({"sources": (kit.chain(), kit.held(name="notary"))}, InputError, "notary"),
        ({"sources": (attrs.evolve(kit.chain(), kind="x-dice"),)}, EntropyError, "'x-dice' is not known here"),
        ({"sources": (attrs.evolve(kit.chain(), kind="drand"),)}, EntropyError, "does not declare 'chain'"),
        ({"sources": (twin(kit.chain(), "n", step=0),)}, EntropyError, "step"),
        ({"sources": (kit.chain(), twin(kit.chain(), "n", step=4))}, EntropyError, "of one hash chain"),
        (
            {"sources": tuple(twin(kit.chain(), f"n{n}", step=1_000_000, tip=f"{n:064x}") for n in range(3))},
            EntropyError,
            "3000000 steps together, and 2000000 are the most",
        ),
        ({"deadlines": kit.DEADLINES | {"reveal": "2024-03-05T00:00:00Z"}}, PlanError, "run backwards"),
        ({"deadlines": kit.DEADLINES | {"result": "2024-03-03T00:00:00Z"}}, PlanError, "run backwards"),
        ({"signers": tuple(kit.declared()[1:])}, PlanError, "nobody is declared as the organiser"),
        ({"signers": tuple(kit.declared(("witness", "organiser")))}, PlanError, "witness"),
        ({"plan": kit.plan(kit.task(roster="firms"))}, PlanError, "there is no roster 'firms'; there are targets"),
        ({"plan": kit.plan(kit.task(strata=("county",)))}, PlanError, "no column 'county'"),
        ({"plan": kit.plan(kit.task(filter={"county": ("x",)}))}, PlanError, "no column 'county'"),
        ({"plan": kit.plan(recusals="ties")}, PlanError, "nothing in the plan uses it"),
        ({"plan": kit.plan(recusals="targets")}, PlanError, "nothing in the plan uses it"),
    ],
)
def test_what_needs_no_rows_is_checked_without_them(
    changes: dict[str, Any], error: type[InputError], problem: str
) -> None:
    with pytest.raises(error, match=problem):
        commitment(**changes).check()


def team(*roles: Role, **changes: Any) -> TeamRule:
    return TeamRule(roster=changes.pop("roster", "inspectors"), roles=roles or (kit.LEAD, kit.MEMBER), **changes)


def test_roles_need_their_roster_and_columns() -> None:
    with pytest.raises(PlanError, match="no roster 'people'"):
        commitment(plan=kit.plan(kit.task(team=team(roster="people")))).check()
    with pytest.raises(PlanError, match="no column 'grade'"):
        commitment(plan=kit.plan(kit.task(team=team(kit.LEAD, Role("x", {"grade": ("a",)}))))).check()


def test_without_roles_the_inspectors_need_not_be_committed() -> None:
    rosters = {name: r for name, r in given().items() if name == "targets"}
    made = commitment(rosters, plan=kit.plan(kit.task(team=kit.NOBODY), recusals=None))
    made.check()
    made.check_rosters(rosters)
    assert eligibility_for(made, made.plan.tasks[0], rosters).inspectors == ()


def test_blind_is_no_column_to_draw_by() -> None:
    """A blind is random, but the organiser chose it: he could draw whom he likes by filtering on it."""
    hidden = kit.targets(3, confidential=True)
    rosters = given() | {"targets": Roster.build(SHA256, hidden, [f"{n:064x}" for n in range(3)])}
    made = commitment(rosters, plan=kit.plan(kit.task(filter={"blind": (f"{0:064x}",)})))
    with pytest.raises(PlanError, match="no column 'blind'"):
        made.check()


def test_manifest_and_task_are_found_by_name() -> None:
    made = commitment()
    assert made.manifest("targets", "here").name == "targets"
    with pytest.raises(PlanError, match="here: there is no roster 'x'; there are targets, inspectors, recusals"):
        made.manifest("x", "here")
    assert made.task("1").id == "1"
    with pytest.raises(PlanError, match="no task '2'; there are 1"):
        made.task("2")


# Rows


def test_the_rosters_must_be_those_committed() -> None:
    made = commitment()
    made.check_rosters(given())
    with pytest.raises(RosterError, match=r"'inspectors'.*not given"):
        made.check_rosters({name: r for name, r in given().items() if name != "inspectors"})
    with pytest.raises(RosterError, match=r"'targets'.*not the ones committed"):
        made.check_rosters(given(kit.targets(31)))


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("R0", "I99", "F001", "party:declared", "a"), "the inspector 'I99' is on no roster"),
        (("R0", "I01", "F999", "party:declared", "a"), "the target 'F999' is on no roster"),
        (("R0", "I01", "F001", "", "a"), "gives no ground"),
        (("R0", "I01", "F001", "party:declared", ""), "approve"),
        (("R0", "I01", "F001", "party:declared", "I01"), "approved by somebody other"),
    ],
)
def test_a_recusal_names_people_who_are_there_and_an_approver(row: tuple[str, ...], problem: str) -> None:
    rosters = given(Population("recusals", kit.recusals().columns, (row,)))
    with pytest.raises(RosterError, match=rf"recusal 'R0'.*{problem}"):
        commitment(rosters).check_rosters(rosters)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"filter": {"district": ("Chenggong",)}}, "no row of the whole roster has district = 'Chenggong'"),
        ({"filter": {"district": ("Guandu",), "id": ("F001",)}}, "no row of the roster passes"),
        (
            {"quota": Quota(ratio=Fraction(1, 100), scope=Scope.STRATUM, rounding="floor")},
            "stratum 'Guandu' would give no unit",
        ),
        ({"quota": Quota(count=2, scope=Scope.TOTAL)}, "total of 2 is below the 3"),
        ({"sampler": "x-odd", "quota": None}, "no sampler 'x-odd'; known are fixed-count"),
        ({"team": team(kit.LEAD, Role("x", {"post": ("clerk",)}))}, "role x"),
    ],
)
def test_a_task_that_cannot_be_served_is_refused_when_committing(changes: dict[str, Any], problem: str) -> None:
    rosters = given()
    made = commitment(rosters, plan=kit.plan(kit.task(**changes)))
    with pytest.raises(PlanError, match=rf"task '1'.*{problem}"):
        made.check_rosters(rosters)


def test_recusals_of_other_tasks_people_do_not_disturb() -> None:
    """Two tasks with two rosters of inspectors share the one roster of recusals."""
    others = Population("others", ("id", "post", "certificate"), (("J1", "leader", "valid"), ("J2", "leader", "valid")))
    rosters = given(others, kit.recusals(("I01", "F000"), ("J1", "F000")))
    made = commitment(rosters, plan=kit.plan(kit.task(), kit.task("2", team=team(roster="others"))))
    made.check()
    made.check_rosters(rosters)
    first, second = (eligibility_for(made, t, rosters) for t in made.plan.tasks)
    assert first.recused("F000", "member") == 1
    assert second.eligible("F000", "lead") == ("J2",)


def test_the_frame_is_the_filtered_roster_in_strata() -> None:
    made = commitment(plan=kit.plan(kit.task(filter={"district": ("Wuhua", "Guandu")})))
    assert dict(frame_for(made, made.plan.tasks[0], given()).sizes()) == {("Guandu",): 10, ("Wuhua",): 10}


def test_a_missing_deadline_is_an_error_of_the_library() -> None:
    with pytest.raises(InputError):
        commitment(deadlines={"reveal": kit.PUBLIC}).check()


def test_an_unknown_role_is_refused() -> None:
    with pytest.raises(InputError, match="king"):
        commitment(signers=tuple(kit.declared(("king", "notary")))).check()


@pytest.mark.parametrize("changes", [{"recusals": "nope"}, {"tasks": (kit.task(roster="nope"),)}])
def test_a_commitment_that_was_never_checked_still_fails_as_the_library_does(changes: dict[str, Any]) -> None:
    made = commitment(plan=attrs.evolve(kit.plan(), **changes))
    with pytest.raises(InputError):
        made.check_rosters(given())
