"""Recorded pulses of NIST's beacon, and a synthetic operator whose key the tests hold."""

from __future__ import annotations

import copy
import datetime
import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from dblrandom.beacons.nist import NistBeacon, evidence_of
from dblrandom.beacons.pulse import Pulse
from dblrandom.kernel.suite import SHA256 as SUITE
from dblrandom.model import Json, Source

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "nist_pulses.json").read_text(encoding="utf-8")
)
BEACON = NistBeacon()
TIME = "2031-05-01T09:00:00Z"
LINKS = ("previous", "hour", "day", "month", "year")


def raw(name: str) -> dict[str, Any]:
    """A recorded pulse, as the beacon's answer has it; the caller may change it."""
    found: dict[str, Any] = copy.deepcopy(RECORDED["pulses"][name])
    return found


def pulse(name: str) -> Pulse:
    """A recorded pulse, read."""
    return Pulse.from_json(raw(name), name)


def certificate(of: Pulse) -> str:
    """The recorded certificate that a pulse names."""
    return str(RECORDED["certificates"][of.certificate_id])


def declared(of: Pulse, **changes: Any) -> Source:
    """The declaration that a pulse fulfils; a term of ``None`` is left out."""
    time = f"{of.time_stamp[:19]}Z"
    terms = {"chain": of.chain_index, "pulse": of.pulse_index, "time": time} | changes
    given = {name: value for name, value in terms.items() if value is not None and name != "not_before"}
    return Source(kind="nist", name="nist", not_before=changes.get("not_before", time), terms=given)


def accept(source: Source, value: Any, evidence: Json) -> None:
    BEACON.check_value(source, value, evidence, suite=SUITE, ceremony="tested-2031")


def recorded_case(name: str = "after", before: str | None = None) -> tuple[Source, str, dict[str, Json]]:
    """A declaration with its true value and evidence."""
    found = pulse(name)
    value, evidence = evidence_of(found, certificate(found), pulse(before) if before else None)
    return declared(found), value, evidence


# A synthetic operator


@cache
def key(name: str = "operator") -> rsa.RSAPrivateKey:
    """A synthetic key, made anew in each run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def self_signed(private: Any, name: str, start: str, end: str) -> str:
    """A certificate of a key for itself, as PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"synthetic {name}")])
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(datetime.datetime.fromisoformat(start))
        .not_valid_after(datetime.datetime.fromisoformat(end))
        .sign(private, SHA256())
    )
    return built.public_bytes(Encoding.PEM).decode("ascii")


START, END = "2031-01-01T00:00:00+00:00", "2031-12-31T00:00:00+00:00"


@cache
def certificate_of(name: str = "operator", start: str = START, end: str = END) -> str:
    """A synthetic certificate of the key of a name."""
    return self_signed(key(name), name, start, end)


@cache
def elliptic_certificate() -> str:
    """A synthetic certificate whose key is not RSA."""
    return self_signed(ec.generate_private_key(ec.SECP256R1()), "curve", START, END)


@cache
def weak_certificate(bits: int, exponent: int) -> str:
    """A synthetic certificate of an RSA key that is too small in one way or the other."""
    private = rsa.generate_private_key(public_exponent=exponent, key_size=bits)
    return self_signed(private, "weak", START, END)


def identifier(pem: str) -> str:
    """SHA-512 of a certificate's DER bytes."""
    return hashlib.sha512(x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)).hexdigest()


def forged(pem: str | None = None, by: str = "operator", **changes: Any) -> dict[str, Any]:
    """A pulse of the synthetic operator with any members changed *before* it is signed, in its one form."""
    members: dict[str, Any] = {
        "uri": "https://beacon.example/2.0/chain/3/pulse/41",
        "version": "2.0",
        "cipherSuite": 0,
        "period": 60000,
        "certificateId": identifier(pem or certificate_of(by)),
        "chainIndex": 3,
        "pulseIndex": 41,
        "timeStamp": f"{TIME[:19]}.000Z",
        "localRandomValue": "1a" * 64,
        "external": {"sourceId": "00" * 64, "statusCode": 0, "value": "00" * 64},
        "listValues": [{"type": t, "value": f"{i}{i}" * 64} for i, t in enumerate(LINKS)],
        "precommitmentValue": "2b" * 64,
        "statusCode": 0,
        "signatureValue": "",
        "outputValue": "",
    }
    members |= changes
    signed = by_hand(members)
    signature = key(by).sign(signed, padding.PKCS1v15(), SHA512())
    members["signatureValue"] = signature.hex()
    members["outputValue"] = hashlib.sha512(signed + signature).hexdigest()
    return members


def by_hand(members: dict[str, Any]) -> bytes:
    """The signed bytes, written out a second time, independent of the library."""

    def sized(data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + data

    def hashed(text: str) -> bytes:
        return sized(bytes.fromhex(text))

    outer = members["external"]
    return (
        sized(members["uri"].encode())
        + sized(members["version"].encode())
        + members["cipherSuite"].to_bytes(4, "big")
        + members["period"].to_bytes(4, "big")
        + hashed(members["certificateId"])
        + members["chainIndex"].to_bytes(8, "big")
        + members["pulseIndex"].to_bytes(8, "big")
        + sized(members["timeStamp"].encode())
        + hashed(members["localRandomValue"])
        + hashed(outer["sourceId"])
        + outer["statusCode"].to_bytes(4, "big")
        + hashed(outer["value"])
        + b"".join(hashed(entry["value"]) for entry in members["listValues"])
        + hashed(members["precommitmentValue"])
        + members["statusCode"].to_bytes(4, "big")
    )


def forged_case(pem: str | None = None, **changes: Any) -> tuple[Source, str, dict[str, Any]]:
    """The synthetic operator's pulse with the declaration that names its certificate, its value and its evidence."""
    members = forged(pem, **changes)
    terms = {"chain": 3, "pulse": 41, "time": TIME, "certificate": members["certificateId"]}
    source = Source(kind="nist", name="nist", not_before=TIME, terms=terms)
    return source, members["outputValue"], {"pulse": members, "certificate": pem or certificate_of()}
