"""How a time-stamp token is signed: the one ``SignerInfo`` of its signed data (RFC 5652 section 5.3, RFC 5816)."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from dblrandom.kernel._der import INTEGER, OCTETS, OID, SEQUENCE, SET, Fields, Node, context

__all__ = ["HASHES", "SHA1_OID", "TST_INFO", "Signer", "algorithm_of", "read_signer"]

TST_INFO = "1.2.840.113549.1.9.16.1.4"
"""The content type of a time stamp's text."""

SHA1_OID = "1.3.14.3.2.26"
HASHES = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
    SHA1_OID: "sha1",
}
"""The hashes that have a name here; SHA-1 only as what is refused, and in certificates' old identifiers."""

_SIGNATURES = {
    "1.2.840.113549.1.1.1": ("RSA", ""),
    "1.2.840.113549.1.1.11": ("RSA", "sha256"),
    "1.2.840.113549.1.1.12": ("RSA", "sha384"),
    "1.2.840.113549.1.1.13": ("RSA", "sha512"),
    "1.2.840.10045.4.3.2": ("EC", "sha256"),
    "1.2.840.10045.4.3.3": ("EC", "sha384"),
    "1.2.840.10045.4.3.4": ("EC", "sha512"),
}
_CONTENT_TYPE, _MESSAGE_DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"


@frozen(kw_only=True)
class Signer:
    """Who signed a token, and what (RFC 5652 section 5.3).

    ``issuer`` (DER) and ``serial`` are those of the signer's certificate, and ``certificate_ids`` are hashes of it, by
    name of the hash. ``attributes`` (DER) are what was signed, by ``method`` (``RSA`` or ``EC``, hash); among them is
    ``info_digest``, the hash ``digest`` of the token's text.
    """

    issuer: bytes
    serial: int
    certificate_ids: tuple[tuple[str, bytes], ...]
    digest: str
    info_digest: bytes
    attributes: bytes
    method: tuple[str, str]
    signature: bytes


def algorithm_of(found: Node, what: str) -> str:
    """The identifier of an algorithm, without its parameters."""
    return found.fields(what).take(OID, what).oid(what)


def read_signer(found: Node) -> Signer:
    """Read a ``SignerInfo``; nothing is verified.

    Raises:
        KeyFileError: it is malformed, or signed with SHA-1 or another algorithm that is not taken.
    """
    info = found.fields("the signature")
    info.take(INTEGER, "the version")
    sid = info.take(SEQUENCE, "the signer's issuer and serial number").fields("the signer")
    issuer = sid.take(SEQUENCE, "the signer's issuer").whole
    serial = sid.take(INTEGER, "the signer's serial number").integer("the signer's serial number")
    sid.end()
    digest = algorithm_of(info.take(SEQUENCE, "the digest algorithm"), "the digest algorithm")
    signed = info.take(context(0), "the signed attributes")
    method = algorithm_of(info.take(SEQUENCE, "the signature algorithm"), "the signature algorithm")
    signature = info.take(OCTETS, "the signature").content
    info.optional(context(1))
    info.end()
    for oid, allowed in ((digest, set(HASHES) - {SHA1_OID}), (method, set(_SIGNATURES))):
        if oid not in allowed:
            raise found.fail(f"is signed by an algorithm that is not taken ({oid}); RSA or ECDSA with SHA-2 is")
    attributes = _attributes(signed)
    if _one(attributes, _CONTENT_TYPE, found).oid("the signed content type") != TST_INFO:
        raise found.fail("is signed as something else than a time stamp")
    kind, hashed = _SIGNATURES[method]
    return Signer(
        issuer=issuer,
        serial=serial,
        certificate_ids=_certificate_ids(attributes, found),
        digest=HASHES[digest],
        info_digest=_one(attributes, _MESSAGE_DIGEST, found).expect(OCTETS, "the signed digest").content,
        # They are signed with the tag of a set, and stand in the token with another.
        attributes=bytes((SET,)) + signed.whole[1:],
        method=(kind, hashed or HASHES[digest]),
        signature=signature,
    )


def _attributes(found: Node) -> Mapping[str, tuple[Node, ...]]:
    attributes: dict[str, tuple[Node, ...]] = {}
    for part in found.parts():
        attribute = part.fields("a signed attribute")
        name = attribute.take(OID, "an attribute's name").oid("an attribute's name")
        if name in attributes:
            raise part.fail(f"has the signed attribute {name} twice")
        attributes[name] = attribute.take(SET, "an attribute's values").parts()
        attribute.end()
    return attributes


def _one(attributes: Mapping[str, tuple[Node, ...]], name: str, found: Node) -> Node:
    values = attributes.get(name, ())
    if len(values) != 1:
        raise found.fail(f"has {len(values)} values of the signed attribute {name}, not one")
    return values[0]


def _certificate_ids(attributes: Mapping[str, tuple[Node, ...]], found: Node) -> tuple[tuple[str, bytes], ...]:
    """What the signed attributes say of the signer's certificate (RFC 2634 section 5.4, RFC 5816): hash and digest."""
    ids = []
    for name in (_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2):
        if name in attributes:
            listed = _one(attributes, name, found).fields("the signer's identifier").take(SEQUENCE, "its certificates")
            first = Fields(listed.parts(), "the signer's identifier", found.where).take(SEQUENCE, "a certificate")
            identifier = first.fields("the signer's identifier")
            algorithm = identifier.optional(SEQUENCE) if name == _SIGNING_CERTIFICATE_V2 else None
            default = "sha1" if name == _SIGNING_CERTIFICATE else "sha256"
            hashed = HASHES.get(algorithm_of(algorithm, "the identifier's hash"), "") if algorithm else default
            digest = identifier.take(OCTETS, "the certificate's digest").content
            ids.append((hashed, digest))
    if not ids:
        raise found.fail("does not say which certificate signed it (no signing-certificate attribute)")
    return tuple(ids)
