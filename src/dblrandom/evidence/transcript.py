"""The transcript: what the receipts of a ceremony and its committed rosters say, without judging them.

A transcript trusts its receipts as far as their chain; :func:`dblrandom.evidence.verify` checks them to the end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Self

from dblrandom.beacons import BUILT_IN as BEACONS
from dblrandom.beacons import Beacon
from dblrandom.drawing.commitment import Commitment
from dblrandom.drawing.draw import Draw, draw_with_keys, make_draw
from dblrandom.drawing.standing import Standing, apply_result, apply_substitution, standing_at_first
from dblrandom.errors import StepError
from dblrandom.evidence.chain import check_chain, stage_of
from dblrandom.evidence.disclosing import Disclosure, disclosed_in
from dblrandom.evidence.receipt import Receipt
from dblrandom.evidence.sealing import open_seals
from dblrandom.evidence.trust import TrustPolicy
from dblrandom.kernel.canonical import encode
from dblrandom.kernel.suite import Suite
from dblrandom.model import Json, check_name
from dblrandom.roster import RosterLike
from dblrandom.sampling import Sampler

__all__ = ["Transcript"]


class Transcript:
    """The receipts of one ceremony in order, and the rosters that its commitment fixed.

    Attributes:
        name: the ceremony's name, which every receipt carries.
        suite: its hash suite.
        receipts: the chain so far.
        beacons: the rules of the source kinds.
        samplers: third parties' samplers that tasks may name.
        trust: the policy that verifiers are told to use, where it is not the one that the commitments suggest.
    """

    def __init__(
        self,
        name: str,
        suite: Suite,
        *,
        beacons: Mapping[str, Beacon] = BEACONS,
        samplers: Sequence[Sampler] = (),
        trust: TrustPolicy | None = None,
    ) -> None:
        self.name = check_name(name, "ceremony")
        self.suite = suite
        self.receipts: tuple[Receipt, ...] = ()
        self.beacons = beacons
        self.samplers = tuple(samplers)
        self.trust = trust
        self._rosters: dict[str, RosterLike] = {}
        self._drawn: Draw | None = None
        self._in_force: tuple[Receipt, Commitment] | None = None
        self._sealed: dict[str, Mapping[str, Json]] = {}
        self._computed: tuple[tuple[str, object], Draw] | None = None

    @classmethod
    def read(
        cls,
        envelopes: Sequence[bytes],
        rosters: Iterable[RosterLike] = (),
        *,
        beacons: Mapping[str, Beacon] = BEACONS,
        samplers: Sequence[Sampler] = (),
        trust: TrustPolicy | None = None,
        sealed: Iterable[Mapping[str, Json]] = (),
    ) -> Self:
        """Read the receipts of a ceremony, or of a lawful beginning of one.

        ``sealed`` are bodies that :meth:`~dblrandom.ceremony.Ceremony.seal` gave to keep; without them nothing can be
        added while the draw is sealed that rests on it.

        Raises:
            VerificationError: the receipts are not one lawful chain.
            ReceiptError, CanonicalError: one of them is malformed.
        """
        receipts = tuple(Receipt.parse(e, f"receipt {n}") for n, e in enumerate(envelopes, 1))
        suite, _ = check_chain(receipts)
        found = cls(receipts[0].ceremony, suite, beacons=beacons, samplers=samplers, trust=trust)
        found.receipts = receipts
        found._rosters = {roster.name: roster for roster in rosters}
        for body in sealed:
            found.keep_sealed(body)
        return found

    @property
    def stage(self) -> str:
        """Where the ceremony stands: ``empty``, ``committed``, ``voided``, ``sealing``, ``revealed`` or ``drawn``."""
        return stage_of(self.receipts)

    @property
    def head(self) -> str | None:
        """The digest of the last receipt."""
        return self.receipts[-1].digest(self.suite) if self.receipts else None

    @property
    def envelopes(self) -> tuple[bytes, ...]:
        """The receipts as the bytes of their files."""
        return tuple(receipt.envelope for receipt in self.receipts)

    @property
    def rosters(self) -> dict[str, RosterLike]:
        """The committed rosters, by name."""
        return dict(self._rosters)

    def last(self, kind: str) -> Receipt | None:
        """The last receipt of a type, or ``None``."""
        return next((r for r in reversed(self.receipts) if r.type == kind), None)

    @property
    def closed_seals(self) -> tuple[Receipt, ...]:
        """The seals that nothing has opened yet, oldest first."""
        seals = open_seals(self.receipts, self.suite)
        return tuple(self.receipts[sequence - 1] for sequence, opening in seals.items() if opening is None)

    def keep_sealed(self, body: Mapping[str, Json]) -> None:
        """Know a sealed body from now on, so that no step is added which would not fit it."""
        self._sealed[self.suite.hexhash(encode(dict(body)))] = body

    def sealed_body(self, seal: Receipt) -> Mapping[str, Json] | None:
        """The body of a seal, its ``blind`` too, where it is known here."""
        return self._sealed.get(str(seal.body["digest"]))

    @property
    def disclosed(self) -> dict[str, Disclosure]:
        """The secrets of the commitment in force that witnesses recorded as disclosed, by source."""
        receipt = self.last("commitment")
        return disclosed_in(self.receipts[receipt.sequence :]) if receipt else {}

    @property
    def commitment(self) -> Commitment:
        """The commitment in force.

        Raises:
            StepError: nothing is committed.
        """
        receipt = self.last("commitment")
        if receipt is None:
            raise StepError("nothing is committed yet: commit first")
        if self._in_force is None or self._in_force[0] is not receipt:
            self._in_force = receipt, Commitment.from_json(receipt.body)
        return self._in_force[1]

    @property
    def commitments(self) -> tuple[Commitment, ...]:
        """Every commitment of the ceremony, the voided ones too."""
        return tuple(Commitment.from_json(r.body) for r in self.receipts if r.type == "commitment")

    @property
    def commitment_digest(self) -> str:
        """The digest of the commitment in force, which begins the seed."""
        receipt = self.last("commitment")
        if receipt is None:
            raise StepError("nothing is committed yet: commit first")
        return receipt.digest(self.suite)

    @property
    def drawn(self) -> Draw:
        """The draw, recomputed from the receipts and the rosters.

        Raises:
            StepError: there is no draw yet.
        """
        if self.last("draw") is None:
            raise StepError("there is no draw yet: reveal and draw first")
        return self.computed_draw()

    def computed_draw(self) -> Draw:
        """What the revealed seed draws, whether or not a receipt says so yet; computed once.

        Raises:
            StepError: there is no reveal yet.
        """
        reveal = self.last("reveal")
        if reveal is None:
            raise StepError("there is no reveal yet: reveal first")
        if self._drawn is None:
            self._drawn = self.compute_draw(str(reveal.body["seed"]))
        return self._drawn

    @property
    def standing(self) -> dict[str, Standing]:
        """How each task stands after the substitutions and results so far."""
        standing = standing_at_first(self.suite, self.commitment.plan, self.drawn)
        for receipt in self.receipts:
            if receipt.type == "substitution":
                apply_substitution(standing, receipt.stated)
            elif receipt.type == "result":
                apply_result(standing, receipt.stated)
        return standing

    def compute_draw(self, seed: str) -> Draw:
        """Draw every task with ``seed`` (64 hex), from the committed rosters; pure, so it can be done by anyone.

        Raises:
            PlanError, RosterError: the rosters are not those committed, or could not be drawn from.
        """
        return self._compute(seed, lambda: make_draw(self.commitment, seed, self._rosters, self.samplers))

    def draw_by_keys(self, keys: Mapping[str, tuple[str, str]]) -> Draw:
        """Draw every task with its keys for targets and inspectors, where the seed is not known; else the same."""
        told = tuple(sorted(keys.items()))
        return self._compute(told, lambda: draw_with_keys(self.commitment, keys, self._rosters, self.samplers))

    def _compute(self, what: object, draw: Callable[[], Draw]) -> Draw:
        key = (self.commitment_digest, what)
        if self._computed is None or self._computed[0] != key:
            self.commitment.check(self.beacons)
            self.commitment.check_manifests(self._rosters)
            self._computed = key, draw()
        return self._computed[1]
