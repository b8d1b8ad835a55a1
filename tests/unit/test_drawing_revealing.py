from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ceremonies as kit
import pytest

from dblrandom.drawing.revealing import Value, check_reveal, make_reveal
from dblrandom.errors import EntropyError
from dblrandom.evidence.bodies import check_body
from dblrandom.evidence.disclosing import check_disclosed, disclosed_in
from dblrandom.kernel.entropy import seed
from dblrandom.kernel.suite import SHA256

MADE = kit.committed()
WHAT = (MADE.commitment, MADE.commitment_digest, kit.NAME)


def body(**changes: str) -> dict[str, Any]:
    return make_reveal(*WHAT, {n: Value(v) for n, v in (kit.values() | changes).items()})


def test_the_seed_is_of_the_commitment_and_the_values_in_the_declared_order() -> None:
    found = body()
    check_body("reveal", found, "reveal")
    expected = [
        ("hashchain", "notary", kit.chain_value(3)),
        ("secret", "discipline", kit.secret("discipline")),
    ]
    assert [(v["kind"], v["name"], v["value"]) for v in found["values"]] == expected
    assert found["seed"] == seed(SHA256, MADE.commitment_digest, expected)
    assert check_reveal(*WHAT, found) == found["seed"]


def test_it_does_not_matter_in_which_order_the_values_are_given() -> None:
    turned = {n: Value(v) for n, v in reversed(kit.values().items())}
    assert make_reveal(*WHAT, turned) == body()


def test_no_source_is_skipped_and_none_added() -> None:
    with pytest.raises(EntropyError, match="'discipline': its value is missing, and no source is ever skipped"):
        make_reveal(*WHAT, {"notary": Value(kit.chain_value(3))})
    with pytest.raises(EntropyError, match="no source 'dice' is committed; there are notary, discipline"):
        body(dice="00")


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"notary": kit.chain_value(2)}, "does not lead to the declared tip"),
        ({"notary": kit.chain_value(4)}, "does not lead to the declared tip"),
        ({"notary": kit.chain_value(3).upper()}, "lower-case hex"),
        ({"discipline": kit.secret("notary")}, "not the secret whose digest"),
        ({"discipline": ""}, "32 bytes"),
    ],
)
def test_only_the_declared_value_is_taken(changes: dict[str, str], problem: str) -> None:
    with pytest.raises(EntropyError, match=problem):
        body(**changes)


def test_evidence_that_nobody_checks_is_refused() -> None:
    with pytest.raises(EntropyError, match="needs no evidence"):
        make_reveal(
            *WHAT, {"notary": Value(kit.chain_value(3), {"url": "x"}), "discipline": Value(kit.secret("discipline"))}
        )


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda b: b["values"].reverse(), "in this order"),
        (lambda b: b["values"].pop(), "in this order"),
        (lambda b: b["values"].append(b["values"][0]), "in this order"),
        (lambda b: b["values"][0].update(name="other"), "in this order"),
        (lambda b: b["values"][0].update(kind="secret"), "in this order"),
        (lambda b: b["values"][0].update(value=kit.chain_value(2)), "does not lead"),
        (lambda b: b.update(seed="0" * 64), "seed: the receipt says 0000"),
    ],
)
def test_a_reveal_that_was_changed_is_refused(change: Callable[[Any], object], problem: str) -> None:
    changed = body()
    change(changed)
    with pytest.raises(EntropyError, match=problem):
        check_reveal(*WHAT, changed)


def test_a_reveal_belongs_to_one_commitment_and_one_ceremony() -> None:
    with pytest.raises(EntropyError, match="seed"):
        check_reveal(MADE.commitment, "0" * 64, kit.NAME, body())
    with pytest.raises(EntropyError, match="not the secret"):
        check_reveal(MADE.commitment, MADE.commitment_digest, "another", body())


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(EntropyError, match="'hashchain' is not known here; known are"):
        make_reveal(*WHAT, {n: Value(v) for n, v in kit.values().items()}, beacons={})


# Disclosing


def test_disclosed_secrets_must_be_those_committed() -> None:
    good = {"discipline": kit.secret("discipline")}
    check_disclosed(MADE.commitment, kit.NAME, good, MADE.beacons)
    for wrong, problem in (
        ({"discipline": kit.secret("x")}, "not the secret"),
        ({"notary": kit.chain_value(3)}, "no secret 'notary' is committed; there are discipline"),
        ({"other": kit.secret("x")}, "no secret 'other'"),
    ):
        with pytest.raises(EntropyError, match=problem):
            check_disclosed(MADE.commitment, kit.NAME, wrong, MADE.beacons)


def test_the_first_disclosure_counts() -> None:
    made = kit.disclosed()
    out = {"discipline": kit.secret("discipline")}
    made.witness(time="2024-03-01T13:00:00Z", keys=kit.keys("notary"), disclosed=out)
    assert disclosed_in(MADE.receipts) == {}
    assert {n: d.time for n, d in disclosed_in(made.receipts).items()} == {"discipline": "2024-03-01T12:00:00Z"}
