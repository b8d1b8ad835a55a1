from __future__ import annotations

import shutil
import subprocess

import pytest
import slow_sm2
from cryptography.hazmat.primitives.asymmetric import ec, ed448
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from dblrandom.errors import KeyFileError
from dblrandom.kernel.pem import private_from_pem, private_to_pem, public_from_pem, public_to_pem
from dblrandom.kernel.signing import Ed25519Signer

# RFC 8410 section 10.3 gives this private key and section 10.1 its public key.
RFC_PRIVATE = b"""-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
"""
RFC_PUBLIC = b"""-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""
RFC_SEED = bytes.fromhex("d4ee72dbf913584ad5b6d8f1f769f8ad3afe7c28cbf1d4fbe097a88f44755842")
RFC_RAW = bytes.fromhex("19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1")


def test_the_keys_of_rfc_8410() -> None:
    assert private_from_pem(RFC_PRIVATE) == ("ed25519", RFC_SEED)
    assert private_to_pem(RFC_SEED) == RFC_PRIVATE
    assert public_from_pem(RFC_PUBLIC) == RFC_RAW
    assert public_to_pem(RFC_RAW) == RFC_PUBLIC
    assert Ed25519Signer.from_private_bytes(RFC_SEED).public_key == RFC_RAW


@pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl here")
def test_openssl_and_this_module_read_each_other() -> None:
    made = subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519"], capture_output=True, check=True).stdout
    algorithm, seed = private_from_pem(made)
    assert algorithm == "ed25519"
    assert private_to_pem(seed) == made
    public = subprocess.run(["openssl", "pkey", "-pubout"], input=made, capture_output=True, check=True).stdout
    assert public_from_pem(public) == Ed25519Signer.from_private_bytes(seed).public_key


@given(st.binary(min_size=32, max_size=32))
def test_keys_come_back(seed: bytes) -> None:
    assert private_from_pem(private_to_pem(seed)) == ("ed25519", seed)
    assert private_from_pem(private_to_pem(seed, "ml-dsa-44")) == ("ml-dsa-44", seed)
    raw = Ed25519Signer.from_private_bytes(seed).public_key
    assert public_from_pem(public_to_pem(raw)) == raw


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_keys_of_other_sizes_are_refused(size: int) -> None:
    for algorithm in ("ed25519", "ml-dsa-44"):
        with pytest.raises(KeyFileError, match=f"{algorithm} key: a private key is 32 bytes, not {size}"):
            private_to_pem(b"x" * size, algorithm)
    with pytest.raises(KeyFileError, match=f"has {size} bytes"):
        public_to_pem(b"x" * size)
    with pytest.raises(KeyFileError, match="not an SM2 key in PKCS#8"):
        private_to_pem(b"x" * size, "sm2")
    with pytest.raises(KeyFileError, match="no such algorithm"):
        private_to_pem(bytes(32), "rsa")


def test_sm2_keys_come_back() -> None:
    case = slow_sm2.KNOWN["sm2"]
    der = slow_sm2.private_der(int(case["private_key"], 16))
    assert private_from_pem(private_to_pem(der, "sm2")) == ("sm2", der)
    raw = bytes.fromhex(case["public_key"])
    assert der[-65:] == raw
    assert public_from_pem(public_to_pem(raw)) == raw


def test_text_around_the_block_is_passed_over() -> None:
    """``openssl pkey -text`` writes the key's numbers before the block."""
    assert private_from_pem(b"ED25519 Private-Key:\n" + RFC_PRIVATE.replace(b"\n", b"\r\n")) == ("ed25519", RFC_SEED)


def other_private(key: ec.EllipticCurvePrivateKey | ed448.Ed448PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def test_other_algorithms_are_refused() -> None:
    for key in (ec.generate_private_key(ec.SECP256R1()), ed448.Ed448PrivateKey.generate()):
        with pytest.raises(KeyFileError, match="not a private key of ed25519, ml-dsa-44, sm2"):
            private_from_pem(other_private(key))
        with pytest.raises(KeyFileError, match="not a public key of ed25519, ml-dsa-44, sm2"):
            public_from_pem(key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def test_a_protected_key_says_how_to_open_it() -> None:
    key = Ed25519PrivateKey.from_private_bytes(RFC_SEED)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"password"))
    with pytest.raises(KeyFileError, match="needs its passphrase"):
        private_from_pem(pem)


def test_a_public_key_of_small_order_is_refused() -> None:
    """With y = 1, the neutral element, every message has a valid signature."""
    spki = bytes.fromhex("302a300506032b6570032100") + b"\x01" + bytes(31)
    import base64

    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(spki) + b"\n-----END PUBLIC KEY-----\n"
    with pytest.raises(KeyFileError, match="small order"):
        public_from_pem(pem)
    with pytest.raises(KeyFileError, match="small order"):
        public_to_pem(spki[-32:])


@pytest.mark.parametrize(
    "pem",
    [b"", b"\xff", RFC_PRIVATE + RFC_PRIVATE, RFC_PRIVATE[:60], RFC_PRIVATE.replace(b"MC4C", b"MC5C"), b"x" * 20_000],
)
def test_what_is_no_key_is_refused(pem: bytes) -> None:
    for reader in (private_from_pem, public_from_pem):
        with pytest.raises(KeyFileError, match=r"my\.pem"):
            reader(pem, "my.pem")


def test_the_one_kind_is_not_taken_for_the_other() -> None:
    with pytest.raises(KeyFileError):
        private_from_pem(RFC_PUBLIC)
    with pytest.raises(KeyFileError):
        public_from_pem(RFC_PRIVATE)


@given(st.binary(max_size=200))
def test_whatever_the_bytes_only_our_errors_leave(body: bytes) -> None:
    for kind in (b"PRIVATE", b"PUBLIC"):
        pem = b"-----BEGIN " + kind + b" KEY-----\n" + body + b"\n-----END " + kind + b" KEY-----\n"
        for reader in (private_from_pem, public_from_pem):
            with pytest.raises(KeyFileError):
                reader(pem)
