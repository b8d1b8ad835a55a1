"""Attacks on the seed: sources that are not what they are called, secrets that are known, values moved about.

Also here: every finding of docs/spec, section 7, that is about entropy stands exactly where it must. A finding that is
missing is as bad as a check that was skipped in silence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest
from kit import (
    DATED,
    DISCLOSED,
    NAME,
    PUBLIC,
    STEP,
    Forged,
    Step,
    at,
    attacked,
    chain_source,
    chain_value,
    closed,
    findings,
    forge,
    forge_twice,
    honest,
    judge,
    keyid,
    opened,
    policy,
    public,
    refused,
    secret,
    secret_source,
    steps,
    take_apart,
    voiding,
    witness,
)

from dblrandom.beacons import BUILT_IN, Beacon
from dblrandom.drawing import Declared
from dblrandom.errors import EntropyError, VerificationError
from dblrandom.evidence import Finding, PinnedChain, TrustedKey
from dblrandom.kernel.entropy import secret_digest
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.model import Json, Source

WEAK = frozenset({Finding.NOT_INDEPENDENT, Finding.GRINDABLE, Finding.WITHHOLDING, Finding.UNIQUENESS, Finding.UNDATED})


def weak(forged: Forged, **options: Any) -> set[Finding]:
    """The findings about entropy and dates."""
    return findings(judge(forged, **options)) & WEAK


def sourced(*sources: Source, values: Mapping[str, str], change: Any = None, **options: Any) -> Forged:
    """The sound ceremony with other sources, sound in everything that follows from them."""

    def swap(chain: list[Step]) -> None:
        chain[0].body["sources"] = [s.to_json() for s in sources]
        entries = [{"kind": s.kind, "name": s.name, "value": values[s.name]} for s in sources]
        chain[at(chain, "reveal")].body["values"] = entries
        names = {s.name for s in sources if s.kind == "secret"}
        shown = {n: v for n, v in chain[3].body["disclosed"].items() if n in names}
        chain[3].body["disclosed"] = shown
        if not shown:
            del chain[3].body["disclosed"]
        if change is not None:
            change(chain)

    return attacked(swap, recompute=True, **options)


CHAIN = {"chain": chain_value(STEP)}
SECRETS = {"discipline": secret("discipline"), "trade": secret("trade")}
BOTH = (secret_source("discipline"), secret_source("trade"))


def test_the_sound_ceremony_has_no_weakness() -> None:
    assert weak(honest()) == set()
    assert weak(sourced(chain_source(), values=CHAIN)) == set()
    assert weak(sourced(chain_source(), *BOTH, values=CHAIN | SECRETS)) == set()


# Values in the reveal


def revealing(change: Any, *, recompute: bool) -> Forged:
    return attacked(lambda c: change(c[at(c, "reveal")].body), recompute=recompute)


@pytest.mark.parametrize("recompute", [False, True], ids=["seed kept", "seed recomputed"])
@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda b: b["values"][1].update(value=secret("another")), "not the secret whose digest was committed"),
        (lambda b: b["values"][0].update(value=chain_value(STEP + 1)), "does not lead to the declared tip"),
        (lambda b: b["values"][0].update(value=chain_value(STEP - 1)), "does not lead to the declared tip"),
        (lambda b: b["values"][0].update(value=chain_value(0)), "does not lead to the declared tip"),
        (lambda b: b["values"][0].update(value=CHAIN["chain"][:62]), "32 bytes"),
        (lambda b: b["values"].pop(), "exactly the sources"),
        (lambda b: b["values"].append(dict(b["values"][2])), "exactly the sources"),
        (lambda b: b["values"].append({"kind": "secret", "name": "new", "value": "00" * 32}), "exactly the sources"),
        (lambda b: b["values"].reverse(), "exactly the sources"),
        (lambda b: b["values"].insert(1, b["values"].pop()), "exactly the sources"),
        (lambda b: b["values"][1].update(name="trade") or b["values"][2].update(name="discipline"), "exactly"),
        (lambda b: b["values"][0].update(kind="secret"), "exactly the sources"),
        (lambda b: b["values"][0].update(evidence={}), "needs no evidence"),
        (lambda b: b["values"][1].update(evidence="trust me"), "needs no evidence"),
    ],
)
def test_a_value_that_is_not_the_declared_one(change: Any, match: str, recompute: bool) -> None:
    refused(revealing(change, recompute=recompute), check="seed", match=match, place="(reveal)")


def test_a_value_in_upper_case() -> None:
    """The same bytes, another text, another seed."""
    forged = revealing(lambda b: b["values"][0].update(value=CHAIN["chain"].upper()), recompute=False)
    refused(forged, check="seed", match="lower-case hex", place="(reveal)")


def test_two_secrets_swapped() -> None:
    def change(body: dict[str, Any]) -> None:
        one, two = body["values"][1], body["values"][2]
        one["value"], two["value"] = two["value"], one["value"]

    refused(revealing(change, recompute=True), check="seed", match="not the secret", place="'discipline'")


@pytest.mark.parametrize("seed", ["0" * 64, "f" * 64])
def test_another_seed(seed: str) -> None:
    refused(revealing(lambda b: b.update(seed=seed), recompute=False), check="seed", match=f"the receipt says {seed}")


def test_another_seed_and_the_draw_that_follows_from_it() -> None:
    """The organiser picks a seed that suits him and draws by the book."""
    chain = steps()
    other = attacked(lambda c: c[0].body["plan"].update(title="another plan"), recompute=True)
    theirs = take_apart(other.receipts)
    chain[4].body["seed"] = theirs[4].body["seed"]
    chain[5:] = theirs[5:]
    refused(Forged(forge(chain).receipts, other.rosters), check="seed", match="the values give", place="(reveal)")


def test_a_draw_of_another_seed_than_the_revealed_one() -> None:
    other = attacked(lambda c: c[0].body["plan"].update(title="another plan"), recompute=True)
    chain = [*steps()[:5], *take_apart(other.receipts)[5:]]
    refused(Forged(forge(chain).receipts, other.rosters), check="draw", match="keys", place="(draw)")


# Who is behind a source


@pytest.mark.parametrize("who", ["discipline", "trade", "organiser"])
def test_a_declared_party_that_did_not_sign(who: str) -> None:
    def change(chain: list[Step]) -> None:
        chain[0].keys.remove(who)
        chain[0].keys = chain[0].keys or ["operator"]

    match = "did not sign the commitment|0 of 1 needed"
    refused(attacked(change), check="signature", match=match, place="receipt 1")


def test_an_undeclared_party_that_did_not_sign() -> None:
    """Left out of the signers, nobody misses its signature; but then its secret is not independent."""

    def change(chain: list[Step]) -> None:
        chain[0].body["signers"] = [s for s in chain[0].body["signers"] if s["role"] != "party"]
        chain[0].keys = ["organiser", "operator"]

    assert weak(sourced(*BOTH, values=SECRETS, change=change)) == {Finding.NOT_INDEPENDENT, Finding.WITHHOLDING}
    assert weak(sourced(chain_source(), *BOTH, values=CHAIN | SECRETS, change=change)) == set()


def test_a_party_whom_the_organiser_invented() -> None:
    """It signs, it is declared, and the verifier has never heard of it."""
    invented = secret_source("friend")

    def change(chain: list[Step]) -> None:
        chain[0].body["signers"].append(Declared(role="party", public_key=public("friend")).to_json())
        chain[0].keys.append("friend")

    forged = sourced(invented, values={"friend": secret("friend")}, change=change)
    assert weak(forged) == {Finding.NOT_INDEPENDENT, Finding.WITHHOLDING}


def test_a_secret_of_the_organiser() -> None:
    digest = secret_digest(SHA256, NAME, "own", secret("own"))
    own = Source(kind="secret", name="own", not_before=PUBLIC, terms={"keyid": keyid("organiser"), "digest": digest})
    forged = sourced(own, values={"own": secret("own")})
    assert weak(forged) == {Finding.NOT_INDEPENDENT, Finding.WITHHOLDING}


@pytest.mark.parametrize("role", ["witness", "auditor"])
def test_the_organiser_declared_as_his_own_watchman(role: str) -> None:
    def change(chain: list[Step]) -> None:
        chain[0].body["signers"].append(Declared(role=role, public_key=public("organiser")).to_json())

    refused(attacked(change, recompute=True), check="commitment", match=f"the organiser's: it cannot be {role} too")


def test_the_organiser_declared_as_a_party_too() -> None:
    digest = secret_digest(SHA256, NAME, "own", secret("own"))
    own = Source(kind="secret", name="own", not_before=PUBLIC, terms={"keyid": keyid("organiser"), "digest": digest})

    def change(chain: list[Step]) -> None:
        chain[0].body["signers"].append(Declared(role="party", public_key=public("organiser")).to_json())

    forged = sourced(own, values={"own": secret("own")}, change=change)
    assert weak(forged) == {Finding.NOT_INDEPENDENT, Finding.WITHHOLDING}


def test_a_party_whose_key_is_declared_as_the_organisers_too() -> None:
    def change(chain: list[Step]) -> None:
        chain[0].body["signers"].append(Declared(role="organiser", public_key=public("trade")).to_json())

    forged = sourced(secret_source("trade"), values=SECRETS, change=change)
    assert weak(forged) == {Finding.NOT_INDEPENDENT, Finding.WITHHOLDING}


def test_a_party_who_is_the_organiser_under_this_commitment_only() -> None:
    """The policy takes the trade body for a party; here it signs as the organiser, and its own secret is his."""

    def change(chain: list[Step]) -> None:
        signers = chain[0].body["signers"]
        next(s for s in signers if s["public_key"] == public("trade"))["role"] = "organiser"

    forged = sourced(secret_source("trade"), values=SECRETS, change=change)
    assert weak(forged) == {Finding.NOT_INDEPENDENT, Finding.WITHHOLDING}


def pin(operator: str = "operator", **changes: Any) -> PinnedChain:
    """The kit's chain as a policy pins it: step 7 is public at the decisive moment, one step each day."""
    terms: dict[str, Any] = {"tip": chain_value(0), "operator": keyid(operator)}
    return PinnedChain(**terms | {"genesis": "2024-02-24T00:00:00Z", "period": 86400} | changes)


@pytest.mark.parametrize("operator", ["organiser", "stranger"])
def test_a_hash_chain_of_the_organiser_or_of_nobody_known(operator: str) -> None:
    """He knows every value of it, and may keep silent: neither is shown to be impossible."""
    own = chain_source(operator=operator)
    for chains in ((), (pin(operator),)):
        found = weak(sourced(own, values=CHAIN), trust=policy(chains=chains))
        assert found == {Finding.NOT_INDEPENDENT, Finding.WITHHOLDING}
    elsewhere = sourced(own, values=CHAIN)
    refused(elsewhere, trust=policy(chains=(pin(),)), check="entropy", match="not that of the operator")


def unsigned(chain: list[Step]) -> None:
    chain[0].keys.remove("operator")


def test_a_hash_chain_whose_operator_did_not_sign() -> None:
    """Anyone can write an operator's name over a chain of his own; a pin or a signature shows whose it is."""
    forged = sourced(chain_source(), values=CHAIN, change=unsigned)
    assert weak(forged) == {Finding.NOT_INDEPENDENT, Finding.WITHHOLDING}
    assert weak(forged, trust=policy(chains=(pin(),))) == set()
    other = policy(chains=(pin(tip="0" * 64),))
    assert weak(forged, trust=other) == {Finding.NOT_INDEPENDENT, Finding.WITHHOLDING}
    refused(forged, trust=policy(chains=(pin("notary"),)), check="entropy", match="not that of the operator")


def test_a_step_of_a_pinned_chain_that_everybody_knows() -> None:
    """Once step 7 was revealed, anyone can compute step 5; the pin's schedule says that it was public before.

    Nobody but the organiser vouches here for ``not_before``: the operator did not sign.
    """
    stale = chain_source(terms=dict(chain_source().terms) | {"step": STEP - 2})
    trust = policy(chains=(pin(),))
    forged = sourced(stale, values={"chain": chain_value(STEP - 2)}, change=unsigned)
    refused(forged, trust=trust, check="entropy", match="does not reveal step 5 at", place="receipt 1")
    honest_about_it = chain_source(terms=stale.terms, not_before="2024-02-29T00:00:00Z")
    forged = sourced(honest_about_it, values={"chain": chain_value(STEP - 2)}, change=unsigned)
    refused(forged, trust=trust, check="dates", match="public from 2024-02-29", place="receipt 1")


@pytest.mark.parametrize("changes", [{"period": 86401}, {"genesis": "2024-02-24T00:00:01Z"}])
def test_a_pinned_chain_on_another_schedule(changes: dict[str, Any]) -> None:
    refused(honest(), trust=policy(chains=(pin(**changes),)), check="entropy", match="does not reveal step 7 at")


def test_the_operators_signature_hidden_under_an_unknown_key() -> None:
    """Signatures are in no digest, so anybody can spoil one on the way; it must not count, and that must show."""
    forged = sourced(chain_source(), values=CHAIN)
    members = opened(forged.receipts[0])
    entry = next(s for s in members["signatures"] if s["keyid"] == keyid("operator"))
    entry["keyid"] = keyid("stranger")
    members["signatures"].sort(key=lambda e: str(e["keyid"]))
    spoilt = Forged((closed(members), *forged.receipts[1:]), forged.rosters)
    assert weak(spoilt) == {Finding.NOT_INDEPENDENT, Finding.WITHHOLDING}


# Secrets that are known


def twice(rename: str | None = None) -> tuple[list[Step], str]:
    chain = voiding()
    name = rename or "discipline"
    second = chain[at(chain, "commitment", 1)].body["sources"]
    entry = next(s for s in second if s["name"] == "discipline")
    entry |= {"name": name, "digest": secret_digest(SHA256, NAME, name, secret("discipline"))}
    values = chain[at(chain, "reveal")].body["values"]
    values[1] |= {"name": name, "value": secret("discipline")}
    return chain, name


def test_a_secret_replayed_after_a_void() -> None:
    chain, _ = twice()
    refused(forge_twice(chain), check="entropy", match=r"'discipline' was (committed|known) before")


def test_a_disclosed_secret_replayed_under_another_name() -> None:
    """Another name gives another digest, but the witness wrote down the value for all to see."""
    chain, _ = twice("discipline.again")
    refused(forge_twice(chain), check="entropy", match="known")


def test_a_secret_known_from_elsewhere() -> None:
    digest = str(secret_source("trade").terms["digest"])
    refused(honest(), known_digests=[digest], check="entropy", match="'trade' was committed before and is known")
    assert judge(honest(), known_digests=["0" * 64]).stage == "drawn"


def test_a_digest_of_another_ceremony() -> None:
    """A digest binds name and ceremony, so that a digest cannot serve twice."""
    for stale in (secret_source("trade", ceremony="other-2024"), secret_source("trade", terms=_renamed())):
        forged = sourced(chain_source(), stale, values=CHAIN | SECRETS)
        refused(forged, check="witness", match="not the secret whose digest was committed")


def _renamed() -> dict[str, str]:
    return {"keyid": keyid("trade"), "digest": secret_digest(SHA256, NAME, "other", secret("trade"))}


# Disclosure


def disclosing(**disclosed: str) -> Forged:
    return attacked(lambda c: c[3].body.update(disclosed=disclosed))


def test_a_false_disclosure() -> None:
    refused(disclosing(trade="00" * 32), check="witness", match="not the secret", place="receipt 4")
    refused(disclosing(nobody="00" * 32), check="witness", match="no secret 'nobody'", place="receipt 4")
    refused(disclosing(chain=chain_value(STEP)), check="witness", match="no secret 'chain'", place="receipt 4")


@pytest.mark.parametrize("disclosed", [{"trade": 1}, {"trade": None}, {"trade": "00"}, ["trade"], None, "trade"])
def test_a_malformed_disclosure(disclosed: Any) -> None:
    refused(attacked(lambda c: c[3].body.update(disclosed=disclosed)), check="receipt", match="disclosed")


def test_a_false_disclosure_where_there_is_no_secret() -> None:
    def change(chain: list[Step]) -> None:
        chain[3].body["disclosed"] = {"nobody": "00" * 32}

    refused(sourced(chain_source(), values=CHAIN, change=change), check="witness", match="no secret 'nobody'")


def moved(time: str) -> Forged:
    def change(chain: list[Step]) -> None:
        chain[3].time = chain[3].body["time"] = time

    return attacked(change)


def test_a_disclosure_at_the_moment_of_the_value() -> None:
    assert weak(moved("2024-03-01T23:59:59Z")) == set()
    assert weak(moved(PUBLIC)) == {Finding.WITHHOLDING}


def test_a_disclosure_of_one_of_two_secrets() -> None:
    report = judge(disclosing(trade=secret("trade")))
    details = [detail for finding, detail in report.findings if finding is Finding.WITHHOLDING]
    assert len(details) == 1
    assert "'discipline'" in details[0]


def test_no_disclosure() -> None:
    assert weak(attacked(lambda c: c[3].body.pop("disclosed"))) == {Finding.WITHHOLDING}


def test_a_disclosure_by_somebody_who_is_no_witness() -> None:
    """An auditor may attest, but dates nothing: what he notes as disclosed does not count."""
    auditor = TrustedKey(name="auditor", public_key=public("auditor"), roles=("auditor",))

    def change(chain: list[Step]) -> None:
        chain[3].keys = ["auditor"]

    assert weak(attacked(change), trust=policy(also=[auditor])) == {Finding.WITHHOLDING}


def test_a_disclosure_noted_only_for_the_commitment_that_was_voided() -> None:
    report = judge(forge_twice(voiding()))
    details = [d for f, d in report.findings if f is Finding.WITHHOLDING]
    assert len(details) == 2, "the second commitment's two secrets were never disclosed"
    assert all("receipt 7" in d for d in details)


# Time


def dated(not_before: str, **trust: Any) -> Forged:
    return sourced(chain_source(not_before=not_before), values=CHAIN)


def test_a_source_of_the_past() -> None:
    refused(dated("2024-02-01T00:00:00Z"), check="dates", match="public from 2024-02-01T00:00:00Z", place="receipt 1")


def test_a_source_inside_the_margin() -> None:
    """The commitment is dated 00:05:00; 60 seconds later is soon enough, 59 are not."""
    refused(dated("2024-03-01T00:05:59Z"), check="dates", match="not 60 s after", place="receipt 1")
    assert judge(dated("2024-03-01T00:06:00Z")).stage == "drawn"
    refused(dated("2024-03-01T00:06:00Z"), trust=policy(margin=61), check="dates", match="not 61 s after")


def test_the_payloads_own_time_is_not_the_date() -> None:
    """The commitment says midnight; the first witness saw it five minutes later, after this value was public."""
    refused(dated("2024-03-01T00:04:00Z"), check="dates", match=f"after {DATED}", place="receipt 1")


def test_the_first_of_two_independent_values_decides() -> None:
    early = chain_source(name="early", not_before="2024-03-01T00:05:30Z", chain="second")
    forged = sourced(chain_source(), early, values=CHAIN | {"early": chain_value(STEP, SHA256, "second")})
    refused(forged, check="dates", match="public from 2024-03-01T00:05:30Z")


def test_a_reveal_before_its_time() -> None:
    """The witness saw the value on the first of March; it was promised to be unknown until the second."""

    def change(chain: list[Step]) -> None:
        place = at(chain, "reveal")
        for step in chain[place : place + 3]:
            step.time = "2024-03-01T13:00:00Z"
        chain[place + 2].body["time"] = chain[place + 2].time

    refused(attacked(change), check="entropy", match="it was there by 2024-03-01T13.* to be unknown until 2024-03-02")


def test_secrets_only() -> None:
    """Somebody is always the last to reveal, even where all are known to be disclosed in time."""
    forged = sourced(*(secret_source(n, not_before=PUBLIC) for n in ("discipline", "trade")), values=SECRETS)
    assert weak(forged) == {Finding.WITHHOLDING}


def test_a_secret_that_was_known_when_the_commitment_was_dated() -> None:
    """One receipt both dates the commitment and discloses all its secrets: which was first, nobody can tell."""

    def change(chain: list[Step]) -> None:
        shown = chain[3].body.pop("disclosed")
        for place in (1, 2, 3):
            chain[place].time = chain[place].body["time"] = DISCLOSED
        chain[1].body["disclosed"] = shown

    forged = sourced(
        *(secret_source(n, not_before=PUBLIC) for n in ("discipline", "trade")), values=SECRETS, change=change
    )
    refused(forged, check="dates", match="disclosed")


def test_a_secret_disclosed_between_the_first_and_the_second_needed_witness() -> None:
    """A verifier who wants two dates the commitment 00:10; one witness alone could have dated it too early."""

    def change(chain: list[Step]) -> None:
        shown = chain[3].body.pop("disclosed")
        chain.insert(2, witness("2024-03-01T00:07:00Z", "notary", 1, disclosed=shown))
        for step in chain[3:]:
            if step.type == "witness" and step.body["sequence"] > 2:
                step.body["sequence"] += 1

    forged = attacked(change)
    assert weak(forged) == set()
    refused(forged, trust=policy(witnesses=2), check="dates", match="disclosed")


# Sources with few outcomes


class Lottery:
    """A test kind: a lottery with as many outcomes as its term says, held by nobody."""

    kind = "x-lottery"

    def check_source(self, source: Source) -> None:
        if set(source.terms) != {"draw", "outcomes"}:
            raise EntropyError("a lottery has a draw and its outcomes")

    def check_value(self, source: Source, value: str, evidence: Json, *, suite: Suite, ceremony: str) -> None:
        if value != result(str(source.terms["draw"])):
            raise EntropyError("this is not what was drawn")

    def outcomes(self, source: Source) -> int:
        return int(source.terms["outcomes"])

    def holder(self, source: Source) -> str | None:
        return None

    def public_from(self, source: Source) -> str | None:
        return None


def result(draw: str) -> str:
    return hashlib.sha256(draw.encode()).hexdigest()[:8]


KINDS: Mapping[str, Beacon] = MappingProxyType({**BUILT_IN, "x-lottery": Lottery()})


def lottery(name: str, outcomes: int, draw: str | None = None) -> Source:
    terms: dict[str, str | int] = {"draw": draw or name, "outcomes": outcomes}
    return Source(kind="x-lottery", name=name, not_before=PUBLIC, terms=terms)


def drawn(*sources: Source) -> Forged:
    values = {s.name: result(str(s.terms["draw"])) for s in sources if s.kind == "x-lottery"}
    return sourced(*sources, values=CHAIN | SECRETS | values, beacons=KINDS)


def test_a_lottery_alone_is_grindable() -> None:
    assert weak(drawn(lottery("six", 1000)), beacons=KINDS) == {Finding.GRINDABLE}


def test_outcomes_are_multiplied_up_to_the_bound() -> None:
    two = (lottery("one", 2**32), lottery("two", 2**32))
    assert weak(drawn(*two), beacons=KINDS) == set()
    short = (lottery("one", 2**32), lottery("two", 2**32 - 1))
    assert weak(drawn(*short), beacons=KINDS) == {Finding.GRINDABLE}


def test_a_source_that_does_not_count_makes_no_lottery_broad() -> None:
    """The organiser's own chain has 2^256 outcomes, all of them known to him."""
    own = chain_source(operator="organiser")
    assert weak(drawn(lottery("six", 1000), own), beacons=KINDS) == {Finding.GRINDABLE, Finding.WITHHOLDING}


def test_one_lottery_under_two_names() -> None:
    """The same draw twice has no more outcomes than once."""
    same = (lottery("one", 2**40, draw="six"), lottery("two", 2**40, draw="six"))
    assert weak(drawn(*same), beacons=KINDS) == {Finding.GRINDABLE}


def test_a_kind_that_the_verifier_does_not_know() -> None:
    """What cannot be checked is refused, not skipped."""
    refused(drawn(lottery("six", 1000), chain_source()), check="commitment", match="kind 'x-lottery' is not known")


def test_a_kind_of_the_specification_that_this_verifier_cannot_check() -> None:
    for kind in sorted({"drand", "nist", "public"} - set(BUILT_IN)):

        def change(chain: list[Step], kind: str = kind) -> None:
            chain[0].body["sources"][0] = {"kind": kind, "name": "chain", "not_before": PUBLIC}

        refused(attacked(change), check="commitment", match=f"kind '{kind}' is not known", place="receipt 1")


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: s[0].update(step=0),
        lambda s: s[0].update(step=10**6 + 1),
        lambda s: s[0].update(step="7"),
        lambda s: s[0].update(tip=s[0]["tip"].upper()),
        lambda s: s[0].pop("operator"),
        lambda s: s[0].update(extra=1),
        lambda s: s[1].update(digest="00"),
        lambda s: s[1].update(not_before="2024-13-01T00:00:00Z"),
        lambda s: s[1].update(name="trade"),
        lambda s: s[1].update(name="Trade"),
        lambda s: s[1].update(kind="hashchain"),
        lambda s: s.clear(),
    ],
)
def test_a_declaration_that_is_none(spoil: Any) -> None:
    with pytest.raises(VerificationError, match=r"^(receipt|commitment): "):
        judge(attacked(lambda c: spoil(c[0].body["sources"])))


def test_findings_name_the_commitment_they_are_about() -> None:
    report = judge(sourced(chain_source(operator="organiser"), values=CHAIN))
    assert all("receipt 1 (commitment)" in d for f, d in report.findings if f in WEAK)
