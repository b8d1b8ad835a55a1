"""What tells keys and signatures of the three algorithms apart; the form of SM2's in every detail."""

from __future__ import annotations

import pytest
import slow_sm2 as slow
from hypothesis import given
from hypothesis import strategies as st

from dblrandom.errors import KeyFileError
from dblrandom.kernel.schemes import (
    KEY_SIZES,
    SCHEMES,
    SM2_ORDER,
    Scheme,
    algorithm_of_key,
    algorithm_of_signature,
    check_key,
    check_sm2_key,
    sm2_integers,
)
from dblrandom.kernel.signing import Ed25519Signer

SM2_KEY = bytes.fromhex(slow.KNOWN["sm2"]["public_key"])
ED = Ed25519Signer.from_private_bytes(bytes(32))
KEYS = {"ed25519": ED.public_key, "ml-dsa-44": bytes.fromhex(slow.KNOWN["ml_dsa_44"]["public_key"]), "sm2": SM2_KEY}
in_range = st.one_of(st.integers(1, slow.N - 1), st.integers(1, 2**20), st.integers(slow.N - 2**20, slow.N - 1))


def test_ed25519_is_a_scheme() -> None:
    scheme = SCHEMES["ed25519"]
    assert isinstance(scheme, Scheme)
    scheme.check_public_key(ED.public_key)
    scheme.verify(ED.public_key, ED.sign(b"m"), b"m")
    with pytest.raises(KeyFileError):
        scheme.verify(ED.public_key, ED.sign(b"m"), b"n")
    assert all(name == scheme.algorithm for name, scheme in SCHEMES.items())
    assert set(SCHEMES) == set(KEY_SIZES) - {"sm2"}


def test_sizes_tell_keys_apart() -> None:
    assert len(set(KEY_SIZES.values())) == len(KEY_SIZES)
    for name, key in KEYS.items():
        assert algorithm_of_key(key) == name
        check_key(name, key)
        for other in KEYS.keys() - {name}:
            with pytest.raises(KeyFileError, match=r"^here: .* bytes, not"):
                check_key(other, key, "here")
    with pytest.raises(KeyFileError, match=r"^here: has 33 bytes"):
        algorithm_of_key(bytes(33), "here")
    with pytest.raises(KeyFileError, match="'rsa' is none of the algorithms"):
        check_key("rsa", bytes(32))


def test_forms_tell_signatures_apart() -> None:
    assert algorithm_of_signature(bytes(64)) == "ed25519"
    assert algorithm_of_signature(bytes(2420)) == "ml-dsa-44"
    assert algorithm_of_signature(slow.der(1, 1)) == "sm2"
    for size in (0, 7, 8, 63, 65, 72, 2419, 2421):
        with pytest.raises(KeyFileError, match=rf"^here: has {size} bytes, not 64 \(ed25519\) or 2420"):
            algorithm_of_signature(bytes(size), "here")


@given(in_range, in_range)
def test_integers_come_back(r: int, s: int) -> None:
    data = slow.der(r, s)
    if len(data) == 64:
        with pytest.raises(KeyFileError, match="never 64"):
            sm2_integers(data)
    else:
        assert sm2_integers(data) == (r, s)
        assert algorithm_of_signature(data) == "sm2"


def test_the_shortest_and_the_longest() -> None:
    assert len(slow.der(1, 127)) == 8
    assert len(slow.der(SM2_ORDER - 1, SM2_ORDER - 1)) == 72
    assert sm2_integers(slow.der(1, SM2_ORDER - 1)) == (1, SM2_ORDER - 1)


@given(in_range, in_range, st.data())
def test_no_second_spelling(r: int, s: int, data: st.DataObject) -> None:
    """A changed byte gives other integers or an error, never the same ones."""
    changed = bytearray(slow.der(r, s))
    place = data.draw(st.integers(0, len(changed) - 1))
    changed[place] = data.draw(st.integers(0, 255).filter(lambda v: v != changed[place]))
    try:
        found = sm2_integers(bytes(changed))
    except KeyFileError:
        return
    assert found != (r, s)
    assert slow.der(*found) == bytes(changed)


@given(st.binary(max_size=80))
def test_whatever_the_bytes_only_our_errors_leave(data: bytes) -> None:
    for check in (sm2_integers, algorithm_of_signature, algorithm_of_key, check_sm2_key):
        try:
            check(data)
        except KeyFileError:
            continue


@given(st.binary(min_size=64, max_size=64))
def test_points_are_on_the_curve_or_refused(data: bytes) -> None:
    x, y = int.from_bytes(data[:32], "big"), int.from_bytes(data[32:], "big")
    assert (y * y - x**3 + 3 * x - slow.B) % slow.P, "chance is against it"
    with pytest.raises(KeyFileError, match="not a point of the SM2 curve"):
        check_sm2_key(b"\x04" + data)


@given(st.integers(1, slow.N - 1))
def test_multiples_of_the_generator_are_keys(d: int) -> None:
    check_sm2_key(slow.public(d))
