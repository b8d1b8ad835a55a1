"""ML-DSA-44 against the example key of RFC 9881 and signatures by another implementation."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import asymmetric
from cryptography.hazmat.primitives.asymmetric import mldsa
from slow_sm2 import KNOWN

from dblrandom.errors import KeyFileError, MissingExtra
from dblrandom.kernel.mldsa import PUBLIC_KEY_SIZE, SIGNATURE_SIZE, MlDsa44, MlDsa44Signer
from dblrandom.kernel.pem import private_from_pem, private_to_pem, public_from_pem, public_to_pem
from dblrandom.kernel.schemes import SCHEMES, Scheme
from dblrandom.kernel.signing import Signer, keyid

CASE = KNOWN["ml_dsa_44"]
SEED, KEY = bytes.fromhex(CASE["seed"]), bytes.fromhex(CASE["public_key"])
SIGNATURE, MESSAGE = bytes.fromhex(CASE["signature"]), CASE["message"].encode()
SCHEME = MlDsa44()
SIGNER = MlDsa44Signer.from_private_bytes(SEED)

# RFC 9881, appendix C.1: the private key as a seed, and the first and last lines of the public key.
RFC_PRIVATE = b"""-----BEGIN PRIVATE KEY-----
MDQCAQAwCwYJYIZIAWUDBAMRBCKAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZ
GhscHR4f
-----END PRIVATE KEY-----
"""
RFC_PUBLIC_BEGINS = b"""-----BEGIN PUBLIC KEY-----
MIIFMjALBglghkgBZQMEAxEDggUhANeytHJUquDbReeTDUqY0sl9jxOX0Xidr6Fw
JLMW6b7JT8mUbULxm3mnQTu6oz5xSctC7VEVaTrAQfrLmIretf4OHYYxGEmVtZLD
l9IpTi4U+QqkFLo4JomaxD9MzKy8JumoMrlRGNXLQzy++WYLABOOCBf2HnYsonTD
atVU6yKqwRYuSrAay6HjjE79j4C2WzM9D3LlXf5xzpweu5iJ58VhB"""


def test_the_key_of_rfc_9881() -> None:
    assert private_from_pem(RFC_PRIVATE) == ("ml-dsa-44", SEED)
    assert private_to_pem(SEED, "ml-dsa-44") == RFC_PRIVATE
    assert SIGNER.public_key == KEY
    assert public_to_pem(KEY).startswith(RFC_PUBLIC_BEGINS)
    assert public_from_pem(public_to_pem(KEY)) == KEY
    assert SIGNER.keyid == keyid(KEY)


def test_another_implementations_signature_holds() -> None:
    SCHEME.verify(KEY, SIGNATURE, MESSAGE)


def test_the_context_string_is_empty() -> None:
    with pytest.raises(KeyFileError, match="does not match"):
        SCHEME.verify(KEY, bytes.fromhex(CASE["signature_with_context"]), MESSAGE)


@pytest.mark.parametrize("message", [b"", b"m", b"x" * 100_000])
def test_what_is_signed_holds_and_nothing_else(message: bytes) -> None:
    signature = SIGNER.sign(message)
    assert len(signature) == SIGNATURE_SIZE
    SCHEME.verify(KEY, signature, message)
    with pytest.raises(KeyFileError, match="does not match"):
        SCHEME.verify(KEY, signature, message + b"\0")


def test_the_protocols() -> None:
    assert isinstance(SIGNER, Signer)
    assert isinstance(SCHEME, Scheme)
    assert SIGNER.algorithm == SCHEME.algorithm == "ml-dsa-44"
    assert type(SCHEMES["ml-dsa-44"]) is MlDsa44
    assert SEED.hex() not in repr(SIGNER)
    assert KEY.hex() not in repr(SIGNER)


@pytest.mark.parametrize("place", [0, 31, 32, 1000, 2335, 2336, 2419])
def test_a_changed_byte_is_seen(place: int) -> None:
    changed = bytearray(SIGNATURE)
    changed[place] ^= 1
    with pytest.raises(KeyFileError, match="does not match"):
        SCHEME.verify(KEY, bytes(changed), MESSAGE)


@pytest.mark.parametrize("size", [0, 32, 64, PUBLIC_KEY_SIZE - 1, PUBLIC_KEY_SIZE + 1, 1952])
def test_keys_of_other_sizes(size: int) -> None:
    with pytest.raises(KeyFileError, match=f"1312 bytes, not {size}"):
        SCHEME.check_public_key(bytes(size), "here")
    with pytest.raises(KeyFileError, match="1312 bytes"):
        SCHEME.verify(bytes(size), SIGNATURE, MESSAGE)


@pytest.mark.parametrize("size", [0, 31, 33, 2560])
def test_seeds_of_other_sizes(size: int) -> None:
    with pytest.raises(KeyFileError, match="seed of 32 bytes"):
        MlDsa44Signer.from_private_bytes(bytes(size))


def test_an_older_cryptography_is_said_and_not_taken_for_a_bad_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(asymmetric, "mldsa")
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)
    with pytest.raises(MissingExtra, match="cryptography>=48"):
        SCHEME.verify(KEY, SIGNATURE, MESSAGE)
    with pytest.raises(MissingExtra, match="cryptography>=48"):
        MlDsa44Signer.from_private_bytes(SEED)
    with pytest.raises(KeyFileError):
        SCHEME.verify(KEY, SIGNATURE[:-1], MESSAGE)


def test_a_build_without_it_is_said_too(monkeypatch: pytest.MonkeyPatch) -> None:
    class Unsupported:
        @staticmethod
        def refuse(data: Any) -> None:
            raise UnsupportedAlgorithm("ML-DSA-44 is not supported by this backend.")

        from_public_bytes = from_seed_bytes = refuse

    monkeypatch.setattr(mldsa, "MLDSA44PublicKey", Unsupported)
    monkeypatch.setattr(mldsa, "MLDSA44PrivateKey", Unsupported)
    with pytest.raises(MissingExtra, match="cryptography>=48"):
        SCHEME.verify(KEY, SIGNATURE, MESSAGE)
    with pytest.raises(MissingExtra, match="cryptography>=48"):
        MlDsa44Signer.from_private_bytes(SEED)
