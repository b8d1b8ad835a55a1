from __future__ import annotations

import hashlib
from typing import Any

import nistkit as kit
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dblrandom.beacons.base import Beacon
from dblrandom.beacons.nistcerts import PINNED
from dblrandom.beacons.pulse import LINKS, Pulse, check_follows
from dblrandom.errors import EntropyError, KeyFileError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.x509sig import MAX_CERTIFICATE, RsaCertificate
from dblrandom.model import Source

SOUND = ("first", "before", "after", "recent")


def test_it_is_a_beacon() -> None:
    source, _, _ = kit.recorded_case()
    assert isinstance(kit.BEACON, Beacon)
    assert kit.BEACON.kind == "nist"
    assert kit.BEACON.outcomes(source) == 2**512
    assert kit.BEACON.public_from(source) == "2018-08-30T17:44:00Z"


# What the recorded pulses prove about the format


@pytest.mark.parametrize("name", [*SOUND, "mismatched"])
def test_the_signed_bytes_and_the_output_value(name: str) -> None:
    pulse = kit.pulse(name)
    assert pulse.serialised() == kit.by_hand(kit.raw(name))
    signature = bytes.fromhex(pulse.signature_value)
    assert hashlib.sha512(pulse.serialised() + signature).hexdigest() == pulse.output_value


@pytest.mark.parametrize("name", SOUND)
def test_recorded_pulses_hold(name: str) -> None:
    pulse = kit.pulse(name)
    pulse.check(kit.certificate(pulse))
    pulse.check(kit.certificate(pulse).replace("\n", "  \r\n"))


def test_a_certificates_identifier_is_the_hash_of_its_der_bytes() -> None:
    for identifier, pem in kit.RECORDED["certificates"].items():
        found = RsaCertificate.from_pem(pem)
        assert found.identifier == identifier == kit.identifier(pem)
        assert found.pem == pem
        assert hashlib.sha512(pem.encode()).hexdigest() != identifier


def test_pinned_certificates_are_what_they_are_said_to_be() -> None:
    assert PINNED
    for identifier, pin in PINNED.items():
        found = RsaCertificate.from_pem(pin.pem)
        assert (found.identifier, found.valid_from, found.valid_until) == (identifier, pin.valid_from, pin.valid_until)
        assert kit.RECORDED["certificates"][identifier] == pin.pem
        assert any(p["certificateId"] == identifier for n, p in kit.RECORDED["pulses"].items() if n in SOUND)


def test_adjacent_pulses_follow_each_other() -> None:
    check_follows(kit.pulse("before"), kit.pulse("after"))


# The pulse as a value


@pytest.mark.parametrize("name", SOUND)
def test_the_one_form_of_a_pulse(name: str) -> None:
    pulse = kit.pulse(name)
    form = pulse.to_json()
    assert Pulse.from_json(form, "again") == pulse
    assert decode(encode(form)) == form
    assert form["outputValue"] == kit.raw(name)["outputValue"].lower()
    assert [entry["type"] for entry in kit.raw(name)["listValues"]] == list(LINKS)


MEMBERS = sorted(kit.raw("after"))
ODD: tuple[Any, ...] = (None, True, 1.5, -1, 2**64, "", "x", "é", "\ud800", "0" * 127, "0" * 9999, [], {}, [[]], b"x")


@pytest.mark.parametrize("member", MEMBERS)
def test_malformed_members(member: str) -> None:
    for odd in ODD:
        members = kit.raw("after") | {member: odd}
        if member in ("uri", "version") and (odd == "x" or (member == "uri" and odd == "0" * 127)):
            continue  # these are texts of the operator's own
        with pytest.raises(EntropyError, match=rf"^a\.b(\.{member}|: unknown)"):
            Pulse.from_json(members, "a.b")
    members = kit.raw("after")
    del members[member]
    with pytest.raises(EntropyError, match=f"{member}: is missing"):
        Pulse.from_json(members, "pulse")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda p: p.update(extra=1), "unknown member 'extra'"),
        (lambda p: p["external"].update(extra=1), "unknown member 'extra'"),
        (lambda p: p["external"].update(statusCode=2**32), "external.statusCode: 4294967296 is over"),
        (lambda p: p.update(cipherSuite=1), "no other is known"),
        (lambda p: p.update(period=2**32), "is over 4294967295"),
        (lambda p: p.update(chainIndex=0), "chainIndex"),
        (lambda p: p.update(pulseIndex=2**53), "is over 9007199254740991"),
        (lambda p: p.update(timeStamp="2018-08-30T17:44:00Z"), "time with milliseconds"),
        (lambda p: p.update(timeStamp="2018-02-30T17:44:00.000Z"), "not a time in UTC"),
        (lambda p: p.update(timeStamp="2018-08-30T17:44:60.000Z"), "not a time in UTC"),
        (lambda p: p.update(uri="x" * 257), "1 to 256 printable"),
        (lambda p: p.update(version="2.0\n"), "1 to 32 printable"),
        (lambda p: p.update(signatureValue="00" * 255), "512 to 2048"),
        (lambda p: p.update(signatureValue="00" * 1025), "512 to 2048"),
        (lambda p: p.update(signatureValue="0" * 1023), "512 to 2048"),
        (lambda p: p["listValues"].pop(), "there are 4, not previous"),
        (lambda p: p["listValues"].append({}), "there are 6, not previous"),
        (lambda p: p["listValues"][2].update(type="hour"), "'hour' stands in the place of 'day'"),
        (lambda p: p["listValues"][2].update(value="00"), r"listValues\[2\].value: '00' is not 128"),
    ],
)
def test_what_a_pulse_cannot_say(change: Any, match: str) -> None:
    members = kit.raw("after")
    change(members)
    with pytest.raises(EntropyError, match=match):
        Pulse.from_json(members, "pulse")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda v: st.lists(v) | st.dictionaries(st.text(), v)
    )
)
def test_no_foreign_error_from_any_json(value: Any) -> None:
    with pytest.raises(EntropyError):
        Pulse.from_json(value, "pulse")
    source, output, _ = kit.recorded_case()
    for evidence in (value, {"pulse": value, "certificate": value}, {"pulse": kit.raw("after"), "certificate": value}):
        with pytest.raises(EntropyError):
            kit.accept(source, output, evidence)


# The declaration


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"chain": 0}, "chain: 0 is not a whole number from 1"),
        ({"chain": "1"}, "chain"),
        ({"pulse": 0}, "pulse: 0 is not a whole number from 1"),
        ({"pulse": None}, "does not declare 'pulse'"),
        ({"time": "2018-08-30"}, "time: '2018-08-30' is not a time"),
        ({"time": 7}, "time: 7 is not text"),
        ({"time": "2018-08-30T17:45:00Z"}, "not_before: 2018-08-30T17:44:00Z is not 2018-08-30T17:45:00Z"),
        ({"not_before": "2018-08-30T17:43:00Z"}, "not_before"),
        ({"certificate": "00" * 32}, "certificate"),
        ({"certificate": "AB" * 64}, "certificate"),
        ({"round": 7}, "declares 'round'"),
    ],
)
def test_declarations_that_are_refused(changes: dict[str, Any], match: str) -> None:
    if "time" in changes:
        source = kit.declared(kit.pulse("after"), **changes, not_before="2018-08-30T17:44:00Z")
    else:
        source = kit.declared(kit.pulse("after"), **changes)
    with pytest.raises(EntropyError, match=match):
        kit.BEACON.check_source(source)


def test_a_time_that_no_pinned_certificate_covers_is_refused_when_committing() -> None:
    """Better an error before anything is at stake than a draw that can never be made."""
    later = "2026-09-05T00:00:00Z"
    terms: dict[str, Any] = {"chain": 2, "pulse": 1961874, "time": later}
    with pytest.raises(EntropyError, match="no pinned certificate of NIST is valid at 2026-09-05"):
        kit.BEACON.check_source(Source(kind="nist", name="nist", not_before=later, terms=terms))
    kit.BEACON.check_source(
        Source(kind="nist", name="nist", not_before=later, terms=terms | {"certificate": "ab" * 64})
    )


def test_holder() -> None:
    assert kit.BEACON.holder(kit.recorded_case()[0]) is None
    pinned = kit.declared(kit.pulse("after"), certificate=kit.pulse("after").certificate_id)
    assert kit.BEACON.holder(pinned) is None
    assert kit.BEACON.holder(kit.declared(kit.pulse("after"), certificate="ab" * 64)) == "ab" * 64


# Values


def test_recorded_values_are_accepted() -> None:
    for name, before in (("before", None), ("after", None), ("after", "before"), ("recent", None)):
        source, value, evidence = kit.recorded_case(name, before)
        kit.accept(source, value, evidence)
        assert ("before" in evidence) == (before is not None)
    named = kit.declared(kit.pulse("after"), certificate=kit.pulse("after").certificate_id)
    kit.accept(named, *kit.recorded_case()[1:])


def test_another_operator_whom_the_declaration_names() -> None:
    source, value, evidence = kit.forged_case()
    kit.accept(source, value, evidence)
    assert kit.BEACON.holder(source) == evidence["pulse"]["certificateId"]


@pytest.mark.parametrize("status", [1, 2, 3, 2**32 - 1])
def test_a_pulse_that_the_beacon_itself_marks(status: int) -> None:
    with pytest.raises(EntropyError, match=f"gives it the status {status}, not 0"):
        kit.accept(*kit.forged_case(statusCode=status))


def test_the_first_pulse_of_a_chain_is_no_value() -> None:
    with pytest.raises(EntropyError, match="status 1, not 0"):
        kit.accept(*kit.recorded_case("first"))


@pytest.mark.parametrize(
    "change",
    [
        lambda e: e["pulse"].update(outputValue=e["pulse"]["outputValue"].upper()),
        lambda e: e["pulse"]["listValues"][0].update(uri=None),
        lambda e: e["pulse"]["listValues"][0].update(uri="https://beacon.example"),
    ],
)
def test_evidence_has_one_form(change: Any) -> None:
    source, value, evidence = kit.recorded_case()
    change(evidence)
    with pytest.raises(EntropyError, match="form of the specification"):
        kit.accept(source, value, evidence)


@pytest.mark.parametrize("pem", ["{}\n", " {}", "x\n{}"])
def test_a_certificate_has_one_form(pem: str) -> None:
    source, value, evidence = kit.recorded_case()
    with pytest.raises(EntropyError, match="as OpenSSL writes it"):
        kit.accept(source, value, evidence | {"certificate": pem.format(evidence["certificate"])})


# Certificates


@pytest.mark.parametrize(
    ("pem", "match"),
    [
        ("", "not exactly one"),
        ("x" * (MAX_CERTIFICATE + 1), "at most"),
        ("é", "not exactly one"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "can be read"),
        (kit.certificate(kit.pulse("after")) * 2, "not exactly one"),
        (kit.certificate(kit.pulse("after")).replace("CERTIFICATE", "PRIVATE KEY"), "can be read"),
        (kit.certificate(kit.pulse("after"))[:-60], "can be read"),
    ],
)
def test_what_is_no_certificate(pem: str, match: str) -> None:
    with pytest.raises(KeyFileError, match=match):
        RsaCertificate.from_pem(pem)


def test_a_key_that_is_not_rsa() -> None:
    with pytest.raises(KeyFileError, match="no RSA key"):
        RsaCertificate.from_pem(kit.elliptic_certificate())


@pytest.mark.parametrize(("bits", "exponent"), [(1024, 65537), (2048, 3)])
def test_a_weak_key(bits: int, exponent: int) -> None:
    with pytest.raises(KeyFileError, match="of a size or exponent that is not accepted"):
        RsaCertificate.from_pem(kit.weak_certificate(bits, exponent))


def test_validity_includes_both_ends() -> None:
    found = RsaCertificate.from_pem(kit.certificate_of())
    assert found.is_valid_at("2031-01-01T00:00:00Z")
    assert found.is_valid_at("2031-12-31T00:00:00Z")
    assert not found.is_valid_at("2030-12-31T23:59:59Z")
    assert not found.is_valid_at("2031-12-31T00:00:01Z")
    with pytest.raises(KeyFileError):
        found.is_valid_at("2031")


@given(st.integers(0, 2000), st.integers(1, 255))
def test_a_damaged_certificate_never_ends_in_a_foreign_error(place: int, flip: int) -> None:
    pulse = kit.pulse("after")
    pem = bytearray(kit.certificate(pulse).encode())
    pem[place % len(pem)] ^= flip
    text = pem.decode("latin-1")
    try:
        pulse.check(text)
    except EntropyError:
        return
    assert RsaCertificate.from_pem(text).identifier == pulse.certificate_id
