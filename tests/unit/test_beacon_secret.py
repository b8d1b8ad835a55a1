from __future__ import annotations

import hashlib
from typing import Any

import pytest

from dblrandom.beacons.base import Beacon
from dblrandom.beacons.secret import SecretBeacon
from dblrandom.errors import EntropyError
from dblrandom.kernel.suite import SHA256, SM3
from dblrandom.model import Json, Source

BEACON = SecretBeacon()
VALUE = "5e" * 32
# Written out by hand, so that a mistake in the kernel's lines would be found here too.
DIGEST = hashlib.sha256(f"dblrandom/v1/secret\nkunming\npsb\n{VALUE}\n".encode()).hexdigest()


def source(kind: str = "secret", name: str = "psb", **terms: Any) -> Source:
    terms = {"keyid": "ab" * 32, "digest": DIGEST} | terms
    given = {key: value for key, value in terms.items() if value is not None}
    return Source(kind=kind, name=name, not_before="2024-02-01T02:00:00Z", terms=given)


def accept(of: Source, value: Any, evidence: Json = None, ceremony: str = "kunming") -> None:
    BEACON.check_value(of, value, evidence, suite=SHA256, ceremony=ceremony)


def test_it_is_a_beacon() -> None:
    assert isinstance(BEACON, Beacon)
    assert BEACON.kind == "secret"
    assert BEACON.outcomes(source()) == 2**256


def test_the_committed_secret_is_accepted() -> None:
    BEACON.check_source(source())
    accept(source(), VALUE)


@pytest.mark.parametrize("value", ["5f" * 32, VALUE.upper(), VALUE[:-2], VALUE + "00", "", VALUE + "\n", None, 5])
def test_no_other_value_is(value: Any) -> None:
    with pytest.raises(EntropyError, match="source 'psb'"):
        accept(source(), value)


def test_the_digest_is_bound_to_ceremony_name_and_suite() -> None:
    with pytest.raises(EntropyError, match="not the secret"):
        accept(source(), VALUE, ceremony="dali")
    with pytest.raises(EntropyError, match="not the secret"):
        accept(source(name="other"), VALUE)
    with pytest.raises(EntropyError, match="not the secret"):
        BEACON.check_value(source(), VALUE, None, suite=SM3, ceremony="kunming")


def test_evidence_that_nobody_checks_is_refused() -> None:
    for evidence in ({}, "", [], False):
        with pytest.raises(EntropyError, match="no evidence"):
            accept(source(), VALUE, evidence)


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        ({"keyid": None}, "'keyid'"),
        ({"digest": None}, "'digest'"),
        ({"extra": 1}, "'extra'"),
        ({"keyid": "AB" * 32}, "keyid"),
        ({"digest": 5}, "digest"),
        ({"digest": DIGEST[:-1]}, "digest"),
    ],
)
def test_other_terms_are_refused_by_name(terms: dict[str, Any], message: str) -> None:
    with pytest.raises(EntropyError, match=message):
        BEACON.check_source(source(**terms))
    with pytest.raises(EntropyError, match=message):
        accept(source(**terms), VALUE)


def test_another_kind_is_refused() -> None:
    with pytest.raises(EntropyError, match="kind 'drand'"):
        BEACON.check_source(source("drand"))
