"""Hash chains: values revealed backwards, each proved by the one before (docs/spec, section 3).

An operator hashes a secret many times and publishes the last value, the tip. At fixed times it publishes the value
one step further back. Anyone can hash a revealed value towards the tip; nobody but the operator can go back.
"""

from __future__ import annotations

from attrs import frozen

from dblrandom.beacons._terms import check_names, hex_term, place, refuse_evidence, whole_term
from dblrandom.errors import EntropyError, InputError
from dblrandom.kernel.entropy import MAX_CHAIN_STEPS, chain_ahead
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.text import is_hex
from dblrandom.model import Json, Source
from dblrandom.model.json import whole
from dblrandom.model.names import check_time, time_seconds, time_text

__all__ = ["ChainSchedule", "HashChainBeacon"]

_TERMS = frozenset({"tip", "step", "operator"})


@frozen
class ChainSchedule:
    """When each step of a chain becomes public: step k at ``genesis`` plus k times ``period``.

    Attributes:
        genesis: the time of step 0, the tip itself, ``YYYY-MM-DDThh:mm:ssZ``.
        period: whole seconds from one step to the next, at least 1.
        length: the last step, 1 to 10^6.

    Raises:
        EntropyError: naming the member, and where the last step would lie beyond the year 9999.
    """

    genesis: str
    period: int
    length: int

    def __attrs_post_init__(self) -> None:
        check_time(self.genesis, "chain.genesis", error=EntropyError)
        whole(self.period, "chain.period", minimum=1, error=EntropyError)
        whole(self.length, "chain.length", minimum=1, error=EntropyError)
        if self.length > MAX_CHAIN_STEPS:
            raise EntropyError(f"{self.length} steps; at most {MAX_CHAIN_STEPS} are allowed", where="chain.length")
        try:
            self.time_of(self.length)
        except InputError as error:
            raise EntropyError("the last step would lie beyond the year 9999; shorten it", where="chain") from error

    def due(self, now: str) -> int:
        """The highest step whose time has come at ``now``; 0 where none has, never more than ``length``."""
        check_time(now, "now", error=EntropyError)
        elapsed = time_seconds(now) - time_seconds(self.genesis)
        return max(0, min(elapsed // self.period, self.length))

    def time_of(self, step: int) -> str:
        """The time at which ``step``, 0 to ``length``, becomes public.

        Raises:
            EntropyError: there is no such step.
        """
        whole(step, "step", error=EntropyError)
        if step > self.length:
            raise EntropyError(f"step {step} is beyond the chain's last, {self.length}", where="chain")
        return time_text(time_seconds(self.genesis) + step * self.period)


@frozen
class HashChainBeacon:
    """The rules of the kind ``hashchain``: ``tip``, ``step`` counted back from it, and ``operator`` (a key id).

    The value proves itself, so no signature is needed; how independent it is depends on the operator.
    """

    @property
    def kind(self) -> str:
        """``hashchain``."""
        return "hashchain"

    def check_source(self, source: Source) -> None:
        """Refuse terms other than ``tip`` and ``operator``, 64 hex characters each, and ``step``, 1 to 10^6.

        Raises:
            EntropyError: naming the term.
        """
        check_names(source, self.kind, _TERMS)
        hex_term(source, "tip")
        hex_term(source, "operator")
        whole_term(source, "step", 1, MAX_CHAIN_STEPS)

    def check_value(self, source: Source, value: str, evidence: Json, *, suite: Suite, ceremony: str) -> None:
        """Accept the 64 lower-case hex characters that lead to the tip in exactly ``step`` steps.

        Takes up to about a second where ``step`` is 10^6.

        Raises:
            EntropyError: for any other value, and for evidence, which this kind has none of.
        """
        self.check_source(source)
        refuse_evidence(source, evidence)
        if not is_hex(value, 64):
            raise EntropyError("a chain value is 32 bytes in 64 lower-case hex characters", where=place(source))
        step = whole_term(source, "step", 1, MAX_CHAIN_STEPS)
        if chain_ahead(suite, bytes.fromhex(value), step).hex() != hex_term(source, "tip"):
            raise EntropyError(f"this value does not lead to the declared tip in {step} steps", where=place(source))

    def holder(self, source: Source) -> str | None:
        """The operator, by the term ``operator``."""
        return hex_term(source, "operator")

    def public_from(self, source: Source) -> str | None:
        """``None``: the chain's own schedule is not among the terms; a trust policy pins it."""
        return None

    def outcomes(self, source: Source) -> int:
        """2**256: any 32 bytes."""
        return 2**256
