"""Attacks on pulses: altered, exchanged, forged and signed by somebody else; each must be called what it is."""

from __future__ import annotations

import copy
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import nistkit as kit
import pytest
import second_implementation
from commandline import run

from dblrandom.beacons.nist import check_sample, evidence_of
from dblrandom.beacons.pulse import Pulse, check_follows
from dblrandom.errors import EntropyError
from dblrandom.model import Json, Source

TIME = "2031-05-01T09:00:00Z"
VECTORS = Path(__file__).parents[1] / "vectors"
Members = dict[str, Any]
ALTERED = "outputValue is not the hash of the pulse's own members"
OTHER_KEY = "the certificate that the pulse names does not match its signature"


def refused(source: Source, value: str, evidence: Json, match: str) -> None:
    with pytest.raises(EntropyError, match=re.escape(match)):
        kit.accept(source, value, evidence)


def altered(change: Callable[[Members], Any], name: str = "after") -> tuple[Source, str, Members]:
    source, value, evidence = kit.recorded_case(name)
    changed: Members = copy.deepcopy(evidence)
    change(changed["pulse"])
    return source, value, changed


def flipped(text: str) -> str:
    return ("1" if text[0] == "0" else "0") + text[1:]


# A true pulse with one member changed; nothing else may give the change away


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.update(uri=p["uri"] + "0"),
        lambda p: p.update(version="2.0"),
        lambda p: p.update(period=30000),
        lambda p: p.update(certificateId=flipped(p["certificateId"])),
        lambda p: p.update(chainIndex=2),
        lambda p: p.update(pulseIndex=54611),
        lambda p: p.update(timeStamp="2018-08-30T17:45:00.000Z"),
        lambda p: p.update(timeStamp="2018-08-30T17:44:00.001Z"),
        lambda p: p.update(localRandomValue=flipped(p["localRandomValue"])),
        lambda p: p["external"].update(sourceId=flipped(p["external"]["sourceId"])),
        lambda p: p["external"].update(statusCode=1),
        lambda p: p["external"].update(value=flipped(p["external"]["value"])),
        *(lambda p, i=i: p["listValues"][i].update(value=flipped(p["listValues"][i]["value"])) for i in range(5)),
        lambda p: p.update(precommitmentValue=flipped(p["precommitmentValue"])),
        lambda p: p.update(statusCode=2),
        lambda p: p.update(signatureValue=flipped(p["signatureValue"])),
        lambda p: p.update(outputValue=flipped(p["outputValue"])),
    ],
)
def test_one_member_changed(change: Callable[[Members], Any]) -> None:
    refused(*altered(change), ALTERED)


def test_every_member_is_among_those_changed() -> None:
    """Every member of the one form is bound by the signature, the output value or both; a new one would need a test."""
    pulse = kit.pulse("after")
    for field in attrs.fields(Pulse):
        if field.name in ("cipher_suite", "external", "links"):
            continue
        value = getattr(pulse, field.name)
        other = value + 1 if isinstance(value, int) else flipped(value) if len(value) > 32 else value[:-1]
        if field.name == "time_stamp":
            other = "2018-08-30T17:44:00.001Z"
        with pytest.raises(EntropyError, match=ALTERED):
            attrs.evolve(pulse, **{field.name: other}).check(kit.certificate(pulse))


@pytest.mark.parametrize(("one", "other"), [(0, 1), (1, 2), (3, 4), (0, 4)])
def test_list_values_swapped(one: int, other: int) -> None:
    def swap(pulse: Members) -> None:
        first, second = pulse["listValues"][one], pulse["listValues"][other]
        first["value"], second["value"] = second["value"], first["value"]

    refused(*altered(swap), ALTERED)


def test_list_values_swapped_with_their_names() -> None:
    """The names are not signed; only their order is fixed, so it must be the order of the specification."""

    def swap(pulse: Members) -> None:
        pulse["listValues"][0], pulse["listValues"][1] = pulse["listValues"][1], pulse["listValues"][0]

    refused(*altered(swap), "'hour' stands in the place of 'previous'")

    def rename(pulse: Members) -> None:
        pulse["listValues"][0]["type"], pulse["listValues"][1]["type"] = "hour", "previous"

    refused(*altered(rename), "'hour' stands in the place of 'previous'")


def test_bytes_moved_over_a_members_border() -> None:
    """The length before each text binds where it ends: 'x' and '2.0' are not 'x2' and '.0'."""

    def move(pulse: Members) -> None:
        pulse["uri"], pulse["version"] = pulse["uri"] + pulse["version"][0], pulse["version"][1:]

    refused(*altered(move), ALTERED)


# True pulses that are not the declared one


def test_another_pulse_index() -> None:
    source, _, _ = kit.recorded_case("after")
    _, value, evidence = kit.recorded_case("before")
    refused(source, value, evidence, "is pulse 54609 of chain 1, not the declared pulse 54610 of chain 1")


def test_another_chain() -> None:
    source, value, evidence = kit.recorded_case("after")
    other = attrs.evolve(source, terms=dict(source.terms) | {"chain": 2})
    refused(other, value, evidence, "is pulse 54610 of chain 1, not the declared pulse 54610 of chain 2")


@pytest.mark.parametrize("stamp", ["2031-05-01T09:01:00.000Z", "2031-05-01T08:59:00.000Z", "2031-05-01T09:00:00.500Z"])
def test_another_time(stamp: str) -> None:
    """The declared index after a gap, or a clock that the operator turned: the declared time is not the pulse's."""
    refused(*kit.forged_case(timeStamp=stamp), f"is of {stamp}, not of the declared time {kit.TIME}")


def test_the_value_of_another_pulse() -> None:
    source, _, evidence = kit.recorded_case("after")
    refused(source, kit.pulse("before").output_value, evidence, "the value is not the output value of pulse 54610")


@pytest.mark.parametrize("value", ["", "ab" * 63, "AB" * 64, "ab" * 64 + "\n", "0" * 129, "g" * 128])
def test_a_value_of_wrong_length_or_letters(value: str) -> None:
    source, _, evidence = kit.recorded_case()
    refused(source, value, evidence, "128 lower-case hex characters")


def test_the_local_random_value_in_place_of_the_output() -> None:
    source, _, evidence = kit.recorded_case()
    refused(source, kit.pulse("after").local_random_value, evidence, "not the output value")


# Forgeries


def test_a_forged_output_value() -> None:
    """Altered, with the output value worked out again: all that one can do without the key."""
    source, _, evidence = kit.recorded_case()
    members: Members = copy.deepcopy(evidence["pulse"])  # type: ignore[assignment]
    members["localRandomValue"] = "00" * 64
    signed = kit.by_hand(members) + bytes.fromhex(members["signatureValue"])
    members["outputValue"] = hashlib.sha512(signed).hexdigest()
    refused(source, members["outputValue"], {**evidence, "pulse": members}, OTHER_KEY)


def test_the_signature_of_another_pulse() -> None:
    source, _, evidence = kit.recorded_case()
    members: Members = copy.deepcopy(evidence["pulse"])  # type: ignore[assignment]
    members["signatureValue"] = kit.pulse("before").signature_value
    signed = kit.by_hand(members) + bytes.fromhex(members["signatureValue"])
    members["outputValue"] = hashlib.sha512(signed).hexdigest()
    refused(source, members["outputValue"], {**evidence, "pulse": members}, OTHER_KEY)


def test_signed_by_somebody_else_in_nists_name() -> None:
    """The pulse names NIST's certificate, the forger signs with his own key."""
    nist = kit.pulse("after")
    members = kit.forged(certificateId=nist.certificate_id)
    terms: Members = {"chain": 3, "pulse": 41, "time": kit.TIME, "certificate": nist.certificate_id}
    source = Source(kind="nist", name="nist", not_before=kit.TIME, terms=terms)
    evidence = {"pulse": members, "certificate": kit.certificate(nist)}
    refused(source, members["outputValue"], evidence, OTHER_KEY)


def test_a_certificate_that_the_pulse_does_not_name() -> None:
    source, value, evidence = kit.recorded_case()
    other = kit.certificate(kit.pulse("recent"))
    refused(
        source,
        value,
        evidence | {"certificate": other},
        "the certificate given is 528943a555f5f8ca..., the pulse names 5501",
    )


def test_the_operators_own_certificate_where_nists_is_declared() -> None:
    """Without the term, only pinned certificates count; the organiser cannot bring a beacon of his own."""
    declared = "2026-07-10T11:02:00Z"
    pem = kit.certificate_of("forger", "2026-01-01T00:00:00+00:00", "2026-12-31T00:00:00+00:00")
    members = kit.forged(pem, by="forger", timeStamp="2026-07-10T11:02:00.000Z")
    terms: Members = {"chain": 3, "pulse": 41, "time": declared}
    source = Source(kind="nist", name="nist", not_before=declared, terms=terms)
    evidence = {"pulse": members, "certificate": pem}
    refused(source, members["outputValue"], evidence, "which is not a pinned certificate of NIST")


def test_another_certificate_than_the_declared_one() -> None:
    source, value, evidence = kit.forged_case()
    other = attrs.evolve(source, terms=dict(source.terms) | {"certificate": "ab" * 64})
    refused(other, value, evidence, "not the declared certificate")
    source, value, true = kit.recorded_case()
    other = attrs.evolve(source, terms=dict(source.terms) | {"certificate": "ab" * 64})
    refused(other, value, true, "not the declared certificate")


def test_a_key_change_that_went_wrong() -> None:
    """Since September 2026 NIST's pulses name a certificate of 2048 bits and carry signatures of 4096 bits."""
    pulse = kit.pulse("mismatched")
    value, evidence = evidence_of(pulse, kit.certificate(pulse))
    named = kit.declared(pulse, certificate=pulse.certificate_id)
    refused(named, value, evidence, OTHER_KEY)
    refused(named, value, evidence, "it has 4096 bits, the key 2048")
    refused(kit.declared(pulse), value, evidence, "no pinned certificate of NIST is valid at 2026-09-29T00:00:00Z")


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2030-01-01T00:00:00+00:00", "2031-05-01T08:59:59+00:00"),
        ("2031-05-01T09:00:01+00:00", "2032-01-01T00:00:00+00:00"),
    ],
    ids=["expired", "not yet valid"],
)
def test_a_certificate_out_of_its_validity(start: str, end: str) -> None:
    refused(*kit.forged_case(kit.certificate_of("operator", start, end)), "not at 2031-05-01T09:00:00.000Z")


def test_a_certificate_with_no_rsa_key() -> None:
    source, value, evidence = kit.forged_case()
    refused(source, value, evidence | {"certificate": kit.elliptic_certificate()}, "has no RSA key")


# Hostile sizes and shapes


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.update(uri="x" * 2**20),
        lambda p: p.update(signatureValue="00" * 2**20),
        lambda p: p.update(localRandomValue="0" * 2**20),
        lambda p: p.update(listValues=p["listValues"] * 100_000),
        lambda p: p.update(pulseIndex=10**400),
        lambda p: p.update({"x" * 2**20: 1}),
    ],
)
def test_oversized_members(change: Callable[[Members], Any]) -> None:
    source, value, evidence = altered(change)
    with pytest.raises(EntropyError) as caught:
        kit.accept(source, value, evidence)
    assert len(str(caught.value)) < 500


def test_an_oversized_certificate() -> None:
    source, value, evidence = kit.recorded_case()
    refused(source, value, evidence | {"certificate": kit.certificate(kit.pulse("after")) * 100}, "at most 16384")


def test_unknown_evidence_beside_the_checked() -> None:
    source, value, evidence = kit.recorded_case()
    refused(source, value, evidence | {"approved": True}, "unknown member 'approved'")


# The pulse before


def test_a_skipped_link() -> None:
    """The pulse before the one before, true and signed, is not the pulse before."""
    with pytest.raises(EntropyError, match="given as the one before is pulse 1 of chain 1"):
        check_follows(kit.pulse("first"), kit.pulse("after"))
    source, value, evidence = kit.recorded_case("after", "first")
    refused(source, value, evidence, "the pulse given as the one before is pulse 1 of chain 1")


def test_the_pulse_itself_as_the_one_before() -> None:
    refused(*kit.recorded_case("after", "after"), "the pulse given as the one before is pulse 54610")


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"output_value": "ab" * 64}, "its link 'previous' is not the output value"),
        ({"precommitment_value": "ab" * 64}, "not what the pulse before was committed to"),
        ({"time_stamp": "2018-08-30T17:44:00.000Z"}, "is not after"),
        ({"chain_index": 2}, "the one before is pulse 54609 of chain 2"),
    ],
)
def test_a_broken_chain(changes: Members, match: str) -> None:
    with pytest.raises(EntropyError, match=match):
        check_follows(attrs.evolve(kit.pulse("before"), **changes), kit.pulse("after"))


def test_an_altered_pulse_before() -> None:
    """What stands in the evidence is checked, all of it."""
    source, value, evidence = kit.recorded_case("after", "before")
    changed: Members = copy.deepcopy(evidence)
    changed["before"]["statusCode"] = 1
    refused(source, value, changed, ALTERED)


def test_an_operator_who_chose_his_value_late() -> None:
    """He signs whatever he likes, but cannot make it what he was committed to a pulse ago."""
    before = kit.forged(pulseIndex=40, timeStamp="2031-05-01T08:59:00.000Z", precommitmentValue="cd" * 64)
    links = [{"type": t, "value": before["outputValue"]} for t in kit.LINKS]
    source, value, evidence = kit.forged_case(listValues=links)
    kit.accept(source, value, evidence)
    refused(
        source, value, evidence | {"before": before}, "localRandomValue is not what the pulse before was committed to"
    )


# Beacons in the same format that are not NIST's


INMETRO = json.loads((VECTORS / "inmetro_pulse.json").read_text(encoding="utf-8"))["pulse"]
FORM = "nistir-8213"
PINNED = kit.pulse("after").certificate_id


def foreign(**terms: Any) -> Source:
    """A declaration of the recorded pulse of INMETRO's beacon."""
    return kit.declared(Pulse.from_json(INMETRO, "inmetro"), certificate=INMETRO["certificateId"].lower(), **terms)


def test_a_true_pulse_of_another_beacon_is_not_called_altered() -> None:
    pulse = Pulse.from_json(INMETRO, "inmetro")
    pulse.check_output(FORM)
    with pytest.raises(EntropyError, match="a source from this beacon must declare the form nistir-8213") as caught:
        pulse.check_output()
    assert "altered" not in str(caught.value)
    with pytest.raises(EntropyError, match="in the form of NIST's own beacon"):
        kit.pulse("after").check_output(FORM)
    with pytest.raises(EntropyError, match=ALTERED):
        attrs.evolve(pulse, period=30000).check_output(FORM)


def test_a_sample_shows_before_the_commitment_whether_a_beacon_fits(tmp_path: Path) -> None:
    pulse = Pulse.from_json(INMETRO, "inmetro")
    check_sample(foreign(form=FORM), pulse)
    with pytest.raises(EntropyError, match="must declare the form"):
        check_sample(foreign(), pulse)
    with pytest.raises(EntropyError, match="not the declared certificate"):
        check_sample(foreign(form=FORM), kit.pulse("after"))
    file = tmp_path / "pulse.json"
    basic: tuple[object, ...] = ("source", "nist", "--name", "b", "--chain", 1, "--pulse", 9, "--time", TIME)
    certificate = ("--certificate", INMETRO["certificateId"].lower())
    file.write_text(json.dumps({"pulse": INMETRO | {"cipherSuite": 1}}), encoding="utf-8")
    unknown = run(*basic, *certificate, "--sample", file, "--out", tmp_path / "a", code=2).stderr
    assert "no pulse of this beacon can be verified here" in unknown
    file.write_text(json.dumps({"pulse": INMETRO}), encoding="utf-8")
    assert (
        "must declare the form" in run(*basic, *certificate, "--sample", file, "--out", tmp_path / "a", code=2).stderr
    )
    run(*basic, *certificate, "--form", FORM, "--sample", file, "--out", tmp_path / "b")
    assert "--sample" in run(*basic, *certificate, "--form", FORM, "--out", tmp_path / "c").stderr
    assert not (tmp_path / "a").exists()


@pytest.mark.parametrize(
    ("terms", "match"),
    [
        ({"form": "nist"}, "is not nistir-8213"),
        ({"form": FORM, "certificate": None}, "goes with a certificate that is not NIST's"),
        (
            {"form": FORM, "certificate": kit.pulse("after").certificate_id},
            "goes with a certificate that is not NIST's",
        ),
        (
            {"certificate": kit.pulse("after").certificate_id, "time": TIME, "not_before": TIME},
            "this certificate is valid",
        ),
    ],
)
def test_a_declaration_that_no_pulse_could_ever_fulfil(terms: dict[str, Any], match: str) -> None:
    with pytest.raises(EntropyError, match=match):
        kit.BEACON.check_source(kit.declared(kit.pulse("after"), **terms))


def test_a_pulse_in_the_declared_form_is_accepted_and_in_no_other() -> None:
    """A synthetic operator signs as the other beacon does; certificate and signature are checked as ever."""
    members = kit.forged()
    signed, signature = kit.by_hand(members), bytes.fromhex(members["signatureValue"])
    with_length = signed + len(signature).to_bytes(4, "big") + signature
    other = members | {"outputValue": hashlib.sha512(with_length).hexdigest()}
    for made, form in ((members, None), (other, FORM)):
        found = Pulse.from_json(made, "pulse")
        value, evidence = evidence_of(found, kit.certificate_of())
        kit.accept(kit.declared(found, certificate=found.certificate_id, form=form), value, evidence)
        wrong = None if form else FORM
        with pytest.raises(EntropyError, match="form"):
            kit.accept(kit.declared(found, certificate=found.certificate_id, form=wrong), value, evidence)
        assert second_implementation.output_value(made, form) == value
    recorded = kit.pulse("after")
    assert second_implementation.output_value(recorded.to_json(), None) == recorded.output_value
    pulse = Pulse.from_json(INMETRO, "inmetro")
    assert second_implementation.output_value(pulse.to_json(), FORM) == pulse.output_value
