"""Secrets of parties: committed by their digest, disclosed in the reveal (docs/spec, section 3)."""

from __future__ import annotations

from attrs import frozen

from dblrandom.beacons._terms import check_names, hex_term, place, refuse_evidence
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
    """

    @property
    def kind(self) -> str:
        """``secret``."""
        return "secret"

    def check_source(self, source: Source) -> None:
        """Refuse terms other than ``keyid`` and ``digest``, 64 lower-case hex characters each.

        Raises:
            EntropyError: naming the term.
        """
        check_names(source, self.kind, _TERMS)
        for name in sorted(_TERMS):
            hex_term(source, name)

    def check_value(self, source: Source, value: str, evidence: Json, *, suite: Suite, ceremony: str) -> None:
        """Accept the secret, 64 lower-case hex characters, whose digest was committed.

        Raises:
            EntropyError: for any other value, and for evidence, which this kind has none of.
        """
        self.check_source(source)
        refuse_evidence(source, evidence)
        if not is_hex(value, 64):
            raise EntropyError("a secret is 32 bytes in 64 lower-case hex characters", where=place(source))
        if secret_digest(suite, ceremony, source.name, value) != hex_term(source, "digest"):
            raise EntropyError("this is not the secret whose digest was committed", where=place(source))

    def holder(self, source: Source) -> str | None:
        """The party, by the term ``keyid``."""
        return hex_term(source, "keyid")

    def outcomes(self, source: Source) -> int:
        """2**256: any 32 bytes."""
        return 2**256
