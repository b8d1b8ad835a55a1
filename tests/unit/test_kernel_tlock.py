"""Time-locked files: the recorded ones open, and so do our own, with the round's signature alone."""

from __future__ import annotations

import hashlib
import sys
from typing import Any

import py_arkworks_bls12381 as curve
import py_ecc.optimized_bls12_381 as slow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from timelocks import CHAINS, QUICKNET, RANDOM, RECORDED, SIGNATURES

from dblrandom.errors import EntropyError, KeyFileError, MissingExtra
from dblrandom.kernel import bls, ibe
from dblrandom.kernel.age import dearmor
from dblrandom.kernel.ibe import lockable, unwrap, wrap, wrapped_bytes
from dblrandom.kernel.tlock import decrypt, encrypt, read_lock

LOCKABLE = ("fastnet", "quicknet", "testnet-unchained-3s")
ROUNDS = {"fastnet": 100000, "quicknet": 21000000, "testnet-unchained-3s": 1000000}


def lock(chain: str, plaintext: bytes, random: bytes = RANDOM, **changes: Any) -> bytes:
    info = CHAINS[chain]
    arguments = {"scheme": info.scheme, "chain_hash": info.hash, "public_key": bytes.fromhex(info.public_key)}
    return encrypt(plaintext, **(arguments | {"round": ROUNDS[chain], "random": random} | changes))


def unlock(chain: str, age: bytes, **changes: Any) -> bytes:
    info, number = CHAINS[chain], ROUNDS[chain]
    arguments = {"chain_hash": info.hash, "scheme": info.scheme, "round": number}
    return decrypt(age, **(arguments | {"signature": SIGNATURES[chain, number]} | changes))


@pytest.mark.parametrize("case", RECORDED["cases"], ids=lambda case: f"{case['chain']}-{case['round']}")
def test_recorded_files_open(case: dict[str, Any]) -> None:
    age, number = dearmor(case["age"]), case["round"]
    opened = unlock("quicknet", age, **_terms(case["chain"]), round=number, signature=case["signature"])
    assert opened.hex() == case["plaintext"]
    assert read_lock(age).round == number


def _terms(chain: str) -> dict[str, str]:
    return {"chain_hash": CHAINS[chain].hash, "scheme": CHAINS[chain].scheme}


def test_a_recorded_file_has_grease() -> None:
    stanzas = [read_lock(dearmor(case["age"])).file.stanzas for case in RECORDED["cases"]]
    assert sum(len(found) == 2 for found in stanzas) == 1


@pytest.mark.parametrize("chain", LOCKABLE)
@given(plaintext=st.binary(max_size=300), random=st.binary(min_size=48, max_size=48))
@settings(max_examples=10, deadline=None)
def test_what_is_locked_opens(chain: str, plaintext: bytes, random: bytes) -> None:
    assert unlock(chain, lock(chain, plaintext, random)) == plaintext


def test_locking_depends_on_nothing_but_its_arguments() -> None:
    assert lock("quicknet", b"x") == lock("quicknet", b"x")
    assert lock("quicknet", b"x") != lock("quicknet", b"x", random=bytes(48))


def test_a_second_library_has_the_same_pairing() -> None:
    """py_ecc takes the curve's x without its sign and no factor 3 in the exponent, so its value is the root's inverse.

    Its coefficients are those of one polynomial in w, with w^12 = 2 w^6 - 2, hence u = w^6 - 1 and v = w^2.
    """
    value = (slow.FQ12.one() / slow.pairing(slow.G2, slow.G1)) ** 3
    c = [int(x) for x in value.coeffs]
    ordered = b""
    for w, v in ((1, 2), (1, 1), (1, 0), (0, 2), (0, 1), (0, 0)):
        k = 2 * v + w
        for coefficient in (c[k + 6], c[k] + c[k + 6]):
            ordered += (coefficient % slow.field_modulus).to_bytes(48, "big")
    assert ibe._pairing(lockable("bls-unchained-g1-rfc9380"), curve.G2Point(), curve.G1Point()) == ordered
    assert hashlib.sha256(ordered).hexdigest() == "300e47c99502f3af33ad2080847d528cabd90365a90ab98bc174565c27928591"


@pytest.mark.parametrize("chain", LOCKABLE)
def test_every_changed_byte_of_the_stanza_is_noticed(chain: str) -> None:
    scheme, info = lockable(CHAINS[chain].scheme), CHAINS[chain]
    signature = bytes.fromhex(SIGNATURES[chain, ROUNDS[chain]])
    key = bytes.fromhex(info.public_key)
    good = wrap(b"m" * 16, scheme, public_key=key, number=ROUNDS[chain], sigma=b"s" * 16)
    assert unwrap(good, scheme, signature=signature) == b"m" * 16
    for place in range(len(good)):
        with pytest.raises(EntropyError, match="tlock stanza"):
            unwrap(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :], scheme, signature=signature)


def test_the_scalar_is_the_first_hash_below_the_order() -> None:
    """About one candidate in ten is too great; the loop has to go on then."""
    taken = {ibe._h3(bytes([i]) * 16, bytes(16)) for i in range(64)}
    assert len(taken) == 64
    assert all(0 < r < ibe._ORDER for r in taken)
    assert any(_tries(bytes([i]) * 16) > 1 for i in range(64))


def _tries(sigma: bytes) -> int:
    seed = hashlib.sha256(b"IBE-H3" + sigma + bytes(16)).digest()
    for count in range(1, 99):
        digest = hashlib.sha256(bytes([count, 0]) + seed).digest()
        if int.from_bytes(bytes([digest[0] // 2]) + digest[1:], "big") == ibe._h3(sigma, bytes(16)):
            return count
    raise AssertionError("the scalar is none of the first hashes")


def test_another_rounds_signature_opens_nothing() -> None:
    age = lock("quicknet", b"x")
    with pytest.raises(EntropyError, match="not made together and for this round"):
        unlock("quicknet", age, signature=SIGNATURES["quicknet", 1000])


def test_another_round_or_chain() -> None:
    age = lock("quicknet", b"x")
    with pytest.raises(EntropyError, match="is locked to round 21000000, not to 1000"):
        unlock("quicknet", age, round=1000)
    with pytest.raises(EntropyError, match="is locked to the chain 52db9ba7"):
        unlock("quicknet", age, chain_hash=CHAINS["fastnet"].hash)


def test_the_two_tags_of_g1_differ() -> None:
    """Both schemes have the same sizes; a file for one must not open under the other."""
    age = lock("quicknet", b"x", scheme="bls-unchained-on-g1")
    with pytest.raises(EntropyError, match="not made together"):
        unlock("quicknet", age)


@pytest.mark.parametrize("scheme", ["pedersen-bls-chained", "bls-bn254-unchained-on-g1", "", "quicknet"])
def test_schemes_that_nothing_can_be_locked_to(scheme: str) -> None:
    with pytest.raises(EntropyError, match="nothing can be locked"):
        lock("quicknet", b"x", scheme=scheme)
    with pytest.raises(EntropyError, match="nothing can be locked"):
        unlock("quicknet", lock("quicknet", b"x"), scheme=scheme)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"random": bytes(47)}, "48 random bytes"),
        ({"random": bytes(49)}, "48 random bytes"),
        ({"chain_hash": QUICKNET.hash.upper()}, "64 lower-case hex"),
        ({"chain_hash": ""}, "64 lower-case hex"),
        ({"round": 0}, "whole number from 1"),
        ({"round": 2**64}, "whole number from 1"),
        ({"round": True}, "whole number from 1"),
    ],
)
def test_arguments_that_are_none(changes: dict[str, Any], match: str) -> None:
    with pytest.raises(EntropyError, match=match):
        lock("quicknet", b"x", **changes)


@pytest.mark.parametrize("size", [15, 17])
def test_only_16_bytes_are_wrapped(size: int) -> None:
    scheme, key = lockable(QUICKNET.scheme), bytes.fromhex(QUICKNET.public_key)
    with pytest.raises(EntropyError, match="16 bytes each"):
        wrap(bytes(size), scheme, public_key=key, number=1, sigma=bytes(16))
    with pytest.raises(EntropyError, match="16 bytes each"):
        wrap(bytes(16), scheme, public_key=key, number=1, sigma=bytes(size))


@pytest.mark.parametrize("key", [b"", bytes(96), b"\xc0" + bytes(95), b"\xff" * 96, b"x"])
def test_public_keys_that_are_none(key: bytes) -> None:
    with pytest.raises(KeyFileError, match="public key"):
        lock("quicknet", b"x", public_key=key)


@pytest.mark.parametrize("signature", ["", "00" * 48, "c0" + "00" * 47, "AB" * 48, "ab" * 96])
def test_signatures_that_are_none(signature: str) -> None:
    with pytest.raises(KeyFileError, match="signature"):
        unlock("quicknet", lock("quicknet", b"x"), signature=signature)


def test_bodies_have_the_size_of_their_scheme() -> None:
    assert {name: wrapped_bytes(lockable(CHAINS[name].scheme)) for name in LOCKABLE} == {
        "fastnet": 128,
        "quicknet": 128,
        "testnet-unchained-3s": 80,
    }
    with pytest.raises(EntropyError, match="holds 80 bytes, not 128"):
        unwrap(bytes(80), lockable(QUICKNET.scheme), signature=bytes.fromhex(SIGNATURES["quicknet", 1000]))


def test_the_library_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    age = lock("quicknet", b"x")
    monkeypatch.setitem(sys.modules, "py_arkworks_bls12381", None)
    assert read_lock(age).round == 21000000, "the form can be read without it"
    with pytest.raises(MissingExtra, match=r"dblrandom\[drand\]"):
        unlock("quicknet", age)
    with pytest.raises(MissingExtra, match=r"dblrandom\[drand\]"):
        lock("quicknet", b"x")


def test_a_library_that_shows_pairings_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its text form is promised nowhere; another one must not silently give other locks."""

    class Other:
        @staticmethod
        def one() -> str:
            return "1"

        @staticmethod
        def pairing(_one: object, _other: object) -> str:
            return "00" * 576

    class Library:
        G1Point, G2Point, Scalar, GT = curve.G1Point, curve.G2Point, curve.Scalar, Other

    monkeypatch.setattr(ibe, "curve", lambda: Library)
    assert bls.curve() is curve
    with pytest.raises(MissingExtra, match="in a form that is not known"):
        lock("quicknet", b"x")
