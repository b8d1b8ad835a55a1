"""RFC 8032's own vectors; the strictness cases are in own_v1.json."""

from __future__ import annotations

import hashlib

import pytest

from dblrandom.errors import KeyFileError, ReceiptError
from dblrandom.kernel.dsse import PAYLOAD_TYPE, b64decode, b64encode, pae
from dblrandom.kernel.signing import Ed25519Signer, Signer, check_public_key, keyid, verify_ed25519

RFC8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
]


@pytest.mark.parametrize(("seed", "public", "message", "signature"), RFC8032)
def test_rfc_8032(seed: str, public: str, message: str, signature: str) -> None:
    signer = Ed25519Signer.from_private_bytes(bytes.fromhex(seed))
    assert signer.public_key.hex() == public
    assert signer.sign(bytes.fromhex(message)).hex() == signature
    verify_ed25519(signer.public_key, bytes.fromhex(signature), bytes.fromhex(message))


def test_signer() -> None:
    signer = Ed25519Signer.from_private_bytes(bytes(range(32)))
    assert isinstance(signer, Signer)
    assert signer.algorithm == "ed25519"
    assert signer.keyid == keyid(signer.public_key) == hashlib.sha256(signer.public_key).hexdigest()
    assert bytes(range(32)).hex() not in repr(signer)
    assert "Private" not in repr(signer)
    check_public_key(signer.public_key)
    for bad in (b"", bytes(31), bytes(33), bytes(64)):
        with pytest.raises(KeyFileError):
            Ed25519Signer.from_private_bytes(bad)


@pytest.mark.parametrize("bit", range(0, 512, 7))
def test_every_bit_counts(bit: int) -> None:
    signer = Ed25519Signer.from_private_bytes(bytes(32))
    signature = bytearray(signer.sign(b"m"))
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(KeyFileError):
        verify_ed25519(signer.public_key, bytes(signature), b"m")


def test_payload_type() -> None:
    assert pae(PAYLOAD_TYPE, b"{}") == b"DSSEv1 34 application/vnd.dblrandom.v1+json 2 {}".replace(
        b"34", b"%d" % len(PAYLOAD_TYPE)
    )
    assert PAYLOAD_TYPE == "application/vnd.dblrandom.v1+json"
    with pytest.raises(ReceiptError):
        pae("\ud800", b"")


@pytest.mark.parametrize("data", [b"", b"a", b"ab", b"abc", bytes(range(256))])
def test_base64(data: bytes) -> None:
    assert b64decode(b64encode(data)) == data


@pytest.mark.parametrize(
    "text",
    [
        "YQ",
        "YQ=",
        "YR==",
        "YWJ=",
        "YQ==\n",
        " YQ==",
        "Y Q==",
        "YQ===",
        "YQ==YQ==",
        "_w==",
        "-w==",
        "é",
        "=",
        "====",
        "\ud800",
        "YWI",
    ],
)
def test_base64_has_one_form(text: str) -> None:
    """Trailing bits that are not zero, and the alphabet for URLs, would give one payload many envelopes."""
    with pytest.raises(ReceiptError, match=r"^sig: "):
        b64decode(text, "sig")
