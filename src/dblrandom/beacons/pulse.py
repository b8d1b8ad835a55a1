"""Pulses of randomness beacons in the format of NISTIR 8213 (draft of 2019), as deployed (docs/spec/nist).

The deployed beacon differs from the draft's text in three places: lengths and the external status have 4 bytes, not
8; the signature enters the output value without its length; a certificate's identifier is the hash of its DER bytes,
not of its PEM text. Every recorded pulse proves it.
"""

from __future__ import annotations

import hashlib
import re
from typing import Self

import attrs

from dblrandom.errors import EntropyError, KeyFileError
from dblrandom.kernel.text import is_hex
from dblrandom.kernel.x509sig import RsaCertificate
from dblrandom.model import Json
from dblrandom.model.json import Reader, listed, placed, show, whole
from dblrandom.model.names import check_time

__all__ = ["LINKS", "WITH_LENGTH", "External", "Pulse", "check_follows"]

WITH_LENGTH = "nistir-8213"
"""The form of beacons that hash the signature after its length, as the report says and NIST's beacon does not."""

LINKS = ("previous", "hour", "day", "month", "year")
"""The earlier pulses whose output values a pulse repeats, in the order in which they are signed."""

_UINT32 = 2**32 - 1
_HEX = re.compile(r"[0-9A-Fa-f]+")
_PRINTABLE = re.compile(r"[ -~]+")
_SIGNATURE = range(512, 2048 + 1, 2)


def _hex(value: object, lengths: range, where: str) -> str:
    """Refuse what is not lower-case hex of one of these numbers of characters."""
    if not isinstance(value, str) or len(value) not in lengths or not is_hex(value):
        wanted = f"{lengths[0]}" if len(lengths) == 1 else f"{lengths[0]} to {lengths[-1]}"
        raise EntropyError(f"{show(value)} is not {wanted} lower-case hex characters", where=where)
    return value


def _hash(value: object, where: str) -> str:
    return _hex(value, range(128, 129), where)


def _short(value: object, most: int, where: str) -> None:
    if not isinstance(value, str) or len(value) > most or _PRINTABLE.fullmatch(value) is None:
        raise EntropyError(f"{show(value)} is not 1 to {most} printable ASCII characters", where=where)


def _uint32(value: object, where: str) -> None:
    if whole(value, where, error=EntropyError) > _UINT32:
        raise EntropyError(f"{show(value)} is over {_UINT32}, the greatest number of 4 bytes", where=where)


@attrs.frozen
class External:
    """The place of a pulse for a value from outside the beacon; all zero where it has none.

    Attributes:
        source_id: 128 hex, which source.
        status_code: 0 to 2^32-1, how it was used.
        value: 128 hex.
    """

    source_id: str
    status_code: int
    value: str


@attrs.frozen(kw_only=True)
class Pulse:
    """One pulse, well-formed; whether it is true, :meth:`check` says. Hex is lower-case.

    Attributes:
        uri: the address that the operator gives it, 1 to 256 ASCII characters.
        version: of the format, 1 to 32 ASCII characters.
        cipher_suite: 0, SHA-512 and RSA; no other is known.
        period: milliseconds from one pulse to the next.
        certificate_id: 128 hex, the identifier of the certificate that is said to sign.
        chain_index: from 1.
        pulse_index: from 1, without gaps within a chain, whatever the time between.
        time_stamp: ``YYYY-MM-DDThh:mm:ss.sssZ``, before which it must not be published.
        local_random_value: 128 hex, the operator's own fresh randomness.
        external: a value from outside.
        links: the output values of the pulses named in ``LINKS``, 128 hex each; all zero where there was none.
        precommitment_value: SHA-512 of the next pulse's local random value, 128 hex.
        status_code: 0 where all is in order; the beacon's own account of a new chain, a gap or an error otherwise.
        signature_value: hex of 256 to 1024 bytes.
        output_value: 128 hex, what the pulse is used for.

    Raises:
        EntropyError: naming the member.
    """

    uri: str
    version: str
    cipher_suite: int
    period: int
    certificate_id: str
    chain_index: int
    pulse_index: int
    time_stamp: str
    local_random_value: str
    external: External
    links: tuple[str, ...]
    precommitment_value: str
    status_code: int
    signature_value: str
    output_value: str

    def __attrs_post_init__(self) -> None:
        _short(self.uri, 256, "pulse.uri")
        _short(self.version, 32, "pulse.version")
        if type(self.cipher_suite) is not int or self.cipher_suite != 0:
            raise EntropyError(
                f"{show(self.cipher_suite)} is not 0, SHA-512 with RSA; no other is known, so no pulse of this beacon "
                "can be verified here",
                where="pulse.cipherSuite",
            )
        _uint32(self.period, "pulse.period")
        whole(self.chain_index, "pulse.chainIndex", minimum=1, error=EntropyError)
        whole(self.pulse_index, "pulse.pulseIndex", minimum=1, error=EntropyError)
        _check_time_stamp(self.time_stamp, "pulse.timeStamp")
        _uint32(self.external.status_code, "pulse.external.statusCode")
        _uint32(self.status_code, "pulse.statusCode")
        for value, name in (
            (self.certificate_id, "certificateId"),
            (self.local_random_value, "localRandomValue"),
            (self.external.source_id, "external.sourceId"),
            (self.external.value, "external.value"),
            *((value, f"listValues[{i}].value") for i, value in enumerate(self.links)),
            (self.precommitment_value, "precommitmentValue"),
            (self.output_value, "outputValue"),
        ):
            _hash(value, f"pulse.{name}")
        _hex(self.signature_value, _SIGNATURE, "pulse.signatureValue")
        if len(self.links) != len(LINKS):
            raise EntropyError(f"there are {len(self.links)}, not {', '.join(LINKS)}", where="pulse.listValues")

    @property
    def label(self) -> str:
        """What to call it in messages."""
        return f"pulse {self.pulse_index} of chain {self.chain_index}"

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read the member ``pulse`` of a beacon's answer, or what :meth:`to_json` wrote.

        Hex may be in capitals. The addresses beside the list values are not signed, and are passed over.

        Raises:
            EntropyError: naming the path.
        """
        top = Reader(value, where, _MEMBERS, error=EntropyError)
        outer = Reader(top.value("external"), top.at("external"), _EXTERNAL, error=EntropyError)
        with placed(where, "pulse"):
            return cls(
                uri=top.text("uri"),
                version=top.text("version"),
                cipher_suite=top.whole("cipherSuite"),
                period=top.whole("period"),
                certificate_id=_lower(top, "certificateId"),
                chain_index=top.whole("chainIndex"),
                pulse_index=top.whole("pulseIndex"),
                time_stamp=top.text("timeStamp"),
                local_random_value=_lower(top, "localRandomValue"),
                external=External(_lower(outer, "sourceId"), outer.whole("statusCode"), _lower(outer, "value")),
                links=_links(top.value("listValues"), top.at("listValues")),
                precommitment_value=_lower(top, "precommitmentValue"),
                status_code=top.whole("statusCode"),
                signature_value=_lower(top, "signatureValue"),
                output_value=_lower(top, "outputValue"),
            )

    def to_json(self) -> dict[str, Json]:
        """The one form in which a reveal carries it: the beacon's own names, hex in lower case, only what is signed."""
        outer = self.external
        return {
            "uri": self.uri,
            "version": self.version,
            "cipherSuite": self.cipher_suite,
            "period": self.period,
            "certificateId": self.certificate_id,
            "chainIndex": self.chain_index,
            "pulseIndex": self.pulse_index,
            "timeStamp": self.time_stamp,
            "localRandomValue": self.local_random_value,
            "external": {"sourceId": outer.source_id, "statusCode": outer.status_code, "value": outer.value},
            "listValues": [{"type": t, "value": v} for t, v in zip(LINKS, self.links, strict=True)],
            "precommitmentValue": self.precommitment_value,
            "statusCode": self.status_code,
            "signatureValue": self.signature_value,
            "outputValue": self.output_value,
        }

    def serialised(self) -> bytes:
        """The bytes that are signed: integers in big-endian, all else after its length in 4 bytes."""
        parts = [
            _sized(self.uri.encode("ascii")),
            _sized(self.version.encode("ascii")),
            self.cipher_suite.to_bytes(4, "big"),
            self.period.to_bytes(4, "big"),
            _sized(bytes.fromhex(self.certificate_id)),
            self.chain_index.to_bytes(8, "big"),
            self.pulse_index.to_bytes(8, "big"),
            _sized(self.time_stamp.encode("ascii")),
            _sized(bytes.fromhex(self.local_random_value)),
            _sized(bytes.fromhex(self.external.source_id)),
            self.external.status_code.to_bytes(4, "big"),
            _sized(bytes.fromhex(self.external.value)),
            *(_sized(bytes.fromhex(value)) for value in self.links),
            _sized(bytes.fromhex(self.precommitment_value)),
            self.status_code.to_bytes(4, "big"),
        ]
        return b"".join(parts)

    def check_output(self, form: str | None = None) -> None:
        """Check that the output value is the hash of the pulse's own members in the declared form.

        Args:
            form: :data:`WITH_LENGTH` where the signature enters after its length; ``None`` for NIST's own form.

        Raises:
            EntropyError: it is not; the message says where it is that of the other form.
        """
        if self._output(form) == self.output_value:
            return
        if self._output(None if form else WITH_LENGTH) != self.output_value:
            problem = "outputValue is not the hash of the pulse's own members: one of them was altered"
        elif form is None:
            problem = (
                "outputValue is the hash with the signature's length before the signature, as NISTIR 8213 has it and "
                f"NIST's beacon does not: a source from this beacon must declare the form {WITH_LENGTH}"
            )
        else:
            problem = f"outputValue is the hash in the form of NIST's own beacon, not in the declared form {form}"
        raise EntropyError(problem, where=self.label)

    def _output(self, form: str | None) -> str:
        signature = bytes.fromhex(self.signature_value)
        return hashlib.sha512(self.serialised() + (_sized(signature) if form else signature)).hexdigest()

    def check(self, certificate: str, form: str | None = None) -> None:
        """Check the output value, that this is the named certificate, valid at the time, and its signature.

        Args:
            certificate: the PEM text.
            form: as for :meth:`check_output`.

        Raises:
            EntropyError: saying which of these does not hold.
        """
        signed, signature = self.serialised(), bytes.fromhex(self.signature_value)
        self.check_output(form)
        try:
            found = RsaCertificate.from_pem(certificate)
        except KeyFileError as error:
            raise EntropyError(str(error), where=self.label) from error
        if found.identifier != self.certificate_id:
            raise EntropyError(
                f"the certificate given is {found.identifier[:16]}..., the pulse names {self.certificate_id[:16]}...",
                where=self.label,
            )
        try:
            found.verify(signature, signed)
        except KeyFileError as error:
            raise EntropyError(
                f"the certificate that the pulse names does not match its signature ({error}); do not use it",
                where=self.label,
            ) from error
        if not found.is_valid_at(f"{self.time_stamp[:19]}Z"):
            span = f"{found.valid_from} to {found.valid_until}"
            raise EntropyError(f"its certificate is valid from {span}, not at {self.time_stamp}", where=self.label)


def check_follows(before: Pulse, after: Pulse) -> None:
    """Check that ``after`` is the pulse next to ``before``, and reveals the randomness to which that was committed.

    Both must have been checked by themselves.

    Raises:
        EntropyError: another chain, an index or time out of order, a broken link or precommitment.
    """
    where = after.label
    if before.chain_index != after.chain_index or before.pulse_index + 1 != after.pulse_index:
        raise EntropyError(f"the pulse given as the one before is {before.label}", where=where)
    if before.time_stamp >= after.time_stamp:
        raise EntropyError(
            f"its time {after.time_stamp} is not after {before.time_stamp} of the pulse before", where=where
        )
    if after.links[0] != before.output_value:
        raise EntropyError("its link 'previous' is not the output value of the pulse before", where=where)
    if hashlib.sha512(bytes.fromhex(after.local_random_value)).hexdigest() != before.precommitment_value:
        raise EntropyError("its localRandomValue is not what the pulse before was committed to", where=where)


def _sized(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _lower(reader: Reader, name: str) -> str:
    """Hex of either case, in lower case; anything else as it is, for the pulse to refuse."""
    text = reader.text(name)
    return text.lower() if _HEX.fullmatch(text) else text


def _links(value: object, where: str) -> tuple[str, ...]:
    entries = listed(value, where, error=EntropyError)
    if len(entries) != len(LINKS):
        raise EntropyError(f"there are {len(entries)}, not {', '.join(LINKS)}", where=where)
    found = []
    for index, (wanted, entry) in enumerate(zip(LINKS, entries, strict=True)):
        reader = Reader(entry, f"{where}[{index}]", ("type", "uri", "value"), error=EntropyError)
        if reader.text("type") != wanted:
            raise EntropyError(
                f"{show(reader.text('type'))} stands in the place of {wanted!r}", where=reader.at("type")
            )
        found.append(_lower(reader, "value"))
    return tuple(found)


def _check_time_stamp(value: object, where: str) -> None:
    if not isinstance(value, str) or re.fullmatch(r"[^.]{19}\.[0-9]{3}Z", value) is None:
        raise EntropyError(f"{show(value)} is not a time with milliseconds, YYYY-MM-DDThh:mm:ss.sssZ", where=where)
    check_time(f"{value[:19]}Z", where, error=EntropyError)


_EXTERNAL = ("sourceId", "statusCode", "value")
_MEMBERS = (
    "uri version cipherSuite period certificateId chainIndex pulseIndex timeStamp localRandomValue external "
    "listValues precommitmentValue statusCode signatureValue outputValue"
).split()
