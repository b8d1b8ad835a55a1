"""What a verification reports of sound ceremonies, and how deadlines, seals and findings are judged.

Forged and broken ceremonies have a folder of their own, ``tests/adversarial``.
"""

from __future__ import annotations

import ceremonies as kit
import pytest

from dblrandom.ceremony import Ceremony
from dblrandom.errors import InputError, StepError, VerificationError
from dblrandom.evidence import PinnedChain, Requirement, TrustedKey, TrustPolicy, verify
from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.roster import Roster


def finished(suite: Suite = SHA256) -> Ceremony:
    made = kit.drawn(suite=suite)
    made.witness(time="2024-03-02T01:00:00Z", keys=kit.keys("notary"))
    lost = made.drawn["1"].selected[0].id
    made.substitute("1", "not-found", time=kit.AFTER, keys=kit.keys("organiser"), target=lost)
    made.result("1", kit.results(made), time="2024-06-01T00:00:00Z", keys=kit.keys("organiser"))
    return made


@pytest.mark.parametrize("suite", [SHA256, SM3], ids=lambda s: s.name)
def test_a_sound_ceremony_passes_every_check(suite: Suite) -> None:
    report = kit.report_on(finished(suite), as_of=kit.AS_OF, trust=kit.policy(witnesses=2))
    assert (report.ceremony, report.stage) == (kit.NAME, "drawn")
    assert report.findings == ()
    assert kit.skipped(report) == {(n, "receipt 1 (commitment)") for n in ("hash chain", "previous ceremony")}
    assert {c.name for c in report.passed} == {
        "chain",
        "commitment",
        "dates",
        "deadlines",
        "draw",
        "entropy",
        "result",
        "result roster",
        "roster",
        "seed",
        "signature",
        "substitution",
    }


@pytest.mark.parametrize("upto", range(1, 10))
def test_every_beginning_of_a_sound_ceremony_passes_before_its_deadlines(upto: int) -> None:
    made = finished()
    assert kit.report_on(made, receipts=made.envelopes[:upto], as_of=kit.COMMITTED).stage


def test_rosters_may_be_given_as_files_and_files_must_be_canonical() -> None:
    made = finished()
    files = {name: roster.to_file() for name, roster in kit.all_rosters(made).items()}
    assert kit.report_on(made, rosters=files).not_checked == kit.report_on(made).not_checked
    with pytest.raises(VerificationError, match="roster"):
        kit.report_on(made, rosters=files | {"targets": files["targets"] + b"\n"})


def test_what_was_not_given_is_not_checked_and_said_so() -> None:
    made = finished()
    report = kit.report_on(made, rosters=None, as_of=kit.AS_OF)
    told = kit.skipped(report)
    assert {("roster", n) for n in made.rosters} | {("result roster", n) for n in made.drawn.rosters} <= told
    assert ("draw", "receipt 6 (draw)") in told
    assert ("deadlines", "results") in told
    assert {n for n, _ in told} >= {"substitution", "result"}
    assert "draw" not in {c.name for c in report.passed}


def test_another_roster_than_the_committed_is_refused() -> None:
    made = finished()
    other = Roster.build(SHA256, kit.targets(31))
    with pytest.raises(VerificationError, match=r"'targets'.*not the ones committed"):
        kit.report_on(made, rosters=kit.all_rosters(made) | {"targets": other})


def test_without_a_time_no_deadline_is_judged() -> None:
    assert ("deadlines", "ceremony") in kit.skipped(kit.report_on(finished(), as_of=None))


def test_the_time_of_judging_is_a_time() -> None:
    with pytest.raises(InputError, match="as_of"):
        kit.report_on(finished(), as_of="tomorrow")


def test_nothing_is_no_ceremony() -> None:
    with pytest.raises(VerificationError, match="there is no receipt"):
        verify([], trust=kit.policy())


# Deadlines: at the moment itself nothing is late


def second_after(time: str) -> str:
    return time.replace(":00Z", ":01Z")


@pytest.mark.parametrize(
    ("make", "what", "deadline"),
    [
        (kit.disclosed, "the reveal was due", kit.DEADLINES["reveal"]),
        (kit.revealed, "the draw was due", kit.DEADLINES["draw"]),
        (kit.drawn, "6 of 6 results were due", kit.DEADLINES["result"]),
    ],
)
def test_what_is_missing_after_its_deadline_is_an_error(make, what: str, deadline: str) -> None:  # type: ignore[no-untyped-def]
    made = make()
    assert kit.report_on(made, as_of=deadline)
    with pytest.raises(VerificationError, match=what):
        kit.report_on(made, as_of=second_after(deadline))


def test_a_result_is_due_of_the_replaced_target_too() -> None:
    made = kit.drawn()
    lost = made.drawn["1"].selected[0].id
    made.substitute("1", "not-found", time=kit.AFTER, keys=kit.keys("organiser"), target=lost)
    outcomes = {t: c for t, c in kit.results(made).items() if t != lost}
    made.result("1", outcomes, time=kit.AFTER, keys=kit.keys("organiser"))
    with pytest.raises(VerificationError, match=rf"1 of 7 results were due by .*, first '{lost}'"):
        kit.report_on(made, as_of=kit.AS_OF)
    made.result("1", {lost: ["not-reachable"]}, time=kit.AFTER, keys=kit.keys("organiser"))
    assert kit.report_on(made, as_of=kit.AS_OF)


@pytest.mark.parametrize(("time", "late"), [(kit.DEADLINES["reveal"], False), ("2024-03-03T00:00:01Z", True)])
def test_a_reveal_that_follows_a_witness_after_the_deadline_is_late(time: str, late: bool) -> None:
    made = kit.disclosed()
    made.witness(time=time, keys=kit.keys("notary"))
    made.reveal(kit.values(), time=time, keys=kit.keys("organiser"))
    made.draw(time=time, keys=kit.keys("organiser"))
    assert ("late" in kit.findings(kit.report_on(made, as_of=time))) == late


def test_after_a_void_nothing_is_due() -> None:
    made = kit.committed()
    made.void("the plan changed", time=kit.DATED, keys=kit.keys("organiser"))
    made.witness(time=kit.DATED, keys=kit.keys("notary"))
    report = kit.report_on(made, as_of=kit.AS_OF)
    assert report.stage == "voided"
    assert any(c.name == "void" for c in report.passed)


def test_a_void_that_nobody_dates_in_time_is_a_second_chance() -> None:
    made = kit.committed()
    made.void("x", time=kit.DATED, keys=kit.keys("organiser"))
    assert ("void", "receipt 4 (void)") in kit.skipped(kit.report_on(made, as_of="2024-03-01T23:59:59Z"))
    with pytest.raises(VerificationError, match=r"dated by no witness.*redraw after entropy"):
        kit.report_on(made, as_of=kit.PUBLIC)
    made.witness(time=kit.PUBLIC, keys=kit.keys("notary"))
    with pytest.raises(VerificationError, match=rf"dated {kit.PUBLIC}.*redraw after entropy"):
        kit.report_on(made, as_of=kit.PUBLIC)


# Dates of the commitment


def test_too_few_witnesses_are_an_error_only_when_time_is_up() -> None:
    made = kit.opened()
    kit.commit(made)
    in_time = kit.report_on(made, as_of="2024-03-01T23:59:00Z")
    assert ("dates", "receipt 1 (commitment)") in kit.skipped(in_time)
    assert ("dates", "receipt 1 (commitment)") in kit.skipped(kit.report_on(made, as_of=None))
    with pytest.raises(VerificationError, match=r"dates: .*0 of 1 needed witnesses"):
        kit.report_on(made, as_of="2024-03-01T23:59:01Z")
    free = kit.report_on(made, as_of=kit.PUBLIC, trust=kit.policy(witnesses=0))
    assert {"commitment not dated", "uniqueness not shown"} <= kit.findings(free)


@pytest.mark.parametrize(("time", "fine"), [("2024-03-01T23:59:00Z", True), ("2024-03-01T23:59:01Z", False)])
def test_the_date_is_the_margin_before_the_first_value(time: str, fine: bool) -> None:
    made = kit.opened()
    kit.commit(made)
    made.witness(time=time, keys=kit.keys("notary"))
    if fine:
        assert kit.report_on(made, as_of=kit.PUBLIC)
    else:
        with pytest.raises(VerificationError, match="not 60 s after"):
            kit.report_on(made, as_of=kit.PUBLIC)


def test_with_two_witnesses_needed_the_later_date_counts() -> None:
    made = kit.opened()
    kit.commit(made)
    made.witness(time=kit.DATED, keys=kit.keys("notary"))
    made.witness(time="2024-03-01T23:59:30Z", keys=kit.keys("discipline"))
    assert kit.report_on(made, as_of=kit.PUBLIC)
    with pytest.raises(VerificationError, match="not 60 s after 2024-03-01T23:59:30Z"):
        kit.report_on(made, as_of=kit.PUBLIC, trust=kit.policy(witnesses=2))


# Entropy


def test_a_secret_that_stays_with_its_holder_is_a_finding() -> None:
    made = kit.committed()
    assert "withholding possible" in kit.findings(kit.report_on(made))
    made.witness(time=kit.PUBLIC, keys=kit.keys("notary"), disclosed={"discipline": kit.secret("discipline")})
    assert "withholding possible" in kit.findings(kit.report_on(made)), "disclosed at the moment itself is too late"
    assert "withholding possible" not in kit.findings(kit.report_on(kit.disclosed()))


def test_with_secrets_only_somebody_is_last() -> None:
    made = kit.opened()
    kit.commit(made, entropy=[kit.held()])
    made.witness(time=kit.DATED, keys=kit.keys("notary"))
    assert "withholding possible" in kit.findings(kit.report_on(made))


def pinned(period: int = 86_400) -> TrustPolicy:
    """A policy that knows the notary's chain and its schedule."""
    own = PinnedChain(
        tip=kit.chain_value(0), operator=kit.key("notary").keyid, genesis="2024-02-28T00:00:00Z", period=period
    )
    return kit.policy(chains=(own,))


def test_sources_of_strangers_are_not_independent() -> None:
    unsigned = kit.opened()
    kit.commit(unsigned, entropy=[kit.chain()], keys=kit.keys("organiser", "discipline"))
    unsigned.witness(time=kit.DATED, keys=kit.keys("notary"))
    assert "not verifiable against the organiser" in kit.findings(kit.report_on(unsigned))
    assert "not verifiable against the organiser" not in kit.findings(kit.report_on(unsigned, trust=pinned()))
    with pytest.raises(VerificationError, match="does not reveal step 3 at"):
        kit.report_on(unsigned, trust=pinned(period=3600))


def test_a_secret_seen_elsewhere_is_known() -> None:
    made = kit.committed()
    with pytest.raises(VerificationError, match="was committed before and is known"):
        kit.report_on(made, known_digests=[str(kit.held().terms["digest"])])


def test_the_ceremony_before_is_held_against_the_policy() -> None:
    made = kit.opened()
    kit.commit(made, previous_ceremony="0" * 64)
    assert not any(
        n == "previous ceremony"
        for n, _ in kit.skipped(kit.report_on(made, trust=kit.policy(previous_ceremony="0" * 64)))
    )
    with pytest.raises(VerificationError, match=r"previous ceremony: .*does not follow 1111"):
        kit.report_on(made, trust=kit.policy(previous_ceremony="1" * 64))


def test_a_rehearsal_says_that_it_is_one() -> None:
    made = kit.drawn(name="rehearsal.x")
    assert "rehearsal" in kit.findings(kit.report_on(made))


def test_a_foreseeable_slot_is_a_finding() -> None:
    lonely = [kit.targets(), kit.inspectors(8, leaders=1), kit.recusals()]
    assert "predictable assignment" in kit.findings(kit.report_on(kit.drawn(given=lonely)))


def test_several_organisers_and_thresholds() -> None:
    second = TrustedKey(name="second", public_key=kit.key("second").public_key.hex(), roles=("organiser",))
    strict = kit.policy(
        also=(second,), require={"commitment": (Requirement("organiser", 2),), "draw": (Requirement("organiser", 1),)}
    )
    made = kit.opened()
    kit.commit(made, signers=kit.declared(("organiser", "second")), keys=kit.keys(*kit.SIGNERS, "second"))
    assert kit.report_on(made, trust=strict, as_of=kit.DATED)
    alone = kit.opened()
    kit.commit(alone)
    with pytest.raises(VerificationError, match="1 of 2 needed holders"):
        kit.report_on(alone, trust=strict)


def test_a_declared_organiser_who_did_not_sign_is_missed() -> None:
    made = kit.opened()
    made_by_one = {"signers": kit.declared(("organiser", "second")), "keys": kit.keys(*kit.SIGNERS)}
    with pytest.raises(StepError, match=r"the organiser .* did not sign the commitment"):
        kit.commit(made, **made_by_one)


# Seals


def sealed() -> tuple[Ceremony, dict[str, dict]]:  # type: ignore[type-arg]
    """Reveal and draw are fixed, and known only to the holder of the secret and an auditor."""
    made = kit.committed(more=[("auditor", "auditor")])
    bodies = {"reveal": made.compute_reveal(kit.values())}
    bodies["draw"] = made.compute_draw(str(bodies["reveal"]["seed"])).to_json()
    at = {"time": kit.PUBLIC, "keys": kit.keys("organiser")}
    return made, {kind: made.seal(kind, body, blind=f"{n:064x}", **at) for n, (kind, body) in enumerate(bodies.items())}


def test_a_seal_is_closed_until_it_is_opened() -> None:
    made, bodies = sealed()
    report = kit.report_on(made)
    assert report.stage == "sealing"
    assert {("seal", "receipt 4 (sealed)"), ("seal", "receipt 5 (sealed)")} <= kit.skipped(report)
    for kind in ("reveal", "draw"):
        made.unseal(kind, bodies[kind], time=kit.AFTER, keys=kit.keys("organiser"))
    report = kit.report_on(made)
    assert [c.detail for c in report.passed if c.name == "seal"] == [
        "opened by receipt 6 (reveal)",
        "opened by receipt 7 (draw)",
    ]


def test_a_sealed_result_is_opened_in_any_order() -> None:
    made = kit.drawn()
    due = made.standing["1"].due
    bodies = [made.compute_result("1", {target: ["no-problem"]}) for target in due[:3]]
    at = {"time": kit.AFTER, "keys": kit.keys("organiser")}
    kept = [made.seal("result", body, blind=f"{n:064x}", **at) for n, body in enumerate(bodies)]
    for body in reversed(kept):
        made.unseal("result", body, **at)
    report = kit.report_on(made)
    assert [(c.subject, c.detail) for c in report.passed if c.name == "seal"] == [
        ("receipt 7 (sealed)", "opened by receipt 12 (result)"),
        ("receipt 8 (sealed)", "opened by receipt 11 (result)"),
        ("receipt 9 (sealed)", "opened by receipt 10 (result)"),
    ]


def test_a_seal_that_stays_closed_is_an_error_when_the_results_are_due() -> None:
    made = finished()
    state = made.standing["1"]
    body = made.compute_substitution("1", "illness", inspector=next(m for m in state.teams.popitem()[1] if m))
    made.seal("substitution", body, blind=kit.BLIND, time="2024-06-01T00:00:00Z", keys=kit.keys("organiser"))
    assert kit.report_on(made, as_of=kit.DEADLINES["result"])
    with pytest.raises(VerificationError, match=r"receipt 10 \(sealed\): what it seals was never published"):
        kit.report_on(made, as_of=second_after(kit.DEADLINES["result"]))


def test_auditors_can_attest_a_draw_that_the_public_never_sees() -> None:
    made, _ = sealed()
    made.witness(time=kit.AFTER, keys=kit.keys("auditor"))
    auditor = TrustedKey(name="auditor", public_key=kit.key("auditor").public_key.hex(), roles=("auditor",))
    report = kit.report_on(made, as_of=kit.AS_OF, trust=kit.policy(also=(auditor,)))
    assert "attested, not publicly verifiable" in kit.findings(report)
    assert ("deadlines", "ceremony") in kit.skipped(report)
    with pytest.raises(VerificationError, match="no trusted witness or auditor"):
        kit.report_on(made, as_of=kit.AS_OF)
