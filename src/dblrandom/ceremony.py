"""The ceremony: the protocol as a state machine, without any I/O (docs/spec, sections 3 to 6).

A ceremony holds the chain of receipts and the committed rosters. Each step checks that it is lawful now, makes the
body, signs it with the keys given, and adds one receipt to the chain. Time, randomness and values come in as
arguments; what to keep, and where, is for an adapter such as :class:`dblrandom.adapters.folder.CeremonyFolder`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self

from dblrandom.beacons import BUILT_IN as BEACONS
from dblrandom.beacons import Beacon
from dblrandom.drawing.commitment import Commitment, Declared
from dblrandom.drawing.draw import Draw
from dblrandom.drawing.revealing import Value, make_reveal
from dblrandom.drawing.standing import apply_substitution
from dblrandom.errors import RosterError, StepError
from dblrandom.evidence.admission import check_admissible, check_content, check_lawful, check_outcomes, check_terms
from dblrandom.evidence.bodies import SEALABLE, check_body
from dblrandom.evidence.chain import settles_draw
from dblrandom.evidence.considered import sign_commitment, sign_step
from dblrandom.evidence.opening import check_sealable, standing_once_open
from dblrandom.evidence.receipt import Receipt, payload_bytes
from dblrandom.evidence.soundness import check_aftermath_so_far, check_so_far, holds_rows
from dblrandom.evidence.transcript import Transcript
from dblrandom.evidence.trust import TrustPolicy
from dblrandom.kernel.canonical import encode
from dblrandom.kernel.rows import check_id
from dblrandom.kernel.schemes import SCHEMES, Scheme
from dblrandom.kernel.signing import Signer
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.model import Json, Plan, Population, ResultCode, Source, check_names_distinct
from dblrandom.roster import Roster, RosterLike
from dblrandom.sampling import Sampler

__all__ = ["MARGIN", "Ceremony"]

MARGIN = 60
"""Seconds that must lie between committing and the first moment at which a value can be public."""


class Ceremony(Transcript):
    """One ceremony of one organiser, from its first commitment to its last result.

    What it knows of itself is the :class:`~dblrandom.evidence.transcript.Transcript`'s; here are the steps.
    """

    _draft: tuple[Plan, dict[str, RosterLike]] | None = None
    # The very tuples that were checked last: receipts that came otherwise than by admit() are not among them.
    _sound: tuple[Receipt, ...] = ()
    _followed: tuple[Receipt, ...] = ()

    @classmethod
    def open(
        cls,
        name: str,
        plan: Plan,
        rosters: Iterable[RosterLike | Population],
        *,
        suite: Suite = SHA256,
        beacons: Mapping[str, Beacon] = BEACONS,
        samplers: Sequence[Sampler] = (),
        trust: TrustPolicy | None = None,
    ) -> Self:
        """Begin a ceremony with a plan and its rosters; nothing is fixed before :meth:`commit`.

        ``trust`` is the policy that verifiers will be told to use; without it, that all declared witnesses must date
        what has to be dated. Populations are made into rosters; a confidential one must be built beforehand, with its
        blinds.
        """
        found = cls(name, suite, beacons=beacons, samplers=samplers, trust=trust)
        found.redraft(plan, rosters)
        return found

    @property
    def rosters(self) -> dict[str, RosterLike]:
        """The committed rosters, by name; before the first commitment those of the draft."""
        return dict(self._rosters if self.receipts or not self._draft else self._draft[1])

    def redraft(self, plan: Plan, rosters: Iterable[RosterLike | Population]) -> None:
        """Set the plan and the rosters that the next commitment will fix; without it a void is followed by the same.

        Raises:
            StepError: a commitment stands: there is no amendment, only a void and a new commitment.
            RosterError: two rosters of one name, or one that is not canonical.
        """
        check_lawful(self, "commitment")
        built = [Roster.build(self.suite, r) if isinstance(r, Population) else r for r in rosters]
        check_names_distinct([roster.name for roster in built], "rosters", error=RosterError)
        self._draft = (plan, {roster.name: roster for roster in built})

    def draft_commitment(
        self,
        *,
        entropy: Sequence[Source],
        signers: Sequence[Declared],
        deadlines: Mapping[str, str],
        time: str,
        previous_ceremony: str | None = None,
        margin: int = MARGIN,
    ) -> bytes:
        """The payload of a commitment, for all who must sign it to sign; :meth:`admit` then takes the envelope.

        A commitment after a void names the same ceremony before it as the one that was voided, unless told otherwise.

        Raises:
            StepError: a commitment is not lawful now.
            EntropyError, PlanError, RosterError: something that could not be drawn from.
        """
        check_lawful(self, "commitment")
        self.check_receipts()
        plan, rosters = self._draft or (self.commitment.plan, self._rosters)
        commitment = Commitment(
            suite=self.suite,
            plan=plan,
            rosters={name: roster.manifest for name, roster in rosters.items()},
            sources=tuple(entropy),
            signers=tuple(signers),
            deadlines=deadlines,
            previous_ceremony=self._previous(previous_ceremony),
            replaces=self.commitment_digest if self.receipts else None,
        )
        check_terms(self, commitment, rosters=rosters, time=time, margin=margin)
        return self._payload("commitment", commitment.to_json(), time)

    def commit(
        self,
        *,
        entropy: Sequence[Source],
        signers: Sequence[Declared],
        deadlines: Mapping[str, str],
        time: str,
        keys: Sequence[Signer],
        previous_ceremony: str | None = None,
        margin: int = MARGIN,
    ) -> Receipt:
        """Fix the plan, the rosters and the sources of entropy, signed by everyone at once."""
        payload = self.draft_commitment(
            entropy=entropy,
            signers=signers,
            deadlines=deadlines,
            time=time,
            previous_ceremony=previous_ceremony,
            margin=margin,
        )
        return self.admit(sign_commitment(self, payload, keys), margin=margin)

    def witness(
        self,
        *,
        time: str,
        keys: Sequence[Signer],
        disclosed: Mapping[str, str] | None = None,
        tokens: Sequence[Mapping[str, Json]] = (),
        logged: str | None = None,
        sequence: int | None = None,
    ) -> Receipt:
        """Attest a receipt, by default the last one that is not itself a witness's.

        Args:
            time: now.
            keys: who signs: a witness; or anybody who has a part in the ceremony, where the receipt only carries dates.
            disclosed: secrets that were made public till now, by the source's name.
            tokens: RFC 3161 tokens over the attested receipt's payload, each ``{"token", "certificates"}`` in base64.
            logged: the proof that the attested receipt stands in a log (C2SP tlog-proof).
            sequence: another receipt to attest; to renew a token, the one that carries it.

        Raises:
            StepError: there is nothing to attest, or what is carried does not hold.
            EntropyError: a disclosed secret is not the committed one.
        """
        body: dict[str, Json] = {**self._attested(sequence), "ceremony": self.name, "time": time}
        if disclosed:
            body["disclosed"] = dict(disclosed)
        if tokens:
            body["tokens"] = [dict(token) for token in tokens]
        if logged is not None:
            body["logged"] = logged
        return self._append("witness", body, time, keys)

    def _attested(self, sequence: int | None) -> dict[str, Json]:
        if sequence is None:
            seen = next((r for r in reversed(self.receipts) if r.type != "witness"), None)
        else:
            seen = self.receipts[sequence - 1] if 0 < sequence <= len(self.receipts) else None
        if seen is None:
            raise StepError(
                "there is nothing to witness yet" if sequence is None else f"there is no receipt {sequence}"
            )
        return {"digest": seen.digest(self.suite), "sequence": seen.sequence}

    def compute_reveal(self, values: Mapping[str, Value | str]) -> dict[str, Json]:
        """The body of the reveal, from each source's value by the source's name.

        Raises:
            EntropyError: a value is missing, or is not the declared one.
        """
        named = {n: v if isinstance(v, Value) else Value(v) for n, v in values.items()}
        return make_reveal(self.commitment, self.commitment_digest, self.name, named, self.beacons)

    def reveal(self, values: Mapping[str, Value | str], *, time: str, keys: Sequence[Signer]) -> Receipt:
        """Publish every source's value, and so the seed.

        Raises:
            StepError: not lawful now.
            NotYetPublic: a value's moment has not come at ``time``.
            EntropyError: a value is missing, or is not the declared one.
        """
        check_lawful(self, "reveal")
        return self._append("reveal", self.compute_reveal(values), time, keys)

    def draw(self, *, time: str, keys: Sequence[Signer]) -> Draw:
        """Draw every task, and sign what was drawn.

        Raises:
            StepError: not lawful now.
            RosterError: a roster is not the one committed.
        """
        check_lawful(self, "draw")
        self._append("draw", self.computed_draw().to_json(), time, keys)
        return self.drawn

    def substitute(self, task: str, ground: str, *, time: str, keys: Sequence[Signer], **replaced: str) -> Receipt:
        """Replace a ``target=`` or an ``inspector=``, or staff an ``open=`` target; who follows is decided by rule.

        Raises:
            StepError: not lawful now, or the ground is not in the committed list.
        """
        return self._append("substitution", self.compute_substitution(task, ground, **replaced), time, keys)

    def compute_substitution(self, task: str, ground: str, **replaced: str) -> dict[str, Json]:
        """The body of a substitution; see :meth:`substitute`."""
        request: dict[str, Json] = {"task": task, "ground": ground, "replaced": dict(replaced)}
        if self.last("draw") is None and any(map(settles_draw, self.receipts)):
            # Only to be sealed, beside the draw.
            return apply_substitution(standing_once_open(self), request)
        check_lawful(self, "substitution")
        return apply_substitution(self.standing, request)

    def void(
        self, reason: str, *, time: str, keys: Sequence[Signer], proof: Mapping[str, Json] | None = None
    ) -> Receipt:
        """Give up a commitment that will not be drawn, before any of its values can be known.

        With ``proof``, that a source has no value, it may be later: for each time-locked secret that does not open to
        what was committed, by name, the round that opens it.

        Raises:
            StepError: not lawful now, or too late at ``time``.
        """
        body: dict[str, Json] = {"reason": reason} if proof is None else {"reason": reason, "proof": dict(proof)}
        return self._append("void", body, time, keys)

    def result(
        self, task: str, outcomes: Mapping[str, Sequence[ResultCode | str]], *, time: str, keys: Sequence[Signer]
    ) -> Receipt:
        """Publish what inspections of drawn targets found.

        Args:
            task: the task's id.
            outcomes: for each target, one or more result codes.
            time: now.
            keys: who signs.

        Raises:
            StepError: not lawful now, an unknown task, or a target that was never drawn for it.
        """
        return self._append("result", self.compute_result(task, outcomes), time, keys)

    def compute_result(self, task: str, outcomes: Mapping[str, Sequence[ResultCode | str]]) -> dict[str, Json]:
        """The body of a result; see :meth:`result`."""
        check_lawful(self, "result")
        entries: list[Json] = [
            {"id": target, "codes": [str(code) for code in codes]}
            for target, codes in sorted(outcomes.items(), key=lambda item: check_id(item[0], "result"))
        ]
        body: dict[str, Json] = {"task": task, "outcomes": entries}
        check_outcomes(self, body)
        return body

    def seal(
        self, kind: str, body: Mapping[str, Json], *, blind: str, time: str, keys: Sequence[Signer]
    ) -> dict[str, Json]:
        """Fix a body now that is published later; returns the body to keep secret and to give to :meth:`unseal`.

        Args:
            kind: ``reveal``, ``draw``, ``substitution`` or ``result``.
            body: the body without ``blind``, from one of the ``compute_`` methods.
            blind: 32 random bytes in hex, so that nobody can try out bodies against the seal.
            time: now.
            keys: who signs.

        Raises:
            StepError: not allowed now, or every source is public, so that the draw would be no secret; a body that
                could never be opened, as far as what is sealed is known here.
        """
        if kind not in SEALABLE:
            raise StepError(f"a {kind} cannot be sealed; these can: {', '.join(SEALABLE)}")
        if kind in ("reveal", "draw") and not self._undisclosed():
            raise StepError(
                "a sealed draw needs a secret source that has not been disclosed: anyone could compute this draw"
            )
        check_lawful(self, "sealed")
        sealed = dict(body) | {"blind": blind}
        check_body(kind, sealed, f"sealed {kind}")
        if kind == "reveal":
            check_content(self, kind, body)
        else:
            check_sealable(self, kind, body)
        self._append("sealed", {"type": kind, "digest": self.suite.hexhash(encode(sealed))}, time, keys)
        self.keep_sealed(sealed)
        return sealed

    def unseal(self, kind: str, sealed: Mapping[str, Json], *, time: str, keys: Sequence[Signer]) -> Receipt:
        """Publish a sealed body.

        Raises:
            StepError: it was never sealed, or is not lawful now.
        """
        if "blind" not in sealed:
            raise StepError(f"this {kind} was never sealed: it has no blind")
        return self._append(kind, sealed, time, keys)

    def admit(self, envelope: bytes, *, margin: int = MARGIN) -> Receipt:
        """Add a receipt that was signed elsewhere, if it is the lawful next one and says what the rules give.

        Raises:
            ReceiptError, CanonicalError: it is malformed.
            StepError: it belongs elsewhere in the chain, is not lawful now, or is not what the rules give.
            VerificationError: a receipt before it does not hold.
        """
        receipt = Receipt.parse(envelope)
        self._check_for(receipt.type)
        rosters = self._draft[1] if self._draft else self._rosters
        check_admissible(self, receipt, rosters=rosters, margin=margin)
        if receipt.type == "commitment":
            self._rosters = {name: rosters[name] for name in Commitment.from_json(receipt.body).rosters}
            self._draft = None
        return self._add(receipt)

    def check_receipts(self, schemes: Mapping[str, Scheme] = SCHEMES) -> None:
        """Check the receipts so far, as every step does before it signs: once after reading, not once for each step.

        What was read with ``Ceremony.read`` may have been changed by whoever keeps it. Signatures must be those of the
        signers whom the commitments declare, and as many as the ceremony's own policy asks for.

        Args:
            schemes: the signature algorithms. A ceremony whose organiser or party signs with another, such as SM2, is
                checked once with it before its next step: ``check_receipts(all_schemes())``.

        Raises:
            VerificationError: a receipt does not hold; nothing was signed.
            MissingExtra: an organiser's or a party's signature cannot be checked with these.
        """
        if self.receipts and self._sound is not self.receipts:
            check_so_far(self, schemes)
            self._sound = self.receipts

    # Inside

    def _is_followed(self) -> bool:
        return self.last("draw") is None or self._followed is self.receipts

    def _check_for(self, kind: str) -> None:
        """Check what a step of that kind rests on; a draw is computed for it where that asks no engine, or it must."""
        self.check_receipts()
        if not self._is_followed() and (kind != "witness" or holds_rows(self)):
            check_aftermath_so_far(self)
            self._followed = self.receipts

    def _append(self, kind: str, body: Mapping[str, Json], time: str, keys: Sequence[Signer]) -> Receipt:
        check_lawful(self, kind)
        self._check_for(kind)
        return self._add(sign_step(self, self._payload(kind, body, time), keys))

    def _add(self, receipt: Receipt) -> Receipt:
        followed = self._is_followed()
        self.receipts = self._sound = (*self.receipts, receipt)
        if followed:
            self._followed = self.receipts
        return receipt

    def _payload(self, kind: str, body: Mapping[str, Json], time: str) -> bytes:
        return payload_bytes(
            kind, ceremony=self.name, sequence=len(self.receipts) + 1, previous=self.head, time=time, body=body
        )

    def _previous(self, given: str | None) -> str | None:
        if given is None and self.receipts:
            return self.commitment.previous_ceremony
        return given

    def _undisclosed(self) -> bool:
        """Whether some secret is still known to its holder alone, as far as the chain tells."""
        disclosed = self.disclosed
        return any(s.kind == "secret" and s.name not in disclosed for s in self.commitment.sources)
