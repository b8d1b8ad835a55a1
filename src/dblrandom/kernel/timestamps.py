"""RFC 3161 time stamps: bytes in, a date out, or an error (docs/spec/timestamps.md).

A token says that a digest existed no later than a moment, on the word of an authority. Here it is read strictly, and
its chain of certificates is judged at the moments that are given. No clock is asked and no further library is needed:
who verifies in ten years needs only what verifies everything else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from attrs import field, frozen
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from dblrandom.errors import KeyFileError
from dblrandom.kernel._chain import LONGEST_CHAIN, check_chain, load, load_pem, ordered, subject
from dblrandom.kernel._der import BOOLEAN, INTEGER, NULL, OCTETS, OID, SEQUENCE, context, encode, encode_integer, node
from dblrandom.kernel._token import MAX_TOKEN_BYTES, Token, read_token
from dblrandom.model.names import time_seconds, time_text

__all__ = [
    "LONGEST_CHAIN",
    "MAX_TOKEN_BYTES",
    "Stamp",
    "Token",
    "certificate_name",
    "certificates_from_pem",
    "check_token",
    "make_request",
    "order_chain",
    "read_token",
]

_SIGNED_HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}
_SHA256 = bytes.fromhex("608648016503040201")


@frozen(kw_only=True)
class Stamp:
    """A token that holds: what it dates existed by ``time``, on the word of ``authority``.

    ``earliest`` is as for :class:`Token`. ``expires`` is the last second at which the whole chain is valid
    (RFC 5280 counts it in): a verifier who asks later needs a newer token over the receipt that carries this one.
    """

    time: str
    earliest: str
    authority: str
    expires: str
    token: Token = field(repr=False)


def check_token(
    token: bytes,
    *,
    certificates: Sequence[bytes],
    roots: Sequence[bytes],
    imprint: bytes,
    at: str | None = None,
    where: str = "time stamp",
) -> Stamp:
    """Check that a token dates ``imprint``, up to a root that is trusted.

    Args:
        token: the token, or a response that grants it.
        certificates: the chain in DER: the authority's own certificate first, a root last.
        roots: the trusted root certificates, in DER.
        imprint: the SHA-256 digest that must have been dated.
        at: the moment until which the chain must be good beyond the token's own time: that of the next token, or the
            verifier's ``as_of``.
        where: how errors call the token.

    Raises:
        KeyFileError: it does not hold; the message says why.
    """
    found = read_token(token, where)
    if found.imprint_algorithm != "sha256":
        raise KeyFileError(f"dates a digest by {found.imprint_algorithm}; ask for SHA-256", where=where)
    if found.imprint != imprint:
        raise KeyFileError(f"dates other bytes: those with the SHA-256 {found.imprint.hex()}", where=where)
    if not certificates:
        raise KeyFileError("comes without certificates; give the authority's chain", where=where)
    _check_signer(found, certificates[0], where)
    end = max(time_seconds(found.time), time_seconds(at or found.time))
    expires = check_chain(certificates, roots, time_seconds(found.issued), end)
    _check_signature(found, certificates[0], where)
    return Stamp(
        time=found.time,
        earliest=found.earliest,
        authority=certificate_name(certificates[0]),
        expires=time_text(expires),
        token=found,
    )


def _check_signer(token: Token, leaf: bytes, where: str) -> None:
    """Hold the chain's first certificate against both of the token's identifiers of its signer's."""
    certificate = load(leaf, "certificate 1")
    # Of a certificate's parts these stand first: version, serial number, algorithm, issuer.
    parts = node(leaf, "certificate 1").fields("it").take(SEQUENCE, "its text").fields("its text")
    parts.optional(context(0))
    serial = parts.take(INTEGER, "its serial number").integer("its serial number")
    parts.take(SEQUENCE, "its algorithm")
    if (parts.take(SEQUENCE, "its issuer").whole, serial) != (token.signer.issuer, token.signer.serial):
        raise KeyFileError(
            f"was signed by another certificate than that of {subject(certificate)!r}, the chain's first", where=where
        )
    for name, digest in token.signer.certificate_ids:
        if not name or hashlib.new(name, leaf, usedforsecurity=False).digest() != digest:
            raise KeyFileError(
                f"names another certificate than that of {subject(certificate)!r} as its signer's (ESSCertID)",
                where=where,
            )


def _check_signature(token: Token, leaf: bytes, where: str) -> None:
    """RFC 5652 sections 5.4 and 5.6: the key signed the attributes, and they have the digest of the token's text."""
    signer, key = token.signer, load(leaf, "certificate 1").public_key()
    kind, name = signer.method
    signed = True
    try:
        if kind == "RSA" and isinstance(key, rsa.RSAPublicKey):
            key.verify(signer.signature, signer.attributes, padding.PKCS1v15(), _SIGNED_HASHES[name])
        elif kind == "EC" and isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signer.signature, signer.attributes, ec.ECDSA(_SIGNED_HASHES[name]))
        else:
            signed = False
    except InvalidSignature:
        signed = False
    if not signed:
        raise KeyFileError("its signature does not hold", where=where)
    if hashlib.new(signer.digest, token.info).digest() != signer.info_digest:
        raise KeyFileError("its text is not the one that was signed", where=where)


def make_request(imprint: bytes, nonce: int | None) -> bytes:
    """A request for a token over a SHA-256 digest that carries the authority's certificate (RFC 3161 section 2.4.1).

    Raises:
        KeyFileError: the digest is not 32 bytes, or the nonce is not from 0 to 2^64-1.
    """
    if len(imprint) != 32:
        raise KeyFileError(f"a SHA-256 digest is 32 bytes, not {len(imprint)}", where="time stamp request")
    if nonce is not None and not 0 <= nonce < 1 << 64:
        raise KeyFileError("a nonce is from 0 to 2^64-1", where="time stamp request")
    algorithm = encode(SEQUENCE, encode(OID, _SHA256), encode(NULL))
    parts = [encode_integer(1), encode(SEQUENCE, algorithm, encode(OCTETS, imprint))]
    if nonce is not None:
        parts.append(encode_integer(nonce))
    return encode(SEQUENCE, *parts, encode(BOOLEAN, b"\xff"))


def certificates_from_pem(pem: bytes, where: str = "certificates") -> tuple[bytes, ...]:
    """Every certificate of a PEM text, as DER, in its order.

    Raises:
        KeyFileError: there is none, one cannot be read, or there are more than 64.
    """
    return load_pem(pem, where)


def certificate_name(certificate: bytes, where: str = "certificate") -> str:
    """Whom a certificate in DER names, as text (RFC 4514).

    Raises:
        KeyFileError: it cannot be read.
    """
    return subject(load(certificate, where))


def order_chain(token: Token, certificates: Sequence[bytes]) -> tuple[bytes, ...]:
    """The chain of a token, its signer's certificate first and a root last, from what it carries and what is given.

    Raises:
        KeyFileError: a certificate is missing (the message names whose) or cannot be read.
    """
    pool = [*certificates, *token.certificates]
    for der in pool:
        try:
            _check_signer(token, der, "time stamp")
        except KeyFileError:
            continue
        return ordered(der, pool)
    raise KeyFileError("the certificate that signed it is not there; add it to the chain", where="time stamp")
