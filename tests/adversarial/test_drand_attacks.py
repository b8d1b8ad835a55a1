"""Attacks on a drand source: by a relay that lies, by an organiser who would like another number, by one who declares.

Nothing that a relay says is believed. What is not the one signature of the declared round of the declared network is
an ``EntropyError``, whoever sent it.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import attrs
import py_arkworks_bls12381 as curve
import pytest

from dblrandom.beacons.drand import DrandBeacon, Round, check_round, evidence_of
from dblrandom.beacons.drandchain import DEFAULT, QUICKNET, ChainInfo
from dblrandom.errors import EntropyError
from dblrandom.kernel.bls import SCHEMES, round_message
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Source
from dblrandom.model.names import time_text

RECORDED = json.loads((Path(__file__).parents[1] / "vectors" / "drand_rounds.json").read_text("utf-8"))
INFOS = {name: ChainInfo.from_json(chain["info"], name) for name, chain in RECORDED["chains"].items()}
ANSWERS = {(case["chain"], case["round"]): case for case in RECORDED["rounds"]}
BEACON = DrandBeacon()
ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
"""The prime order of the subgroups (draft-irtf-cfrg-pairing-friendly-curves, section 4.2.1)."""

every_scheme = pytest.mark.parametrize(
    ("chain", "number"),
    [("quicknet", 1000), ("default", 72785), ("default", 1), ("fastnet", 2), ("testnet-unchained-3s", 1000000)],
)


def found(chain: str, number: int) -> Round:
    return Round.from_json(ANSWERS[chain, number], "relay")


def declared(info: ChainInfo, number: int) -> Source:
    due = time_text(info.time_of(number))
    return Source(kind="drand", name="league", not_before=due, terms={"chain": info.hash, "round": number})


def refused(source: Source, value: Any, evidence: Any, says: str) -> None:
    with pytest.raises(EntropyError, match=says) as caught:
        BEACON.check_value(source, value, evidence, suite=SHA256, ceremony="kunming")
    assert str(caught.value).startswith("source 'league'")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 500


def lie(chain: str, number: int, /, **changes: Any) -> tuple[str, Any]:
    """Value and evidence of a recorded round with other members; the value follows the signature where it can."""
    _, evidence = evidence_of(INFOS[chain], found(chain, number))
    assert isinstance(evidence, dict)
    evidence = {name: value for name, value in (evidence | changes).items() if value is not ...}
    try:
        value = hashlib.sha256(bytes.fromhex(str(evidence["signature"]))).hexdigest()
    except ValueError:
        value = "00" * 32
    return value, evidence


def flipped(text: str, index: int) -> str:
    data = bytearray.fromhex(text)
    data[index] ^= 1
    return data.hex()


# What a relay, or an organiser with evidence of his own making, may try with the signature


@every_scheme
def test_every_byte_of_the_signature_counts(chain: str, number: int) -> None:
    signature = found(chain, number).signature
    for index in range(len(signature) // 2):
        wrong = lie(chain, number, signature=flipped(signature, index))
        refused(declared(INFOS[chain], number), *wrong, rf"is not the signature of round {number} of the chain")


@pytest.mark.parametrize("number", [1, 72785])
def test_every_byte_of_the_previous_signature_counts(number: int) -> None:
    previous = str(found("default", number).previous_signature)
    for index in range(len(previous) // 2):
        wrong = lie("default", number, previous_signature=flipped(previous, index))
        refused(declared(DEFAULT, number), *wrong, "is not the signature of round|is not the group hash")


@pytest.mark.parametrize("number", [1, 72785])
def test_chained_round_without_the_previous_signature(number: int) -> None:
    refused(
        declared(DEFAULT, number), *lie("default", number, previous_signature=...), "previous_signature: is missing"
    )


@pytest.mark.parametrize("previous", ["", None, 5, "00" * 96, "00" * 32])
def test_unchained_round_with_a_previous_signature(previous: Any) -> None:
    wrong = lie("quicknet", 1000, previous_signature=previous)
    refused(declared(QUICKNET, 1000), *wrong, r"evidence\.previous_signature: ")


@every_scheme
def test_neighbouring_round(chain: str, number: int) -> None:
    """A signature of another round than the declared one: the last lottery ticket."""
    for other in (number - 1, number + 1):
        if other:
            with pytest.raises(EntropyError, match=r"not the signature of round|not the group hash|192 lower"):
                check_round(INFOS[chain], attrs.evolve(found(chain, number), round=other), "relay")
            refused(declared(INFOS[chain], other), *lie(chain, number), r"evidence\.(previous_)?signature: ")


def test_two_rounds_exchanged() -> None:
    """Each signature is genuine, and neither is the one that was declared."""
    refused(declared(QUICKNET, 1000), *lie("quicknet", 123), "is not the signature of round 1000")
    refused(declared(QUICKNET, 123), *lie("quicknet", 1000), "is not the signature of round 123")


def test_other_chain() -> None:
    """A sound round of another network, with that network's own sound information."""
    for other, number in (("fastnet", 2), ("default", 1), ("testnet-unchained-3s", 1000000)):
        refused(declared(QUICKNET, number), *lie(other, number), r"evidence\.chain: is of the chain .* not of the decl")


def test_other_chains_signature() -> None:
    """Another network's signature under the declared network's information."""
    for chain, other, number in (("quicknet", "fastnet", 1), ("fastnet", "quicknet", 1)):
        wrong = lie(chain, number, signature=found(other, number).signature)
        refused(declared(INFOS[chain], number), *wrong, r"is not the signature of round 1 of the chain .* not match")


def test_other_chains_signature_of_another_size() -> None:
    wrong = lie("quicknet", 1, signature=found("default", 1).signature)
    refused(declared(QUICKNET, 1), *wrong, "the signature is 48 bytes, a point of G1, not 96")


@every_scheme
def test_identity(chain: str, number: int) -> None:
    size = SCHEMES[INFOS[chain].scheme].signature_size
    wrong = lie(chain, number, signature="c0" + "00" * (size - 1))
    refused(declared(INFOS[chain], number), *wrong, "the signature is the identity")


@every_scheme
def test_identity_key_signs_everything(chain: str, number: int) -> None:
    """A made-up network whose key is the identity: the bare equation would accept every round of it."""
    info = attrs.evolve(INFOS[chain], public_key="c0" + "00" * (len(INFOS[chain].public_key) // 2 - 1))
    size = SCHEMES[info.scheme].signature_size
    wrong = lie(chain, number, chain=info.to_json(), signature="c0" + "00" * (size - 1))
    refused(declared(info, number), *wrong, "the public key is the identity")


@every_scheme
def test_non_canonical_flags(chain: str, number: int) -> None:
    """The same bytes with the flags of infinity, of the other half, and of an uncompressed point."""
    signature = found(chain, number).signature
    for flag in (0x20, 0x40, 0x60, 0x80, 0xA0, 0xC0, 0xE0):
        first = int(signature[:2], 16) ^ flag
        wrong = lie(chain, number, signature=f"{first:02x}" + signature[2:])
        refused(declared(INFOS[chain], number), *wrong, "is not the signature of round")


@every_scheme
def test_negated_signature(chain: str, number: int) -> None:
    """The other point with the same x; an implementation that compares x only would take it."""
    signature = bytes.fromhex(found(chain, number).signature)
    kind = curve.G1Point if len(signature) == 48 else curve.G2Point
    negated = bytes((-kind.from_compressed_bytes(signature)).to_compressed_bytes())
    assert negated[1:] == signature[1:]
    wrong = lie(chain, number, signature=negated.hex())
    refused(declared(INFOS[chain], number), *wrong, "does not match the key and the message")


@every_scheme
@pytest.mark.parametrize("junk", ["00", "0a", "00" * 48, "c0" + "00" * 47])
def test_junk_after(chain: str, number: int, junk: str) -> None:
    wrong = lie(chain, number, signature=found(chain, number).signature + junk)
    refused(declared(INFOS[chain], number), *wrong, r"hex characters|a point of G")


@every_scheme
def test_wrong_subgroup(chain: str, number: int) -> None:
    """The true signature plus a point outside of the subgroup; in G1 the pairing does not see it, so it would hold.

    Who could do this would have as many values of one round as there are such points.
    """
    signature = bytes.fromhex(found(chain, number).signature)
    kind = curve.G1Point if len(signature) == 48 else curve.G2Point
    unseen = times(next(filter(None, (on_curve(kind, len(signature), x) for x in range(1, 99)))), ORDER)
    mixed = kind.from_compressed_bytes(signature) + unseen
    assert unseen != kind.identity()
    assert not mixed.is_in_subgroup()
    if kind is curve.G1Point:
        assert curve.GT.pairing_check([unseen], [curve.G2Point()])
    wrong = lie(chain, number, signature=bytes(mixed.to_compressed_bytes()).hex())
    refused(declared(INFOS[chain], number), *wrong, "is not a point of the group")


def on_curve(kind: Any, size: int, x: int) -> Any:
    """A point of the curve with this x, in the subgroup or not, or ``None`` where there is none."""
    try:
        return kind.from_compressed_bytes_unchecked(b"\x80" + x.to_bytes(size - 1, "big"))
    except ValueError:
        return None


def times(point: Any, factor: int) -> Any:
    """By doubling and adding: the library's own product is reduced modulo the order."""
    total = type(point).identity()
    for bit in f"{factor:b}":
        total = total + total
        if bit == "1":
            total = total + point
    return total


@every_scheme
def test_upper_case_hex(chain: str, number: int) -> None:
    """The same bytes in other letters: a second form of one piece of evidence."""
    good = found(chain, number)
    refused(declared(INFOS[chain], number), *lie(chain, number, signature=good.signature.upper()), "lower-case hex")
    value, evidence = evidence_of(INFOS[chain], good)
    refused(declared(INFOS[chain], number), value.upper(), evidence, "is not SHA-256 of the round's signature")


# What a relay may try with the rest of its answer


@every_scheme
def test_forged_randomness(chain: str, number: int) -> None:
    """A relay may hope that somebody uses its ``randomness`` without a look at the signature."""
    good = ANSWERS[chain, number]["randomness"]
    for wrong in (flipped(good, 0), flipped(good, 31), good.upper(), "", good + "00", "0" * 64):
        with pytest.raises(EntropyError, match=r"relay\.randomness: forged randomness"):
            Round.from_json(ANSWERS[chain, number] | {"randomness": wrong}, "relay")
    odd: Any
    for odd in (None, 5, [], {}):
        with pytest.raises(EntropyError, match=r"relay\.randomness: .* is not text"):
            Round.from_json(ANSWERS[chain, number] | {"randomness": odd}, "relay")


@pytest.mark.parametrize("number", [0, 2**53, 2**64, 2**64 + 1000, -1])
def test_round_out_of_range(number: int) -> None:
    """Round 0 is no round; 2^64 + n would be n to a program that cuts numbers to 64 bits."""
    with pytest.raises(EntropyError, match=r"relay\.round: "):
        Round.from_json(ANSWERS["quicknet", 1000] | {"round": number}, "relay")
    with pytest.raises(EntropyError, match=r"whole number|greatest integer"):
        BEACON.check_source(
            Source(
                kind="drand",
                name="league",
                not_before=time_text(QUICKNET.time_of(1000)),
                terms={"chain": QUICKNET.hash, "round": number},
            )
        )


# What an organiser may try with the chain's information


def test_own_key_under_a_known_name() -> None:
    """He runs a network himself, under the public one's name: its hash is another."""
    secret = curve.Scalar(7)
    info = attrs.evolve(QUICKNET, public_key=bytes((curve.G2Point() * secret).to_compressed_bytes()).hex())
    hashed = curve.G1Point.hash_to_curve(round_message(1000), SCHEMES[QUICKNET.scheme].dst)
    own = Round(round=1000, signature=bytes((hashed * secret).to_compressed_bytes()).hex())
    check_round(info, own, "relay")
    value, evidence = evidence_of(info, own)
    refused(declared(QUICKNET, 1000), value, evidence, "is of the chain .* not of the declared one")
    assert isinstance(evidence, dict)
    evidence["chain"] = info.to_json() | {"chain_hash": QUICKNET.hash}
    refused(declared(QUICKNET, 1000), value, evidence, r"evidence\.chain\.chain_hash: .* is not the hash that follows")
    # As what it is it can be declared, but then it is held by whoever that hash stands for.
    BEACON.check_value(declared(info, 1000), *evidence_of(info, own), suite=SHA256, ceremony="kunming")
    assert BEACON.holder(declared(info, 1000)) == info.hash


@pytest.mark.parametrize("scheme", sorted(set(SCHEMES) - {QUICKNET.scheme}))
def test_other_scheme_under_the_same_hash(scheme: str) -> None:
    """The chain hash says nothing of the scheme, so a known network's is compared with what is known."""
    info = QUICKNET.to_json() | {"scheme": scheme}
    refused(declared(QUICKNET, 1000), *lie("quicknet", 1000, chain=info), "is not what the library knows|hex char")


def test_chained_network_as_an_unchained_one() -> None:
    info = DEFAULT.to_json() | {"scheme": "pedersen-bls-unchained"}
    wrong = lie("default", 72785, chain=info, previous_signature=...)
    refused(declared(DEFAULT, 72785), *wrong, "is not what the library knows of this chain")


def test_members_cut_elsewhere() -> None:
    """Key, group hash and name are hashed without lengths: bytes moved from one to the next keep the hash."""
    name = INFOS["quicknet"]
    moved = "".join(chr(byte) for byte in bytes.fromhex(name.group_hash[-2:])) + name.beacon_id
    for change in (
        {"genesis_seed": name.group_hash[:-2], "beacon_id": moved},
        {"public_key": name.public_key + name.group_hash[:2], "genesis_seed": name.group_hash[2:]},
        {"public_key": name.public_key[:96], "genesis_seed": name.public_key[96:160], "scheme": DEFAULT.scheme},
    ):
        info = QUICKNET.to_json() | change
        refused(declared(QUICKNET, 1000), *lie("quicknet", 1000, chain=info), r"evidence\.chain\.\w+: ")


@pytest.mark.parametrize("extra", [{"operator": "the organiser"}, {"groupHash": QUICKNET.group_hash}, {"hash": ""}])
def test_second_form_of_the_information(extra: dict[str, Any]) -> None:
    """Evidence has one form; what nobody checks must not stand beside what is checked."""
    info = QUICKNET.to_json() | extra
    refused(declared(QUICKNET, 1000), *lie("quicknet", 1000, chain=info), r"evidence\.chain")


def test_older_form_of_the_information() -> None:
    info = RECORDED["chains"]["quicknet"]["info"]
    refused(declared(QUICKNET, 1000), *lie("quicknet", 1000, chain=info), "must have exactly the members beacon_id")


def test_unknown_member_of_the_evidence() -> None:
    wrong = lie("quicknet", 1000, randomness="00" * 32)
    refused(declared(QUICKNET, 1000), *wrong, re.escape("unknown member 'randomness'"))


@pytest.mark.parametrize("missing", ["signature", "chain"])
def test_evidence_left_out(missing: str) -> None:
    value, evidence = lie("quicknet", 1000)
    del evidence[missing]
    refused(declared(QUICKNET, 1000), value, evidence, rf"evidence\.{missing}: is missing")
    refused(declared(QUICKNET, 1000), value, None, "null is not a table")


def test_value_of_another_round() -> None:
    _, evidence = lie("quicknet", 1000)
    for value in (found("quicknet", 123).value, "00" * 32, "", "x", found("quicknet", 1000).signature):
        refused(declared(QUICKNET, 1000), value, evidence, "is not SHA-256 of the round's signature")


def test_postdated_declaration() -> None:
    """``not_before`` later than the round: a commitment made after the value would seem to come in time."""
    early = attrs.evolve(declared(QUICKNET, 1000), not_before="2024-02-01T02:00:00Z")
    with pytest.raises(EntropyError, match=r"not_before: round 1000 is due at 2023-08-23T15:59:24Z, not at 2024-02-01"):
        BEACON.check_source(early)
    refused(early, *lie("quicknet", 1000), "not_before: round 1000 is due at")
