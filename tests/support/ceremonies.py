"""Small ceremonies at every stage, for the tests of the rules. All is synthetic: keys and secrets are hashes of names.

The parties are the organiser, the discipline inspection (a party with a secret, and a witness) and the notary (a
witness, and the operator of the hash chain).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from typing import Any

from dblrandom.ceremony import Ceremony
from dblrandom.drawing import Declared
from dblrandom.evidence import Report, TrustedKey, TrustPolicy, verify
from dblrandom.kernel.entropy import chain_ahead, secret_digest
from dblrandom.kernel.signing import Ed25519Signer
from dblrandom.kernel.suite import SHA256, Suite, suite_named
from dblrandom.model import Plan, Population, Quota, Role, Scope, Source, Task, TeamRule
from dblrandom.roster import Roster

NAME = "tested-2024"
COMMITTED = "2024-03-01T00:00:00Z"
DATED = "2024-03-01T00:05:00Z"
PUBLIC = "2024-03-02T00:00:00Z"
DRAWN = "2024-03-02T00:01:00Z"
AFTER = "2024-03-10T00:00:00Z"
DEADLINES = {"reveal": "2024-03-03T00:00:00Z", "draw": "2024-03-04T00:00:00Z", "result": "2024-12-31T00:00:00Z"}
AS_OF = "2025-01-02T00:00:00Z"
BLIND = "b1" * 32
ROLES = {"organiser": ("organiser",), "notary": ("operator", "witness"), "discipline": ("party", "witness")}


def h32(text: str) -> bytes:
    """32 bytes that follow from a label."""
    return hashlib.sha256(f"dblrandom test, {text}".encode()).digest()


@cache
def key(name: str) -> Ed25519Signer:
    """The key of a name, the same for ever."""
    return Ed25519Signer.from_private_bytes(h32(f"key of {name}"))


def keys(*names: str) -> list[Ed25519Signer]:
    """The keys of these names."""
    return [key(name) for name in names]


def secret(name: str) -> str:
    """A party's secret in hex."""
    return h32(f"secret of {name}").hex()


@cache
def chain_value(step: int, suite: Suite = SHA256, chain: str = "notary") -> str:
    """What lies ``step`` steps before the tip of the notary's chain; step 0 is the tip."""
    return chain_ahead(suite, h32(f"chain of {chain}"), 12 - step).hex()


def chain(suite: Suite = SHA256, *, step: int = 3, name: str = "notary", not_before: str = PUBLIC) -> Source:
    """A step of the notary's chain as a source."""
    terms = {"tip": chain_value(0, suite), "step": step, "operator": key("notary").keyid}
    return Source(kind="hashchain", name=name, not_before=not_before, terms=terms)


def held(
    suite: Suite = SHA256,
    *,
    name: str = "discipline",
    of: str | None = None,
    not_before: str = PUBLIC,
    ceremony: str = NAME,
) -> Source:
    """The discipline inspection's secret ``of`` as a source."""
    digest = secret_digest(suite, ceremony, name, secret(of or name))
    terms = {"keyid": key("discipline").keyid, "digest": digest}
    return Source(kind="secret", name=name, not_before=not_before, terms=terms)


def declared(*more: tuple[str, str]) -> list[Declared]:
    """Everybody with a part, once for each role."""
    pairs = [(role, name) for name, roles in ROLES.items() for role in roles]
    return [Declared(role=role, public_key=key(name).public_key.hex(), name=name) for role, name in (*pairs, *more)]


def policy(**changes: Any) -> TrustPolicy:
    """A verifier's policy that trusts everybody for what he is."""
    more = changes.pop("also", ())
    found = [TrustedKey(name=n, public_key=key(n).public_key.hex(), roles=r) for n, r in ROLES.items()]
    return TrustPolicy(keys=(*found, *more), **changes)


LEAD, MEMBER = Role("lead", {"post": ("leader",)}), Role("member", {"certificate": ("valid",)})
TEAM = TeamRule(roster="inspectors", roles=(LEAD, MEMBER))
NOBODY = TeamRule(roster="inspectors", roles=(), reason="a review of documents, without a team (synthetic)")


def task(number: str = "1", **changes: Any) -> Task:
    """Two of each of three districts, with two reserves each."""
    basic: dict[str, Any] = {
        "id": number,
        "title": "synthetic task",
        "roster": "targets",
        "sampler": "stratified",
        "strata": ("district",),
        "reserves": 2,
        "quota": Quota(ratio=Fraction(1, 5), scope=Scope.STRATUM),
        "team": TEAM,
    }
    return Task(**basic | changes)


def plan(*tasks: Task, **changes: Any) -> Plan:
    """A plan of these tasks, or of one ordinary task."""
    basic: dict[str, Any] = {
        "name": "tested",
        "title": "synthetic plan",
        "authority": "synthetic authority",
        "period": "2024",
        "recusals": "recusals",
        "grounds": ("not-found", "illness", "unstaffed"),
        "notice": "synthetic",
        "tasks": tasks or (task(),),
    }
    return Plan(**basic | changes)


DISTRICTS = ("Guandu", "Panlong", "Wuhua")


def targets(count: int = 30, **changes: Any) -> Population:
    """Firms by turns in three districts."""
    rows = tuple((f"F{n:03d}", DISTRICTS[n % 3]) for n in range(count))
    return Population("targets", ("id", "district"), rows, **changes)


def inspectors(count: int = 8, leaders: int = 4) -> Population:
    """Persons, the first of whom are leaders; all certificates are valid."""
    rows = tuple((f"I{n:02d}", "leader" if n < leaders else "officer", "valid") for n in range(count))
    return Population("inspectors", ("id", "post", "certificate"), rows)


def recusals(*pairs: tuple[str, str]) -> Population:
    """Recusals of (inspector, target)."""
    rows = tuple((f"R{n}", i, t, "other-tie:declared", "approver") for n, (i, t) in enumerate(pairs))
    return Population("recusals", ("id", "inspector", "target", "ground", "approver"), rows)


@cache
def _rosters(suite_name: str) -> tuple[Roster, ...]:
    suite = suite_named(suite_name)
    return tuple(Roster.build(suite, p) for p in (targets(), inspectors(), recusals()))


def rosters(suite: Suite = SHA256) -> tuple[Roster, ...]:
    """30 targets, 8 inspectors, no recusals."""
    return _rosters(suite.name)


def opened(
    the_plan: Plan | None = None,
    given: Iterable[Roster | Population] | None = None,
    suite: Suite = SHA256,
    **options: Any,
) -> Ceremony:
    """A ceremony before its commitment."""
    given = rosters(suite) if given is None else given
    return Ceremony.open(options.pop("name", NAME), the_plan or plan(), given, suite=suite, **options)


SIGNERS = ("organiser", "discipline", "notary")


def commit(ceremony: Ceremony, **changes: Any) -> None:
    """Commit with the notary's chain and the discipline inspection's secret."""
    basic: dict[str, Any] = {
        "entropy": [chain(ceremony.suite), held(ceremony.suite, ceremony=ceremony.name)],
        "signers": declared(),
        "deadlines": DEADLINES,
        "time": COMMITTED,
        "keys": keys(*SIGNERS),
    }
    ceremony.commit(**basic | changes)


def committed(*args: Any, **options: Any) -> Ceremony:
    """Committed and dated by both witnesses."""
    more = options.pop("more", ())
    made = opened(*args, **options)
    commit(made, signers=declared(*more))
    made.witness(time=DATED, keys=keys("notary"))
    made.witness(time=DATED, keys=keys("discipline"))
    return made


def values(suite: Suite = SHA256) -> dict[str, str]:
    """What the sources turn out to be."""
    return {"notary": chain_value(3, suite), "discipline": secret("discipline")}


def disclosed(*args: Any, **options: Any) -> Ceremony:
    """The secret is out, before the chain's step is."""
    made = committed(*args, **options)
    made.witness(time="2024-03-01T12:00:00Z", keys=keys("notary"), disclosed={"discipline": secret("discipline")})
    return made


def revealed(*args: Any, **options: Any) -> Ceremony:
    """All values are public."""
    made = disclosed(*args, **options)
    made.reveal(values(made.suite), time=PUBLIC, keys=keys("organiser"))
    return made


def drawn(*args: Any, **options: Any) -> Ceremony:
    """The draw is made."""
    made = revealed(*args, **options)
    made.draw(time=DRAWN, keys=keys("organiser"))
    return made


def all_rosters(ceremony: Ceremony) -> dict[str, Roster]:
    """The committed rosters and those of the draw, where there is one."""
    results = ceremony.drawn.rosters if ceremony.last("draw") else {}
    return {**ceremony.rosters, **results}


def report_on(ceremony: Ceremony, **options: Any) -> Report:
    """Verify everything that the ceremony has."""
    basic: dict[str, Any] = {"trust": policy(), "rosters": all_rosters(ceremony), "as_of": DATED}
    basic["vouched"] = True
    return verify(options.pop("receipts", ceremony.envelopes), **basic | options)


def findings(report: Report) -> set[str]:
    """The names of what a report finds missing."""
    return {finding.value for finding, _ in report.findings}


def skipped(report: Report) -> set[tuple[str, str]]:
    """(check, subject) of everything that was not checked."""
    return {(check.name, check.subject) for check in report.not_checked}


def tamper(envelopes: Sequence[bytes], position: int, envelope: bytes) -> list[bytes]:
    """The same receipts with another one at ``position``, from 0."""
    return [*envelopes[:position], envelope, *envelopes[position + 1 :]]


def results(ceremony: Ceremony, number: str = "1", **codes: str) -> Mapping[str, list[str]]:
    """An outcome for everything that is due."""
    return {target: [codes.get(target, "no-problem")] for target in ceremony.standing[number].due}
