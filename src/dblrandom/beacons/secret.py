"""Secrets of parties: committed by their digest, disclosed in the reveal (docs/spec, section 3).

A secret may be time-locked inside the commitment (docs/spec/timelock); its holder cannot withhold it then.
"""

from __future__ import annotations

from attrs import frozen

from dblrandom.beacons._terms import check_names, hex_term, place, refuse_evidence
from dblrandom.beacons.timelock import LOCK_TERMS, check_lock, is_locked, lock_time, open_timelock
from dblrandom.errors import EntropyError
from dblrandom.kernel.entropy import secret_digest
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.text import is_hex
from dblrandom.model import Json, Source

__all__ = ["SecretBeacon"]

_TERMS = frozenset({"keyid", "digest"})


@frozen
class SecretBeacon:
    """The rules of the kind ``secret``: ``keyid`` names the party, ``digest`` binds it to 32 bytes that it chose.

    It shows that the value was fixed before; whether its holder could have withheld it is for the verifier to judge.
    With ``timelock``, ``chain`` and ``round`` as well, it is in the declaration itself, locked to a drand round.
    """

    @property
    def kind(self) -> str:
        """``secret``."""
        return "secret"

    def check_source(self, source: Source) -> None:
        """Refuse terms other than ``keyid`` and ``digest``, 64 lower-case hex characters each, and those of a lock.

        Raises:
            EntropyError: naming the term.
        """
        locked = is_locked(source)
        check_names(source, self.kind, _TERMS | LOCK_TERMS if locked else _TERMS)
        for name in sorted(_TERMS):
            hex_term(source, name)
        if locked:
            check_lock(source)

    def check_value(self, source: Source, value: str, evidence: Json, *, suite: Suite, ceremony: str) -> None:
        """Accept the secret, 64 lower-case hex characters, whose digest was committed.

        There is evidence only of a time-lock: the round that opens it, which must then open it to this very value. A
        locked secret that its holder disclosed himself needs none, and then nothing shows that the lock was good.

        Raises:
            EntropyError: for any other value, and for other evidence.
            MissingExtra: the library that a lock's round is verified with is not installed.
        """
        self.check_source(source)
        if not is_locked(source):
            refuse_evidence(source, evidence)
        if not is_hex(value, 64):
            raise EntropyError("a secret is 32 bytes in 64 lower-case hex characters", where=place(source))
        if secret_digest(suite, ceremony, source.name, value) != hex_term(source, "digest"):
            raise EntropyError("this is not the secret whose digest was committed", where=place(source))
        if evidence is not None and (reason := open_timelock(source, evidence, suite=suite, ceremony=ceremony).reason):
            raise EntropyError(
                f"the value is the committed one, but {reason}; leave the evidence out", where=place(source)
            )

    def holder(self, source: Source) -> str | None:
        """The party, by the term ``keyid``."""
        return hex_term(source, "keyid")

    def public_from(self, source: Source) -> str | None:
        """The time of the round that opens its lock, where it has one to a network that the library knows.

        Otherwise ``None``. Either way its holder may disclose it earlier.
        """
        return lock_time(source) if is_locked(source) else None

    def outcomes(self, source: Source) -> int:
        """2**256: any 32 bytes."""
        return 2**256
