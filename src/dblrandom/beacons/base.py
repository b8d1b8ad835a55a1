"""What every source of entropy must be able to do (docs/spec, section 3).

A beacon here is the *rules* of a source kind, without any I/O: what its declaration must say, whether a value is the
one that was declared, and how many outcomes were possible. Fetching a value from the world is an adapter's work.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from dblrandom.kernel.suite import Suite
from dblrandom.model import Json, Source

__all__ = ["Beacon"]


@runtime_checkable
class Beacon(Protocol):
    """The rules of one kind of source; stateless, so one instance serves every ceremony."""

    @property
    def kind(self) -> str:
        """The kind that a source declares, such as ``hashchain``; a third party's begins with ``x-``."""
        ...

    def check_source(self, source: Source) -> None:
        """Refuse a declaration whose terms are missing, unknown or out of range.

        Raises:
            EntropyError: naming the term.
        """
        ...

    def check_value(self, source: Source, value: str, evidence: Json, *, suite: Suite, ceremony: str) -> None:
        """Accept ``value`` only where it is the value that ``source`` declared.

        ``value`` is the text that enters the seed (lower-case hex, except for the kind ``public``) and ``evidence``
        what the reveal carries beside it (``None`` where a kind needs none).

        Raises:
            EntropyError: saying why this cannot be the declared value.
        """
        ...

    def holder(self, source: Source) -> str | None:
        """The id of whoever knows the value before everybody else; ``None`` where the library vouches that nobody can.

        It is a key's id, or for a public network that the library does not know, the network's own id (a drand chain's
        hash, a certificate's id), which the verifier may trust. A source is independent only where its holder is
        trusted, and is not the organiser or his own.
        """
        ...

    def public_from(self, source: Source) -> str | None:
        """When the value becomes public by the kind's own schedule, or ``None`` where the terms do not tell.

        Where it is a time, the declaration's ``not_before`` must be exactly that.
        """
        ...

    def outcomes(self, source: Source) -> int:
        """How many different values were possible, as a lower bound; 2**256 for a 32-byte secret."""
        ...
