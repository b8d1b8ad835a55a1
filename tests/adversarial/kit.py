"""What every attack begins with: a small sound ceremony, taken apart, changed, and put together again flawlessly.

An attack that is refused because a signature or a link does not fit any more shows nothing. So a ceremony is held here
as a list of steps, and :func:`forge` gives every step its sequence, its ``previous`` and its signatures anew, repairs
the digests in witness receipts, and on request computes the seed, the draw and all that follows again. Only what the
attacker changed is then wrong. All of it is synthetic: keys are hashes of names, persons and firms are numbers.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

import attrs
import pytest

from dblrandom.beacons import BUILT_IN, Beacon
from dblrandom.ceremony import Ceremony
from dblrandom.drawing import Commitment, Declared, make_draw
from dblrandom.drawing.standing import standing_at_first
from dblrandom.errors import VerificationError
from dblrandom.evidence import Finding, Receipt, Report, TrustedKey, TrustPolicy, sign_payload, verify
from dblrandom.kernel.canonical import encode
from dblrandom.kernel.entropy import chain_ahead, secret_digest, seed
from dblrandom.kernel.signing import Ed25519Signer
from dblrandom.kernel.suite import SHA256, Suite, suite_named
from dblrandom.model import Filter, Plan, Population, Quota, Role, Scope, Source, Task, TeamRule
from dblrandom.roster import Roster

NAME = "attacked-2024"
AS_OF = "2025-01-02T00:00:00Z"
DEADLINES = {"reveal": "2024-03-03T00:00:00Z", "draw": "2024-03-04T00:00:00Z", "result": "2024-12-31T00:00:00Z"}
COMMITTED = "2024-03-01T00:00:00Z"
DATED = "2024-03-01T00:05:00Z"
"""When the first witness saw the commitment."""
DISCLOSED = "2024-03-01T12:00:00Z"
PUBLIC = "2024-03-02T00:00:00Z"
"""``not_before`` of the hash chain: the decisive moment."""
STEP = 7


def signer(name: str) -> Ed25519Signer:
    """The key of a name, the same for ever."""
    return Ed25519Signer.from_private_bytes(hashlib.sha256(b"dblrandom attack kit, key of " + name.encode()).digest())


def public(name: str) -> str:
    """The public key of a name in hex."""
    return signer(name).public_key.hex()


def keyid(name: str) -> str:
    """The id of the key of a name."""
    return signer(name).keyid


def secret(name: str) -> str:
    """A party's secret, 64 hex."""
    return hashlib.sha256(b"dblrandom attack kit, secret of " + name.encode()).hexdigest()


@cache
def chain_value(steps: int, suite: Suite = SHA256, chain: str = "operator") -> str:
    """The value of the operator's chain ``steps`` before its tip, in hex; step 0 is the tip."""
    start = hashlib.sha256(b"dblrandom attack kit, chain of " + chain.encode()).digest()
    return chain_ahead(suite, start, 20 - steps).hex()


def chain_source(*, suite: Suite = SHA256, chain: str = "operator", **changes: Any) -> Source:
    """The hash chain that the ceremony uses."""
    terms = {"tip": chain_value(0, suite, chain), "step": STEP, "operator": keyid(changes.pop("operator", "operator"))}
    return Source(**{"kind": "hashchain", "name": "chain", "not_before": PUBLIC, "terms": terms} | changes)


def secret_source(name: str, *, suite: Suite = SHA256, ceremony: str = NAME, **changes: Any) -> Source:
    """A party's secret as a source; the party is called as the source is."""
    terms = {"keyid": keyid(name), "digest": secret_digest(suite, ceremony, name, secret(name))}
    return Source(**{"kind": "secret", "name": name, "not_before": DISCLOSED, "terms": terms} | changes)


def policy(**changes: Any) -> TrustPolicy:
    """What the verifier of the sound ceremony trusts; ``keys`` may be a mapping of name to changes of that key."""
    roles: dict[str, tuple[str, ...]] = {
        "organiser": ("organiser",),
        "notary": ("witness",),
        "archive": ("witness",),
        "operator": ("operator",),
        "discipline": ("party",),
        "trade": ("party",),
    }
    altered = changes.pop("keys", {})
    keys = [
        TrustedKey(**{"name": n, "public_key": public(n), "roles": r} | altered.get(n, {})) for n, r in roles.items()
    ]
    return TrustPolicy(keys=(*keys, *changes.pop("also", ())), **changes)


# The sound ceremony


def plan() -> Plan:
    """Two tasks: one over three strata, one over a small frame of which one target cannot be staffed at the draw."""
    team = TeamRule(
        roster="inspectors",
        roles=(Role("lead", Filter({"post": ("leader",)})), Role("member", Filter({"certificate": ("valid",)}))),
    )
    first = Task(
        id="A1",
        title="synthetic task over districts",
        roster="targets",
        sampler="stratified",
        strata=("district",),
        reserves=2,
        quota=Quota(ratio=Fraction(1, 5), count=2, scope=Scope.STRATUM),
        team=team,
    )
    second = Task(
        id="B2",
        title="synthetic task over high risks",
        roster="targets",
        sampler="fixed-count",
        filter=Filter({"risk": ("high",)}),
        reserves=1,
        quota=Quota(count=3, scope=Scope.FRAME),
        team=team,
    )
    return Plan(
        name="attacked",
        title="synthetic plan",
        authority="synthetic authority",
        period="2024",
        recusals="recusals",
        grounds=("not-found", "illness", "open"),
        notice="synthetic",
        tasks=(first, second),
    )


OPEN = "F007"
"""A high-risk target from which every leader is recused, so that it is open wherever it is drawn."""


@cache
def populations() -> tuple[Population, ...]:
    """40 targets in three districts, 10 inspectors, recusals; the last four firms and ``OPEN`` are of high risk."""
    districts = ("Guandu", "Panlong", "Wuhua")
    high = {OPEN, "F013", "F038"}
    targets = [(f"F{n:03d}", districts[n % 3], "high" if f"F{n:03d}" in high else "normal") for n in range(40)]
    inspectors = [
        (f"I{n:02d}", "leader" if n % 3 == 0 else "officer", "expired" if n == 8 else "valid") for n in range(10)
    ]
    leaders = [i for i, post, _ in inspectors if post == "leader"]
    recusals = [(f"R{n}", i, OPEN, "other-tie:declared", "approver-1") for n, i in enumerate(leaders)]
    recusals.append(("R9", "I01", "F013", "near-relative:requested", "approver-1"))
    return (
        Population("targets", ("id", "district", "risk"), tuple(targets)),
        Population("inspectors", ("id", "post", "certificate"), tuple(inspectors)),
        Population("recusals", ("id", "inspector", "target", "ground", "approver"), tuple(recusals)),
    )


@cache
def committed_rosters(suite: Suite = SHA256) -> Mapping[str, Roster]:
    """The three rosters of the ceremony."""
    return {p.name: Roster.build(suite, p) for p in populations()}


def declared(*extra: Declared) -> list[Declared]:
    """The signers that the commitment declares."""
    pairs = [
        ("organiser", "organiser"),
        ("party", "discipline"),
        ("party", "trade"),
        ("operator", "operator"),
        ("witness", "notary"),
        ("witness", "archive"),
    ]
    return [*(Declared(role=role, public_key=public(name)) for role, name in pairs), *extra]


@attrs.define(kw_only=True)
class Step:
    """One receipt before it is linked and signed; everything in it is there to be changed.

    ``keys`` are the names of those who sign. ``head`` overrides members of the payload as they are about to be signed,
    such as ``previous`` or ``sequence``. A witness's ``digest`` is repaired unless ``repair`` is false.
    """

    type: str
    time: str
    body: dict[str, Any]
    keys: list[str]
    head: dict[str, Any] = attrs.field(factory=dict)
    repair: bool = True


@attrs.frozen
class Forged:
    """A ceremony put together again: envelopes, and all rosters that belong to it."""

    receipts: tuple[bytes, ...]
    rosters: Mapping[str, Roster]


def names_of(receipt: Receipt) -> list[str]:
    """Who signed, by name."""
    everyone = ["organiser", "notary", "archive", "operator", "discipline", "trade"]
    return [name for name in everyone if any(s.keyid == keyid(name) for s in receipt.signatures)]


@cache
def _honest(suite_name: str) -> tuple[tuple[bytes, ...], Mapping[str, Roster]]:
    suite = suite_named(suite_name)
    made = Ceremony.open(NAME, plan(), committed_rosters(suite).values(), suite=suite)
    organiser, notary, archive = signer("organiser"), signer("notary"), signer("archive")
    made.commit(
        entropy=[
            chain_source(suite=suite),
            secret_source("discipline", suite=suite),
            secret_source("trade", suite=suite),
        ],
        signers=declared(),
        deadlines=DEADLINES,
        time=COMMITTED,
        keys=[organiser, signer("discipline"), signer("trade"), signer("operator")],
    )
    made.witness(time=DATED, keys=[notary])
    made.witness(time="2024-03-01T00:10:00Z", keys=[archive])
    opened = {"discipline": secret("discipline"), "trade": secret("trade")}
    made.witness(time=DISCLOSED, keys=[notary], disclosed=opened)
    made.reveal(opened | {"chain": chain_value(STEP, suite)}, time="2024-03-02T00:00:10Z", keys=[organiser])
    drawn = made.draw(time="2024-03-02T00:01:00Z", keys=[organiser])
    made.witness(time="2024-03-02T00:05:00Z", keys=[notary])
    target = drawn["A1"].selected[0].id
    made.substitute("A1", "not-found", time="2024-03-10T00:00:00Z", keys=[organiser], target=target)
    person = next(m for _, m in drawn["A1"].teams[-1].members if m)
    made.substitute("A1", "illness", time="2024-03-11T00:00:00Z", keys=[organiser], inspector=person)
    made.substitute("B2", "open", time="2024-03-12T00:00:00Z", keys=[organiser], open=OPEN)
    for task, state in made.standing.items():
        made.result(task, {t: ["no-problem"] for t in state.due}, time="2024-05-01T00:00:00Z", keys=[organiser])
    made.witness(time="2024-05-02T00:00:00Z", keys=[archive])
    return made.envelopes, {**made.rosters, **drawn.rosters}


def honest(suite: Suite = SHA256) -> Forged:
    """The sound ceremony as it was made."""
    return Forged(*_honest(suite.name))


def take_apart(receipts: Iterable[bytes]) -> list[Step]:
    """Receipts as steps, with nothing shared."""
    found = []
    for n, envelope in enumerate(receipts, 1):
        receipt = Receipt.parse(envelope, f"receipt {n}")
        body = copy.deepcopy(dict(receipt.body))
        found.append(Step(type=receipt.type, time=receipt.time, body=body, keys=names_of(receipt)))
    return found


def steps(suite: Suite = SHA256) -> list[Step]:
    """The sound ceremony taken apart; put together again without a change it is the same, byte for byte."""
    return take_apart(honest(suite).receipts)


def at(chain: Sequence[Step], kind: str, nth: int = 0) -> int:
    """The place in the list of the ``nth`` step of a type."""
    return [i for i, step in enumerate(chain) if step.type == kind][nth]


def witness(time: str, by: str, attests: int, **body: Any) -> Step:
    """A witness receipt for the receipt with the sequence ``attests``."""
    return Step(type="witness", time=time, body={"sequence": attests, "time": time, **body}, keys=[by])


def _payload(step: Step, sequence: int, digests: Sequence[str], name: str, suite: Suite) -> bytes:
    if step.type == "witness" and step.repair:
        step.body.setdefault("ceremony", name)
        if 0 < step.body["sequence"] <= len(digests):
            step.body["digest"] = digests[step.body["sequence"] - 1]
    members: dict[str, Any] = {
        "type": step.type,
        "ceremony": name,
        "sequence": sequence,
        "previous": digests[-1] if digests else None,
        "time": step.time,
        "body": step.body,
    }
    return encode(members | step.head)


def forge(
    chain: Iterable[Step],
    *,
    name: str = NAME,
    rosters: Mapping[str, Roster] | None = None,
    recompute: bool = False,
    beacons: Mapping[str, Beacon] = BUILT_IN,
) -> Forged:
    """Link and sign all steps anew.

    With ``recompute``, the seed follows from the values that the reveal states, and draw, substitutions and results
    follow from the seed, so that a changed commitment or value leads to a ceremony sound in everything else.
    ``rosters`` are then the committed ones.
    """
    links = copy.deepcopy(list(chain))
    suite = suite_named(links[0].body["suite"])
    base = dict(rosters or committed_rosters(suite))
    state: Any = None
    found: dict[str, Roster] = dict(base if rosters is not None or recompute else honest(suite).rosters)
    digests: list[str] = []
    envelopes = []
    commitment, seeded = "", ""
    current: dict[str, Any] = {}
    for sequence, step in enumerate(links, 1):
        if recompute and step.type == "reveal":
            values = [(v["kind"], v["name"], v["value"]) for v in step.body["values"]]
            seeded = step.body["seed"] = seed(suite, commitment, values)
        elif recompute and step.type == "draw":
            made = make_draw(Commitment.from_json(current), seeded, base)
            step.body = made.to_json()
            found = base | made.rosters
            state = standing_at_first(suite, Commitment.from_json(current).plan, made)
        elif recompute and step.type == "substitution":
            step.body = _substituted(state, step.body)
        elif recompute and step.type == "result":
            ids = sorted(state[step.body["task"]].due)
            step.body["outcomes"] = [{"id": i, "codes": ["no-problem"]} for i in ids]
        payload = _payload(step, sequence, digests, name, suite)
        digests.append(suite.hexhash(payload))
        envelopes.append(sign_payload(payload, [signer(key) for key in step.keys]))
        if step.type == "commitment":
            commitment, current = digests[-1], step.body
    return Forged(tuple(envelopes), found)


def _substituted(state: Any, body: dict[str, Any]) -> dict[str, Any]:
    """The same kind of request as ``body``, of whoever stands first in the new draw."""
    here = state[body["task"]]
    if "target" in body["replaced"]:
        return here.replace_target(next(iter(here.teams)), body["ground"])  # type: ignore[no-any-return]
    if "open" in body["replaced"]:
        return here.staff(body["replaced"]["open"], body["ground"])  # type: ignore[no-any-return]
    person = next(m for team in here.teams.values() for m in team if m)
    return here.replace_inspector(person, body["ground"])  # type: ignore[no-any-return]


def attacked(change: Callable[[list[Step]], object], *, recompute: bool = False, **options: Any) -> Forged:
    """The sound ceremony with one change of its steps, flawless in everything else."""
    chain = steps()
    change(chain)
    return forge(chain, recompute=recompute, **options)


# A ceremony begun twice

VOIDED = "2024-03-01T13:00:00Z"


def voiding(
    time: str = VOIDED, *, dated: str | None = "2024-03-01T13:05:00Z", not_before: str = PUBLIC, **second: Any
) -> list[Step]:
    """The sound ceremony begun twice: commitment, witnesses, void, and then a commitment that is drawn.

    ``not_before`` is the decisive moment of the second; ``second`` changes members of its body. Its secrets are other
    ones, as they must be.
    """
    chain = steps()
    first, rest = chain[:4], chain[4:]
    void = Step(type="void", time=time, body={"reason": "synthetic: a roster was wrong"}, keys=["organiser"])
    again = copy.deepcopy(first[0])
    again.time = max(time, dated or time)
    renew_secrets(again)
    again.body["sources"][0]["not_before"] = not_before
    again.body |= {"replaces": "the first"} | second
    noted = [witness(dated, "notary", len(first) + 1)] if dated else []
    place = len(first) + len(noted) + 2
    late = max("2024-03-01T14:00:00Z", again.time)
    dates = [witness(late, "notary", place), witness(late, "archive", place)]
    for step in rest:
        step.time = max(step.time, again.time, not_before)
        if step.type == "reveal":
            step.body["values"][1:] = renewed_values()
        if step.type == "witness":
            step.body["sequence"] += 4 + len(noted)
            step.body["time"] = step.time
    return [*first, void, *noted, again, *dates, *rest]


def renew_secrets(commitment: Step) -> None:
    """Give a commitment's secrets other values under the same names."""
    for source in commitment.body["sources"]:
        if source["kind"] == "secret":
            source["digest"] = secret_digest(SHA256, NAME, source["name"], secret(f"second {source['name']}"))


def renewed_values() -> list[dict[str, str]]:
    return [{"kind": "secret", "name": n, "value": secret(f"second {n}")} for n in ("discipline", "trade")]


def forge_twice(chain: list[Step], **options: Any) -> Forged:
    """Forge a ceremony of two commitments; the second names the first by its digest, or keeps what was set."""
    places = [i for i, step in enumerate(chain) if step.type == "commitment"]
    if chain[places[1]].body["replaces"] == "the first":
        first = forge(chain[: places[0] + 1]).receipts[0]
        chain[places[1]].body["replaces"] = SHA256.hexhash(payload_of(first))
    return forge(chain, recompute=True, **options)


# Envelopes as bytes


def opened(envelope: bytes) -> dict[str, Any]:
    """An envelope's members; ``payload`` stays base64."""
    return json.loads(envelope)  # type: ignore[no-any-return]


def closed(members: Mapping[str, Any]) -> bytes:
    """Canonical bytes of an envelope's members, whatever they are."""
    return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def signed_raw(payload: bytes, names: Iterable[str] = ("organiser",)) -> bytes:
    """An envelope with good signatures over any bytes at all."""
    return sign_payload(payload, [signer(name) for name in names])


def payload_of(envelope: bytes) -> bytes:
    """The payload's bytes."""
    return base64.b64decode(opened(envelope)["payload"])


# Judgement


def judge(forged: Forged | Sequence[bytes], **options: Any) -> Report:
    """What the verifier of the sound ceremony says."""
    receipts = forged.receipts if isinstance(forged, Forged) else tuple(forged)
    if "rosters" not in options and isinstance(forged, Forged):
        options["rosters"] = forged.rosters
    options.setdefault("trust", policy())
    options.setdefault("as_of", AS_OF)
    options.setdefault("vouched", True)
    return verify(receipts, **options)


def refused(
    forged: Forged | Sequence[bytes],
    *,
    check: str,
    match: str,
    place: str | None = None,
    **options: Any,
) -> VerificationError:
    """Assert that the verifier refuses, for the right reason, in one line that names check and place."""
    with pytest.raises(VerificationError, match=match) as caught:
        judge(forged, **options)
    error, text = caught.value, str(caught.value)
    assert error.check == check, f"refused by {error.check!r}, not {check!r}: {text}"
    assert text.startswith(f"{check}: ")
    assert text.isprintable(), f"not one line: {text!r}"
    if place is not None:
        assert place in text, f"{place!r} is not named in: {text}"
    return error


def findings(report: Report) -> set[Finding]:
    """What the report says is missing."""
    return {finding for finding, _ in report.findings}
