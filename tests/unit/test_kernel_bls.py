"""BLS signatures: every recorded round holds, nothing else does, and a second library agrees."""

from __future__ import annotations

import hashlib
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dblrandom.errors import KeyFileError, MissingExtra
from dblrandom.kernel import bls
from dblrandom.kernel.bls import SCHEMES, Group, Scheme, point, round_message, verify_bls

# Pure Python and slow, written apart from the library; its types do not say enough to check calls against.
slow: Any = import_module("py_ecc.optimized_bls12_381")
slow_hash: Any = import_module("py_ecc.bls.hash_to_curve")
slow_points: Any = import_module("py_ecc.bls.point_compression")

RECORDED = json.loads((Path(__file__).parents[1] / "vectors" / "drand_rounds.json").read_text("utf-8"))
ROUNDS = RECORDED["rounds"]
P = slow.field_modulus
IDENTITY = {"G1": b"\xc0" + bytes(47), "G2": b"\xc0" + bytes(95)}

rounds = pytest.mark.parametrize("case", ROUNDS, ids=lambda case: f"{case['chain']}-{case['round']}")
schemes = pytest.mark.parametrize("name", sorted(SCHEMES))
groups = pytest.mark.parametrize("group", ["G1", "G2"])


def parts(case: dict[str, Any]) -> tuple[Scheme, bytes, bytes, bytes]:
    """Scheme, key, signature and message of a recorded round."""
    info = RECORDED["chains"][case["chain"]]["info"]
    message = round_message(case["round"], bytes.fromhex(case.get("previous_signature", "")))
    key, signature = bytes.fromhex(info["public_key"]), bytes.fromhex(case["signature"])
    return SCHEMES[info["schemeID"]], key, signature, message


def one_of(name: str) -> tuple[Scheme, bytes, bytes, bytes]:
    return next(found for found in map(parts, ROUNDS) if found[0].name == name)


def one_in(group: str) -> bytes:
    """A signature in this group."""
    return next(found[2] for found in map(parts, ROUNDS) if found[0].signatures == group)


@rounds
def test_recorded_rounds_hold(case: dict[str, Any]) -> None:
    verify_bls(*parts(case))


def test_every_scheme_has_a_recorded_round() -> None:
    assert {parts(case)[0].name for case in ROUNDS} == set(SCHEMES)


@schemes
def test_a_second_library_agrees(name: str) -> None:
    """The pairing equation holds there for the same key, signature and message."""
    scheme, key, signature, message = one_of(name)

    def g1(data: bytes) -> Any:
        return slow_points.decompress_G1(slow_points.G1Compressed(int.from_bytes(data, "big")))

    def g2(data: bytes) -> Any:
        halves = int.from_bytes(data[:48], "big"), int.from_bytes(data[48:], "big")
        return slow_points.decompress_G2(slow_points.G2Compressed(halves))

    def sides(signed: bytes) -> tuple[Any, Any]:
        if scheme.signatures == "G2":
            hashed = slow_hash.hash_to_G2(signed, scheme.dst, hashlib.sha256)
            return slow.pairing(g2(signature), slow.G1), slow.pairing(hashed, g1(key))
        hashed = slow_hash.hash_to_G1(signed, scheme.dst, hashlib.sha256)
        return slow.pairing(slow.G2, g1(signature)), slow.pairing(g2(key), hashed)

    left, right = sides(message)
    assert left == right
    verify_bls(scheme, key, signature, message)


def test_the_message_is_as_drand_has_it() -> None:
    assert round_message(1000) == hashlib.sha256(bytes.fromhex("00000000000003e8")).digest()
    assert round_message(1, b"\xaa" * 96) == hashlib.sha256(b"\xaa" * 96 + bytes(7) + b"\x01").digest()
    assert round_message(2**64 - 1) == hashlib.sha256(b"\xff" * 8).digest()


@pytest.mark.parametrize("number", [-1, 2**64, True, 1.0, "1", None])
def test_a_number_beyond_64_bits_has_no_message(number: Any) -> None:
    with pytest.raises(KeyFileError, match="2\\^64 - 1"):
        round_message(number)


@schemes
def test_no_byte_of_a_signature_can_differ(name: str) -> None:
    scheme, key, signature, message = one_of(name)
    for index in range(len(signature)):
        for bit in (1, 0x80):
            wrong = bytearray(signature)
            wrong[index] ^= bit
            with pytest.raises(KeyFileError, match="BLS signature"):
                verify_bls(scheme, key, bytes(wrong), message)


@schemes
def test_no_byte_of_a_key_can_differ(name: str) -> None:
    scheme, key, signature, message = one_of(name)
    for index in range(len(key)):
        wrong = bytearray(key)
        wrong[index] ^= 1
        with pytest.raises(KeyFileError, match="BLS signature"):
            verify_bls(scheme, bytes(wrong), signature, message)


@schemes
def test_no_other_message_holds(name: str) -> None:
    scheme, key, signature, message = one_of(name)
    for wrong in (b"", message[:-1], message + b"\0", message[::-1], bytes(32)):
        with pytest.raises(KeyFileError, match="does not match the key and the message"):
            verify_bls(scheme, key, signature, wrong)


@rounds
def test_no_other_scheme_holds(case: dict[str, Any]) -> None:
    """Chained and unchained differ in the message alone, so it is rebuilt by the other scheme's rule."""
    scheme, key, signature, _ = parts(case)
    for other in SCHEMES.values():
        if other == scheme:
            continue
        previous = bytes.fromhex(case.get("previous_signature", "aa" * 96)) if other.chained else b""
        with pytest.raises(KeyFileError, match="BLS signature"):
            verify_bls(other, key, signature, round_message(case["round"], previous))


@schemes
def test_the_identity_signs_nothing(name: str) -> None:
    """With the identity as key and as signature the bare equation holds for every message."""
    scheme, key, signature, message = one_of(name)
    nobody, nothing = IDENTITY[scheme.keys], IDENTITY[scheme.signatures]
    for wrong in ((nobody, nothing), (nobody, signature), (key, nothing)):
        with pytest.raises(KeyFileError, match="is the identity"):
            verify_bls(scheme, *wrong, message)


@groups
def test_a_point_outside_the_subgroup_is_refused(group: Group) -> None:
    kind = getattr(bls.curve(), f"{group}Point")
    size = len(IDENTITY[group])
    outside = []
    for x in range(1, 40):
        data = b"\x80" + (x).to_bytes(size - 1, "big")
        try:
            found = kind.from_compressed_bytes_unchecked(data)
        except ValueError:
            continue
        if not found.is_in_subgroup():
            outside.append(data)
    assert len(outside) > 5
    for data in outside:
        with pytest.raises(KeyFileError, match=f"S is not a point of the group {group}"):
            point(group, data, "S")


@groups
def test_a_point_has_one_encoding(group: Group) -> None:
    good = one_in(group)
    assert bytes(point(group, good, "S").to_compressed_bytes()) == good
    size, rest = len(good), IDENTITY[group][1:]
    # The library reads each of these as the identity.
    for data in (b"\xc0" + rest[:-1] + b"\1", b"\xe0" + rest, b"\xff" * size, bytes([good[0] | 0x40]) + good[1:]):
        with pytest.raises(KeyFileError, match="BLS signature: S is not in the one encoding"):
            point(group, data, "S")
    uncompressed = (bytes([good[0] & 0x7F]) + good[1:], b"\x00" + rest, b"\x40" + rest)
    field = bytes([0x80 | P >> 376]) + (P & (1 << 376) - 1).to_bytes(47, "big") + bytes(size - 48)
    for data in (*uncompressed, field, b"\x9f" + b"\xff" * (size - 1)):
        with pytest.raises(KeyFileError, match="BLS signature: S is not a point of the group"):
            point(group, data, "S")


@groups
def test_a_coordinate_is_below_the_field(group: Group) -> None:
    """x + p says the same as x where it still fits into 381 bits."""
    tried = 0
    for case in ROUNDS:
        scheme, _, signature, _ = parts(case)
        flags, x = signature[0] & 0xE0, int.from_bytes(bytes([signature[0] & 0x1F]) + signature[1:48], "big")
        if scheme.signatures == group and x + P < 2**381:
            again = (x + P).to_bytes(48, "big")
            tried += 1
            with pytest.raises(KeyFileError, match="S is not a point"):
                point(group, bytes([again[0] | flags]) + again[1:] + signature[48:], "S")
    assert tried


@groups
def test_lengths_are_exact(group: Group) -> None:
    good = one_in(group)
    for data in (b"", good[:-1], good + b"\0", good + good, bytes(10**6), one_in("G1" if group == "G2" else "G2")):
        with pytest.raises(KeyFileError, match=f"S is {len(good)} bytes, a point of {group}, not {len(data)}$"):
            point(group, data, "S")


@groups
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_nothing_but_the_own_error_leaves(group: Group, data: st.DataObject) -> None:
    size = len(IDENTITY[group])
    given_bytes = data.draw(st.binary(min_size=size, max_size=size))
    first = data.draw(st.sampled_from([0x00, 0x20, 0x40, 0x80, 0x9A, 0xA0, 0xC0, 0xE0, 0xFF]))
    with pytest.raises(KeyFileError) as caught:
        point(group, bytes([first]) + given_bytes[1:], "U", where="box")
    assert str(caught.value).startswith("box: U is")


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py_arkworks_bls12381", None)
    with pytest.raises(MissingExtra, match=r"a drand round needs .* pip install 'dblrandom\[drand\]'"):
        verify_bls(*parts(ROUNDS[0]))
