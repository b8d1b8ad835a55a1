from __future__ import annotations

import copy
from typing import Any

import ceremonies as kit
import pytest

from dblrandom.errors import ReceiptError
from dblrandom.evidence.bodies import BODIES, SEALABLE, check_body, schema, schemas
from dblrandom.evidence.chain import GRAMMAR

D = "0" * 64


def bodies() -> dict[str, Any]:
    """One sound body of every type, as the rules made it."""
    made = kit.drawn()
    made.substitute("1", "not-found", time=kit.AFTER, keys=kit.keys("organiser"), target=made.drawn["1"].selected[0].id)
    made.result("1", kit.results(made), time=kit.AFTER, keys=kit.keys("organiser"))
    found = {receipt.type: copy.deepcopy(dict(receipt.body)) for receipt in made.receipts}
    return found | {"void": {"reason": "x"}, "sealed": {"type": "draw", "digest": D}}


SOUND = bodies()


def test_there_is_one_sound_body_of_every_type_and_each_passes() -> None:
    assert SOUND.keys() == BODIES.keys()
    for kind, body in SOUND.items():
        check_body(kind, body, "r")


def test_the_grammar_and_the_bodies_know_the_same_types() -> None:
    named = {kind for following in GRAMMAR.values() for kind in following}
    assert named | {"witness"} == set(BODIES)


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_every_required_member_is_required_and_no_other_is_allowed(kind: str) -> None:
    for name in BODIES[kind].required:
        less = {k: v for k, v in SOUND[kind].items() if k != name}
        with pytest.raises(ReceiptError, match=f"r: body: the member '{name}' is missing"):
            check_body(kind, less, "r")
    with pytest.raises(ReceiptError, match="there is no member 'extra' here"):
        check_body(kind, SOUND[kind] | {"extra": 1}, "r")


@pytest.mark.parametrize("kind", sorted(BODIES))
def test_only_what_can_be_sealed_can_carry_a_blind(kind: str) -> None:
    body = SOUND[kind] | {"blind": D}
    if kind in SEALABLE:
        check_body(kind, body, "r")
        with pytest.raises(ReceiptError, match="blind"):
            check_body(kind, body | {"blind": D[1:]}, "r")
    else:
        with pytest.raises(ReceiptError, match="no member 'blind'"):
            check_body(kind, body, "r")


@pytest.mark.parametrize(
    ("kind", "change", "problem"),
    [
        ("commitment", {"suite": "md5"}, "body.suite"),
        ("commitment", {"specification": "dblrandom/v2"}, "body.specification"),
        ("commitment", {"tasks": []}, "body.tasks"),
        ("commitment", {"tasks": [{}]}, "'id' is missing"),
        ("commitment", {"sources": []}, "body.sources"),
        ("commitment", {"sources": [{"kind": "secret", "name": "x", "not_before": "2024-02-30T00:00:00Z"}]}, "sources"),
        ("commitment", {"sources": [{"kind": "dice", "name": "x", "not_before": kit.PUBLIC}]}, "'dice'"),
        ("commitment", {"signers": [{"role": "witness", "algorithm": "rsa", "public_key": D}]}, "algorithm"),
        ("commitment", {"signers": [{"role": "party", "algorithm": "ed25519", "public_key": D[1:]}]}, "public_key"),
        ("commitment", {"signers": [{"role": "king", "algorithm": "ed25519", "public_key": D}]}, "role"),
        ("commitment", {"deadlines": {"reveal": kit.PUBLIC, "draw": kit.PUBLIC}}, "'result' is missing"),
        ("commitment", {"previous_ceremony": "x"}, "previous_ceremony"),
        ("witness", {"time": "2024-01-01T00:00:60Z"}, "time"),
        ("witness", {"disclosed": {"x": "y"}}, "disclosed.x"),
        ("witness", {"sequence": 0}, "sequence"),
        ("reveal", {"values": []}, "values"),
        ("reveal", {"values": [{"kind": "x", "name": "x", "value": " x"}]}, "value"),
        ("reveal", {"values": [{"kind": "x", "name": "x", "value": "x  y"}]}, "value"),
        ("reveal", {"values": [{"kind": "x", "name": "x", "value": "x" * 600}]}, "value"),
        ("reveal", {"seed": "x"}, "seed"),
        ("draw", {"tasks": []}, "tasks"),
        ("sealed", {"type": "commitment"}, "body.type"),
        ("sealed", {"type": "void"}, "body.type"),
        ("substitution", {"replaced": {}}, "exactly one of target, inspector, open"),
        ("substitution", {"replaced": {"target": "a", "open": "b"}}, "exactly one of"),
        ("substitution", {"replacement": ""}, "replacement"),
        ("substitution", {"slots": [{"target": "a", "role": "b", "inspector": None, "cap_waived": 1}]}, "cap_waived"),
        ("result", {"outcomes": []}, "outcomes"),
        ("result", {"outcomes": [{"id": "a", "codes": []}]}, "codes"),
        ("result", {"outcomes": [{"id": "a", "codes": ["fine"]}]}, "codes"),
        ("void", {"reason": ""}, "reason"),
        ("void", {"reason": "x" * 4097}, "reason"),
    ],
)
def test_a_malformed_member_is_refused_by_name(kind: str, change: dict[str, Any], problem: str) -> None:
    with pytest.raises(ReceiptError, match=problem):
        check_body(kind, SOUND[kind] | change, "r")


@pytest.mark.parametrize("body", [None, [], "x", 1, True])
def test_a_body_is_an_object(body: Any) -> None:
    with pytest.raises(ReceiptError, match="not an object"):
        check_body("void", body, "r")


def test_unknown_types_are_refused() -> None:
    with pytest.raises(ReceiptError, match="no receipt type 'amendment'"):
        check_body("amendment", {}, "r")
    with pytest.raises(ReceiptError, match="no receipt type 'amendment'"):
        schema("amendment")


def test_schemas_has_every_type() -> None:
    assert schemas() == {kind: schema(kind) for kind in BODIES}
