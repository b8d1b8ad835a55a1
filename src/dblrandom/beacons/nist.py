"""Pulses of the NIST Randomness Beacon, and of beacons in the same format, as sources (docs/spec/nist).

One operator makes each pulse, signs it and publishes it at its time; he knows it a little earlier than everybody else.
"""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from dblrandom.beacons._terms import check_names, place, whole_term
from dblrandom.beacons.nistcerts import PINNED
from dblrandom.beacons.pulse import WITH_LENGTH, Pulse, check_follows
from dblrandom.errors import EntropyError, KeyFileError
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.text import is_hex
from dblrandom.kernel.x509sig import RsaCertificate
from dblrandom.model import Json, Source
from dblrandom.model.json import LARGEST_INTEGER, Reader, show
from dblrandom.model.names import check_hex, check_time

__all__ = ["NistBeacon", "check_sample", "evidence_of"]

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
    """The rules of the kind ``nist``: ``chain``, ``pulse`` (from 1), ``time``; optionally ``certificate`` and ``form``.

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
        self._check_terms(source)
        pin = PINNED.get(str(source.terms.get("certificate")))
        if pin is not None and not pin.valid_from <= source.not_before <= pin.valid_until:
            raise EntropyError(
                f"this certificate is valid from {pin.valid_from} to {pin.valid_until}, not at {source.not_before}, so "
                "no pulse could be accepted",
                where=f"{place(source)}: certificate",
            )

    def _check_terms(self, source: Source) -> None:
        check_names(source, self.kind, _TERMS | (source.terms.keys() & {"certificate", "form"}))
        whole_term(source, "chain", 1, LARGEST_INTEGER)
        whole_term(source, "pulse", 1, LARGEST_INTEGER)
        time = check_time(source.terms["time"], f"{place(source)}: time", error=EntropyError)
        if source.not_before != time:
            raise EntropyError(
                f"{source.not_before} is not {time}, the pulse's time, when it is published",
                where=f"{place(source)}: not_before",
            )
        _check_form(source)
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
        self._check_terms(source)
        if not is_hex(value, 128):
            raise EntropyError("an output value is 64 bytes in 128 lower-case hex characters", where=place(source))
        where = f"{place(source)}: evidence"
        reader = Reader(evidence, where, _EVIDENCE, error=EntropyError)
        certificate = reader.text("certificate")
        form = _form(source)
        pulse = _checked(reader, "pulse", certificate, form)
        _check_declared(source, pulse)
        if pulse.status_code != 0:
            raise EntropyError(
                f"the beacon gives it the status {pulse.status_code}, not 0: a new chain, a gap or an error",
                where=f"{place(source)}: {pulse.label}",
            )
        if reader.has("before"):
            check_follows(_checked(reader, "before", certificate, form), pulse)
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


def check_sample(source: Source, pulse: Pulse) -> None:
    """Check that an earlier pulse of the beacon fits a declaration, so that the one declared can be accepted.

    The signature is checked with the certificate, which a sample does not bring.

    Raises:
        EntropyError: it is signed under another certificate, or its output value is not of the declared form.
    """
    certificate = source.terms.get("certificate")
    known = pulse.certificate_id in PINNED if certificate is None else pulse.certificate_id == certificate
    if not known:
        wanted = "a pinned certificate" if certificate is None else "the declared certificate"
        raise EntropyError(f"{pulse.label} names {pulse.certificate_id}, not {wanted}", where=place(source))
    pulse.check_output(_form(source))


def _form(source: Source) -> str | None:
    return None if source.terms.get("form") is None else str(source.terms["form"])


def _check_form(source: Source) -> None:
    """Refuse another form than the one that is known, and a form for NIST's own certificates, which have none."""
    if "form" not in source.terms:
        return
    where = f"{place(source)}: form"
    if source.terms["form"] != WITH_LENGTH:
        raise EntropyError(
            f"{show(source.terms['form'])} is not {WITH_LENGTH}; leave it out for NIST's own", where=where
        )
    if source.terms.get("certificate") is None or source.terms["certificate"] in PINNED:
        raise EntropyError("goes with a certificate that is not NIST's; leave it out", where=where)


def _checked(reader: Reader, name: str, certificate: str, form: str | None) -> Pulse:
    """A pulse of the evidence, in its one form and true."""
    given = reader.value(name)
    pulse = Pulse.from_json(given, reader.at(name))
    if not isinstance(given, Mapping) or pulse.to_json() != given:
        raise EntropyError(
            "is not in the form of the specification: lower-case hex, nothing unsigned", where=reader.at(name)
        )
    pulse.check(certificate, form)
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
