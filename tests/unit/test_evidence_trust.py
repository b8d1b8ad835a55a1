from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import attrs
import ceremonies as kit
import pytest

from dblrandom.errors import DblrandomError, InputError
from dblrandom.evidence import PinnedChain
from dblrandom.evidence.trust import ROLES, Requirement, TrustedKey, TrustPolicy

D = "0" * 64
FULL = kit.policy(
    require={"commitment": (Requirement("organiser", 1), Requirement("witness", 2)), "draw": ()},
    chains=(PinnedChain(tip=D, operator="1" * 64, genesis="2024-01-01T00:00:00Z", period=60),),
    margin=0,
    witnesses=3,
    previous_ceremony=D,
)
DATED = attrs.evolve(
    FULL.keys[1], valid_from="2024-01-01T00:00:00Z", valid_until="2025-01-01T00:00:00Z", revoked=kit.AFTER
)


@pytest.mark.parametrize("policy", [kit.policy(), FULL, TrustPolicy(keys=(DATED,), chains=())])
def test_a_policy_is_read_back(policy: TrustPolicy) -> None:
    data = policy.to_bytes()
    assert TrustPolicy.from_bytes(data) == policy


def test_the_organiser_must_sign_all_but_witness_receipts_unless_said_otherwise() -> None:
    require = kit.policy().require
    assert "witness" not in require
    assert set(require.values()) == {(Requirement("organiser", 1),)}


def altered(change: Callable[[dict[str, Any]], object]) -> bytes:
    members = json.loads(FULL.to_bytes())
    change(members)
    return json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "trust policy"),
        (b"{}", "'specification' is missing|is missing"),
        (b"[]", "not an object"),
        (FULL.to_bytes() + b"\n", "trust policy"),
        (altered(lambda m: m.update(more=1)), "no member 'more'"),
        (altered(lambda m: m.pop("margin")), "'margin' is missing"),
        (altered(lambda m: m.update(margin=-1)), "margin"),
        (altered(lambda m: m.update(margin=True)), "margin"),
        (altered(lambda m: m.update(witnesses="1")), "witnesses"),
        (altered(lambda m: m.update(specification="dblrandom/v2")), "specification"),
        (altered(lambda m: m.update(keys=[])), "keys"),
        (altered(lambda m: m["keys"][0].update(roles=["king"])), "roles"),
        (altered(lambda m: m["keys"][0].update(roles=[])), "roles"),
        (altered(lambda m: m["keys"][0].update(algorithm="rsa")), "algorithm"),
        (altered(lambda m: m["keys"][0].update(public_key="x")), "public_key"),
        (altered(lambda m: m["keys"][0].update(revoked="2024-13-01T00:00:00Z")), "revoked"),
        (altered(lambda m: m["keys"][0].update(note="x")), "no member 'note'"),
        (altered(lambda m: m["keys"].append(m["keys"][0])), "have the same key"),
        (altered(lambda m: m["require"].update(coup=[])), "no receipt type 'coup'"),
        (altered(lambda m: m["require"]["commitment"][0].update(threshold=0)), "threshold"),
        (altered(lambda m: m["require"]["commitment"][0].update(role="king")), "role"),
        (altered(lambda m: m["chains"][0].update(tip="x")), "tip"),
        (altered(lambda m: m["chains"][0].update(period=0)), "period"),
        (altered(lambda m: m["chains"][0].pop("genesis")), "'genesis' is missing"),
        (altered(lambda m: m.update(previous_ceremony=None)), "previous_ceremony"),
    ],
)
def test_a_malformed_policy_is_refused_by_name(data: bytes, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        TrustPolicy.from_bytes(data)


def key(name: str, *roles: str) -> TrustedKey:
    return TrustedKey(name=name, public_key=kit.key(name + "".join(roles)).public_key.hex(), roles=roles)


@pytest.mark.parametrize("role", [r for r in ROLES if r != "organiser"])
def test_nobody_is_the_organiser_and_something_else(role: str) -> None:
    with pytest.raises(InputError, match="cannot have another role"):
        key("a", "organiser", role)
    with pytest.raises(InputError, match="'a' is the organiser and holds another key"):
        TrustPolicy(keys=(key("a", "organiser"), key("a", role)))


def test_a_key_is_checked_when_it_is_made() -> None:
    for wrong in ({"public_key": "x"}, {"roles": ("king",)}, {"roles": ()}, {"name": ""}, {"valid_from": "today"}):
        with pytest.raises(DblrandomError, match="trusted key"):
            TrustedKey(**{"name": "a", "public_key": D, "roles": ("witness",)} | wrong)  # type: ignore[arg-type]


def test_keys_are_found_by_their_id() -> None:
    policy = kit.policy()
    assert policy.key(kit.key("notary").keyid).name == "notary"  # type: ignore[union-attr]
    assert policy.key(D) is None
    assert policy.is_independent(kit.key("notary").keyid)
    assert not policy.is_independent(kit.key("organiser").keyid)
    assert not policy.is_independent(D)


def test_a_pinned_chain_is_found_by_its_tip() -> None:
    (chain,) = FULL.chains
    assert FULL.pinned(D) is chain
    assert FULL.pinned("1" * 64) is None
    assert chain.public_from(2) - chain.public_from(0) == 120


def test_the_margin_is_counted_from_the_date() -> None:
    assert kit.policy(margin=90).earliest_lawful("1970-01-01T00:01:00Z") == 150
