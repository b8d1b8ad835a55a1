"""A second round: what the mending of the first attacks broke or left open.

Three questions. Does ``verify`` accept, or report as passed, what it must not? Does it, or ``Ceremony``, refuse what
the specification allows? And does ``Ceremony`` let a step through after which no verifier will ever accept the chain
again? For the last, :func:`agreed` is the measure: either the step is refused at once, or the verifier accepts what it
led to.
"""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import ceremonies as office
import pytest
from kit import (
    NAME,
    PUBLIC,
    STEP,
    Forged,
    Step,
    at,
    attacked,
    chain_source,
    chain_value,
    committed_rosters,
    findings,
    forge,
    forge_twice,
    judge,
    keyid,
    policy,
    populations,
    public,
    refused,
    secret,
    steps,
    voiding,
    witness,
)

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.ceremony import Ceremony
from dblrandom.drawing import Declared
from dblrandom.drawing.standing import standing_at_first
from dblrandom.errors import DblrandomError, StepError, VerificationError
from dblrandom.evidence import Finding, Receipt, TrustedKey, TrustPolicy, WitnessMemory, sign_payload, suggested_trust
from dblrandom.evidence.anchors import PinnedChain
from dblrandom.evidence.receipt import payload_bytes
from dblrandom.kernel.canonical import encode
from dblrandom.kernel.entropy import secret_digest
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Source
from dblrandom.roster import Roster

BY: dict[str, Any] = {"keys": office.keys("organiser")}
NOW: dict[str, Any] = {"time": "2024-03-01T06:00:00Z", **BY}
LATER: dict[str, Any] = {"time": office.AFTER, **BY}
BLIND, OTHER_BLIND = "b1" * 32, "c1" * 32


def agreed(made: Ceremony, *actions: Callable[[], object], **options: Any) -> None:
    """Either one of the steps is refused, or the verifier accepts where they led."""
    for act in actions:
        try:
            act()
        except DblrandomError:
            return
    office.report_on(made, **options)


def party_secret(name: str, *, of: str | None = None, by: str = "discipline", not_before: str = PUBLIC) -> Source:
    """Somebody's secret ``of`` under a source's name, for the ceremonies of ``office``."""
    digest = secret_digest(SHA256, office.NAME, name, office.secret(of or name))
    terms = {"keyid": office.key(by).keyid, "digest": digest}
    return Source(kind="secret", name=name, not_before=not_before, terms=terms)


def signers(*pairs: tuple[str, str]) -> list[Declared]:
    return [Declared(role=r, public_key=office.key(n).public_key.hex(), name=n) for r, n in pairs]


def secrets_only(*names: str, also: tuple[tuple[str, str], ...] = ()) -> Ceremony:
    """A ceremony of secrets, of which ``organiser`` may hold one; dated by the notary."""
    made = office.opened()
    parties = [("party", n) for n in names if n != "organiser"]
    made.commit(
        entropy=[party_secret(n, by=n) for n in names],
        signers=signers(("organiser", "organiser"), *parties, ("witness", "notary"), *also),
        deadlines=office.DEADLINES,
        time=office.COMMITTED,
        keys=office.keys(*{"organiser", *names}),
    )
    made.witness(time=office.DATED, keys=office.keys("notary"))
    return made


def again(made: Ceremony, time: str, **changes: Any) -> None:
    """Commit once more, with another secret."""
    basic = {"entropy": [office.chain(), office.held(of="the second")], "time": time}
    office.commit(made, **basic | changes)


def believed(made: Ceremony) -> TrustPolicy:
    """The policy that the commitments themselves suggest: everybody for what he is declared."""
    return suggested_trust(*made.commitments)


# 1. Accepted, or passed, and must not be


def pin() -> PinnedChain:
    return PinnedChain(tip=chain_value(0), operator=keyid("operator"), genesis="2024-02-24T00:00:00Z", period=86400)


def test_a_pinned_chain_under_another_operators_name() -> None:
    """Step 5 was public two days before; naming a party as the operator must not undo the pin's schedule."""

    def change(chain: list[Step]) -> None:
        source = chain_source(operator="trade")
        terms = dict(source.terms) | {"step": STEP - 2}
        chain[0].body["sources"][0] = attrs.evolve(source, terms=terms).to_json()
        chain[0].keys.remove("operator")
        reveal = chain[at(chain, "reveal")]
        reveal.body["values"][0]["value"] = chain_value(STEP - 2)

    refused(attacked(change, recompute=True), trust=policy(chains=(pin(),)), check="entropy", match="pinned")


def test_a_known_value_is_refused_at_once_and_not_only_when_revealed() -> None:
    """The first commitment's secret was written down; under another name it is known from the very commitment on."""
    chain = voiding()
    where = at(chain, "commitment", 1)
    entry = chain[where].body["sources"][1]
    entry |= {"name": "renamed", "digest": secret_digest(SHA256, NAME, "renamed", secret("discipline"))}
    attack = forge_twice(chain[: where + 3])
    refused(attack, check="entropy", match="known", as_of="2024-03-01T15:00:00Z")


def test_a_passed_signature_of_nobody() -> None:
    """Where the policy asks nobody to sign, nothing was checked: that is no passed check."""

    def change(chain: list[Step]) -> None:
        chain[at(chain, "result")].keys = ["stranger"]

    report = judge(attacked(change), trust=policy(require={"result": ()}))
    label = f"receipt {at(steps(), 'result') + 1} (result)"
    assert label not in {c.subject for c in report.passed if c.name == "signature"}


def confidential() -> dict[str, Roster]:
    """The sound rosters, with inspectors whom the public does not see."""
    population = next(p for p in populations() if p.name == "inspectors")
    blinds = [hashlib.sha256(row[0].encode()).hexdigest() for row in population.rows]
    hidden = Roster.build(SHA256, attrs.evolve(population, confidential=True), blinds)
    return {**committed_rosters(), "inspectors": hidden}


def without_inspectors(change: Callable[[dict[str, Any]], object]) -> Forged:
    """A ceremony as it is published, without the inspectors' rows, and with an assignment changed in the draw."""
    rosters = confidential()
    chain = steps()
    chain[0].body["rosters"] = [r.manifest.to_json() for r in rosters.values()]
    made = forge(chain, recompute=True, rosters=rosters)
    again = copy.deepcopy([*chain])
    for step, envelope in zip(again, made.receipts, strict=True):
        step.body = copy.deepcopy(dict(Receipt.parse(envelope).body))
    change(again[at(again, "draw")].body["tasks"][0]["assignment"])
    public_rosters = {name: roster for name, roster in made.rosters.items() if name != "inspectors"}
    return Forged(forge(again, rosters=made.rosters).receipts, public_rosters)


def test_a_published_ceremony_without_confidential_rows_is_accepted() -> None:
    report = judge(without_inspectors(lambda _: None))
    assert "draw" not in {c.name for c in report.passed}
    assert {"result", "substitution"} <= {c.name for c in report.not_checked}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda a: a.update(cap=999), id="a cap that no rule gives"),
        pytest.param(lambda a: a.update(slots=a["slots"][1:]), id="a slot left out"),
        pytest.param(lambda a: a["slots"].reverse(), id="slots in another order"),
        pytest.param(lambda a: a["slots"].append(a["slots"][0] | {"role": "boss"}), id="a role that is not there"),
    ],
)
def test_an_assignment_that_is_false_on_its_face(change: Callable[[dict[str, Any]], object]) -> None:
    """Slots and their order follow from the key, the cap from the smallest one: no row is needed to see that."""
    with pytest.raises(VerificationError):
        judge(without_inspectors(change))


AUDITOR = TrustedKey(name="auditor", public_key=public("auditor"), roles=("auditor",))


def seal(kind: str, body: dict[str, Any], time: str = "2024-03-02T00:00:05Z") -> Step:
    digest = SHA256.hexhash(encode(body | {"blind": BLIND}))
    return Step(type="sealed", time=time, body={"type": kind, "digest": digest}, keys=["organiser"])


def test_an_attested_draw_is_called_so_whatever_the_time() -> None:
    """A finding is what a report has to say; this one must not depend on whether deadlines are judged."""
    sound = steps()
    chain = [*sound[:3], *(seal(k, sound[at(sound, k)].body) for k in ("reveal", "draw"))]
    attested = forge([*chain, witness("2024-03-02T00:30:00Z", "auditor", 5)])
    trust = policy(also=(AUDITOR,))
    assert Finding.ATTESTED in findings(judge(attested, trust=trust))
    assert Finding.ATTESTED in findings(judge(attested, trust=trust, as_of=None))


def test_one_open_commitment_of_an_authority_whichever_key_it_uses() -> None:
    """Two keys of one authority are not two authorities: its ten ceremonies must not pass the witness one by one."""
    first, second = office.opened(name="first"), office.opened(name="second")
    office.commit(first)
    everybody = [*signers(("organiser", "second")), *(s for s in office.declared() if s.role != "organiser")]
    office.commit(second, signers=everybody, keys=office.keys("second", "discipline", "notary"))
    memory = WitnessMemory().check_and_remember(first)
    with pytest.raises(StepError):
        memory.check_and_remember(second)


@pytest.mark.parametrize("name", ["EXTRA", "a1.selected"])
def test_a_roster_with_a_name_that_is_none(name: str) -> None:
    """Section 1: a roster's name has no A-Z; and folded, none is that of a result."""
    extra = Roster.build(SHA256, attrs.evolve(office.targets(3), name=name))
    made = office.opened(office.plan(office.task("A1")), given=[*office.rosters(), extra])
    with pytest.raises(DblrandomError):
        office.commit(made)


def test_a_party_that_attests_its_own_disclosure() -> None:
    """The finding is about this very holder: backdating his own receipt must not clear him of having waited."""

    def change(chain: list[Step]) -> None:
        place = at(chain, "witness", 2)
        values = chain[place].body["disclosed"]
        own = {"discipline": values.pop("discipline")}
        chain.insert(place + 1, witness(chain[place].time, "discipline", 1, disclosed=own))
        last = chain[-1].body
        last["sequence"] += 1
        for step in chain[place + 2 : -1]:
            if step.type == "witness":
                step.body["sequence"] += 1

    report = judge(attacked(change, recompute=True), trust=policy(keys={"discipline": {"roles": ("party", "witness")}}))
    assert Finding.WITHHOLDING in findings(report)


# 2. Lawful, and refused


def co_signed(chain: list[Step]) -> None:
    second = Declared(role="organiser", public_key=public("second"))
    chain[0].body["signers"].append(second.to_json())
    for step in chain:
        if "organiser" in step.keys:
            step.keys.append("second")


@pytest.mark.parametrize("limits", [{"revoked": "2024-04-01T00:00:00Z"}, {"valid_until": "2024-04-01T00:00:00Z"}])
def test_a_signature_that_does_not_count_beside_one_that_does(limits: dict[str, str]) -> None:
    """Section 7: a revoked key's signature does not count; here another organiser's does, and one is enough."""
    chain = steps()
    co_signed(chain)
    forged = forge(chain, recompute=True)
    second = TrustedKey(name="second", public_key=public("second"), roles=("organiser",))
    assert judge(forged, trust=policy(also=(second,))).stage == "drawn"
    late = attrs.evolve(second, **limits)
    assert judge(forged, trust=policy(also=(late,))).stage == "drawn"


def dated_by_the_operator(*, signed: bool) -> Forged:
    """The operator of the chain is the only witness, as in an office that has but one outsider."""
    chain = steps()
    for step in chain:
        if step.type == "witness":
            step.keys = ["operator"]
    if not signed:
        chain[0].keys.remove("operator")
    return forge(chain, recompute=True)


@pytest.mark.parametrize("signed", [False, True])
def test_the_only_witness_operates_the_chain_and_his_key_expires_years_later(signed: bool) -> None:
    """The policy pins his chain, so that his signature under the commitment is not needed; it must do no harm."""
    key = {"operator": {"roles": ("operator", "witness"), "valid_until": "2026-01-01T00:00:00Z"}}
    trust = policy(chains=(pin(),), keys=key)
    report = judge(dated_by_the_operator(signed=signed), trust=trust, as_of="2034-01-01T00:00:00Z")
    assert report.stage == "drawn"


def test_a_key_with_an_end_where_no_time_is_given() -> None:
    """``CeremonyFolder.verify()`` gives none; what cannot be judged without it is not checked, and no error."""
    trust = policy(keys={"organiser": {"valid_until": "2030-01-01T00:00:00Z"}})
    assert judge(forge(steps()[:1]), trust=trust, as_of=None).stage == "committed"


def sealed_phase(made: Ceremony) -> tuple[Any, dict[str, Any]]:
    draw = made.compute_draw(str(made.compute_reveal(office.values())["seed"]))
    return draw, made.seal("draw", draw.to_json(), blind=BLIND, time=PUBLIC, **BY)


def test_two_substitutions_while_the_draw_is_sealed() -> None:
    """Nothing can be opened before the draw is, so a second visit that fails must be sealed beside the first.

    Section 6 allows one seal of the reveal and one of the draw; it says no such thing of substitutions.
    """
    made = office.committed()
    draw, kept = sealed_phase(made)
    standing = standing_at_first(SHA256, made.commitment.plan, draw)
    targets = [unit.id for unit in draw["1"].selected[:2]]
    bodies = [standing["1"].replace_target(target, "not-found") for target in targets]
    sealed = [
        made.seal("substitution", body, blind=blind, **LATER)
        for body, blind in zip(bodies, (BLIND, OTHER_BLIND), strict=True)
    ]
    made.reveal(office.values(), **LATER)
    made.unseal("draw", kept, **LATER)
    for body in sealed:
        made.unseal("substitution", body, **LATER)
    assert office.report_on(made).stage == "drawn"


def test_the_verifier_accepts_two_substitutions_sealed_with_the_draw() -> None:
    """The other side of the one before: no rule of verification is against it."""
    sound = steps()
    by = {k: [s for s in sound if s.type == k] for k in ("reveal", "draw", "substitution", "result")}
    for step in (*by["draw"], *by["substitution"][:2]):
        step.body["blind"] = BLIND
    seals = [seal("draw", {k: v for k, v in by["draw"][0].body.items() if k != "blind"})]
    for step in by["substitution"][:2]:
        seals.append(seal("substitution", {k: v for k, v in step.body.items() if k != "blind"}))
    late = [*by["reveal"], *by["draw"], *by["substitution"], *by["result"]]
    for step in late:
        step.time = "2024-05-01T00:00:00Z"
    report = judge(forge([*sound[:3], *seals, *late]))
    assert len([c for c in report.passed if c.name == "seal"]) == 3


def test_a_joint_ceremony_of_two_organisers_with_ceremonies_of_their_own() -> None:
    """A joint inspection of two bureaus: it can name the end of one ceremony, and both have had one."""
    memory = WitnessMemory()
    heads = []
    for name, by in (("alone", "organiser"), ("beside", "second")):
        made = office.opened(office.plan(period="2023"), name=name)
        everybody = [*signers(("organiser", by)), *(s for s in office.declared() if s.role != "organiser")]
        office.commit(made, signers=everybody, keys=office.keys(by, "discipline", "notary"))
        made.void("x", time=office.DATED, keys=office.keys(by))
        memory = memory.check_and_remember(made)
        heads.append(str(made.head))
    problems = []
    for head in heads:
        joint = office.opened(name="joint")
        office.commit(
            joint,
            signers=office.declared(("organiser", "second")),
            keys=office.keys(*office.SIGNERS, "second"),
            previous_ceremony=head,
        )
        try:
            memory.check_and_remember(joint)
        except StepError as error:
            problems.append(str(error))
    assert len(problems) < len(heads), problems


def handed_over() -> Ceremony:
    """Committed by one organiser, voided, dated, and committed again by another."""
    made = office.committed()
    made.void("another office takes over", **NOW)
    made.witness(time="2024-03-01T06:05:00Z", keys=office.keys("notary", "discipline"))
    everybody = [*signers(("organiser", "second")), *(s for s in office.declared() if s.role != "organiser")]
    again(made, "2024-03-01T07:00:00Z", signers=everybody, keys=office.keys("second", "discipline", "notary"))
    return made


def test_a_ceremony_handed_over_does_not_stay_open_with_the_first() -> None:
    """A witness who saw the first commitment and comes back after the second must see that the first was voided."""
    made = handed_over()
    begun = Ceremony.read(made.envelopes[:1], office.rosters())
    memory = WitnessMemory().check_and_remember(begun).check_and_remember(made)
    seen = memory.organisers[office.key("organiser").keyid]
    assert [entry.open for entry in seen] == [False]


def test_a_ceremony_handed_over_is_accepted() -> None:
    made = handed_over()
    made.witness(time="2024-03-01T08:00:00Z", keys=office.keys("notary"))
    second = TrustedKey(name="second", public_key=office.key("second").public_key.hex(), roles=("organiser",))
    trust = office.policy(also=(second,))
    assert office.report_on(made, trust=trust).stage == "committed"


def test_a_secret_disclosed_before_the_void_does_not_stop_the_next_from_being_sealed() -> None:
    """The new secret has the old one's name, and nobody has seen it."""
    made = office.disclosed()
    made.void("x", time="2024-03-01T13:00:00Z", **BY)
    made.witness(time="2024-03-01T13:05:00Z", keys=office.keys("notary", "discipline"))
    again(made, "2024-03-01T14:00:00Z")
    made.witness(time="2024-03-01T14:05:00Z", keys=office.keys("notary", "discipline"))
    values = office.values() | {"discipline": office.secret("the second")}
    made.seal("reveal", made.compute_reveal(values), blind=BLIND, time=PUBLIC, **BY)


def test_a_secret_disclosed_before_a_void_does_not_forbid_the_next_void() -> None:
    """Of the second commitment's secrets only one is out: nobody knows the seed, and the verifier says so."""
    made = secrets_only("discipline", "trade")
    opened = {"discipline": office.secret("discipline")}
    made.witness(time="2024-03-01T01:00:00Z", keys=office.keys("notary"), disclosed=opened)
    made.void("x", time="2024-03-01T02:00:00Z", **BY)
    made.witness(time="2024-03-01T02:05:00Z", keys=office.keys("notary"))
    new = [party_secret(n, of=f"{n} again", by=n) for n in ("discipline", "trade")]
    everybody = signers(("organiser", "organiser"), ("party", "discipline"), ("party", "trade"), ("witness", "notary"))
    keys = office.keys("organiser", "discipline", "trade")
    again(made, "2024-03-01T03:00:00Z", entropy=new, signers=everybody, keys=keys)
    made.witness(time="2024-03-01T03:05:00Z", keys=office.keys("notary"))
    opened = {"trade": office.secret("trade again")}
    made.witness(time="2024-03-01T04:00:00Z", keys=office.keys("notary"), disclosed=opened)
    made.void("x", time="2024-03-01T05:00:00Z", **BY)
    made.witness(time="2024-03-01T05:05:00Z", keys=office.keys("notary"))
    assert office.report_on(made, trust=believed(made)).stage == "voided"


def test_a_commitment_dated_too_late_can_still_be_voided() -> None:
    """Half a minute before the value: too late to commit, in time to void. Nothing was drawn and nothing can be."""
    made = office.opened()
    office.commit(made)
    made.void("no witness came in time", time="2024-03-01T23:59:20Z", **BY)
    made.witness(time="2024-03-01T23:59:30Z", keys=office.keys("notary"))
    assert office.report_on(made).stage == "voided"


def test_a_wrong_previous_ceremony_can_be_put_right_by_a_void() -> None:
    made = office.opened()
    office.commit(made, previous_ceremony="1" * 64)
    made.witness(time=office.DATED, keys=office.keys("notary", "discipline"))
    made.void("it named the wrong ceremony", **NOW)
    made.witness(time="2024-03-01T06:05:00Z", keys=office.keys("notary", "discipline"))
    again(made, "2024-03-01T07:00:00Z", previous_ceremony="2" * 64)
    made.witness(time="2024-03-01T07:05:00Z", keys=office.keys("notary"))
    assert office.report_on(made, trust=office.policy(previous_ceremony="2" * 64)).stage == "committed"


# 3. Let through, and refused for good


def test_a_void_after_the_only_independent_secret_is_out() -> None:
    """The organiser has always known his own: once the party's is out he knows the seed."""
    made = secrets_only("organiser", "discipline")
    opened = {"discipline": office.secret("discipline")}
    made.witness(time="2024-03-01T01:00:00Z", keys=office.keys("notary"), disclosed=opened)
    agreed(
        made,
        lambda: made.void("x", time="2024-03-01T02:00:00Z", **BY),
        lambda: made.witness(time="2024-03-01T02:05:00Z", keys=office.keys("notary")),
        trust=believed(made),
    )


@pytest.mark.parametrize(
    ("names", "code"),
    [
        pytest.param(("F000",), "closed", id="a second result"),
        pytest.param(("F000", "F000"), "pending", id="one target twice in a receipt"),
        pytest.param(("nobody",), "closed", id="an id that is on no roster"),
    ],
)
def test_results_before_the_opening_that_no_draw_can_make_right(names: tuple[str, ...], code: str) -> None:
    """The draw is secret, but what no draw allows can be seen without it."""
    made = office.committed()
    draw, kept = sealed_phase(made)
    first = draw["1"].selected[0].id

    def tell() -> None:
        outcomes = [{"id": first if name == "F000" else name, "codes": [code]} for name in names]
        head = {"ceremony": made.name, "sequence": len(made.receipts) + 1, "previous": made.head}
        payload = payload_bytes("result", body={"task": "1", "outcomes": outcomes}, time=office.AFTER, **head)  # type: ignore[arg-type]
        made.admit(sign_payload(payload, office.keys("organiser")))

    agreed(
        made,
        tell,
        *([tell] if names == ("F000",) else []),
        lambda: made.reveal(office.values(), **LATER),
        lambda: made.unseal("draw", kept, **LATER),
    )


def test_a_code_twice_before_the_opening() -> None:
    made = office.committed()
    draw, kept = sealed_phase(made)
    agreed(
        made,
        lambda: made.result("1", {draw["1"].selected[0].id: ["closed", "closed"]}, **LATER),
        lambda: made.reveal(office.values(), **LATER),
        lambda: made.unseal("draw", kept, **LATER),
    )


@pytest.mark.parametrize(
    ("time", "by"),
    [
        pytest.param("2024-03-02T00:00:30Z", "notary", id="the void dated too late"),
        pytest.param("2024-03-01T06:05:00Z", "auditor", id="the void seen by an auditor only"),
    ],
)
def test_a_void_that_is_not_dated_in_time_and_the_next_commitment(time: str, by: str) -> None:
    made = office.opened()
    office.commit(made, signers=office.declared(("auditor", "auditor")))
    for who in ("notary", "discipline"):
        made.witness(time=office.DATED, keys=office.keys(who))
    made.void("x", **NOW)
    made.witness(time=time, keys=office.keys(by))
    late = "2024-03-05T00:00:00Z"
    chain = office.chain(not_before=late)
    deadlines = {stage: f"2024-0{n}-01T00:00:00Z" for n, stage in enumerate(("reveal", "draw", "result"), 4)}
    moved = {"entropy": [chain, office.held(of="the second", not_before=late)], "deadlines": deadlines}
    agreed(
        made,
        lambda: again(made, "2024-03-02T01:00:00Z", **moved),
        trust=office.policy(also=(auditor_key(),)),
        as_of="2024-03-02T01:00:00Z",
    )


def auditor_key() -> TrustedKey:
    return TrustedKey(name="auditor", public_key=office.key("auditor").public_key.hex(), roles=("auditor",))


def test_a_void_that_one_of_two_declared_witnesses_has_dated() -> None:
    """The commitment declares two witnesses; the policy that it suggests asks for both."""
    made = office.committed()
    made.void("x", **NOW)
    made.witness(time="2024-03-01T06:05:00Z", keys=office.keys("notary"))
    agreed(
        made,
        lambda: again(made, "2024-03-01T07:00:00Z"),
        lambda: made.witness(time="2024-03-02T07:05:00Z", keys=office.keys("discipline")),
        trust=suggested_trust(made.commitment),
    )


@pytest.mark.parametrize("first", ["notary", "auditor"])
def test_a_secret_disclosed_before_all_declared_witnesses_have_dated_the_commitment(first: str) -> None:
    made = office.opened()
    office.commit(made, signers=office.declared(("auditor", "auditor")))
    made.witness(time=office.DATED, keys=office.keys(first))
    opened = {"discipline": office.secret("discipline")}
    agreed(
        made,
        lambda: made.witness(time="2024-03-01T01:00:00Z", keys=office.keys("notary"), disclosed=opened),
        lambda: made.witness(time="2024-03-01T02:00:00Z", keys=office.keys("discipline")),
        trust=believed(made),
    )


def test_all_secrets_disclosed_by_the_receipt_that_first_dates_a_void() -> None:
    made = secrets_only("discipline")
    made.void("x", time="2024-03-01T02:00:00Z", **BY)
    opened = {"discipline": office.secret("discipline")}
    agreed(
        made,
        lambda: made.witness(time="2024-03-01T02:05:00Z", keys=office.keys("notary"), disclosed=opened),
        trust=believed(made),
    )


def test_an_organiser_who_was_a_witness_before_the_void() -> None:
    """The one who takes over has dated the first commitment: every verifier takes it for witnessing himself."""
    made = office.committed()
    made.void("another office takes over", **NOW)
    made.witness(time="2024-03-01T06:05:00Z", keys=office.keys("discipline"))
    everybody = signers(("organiser", "notary"), ("party", "discipline"), ("witness", "discipline"))
    secret_alone = [office.held(of="the second")]
    roles = {"organiser": ("organiser",), "notary": ("organiser",), "discipline": ("party", "witness")}
    keys = [TrustedKey(name=n, public_key=office.key(n).public_key.hex(), roles=r) for n, r in roles.items()]
    agreed(
        made,
        lambda: again(
            made,
            "2024-03-01T07:00:00Z",
            signers=everybody,
            entropy=secret_alone,
            keys=office.keys("notary", "discipline"),
        ),
        trust=TrustPolicy(keys=tuple(keys)),
    )


def test_a_secret_that_was_disclosed_comes_back_under_another_name() -> None:
    made = office.disclosed()
    made.void("x", time="2024-03-01T13:00:00Z", **BY)
    made.witness(time="2024-03-01T13:05:00Z", keys=office.keys("notary"))
    stale = party_secret("renamed", of="discipline")
    values = {"notary": office.chain_value(3), "renamed": office.secret("discipline")}
    agreed(
        made,
        lambda: again(made, "2024-03-01T14:00:00Z", entropy=[office.chain(), stale]),
        lambda: made.witness(time="2024-03-01T14:05:00Z", keys=office.keys("notary")),
        lambda: made.reveal(values, **LATER),
    )


@pytest.mark.parametrize("by", ["discipline", "stranger"])
@pytest.mark.parametrize("kind", ["void", "reveal"])
def test_a_step_that_the_organiser_has_not_signed(kind: str, by: str) -> None:
    made = office.disclosed()
    keys = office.keys(by)
    step: Callable[[], object] = lambda: made.reveal(office.values(), time=office.AFTER, keys=keys)  # noqa: E731
    if kind == "void":
        step = lambda: made.void("x", time="2024-03-01T13:00:00Z", keys=keys)  # noqa: E731
    agreed(made, step, trust=believed(made))


@pytest.mark.parametrize("by", ["stranger", "party-only"])
def test_a_witness_who_is_none(by: str) -> None:
    """The commitment says who witnesses; a receipt of somebody else can never be taken out of the chain again."""
    made = office.opened()
    office.commit(
        made,
        signers=office.declared(("party", "party-only")),
        keys=office.keys(*office.SIGNERS, "party-only"),
    )
    agreed(made, lambda: made.witness(time=office.DATED, keys=office.keys(by)), trust=believed(made))


@pytest.mark.parametrize("kind", ["reveal", "witness"])
def test_a_bad_signature_is_not_admitted(kind: str) -> None:
    """The signature is another receipt's; whoever knows the key must refuse the chain for ever."""
    made = office.disclosed()
    other = Ceremony.read(made.envelopes, office.rosters())
    if kind == "reveal":
        made.reveal(office.values(), **LATER)
    else:
        made.witness(time=office.AFTER, keys=office.keys("notary"))
    envelope = made.receipts[-1].envelope
    members = json.loads(envelope)
    members["signatures"][0]["sig"] = json.loads(
        sign_payload(b"{}", office.keys("organiser" if kind == "reveal" else "notary"))
    )["signatures"][0]["sig"]
    spoilt = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    agreed(other, lambda: other.admit(spoilt))


def test_a_sealed_result_that_can_never_be_opened() -> None:
    """Once the draw is public it is plain whether the result is of a drawn target; a seal of it fixes it for good."""
    made = office.drawn()
    body = {"task": "1", "outcomes": [{"id": "nobody", "codes": ["closed"]}]}
    made.witness(time=office.AFTER, keys=office.keys("notary"))
    agreed(
        made,
        lambda: made.result("1", office.results(made), **LATER),
        lambda: made.seal("result", body, blind=BLIND, **LATER),
        as_of=office.AS_OF,
    )


def test_a_sealed_substitution_that_can_never_be_opened() -> None:
    made = office.drawn()
    target = made.drawn["1"].selected[0].id
    body = made.compute_substitution("1", "not-found", target=target) | {"replacement": "nobody"}
    agreed(
        made,
        lambda: made.result("1", office.results(made), **LATER),
        lambda: made.seal("substitution", body, blind=BLIND, **LATER),
        as_of=office.AS_OF,
    )


@pytest.mark.parametrize("code", ["closed", "pending"])
def test_one_seal_twice(code: str) -> None:
    """Tried again after an error; of two equal seals the verifier asks for two openings."""
    made = office.drawn()
    target = made.drawn["1"].selected[0].id
    body = made.compute_result("1", {target: [code]})
    rest = {t: c for t, c in office.results(made).items() if t != target}
    kept = made.seal("result", body, blind=BLIND, **LATER)
    agreed(
        made,
        lambda: made.seal("result", body, blind=BLIND, **LATER),
        lambda: made.unseal("result", kept, **LATER),
        lambda: made.result("1", rest, **LATER),
        as_of=office.AS_OF,
    )


def test_a_recommitment_that_forgets_the_ceremony_before() -> None:
    """The argument's default is ``None``: a verifier who knows the ceremony before refuses the chain for good."""
    made = office.opened()
    office.commit(made, previous_ceremony="1" * 64)
    made.witness(time=office.DATED, keys=office.keys("notary"))
    made.void("x", **NOW)
    made.witness(time="2024-03-01T06:05:00Z", keys=office.keys("notary"))
    agreed(made, lambda: again(made, "2024-03-01T07:00:00Z"), trust=office.policy(previous_ceremony="1" * 64))


def test_a_void_in_the_last_minute() -> None:
    """A void that only a witness within the margin can date leaves the undated commitment behind for ever."""
    made = office.opened()
    office.commit(made)
    agreed(
        made,
        lambda: made.void("x", time="2024-03-01T23:59:20Z", **BY),
        lambda: made.witness(time="2024-03-01T23:59:30Z", keys=office.keys("notary")),
    )


def test_a_reveal_of_a_commitment_that_no_declared_witness_has_dated() -> None:
    made = office.opened()
    office.commit(made)
    agreed(made, lambda: made.reveal(office.values(), **LATER), trust=believed(made))


def test_a_commitment_admitted_with_a_roster_too_many(tmp_path: Path) -> None:
    """The draft has a roster that the commitment does not name; the folder then holds a file that belongs nowhere."""
    envelope = office.committed().receipts[0].envelope
    extra = Roster.build(SHA256, attrs.evolve(office.targets(3), name="extra"))
    made = office.opened(given=[*office.rosters(), extra])
    folder = CeremonyFolder(tmp_path / "ceremony")
    try:
        made.admit(envelope)
        folder.create(made, office.policy())
    except DblrandomError:
        return
    folder.verify(office.policy(), as_of=office.DATED)


def test_two_witnesses_of_one_name() -> None:
    """Two keys of one holder are one witness, so the policy that the folder suggests must not ask for two."""
    made = office.opened()
    twins = [attrs.evolve(s, name="notaries") if s.role == "witness" else s for s in office.declared()]
    twins = [attrs.evolve(s, name="notaries") if s.role in ("operator", "party") else s for s in twins]
    office.commit(made, signers=twins)
    for who in ("notary", "discipline"):
        made.witness(time=office.DATED, keys=office.keys(who))
    assert office.report_on(made, trust=believed(made)).stage == "committed"
    made.reveal(office.values(), **LATER)
    agreed(made, trust=believed(made))


# 4. Foreign exceptions


def test_a_read_ceremony_with_a_secret_that_has_no_digest() -> None:
    """Reading judges nothing, so every step must still fail as the library does."""
    sound = office.committed()
    body = copy.deepcopy(dict(sound.receipts[0].body))
    del body["sources"][1]["digest"]  # type: ignore[index,call-overload,arg-type]
    envelopes: list[bytes] = []
    previous = None
    for n, (kind, what) in enumerate((("commitment", body), ("void", {"reason": "x"})), 1):
        payload = payload_bytes(
            kind, ceremony=office.NAME, sequence=n, previous=previous, time=office.COMMITTED, body=what
        )
        envelopes.append(sign_payload(payload, office.keys("organiser")))
        previous = SHA256.hexhash(payload)
    made = Ceremony.read(envelopes, office.rosters())
    with pytest.raises(DblrandomError, match="nothing was signed"):
        made.witness(time=office.DATED, keys=office.keys("notary"))
    with pytest.raises(DblrandomError):
        again(made, "2024-03-01T01:00:00Z")


# Sound ones, so that no mending goes too far


def test_witnesses_before_and_after_everything() -> None:
    made = office.committed()
    times = iter(range(10, 60))

    def seen(day: str) -> None:
        made.witness(time=f"2024-03-{day}T05:{next(times)}:00Z", keys=office.keys("notary", "discipline"))

    seen("01")
    made.void("x", **NOW)
    made.witness(time="2024-03-01T06:05:00Z", keys=office.keys("notary", "discipline"))
    again(made, "2024-03-01T07:00:00Z")
    made.witness(time="2024-03-01T07:05:00Z", keys=office.keys("notary", "discipline"))
    opened = {"discipline": office.secret("the second")}
    made.witness(time="2024-03-01T08:00:00Z", keys=office.keys("notary"), disclosed=opened)
    made.reveal(opened | {"notary": office.chain_value(3)}, time=PUBLIC, **BY)
    seen("02")
    made.draw(time="2024-03-02T06:00:00Z", **BY)
    made.witness(time="2024-03-02T06:05:00Z", keys=office.keys("notary", "discipline"))
    made.result("1", office.results(made), **LATER)
    made.witness(time=office.AFTER, keys=office.keys("notary", "discipline"))
    report = office.report_on(made, trust=believed(made), as_of=office.AS_OF)
    assert report.stage == "drawn"
    assert findings(report) <= {Finding.WITHHOLDING}


@pytest.mark.parametrize("limits", [{"valid_until": "2024-12-31T00:00:00Z"}, {"valid_from": "2024-03-01T00:00:00Z"}])
def test_keys_with_validity_ten_years_on(limits: dict[str, str]) -> None:
    names = ("organiser", "notary", "archive", "operator", "discipline", "trade")
    report = judge(forge(steps()), trust=policy(keys=dict.fromkeys(names, limits)), as_of="2034-01-01T00:00:00Z")
    assert report.stage == "drawn"


def test_a_confidential_ceremony_in_a_published_folder(tmp_path: Path) -> None:
    hidden = Roster.build(SHA256, office.targets(confidential=True), [f"{n:064x}" for n in range(30)])
    made = office.drawn(given=[hidden, *office.rosters()[1:]])
    made.result("1", office.results(made), **LATER)
    made.witness(time=office.AFTER, keys=office.keys("notary"))
    folder = CeremonyFolder(tmp_path / "ceremony")
    folder.create(made, office.policy())
    assert folder.verify(office.policy(), as_of=office.AS_OF).stage == "drawn"
    folder.publish(tmp_path / "published")
    published = CeremonyFolder(tmp_path / "published")
    report = published.verify(office.policy(), as_of=office.AS_OF)
    assert {c.name for c in report.not_checked} >= {"roster", "draw", "result", "deadlines"}
    published.update(lambda c, _: c.witness(time="2024-03-11T00:00:00Z", keys=office.keys("notary")))
    assert published.verify(office.policy(), as_of=office.AS_OF).stage == "drawn"


def test_secrets_only_from_beginning_to_end() -> None:
    made = secrets_only("discipline", "trade")
    values = {n: office.secret(n) for n in ("discipline", "trade")}
    made.reveal(values, **LATER)
    made.draw(**LATER)
    made.result("1", office.results(made), **LATER)
    made.witness(time=office.AFTER, keys=office.keys("notary"))
    report = office.report_on(made, trust=believed(made), as_of=office.AS_OF)
    assert findings(report) == {Finding.WITHHOLDING, Finding.LATE}
