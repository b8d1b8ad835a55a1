"""Certificate chains of time-stamp authorities, judged at a time that is given (RFC 5280, RFC 3161 section 2.3).

Chains here are short and complete, so nothing is searched for: each certificate must be issued by the next one.
Revocation is not looked up: it would need the network, and a moment at which to ask.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from dblrandom import limits
from dblrandom.errors import DblrandomError, KeyFileError
from dblrandom.model.names import time_text

__all__ = ["LONGEST_CHAIN", "check_chain", "load", "load_pem", "ordered", "subject"]

LONGEST_CHAIN = limits.CERTIFICATE_CHAIN
"""Certificates of a chain, from the authority's own to the root."""

E = TypeVar("E", bound=x509.ExtensionType)

_LARGEST = limits.CERTIFICATE_DER_BYTES
_MOST_PEM = limits.CERTIFICATES
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512, hashes.SHA3_256, hashes.SHA3_384, hashes.SHA3_512)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EDWARDS = (x509.SignatureAlgorithmOID.ED25519, x509.SignatureAlgorithmOID.ED448)
_KNOWN = (x509.BasicConstraints, x509.KeyUsage, x509.ExtendedKeyUsage, x509.CertificatePolicies)


@contextmanager
def _reading(where: str, what: str) -> Iterator[None]:
    """Turn whatever the library raises on hostile bytes into one error."""
    try:
        yield
    except DblrandomError:
        raise
    except Exception as error:
        raise KeyFileError(f"{what} ({type(error).__name__})", where=where) from error


def load(der: bytes, where: str) -> x509.Certificate:
    """Read one certificate from its DER.

    Raises:
        KeyFileError: it is not one, or is over 16 KiB.
    """
    if len(der) > _LARGEST:
        raise KeyFileError(f"has {len(der)} bytes; a certificate has at most {_LARGEST}", where=where)
    with _reading(where, "is not an X.509 certificate in DER"):
        found = x509.load_der_x509_certificate(der)
        _ = found.extensions, found.subject, found.issuer
        return found


def load_pem(pem: bytes, where: str) -> tuple[bytes, ...]:
    """Read every certificate of a PEM text, as DER.

    Raises:
        KeyFileError: there is none, one cannot be read, or there are more than 64.
    """
    if pem.count(b"-----BEGIN CERTIFICATE-----") > _MOST_PEM:
        raise KeyFileError(f"holds more than {_MOST_PEM} certificates; give the authority's chain alone", where=where)
    with _reading(where, "holds no certificates in PEM; convert DER with: openssl x509 -inform DER"):
        return tuple(found.public_bytes(Encoding.DER) for found in x509.load_pem_x509_certificates(pem))


def subject(certificate: x509.Certificate) -> str:
    """Whom a certificate names, as text (RFC 4514)."""
    return certificate.subject.rfc4514_string()


def ordered(leaf: bytes, others: Sequence[bytes]) -> tuple[bytes, ...]:
    """The chain from ``leaf`` to a certificate that issued itself, built from ``others``.

    Raises:
        KeyFileError: a link is missing; the message names whose certificate is needed.
    """
    chain = [leaf]
    # Of two certificates of one issuer the one that ends the chain is taken: the other leads on to a further root.
    pool = sorted(dict.fromkeys(others), key=lambda der: not _ends(load(der, "certificate")))
    while True:
        last = load(chain[-1], f"certificate {len(chain)}")
        if _ends(last):
            return tuple(chain)
        issuer = next((der for der in pool if der not in chain and _issued(last, load(der, "certificate"))), None)
        if issuer is None or len(chain) == LONGEST_CHAIN:
            needed = last.issuer.rfc4514_string()
            raise KeyFileError(f"the certificate of {needed!r} is missing; add it to the chain", where="chain")
        chain.append(issuer)


def _ends(certificate: x509.Certificate) -> bool:
    return certificate.subject == certificate.issuer


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except Exception:  # whatever it is, this certificate is not the link that is looked for
        return False
    return True


def check_chain(certificates: Sequence[bytes], roots: Sequence[bytes], begin: int, end: int) -> int:
    """Check a chain, and return the last second at which all of its certificates are valid.

    Args:
        certificates: in DER, the authority's own first, one of ``roots`` last.
        roots: the certificates that are trusted, in DER.
        begin: seconds since 1970; no certificate may begin later.
        end: seconds since 1970; none may have expired by then.

    Raises:
        KeyFileError: a link does not hold; the message says which and why.
    """
    if not 2 <= len(certificates) <= LONGEST_CHAIN:
        raise KeyFileError(
            f"has {len(certificates)} certificates; give the whole chain, 2 to {LONGEST_CHAIN}, the root last",
            where="chain",
        )
    if certificates[-1] not in roots:
        who = subject(load(certificates[-1], "chain"))
        raise KeyFileError(f"ends at {who!r}, which is not a trusted root", where="chain")
    chain = [load(der, f"certificate {number}") for number, der in enumerate(certificates, 1)]
    for number, certificate in enumerate(chain):
        where = f"certificate {number + 1} ({subject(certificate)!r})"
        with _reading(where, "cannot be judged"):
            _check_one(certificate, where)
            _check_validity(certificate, begin, end, where)
            if number == 0:
                _check_authority(certificate, where)
            else:
                below = sum(1 for c in chain[1:number] if not _ends(c))
                _check_issuer(certificate, below, where)
        if number + 1 < len(chain) and not _issued(certificate, chain[number + 1]):
            issuer = subject(chain[number + 1])
            raise KeyFileError(f"was not issued by {issuer!r}, which follows it in the chain", where=where)
        if number + 1 < len(chain) and not _sound(certificate):
            raise KeyFileError("is signed with a hash that is no longer safe, such as SHA-1", where=where)
    return min(_expiry(certificate) for certificate in chain)


def _sound(certificate: x509.Certificate) -> bool:
    if certificate.signature_hash_algorithm is None:
        return certificate.signature_algorithm_oid in _EDWARDS
    return isinstance(certificate.signature_hash_algorithm, _HASHES)


def _extension(certificate: x509.Certificate, kind: type[E]) -> x509.Extension[E] | None:
    try:
        return certificate.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _check_one(certificate: x509.Certificate, where: str) -> None:
    """What every certificate of a chain must be: of a safe key, and without a condition that is not understood."""
    key = certificate.public_key()
    strong = (
        (isinstance(key, rsa.RSAPublicKey) and 2048 <= key.key_size <= 16384)
        or (isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= 256)
        or isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey)
    )
    if not strong:
        raise KeyFileError("has a key that is too weak, or of another kind than RSA (2048 bits up) and EC", where=where)
    for extension in certificate.extensions:
        if extension.critical and not isinstance(extension.value, _KNOWN):
            oid = extension.oid.dotted_string
            raise KeyFileError(f"has a critical condition that is not understood ({oid})", where=where)


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(seconds=1)


def _expiry(certificate: x509.Certificate) -> int:
    return _seconds(certificate.not_valid_after_utc)


def _check_validity(certificate: x509.Certificate, begin: int, end: int, where: str) -> None:
    start, expiry = _seconds(certificate.not_valid_before_utc), _expiry(certificate)
    if start > begin:
        raise KeyFileError(f"is not valid before {time_text(start)}, and is used at {time_text(begin)}", where=where)
    if expiry < end:
        raise KeyFileError(f"expired at {time_text(expiry)}, and must be good until {time_text(end)}", where=where)


def _check_authority(certificate: x509.Certificate, where: str) -> None:
    """RFC 3161 section 2.3: a key for time stamps and for nothing else, and a critical extension that says so."""
    purpose = _extension(certificate, x509.ExtendedKeyUsage)
    if purpose is None or list(purpose.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise KeyFileError("is not for time stamps alone (extended key usage timeStamping)", where=where)
    if not purpose.critical:
        raise KeyFileError("does not mark its extended key usage as critical", where=where)
    constraints = _extension(certificate, x509.BasicConstraints)
    if constraints is not None and constraints.value.ca:
        raise KeyFileError("may issue certificates; an authority's own must not", where=where)
    usage = _extension(certificate, x509.KeyUsage)
    if usage is not None and not (usage.value.digital_signature or usage.value.content_commitment):
        raise KeyFileError("is not for signatures (key usage)", where=where)


def _check_issuer(certificate: x509.Certificate, below: int, where: str) -> None:
    constraints = _extension(certificate, x509.BasicConstraints)
    if constraints is None or not constraints.value.ca:
        raise KeyFileError("may not issue certificates (basic constraints)", where=where)
    if constraints.value.path_length is not None and constraints.value.path_length < below:
        raise KeyFileError(f"allows {constraints.value.path_length} issuers below it, and has {below}", where=where)
    usage = _extension(certificate, x509.KeyUsage)
    if usage is not None and not usage.value.key_cert_sign:
        raise KeyFileError("may not sign certificates (key usage)", where=where)
    purpose = _extension(certificate, x509.ExtendedKeyUsage)
    allowed = {ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}
    if purpose is not None and not allowed & set(purpose.value):
        raise KeyFileError("is for other purposes than time stamps (extended key usage)", where=where)
