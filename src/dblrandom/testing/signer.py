"""What a signer must do, as tests to inherit: it signs what it is given, under the key that it names."""

from __future__ import annotations

from collections.abc import Sequence

from dblrandom.adapters.sm2 import Sm2
from dblrandom.kernel.schemes import KEY_SIZES, SCHEMES
from dblrandom.kernel.signing import Signer, keyid
from dblrandom.testing.expect import expect

__all__ = ["SignerConformance"]


class SignerConformance:
    """Subclass this, set ``signer`` or override :meth:`open`, and let pytest collect it.

    Attributes:
        signer: an open signer, best as :func:`dblrandom.open_signer` gives it.
        messages: what it is made to sign.
    """

    signer: Signer
    messages: Sequence[bytes] = (b"", b"\x00", b"message", bytes(range(256)), b"x" * 70_000)

    def open(self) -> Signer:
        """The signer to test; a plug-in's test may open it anew."""
        return self.signer

    def test_it_is_a_signer(self) -> None:
        """It has the whole protocol, and names an algorithm that receipts take."""
        signer = self.open()
        expect(isinstance(signer, Signer), "it lacks a part of the Signer protocol")
        expect(signer.algorithm in KEY_SIZES, f"its algorithm must be one of {', '.join(KEY_SIZES)}")

    def test_its_key(self) -> None:
        """The public key is raw bytes of the algorithm's size, always the same, and the id is its SHA-256."""
        signer = self.open()
        expect(type(signer.public_key) is bytes, "the public key must be bytes")
        expect(len(signer.public_key) == KEY_SIZES[signer.algorithm], "the public key must be raw, not DER")
        expect(signer.keyid == keyid(signer.public_key), "the key id must be SHA-256 of the raw key in hex")
        expect(signer.public_key == self.open().public_key, "the key must be the same each time")

    def test_its_signatures(self) -> None:
        """Each message is signed as it is, not hashed before, and again after another."""
        signer = self.open()
        scheme = Sm2() if signer.algorithm == "sm2" else SCHEMES[signer.algorithm]
        for message in (*self.messages, *self.messages[:1]):
            signature = signer.sign(message)
            expect(type(signature) is bytes, "a signature must be bytes")
            scheme.verify(signer.public_key, signature, message)

    def test_it_shows_no_secret(self) -> None:
        """Its representation is short, so that it cannot hold a key or a PIN by accident."""
        expect(len(repr(self.open())) < 500, "the representation of a signer must be short")
