"""The ceremony: the protocol as a state machine, without any I/O (docs/spec, sections 3 to 6).

A ceremony holds the chain of receipts and the committed rosters. Each step checks that it is lawful now, makes the
body, signs it with the keys given, and adds one receipt to the chain. Time, randomness and values come in as
arguments; what to keep, and where, is for an adapter such as :class:`dblrandom.adapters.folder.CeremonyFolder`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Self, cast

from dblrandom.beacons import BUILT_IN as BEACONS
from dblrandom.beacons import Beacon
from dblrandom.errors import EntropyError, NotYetPublic, ReceiptError, RosterError, StepError
from dblrandom.evidence.bodies import SEALABLE
from dblrandom.evidence.chain import stage_after
from dblrandom.evidence.commitment import Commitment, Declared
from dblrandom.evidence.comparing import difference
from dblrandom.evidence.disclosing import check_disclosed, disclosed_in
from dblrandom.evidence.drawing import Draw
from dblrandom.evidence.receipt import Receipt, payload_bytes, sign_payload
from dblrandom.evidence.revealing import Value, check_reveal, make_reveal
from dblrandom.evidence.standing import apply_result, apply_substitution
from dblrandom.evidence.transcript import Transcript
from dblrandom.kernel.canonical import encode
from dblrandom.kernel.signing import Signer
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.model import Json, Plan, Population, ResultCode, Source, check_names_distinct, time_seconds
from dblrandom.roster import Roster
from dblrandom.sampling import Sampler

__all__ = ["MARGIN", "Ceremony"]

MARGIN = 60
"""Seconds that must lie between committing and the first moment at which a value can be public."""


class Ceremony(Transcript):
    """One ceremony of one organiser, from its first commitment to its last result.

    What it knows of itself is the :class:`~dblrandom.evidence.transcript.Transcript`'s; here are the steps.
    """

    _plan: Plan | None = None

    @classmethod
    def open(
        cls,
        name: str,
        plan: Plan,
        rosters: Iterable[Roster | Population],
        *,
        suite: Suite = SHA256,
        beacons: Mapping[str, Beacon] = BEACONS,
        samplers: Sequence[Sampler] = (),
    ) -> Self:
        """Begin a ceremony with a plan and its rosters; nothing is fixed before :meth:`commit`.

        Populations are made into rosters; a confidential one must be built beforehand, with its blinds.
        """
        found = cls(name, suite, beacons=beacons, samplers=samplers)
        found.redraft(plan, rosters)
        return found

    def redraft(self, plan: Plan, rosters: Iterable[Roster | Population]) -> None:
        """Set the plan and the rosters that the next commitment will fix."""
        built = [r if isinstance(r, Roster) else Roster.build(self.suite, r) for r in rosters]
        check_names_distinct([roster.name for roster in built], "rosters", error=RosterError)
        self._plan = plan
        self._rosters = {roster.name: roster for roster in built}

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

        Raises:
            StepError: a commitment is not lawful now.
            EntropyError, PlanError, RosterError: something that could not be drawn from.
        """
        self._check_lawful("commitment")
        replaced = self.commitment_digest if self.receipts else None
        commitment = Commitment(
            suite=self.suite,
            plan=self._plan or self.commitment.plan,
            rosters={name: roster.manifest for name, roster in self._rosters.items()},
            sources=tuple(entropy),
            signers=tuple(signers),
            deadlines=deadlines,
            previous_ceremony=previous_ceremony,
            replaces=replaced,
        )
        self._check_commitment(commitment, time, margin)
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
        return self.admit(sign_payload(payload, keys), margin=margin)

    def witness(self, *, time: str, keys: Sequence[Signer], disclosed: Mapping[str, str] | None = None) -> Receipt:
        """Attest the last receipt that is not itself a witness's; ``disclosed`` records secrets made public till now.

        Raises:
            StepError: there is nothing to attest.
            EntropyError: a disclosed secret is not the committed one.
        """
        seen = next((r for r in reversed(self.receipts) if r.type != "witness"), None)
        if seen is None:
            raise StepError("there is nothing to witness yet")
        body: dict[str, Json] = {
            "digest": seen.digest(self.suite),
            "ceremony": self.name,
            "sequence": seen.sequence,
            "time": time,
        }
        if disclosed:
            check_disclosed(self.commitment, self.name, disclosed, self.beacons)
            body["disclosed"] = dict(disclosed)
        return self._append("witness", body, time, keys)

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
        self._check_lawful("reveal")
        for source in self.commitment.sources:
            if source.kind != "secret" and time < source.not_before:
                raise NotYetPublic(f"the source {source.name!r} is not public before {source.not_before}")
        return self._append("reveal", self.compute_reveal(values), time, keys)

    def draw(self, *, time: str, keys: Sequence[Signer]) -> Draw:
        """Draw every task, and sign what was drawn.

        Raises:
            StepError: not lawful now.
            RosterError: a roster is not the one committed.
        """
        self._check_lawful("draw")
        reveal = cast(Receipt, self.last("reveal"))
        self._drawn = self.compute_draw(str(reveal.body["seed"]))
        self._append("draw", self._drawn.to_json(), time, keys)
        return self._drawn

    def substitute(self, task: str, ground: str, *, time: str, keys: Sequence[Signer], **replaced: str) -> Receipt:
        """Replace a ``target=`` or an ``inspector=``, or staff an ``open=`` target; who follows is decided by rule.

        Raises:
            StepError: not lawful now, or the ground is not in the committed list.
        """
        return self._append("substitution", self.compute_substitution(task, ground, **replaced), time, keys)

    def compute_substitution(self, task: str, ground: str, **replaced: str) -> dict[str, Json]:
        """The body of a substitution; see :meth:`substitute`."""
        self._check_lawful("substitution")
        request: dict[str, Json] = {"task": task, "ground": ground, "replaced": dict(replaced)}
        return apply_substitution(self.standing, request)

    def void(self, reason: str, *, time: str, keys: Sequence[Signer]) -> Receipt:
        """Give up a commitment that will not be drawn, before any of its values can be known.

        Raises:
            StepError: not lawful now, or too late at ``time``.
        """
        self._check_lawful("void")
        moments = [s.not_before for s in self.commitment.sources if s.kind != "secret"]
        first = min(moments or [s.not_before for s in self.commitment.sources])
        if time >= first:
            raise StepError(f"it is too late to void: a value can be public since {first}; reveal and draw")
        return self._append("void", {"reason": reason}, time, keys)

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
        self._check_lawful("result")
        entries: list[Json] = [
            {"id": target, "codes": [str(code) for code in codes]}
            for target, codes in sorted(outcomes.items(), key=lambda item: item[0].encode())
        ]
        body: dict[str, Json] = {"task": task, "outcomes": entries}
        self._check_result(body)
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
            StepError: not lawful now, or every source is public, so that the draw would be no secret.
        """
        if kind not in SEALABLE:
            raise StepError(f"a {kind} cannot be sealed; these can: {', '.join(SEALABLE)}")
        if kind in ("reveal", "draw") and not self._undisclosed():
            raise StepError(
                "a sealed draw needs a secret source that has not been disclosed: anyone could compute this draw"
            )
        if kind != "result" and any(s.body["type"] == kind for s in self.closed_seals):
            # There is one reveal and one draw, and a substitution rests on those before it.
            raise StepError(f"a sealed {kind} is still closed: unseal it before another is sealed")
        sealed = dict(body) | {"blind": blind}
        self._append("sealed", {"type": kind, "digest": self.suite.hexhash(encode(sealed))}, time, keys)
        return sealed

    def unseal(self, kind: str, sealed: Mapping[str, Json], *, time: str, keys: Sequence[Signer]) -> Receipt:
        """Publish a sealed body.

        Raises:
            StepError: it was never sealed, or is not lawful now.
        """
        digest = self.suite.hexhash(encode(dict(sealed)))
        seals = [(r.body["type"], r.body["digest"]) for r in self.receipts if r.type == "sealed"]
        if (kind, digest) not in seals:
            raise StepError(f"this {kind} is not what any seal of the ceremony was made of")
        return self._append(kind, sealed, time, keys)

    def admit(self, envelope: bytes, *, margin: int = MARGIN) -> Receipt:
        """Add a receipt that was signed elsewhere, if it is the lawful next one and says what the rules give.

        Raises:
            ReceiptError, CanonicalError: it is malformed.
            StepError: it belongs elsewhere in the chain, is not lawful now, or is not what the rules give.
        """
        receipt = Receipt.parse(envelope)
        if (receipt.ceremony, receipt.sequence, receipt.previous) != (self.name, len(self.receipts) + 1, self.head):
            raise StepError(f"{receipt.label} of {receipt.ceremony!r} is not the next receipt of this ceremony")
        if self.receipts and receipt.time < self.receipts[-1].time:
            raise StepError(f"its time {receipt.time} is before that of the last receipt, {self.receipts[-1].time}")
        self._check_lawful(receipt.type)
        if receipt.type == "commitment":
            self._check_commitment(Commitment.from_json(receipt.body), receipt.time, margin)
        elif receipt.type == "result":
            self._check_result(receipt.stated)
        elif receipt.type in ("reveal", "draw", "substitution"):
            self._check_computed(receipt)
        self.receipts = (*self.receipts, receipt)
        return receipt

    # Inside

    def _append(self, kind: str, body: Mapping[str, Json], time: str, keys: Sequence[Signer]) -> Receipt:
        self._check_lawful(kind)
        return self.admit(sign_payload(self._payload(kind, body, time), keys))

    def _payload(self, kind: str, body: Mapping[str, Json], time: str) -> bytes:
        return payload_bytes(
            kind, ceremony=self.name, sequence=len(self.receipts) + 1, previous=self.head, time=time, body=body
        )

    def _check_lawful(self, kind: str) -> None:
        try:
            stage_after(self.stage, kind)
        except ReceiptError as error:
            raise StepError(str(error)) from error

    def _check_commitment(self, commitment: Commitment, time: str, margin: int) -> None:
        if commitment.suite.name != self.suite.name:
            raise StepError(f"the suite of this ceremony is {self.suite.name}, not {commitment.suite.name}")
        commitment.check(self.beacons)
        commitment.check_rosters(self._rosters, self.samplers)
        for source in commitment.sources:
            if time_seconds(source.not_before) < time_seconds(time) + margin:
                raise EntropyError(
                    f"it can be public from {source.not_before}, not {margin} s after the commitment at {time}",
                    where=f"source {source.name!r}",
                )

    def _check_computed(self, receipt: Receipt) -> None:
        """What others signed must be what the rules give; what was made here passes by construction."""
        stated = receipt.stated
        if receipt.type == "reveal":
            check_reveal(self.commitment, self.commitment_digest, self.name, stated, self.beacons)
            return
        if receipt.type == "draw":
            reveal = cast(Receipt, self.last("reveal"))
            self._drawn = self._drawn or self.compute_draw(str(reveal.body["seed"]))
            found = self._drawn.to_json()
        else:
            found = apply_substitution(self.standing, stated)
        problem = difference(stated, found, receipt.label)
        if problem is not None:
            raise StepError(problem)

    def _check_result(self, body: Mapping[str, Json]) -> None:
        """While the draw is sealed its targets are not known here, and only the task is."""
        if self.last("draw") is None:
            self.commitment.task(str(body["task"]))
        else:
            apply_result(self.standing, body)

    def _undisclosed(self) -> bool:
        """Whether some secret is still known to its holder alone, as far as the chain tells."""
        disclosed = disclosed_in(self.receipts)
        return any(s.kind == "secret" and s.name not in disclosed for s in self.commitment.sources)
