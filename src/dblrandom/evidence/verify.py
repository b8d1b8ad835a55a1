"""Verification: receipts, rosters and trust in; a report of every check out, or an error (docs/spec, section 7).

Nothing here believes the organiser. Bytes, chain and signatures come first, then what the witnesses show about time,
then every number is computed again from what was committed and compared with what the receipts say.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import cast

from dblrandom.beacons import BUILT_IN as BEACONS
from dblrandom.beacons import Beacon
from dblrandom.beacons.public import form_only
from dblrandom.drawing.chances import without_chance
from dblrandom.drawing.commitment import Commitment, Frames
from dblrandom.drawing.draw import Draw, make_draw
from dblrandom.drawing.revealing import check_reveal
from dblrandom.errors import InputError, VerificationError
from dblrandom.evidence.aftermath import check_aftermath, check_deadlines, check_seals
from dblrandom.evidence.chain import check_chain, stage_of
from dblrandom.evidence.comparing import check_stated_draw, difference
from dblrandom.evidence.dating import read_dates
from dblrandom.evidence.disclosing import check_never_disclosed
from dblrandom.evidence.judging import Case, Committed, decisive_moment, judge_entropy, may_be_foreseen
from dblrandom.evidence.misopening import check_proof
from dblrandom.evidence.moments import ahead, distant
from dblrandom.evidence.origin import origin_detail
from dblrandom.evidence.predictable import note_alike, note_predictable
from dblrandom.evidence.receipt import Receipt
from dblrandom.evidence.report import Finding, Notes, Report, failing
from dblrandom.evidence.signatures import (
    Counted,
    Signed,
    check_declared_signers,
    count_signatures,
    read_signatures,
)
from dblrandom.evidence.trust import TrustPolicy
from dblrandom.kernel.schemes import SCHEMES, Scheme
from dblrandom.kernel.suite import Suite
from dblrandom.model import Json, check_time
from dblrandom.model.progress import tracked
from dblrandom.roster import Roster, RosterLike
from dblrandom.sampling import Sampler, has_sampler, sampler_for

__all__ = ["REHEARSAL_PREFIX", "read_receipts", "verify"]

REHEARSAL_PREFIX = "rehearsal."
"""A ceremony whose name begins so is a rehearsal: every receipt carries the name, and decides nothing."""


def read_receipts(envelopes: Sequence[bytes]) -> tuple[Receipt, ...]:
    """Read envelopes strictly, in the order given.

    Raises:
        VerificationError: one of them is not a well-formed receipt.
    """
    with failing("receipt"):
        return tuple(Receipt.parse(envelope, f"receipt {n}") for n, envelope in enumerate(envelopes, 1))


def verify(
    receipts: Sequence[bytes],
    *,
    trust: TrustPolicy,
    rosters: Mapping[str, RosterLike | bytes] | None = None,
    as_of: str | None = None,
    beacons: Mapping[str, Beacon] = BEACONS,
    samplers: Sequence[Sampler] = (),
    known_digests: Collection[str] = (),
    schemes: Mapping[str, Scheme] = SCHEMES,
    vouched: bool = False,
) -> Report:
    """Verify a ceremony, or a lawful beginning of one.

    Args:
        receipts: the envelopes, in order.
        trust: the verifier's own policy.
        rosters: committed and result rosters by name, as :class:`~dblrandom.roster.Roster` or as the bytes of their
            canonical files. What a missing one would have shown is reported as not checked.
        as_of: the time at which deadlines are judged; without it they are not checked.
        beacons: the rules of the source kinds.
        samplers: third parties' samplers that tasks may name.
        known_digests: digests of secrets that the verifier has seen in other ceremonies.
        schemes: the signature algorithms; what is signed with another is not checked, and does not count.
        vouched: the verifier's word that the keys of ``trust`` were got from outside of the ceremony, and compared with
            what their holders publish. Without it the report finds ``trust policy not from outside``, since no content
            of a policy can show that.

    Returns:
        The report: every check as passed, or as not checked and why.

    Raises:
        VerificationError: something does not hold; the message says what and where.
        InputError: ``as_of`` is no time.
    """
    if as_of is not None:
        check_time(as_of, "as_of", error=InputError)
    chain = read_receipts(receipts)
    suite, digests = check_chain(chain)
    signed = {receipt.sequence: read_signatures(receipt, trust, schemes) for receipt in chain}
    keys = {sequence: found.keys for sequence, found in signed.items()}
    dates = read_dates(chain, digests, keys, suite, trust, as_of)
    notes = Notes()
    case = Case(receipts=chain, trust=trust, dates=dates, beacons=beacons, as_of=as_of, notes=notes)
    notes.passed("chain", f"{len(chain)} receipts", f"canonical, in order, suite {suite.name}, head {digests[-1]}")
    first = next((receipt for receipt in chain if as_of is not None and ahead(receipt, as_of)), None)
    if first is not None:
        notes.found(Finding.AHEAD, f"{first.label}: it states {first.time}, and it is only {as_of}")
    for label, reason in dates.idle:
        notes.skipped("witness", label, f"does not count: {reason}")
    counted = _check_signatures(case, signed)
    given = _read_rosters(suite, rosters or {})
    commitments = _check_commitments(case, digests, counted, frozenset(known_digests), schemes)
    _check_voids(case, commitments)
    current = commitments[-1]
    frames = _check_rosters(current, given, samplers, notes)
    stage = stage_of(chain)
    draw = _check_entropy_and_draw(case, current, digests, given, samplers, frames)
    standing = check_aftermath(case, current, draw)
    check_seals(case, suite)
    check_deadlines(case, current, stage, standing, {number: found.names for number, found in counted.items()})
    if not vouched:
        notes.found(Finding.SELF_TRUST, origin_detail(trust, (c.commitment for c in commitments)))
    if chain[0].ceremony.startswith(REHEARSAL_PREFIX):
        notes.found(
            Finding.REHEARSAL, "its name says that it is a rehearsal: its secrets are known and it decides nothing"
        )
    return Report(
        ceremony=chain[0].ceremony,
        stage=stage,
        head=digests[-1],
        checks=tuple(notes.checks),
        findings=tuple(notes.findings),
    )


def _check_signatures(case: Case, signed: Mapping[int, Signed]) -> dict[int, Counted]:
    """Whose signatures count, by the sequence of each receipt."""
    organisers: set[str] = set()
    found = {}
    for receipt in tracked(case.receipts, "checking receipts", len(case.receipts)):
        if receipt.type == "commitment":
            entries = cast("list[dict[str, str]]", receipt.body["signers"])
            organisers = {entry["public_key"] for entry in entries if entry["role"] == "organiser"}
        counted = count_signatures(receipt, signed[receipt.sequence], case.trust, case.dates, organisers, case.as_of)
        beside = f"; not counted: {', '.join(counted.beside)}" if counted.beside else ""
        if counted.keys:
            case.notes.passed("signature", receipt.label, f"signed by {', '.join(counted.names)}{beside}")
        else:
            nobody = f"signed by nobody whose signature counts, and the policy asks for nobody{beside}"
            case.notes.skipped("signature", receipt.label, nobody)
        for undecided in counted.undecided:
            case.notes.skipped("signature", receipt.label, f"without a time to judge it at: {undecided}")
        found[receipt.sequence] = counted
    return found


def _read_rosters(suite: Suite, rosters: Mapping[str, RosterLike | bytes]) -> dict[str, RosterLike]:
    with failing("roster"):
        return {
            name: Roster.from_file(suite, name, given) if isinstance(given, bytes) else given
            for name, given in rosters.items()
        }


def _check_commitments(
    case: Case,
    digests: Sequence[str],
    counted: Mapping[int, Counted],
    known: frozenset[str],
    schemes: Mapping[str, Scheme],
) -> list[Committed]:
    """Every commitment of the chain, the voided ones too: content, signers, what it replaces, entropy and date."""
    found: list[Committed] = []
    used = known
    disclosing = [r for r in case.receipts if r.type == "witness" and r.body.get("disclosed")]
    for receipt in case.receipts:
        if receipt.type != "commitment":
            continue
        with failing("commitment", receipt.label):
            commitment = Commitment.from_json(receipt.body)
            commitment.check(case.beacons)
        replaced = digests[found[-1].receipt.sequence - 1] if found else None
        if commitment.replaces != replaced:
            raise VerificationError(
                "commitment", f"it says that it replaces {commitment.replaces}, not {replaced}", where=receipt.label
            )
        check_declared_signers(receipt, schemes)
        with failing("entropy", receipt.label):
            earlier = [r for r in disclosing if r.sequence < receipt.sequence]
            check_never_disclosed(commitment, receipt.ceremony, earlier)
        signed = frozenset(key.keyid for key in counted[receipt.sequence].keys if key.algorithm == "ed25519")
        committed = Committed(receipt=receipt, commitment=commitment, signed=signed, used_before=used)
        judge_entropy(committed, case)
        for detail in distant(commitment, receipt.time):
            case.notes.found(Finding.DISTANT, f"{receipt.label}: {detail}")
        used |= {str(s.terms["digest"]) for s in commitment.sources if s.kind == "secret"}
        found.append(committed)
    _check_previous(case, found[-1])
    return found


def _check_previous(case: Case, committed: Committed) -> None:
    """Ask the commitment in force: one that named the wrong ceremony before can be voided and made again."""
    expected, label = case.trust.previous_ceremony, committed.receipt.label
    if expected is None:
        case.notes.skipped("previous ceremony", label, "the trust policy names no ceremony before this one")
    elif committed.commitment.previous_ceremony != expected:
        raise VerificationError("previous ceremony", f"it does not follow {expected}", where=label)
    else:
        case.notes.passed("previous ceremony", label, expected)


def _check_voids(case: Case, commitments: Sequence[Committed]) -> None:
    """A void must be dated before any independent value could be known; a later one would be a second chance."""
    for receipt in case.receipts:
        if receipt.type != "void":
            continue
        committed = [c for c in commitments if c.receipt.sequence < receipt.sequence][-1]
        with failing("void", receipt.label):
            misopened = check_proof(committed.commitment, receipt.ceremony, receipt.body)
        if misopened:
            _charge(case, committed, receipt, misopened)
            continue
        foreseen = may_be_foreseen(committed, case, receipt)
        if foreseen:
            unshown = f"nothing shows that what it draws was unknown when it was given up by {receipt.label}"
            case.notes.found(Finding.REDRAW, f"{committed.receipt.label}: {unshown}; sources: {', '.join(foreseen)}")
        earliest = decisive_moment(committed, case)
        dated = case.dates.by(receipt.sequence, case.trust.witnesses)
        if dated is not None and dated < earliest:
            case.notes.passed("void", receipt.label, f"dated {dated}, before {earliest}")
        elif dated is None and _may_still_be_dated(case, receipt, earliest):
            case.notes.skipped("void", receipt.label, f"no witness has dated it yet; it must be done before {earliest}")
        else:
            shown = f"dated {dated}" if dated else "dated by no witness"
            raise VerificationError(
                "void", f"it is {shown}, and not before {earliest}: redraw after entropy", where=receipt.label
            )


def _charge(case: Case, committed: Committed, void: Receipt, misopened: Mapping[str, str]) -> None:
    """Put it on record whose time-lock left the ceremony without a seed."""
    case.notes.passed("void", void.label, f"proved: {', '.join(misopened)} has no value")
    for source in committed.commitment.sources:
        if source.name in misopened:
            keyid = str(source.terms["keyid"])
            key = case.trust.key(keyid)
            holder = key.name if key is not None and keyid in committed.signed else f"the key {keyid}"
            detail = f"{committed.receipt.label}: {source.name!r}, held by {holder}: {misopened[source.name]}"
            case.notes.found(Finding.MISOPENED, detail)


def _may_still_be_dated(case: Case, void: Receipt, earliest: str) -> bool:
    """Whether witnesses can still come in time: nothing rests on the void yet, and it is not too late."""
    return all(r.type == "witness" for r in case.receipts[void.sequence :]) and (
        case.as_of is None or case.as_of < earliest
    )


def _unknown_samplers(commitment: Commitment, samplers: Sequence[Sampler]) -> tuple[str, ...]:
    """The tasks whose sampler is a third party's that is not installed here."""
    return tuple(task.id for task in commitment.plan.tasks if not has_sampler(task, samplers))


def _check_rosters(
    committed: Committed, given: Mapping[str, RosterLike], samplers: Sequence[Sampler], notes: Notes
) -> Frames | None:
    for name, manifest in committed.commitment.rosters.items():
        if name not in given:
            notes.skipped("roster", name, "the roster was not given: frames, quotas and teams are not recomputed")
        elif given[name].manifest != manifest:
            raise VerificationError("roster", "its rows are not the ones committed", where=f"roster {name!r}")
        else:
            notes.passed("roster", name, f"{manifest.rows} rows, root {manifest.root}")
    where = committed.receipt.label
    for task in committed.commitment.plan.tasks:
        if not has_sampler(task, samplers):
            what = f"the sampler {task.sampler!r} is not known here, so whether its draw is right cannot be said"
            notes.skipped("sampler", f"task {task.id}", f"{what}; install its plug-in")
    missing = [name for name in committed.commitment.rosters if name not in given]
    if missing:
        unread = f"whether a draw can be written for every seed is not known without {', '.join(missing)}"
        notes.skipped("commitment", where, unread)
        return None
    for name in dict.fromkeys(task.roster for task in committed.commitment.plan.tasks):
        note_alike(name, given[name], notes)
    unknown = _unknown_samplers(committed.commitment, samplers)
    with failing("commitment", where):
        frames = committed.commitment.check_rosters(given, samplers, skip=unknown)
    for task in committed.commitment.plan.tasks:
        if task.id not in unknown:
            sizes = frames.frame(task).sizes()
            without = without_chance(task, sizes, sampler_for(task, samplers).allocate(task, sizes))
            if without is not None:
                notes.found(Finding.NO_CHANCE, without)
    notes.passed("commitment", where, f"{len(committed.commitment.plan.tasks)} tasks can be drawn from these rosters")
    return frames


def _check_entropy_and_draw(
    case: Case,
    committed: Committed,
    digests: Sequence[str],
    given: Mapping[str, RosterLike],
    samplers: Sequence[Sampler],
    frames: Frames | None,
) -> Draw | None:
    after = case.receipts[committed.receipt.sequence :]
    reveal = next((r for r in after if r.type == "reveal"), None)
    drawn = next((r for r in after if r.type == "draw"), None)
    _check_not_early(case, committed)
    if reveal is None:
        case.notes.skipped("seed", "reveal", "there is no reveal yet")
        case.notes.skipped("draw", "draw", "there is no draw yet")
        return None
    digest = digests[committed.receipt.sequence - 1]
    with failing("seed", reveal.label):
        seed = check_reveal(committed.commitment, digest, reveal.ceremony, reveal.body, case.beacons)
    case.notes.passed("seed", reveal.label, seed)
    entries = cast("list[dict[str, Json]]", reveal.body["values"])
    for source, entry in zip(committed.commitment.sources, entries, strict=True):
        if source.kind == "public":
            case.notes.skipped("public event", reveal.label, form_only(source, entry.get("evidence")))
    if drawn is None:
        case.notes.skipped("draw", "draw", "there is no draw yet")
        return None
    return _check_draw(case, committed.commitment, seed, drawn, given, samplers, frames)


def _check_not_early(case: Case, committed: Committed) -> None:
    """What rests on the values cannot have been there before them, sealed or not: else somebody knew them."""
    moments = [source.not_before for source in committed.commitment.sources if source.kind != "secret"]
    for receipt in case.receipts[committed.receipt.sequence :]:
        dated = case.dates.before(receipt.sequence)
        if receipt.type in ("void", "witness") or dated is None or dated >= max(moments, default=dated):
            continue
        raise VerificationError(
            "entropy",
            f"it was there by {dated}, but its values were to be unknown until {max(moments)}",
            where=receipt.label,
        )


def _check_draw(
    case: Case,
    commitment: Commitment,
    seed: str,
    receipt: Receipt,
    given: Mapping[str, RosterLike],
    samplers: Sequence[Sampler],
    frames: Frames | None,
) -> Draw | None:
    with failing("draw", receipt.label):
        check_stated_draw(commitment, seed, receipt.body, given, samplers, case.notes)
    if frames is None:
        missing = [name for name in commitment.rosters if name not in given]
        case.notes.skipped("draw", receipt.label, f"not recomputed: the rosters {', '.join(missing)} were not given")
        return None
    with failing("draw", receipt.label):
        unknown = _unknown_samplers(commitment, samplers)
        draw = make_draw(commitment, seed, frames, samplers, skip=unknown)
    entries = cast("list[dict[str, Json]]", receipt.stated["tasks"])
    stated = {**receipt.stated, "tasks": [entry for entry in entries if entry["task"] not in unknown]}
    found = difference(stated, draw.to_json(), "body")
    if found is not None:
        raise VerificationError("draw", found, where=receipt.label)
    for drawn in draw.values():
        case.notes.passed(
            "draw",
            f"task {drawn.task.id}",
            f"{len(drawn.selected)} of {sum(s.size for s in drawn.selection.strata)} recomputed, teams too",
        )
        note_predictable(drawn, case.notes)
    return draw
