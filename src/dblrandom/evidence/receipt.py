"""Receipts: payloads of canonical JSON in DSSE envelopes (docs/spec, section 6).

An envelope has one lawful form for its content, so a receipt file is byte for byte what anyone else would write for the
same payload and signatures: nothing can be hidden in spelling, order or padding. At least one signature is of Ed25519;
those of other algorithms stand beside it (docs/spec, signatures).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import cast

import attrs

from dblrandom import limits
from dblrandom.errors import KeyFileError, ReceiptError
from dblrandom.evidence.bodies import DIGEST, NAME, TIME, check_body
from dblrandom.evidence.shapes import Array, Integer, Nullable, Object, OneOf, Text
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.dsse import PAYLOAD_TYPE, b64decode, b64encode, pae
from dblrandom.kernel.mldsa import SIGNATURE_SIZE
from dblrandom.kernel.schemes import KEY_SIZES, algorithm_of_signature
from dblrandom.kernel.signing import Signer
from dblrandom.kernel.suite import Suite
from dblrandom.model import Json

__all__ = ["Receipt", "Signature", "add_signatures", "payload_bytes", "receipt_to_sign", "sign_payload"]

_FIRST = "ed25519"
_MAX_SIGNATURES = limits.RECEIPT_SIGNATURES
_ENVELOPE = Object(
    {
        "payload": Text(".*", "base64"),
        "payloadType": OneOf((PAYLOAD_TYPE,)),
        "signatures": Array(Object({"keyid": DIGEST, "sig": Text(".*", "base64")}), 1),
    }
)
_NO_SIGNATURE: Mapping[str, bytes] = MappingProxyType(
    {"ed25519": bytes(64), "ml-dsa-44": bytes(SIGNATURE_SIZE), "sm2": b"\x30\x46" + 2 * (b"\x02\x21\0\x80" + bytes(31))}
)
"""In the place of a signature that is still to come: as long as the longest of its algorithm, and never a good one."""
_HEAD = Object({"type": NAME, "ceremony": NAME, "sequence": Integer(1), "previous": Nullable(DIGEST), "time": TIME})


@attrs.frozen
class Signature:
    """One signature of an envelope: who claims to have signed, and the bytes, whose form tells the algorithm."""

    keyid: str
    value: bytes


@attrs.frozen(kw_only=True)
class Receipt:
    """A receipt whose form has been checked, and nothing else: no signature, no chain, no content.

    ``envelope`` is the file's bytes and ``payload`` the bytes that were signed and that the digest is of.
    """

    envelope: bytes = attrs.field(repr=False)
    payload: bytes = attrs.field(repr=False)
    type: str
    ceremony: str
    sequence: int
    previous: str | None
    time: str
    body: Mapping[str, Json] = attrs.field(repr=False)
    signatures: tuple[Signature, ...] = attrs.field(repr=False)

    @classmethod
    def parse(cls, data: bytes, where: str = "receipt") -> Receipt:
        """Read an envelope strictly.

        Raises:
            CanonicalError: envelope or payload is not canonical JSON.
            ReceiptError: a member is missing, unknown or malformed; signatures unsorted, repeated, more than 64, of no
                known form, or none of them of Ed25519.
        """
        outer = decode(data, where)
        _ENVELOPE.check(outer, where)
        members = cast("dict[str, Json]", outer)
        payload = b64decode(cast(str, members["payload"]), f"{where}: payload")
        signatures = _signatures(cast("list[dict[str, str]]", members["signatures"]), where)
        inner = decode(payload, f"{where}: payload")
        if not isinstance(inner, dict) or "body" not in inner:
            raise ReceiptError("the payload is not an object with a body", where=where)
        head = {name: value for name, value in inner.items() if name != "body"}
        _HEAD.check(head, where)
        kind = cast(str, inner["type"])
        check_body(kind, inner["body"], where)
        return cls(
            envelope=bytes(data),
            payload=payload,
            type=kind,
            ceremony=cast(str, inner["ceremony"]),
            sequence=cast(int, inner["sequence"]),
            previous=cast("str | None", inner["previous"]),
            time=cast(str, inner["time"]),
            body=MappingProxyType(cast("dict[str, Json]", inner["body"])),
            signatures=signatures,
        )

    def digest(self, suite: Suite) -> str:
        """The receipt's digest: the suite's hash of the payload, in hex."""
        return suite.hexhash(self.payload)

    @property
    def stated(self) -> dict[str, Json]:
        """The body without ``blind``, which only keeps a seal from being guessed and says nothing."""
        return {name: value for name, value in self.body.items() if name != "blind"}

    @property
    def label(self) -> str:
        """How errors and reports call this receipt: ``receipt 4 (reveal)``."""
        return f"receipt {self.sequence} ({self.type})"


def _signatures(entries: Sequence[Mapping[str, str]], where: str) -> tuple[Signature, ...]:
    if len(entries) > _MAX_SIGNATURES:
        raise ReceiptError(f"has {len(entries)} signatures; at most {_MAX_SIGNATURES} are read", where=where)
    found, algorithms = [], set()
    for entry in entries:
        name = f"the signature of {entry['keyid']}"
        value = b64decode(entry["sig"], f"{where}: signature of {entry['keyid']}")
        try:
            algorithms.add(algorithm_of_signature(value, name))
        except KeyFileError as error:
            raise ReceiptError(str(error), where=where) from error
        found.append(Signature(entry["keyid"], value))
    for before, after in pairwise(found):
        if before.keyid >= after.keyid:
            raise ReceiptError("signatures are not sorted by keyid, or one key signed twice", where=where)
    if _FIRST not in algorithms:
        raise ReceiptError("no signature is of ed25519; one of another algorithm never stands alone", where=where)
    return tuple(found)


def payload_bytes(
    kind: str, *, ceremony: str, sequence: int, previous: str | None, time: str, body: Mapping[str, Json]
) -> bytes:
    """The canonical bytes of a payload.

    Raises:
        ReceiptError: the payload does not have the shape of its type.
    """
    where = f"receipt {sequence} ({kind})"
    head: dict[str, Json] = {
        "type": kind,
        "ceremony": ceremony,
        "sequence": sequence,
        "previous": previous,
        "time": time,
    }
    _HEAD.check(head, where)
    check_body(kind, dict(body), where)
    return encode(head | {"body": dict(body)})


def _envelope(payload: bytes, signatures: Iterable[Signature]) -> bytes:
    ordered = sorted(signatures, key=lambda s: s.keyid)
    if len(ordered) > _MAX_SIGNATURES:
        raise KeyFileError(f"a receipt takes at most {_MAX_SIGNATURES} signatures, not {len(ordered)}")
    entries: list[Json] = [{"keyid": s.keyid, "sig": b64encode(s.value)} for s in ordered]
    return encode({"payload": b64encode(payload), "payloadType": PAYLOAD_TYPE, "signatures": entries})


def sign_payload(payload: bytes, signers: Sequence[Signer]) -> bytes:
    """An envelope of ``payload`` signed by everyone in ``signers``.

    Raises:
        KeyFileError: no signer, none of Ed25519, more than 64, the same key twice, an algorithm that envelopes do not
            take, or a signer whose signature is not one of its algorithm.
    """
    _check_signers(signers)
    return _envelope(payload, _signed(payload, signers))


def receipt_to_sign(payload: bytes, signers: Sequence[Signer]) -> Receipt:
    """The receipt that :func:`sign_payload` would give, before anybody signs it; its signatures are none.

    So everything but the signatures can be checked first: nobody signs what is then refused.

    Raises:
        KeyFileError: as for :func:`sign_payload`.
        CanonicalError: the receipt would be over the limits.
    """
    _check_signers(signers)
    return Receipt.parse(_envelope(payload, [Signature(s.keyid, _NO_SIGNATURE[s.algorithm]) for s in signers]))


def _check_signers(signers: Sequence[Signer]) -> None:
    if not signers:
        raise KeyFileError("a receipt needs at least one signature; give a key")
    if len(signers) > _MAX_SIGNATURES:
        raise KeyFileError(f"a receipt takes at most {_MAX_SIGNATURES} signatures, not {len(signers)}")
    seen = set()
    for signer in signers:
        if signer.keyid in seen:
            raise KeyFileError(f"the key {signer.keyid} was given twice; one key signs once")
        if signer.algorithm not in KEY_SIZES:
            raise KeyFileError(f"a receipt is signed with {', '.join(KEY_SIZES)}, not with {signer.algorithm}")
        seen.add(signer.keyid)
    if not any(signer.algorithm == _FIRST for signer in signers):
        raise KeyFileError(
            f"a signature of {signers[0].algorithm} stands beside one of {_FIRST}, never alone; give a key of both"
        )


def add_signatures(envelope: bytes, signers: Sequence[Signer], where: str = "receipt") -> bytes:
    """The same payload with further signatures beside those that it has.

    Raises:
        KeyFileError: no signer, one whose signature is there already, or as :func:`sign_payload`.
    """
    receipt = Receipt.parse(envelope, where)
    present = {signature.keyid for signature in receipt.signatures}
    if not signers:
        raise KeyFileError("no signature to add; give a key", where=where)
    for signer in signers:
        if signer.keyid in present:
            raise KeyFileError(f"the key {signer.keyid} has signed this receipt already", where=where)
    return _envelope(receipt.payload, (*receipt.signatures, *_signed(receipt.payload, signers)))


def _signed(payload: bytes, signers: Sequence[Signer]) -> list[Signature]:
    message = pae(PAYLOAD_TYPE, payload)
    found: dict[str, Signature] = {}
    for signer in signers:
        if signer.keyid in found:
            raise KeyFileError(f"the key {signer.keyid} was given twice; one key signs once")
        if signer.algorithm not in KEY_SIZES:
            raise KeyFileError(f"a receipt is signed with {', '.join(KEY_SIZES)}, not with {signer.algorithm}")
        value = signer.sign(message)
        if algorithm_of_signature(value, f"the signature of {signer.keyid}") != signer.algorithm:
            raise KeyFileError(
                f"the signer of {signer.keyid} gave something else than a signature of {signer.algorithm}"
            )
        found[signer.keyid] = Signature(signer.keyid, value)
    return list(found.values())
