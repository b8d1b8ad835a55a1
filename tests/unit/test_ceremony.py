"""The steps of a ceremony: what each refuses, and that a refused step leaves the ceremony as it was."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs
import ceremonies as kit
import pytest

from dblrandom.beacons import BUILT_IN
from dblrandom.ceremony import Ceremony
from dblrandom.drawing import Value
from dblrandom.errors import (
    DblrandomError,
    EntropyError,
    InputError,
    KeyFileError,
    NotYetPublic,
    PlanError,
    RosterError,
    StepError,
)
from dblrandom.evidence import payload_bytes, sign_payload
from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.model import Json, ResultCode, Source
from dblrandom.roster import Roster

BY = {"keys": kit.keys("organiser")}
LATER = {"time": kit.AFTER, **BY}
NOW = {"time": kit.DATED, **BY}


def refused(made: Ceremony, step: Callable[[], object], error: type[DblrandomError], problem: str) -> None:
    """The step is refused for this reason, and nothing has happened."""
    before = made.envelopes, made.stage, made.rosters
    with pytest.raises(error, match=problem):
        step()
    assert (made.envelopes, made.stage, made.rosters) == before


# Opening and committing


def test_populations_become_rosters() -> None:
    made = kit.opened(given=[kit.targets(), kit.inspectors(), *kit.rosters()[2:]])
    assert made.rosters == {r.name: r for r in kit.rosters()}
    assert made.stage == "empty"


def test_opening_refuses_names_that_are_equal_or_none() -> None:
    with pytest.raises(RosterError, match="targets"):
        kit.opened(given=[kit.targets(), kit.targets()])
    with pytest.raises(InputError):
        kit.opened(name="Not a name")
    with pytest.raises(RosterError, match="needs a blind"):
        kit.opened(given=[kit.targets(confidential=True)])


def test_committing_fixes_everything() -> None:
    made = kit.opened()
    kit.commit(made, previous_ceremony="0" * 64)
    assert made.stage == "committed"
    found = made.commitment
    assert found.plan == kit.plan()
    assert found.deadlines == kit.DEADLINES
    assert (found.previous_ceremony, found.replaces) == ("0" * 64, None)
    assert found.sources == (kit.chain(), kit.held())
    assert made.receipts[0].time == kit.COMMITTED


@pytest.mark.parametrize(
    ("changes", "error", "problem"),
    [
        ({"entropy": []}, InputError, "sources"),
        ({"entropy": [kit.chain(not_before="2024-03-01T00:00:59Z")]}, EntropyError, "not 60 s after the commitment"),
        ({"entropy": [kit.held(not_before=kit.COMMITTED)]}, EntropyError, "not 60 s after the commitment"),
        ({"entropy": [kit.chain(), kit.held()], "margin": 86_401}, EntropyError, "not 86401 s after"),
        ({"entropy": [attrs.evolve(kit.chain(), kind="x-moon")]}, EntropyError, "'x-moon' is not known here"),
        ({"deadlines": kit.DEADLINES | {"draw": "2024-01-01T00:00:00Z"}}, PlanError, "backwards"),
        ({"deadlines": kit.DEADLINES | {"draw": "soon"}}, InputError, "deadlines|draw"),
        ({"time": "today"}, InputError, "time"),
        ({"keys": []}, KeyFileError, "at least one signature"),
        ({"keys": kit.keys("organiser", "organiser")}, KeyFileError, "given twice"),
        ({"signers": []}, InputError, "signers"),
        ({"previous_ceremony": "x"}, InputError, "previous_ceremony"),
    ],
)
def test_a_commitment_that_could_not_be_drawn_is_refused(
    changes: dict[str, Any], error: type[DblrandomError], problem: str
) -> None:
    made = kit.opened()
    refused(made, lambda: kit.commit(made, **changes), error, problem)


def test_the_margin_itself_is_enough() -> None:
    made = kit.opened()
    kit.commit(made, entropy=[kit.chain(not_before="2024-03-01T00:01:00Z")])
    assert made.stage == "committed"


def test_a_plan_that_does_not_fit_its_rosters_is_refused() -> None:
    made = kit.opened(kit.plan(kit.task(filter={"district": ("Elsewhere",)})))
    refused(made, lambda: kit.commit(made), PlanError, "Elsewhere")


def test_several_offices_sign_one_draft() -> None:
    """Each signs where its key is; the envelope is then admitted."""
    made = kit.opened()
    draft = made.draft_commitment(
        entropy=[kit.chain(), kit.held()],
        signers=kit.declared(("organiser", "second")),
        deadlines=kit.DEADLINES,
        time=kit.COMMITTED,
    )
    assert made.stage == "empty"
    made.admit(sign_payload(draft, kit.keys(*kit.SIGNERS, "second")))
    assert len(made.receipts[0].signatures) == 4
    refused(made, lambda: made.admit(made.envelopes[0]), StepError, "not the next receipt")


# Witnessing


def test_a_witness_attests_the_last_receipt_that_is_not_a_witness() -> None:
    made = kit.committed()
    assert [r.body["sequence"] for r in made.receipts[1:]] == [1, 1]
    made = kit.drawn()
    made.witness(time=kit.AFTER, keys=kit.keys("notary"))
    assert made.receipts[-1].body["digest"] == made.receipts[-2].digest(SHA256)


def test_there_must_be_something_to_witness() -> None:
    made = kit.opened()
    refused(made, lambda: made.witness(time=kit.AFTER, keys=kit.keys("notary")), StepError, "nothing to witness")


@pytest.mark.parametrize(
    ("disclosed", "problem"),
    [
        ({"discipline": kit.secret("other")}, "not the secret"),
        ({"notary": kit.chain_value(3)}, "no secret 'notary'"),
        ({"nobody": "00" * 32}, "no secret 'nobody' is committed; there are discipline"),
    ],
)
def test_only_committed_secrets_are_disclosed(disclosed: dict[str, str], problem: str) -> None:
    made = kit.committed()
    refused(
        made, lambda: made.witness(time=kit.AFTER, keys=kit.keys("notary"), disclosed=disclosed), EntropyError, problem
    )


# Revealing and drawing


def test_the_moment_of_each_public_value_must_have_come() -> None:
    made = kit.disclosed()
    early = {"time": "2024-03-01T23:59:59Z", **BY}
    refused(made, lambda: made.reveal(kit.values(), **early), NotYetPublic, "is not public before 2024-03-02")
    made.reveal(kit.values(), time=kit.PUBLIC, **BY)
    assert made.stage == "revealed"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "its value is missing"),
        ({"notary": kit.chain_value(3)}, "'discipline': its value is missing"),
        (kit.values() | {"x": "00"}, "no source 'x'"),
        (kit.values() | {"notary": kit.chain_value(4)}, "does not lead"),
        (kit.values() | {"notary": Value(kit.chain_value(3), {"a": 1})}, "needs no evidence"),
    ],
)
def test_a_reveal_needs_exactly_the_declared_values(values: Mapping[str, Any], problem: str) -> None:
    made = kit.disclosed()
    refused(made, lambda: made.reveal(values, **LATER), EntropyError, problem)


def test_drawing_signs_what_can_be_computed_by_anybody() -> None:
    made = kit.revealed()
    expected = made.compute_draw(str(made.last("reveal").body["seed"]))  # type: ignore[union-attr]
    found = made.draw(time=kit.DRAWN, **BY)
    assert found.to_json() == expected.to_json() == made.receipts[-1].body
    assert Ceremony.read(made.envelopes, made.rosters.values()).drawn.to_json() == expected.to_json()


def test_a_draw_that_could_not_be_signed_has_not_happened() -> None:
    made = kit.revealed()
    refused(made, lambda: made.draw(time=kit.DRAWN, keys=[]), KeyFileError, "at least one")
    with pytest.raises(StepError, match="no draw yet"):
        _ = made.drawn
    made.draw(time=kit.DRAWN, **BY)
    assert made.stage == "drawn"


@pytest.mark.parametrize("suite", [SHA256, SM3], ids=lambda s: s.name)
def test_another_suite_is_another_draw(suite: Suite) -> None:
    made = kit.drawn(suite=suite)
    assert kit.report_on(made).stage == "drawn"
    assert made.commitment.suite == suite


STEPS: dict[str, Callable[[Ceremony], object]] = {
    "commitment": lambda c: kit.commit(c, time=kit.AFTER),
    "void": lambda c: c.void("x", **NOW),
    "reveal": lambda c: c.reveal(kit.values(), **LATER),
    "draw": lambda c: c.draw(**LATER),
    "substitution": lambda c: c.substitute("1", "illness", **LATER, inspector="I00"),
    "result": lambda c: c.result("1", {"F000": ["closed"]}, **LATER),
    "seal": lambda c: c.seal("result", {"task": "1"}, blind=kit.BLIND, **LATER),
}


@pytest.mark.parametrize(
    ("make", "unlawful"),
    [
        (kit.opened, {"void", "reveal", "draw", "substitution", "result", "seal"}),
        (kit.committed, {"commitment", "draw", "substitution"}),
        (kit.revealed, {"commitment", "void", "reveal", "substitution", "result", "seal"}),
        (kit.drawn, {"commitment", "void", "reveal", "draw"}),
    ],
)
def test_each_stage_refuses_what_has_no_place_in_it(make: Callable[[], Ceremony], unlawful: set[str]) -> None:
    for name in unlawful:
        made = make()
        refused(made, lambda made=made, name=name: STEPS[name](made), StepError, ".")


# Time


def test_time_does_not_run_backwards() -> None:
    made = kit.drawn()
    refused(
        made, lambda: made.witness(time=kit.DATED, keys=kit.keys("notary")), StepError, "is before that of the last"
    )


@pytest.mark.parametrize(
    "time", ["", "2024-03-02", "2024-03-02T00:00:00", "2024-03-02T00:00:60Z", "2024-02-30T01:00:00Z"]
)
def test_a_time_is_a_time(time: str) -> None:
    for step in (
        lambda c: c.reveal(kit.values(), time=time, **BY),
        lambda c: c.witness(time=time, keys=kit.keys("notary")),
        lambda c: c.void("x", time=time, **BY),
        lambda c: c.seal("result", {"task": "1"}, blind=kit.BLIND, time=time, **BY),
    ):
        made = kit.committed()
        refused(made, lambda made=made, step=step: step(made), DblrandomError, ".")


# Voids


def test_a_void_comes_before_any_value() -> None:
    made = kit.committed()
    refused(made, lambda: made.void("x", time=kit.PUBLIC, **BY), StepError, "too late to void")
    made.void("the plan changed", time="2024-03-01T23:59:59Z", **BY)
    assert made.stage == "voided"


def recommit(made: Ceremony, **changes: Any) -> None:
    fresh = {"entropy": [kit.chain(), kit.held(of="another time")], "time": kit.DATED}
    kit.commit(made, **fresh | changes)


def test_after_a_void_another_plan_with_other_rosters_is_committed() -> None:
    made = kit.committed()
    first = made.commitment_digest
    made.void("the plan changed", **NOW)
    made.witness(time=kit.DATED, keys=kit.keys("notary", "discipline"))
    made.redraft(kit.plan(kit.task("new")), [kit.targets(12), kit.inspectors(), kit.recusals()])
    recommit(made)
    made.witness(time=kit.DATED, keys=kit.keys("notary", "discipline"))
    assert made.commitment.replaces == first
    made.reveal(kit.values() | {"discipline": kit.secret("another time")}, time=kit.PUBLIC, **BY)
    assert list(made.draw(time=kit.DRAWN, **BY)) == ["new"]
    assert sum(s.size for s in made.drawn["new"].selection.strata) == 12
    assert kit.report_on(made).stage == "drawn"
    assert Ceremony.read(made.envelopes, made.rosters.values()).drawn.to_json() == made.drawn.to_json()


def test_after_a_void_the_same_plan_can_be_committed_again() -> None:
    made = kit.committed()
    made.void("x", **NOW)
    made.witness(time=kit.DATED, keys=kit.keys("notary", "discipline"))
    read = Ceremony.read(made.envelopes, made.rosters.values())
    recommit(read)
    assert read.commitment.plan == kit.plan()


def test_with_secrets_only_the_earliest_of_them_is_the_last_moment_for_a_void() -> None:
    made = kit.opened()
    kit.commit(made, entropy=[kit.held(), kit.held(name="b", not_before="2024-03-03T00:00:00Z")])
    refused(made, lambda: made.void("x", time=kit.PUBLIC, **BY), StepError, f"since {kit.PUBLIC}")


# Results


def test_results_are_of_drawn_targets() -> None:
    made = kit.drawn()
    due = made.standing["1"].due
    receipt = made.result("1", {due[1]: [ResultCode.CLOSED, "pending"], due[0]: ["no-problem"]}, **LATER)
    ids = [o["id"] for o in receipt.body["outcomes"]]  # type: ignore[union-attr,index,call-overload]
    assert ids == sorted(due[:2])
    for task, outcomes, problem in (
        ("2", {due[0]: ["closed"]}, "there is no task '2' in the draw"),
        ("1", {"F999": ["closed"]}, "'F999' was never drawn"),
        ("1", {made.drawn["1"].reserves[0].id: ["closed"]}, "was never drawn"),
        ("1", {due[2]: ["closed", "closed"]}, "a code twice"),
    ):
        refused(made, lambda t=task, o=outcomes: made.result(t, o, **LATER), StepError, problem)
    refused(made, lambda: made.result("1", {due[0]: ["closed"]}, **LATER), StepError, "has a result already")
    made.result("1", {due[1]: ["correction-ordered"]}, **LATER)
    for wrong in ({}, {due[2]: []}, {due[2]: ["fine"]}):
        refused(made, lambda o=wrong: made.result("1", o, **LATER), InputError, "outcomes")


# Substitutions (the rules themselves are tested with the standing)


@pytest.mark.parametrize("replaced", [{}, {"target": "a", "open": "b"}, {"firm": "a"}, {"target": "F999"}])
def test_a_substitution_replaces_one_thing_that_is_there(replaced: dict[str, str]) -> None:
    made = kit.drawn()
    refused(made, lambda: made.substitute("1", "illness", **LATER, **replaced), StepError, ".")


def test_a_substitution_has_a_committed_ground_and_a_task() -> None:
    made = kit.drawn()
    lost = made.drawn["1"].selected[0].id
    refused(made, lambda: made.substitute("2", "illness", **LATER, target=lost), StepError, "no task '2'")
    refused(
        made,
        lambda: made.substitute("1", "mood", **LATER, target=lost),
        StepError,
        "not in the committed list: not",
    )


# Seals


def body_of_draw(made: Ceremony) -> dict[str, Json]:
    return made.compute_draw(str(made.compute_reveal(kit.values())["seed"])).to_json()


def test_a_draw_is_sealed_and_opened() -> None:
    made = kit.committed()
    at = {"time": kit.PUBLIC, **BY}
    reveal = made.seal("reveal", made.compute_reveal(kit.values()), blind=kit.BLIND, **at)
    draw = made.seal("draw", body_of_draw(made), blind="c1" * 32, **at)
    assert made.stage == "sealing"
    refused(made, lambda: made.unseal("draw", draw, **LATER), StepError, "draw cannot stand here")
    made.unseal("reveal", reveal, **LATER)
    made.unseal("draw", draw, **LATER)
    assert made.drawn.to_json() == {k: v for k, v in draw.items() if k != "blind"}
    assert kit.report_on(made).stage == "drawn"


def test_what_was_never_sealed_is_not_opened() -> None:
    made = kit.committed()
    kept = made.seal("reveal", made.compute_reveal(kit.values()), blind=kit.BLIND, **LATER)
    for kind, body, why in (
        ("reveal", kept | {"blind": "00" * 32}, "closed seal"),
        ("draw", kept, "cannot stand here"),
        ("reveal", {}, "never sealed"),
    ):
        refused(made, lambda k=kind, b=body: made.unseal(k, b, **LATER), StepError, why)


@pytest.mark.parametrize("kind", ["commitment", "void", "witness", "sealed", "amendment"])
def test_only_four_types_can_be_sealed(kind: str) -> None:
    made = kit.committed()
    refused(made, lambda: made.seal(kind, {}, blind=kit.BLIND, **LATER), StepError, "cannot be sealed; these can")


def test_a_draw_that_anyone_could_compute_is_not_sealed() -> None:
    made = kit.disclosed()
    for kind in ("reveal", "draw"):
        refused(made, lambda k=kind: made.seal(k, {}, blind=kit.BLIND, **LATER), StepError, "needs a secret source")
    public = kit.opened()
    kit.commit(public, entropy=[kit.chain()])
    refused(public, lambda: public.seal("draw", {}, blind=kit.BLIND, **LATER), StepError, "needs a secret source")


def test_a_sealed_substitution_must_still_be_what_the_rule_gives() -> None:
    """Another one in the meantime would use the reserve, and leave the sealed one closed for ever."""
    made = kit.drawn()
    first, second = (u.id for u in made.drawn["1"].selected[:2])
    one, other = (made.compute_substitution("1", "not-found", target=target) for target in (first, second))
    kept = made.seal("substitution", one, blind=kit.BLIND, **LATER)
    refused(made, lambda: made.seal("substitution", other, blind="c1" * 32, **LATER), StepError, "is still closed")
    open_one = {"target": second}
    refused(made, lambda: made.substitute("1", "not-found", **LATER, **open_one), StepError, "unseal that one")
    made.unseal("substitution", kept, **LATER)
    made.substitute("1", "not-found", **LATER, **open_one)
    assert kit.report_on(made).stage == "drawn"


def test_results_are_sealed_while_the_draw_is() -> None:
    """The order that the specification describes: seal, visit, report, and publish the draw at last."""
    made = kit.committed()
    draw = made.compute_draw(str(made.compute_reveal(kit.values())["seed"]))
    kept = made.seal("draw", draw.to_json(), blind=kit.BLIND, time=kit.PUBLIC, **BY)
    outcome = {draw["1"].selected[0].id: ["no-problem"]}
    result = made.seal("result", made.compute_result("1", outcome), blind="c1" * 32, **LATER)
    refused(made, lambda: made.compute_result("9", outcome), DblrandomError, "no task '9'")
    made.reveal(kit.values(), **LATER)
    made.unseal("draw", kept, **LATER)
    made.unseal("result", result, **LATER)
    assert kit.report_on(made).stage == "drawn"


# Receipts from elsewhere


def foreign(made: Ceremony, kind: str, body: Mapping[str, Json], **head: Any) -> bytes:
    basic: dict[str, Any] = {
        "ceremony": made.name,
        "sequence": len(made.receipts) + 1,
        "previous": made.head,
        "time": kit.AFTER,
    }
    names = head.pop("by", ("organiser",))
    return sign_payload(payload_bytes(kind, body=body, **basic | head), kit.keys(*names))


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        ({"ceremony": "other"}, "not the next receipt of this ceremony"),
        ({"sequence": 9}, "not the next receipt"),
        ({"previous": "0" * 64}, "not the next receipt"),
        ({"time": kit.COMMITTED}, "is before that of the last receipt"),
    ],
)
def test_only_the_next_receipt_is_admitted(head: dict[str, Any], problem: str) -> None:
    made = kit.disclosed()
    envelope = foreign(made, "reveal", made.compute_reveal(kit.values()), **head)
    refused(made, lambda: made.admit(envelope), StepError, problem)


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff"])
def test_what_is_no_receipt_is_not_admitted(data: bytes) -> None:
    made = kit.committed()
    refused(made, lambda: made.admit(data), InputError, "receipt|JSON")


def test_a_draw_that_the_rules_do_not_give_is_not_admitted() -> None:
    made = kit.revealed()
    body = copy.deepcopy(made.compute_draw(str(made.receipts[-1].body["seed"])).to_json())
    body["tasks"][0]["strata"][0]["last_ticket"] = "0" * 64  # type: ignore[index,call-overload]
    refused(made, lambda: made.admit(foreign(made, "draw", body)), StepError, "last_ticket")


def test_a_reveal_with_another_seed_is_not_admitted() -> None:
    made = kit.disclosed()
    body = made.compute_reveal(kit.values()) | {"seed": "0" * 64}
    refused(made, lambda: made.admit(foreign(made, "reveal", body)), EntropyError, "seed")


def test_a_substitution_of_somebodys_choice_is_not_admitted() -> None:
    made = kit.drawn()
    body = made.compute_substitution("1", "not-found", target=made.drawn["1"].selected[0].id)
    wrong = body | {"replacement": made.drawn["1"].reserves[1].id}
    refused(made, lambda: made.admit(foreign(made, "substitution", wrong)), StepError, "replacement")
    made.admit(foreign(made, "substitution", body))
    assert made.standing["1"].teams


# Plug-ins through arguments


class Moon:
    """A third party's beacon: the phase of the moon, one byte."""

    kind = "x-moon"

    def check_source(self, source: Source) -> None:
        if source.terms:
            raise EntropyError("the moon has no terms", where=source.name)

    def check_value(self, source: Source, value: str, evidence: Json, *, suite: Suite, ceremony: str) -> None:
        if len(value) != 2 or evidence != {"seen": True}:
            raise EntropyError("that is not the moon", where=source.name)

    def outcomes(self, source: Source) -> int:
        return 8

    def holder(self, source: Source) -> str | None:
        return None

    def public_from(self, source: Source) -> str | None:
        return None


def test_a_third_partys_beacon_is_used_and_judged() -> None:
    moon = Source(kind="x-moon", name="moon", not_before=kit.PUBLIC)
    beacons = BUILT_IN | {"x-moon": Moon()}
    made = kit.opened(beacons=beacons)
    kit.commit(made, entropy=[moon])
    made.witness(time=kit.DATED, keys=kit.keys("notary", "discipline"))
    refused(made, lambda: made.reveal({"moon": "0a"}, **LATER), EntropyError, "not the moon")
    made.reveal({"moon": Value("0a", {"seen": True})}, **LATER)
    made.draw(**LATER)
    assert "grindable" in kit.findings(kit.report_on(made, beacons=beacons))
    with pytest.raises(DblrandomError, match="'x-moon' is not known here"):
        kit.report_on(made)
    with pytest.raises(EntropyError, match="no terms"):
        kit.commit(kit.opened(beacons=beacons), entropy=[attrs.evolve(moon, terms={"a": 1})])


def test_rosters_of_another_suite_are_refused() -> None:
    made = kit.opened(given=kit.rosters(SHA256), suite=SM3)
    with pytest.raises(RosterError):
        kit.commit(made)


@pytest.mark.parametrize("names", [("organiser",), ("discipline",)])
def test_all_who_must_sign_have_signed(names: Sequence[str]) -> None:
    made = kit.opened()
    with pytest.raises(DblrandomError):
        kit.commit(made, keys=kit.keys(*names))


def test_a_secret_is_committed_once() -> None:
    made = kit.disclosed()
    made.void("x", time="2024-03-01T13:00:00Z", **BY)
    with pytest.raises(DblrandomError):
        kit.commit(made, time="2024-03-01T13:00:00Z")


@pytest.mark.parametrize("make", [kit.committed, kit.revealed, kit.drawn])
def test_a_plan_is_redrafted_only_before_a_commitment(make: Callable[[], Ceremony]) -> None:
    made = make()
    with pytest.raises(StepError):
        made.redraft(kit.plan(), [kit.targets(9), kit.inspectors(), kit.recusals()])


def test_what_was_sealed_can_only_be_unsealed() -> None:
    made = kit.committed()
    made.seal("draw", body_of_draw(made), blind=kit.BLIND, time=kit.PUBLIC, **BY)
    made.reveal(kit.values(), **LATER)
    with pytest.raises(StepError):
        made.draw(**LATER)


def test_a_draw_is_sealed_once() -> None:
    made = kit.committed()
    body = body_of_draw(made)
    made.seal("draw", body, blind=kit.BLIND, time=kit.PUBLIC, **BY)
    refused(made, lambda: made.seal("draw", body, blind="c1" * 32, **LATER), StepError, "is still closed")


def test_a_draw_is_not_sealed_after_it_was_made() -> None:
    made = kit.committed()
    body = body_of_draw(made)
    kept = made.seal("draw", body, blind=kit.BLIND, time=kit.PUBLIC, **BY)
    made.reveal(kit.values(), **LATER)
    made.unseal("draw", kept, **LATER)
    with pytest.raises(StepError):
        made.seal("draw", body, blind="c1" * 32, **LATER)


def test_a_sealed_reveal_can_only_be_unsealed() -> None:
    made = kit.committed()
    made.seal("reveal", made.compute_reveal(kit.values()), blind=kit.BLIND, time=kit.PUBLIC, **BY)
    with pytest.raises(StepError):
        made.reveal(kit.values(), **LATER)


def test_a_secret_is_disclosed_only_after_the_commitment_is_dated() -> None:
    made = kit.opened()
    kit.commit(made)
    with pytest.raises(DblrandomError):
        made.witness(time=kit.DATED, keys=kit.keys("notary"), disclosed={"discipline": kit.secret("discipline")})


def test_a_blind_without_a_seal_is_not_admitted() -> None:
    made = kit.disclosed()
    body = made.compute_reveal(kit.values()) | {"blind": kit.BLIND}
    with pytest.raises(StepError):
        made.admit(foreign(made, "reveal", body))


def test_a_void_is_dated_before_the_next_commitment() -> None:
    made = kit.committed()
    made.void("x", **NOW)
    with pytest.raises(StepError):
        recommit(made)


@pytest.mark.parametrize(("body", "blind"), [({"task": "1"}, kit.BLIND), ({"task": "1", "outcomes": []}, "zz")])
def test_only_what_could_be_published_is_sealed(body: dict[str, Json], blind: str) -> None:
    made = kit.drawn()
    with pytest.raises(DblrandomError):
        made.seal("result", body, blind=blind, **LATER)


def test_a_sealed_reveal_is_not_opened_early_either() -> None:
    made = kit.committed()
    body = made.compute_reveal(kit.values())
    with pytest.raises(NotYetPublic):
        made.seal("reveal", body, blind=kit.BLIND, **NOW)
    kept = body | {"blind": kit.BLIND}
    with pytest.raises(NotYetPublic):
        made.unseal("reveal", kept, **NOW)


@pytest.mark.parametrize(
    ("make", "kind", "body", "by"),
    [
        (kit.committed, "void", {"reason": "too late"}, "organiser"),
        (
            kit.committed,
            "witness",
            {"digest": "0" * 64, "ceremony": "x", "sequence": 99, "time": kit.AFTER},
            "notary",
        ),
    ],
)
def test_what_is_admitted_says_what_the_rules_allow(
    make: Callable[[], Ceremony], kind: str, body: dict[str, Json], by: str
) -> None:
    made = make()
    with pytest.raises(StepError):
        made.admit(foreign(made, kind, body, by=(by,)))


def test_the_organiser_does_not_witness() -> None:
    made = kit.committed()
    with pytest.raises(DblrandomError):
        made.witness(time=kit.AFTER, **BY)


def test_a_result_of_an_id_that_is_no_text_is_refused() -> None:
    made = kit.drawn()
    with pytest.raises(InputError):
        made.result("1", {"\ud800": ["closed"]}, **LATER)


def test_a_read_ceremony_with_an_impossible_task_fails_as_the_library_does() -> None:
    first = kit.committed().receipts[0]
    body = copy.deepcopy(dict(first.body))
    body["tasks"][0]["roster"] = "nope"  # type: ignore[index,call-overload]
    payload = payload_bytes("commitment", ceremony=kit.NAME, sequence=1, previous=None, time=first.time, body=body)
    made = Ceremony.read([sign_payload(payload, kit.keys("organiser"))], kit.rosters())
    with pytest.raises(InputError):
        made.compute_draw("0" * 64)


def test_sealed_and_confidential_together() -> None:
    """Confidential targets with blinds, a sealed draw, and its opening."""
    hidden = Roster.build(SHA256, kit.targets(confidential=True), [f"{n:064x}" for n in range(30)])
    made = kit.committed(given=[hidden, *kit.rosters()[1:]])
    kept = made.seal("draw", body_of_draw(made), blind=kit.BLIND, time=kit.PUBLIC, **BY)
    made.reveal(kit.values(), **LATER)
    made.unseal("draw", kept, **LATER)
    told = kit.report_on(made, rosters=made.drawn.rosters)
    assert ("roster", "targets") in kit.skipped(told)
    assert kit.report_on(made).stage == "drawn"
