"""Vectors of others (``cryptography-vectors``) on code of this library's own: its strict Ed25519, its readers.

The cases that only exercise the library ``cryptography`` itself are left out.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.utils import CryptographyDeprecationWarning

from dblrandom.errors import DblrandomError, KeyFileError
from dblrandom.kernel.pem import private_from_pem, public_from_pem
from dblrandom.kernel.signing import Ed25519Signer, verify_ed25519
from dblrandom.kernel.timestamps import certificates_from_pem, read_token
from dblrandom.kernel.x509sig import RsaCertificate

vectors = pytest.importorskip("cryptography_vectors")
ROOT = Path(vectors.__file__).parent if vectors.__file__ else Path()


def files(*places: str, ends: tuple[str, ...]) -> list[Path]:
    found = [path for place in places for path in sorted((ROOT / place).rglob("*")) if path.suffix in ends]
    assert found
    return found


def ed25519() -> Iterator[tuple[bytes, bytes, bytes, bytes]]:
    """Seed, public key, message and signature of each line of the authors' own file."""
    for line in (ROOT / "asymmetric" / "Ed25519" / "sign.input").read_text("ascii").splitlines():
        secret, public, message, signed = line.split(":")[:4]
        yield bytes.fromhex(secret)[:32], bytes.fromhex(public), bytes.fromhex(message), bytes.fromhex(signed)[:64]


def test_the_strict_ed25519_takes_what_its_authors_signed_and_nothing_changed() -> None:
    cases = list(ed25519())
    assert len(cases) == 1024
    for number, (seed, public, message, signature) in enumerate(cases[::4]):
        signer = Ed25519Signer.from_private_bytes(seed)
        assert (signer.public_key, signer.sign(message)) == (public, signature)
        verify_ed25519(public, signature, message)
        place = number % 64
        changed = signature[:place] + bytes([signature[place] ^ 1]) + signature[place + 1 :]
        for bad, of in ((changed, message), (signature, message + b"\0")):
            with pytest.raises(KeyFileError):
                verify_ed25519(public, bad, of)


def test_certificates_of_others_are_read_alike_or_refused_in_our_own_words() -> None:
    """Garbage around a certificate, odd names, old versions and broken fields: no error but the library's own."""
    read = 0
    for path in files("x509", "pkcs7", ends=(".pem", ".crt")):
        text = path.read_bytes()
        with suppress(DblrandomError):
            certificates_from_pem(text, path.name)
        try:
            found = RsaCertificate.from_pem(text.decode("latin-1"), path.name)
        except DblrandomError:
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            theirs = x509.load_pem_x509_certificate(text)
        key = theirs.public_key()
        assert isinstance(key, RSAPublicKey)
        assert found.valid_until == theirs.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ")
        read += 1
    assert read > 10


def test_no_file_of_another_kind_is_a_time_stamp() -> None:
    for path in files("x509", "pkcs7", "pkcs12", "asymmetric", ends=(".der", ".pem", ".p7b", ".p12", ".pub")):
        with pytest.raises(KeyFileError):
            read_token(path.read_bytes()[: 1 << 16], path.name)


def test_keys_of_others_are_read_or_refused_in_our_own_words() -> None:
    taken = set()
    for path in files("asymmetric", ends=(".pem", ".pub", ".der", ".key")):
        for read in (private_from_pem, public_from_pem):
            try:
                read(path.read_bytes(), path.name)
                taken.add(path.name)
            except DblrandomError:
                pass
    assert {"ed25519-pkcs8.pem", "ed25519-pub.pem"} <= taken
