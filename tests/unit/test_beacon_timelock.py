"""Time-locked secrets: what is declared, how the lock opens, and how a bad one is shown to be bad."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from timelocks import (
    CEREMONY,
    CHAINS,
    KEYID,
    NAME,
    NUMBER,
    QUICKNET,
    RANDOM,
    SECRET,
    changed,
    evidence,
    holding,
    locked,
    sealed,
)

from dblrandom.beacons.secret import SecretBeacon
from dblrandom.beacons.timelock import (
    Opened,
    check_lock_window,
    check_misopened,
    is_locked,
    locked_secret,
    open_timelock,
)
from dblrandom.errors import EntropyError, MissingExtra
from dblrandom.kernel.suite import SHA256, SM3
from dblrandom.model import Json, Source
from dblrandom.model.names import time_text
from dblrandom.testing import BeaconCase, BeaconConformance

BEACON = SecretBeacon()
OPENS = "2025-08-21T19:09:24Z"
UNKNOWN = (("fastnet", 100000), ("testnet-unchained-3s", 1000000))


def accept(source: Source, value: str = SECRET, shown: Json = None, **changes: Any) -> None:
    BEACON.check_value(source, value, shown, **({"suite": SHA256, "ceremony": CEREMONY} | changes))


def opened(source: Source, shown: Json, **changes: Any) -> Opened:
    return open_timelock(source, shown, **({"suite": SHA256, "ceremony": CEREMONY} | changes))


def misopened(source: Source, shown: Json) -> str:
    return check_misopened(source, shown, suite=SHA256, ceremony=CEREMONY)


class TestLocked(BeaconConformance):
    beacon = BEACON
    cases = (
        BeaconCase(source=locked(), value=SECRET, evidence=evidence(), ceremony=CEREMONY),
        BeaconCase(source=locked(), value=SECRET, ceremony=CEREMONY),
        *(
            BeaconCase(source=locked(n, c), value=SECRET, evidence=evidence(n, c), ceremony=CEREMONY)
            for c, n in UNKNOWN
        ),
    )
    wrong = ("5f" * 32,)


def test_the_declaration() -> None:
    source = locked()
    assert sorted(source.terms) == ["chain", "digest", "keyid", "round", "timelock"]
    assert source.not_before == OPENS
    assert len(str(source.terms["timelock"])) < 700
    BEACON.check_source(source)
    assert is_locked(source)
    assert BEACON.public_from(source) == OPENS
    assert BEACON.holder(source) == KEYID


def test_a_secret_without_a_lock_stays_what_it_was() -> None:
    bare = changed(locked(), timelock=None, chain=None, round=None)
    BEACON.check_source(bare)
    assert not is_locked(bare)
    assert BEACON.public_from(bare) is None
    accept(bare)
    with pytest.raises(EntropyError, match="needs no evidence"):
        accept(bare, shown=evidence())
    with pytest.raises(EntropyError, match="has no time-lock"):
        opened(bare, evidence())


def test_an_unknown_networks_lock_has_no_schedule() -> None:
    for chain, number in UNKNOWN:
        source = locked(number, chain)
        BEACON.check_source(source)
        assert BEACON.public_from(source) is None


@pytest.mark.parametrize("missing", ["timelock", "chain", "round"])
def test_a_part_of_a_lock(missing: str) -> None:
    with pytest.raises(EntropyError, match=f"a time-lock without '{missing}'"):
        BEACON.check_source(changed(locked(), **{missing: None}))


@pytest.mark.parametrize(
    ("terms", "match"),
    [
        ({"round": 0}, "round: 0 is not a whole number from 1"),
        ({"round": "21000000"}, "round: '21000000' is not a whole"),
        ({"round": NUMBER + 1}, "locked to round 21000000, not"),
        ({"chain": "52DB" + QUICKNET.hash[4:]}, "chain: .* is not 64"),
        ({"chain": CHAINS["fastnet"].hash}, "locked to the chain 52db9ba"),
        ({"timelock": 5}, "timelock: is not base64"),
        ({"timelock": "AAAA"}, "timelock: age file: is cut short"),
        ({"keyid": None}, "does not declare 'keyid'"),
        ({"digest": "00"}, "digest: '00' is not 64"),
        ({"extra": 1}, "declares 'extra'"),
    ],
)
def test_declarations_that_are_none(terms: dict[str, Any], match: str) -> None:
    with pytest.raises(EntropyError, match=f"^source 'notary'.*{match}"):
        BEACON.check_source(changed(locked(), **terms))


def test_not_before_is_the_rounds_time() -> None:
    source = locked()
    early = Source(kind="secret", name=NAME, not_before="2025-08-21T19:09:21Z", terms=source.terms)
    with pytest.raises(EntropyError, match="is due at 2025-08-21T19:09:24Z"):
        BEACON.check_source(early)


def test_not_before_of_an_unknown_network_is_checked_with_the_evidence() -> None:
    source = locked(100000, "fastnet")
    late = Source(kind="secret", name=NAME, not_before="2030-01-01T00:00:00Z", terms=source.terms)
    BEACON.check_source(late)
    with pytest.raises(EntropyError, match="not at 2030"):
        accept(late, shown=evidence(100000, "fastnet"))


def test_a_locked_secret_that_its_holder_discloses() -> None:
    accept(locked())
    with pytest.raises(EntropyError, match="not the secret whose digest"):
        accept(locked(), "5f" * 32)


def test_the_round_opens_it() -> None:
    accept(locked(), shown=evidence())
    assert opened(locked(), evidence()) == Opened(SECRET, None)
    for chain, number in UNKNOWN:
        assert opened(locked(number, chain), evidence(number, chain)).secret == SECRET


def test_the_digest_is_that_of_ceremony_and_suite() -> None:
    for changes in ({"ceremony": "other"}, {"suite": SM3}):
        assert "another secret" in str(opened(locked(), evidence(), **changes).reason)


def test_a_good_lock_cannot_be_called_bad() -> None:
    with pytest.raises(EntropyError, match="opens to the committed secret; nothing is wrong"):
        misopened(locked(), evidence())


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"round": NUMBER - 1}, "of round 20999999, not of the declared one"),
        ({"round": "21000000"}, "round: .*not a whole number"),
        ({"round": True}, "round: true is not a whole number"),
        ({"signature": evidence(1000)["signature"]}, "is not the signature of round 21000000"),
        ({"signature": evidence()["signature"].upper()}, "lower-case hex"),
        ({"signature": 5}, "is not text"),
        ({"chain": evidence(100000, "fastnet")["chain"]}, "not of the declared one"),
        ({"chain": None}, "not a table"),
        ({"previous_signature": "00"}, "unknown member"),
        ({"randomness": "00"}, "unknown member"),
    ],
)
def test_evidence_that_is_no_round(change: dict[str, Any], match: str) -> None:
    """It proves nothing, neither for the value nor against the lock's holder."""
    for source in (locked(), holding(sealed(b"x" * 64))):
        with pytest.raises(EntropyError, match=match):
            opened(source, evidence() | change)
    with pytest.raises(EntropyError, match=match):
        accept(locked(), shown=evidence() | change)


@pytest.mark.parametrize("member", ["chain", "round", "signature"])
def test_evidence_lacks_a_member(member: str) -> None:
    part = {k: v for k, v in evidence().items() if k != member}
    with pytest.raises(EntropyError, match=f"{member} *: is missing"):
        accept(locked(), shown=part)


@pytest.mark.parametrize("shown", [[], "", 0, False, {}, "00" * 48])
def test_evidence_of_another_shape(shown: Json) -> None:
    with pytest.raises(EntropyError, match="source 'notary': evidence"):
        accept(locked(), shown=shown)


def test_a_locked_secret_is_made_of_sound_parts() -> None:
    def make(**changes: Any) -> Source:
        given: dict[str, Any] = {"keyid": KEYID, "secret": SECRET, "info": QUICKNET, "round": NUMBER, "random": RANDOM}
        return locked_secret(NAME, **(given | {"suite": SHA256, "ceremony": CEREMONY} | changes))

    assert make() == locked()
    for changes, match in (
        ({"secret": "5E" * 32}, "64 lower-case hex"),
        ({"secret": "5e"}, "64 lower-case hex"),
        ({"info": CHAINS["default"]}, "nothing can be locked"),
        ({"round": 0}, "round"),
        ({"round": 2**53 - 1}, "beyond the year 9999"),
        ({"random": b""}, "48 random bytes"),
        ({"ceremony": "Not A Name"}, "not a name"),
    ):
        with pytest.raises(EntropyError, match=match):
            make(**changes)


@given(place=st.integers(0, 681), flip=st.integers(1, 255))
@settings(max_examples=60, deadline=None)
def test_a_changed_file_is_refused_or_misopens(place: int, flip: int) -> None:
    age = bytearray(sealed())
    age[place % len(age)] ^= flip
    source = holding(bytes(age))
    try:
        BEACON.check_source(source)
    except EntropyError:
        return
    assert opened(source, evidence()).secret is None


@given(st.binary(min_size=1, max_size=800))
@settings(max_examples=60)
def test_bytes_that_are_no_file(age: bytes) -> None:
    with pytest.raises(EntropyError, match="timelock"):
        BEACON.check_source(holding(age))


def window(dated: str = "2025-08-21T19:08:24Z", margin: int = 60, reveal_by: str = OPENS) -> None:
    check_lock_window(locked(), dated=dated, margin=margin, reveal_by=reveal_by)


def test_the_lock_opens_between_date_and_deadline() -> None:
    window()
    with pytest.raises(EntropyError, match=r"not 60 s after .*take a later round"):
        window(dated="2025-08-21T19:08:25Z")
    with pytest.raises(EntropyError, match="not 61 s after"):
        window(margin=61)
    with pytest.raises(EntropyError, match=r"after the deadline .*take an earlier round"):
        window(reveal_by="2025-08-21T19:09:23Z")


def test_times_of_the_recorded_round() -> None:
    assert time_text(QUICKNET.time_of(NUMBER)) == OPENS


def test_a_declaration_is_read_without_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    source = locked()
    monkeypatch.setitem(sys.modules, "py_arkworks_bls12381", None)
    BEACON.check_source(source)
    accept(source)
    with pytest.raises(MissingExtra, match=r"dblrandom\[drand\]"):
        accept(source, shown=evidence())
