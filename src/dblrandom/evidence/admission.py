"""Admission: what may be added to a transcript (docs/spec, sections 3 to 6).

This is verification on the organiser's side, while it still helps: what every verifier would refuse later is refused
before it is signed or stored. It asks nobody whom to trust, so it is no substitute for ``verify``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from dblrandom.beacons.timelock import check_lock_window, is_locked
from dblrandom.drawing.commitment import Commitment, beacon_for
from dblrandom.drawing.revealing import check_reveal
from dblrandom.drawing.standing import apply_result
from dblrandom.errors import (
    EntropyError,
    InputError,
    KeyFileError,
    NotYetPublic,
    PlanError,
    ReceiptError,
    RosterError,
    StepError,
    VerificationError,
)
from dblrandom.evidence.chain import rests_on_draw, settles_draw, stage_after
from dblrandom.evidence.comparing import difference
from dblrandom.evidence.dating import organisers_own
from dblrandom.evidence.disclosing import check_disclosed, check_never_disclosed
from dblrandom.evidence.foresight import check_dated, check_parts, check_void_dated, dated_by_all
from dblrandom.evidence.misopening import check_proof
from dblrandom.evidence.moments import distant, long_over
from dblrandom.evidence.opening import check_known, check_opening, check_reveal_fits_results, standing_once_open
from dblrandom.evidence.receipt import Receipt
from dblrandom.evidence.signatures import check_declared_signers
from dblrandom.evidence.stamping import carries_date, self_signed_stamp
from dblrandom.evidence.transcript import Transcript
from dblrandom.kernel.canonical import encode
from dblrandom.kernel.dsse import PAYLOAD_TYPE, pae
from dblrandom.kernel.schemes import SCHEMES, Scheme
from dblrandom.kernel.signing import keyid
from dblrandom.model import Json, time_seconds
from dblrandom.roster import RosterLike

__all__ = [
    "check_admissible",
    "check_all_sign",
    "check_content",
    "check_lawful",
    "check_next",
    "check_outcomes",
    "check_signer",
    "check_terms",
]


_HINTS = {
    ("empty", "draw"): "commit first",
    ("empty", "reveal"): "commit first",
    ("committed", "commitment"): "a commitment stands already: void it first, if there is still time",
    ("committed", "draw"): "reveal first",
    ("committed", "substitution"): "reveal and draw first",
    ("sealing", "draw"): "reveal first",
    ("revealed", "reveal"): "this was done already: draw next",
    ("revealed", "substitution"): "draw first",
    ("revealed", "result"): "draw first",
    ("drawn", "draw"): "this was done already",
    ("drawn", "reveal"): "this was done already",
    ("drawn", "commitment"): "the draw of this ceremony was made: begin the next one in a new folder",
    ("voided", "reveal"): "the commitment was voided: commit again first",
    ("voided", "draw"): "the commitment was voided: commit again first",
}
"""What somebody who slipped in the order of steps should do."""


def check_lawful(transcript: Transcript, kind: str) -> None:
    """Check that the grammar has a place for a receipt type now.

    Raises:
        StepError: it has none.
    """
    try:
        stage_after(transcript.stage, kind)
    except ReceiptError as error:
        hint = _HINTS.get((transcript.stage, kind))
        if transcript.stage == "revealed" and any(seal.body["type"] == "draw" for seal in transcript.closed_seals):
            hint = "the draw is sealed: unseal it next"
        raise StepError(f"{hint}: {error}" if hint else str(error)) from error


def check_admissible(
    transcript: Transcript,
    receipt: Receipt,
    *,
    rosters: Mapping[str, RosterLike],
    margin: int,
    schemes: Mapping[str, Scheme] = SCHEMES,
) -> None:
    """Check that a receipt is the lawful next one and says what the rules give.

    Args:
        transcript: the ceremony so far.
        receipt: the receipt to add.
        rosters: the rosters that a commitment would fix.
        margin: seconds between a commitment and the first value that can be public.
        schemes: the signature algorithms; none where the receipt is not signed yet and only names who will sign.

    Raises:
        StepError: it belongs elsewhere in the chain, is not lawful now, or is not what the rules give.
        NotYetPublic: it rests on a value whose moment has not come.
        EntropyError, PlanError, RosterError: a commitment that could not be drawn from, or a value that is not the one.
    """
    check_next(transcript, receipt)
    if receipt.type == "commitment":
        _check_commitment(transcript, receipt, rosters, margin, schemes)
        return
    over = long_over(transcript.commitment, receipt.time)
    # Time stamps are renewed for decades, and their own dates tell the time.
    if over is not None and not carries_date(receipt):
        raise StepError(over)
    if receipt.type == "witness":
        _check_witness(transcript, receipt)
        check_signer(transcript.commitment, receipt, schemes)
        return
    check_signer(transcript.commitment, receipt, schemes)
    if receipt.type == "void":
        _check_void(transcript, receipt)
    else:
        _check_moment(transcript, receipt)
        if transcript.stage in ("committed", "sealing"):
            check_dated(transcript)
        _check_seal(transcript, receipt)
        check_known(transcript, receipt)
        digest = transcript.suite.hexhash(encode(dict(receipt.body))) if "blind" in receipt.body else None
        check_content(transcript, receipt.type, receipt.stated, digest)


def check_next(transcript: Transcript, receipt: Receipt) -> None:
    """Check that a receipt is the next one of the chain, at a time and of a type that can follow.

    Raises:
        StepError: it is not.
    """
    expected = (transcript.name, len(transcript.receipts) + 1, transcript.head)
    if (receipt.ceremony, receipt.sequence, receipt.previous) != expected:
        raise StepError(f"{receipt.label} of {receipt.ceremony!r} is not the next receipt of this ceremony")
    last = transcript.receipts[-1].time if transcript.receipts else receipt.time
    if receipt.time < last:
        raise StepError(
            f"its time {receipt.time} is before that of the last receipt, {last}: either this clock is behind, or the "
            "one was ahead by which that receipt was made"
        )
    check_lawful(transcript, receipt.type)


def check_outcomes(transcript: Transcript, body: Mapping[str, Json]) -> None:
    """Check the body of a result against the draw, public or sealed, and against all that is sealed and known here.

    Raises:
        StepError, PlanError: an unknown task, a target that was not drawn, or that has its result; a draw that is
            sealed and not known here.
    """
    apply_result(standing_once_open(transcript), body)


def check_terms(
    transcript: Transcript, commitment: Commitment, *, rosters: Mapping[str, RosterLike], time: str, margin: int
) -> None:
    """Check everything of a commitment but its signatures; arguments and errors as for :func:`check_admissible`."""
    if commitment.suite.name != transcript.suite.name:
        raise StepError(f"the suite of this ceremony is {transcript.suite.name}, not {commitment.suite.name}")
    for roster in rosters.values():
        if roster.suite.name != commitment.suite.name:
            problem = f"it was built with {roster.suite.name}, not {commitment.suite.name}: build it again"
            raise RosterError(problem, where=f"roster {roster.name!r}")
    commitment.check(transcript.beacons)
    check_parts(transcript, commitment)
    commitment.check_rosters(rosters, transcript.samplers)
    for problem in distant(commitment, time):
        raise PlanError(problem, where="deadlines")
    for before in transcript.commitments:
        before.check(transcript.beacons)
    used = {s.terms["digest"] for c in transcript.commitments for s in c.sources if s.kind == "secret"}
    for source in commitment.sources:
        where = f"source {source.name!r}"
        if time_seconds(source.not_before) < time_seconds(time) + margin:
            problem = f"it can be public from {source.not_before}, not {margin} s after the commitment at {time}"
            raise EntropyError(problem, where=where)
        if source.kind == "secret" and is_locked(source):
            check_lock_window(source, dated=time, margin=margin, reveal_by=commitment.deadlines["reveal"])
        if source.kind == "secret" and source.terms["digest"] in used:
            raise EntropyError("this secret was committed before: make a new one", where=where)
    check_never_disclosed(commitment, transcript.name, transcript.receipts)
    _check_new_organisers(transcript, commitment)
    if transcript.receipts:
        check_void_dated(transcript)


def _check_new_organisers(transcript: Transcript, commitment: Commitment) -> None:
    """Who has witnessed an earlier commitment cannot become its organiser: he would have witnessed himself."""
    vouching = [r for r in transcript.receipts if r.type == "witness" and not carries_date(r)]
    witnessed = {signature.keyid for receipt in vouching for signature in receipt.signatures}
    for signer in commitment.signers:
        if signer.role == "organiser" and keyid(bytes.fromhex(signer.public_key)) in witnessed:
            raise StepError(
                f"{signer.name or signer.public_key} witnessed this ceremony and cannot become its organiser: "
                "begin another ceremony"
            )


def _check_commitment(
    transcript: Transcript,
    receipt: Receipt,
    rosters: Mapping[str, RosterLike],
    margin: int,
    schemes: Mapping[str, Scheme],
) -> None:
    commitment = Commitment.from_json(receipt.body)
    replaced = transcript.commitment_digest if transcript.receipts else None
    if commitment.replaces != replaced:
        raise StepError(f"it says that it replaces {commitment.replaces}, not {replaced}")
    check_terms(transcript, commitment, rosters=rosters, time=receipt.time, margin=margin)
    check_all_sign(receipt, schemes)


def check_all_sign(receipt: Receipt, schemes: Mapping[str, Scheme] = SCHEMES) -> None:
    """Check that everybody signs a commitment who has to, with the schemes that are there.

    Raises:
        StepError: an organiser's or a party's signature is missing or bad.
    """
    try:
        check_declared_signers(receipt, schemes)
    except VerificationError as error:
        raise StepError(f"{error}; everyone who is declared as organiser or party must sign") from error


def check_signer(commitment: Commitment, receipt: Receipt, schemes: Mapping[str, Scheme] = SCHEMES) -> None:
    """Check that a receipt after the commitment is signed by somebody whom it declares for that, and nobody falsely.

    A key that the commitment does not declare would make a receipt that no verifier takes.

    Raises:
        StepError: nobody declared has signed it, or a declared key's signature is bad.
    """
    wanted: tuple[str, ...] = ("witness", "auditor") if receipt.type == "witness" else ("organiser",)
    declared = commitment.signers
    if carries_date(receipt) and "disclosed" not in receipt.body:
        # Its signer vouches for nothing; but it should be somebody who has a part in the ceremony.
        wanted = tuple({signer.role for signer in declared})
    signers = {keyid(bytes.fromhex(s.public_key)): s for s in declared if s.role in wanted}
    given = {signature.keyid: signature.value for signature in receipt.signatures}
    if signers and not signers.keys() & given.keys():
        names = ", ".join(f"{s.name or k} ({s.role})" for k, s in signers.items())
        raise StepError(f"a {receipt.type} is signed by {names}: none of these keys was given")
    for key in signers.keys() & given.keys():
        try:
            scheme = schemes.get(signers[key].algorithm)
            if scheme is not None:
                scheme.verify(bytes.fromhex(signers[key].public_key), given[key], pae(PAYLOAD_TYPE, receipt.payload))
        except KeyFileError as error:
            raise StepError(f"the signature of {signers[key].name or key} is bad: {error}") from error


def _check_witness(transcript: Transcript, receipt: Receipt) -> None:
    attested = cast(int, receipt.body["sequence"])
    seen = transcript.receipts[attested - 1] if attested < receipt.sequence else None
    if seen is None or seen.digest(transcript.suite) != receipt.body["digest"]:
        raise StepError(f"{receipt.label} attests no receipt of this chain (sequence {attested})")
    if receipt.body["ceremony"] != receipt.ceremony or receipt.body["time"] != receipt.time:
        raise StepError(f"the body of {receipt.label} names another ceremony or time than its payload")
    try:
        self_signed_stamp(receipt, seen, transcript.suite)
    except InputError as error:
        raise StepError(f"{receipt.label} carries a date that does not hold: {error}") from error
    disclosed = cast("dict[str, str]", receipt.body.get("disclosed", {}))
    vouches = bool(disclosed) or not carries_date(receipt)
    if vouches and organisers_own(transcript.receipts) & {signature.keyid for signature in receipt.signatures}:
        raise StepError("the organiser cannot witness his own ceremony: give a witness's key")
    if disclosed and transcript.stage == "voided":
        raise StepError("the commitment was voided: its secrets are not to be disclosed")
    if disclosed:
        check_disclosed(transcript.commitment, transcript.name, disclosed, transcript.beacons)
        committed = cast(Receipt, transcript.last("commitment")).sequence
        earlier = any(r.type == "witness" and r.time < receipt.time for r in transcript.receipts[committed:])
        dated = dated_by_all(transcript, committed)
        declared = any(signer.role == "witness" for signer in transcript.commitment.signers)
        if not earlier or (declared and (dated is None or dated >= receipt.time)):
            raise StepError("every declared witness must date the commitment before its secrets are disclosed")


def _check_void(transcript: Transcript, receipt: Receipt) -> None:
    if check_proof(transcript.commitment, transcript.name, receipt.body):
        return
    sources = transcript.commitment.sources
    moments = [s.not_before for s in sources if s.kind != "secret"] or [s.not_before for s in sources]
    disclosed, own = transcript.disclosed, organisers_own(transcript.receipts)
    others = [s for s in sources if beacon_for(s, transcript.beacons).holder(s) not in own]
    if others and all(source.name in disclosed for source in others):
        moments.append(max(disclosed[source.name].time for source in others))
    if receipt.time >= min(moments):
        raise StepError(f"it is too late to void: a value can be public since {min(moments)}; reveal and draw")


def _check_moment(transcript: Transcript, receipt: Receipt) -> None:
    """What rests on the values cannot be there before them, sealed or not."""
    for source in transcript.commitment.sources:
        if source.kind != "secret" and receipt.time < source.not_before:
            raise NotYetPublic(f"the source {source.name!r} is not public before {source.not_before}")


def _check_seal(transcript: Transcript, receipt: Receipt) -> None:
    """A seal is made of what is still to come, once; what was sealed is published as it was, and nothing else is."""
    if receipt.type == "sealed":
        kind = str(receipt.body["type"])
        if kind in ("reveal", "draw") and transcript.last(kind) is not None:
            raise StepError(f"the {kind} is public already: there is nothing to seal")
        if rests_on_draw(receipt) and not any(map(settles_draw, transcript.receipts)):
            raise StepError(f"a {kind} rests on the draw: seal or publish that first")
        if any(r.type == "sealed" and r.body["digest"] == receipt.body["digest"] for r in transcript.receipts):
            raise StepError("this was sealed already: two seals of one body could not both be opened")
        # There is one reveal and one draw. Substitutions sealed with the draw are opened one after the other; later
        # ones are computed from what is public, and so rest on those before them.
        many = kind == "result" or (kind == "substitution" and transcript.last("draw") is None)
        if not many and any(s.body["type"] == kind for s in transcript.closed_seals):
            raise StepError(f"a sealed {kind} is still closed: unseal it before another is sealed")
        return
    closed = {s.body["digest"] for s in transcript.closed_seals if s.body["type"] == receipt.type}
    opens = transcript.suite.hexhash(encode(dict(receipt.body))) in closed
    if "blind" in receipt.body and not opens:
        raise StepError(f"this {receipt.type} is not what any closed seal of the ceremony was made of")
    if closed and not opens and receipt.type != "result":
        raise StepError(f"a {receipt.type} was sealed: unseal that one")


def check_content(transcript: Transcript, kind: str, stated: Mapping[str, Json], digest: str | None = None) -> None:
    """Check that a body, without its ``blind``, says what the rules give, and fits what is sealed.

    ``digest`` is that of the whole body, where it opens a seal.

    Raises:
        StepError, EntropyError, PlanError: it says something else.
    """
    if kind == "reveal":
        seed = check_reveal(
            transcript.commitment, transcript.commitment_digest, transcript.name, stated, transcript.beacons
        )
        check_reveal_fits_results(transcript, seed)
    elif kind == "draw":
        problem = difference(stated, transcript.computed_draw().to_json(), kind)
        if problem is not None:
            raise StepError(problem)
    if kind in ("draw", "result", "substitution"):
        check_opening(transcript, kind, stated, digest)
