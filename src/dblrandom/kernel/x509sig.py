"""RSA signatures under an X.509 certificate, as signed beacons use them (RFC 8017 section 8.2, RFC 5280, RFC 7468).

Only what a pulse needs: which certificate it is, when it is valid, and whether its key made a signature. Who issued
it is not looked at: a beacon's certificate is trusted by its identifier, not by a chain of authorities.
"""

from __future__ import annotations

import hashlib
from typing import Any, Self

import attrs
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import InvalidVersion, load_pem_x509_certificate

from dblrandom import limits
from dblrandom.errors import KeyFileError
from dblrandom.model.names import check_time

__all__ = ["MAX_CERTIFICATE", "RsaCertificate"]

MAX_CERTIFICATE = limits.CERTIFICATE_BYTES
"""The longest text that is looked at; a certificate of 4096 bits takes about 3,000 characters."""

_BEGIN = "-----BEGIN "
_KEY_BITS = range(2048, 8192 + 1)
# Beyond these bounds a check gets slow, or a signature can be made without the private key (an exponent of 1).
_EXPONENTS = range(65537, 2**32)


@attrs.frozen(kw_only=True)
class RsaCertificate:
    """A certificate with an RSA key of 2048 to 8192 bits.

    Attributes:
        identifier: SHA-512 of its DER bytes, 128 hex.
        valid_from: the first moment of its validity, ``YYYY-MM-DDThh:mm:ssZ``.
        valid_until: the last moment, included.
        key_bits: the size of its key.
        pem: the one way to write it: lines of 64 characters, each ended by a line feed, the last one too.
    """

    identifier: str
    valid_from: str
    valid_until: str
    key_bits: int
    pem: str = attrs.field(repr=False)
    _key: RSAPublicKey = attrs.field(repr=False, eq=False)

    @classmethod
    def from_pem(cls, text: str, where: str = "certificate") -> Self:
        """Read the one certificate in a PEM text; spaces at the ends of its lines do not matter.

        Raises:
            KeyFileError: too long, not one PEM, damaged, or with a key that cannot be used here.
        """
        if len(text) > MAX_CERTIFICATE:
            raise KeyFileError(f"has {len(text)} characters; at most {MAX_CERTIFICATE} are allowed", where=where)
        if not text.isascii() or text.count(_BEGIN) != 1:
            raise KeyFileError("is not exactly one certificate in PEM", where=where)
        lines = "".join(f"{line.strip()}\n" for line in text.split("\n"))
        try:
            found = load_pem_x509_certificate(lines.encode("ascii"))
            key = found.public_key()
            times = found.not_valid_before_utc, found.not_valid_after_utc
            der, pem = found.public_bytes(Encoding.DER), found.public_bytes(Encoding.PEM).decode("ascii")
        except (ValueError, TypeError, UnsupportedAlgorithm, InvalidVersion, Warning) as error:
            raise KeyFileError("is not a certificate that can be read", where=where) from error
        if not isinstance(key, RSAPublicKey):
            raise KeyFileError("has no RSA key, which this signature needs", where=where)
        if key.key_size not in _KEY_BITS or key.public_numbers().e not in _EXPONENTS:
            raise KeyFileError("has an RSA key of a size or exponent that is not accepted", where=where)
        start, end = (time.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0") for time in times)
        return cls(
            identifier=hashlib.sha512(der).hexdigest(),
            valid_from=start,
            valid_until=end,
            key_bits=key.key_size,
            pem=pem,
            key=key,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # The key is an object of a library that cannot be pickled; it follows from the text.
        return type(self).from_pem, (self.pem,)

    def is_valid_at(self, time: str) -> bool:
        """Whether ``time``, ``YYYY-MM-DDThh:mm:ssZ``, lies within its validity, both ends included.

        Raises:
            KeyFileError: not a time.
        """
        check_time(time, "time", error=KeyFileError)
        return self.valid_from <= time <= self.valid_until

    def verify(self, signature: bytes, message: bytes, where: str = "signature") -> None:
        """Check an RSASSA-PKCS1-v1_5 signature with SHA-512; returns nothing.

        Raises:
            KeyFileError: it was not made by this certificate's key over this message.
        """
        if len(signature) * 8 != self.key_bits:
            raise KeyFileError(f"it has {len(signature) * 8} bits, the key {self.key_bits}", where=where)
        try:
            self._key.verify(signature, message, PKCS1v15(), SHA512())
        except (InvalidSignature, ValueError, UnsupportedAlgorithm) as error:
            raise KeyFileError("it does not match the key and the message", where=where) from error
