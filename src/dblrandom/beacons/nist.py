"""Pulses of the NIST Randomness Beacon, and of beacons in the same format, as sources (docs/spec/nist).

One operator makes each pulse, signs it and publishes it at its time; he knows it a little earlier than everybody else.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from dblrandom.beacons._terms import check_names, place, whole_term
from dblrandom.beacons.nistcerts import PINNED
from dblrandom.beacons.pulse import Pulse, check_follows
from dblrandom.errors import EntropyError, KeyFileError
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.text import is_hex
from dblrandom.kernel.x509sig import RsaCertificate
from dblrandom.model import Json, Source
from dblrandom.model.json import LARGEST_INTEGER, Reader, show
from dblrandom.model.names import check_hex, check_time

__all__ = ["NistBeacon", "evidence_of"]

_TERMS = frozenset({"chain", "pulse", "time"})
_EVIDENCE = ("before", "certificate", "pulse")


def evidence_of(pulse: Pulse, certificate: str, before: Pulse | None = None) -> tuple[str, dict[str, Json]]:
    """The value and the evidence for the reveal, in their one form.

    Args:
        pulse: the declared pulse.
        certificate: the PEM text of the certificate that it names.
        before: the pulse before it, where the precommitment is to be shown; signed under the same certificate.

    Raises:
        EntropyError: the certificate cannot be read. Nothing else is checked here.
    """
    try:
        pem = RsaCertificate.from_pem(certificate).pem
    except KeyFileError as error:
        raise EntropyError(str(error), where=pulse.label) from error
    evidence: dict[str, Json] = {"pulse": pulse.to_json(), "certificate": pem}
    if before is not None:
        evidence["before"] = before.to_json()
    return pulse.output_value, evidence


@attrs.frozen
class NistBeacon:
    """The rules of the kind ``nist``: ``chain``, ``pulse`` (both from 1) and ``time``, and optionally ``certificate``.

    The value is the pulse's output value, 128 hex. The evidence is ``{"pulse", "certificate"}`` with ``before``, the
    pulse before it, where the precommitment is to be shown. A pulse must be signed under one of NIST's pinned
    certificates, or under the one that the term ``certificate`` (its identifier, 128 hex) names.
    """

    @property
    def kind(self) -> str:
        """``nist``."""
        return "nist"

    def check_source(self, source: Source) -> None:
        """Refuse other terms, a ``not_before`` that is not ``time``, and a time that no pinned certificate covers.

        Raises:
            EntropyError: naming the term.
        """
        check_names(source, self.kind, _TERMS | (source.terms.keys() & {"certificate"}))
        whole_term(source, "chain", 1, LARGEST_INTEGER)
        whole_term(source, "pulse", 1, LARGEST_INTEGER)
        time = check_time(source.terms["time"], f"{place(source)}: time", error=EntropyError)
        if source.not_before != time:
            raise EntropyError(
                f"{source.not_before} is not {time}, the pulse's time, when it is published",
                where=f"{place(source)}: not_before",
            )
        if "certificate" in source.terms:
            check_hex(source.terms["certificate"], 128, f"{place(source)}: certificate", error=EntropyError)
        elif not any(pin.valid_from <= time <= pin.valid_until for pin in PINNED.values()):
            raise EntropyError(
                f"no pinned certificate of NIST is valid at {time}, so no pulse could be accepted; name the "
                "certificate that will sign in the term 'certificate', or use another source",
                where=f"{place(source)}: time",
            )

    def check_value(self, source: Source, value: str, evidence: Json, *, suite: Suite, ceremony: str) -> None:
        """Accept the output value of the declared pulse, signed, published in order, under a certificate that counts.

        Raises:
            EntropyError: saying what does not hold.
        """
        self.check_source(source)
        if not is_hex(value, 128):
            raise EntropyError("an output value is 64 bytes in 128 lower-case hex characters", where=place(source))
        where = f"{place(source)}: evidence"
        reader = Reader(evidence, where, _EVIDENCE, error=EntropyError)
        certificate = reader.text("certificate")
        pulse = _checked(reader, "pulse", certificate)
        _check_declared(source, pulse)
        if pulse.status_code != 0:
            raise EntropyError(
                f"the beacon gives it the status {pulse.status_code}, not 0: a new chain, a gap or an error",
                where=f"{place(source)}: {pulse.label}",
            )
        if reader.has("before"):
            check_follows(_checked(reader, "before", certificate), pulse)
        if evidence_of(pulse, certificate)[1]["certificate"] != certificate:
            raise EntropyError("is not written as OpenSSL writes it", where=reader.at("certificate"))
        if value != pulse.output_value:
            raise EntropyError(f"the value is not the output value of {pulse.label}", where=place(source))

    def holder(self, source: Source) -> str | None:
        """``None`` for NIST's pinned certificates, else the identifier of the declared certificate, 128 hex."""
        certificate = source.terms.get("certificate")
        return None if certificate is None or certificate in PINNED else str(certificate)

    def public_from(self, source: Source) -> str | None:
        """The pulse's time, by the term ``time``."""
        return check_time(source.terms["time"], f"{place(source)}: time", error=EntropyError)

    def outcomes(self, source: Source) -> int:
        """2**512: any 64 bytes."""
        return 2**512


def _checked(reader: Reader, name: str, certificate: str) -> Pulse:
    """A pulse of the evidence, in its one form and true."""
    given = reader.value(name)
    pulse = Pulse.from_json(given, reader.at(name))
    if not isinstance(given, Mapping) or pulse.to_json() != given:
        raise EntropyError(
            "is not in the form of the specification: lower-case hex, nothing unsigned", where=reader.at(name)
        )
    pulse.check(certificate)
    return pulse


def _check_declared(source: Source, pulse: Pulse) -> None:
    """Refuse a true pulse that is not the declared one, or whose certificate does not count."""
    terms, where = source.terms, place(source)
    if (pulse.chain_index, pulse.pulse_index) != (terms["chain"], terms["pulse"]):
        raise EntropyError(
            f"the evidence is {pulse.label}, not the declared pulse {terms['pulse']} of chain {terms['chain']}",
            where=where,
        )
    if pulse.time_stamp != f"{str(terms['time'])[:19]}.000Z":
        raise EntropyError(
            f"{pulse.label} is of {pulse.time_stamp}, not of the declared time {terms['time']}", where=where
        )
    declared = terms.get("certificate")
    if declared is None and pulse.certificate_id not in PINNED:
        raise EntropyError(
            f"{pulse.label} is signed under {show(pulse.certificate_id)}, which is not a pinned certificate of NIST",
            where=where,
        )
    if declared is not None and pulse.certificate_id != declared:
        raise EntropyError(
            f"{pulse.label} is signed under {show(pulse.certificate_id)}, not the declared certificate", where=where
        )
